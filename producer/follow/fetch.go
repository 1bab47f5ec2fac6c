package follow

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
	"aircheck/storage"
)

const (
	// leastPatience and mostPatience bound how long a segment is asked for: twice its duration, as it stays in the playlist for longer than that.
	leastPatience = 10 * time.Second
	mostPatience  = 40 * time.Second
	// firstPause doubles with each try, up to mostPause.
	firstPause = 500 * time.Millisecond
	mostPause  = 5 * time.Second
	// slowFrom is the time to fetch a segment, as a multiple of its duration, from which it is told: the rule's least level.
	slowFrom = 1
	// initAgain is after how long an initialisation section that could not be had is asked for again.
	initAgain = 15 * time.Second
	// maxInits bounds the initialisation sections that a Follower remembers; a stream has one for each sequence, and new ones after a break.
	maxInits = 64
)

// fetched is what came of a segment.
type fetched struct {
	uri  string
	init *jobs.ByteRange
	// missing says why there is nothing; empty when there is.
	missing string
	faults  []live.Fault
	bytes   int
}

// fetcher brings segments from the origin into the store. It is safe for concurrent use.
type fetcher struct {
	cfg *Config

	mu    sync.Mutex
	inits map[initKey]*initEntry
}

type initKey struct {
	at            jobs.ByteRange
	discontinuity int64
	period        string
	sequence      string
}

type initEntry struct {
	ready  chan struct{}
	uri    string
	err    error
	failed time.Time // when err was found
}

// spent tells whether what failed is to be tried again; not with every segment, which all would wait for it.
func (e *initEntry) spent(now time.Time) bool {
	select {
	case <-e.ready:
		var missing *errMissing
		return e.err != nil && (!errors.As(e.err, &missing) || now.Sub(e.failed) >= initAgain)
	default:
		return false
	}
}

func newFetcher(cfg *Config) *fetcher { return &fetcher{cfg: cfg, inits: map[initKey]*initEntry{}} }

// errMissing says in the words of a finding why a segment cannot be had.
type errMissing struct{ why string }

func (e *errMissing) Error() string { return e.why }

// segment archives a segment. The error says that ctx has ended.
func (f *fetcher) segment(ctx context.Context, t target) (fetched, error) {
	key, err := storage.StreamSegment(f.cfg.Stream.Name, t.period, t.sequence, t.Number, extension(t.At.URI, t.fallback()))
	if err != nil {
		return fetched{missing: "its number or name is none that can be archived"}, nil
	}
	got := fetched{uri: f.cfg.Address(key)}
	var data []byte
	if !t.known || !f.archived(ctx, key) {
		if data, got.faults, err = f.download(ctx, &t); err == nil {
			err = f.put(ctx, key, data, &t, &got)
		}
	}
	if err == nil && t.Init != nil {
		got.init, err = f.init(ctx, &t)
	}
	var missing *errMissing
	if errors.As(err, &missing) {
		got.missing, got.init, err = missing.why, nil, nil
	}
	got.bytes = len(data)
	return got, err
}

// target is a segment and where it goes.
type target struct {
	live.Segment
	source   string // the id of its sequence at the source
	sequence string // that of the check
	period   time.Time
	// known: a follower before this one has seen it, so it may be archived.
	known bool
}

func (t *target) fallback() string {
	if t.Init != nil {
		return "m4s"
	}
	return "ts"
}

// archived tells whether a follower before this one has stored a segment.
func (f *fetcher) archived(ctx context.Context, key string) bool {
	_, err := f.cfg.Archive.Store().Stat(ctx, key)
	return err == nil // else the origin may have it
}

// download gets a segment from its origin, and tells what was wrong on the way.
func (f *fetcher) download(ctx context.Context, t *target) ([]byte, []live.Fault, error) {
	if t.At.URI == "" {
		return nil, nil, &errMissing{"the playlist names no usable URI"}
	}
	begun := f.cfg.Now()
	var absent time.Time // since when the origin says that there is no such segment
	data, short, err := f.tries(ctx, t, t.At, maxSegmentBytes, func(err error) {
		if absent.IsZero() && errors.Is(err, storage.ErrNotFound) {
			absent = f.cfg.Now()
		}
	})
	if err != nil {
		return nil, nil, err
	}
	return data, f.judge(t, begun, absent, short), nil
}

// judge tells what was wrong with a segment that came: one thing, the first that would explain the others.
func (f *fetcher) judge(t *target, begun, absent time.Time, short string) []live.Fault {
	now := f.cfg.Now()
	fault := live.Fault{Sequence: t.source, Number: t.Number, Since: begun, Until: now}
	took, length := now.Sub(begun), time.Duration(t.Duration)*time.Microsecond
	switch {
	case short != "":
		fault.Code, fault.Message = "segment.length", fmt.Sprintf("segment %d: %s", t.Number, short)
	case !absent.IsZero():
		fault.Code, fault.Value = "segment.late", now.Sub(absent).Seconds()
		fault.Message = fmt.Sprintf("segment %d was announced %.1f s before it could be had", t.Number, fault.Value)
	case length > 0 && took >= slowFrom*length:
		fault.Code, fault.Value = "segment.slow", took.Seconds()/length.Seconds()
		fault.Message = fmt.Sprintf("segment %d of %.1f s took %.1f s to come", t.Number, length.Seconds(), took.Seconds())
	default:
		return nil
	}
	return []live.Fault{fault}
}

// tries asks for bytes until they come or patience ends; a segment may be announced a moment before it can be had. Of a body that always ends
// early the longest is kept, and short says so.
func (f *fetcher) tries(ctx context.Context, t *target, at jobs.ByteRange, limit int64, failed func(error)) (data []byte, short string, err error) {
	patience := min(max(2*time.Duration(t.Duration)*time.Microsecond, leastPatience), mostPatience)
	// Patience counts from when the segment was seen: behind an origin that was down for long, each of those that wait is tried once.
	end := t.Seen.Add(patience)
	limited, cancel := context.WithTimeout(ctx, max(end.Sub(f.cfg.Now()), leastPatience))
	defer cancel()
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		got, said, err := f.once(limited, at, limit)
		if err == nil && said == "" {
			return got, "", nil
		}
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		if said != "" && len(got) > len(data) {
			data, short = got, said
		}
		if err != nil {
			failed(err)
		}
		wait := pause/2 + time.Duration(f.cfg.Rand()*float64(pause/2))
		if hopeless(err) || f.cfg.Now().Add(wait).After(end) {
			if data != nil {
				return data, short, nil
			}
			return nil, "", &errMissing{reason(err)}
		}
		if !sleep(ctx, wait) {
			return nil, "", ctx.Err()
		}
	}
}

// hopeless tells whether no other try can help. What is absent or denied may come yet: a segment is announced early, and some servers deny what
// they do not have.
func hopeless(err error) bool {
	return err != nil && storage.IsPermanent(err) && !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, storage.ErrDenied)
}

// reason says in the words of a finding, and without addresses, why a segment did not come.
func reason(err error) string {
	switch {
	case err == nil:
		return "its origin gave nothing of it"
	case errors.Is(err, storage.ErrNotFound):
		return "its origin had no such segment while the stream was live"
	case errors.Is(err, storage.ErrDenied):
		return "its origin denied access while the stream was live"
	case errors.Is(err, storage.ErrTooLarge):
		return "it is larger than aircheck reads"
	case errors.Is(err, context.DeadlineExceeded):
		return "its origin did not send it in time while the stream was live"
	case storage.IsPermanent(err):
		return "its origin refused it while the stream was live"
	}
	return "its origin failed while the stream was live"
}

// once reads the bytes at an address. short says that the body has not the length that it should; data is then what there is of it.
func (f *fetcher) once(ctx context.Context, at jobs.ByteRange, limit int64) (data []byte, short string, err error) {
	body, err := f.cfg.Origin.Open(ctx, at.URI, at.Offset, at.Length)
	if err != nil {
		return nil, "", err
	}
	defer body.Close()
	var buf bytes.Buffer
	n, err := buf.ReadFrom(io.LimitReader(body, limit+1))
	if n > limit {
		return nil, "", storage.ErrTooLarge
	}
	want := int64(-1)
	if info, ok := storage.Describe(body); ok && info.Size >= 0 {
		want = max(0, info.Size-at.Offset)
	}
	if at.Length >= 0 {
		want = at.Length
	}
	cut := want >= 0 && n != want
	switch {
	case err != nil && n > 0 && cut && errors.Is(err, io.ErrUnexpectedEOF), err == nil && n > 0 && cut:
		return buf.Bytes(), fmt.Sprintf("%d bytes came where %d were announced", n, want), nil
	case err != nil:
		return nil, "", err
	}
	return buf.Bytes(), "", nil
}

// put stores a segment. What is there already stays: it is what was judged.
func (f *fetcher) put(ctx context.Context, key string, data []byte, t *target, got *fetched) error {
	err := f.insist(ctx, func() error { return f.cfg.Archive.Store().PutNew(ctx, key, data) })
	if !errors.Is(err, storage.ErrExists) {
		return err
	}
	var first []byte
	err = f.insist(ctx, func() (err error) {
		first, err = storage.ReadAll(ctx, f.cfg.Archive.Store(), key, maxSegmentBytes)
		return err
	})
	if err != nil || bytes.Equal(first, data) {
		return err
	}
	now := f.cfg.Now()
	got.faults = append(got.faults, live.Fault{
		Code: "segment.changed", Sequence: t.source, Number: t.Number, Since: now, Until: now,
		Message: fmt.Sprintf("segment %d was published with %d bytes and has %d others now", t.Number, len(first), len(data)),
	})
	return nil
}

// insist tries until it succeeds or can never: while our own store is down, nothing is the stream's fault.
func (f *fetcher) insist(ctx context.Context, op func() error) error {
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		err := op()
		if err == nil || storage.IsPermanent(err) {
			return err
		}
		f.cfg.Log.Warn("archive segment", "stream", f.cfg.Stream.Name, "error", err)
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
	}
}

// init archives an initialisation section, once for all segments that share it.
func (f *fetcher) init(ctx context.Context, t *target) (*jobs.ByteRange, error) {
	key := initKey{*t.Init, t.Discontinuity, t.period.String(), t.sequence}
	f.mu.Lock()
	e := f.inits[key]
	mine := e == nil || e.spent(f.cfg.Now())
	if mine {
		if len(f.inits) >= maxInits {
			f.inits = map[initKey]*initEntry{}
		}
		e = &initEntry{ready: make(chan struct{})}
		f.inits[key] = e
	}
	f.mu.Unlock()
	if mine {
		e.uri, e.err = f.getInit(ctx, t)
		e.failed = f.cfg.Now()
		close(e.ready)
	}
	select {
	case <-e.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if e.err != nil {
		return nil, e.err
	}
	return &jobs.ByteRange{URI: e.uri, Length: -1}, nil
}

func (f *fetcher) getInit(ctx context.Context, t *target) (string, error) {
	data, short, err := f.tries(ctx, t, *t.Init, maxInitBytes, func(error) {})
	var missing *errMissing
	if errors.As(err, &missing) || short != "" {
		return "", &errMissing{"initialisation section: not to be had while the stream was live"}
	}
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	key, err := storage.StreamInit(f.cfg.Stream.Name, t.period, t.sequence, hex.EncodeToString(sum[:8]), extension(t.Init.URI, "mp4"))
	if err != nil {
		return "", &errMissing{"initialisation section: its name is none that can be archived"}
	}
	err = f.insist(ctx, func() error { return f.cfg.Archive.Store().PutNew(ctx, key, data) })
	if err != nil && !errors.Is(err, storage.ErrExists) {
		return "", err
	}
	return f.cfg.Address(key), nil
}

// sleep waits; it gives false when ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
