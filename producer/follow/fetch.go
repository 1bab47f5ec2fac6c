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
	own chan struct{} // the place of a fetch of this stream alone

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

func newFetcher(cfg *Config) *fetcher {
	return &fetcher{cfg: cfg, own: make(chan struct{}, 1), inits: map[initKey]*initEntry{}}
}

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
	if !t.known || !f.archived(ctx, key) {
		err = f.store(ctx, key, &t, &got)
	}
	if err == nil && t.Init != nil {
		got.init, err = f.init(ctx, &t)
	}
	var missing *errMissing
	if errors.As(err, &missing) {
		got.missing, got.init, err = missing.why, nil, nil
	}
	return got, err
}

// store brings a segment into the store. It holds its room until it is there.
func (f *fetcher) store(ctx context.Context, key string, t *target, got *fetched) error {
	s := f.cfg.Limits.share(t.At.URI, f.own, f.cfg.Now)
	defer s.done()
	data, faults, err := f.download(ctx, t, s)
	if err != nil {
		return err
	}
	got.faults, got.bytes = faults, len(data)
	return f.put(ctx, key, data, t, got)
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

// leeway is how late a segment may be without a word. Where a manifest counts segments by @duration, which may be off by half of it (ISO/IEC 23009-1 section
// 5.3.9.5.3), a segment is due when it is complete, and nobody knows when that is.
func (t *target) leeway() time.Duration {
	if t.Clock == nil || t.Clock.Exact {
		return -1
	}
	return time.Duration(t.Duration) * time.Microsecond / 2
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
func (f *fetcher) download(ctx context.Context, t *target, s *share) ([]byte, []live.Fault, error) {
	if t.At.URI == "" {
		return nil, nil, &errMissing{"the playlist names no usable URI"}
	}
	course := course{begun: f.cfg.Now()}
	d := download{fetcher: f, at: t.At, limit: maxSegmentBytes, share: s, failed: func(err error) {
		if !errors.Is(err, storage.ErrNotFound) {
			return
		}
		if course.absent.IsZero() {
			course.absent, course.before = f.cfg.Now(), s.waited
		}
		course.surely = f.cfg.Now().Sub(course.absent) - (s.waited - course.before)
	}}
	data, short, err := d.run(ctx, t)
	if err != nil {
		return nil, nil, err
	}
	course.short, course.waited = short, s.waited
	return data, f.judge(t, &course), nil
}

// course is how a segment came.
type course struct {
	begun  time.Time
	absent time.Time // since when the origin says that there is no such segment; zero: it does not
	// surely is for how long it said so; from its last word to the next try it may have been there.
	surely time.Duration
	// waited is for how long nobody asked, because others had all places; before is how much of that was before absent.
	waited, before time.Duration
	short          string
}

// judge tells what was wrong with a segment that came: one thing, the first that would explain the others.
func (f *fetcher) judge(t *target, c *course) []live.Fault {
	now := f.cfg.Now()
	fault := live.Fault{Sequence: t.source, Number: t.Number, Since: c.begun, Until: now}
	took, length := now.Sub(c.begun)-c.waited, time.Duration(t.Duration)*time.Microsecond
	late := max(now.Sub(c.absent)-(c.waited-c.before), 0)
	switch {
	case c.short != "":
		fault.Code, fault.Message = "segment.length", fmt.Sprintf("segment %d: %s", t.Number, c.short)
	case !c.absent.IsZero() && c.surely > t.leeway():
		fault.Code, fault.Value = "segment.late", late.Seconds()
		fault.Message = fmt.Sprintf("segment %d was announced %.1f s before it could be had", t.Number, fault.Value)
	case length > 0 && took >= slowFrom*length:
		fault.Code, fault.Value = "segment.slow", took.Seconds()/length.Seconds()
		fault.Message = fmt.Sprintf("segment %d of %.1f s took %.1f s to come", t.Number, length.Seconds(), took.Seconds())
	default:
		return nil
	}
	return []live.Fault{fault}
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

// put stores a segment. What is there already stays: it is what was judged.
func (f *fetcher) put(ctx context.Context, key string, data []byte, t *target, got *fetched) error {
	err := f.insist(ctx, func() error { return f.cfg.Archive.Store().PutNew(ctx, key, data) })
	if !errors.Is(err, storage.ErrExists) {
		return err
	}
	var first int64
	var same bool
	err = f.insist(ctx, func() (err error) {
		first, same, err = f.compare(ctx, key, data)
		return err
	})
	if err != nil || same {
		return err
	}
	now := f.cfg.Now()
	got.faults = append(got.faults, live.Fault{
		Code: "segment.changed", Sequence: t.source, Number: t.Number, Since: now, Until: now,
		Message: fmt.Sprintf("segment %d was published with %d bytes and has %d others now", t.Number, first, len(data)),
	})
	return nil
}

// compare holds an object against what it should be, without having all of it in memory; size is its own.
func (f *fetcher) compare(ctx context.Context, key string, data []byte) (size int64, same bool, err error) {
	body, err := f.cfg.Archive.Store().Get(ctx, key, 0, -1)
	if err != nil {
		return 0, false, err
	}
	defer body.Close()
	piece := make([]byte, 64<<10)
	same = true
	for {
		n, err := body.Read(piece)
		same = same && bytes.HasPrefix(data[min(size, int64(len(data))):], piece[:n])
		size += int64(n)
		if errors.Is(err, io.EOF) {
			return size, same && size == int64(len(data)), nil
		}
		if err != nil {
			return size, false, fmt.Errorf("read archived segment: %w", err)
		}
	}
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
	s := f.cfg.Limits.share(t.Init.URI, f.own, f.cfg.Now)
	defer s.done()
	d := download{fetcher: f, at: *t.Init, limit: maxInitBytes, share: s, failed: func(error) {}}
	data, short, err := d.run(ctx, t)
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
