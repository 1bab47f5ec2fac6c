package storage

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const streamsPrefix = "streams/"

// Names of days and periods below a stream's prefix.
const (
	dayLayout    = "2006-01-02"
	hourLayout   = "15"
	minuteLayout = "1504"
	pendingName  = "pending"
	maxExtension = 8 // characters; ".webvtt" is the longest in use
)

// StreamPrefix is the prefix of all that is archived of a live stream: streams/<name>/.
func StreamPrefix(name string) (string, error) {
	if err := checkID("stream", name); err != nil {
		return "", err
	}
	return streamsPrefix + name + "/", nil
}

// StreamPeriod is the prefix of one archived period of a stream, which is called after its beginning, UTC: streams/news/2026-11-22/18/ for a whole hour, and
// streams/news/2026-11-22/1820/ for what was followed from 18:20 on, after the hour had been closed before.
func StreamPeriod(name string, begin time.Time) (string, error) {
	prefix, err := StreamPrefix(name)
	if err != nil {
		return "", err
	}
	begin = begin.UTC()
	layout := hourLayout
	if begin.Minute() != 0 {
		layout = minuteLayout
	}
	return prefix + begin.Format(dayLayout) + "/" + begin.Format(layout) + "/", nil
}

// StreamSegment is the key of an archived segment: streams/news/2026-11-22/18/s0/1234.ts. ext has no dot.
func StreamSegment(name string, begin time.Time, seq string, number int64, ext string) (string, error) {
	if number < 0 {
		return "", fmt.Errorf("%w: segment %d", ErrBadKey, number)
	}
	return streamObject(name, begin, seq, strconv.FormatInt(number, 10), ext)
}

// StreamInit is the key of an archived initialisation section, called after what is in it: streams/news/2026-11-22/18/s0/init-<hash>.mp4.
func StreamInit(name string, begin time.Time, seq, hash, ext string) (string, error) {
	if err := checkID("hash", hash); err != nil {
		return "", err
	}
	return streamObject(name, begin, seq, "init-"+hash, ext)
}

func streamObject(name string, begin time.Time, seq, stem, ext string) (string, error) {
	period, err := StreamPeriod(name, begin)
	if err != nil {
		return "", err
	}
	if err := checkID("sequence", seq); err != nil {
		return "", err
	}
	if err := checkID("extension", ext); err != nil || len(ext) > maxExtension {
		return "", fmt.Errorf("%w: extension %q", ErrBadKey, ext)
	}
	return period + seq + "/" + stem + "." + ext, nil
}

// StreamFile is the key of a file about an archived period: recording.json, index.m3u8, a media playlist.
func StreamFile(name string, begin time.Time, file string) (string, error) {
	period, err := StreamPeriod(name, begin)
	if err != nil {
		return "", err
	}
	key := period + file
	return key, ValidateKey(key)
}

// StreamPending is the key of what a follower has seen of a stream and not yet written into an instalment.
func StreamPending(name, owner string) (string, error) {
	prefix, err := StreamPendingPrefix(name)
	if err != nil {
		return "", err
	}
	if err := checkID("owner", owner); err != nil {
		return "", err
	}
	return prefix + owner + ".json", nil
}

// StreamPendingPrefix is the prefix of what followers have seen of a stream and not yet written into an instalment.
func StreamPendingPrefix(name string) (string, error) {
	prefix, err := StreamPrefix(name)
	if err != nil {
		return "", err
	}
	return prefix + pendingName + "/", nil
}

// StreamEnd is the key of what is remembered of a stream that said that it ends: streams/<name>/ended.json.
func StreamEnd(name string) (string, error) {
	prefix, err := StreamPrefix(name)
	if err != nil {
		return "", err
	}
	return prefix + "ended.json", nil
}

// ParseStreamPeriod tells to which period of which stream a key belongs; ok is false for keys that are no archived period's.
func ParseStreamPeriod(key string) (name string, begin time.Time, ok bool) {
	parts := strings.SplitN(key, "/", 5)
	if len(parts) != 5 || parts[0]+"/" != streamsPrefix || checkID("stream", parts[1]) != nil {
		return "", time.Time{}, false
	}
	layout := hourLayout
	if len(parts[3]) == len(minuteLayout) {
		layout = minuteLayout
	}
	begin, err := time.Parse(dayLayout+"/"+layout, parts[2]+"/"+parts[3])
	if err != nil {
		return "", time.Time{}, false
	}
	again, err := StreamPeriod(parts[1], begin)
	return parts[1], begin, err == nil && strings.HasPrefix(key, again)
}

// Addresser tells for a store that was opened by uri under which URI an Origin reads the object of a key: a path for a directory, s3://bucket/prefix/key for
// a bucket. There is none for a store in memory.
func Addresser(uri string) (func(key string) string, error) {
	if Scheme(uri) == "s3" {
		bucket, prefix, _, err := ParseS3(uri)
		if err != nil {
			return nil, err
		}
		base := "s3://" + bucket
		if prefix = strings.Trim(prefix, "/"); prefix != "" {
			base += (&url.URL{Path: "/" + prefix}).EscapedPath()
		}
		return func(key string) string { return base + (&url.URL{Path: "/" + key}).EscapedPath() }, nil
	}
	dir, local, err := LocalPath(uri)
	if err == nil && (!local || dir == "") {
		err = fmt.Errorf("%w: objects of the store %s have no address: use a directory or s3://bucket/prefix", ErrBadURI, Redact(uri))
	}
	if err != nil {
		return nil, err
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the absolute path of %s: %w", uri, err)
	}
	return func(key string) string { return filepath.Join(dir, filepath.FromSlash(key)) }, nil
}
