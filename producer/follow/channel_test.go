package follow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/producer/live"
	"aircheck/storage"
	"aircheck/storage/mem"
)

// channel is a live stream that is made up: segment n of every row is published at start + (n+1)·length, has program time start + n·length, and
// stays in the playlist for window segments. Everything is a function of the clock.
type channel struct {
	start  time.Time
	length time.Duration
	window int64
	rows   []string
	last   int64 // number of the last segment; 0: it never ends
	noPDT  bool
	// from and to are the first and last segments of rows that come late or go early.
	from, to map[string]int64
	// edit and describe make what is not plain.
	edit     func(row string, s *live.Segment)
	describe map[string]jobs.Sequence

	mu    sync.Mutex
	fails map[string]func(at time.Time) error // by URI
	body  map[string][]byte                   // instead of the usual one
	slow  map[string]time.Duration
	short map[string]int64 // sizes that are announced and do not come
	asked map[string]int
	told  []live.Fault // by the next refresh
	marks []live.Marker
}

func newChannel(rows ...string) *channel {
	return &channel{
		start: time.Now().UTC(), length: 2 * time.Second, window: 6, rows: rows,
		fails: map[string]func(time.Time) error{}, body: map[string][]byte{}, slow: map[string]time.Duration{}, asked: map[string]int{},
	}
}

// published is the number of the newest segment at a time; -1 before the first.
func (c *channel) published(at time.Time) int64 {
	n := int64(at.Sub(c.start)/c.length) - 1
	if c.last > 0 {
		n = min(n, c.last)
	}
	return n
}

func (c *channel) uri(row string, n int64) string {
	return fmt.Sprintf("http://origin/%s/%d.ts", row, n)
}

func (c *channel) bytes(uri string) []byte {
	if b, ok := c.body[uri]; ok {
		return b
	}
	return []byte("bytes of " + uri)
}

// Open implements storage.Origin. What has left the playlist stays for another window, as at most origins.
func (c *channel) Open(ctx context.Context, uri string, _, _ int64) (io.ReadCloser, error) {
	c.mu.Lock()
	c.asked[uri]++
	fail, wait, data := c.fails[uri], c.slow[uri], c.bytes(uri)
	c.mu.Unlock()
	if wait > 0 && !sleep(ctx, wait) {
		return nil, ctx.Err()
	}
	if fail != nil {
		if err := fail(time.Now()); err != nil {
			return nil, err
		}
	}
	name := strings.TrimSuffix(uri[strings.LastIndexByte(uri, '/')+1:], ".ts")
	if n, err := strconv.ParseInt(name, 10, 64); err == nil {
		if newest := c.published(time.Now()); n > newest || n < newest-2*c.window {
			return nil, storage.ErrNotFound
		}
	}
	if size := c.short[uri]; size > 0 {
		return shortened(data, size), nil
	}
	return storage.NewBody(bytes.NewReader(data), storage.Info{Size: int64(len(data))}, nil), nil
}

func (c *channel) Stat(context.Context, string) (storage.Info, error) {
	return storage.Info{}, errors.New("not used")
}

// madeUp is a live.Source of the channel.
type madeUp struct {
	c      *channel
	newest map[string]int64
	seen   map[string]bool
}

func (c *channel) source() *madeUp {
	return &madeUp{c: c, newest: map[string]int64{}, seen: map[string]bool{}}
}

func (s *madeUp) Resume(at map[string]live.Position) {
	for row, p := range at {
		s.newest[row], s.seen[row] = p.Number, true
	}
}

func (s *madeUp) Refresh(context.Context) (live.Update, error) {
	now, c := time.Now(), s.c
	newest := c.published(now)
	u := live.Update{Wait: c.length / 2, Ended: c.last > 0 && newest >= c.last}
	c.mu.Lock()
	u.Faults, c.told = c.told, nil
	u.Markers, c.marks = c.marks, nil
	c.mu.Unlock()
	for _, row := range c.rows {
		if newest < c.from[row] {
			continue
		}
		newest := newest
		if to, ok := c.to[row]; ok {
			newest = min(newest, to)
		}
		seq := live.Sequence{Describes: jobs.Sequence{ID: row, Name: row + ".m3u8", Mode: jobs.ModeSegments, Media: "video", Variant: &jobs.Variant{Bandwidth: 1e6}}, Target: c.length}
		if d, ok := c.describe[row]; ok {
			d.ID, d.Mode = row, jobs.ModeSegments
			seq.Describes = d
		}
		from := max(0, newest-c.window+1)
		switch {
		case s.seen[row]:
			from = max(from, s.newest[row]+1)
		default:
			from = max(from, newest-2, c.from[row])
		}
		for n := from; n <= newest; n++ {
			at := c.start.Add(time.Duration(n) * c.length)
			seg := live.Segment{Number: n, At: jobs.ByteRange{URI: c.uri(row, n), Length: -1}, Duration: jobs.FromDuration(c.length), Seen: now}
			if !c.noPDT {
				seg.ProgramTime = &at
			}
			if c.edit != nil {
				c.edit(row, &seg)
			}
			seq.Segments = append(seq.Segments, seg)
			s.newest[row], s.seen[row] = n, true
		}
		u.Sequences = append(u.Sequences, seq)
	}
	return u, nil
}

// tasks is a Queue that remembers.
type tasks struct {
	mu   sync.Mutex
	list []jobs.Task
}

func (q *tasks) Expect(context.Context, string, int) error { return nil }

func (q *tasks) EnqueueObserve(context.Context, string) error { return nil }

func (q *tasks) EnqueueWindow(_ context.Context, task jobs.Task, queue string) error {
	if _, err := jobs.EncodeTask(task); err != nil || queue != "live" {
		return fmt.Errorf("task for %s: %w", queue, err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, task)
	return nil
}

// bed is what a test follows a channel with.
type bed struct {
	t     *testing.T
	c     *channel
	store storage.Store
	arch  *archive.Archive
	queue *tasks
}

func newBed(t *testing.T, c *channel) *bed {
	b := &bed{t: t, c: c, store: mem.New(nil), queue: &tasks{}}
	b.arch = archive.New(b.store)
	return b
}

func address(key string) string { return "/store/" + key }

func profile() jobs.Profile {
	p := jobs.Profile{Name: "default", Thresholds: map[string]float64{"video.black.fail": 2}}
	p.Seal()
	return p
}

// follower makes one that works on the given store.
func (b *bed) follower(owner string, store storage.Store) *Follower {
	b.t.Helper()
	f, err := New(Config{
		Stream: Stream{Name: "news", Input: "http://origin/index.m3u8", Kind: jobs.SourceHLS, Profile: profile()},
		Source: b.c.source(), Archive: archive.New(store), Origin: b.c, Queue: b.queue, Address: address, Owner: owner, Rand: func() float64 { return 0 },
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return f
}

// runFor runs a follower for a while, or until it ends by itself.
func (b *bed) runFor(f *Follower, d time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return f.Run(ctx)
}

// checks reads all live checks of the stream, by their beginnings.
func (b *bed) checks() []*archive.Growing {
	b.t.Helper()
	ids := map[string]bool{}
	err := b.store.List(context.Background(), "checks/", func(i storage.Info) error {
		ids[strings.Split(i.Key, "/")[1]] = true
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	var list []*archive.Growing
	for id := range ids {
		g, err := b.arch.Growing(context.Background(), id)
		if err != nil {
			b.t.Fatalf("check %s: %v", id, err)
		}
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b *archive.Growing) int { return strings.Compare(a.Check.ID, b.Check.ID) })
	return list
}

// numbers lists which segments of a row are in which order in the instalments of all checks; a segment that is missing is negative.
func (b *bed) numbers(row int) []int64 {
	b.t.Helper()
	var list []int64
	for _, g := range b.checks() {
		for _, s := range g.Check.Timeline.Sequences[row].Segments {
			if s.Missing != "" && s.URI == "" {
				list = append(list, -b.numberAt(*s.ProgramTime))
				continue
			}
			n := numberOf(b.t, s.URI)
			if s.Missing != "" {
				n = -n
			} else if data, err := storage.ReadAll(context.Background(), b.store, strings.TrimPrefix(s.URI, "/store/"), 1<<20); err != nil ||
				!bytes.Equal(data, b.c.bytes(b.c.uri(b.c.rows[row], n))) {
				b.t.Errorf("segment %d of check %s: %q, %v", n, g.Check.ID, data, err)
			}
			list = append(list, n)
		}
	}
	return list
}

// numberAt is the number of the segment with a program time.
func (b *bed) numberAt(at time.Time) int64 { return int64(at.Sub(b.c.start) / b.c.length) }

func numberOf(t *testing.T, uri string) int64 {
	t.Helper()
	name := uri[strings.LastIndexByte(uri, '/')+1:]
	n, err := strconv.ParseInt(strings.TrimSuffix(name, ".ts"), 10, 64)
	if err != nil {
		t.Fatalf("address %q of a segment", uri)
	}
	return n
}

// consecutive demands that a row's segments follow each other from first to at least last, none missing and none twice.
func (b *bed) consecutive(row int, first, last int64) {
	b.t.Helper()
	list := b.numbers(row)
	for i, n := range list {
		if n != first+int64(i) {
			b.t.Fatalf("row %d: segment %d stands where %d belongs: %v", row, n, first+int64(i), list)
		}
	}
	if len(list) == 0 || list[len(list)-1] < last {
		b.t.Fatalf("row %d ends before segment %d: %v", row, last, list)
	}
}

// accounted demands that a row's segments follow each other to the last, that all that came into the archive are there, and that missing are others only.
func (b *bed) accounted(row int, last int64) {
	b.t.Helper()
	list := b.numbers(row)
	archived := map[int64]bool{}
	err := b.store.List(context.Background(), "streams/", func(i storage.Info) error {
		if strings.Contains(i.Key, fmt.Sprintf("/s%d/", row)) {
			archived[numberOf(b.t, i.Key)] = true
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	if len(list) == 0 {
		b.t.Fatalf("row %d has no segments", row)
	}
	first := max(list[0], -list[0])
	for n := range archived {
		if n < first {
			b.t.Errorf("row %d: segment %d is in the archive and comes before all that are written down", row, n)
		}
	}
	for i, n := range list {
		want := first + int64(i)
		if n != want && -n != want || n < 0 && archived[want] {
			b.t.Fatalf("row %d: segment %d stands where %d belongs (archived: %t): %v", row, n, want, archived[want], list)
		}
	}
	if list[len(list)-1] != last {
		b.t.Fatalf("row %d does not end with segment %d: %v", row, last, list)
	}
}
