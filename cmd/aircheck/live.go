package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/producer/follow"
	"aircheck/producer/live"
	"aircheck/producer/source"
	"aircheck/producer/streams"
	"aircheck/report"
	"aircheck/storage"
)

// livePlace is where a follower works.
type livePlace struct {
	archive *archive.Archive
	queue   follow.Queue
	address func(key string) string
	// leases is nil where all streams are this process's own.
	leases *queue.Conn
	// conn is that of the queue.
	conn *queue.Conn
}

// manager makes what follows the streams of a file, or, without one, those that are Set.
func (a *app) manager(place livePlace, f *liveFlags, cfg follow.ManagerConfig) (*follow.Manager, error) {
	media := a.origin()
	cfg.Open = func(ctx context.Context, s streams.Stream) (live.Source, jobs.SourceKind, error) {
		return source.OpenLive(ctx, media, s.URL, a.now)
	}
	cfg.Profile, cfg.Breaks = f.profileOf, f.breaksOf
	if f.streamsFile != "" {
		cfg.Watch = f.watch()
	}
	cfg.Archive, cfg.Origin, cfg.Queue, cfg.Address, cfg.Leases, cfg.Wanted = place.archive, media, place.queue, place.address, place.leases, place.conn
	cfg.Owner, cfg.Now, cfg.Window = liveOwner(), a.now, f.window
	return follow.NewManager(cfg)
}

// profileOf finds the profile that an entry asks for; the empty name is that of the flags.
func (f *liveFlags) profileOf(name string) (jobs.Profile, error) {
	flags := f.profileFlags
	if name != "" {
		flags.profile = name
	}
	return flags.load()
}

// breaksOf finds the profile of ad breaks that an entry asks for; the empty name is that of the flags, where it may mean none.
func (f *liveFlags) breaksOf(name string) (*jobs.Profile, error) {
	flags := f.profileFlags
	if name != "" {
		flags.breaks = name
	}
	return flags.loadBreaks()
}

// tellLeftOut says what of a file of streams this command does not do: who wrote a schedule waits for it.
func (a *app) tellLeftOut(f *liveFlags) {
	if f.streamsFile == "" {
		return
	}
	file, _, err := f.watch().Poll()
	if err != nil || len(file.Schedule)+len(file.Events) == 0 {
		return // what is wrong with the file was found by check
	}
	fmt.Fprintf(a.stderr, "aircheck: %s: %d schedule and %d events entries are left out here: 'aircheck producer' runs them\n",
		report.Printable(f.streamsFile), len(file.Schedule), len(file.Events))
}

// liveOwner names this process among the producers: the host for people, and something that no other has.
func liveOwner() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	const longest = 32
	host = nameOf(host)
	return strings.TrimLeft(host[:min(len(host), longest)]+"-"+strings.ToLower(rand.Text()[:12]), "-")
}

// closings is a queue that remembers which checks were closed.
type closings struct {
	*queue.Client
	mu  sync.Mutex
	ids []string
}

// Expect is called when the manifest of a check is written.
func (c *closings) Expect(ctx context.Context, check string, windows int) error {
	c.mu.Lock()
	c.ids = append(c.ids, check)
	c.mu.Unlock()
	return c.Client.Expect(ctx, check, windows)
}

// list gives each check once.
func (c *closings) list() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ids []string
	seen := map[string]bool{}
	for _, id := range c.ids {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// abandoner ends live checks that nobody follows any more; nil for a store whose objects have no address.
func abandoner(arch *archive.Archive, client *queue.Client, store string, now func() time.Time) func(ctx context.Context, check string) error {
	address, err := storage.Addresser(store)
	if err != nil {
		return nil
	}
	finisher := &follow.Finisher{Archive: arch, Queue: client, Address: address}
	return func(ctx context.Context, check string) error { return finisher.Abandon(ctx, check, now()) }
}

// meter is a follow.Collector that counts for the status line. It is safe for concurrent use.
type meter struct {
	mu       sync.Mutex
	streams  int
	segments int
	faults   int
	last     string // code of the last fault
	why      string // and what it says
	// begun has the streams of which a segment was archived, or a fault said.
	begun map[string]bool
	// say says of a stream why nothing is had of it; nil says nothing. It is set before the meter is used.
	say func(stream, what string)
}

var _ follow.Collector = (*meter)(nil)

func (m *meter) Refreshed(string, time.Duration) {}

func (m *meter) Archived(stream string, _ int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.segments++
	m.begin(stream)
}

// begin tells whether there was nothing yet of the stream, neither a segment nor a fault that was said.
func (m *meter) begin(stream string) bool {
	if m.begun[stream] {
		return false
	}
	if m.begun == nil {
		m.begun = map[string]bool{}
	}
	m.begun[stream] = true
	return true
}

// Faulted also says the first fault because of which a stream may not begin at all, as under a mistyped address: the findings that tell faults have no check to stand in before a segment is had.
func (m *meter) Faulted(stream, code, message string) {
	m.mu.Lock()
	m.faults++
	m.last, m.why = code, message
	lack := code == "playlist.unavailable" || code == "playlist.invalid" || code == "segment.missing"
	say := lack && m.say != nil && m.begin(stream)
	m.mu.Unlock()
	if say { // the screen asks the meter for its line
		m.say(stream, fmt.Sprintf("nothing was had yet: %s: %s", code, message))
	}
}

// reason is what the last fault says; empty when there was none.
func (m *meter) reason() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.why
}

func (m *meter) Wrote(string, int, time.Duration) {}

func (m *meter) Leading(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.streams = n
}

// String is the status line's part about delivery.
func (m *meter) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	word := "streams"
	if m.streams == 1 {
		word = "stream"
	}
	line := fmt.Sprintf("%d %s · %d segments", m.streams, word, m.segments)
	if m.segments == 0 && m.last != "" {
		line += " · last fault " + m.last
	}
	return line
}

// ended counts streams that have come to their end, and calls stop when all have.
type ended struct {
	mu   sync.Mutex
	left map[string]bool
	stop context.CancelFunc
	log  *slog.Logger
}

func newEnded(list []streams.Stream, stop context.CancelFunc, log *slog.Logger) *ended {
	e := &ended{left: map[string]bool{}, stop: stop, log: log}
	for _, s := range list {
		e.left[s.Name] = true
	}
	return e
}

func (e *ended) tell(stream string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.log.Info("stream ended", "stream", stream)
	if !e.left[stream] {
		return // of a file, which may get more
	}
	if delete(e.left, stream); len(e.left) == 0 {
		e.stop()
	}
}
