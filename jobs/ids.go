package jobs

import (
	"crypto/rand"
	"crypto/sha256"
	"io"
	"strconv"
	"strings"
	"time"
)

// idAlphabet is Crockford's base 32 in lower case: ascending in ASCII, so that ids sort as their numbers do, and without i, l, o and u, which are
// misread and which spell words.
const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

const (
	idTimeLength   = 10 // 50 bits of Unix milliseconds: enough until the year 37648
	idRandomLength = 10 // 50 bits: with 1000 checks in one millisecond, one collision in two billion such milliseconds
	idLength       = idTimeLength + idRandomLength
)

// NewID returns a check's id: 20 characters that sort by time to the millisecond and are safe in a URL, a storage key and a file name. Ids made
// within one millisecond have no order. A nil random, or one that fails, is replaced by crypto/rand, which cannot fail.
func NewID(now time.Time, random io.Reader) string {
	id := make([]byte, idLength)
	ms := uint64(max(now.UnixMilli(), 0))
	for i := idTimeLength - 1; i >= 0; i-- {
		id[i] = idAlphabet[ms%32]
		ms /= 32
	}
	tail := id[idTimeLength:]
	if random == nil {
		random = rand.Reader
	}
	if _, err := io.ReadFull(random, tail); err != nil {
		_, _ = rand.Read(tail)
	}
	for i, b := range tail {
		tail[i] = idAlphabet[b%32]
	}
	return string(id)
}

// DeriveID returns the id of a check that is to be one check however often it is asked for: equal times and parts have equal ids, in the form of NewID's. Ids of
// another time differ for certain; those of one millisecond differ with 50 bits of a hash of the parts. The zero time stands for none: the id is all hash then,
// 100 bits of it, and has no place in the order of time.
func DeriveID(at time.Time, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		// The length in front keeps ("a", "bc") and ("ab", "c") apart. A hash takes every write.
		_, _ = io.WriteString(h, strconv.Itoa(len(p))+":"+p)
	}
	id := make([]byte, idLength)
	for i, b := range h.Sum(nil)[:idLength] {
		id[i] = idAlphabet[b%32]
	}
	if !at.IsZero() {
		copy(id, NewID(at, nil)[:idTimeLength])
	}
	return string(id)
}

// ValidID tells whether s has the form of an id made by NewID, DeriveID or LiveID. What is not valid must never become part of a key or a path.
func ValidID(s string) bool {
	if _, _, live := ParseLiveID(s); live {
		return true
	}
	if len(s) != idLength {
		return false
	}
	for i := range len(s) {
		if strings.IndexByte(idAlphabet, s[i]) < 0 {
			return false
		}
	}
	return true
}

// The hour in the id of a live check, UTC, and the minute of one that begins within an hour. With their capital T no id of NewID looks like one of LiveID.
const (
	liveLayout       = "20060102T15"
	liveMinuteLayout = "20060102T1504"
)

// maxStreamName leaves room in a storage key's part of 64 characters for the time.
const maxStreamName = 48

// ValidStreamName tells whether a stream can be called s: 1 to 48 small letters, digits, - and _, of which the first is a letter or a digit. A name
// becomes part of keys, paths and addresses as it is.
func ValidStreamName(s string) bool {
	if s == "" || len(s) > maxStreamName || s[0] == '-' || s[0] == '_' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// LiveID is the id of the check of a live stream that begins at a full minute, UTC: "news-20261122T18" for a whole hour, "news-20261122T1820" for one that is followed
// from 18:20 on although its hour was closed before. The same stream and time have the same id, whoever follows it.
func LiveID(name string, begin time.Time) string {
	begin = begin.UTC()
	if begin.Minute() != 0 {
		return name + "-" + begin.Format(liveMinuteLayout)
	}
	return name + "-" + begin.Format(liveLayout)
}

// ParseLiveID inverts LiveID; ok is false for what LiveID does not return for any valid name and any time from year 0 to 9999.
func ParseLiveID(id string) (name string, begin time.Time, ok bool) {
	i := strings.LastIndexByte(id, '-')
	if i < 0 || !ValidStreamName(id[:i]) {
		return "", time.Time{}, false
	}
	layout := liveLayout
	if len(id)-i-1 == len(liveMinuteLayout) {
		layout = liveMinuteLayout
	}
	begin, err := time.Parse(layout, id[i+1:])
	if err != nil || LiveID(id[:i], begin) != id {
		return "", time.Time{}, false
	}
	return id[:i], begin, true
}

// SequenceID is the id of the i-th sequence of a timeline, counted from 0.
func SequenceID(i int) string { return "s" + strconv.Itoa(i) }

// ReferenceID is the id of the i-th sequence of a check's reference, counted from 0.
func ReferenceID(i int) string { return "r" + strconv.Itoa(i) }

// maxSequences bounds the sequences of a timeline: a ladder with every codec, language and frame rate has fewer than a hundred.
const maxSequences = 1000

// ValidSequenceID tells whether s is what SequenceID or ReferenceID returns for some i in [0, 1000).
func ValidSequenceID(s string) bool {
	if len(s) < 2 {
		return false
	}
	i, err := strconv.Atoi(s[1:])
	return err == nil && i >= 0 && i < maxSequences && (SequenceID(i) == s || ReferenceID(i) == s)
}

// TaskID names one attempt epoch of one window's task in the queue, where equal ids are one task. It holds no braces: in a Redis cluster they would
// choose the slot of a key.
func TaskID(check, sequence string, window, epoch int) string {
	return check + "-" + sequence + "-" + strconv.Itoa(window) + "-" + strconv.Itoa(epoch)
}
