// Package follow archives live streams and makes checks of them while they run.
//
// A Follower drives the live.Source of one stream: what appears in a playlist is fetched, put into the store, and, about a window at a time, written
// into an instalment of the check of its hour, whose windows are then enqueued. The instalment is the fence: of two followers of one stream only one can
// write the n-th, and the other reads it and goes on from there. Everything that the next follower needs stands in the store. A Manager runs the Followers
// of the streams that this process leads.
package follow

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/producer/live"
	"aircheck/storage"
)

// What one stream may take. Two goroutines live as long as a Follower; a fetch takes one more for as long as it lasts.
const (
	// maxFetches is how many segments of one stream are fetched at the same time: a ladder of four steps without waiting, and no burden to an origin.
	maxFetches = 4
	// maxWaiting is how many segments of one stream may wait for being fetched or written. Beyond it no refresh is read: what leaves the playlist meanwhile is
	// told as missing.
	maxWaiting = 500
	// maxRows bounds the renditions of one stream, as jobs bounds those of a check.
	maxRows = 200
	// maxSegmentBytes bounds a segment, which is in memory from its fetch to its put: 60 s at 35 Mbit/s.
	maxSegmentBytes = 256 << 20
	// maxInitBytes bounds an initialisation section: a moov without samples has kilobytes.
	maxInitBytes = 16 << 20
	// DefaultWindow is the length of a live window: the alarm waits for it, and the cost of a task is spread over it.
	DefaultWindow jobs.Micros = 10e6
	// maxWindowSegments bounds the segments of a window, as package slice does: a task should stay below 16 KB.
	maxWindowSegments = 48
	// refreshTimeout bounds one refresh; a blocking reload waits for three target durations at most.
	refreshTimeout = time.Minute
	// leastWait keeps a source that never wants to wait from turning in circles.
	leastWait = 20 * time.Millisecond
)

// Queue is what a Follower needs of the queue; *queue.Client has it.
type Queue interface {
	Expect(ctx context.Context, check string, windows int) error
	EnqueueWindow(ctx context.Context, task jobs.Task, queue string) error
	// EnqueueObserve asks for a growing check to be judged as far as it goes: faults of delivery are told although no window comes of them.
	EnqueueObserve(ctx context.Context, check string) error
}

var _ Queue = (*queue.Client)(nil)

// Stream is what a Follower follows.
type Stream struct {
	// Name is part of keys and ids: jobs.ValidStreamName.
	Name string
	// Input is the address as it may be shown.
	Input string
	Kind  jobs.SourceKind
	// Profile is sealed.
	Profile jobs.Profile
	// Breaks is the profile of ad breaks, sealed; nil for Profile.
	Breaks *jobs.Profile
	// Window is the wanted length of a window; 0 means DefaultWindow.
	Window jobs.Micros
	// Choose tells which of the stream's renditions are followed; nil: all. It must give the same answer for the same sequences.
	Choose func(all []live.Sequence) []bool
}

// Config sets up a Follower. Stream, Source, Archive, Origin, Queue, Address and Owner are required.
type Config struct {
	Stream  Stream
	Source  live.Source
	Archive *archive.Archive
	Origin  storage.Origin
	Queue   Queue
	// Address is where an Origin reads the object of a key of the archive's store; storage.Addresser makes one.
	Address func(key string) string
	// Owner tells this process from others: up to 64 letters, digits, - and _.
	Owner string
	// Limits are shared by all Followers of a process; nil makes some for this one.
	Limits  *Limits
	Now     func() time.Time // defaults to time.Now
	Rand    func() float64   // numbers in [0, 1) for jitter, from several goroutines; defaults to math/rand
	Log     *slog.Logger     // defaults to slog.Default()
	Metrics Collector        // defaults to nothing
}

// Collector counts what Followers do. Implementations are safe for concurrent use.
type Collector interface {
	// Refreshed: the playlists of a stream were read within took.
	Refreshed(stream string, took time.Duration)
	// Archived: a segment was stored.
	Archived(stream string, bytes int)
	// Faulted: a fault of playlists or delivery was seen for the first time. The message may hold anything that was read.
	Faulted(stream, code, message string)
	// Wrote: windows were enqueued; lag is the time since the newest of their segments was first seen in a playlist.
	Wrote(stream string, windows int, lag time.Duration)
	// Leading: this process leads so many streams.
	Leading(streams int)
}

// nobody is the Collector of those who do not count.
type nobody struct{}

func (nobody) Refreshed(string, time.Duration)  {}
func (nobody) Archived(string, int)             {}
func (nobody) Faulted(string, string, string)   {}
func (nobody) Wrote(string, int, time.Duration) {}
func (nobody) Leading(int)                      {}

// Follower follows one stream. Run and Finish are called from one goroutine.
type Follower struct {
	cfg   Config
	fetch *fetcher
	// followed: the last Run has written something.
	followed bool
}

// New makes a Follower.
func New(cfg Config) (*Follower, error) {
	s := &cfg.Stream
	switch {
	case !jobs.ValidStreamName(s.Name):
		return nil, jobs.Classify(jobs.Permanent, errors.New("follow stream "+s.Name+": a name is 1 to 48 small letters, digits, - and _"))
	case cfg.Source == nil || cfg.Archive == nil || cfg.Origin == nil || cfg.Queue == nil || cfg.Address == nil || cfg.Owner == "":
		return nil, errors.New("a follower needs a source, an archive, an origin, a queue, addresses and an owner")
	}
	if s.Window <= 0 {
		s.Window = DefaultWindow
	}
	cfg.setDefaults()
	f := &Follower{cfg: cfg}
	f.fetch = newFetcher(&f.cfg)
	return f, nil
}

func (c *Config) setDefaults() {
	if c.Limits == nil {
		c.Limits = NewLimits(0, 0)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Float64
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Metrics == nil {
		c.Metrics = nobody{}
	}
}
