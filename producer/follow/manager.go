package follow

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/producer/live"
	"aircheck/producer/source/location"
	"aircheck/producer/streams"
	"aircheck/storage"
)

const (
	// pollEvery is how often streams.yaml is looked at.
	pollEvery = 2 * time.Second
	// startWithin spreads the beginnings of many streams, as after a producer has died.
	startWithin = 2 * time.Second
	// firstAgain doubles up to lastAgain: the pauses before a stream that cannot be opened or followed is tried again.
	firstAgain = 5 * time.Second
	lastAgain  = 5 * time.Minute
	// finishWithin bounds the closing of an hour on the way out: the last segments' patience, and the manifest.
	finishWithin = 90 * time.Second
	// endedEvery is how often a stream that has ended is looked at: packagers end their playlists when they are restarted, and what they publish next stays
	// there for about as long.
	endedEvery = 30 * time.Second
	// expireEvery is how often old archives are looked for.
	expireEvery = 10 * time.Minute
)

// ManagerConfig sets up a Manager. Open, Profile, Archive, Origin, Queue, Address and Owner are required.
type ManagerConfig struct {
	// Open makes the source of a stream, and says of which kind it is.
	Open func(ctx context.Context, s streams.Stream) (live.Source, jobs.SourceKind, error)
	// Profile finds a sealed profile by what an entry calls it.
	Profile func(name string) (jobs.Profile, error)
	// Breaks finds the one of ad breaks, which is nil where they have none of their own; nil: they never have.
	Breaks func(name string) (*jobs.Profile, error)
	// Watch is the file of the streams; nil: they are Set.
	Watch *streams.Watch
	// Leases is the connection on which streams are shared with other producers; nil: all are this one's.
	Leases *queue.Conn
	// Wanted is the connection on which it is said which streams are wanted, where there are no Leases; nil: nobody asks.
	Wanted *queue.Conn
	// Window is that of entries that ask for none; 0 means DefaultWindow.
	Window time.Duration
	// FinishOnStop closes the hours of all streams when Run ends, but of those that another producer has taken over by then.
	FinishOnStop bool
	// Ended is told of a stream that said that it ends, after its hour was closed; nil: nobody is.
	Ended func(stream string)

	Archive *archive.Archive
	Origin  storage.Origin
	Queue   Queue
	Address func(key string) string
	Owner   string
	// Fetches is how many segments are fetched at the same time; 0 means DefaultFetches.
	Fetches int
	// FetchBytes is how much of segments may be in memory between their origin and the store; 0 means DefaultFetchBytes.
	FetchBytes int64
	Now        func() time.Time
	Rand       func() float64
	Log        *slog.Logger
	Metrics    Collector
}

// Manager runs the Followers of the streams that this process leads.
type Manager struct {
	cfg    ManagerConfig
	common Config // what all Followers share
	leader *queue.Leader
	// changed wakes Run after Set.
	changed chan struct{}

	mu      sync.Mutex
	entries map[string]*entry
	keep    map[string]time.Duration // how long archives stay, of the streams whose archives do not stay for ever
	leading int
	// left are the followers of streams whose leases were given back, with their hours open, and handed those that others go on with at the end.
	left   map[string]*Follower
	handed []string
}

// entry is a wanted stream; changed is closed when it is not wanted like this any more.
type entry struct {
	stream  streams.Stream
	changed chan struct{}
	gone    bool
	awaited bool // this process follows it, or tries to, and it has not ended
}

// NewManager makes a Manager.
func NewManager(cfg ManagerConfig) (*Manager, error) {
	if cfg.Open == nil || cfg.Profile == nil || cfg.Archive == nil || cfg.Origin == nil || cfg.Queue == nil || cfg.Address == nil || cfg.Owner == "" {
		return nil, errors.New("a manager of live streams needs sources, profiles, an archive, an origin, a queue, addresses and an owner")
	}
	m := &Manager{cfg: cfg, changed: make(chan struct{}, 1), entries: map[string]*entry{}, left: map[string]*Follower{}, keep: map[string]time.Duration{}}
	m.common = Config{
		Archive: cfg.Archive, Origin: cfg.Origin, Queue: cfg.Queue, Address: cfg.Address, Owner: cfg.Owner, Limits: NewLimits(cfg.Fetches, cfg.FetchBytes),
		Now: cfg.Now, Rand: cfg.Rand, Log: cfg.Log, Metrics: cfg.Metrics,
	}
	m.common.setDefaults()
	if cfg.Leases != nil {
		m.leader = queue.NewLeader(cfg.Leases, cfg.Owner, m.lead, m.common.Log)
	}
	return m, nil
}

// Set says which streams are wanted from now on. A Follower whose stream changed closes its hour and begins anew.
func (m *Manager) Set(list []streams.Stream) {
	m.mu.Lock()
	wanted := make(map[string]*entry, len(list))
	names := make([]string, 0, len(list))
	clear(m.keep)
	for _, s := range list {
		names = append(names, s.Name)
		if s.Keep > 0 {
			m.keep[s.Name] = s.Keep
		}
		if old := m.entries[s.Name]; old != nil && old.stream.FollowedLike(s) {
			wanted[s.Name] = old
			continue
		}
		wanted[s.Name] = &entry{stream: s, changed: make(chan struct{})}
	}
	for name, old := range m.entries {
		if now := wanted[name]; now != old {
			old.gone = now == nil
			close(old.changed)
		}
	}
	m.entries = wanted
	m.mu.Unlock()
	if m.leader != nil {
		m.leader.Want(names)
	}
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

func (m *Manager) entry(name string) *entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.entries[name]
}

// Leading tells how many streams this process leads.
func (m *Manager) Leading() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.leading
}

// Run follows the streams until ctx ends, and returns when all Followers have stopped. Streams are handed over to other producers, or, with FinishOnStop,
// closed.
func (m *Manager) Run(ctx context.Context) error {
	m.run(ctx)
	m.handOver(context.WithoutCancel(ctx))
	return nil
}

func (m *Manager) run(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	if m.leader != nil {
		group.Go(func() { _ = m.leader.Run(ctx) }) // it returns when ctx ends, with no error
	}
	if conn := cmp.Or(m.cfg.Leases, m.cfg.Wanted); conn != nil {
		group.Go(func() { m.tellWanted(ctx, queue.NewClient(conn)) })
	}
	group.Go(func() { m.expire(ctx) })
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	running := map[string]bool{} // by name, without leases
	over := make(chan string)
	for {
		m.poll()
		if m.leader == nil {
			m.start(ctx, &group, running, over)
		}
		select {
		case <-ctx.Done():
			for n := len(running); n > 0; n-- {
				<-over
			}
			return
		case name := <-over:
			delete(running, name)
		case <-m.changed:
		case <-tick.C:
		}
	}
}

// start leads all wanted streams without leases.
func (m *Manager) start(ctx context.Context, group *sync.WaitGroup, running map[string]bool, over chan<- string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name := range m.entries {
		if running[name] {
			continue
		}
		running[name] = true
		group.Go(func() {
			m.lead(ctx, name)
			over <- name
		})
	}
}

// poll reads the file when it has changed.
func (m *Manager) poll() {
	if m.cfg.Watch == nil {
		return
	}
	file, changed, err := m.cfg.Watch.Poll()
	if err != nil {
		m.common.Log.Error("streams stay as they are", "error", err)
	}
	if changed {
		m.common.Log.Info("streams were read", "streams", len(file.Streams))
		m.Set(file.Streams)
	}
}

// lead follows a stream until ctx ends or nobody wants it any more.
func (m *Manager) lead(ctx context.Context, name string) {
	m.count(1)
	defer m.count(-1)
	if !sleep(ctx, time.Duration(m.common.Rand()*float64(startWithin))) {
		return
	}
	for ctx.Err() == nil {
		switch e := m.entry(name); {
		case e != nil:
			m.leadEntry(ctx, e)
		case m.leader == nil:
			return
		default: // its lease is about to be taken away, unless it is wanted again
			sleep(ctx, pollEvery)
		}
	}
}

func (m *Manager) count(by int) {
	m.mu.Lock()
	m.leading += by
	n := m.leading
	m.mu.Unlock()
	m.common.Metrics.Leading(n)
}

// leadEntry follows a stream as one entry says, until ctx ends or the entry changes.
func (m *Manager) leadEntry(ctx context.Context, e *entry) {
	m.mu.Lock()
	delete(m.left, e.stream.Name)
	m.mu.Unlock()
	inner, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	group.Go(func() {
		select {
		case <-e.changed:
			cancel()
		case <-inner.Done():
		}
	})
	f := m.followOn(inner, e)
	switch {
	case f == nil && (ctx.Err() == nil || m.isGone(e)):
		m.abandon(ctx, e.stream.Name)
	case f == nil:
	case ctx.Err() == nil || m.cfg.FinishOnStop && m.leader == nil || m.isGone(e):
		m.finish(ctx, f, e.stream.Name)
	case m.cfg.FinishOnStop:
		m.mu.Lock()
		m.left[e.stream.Name] = f
		m.mu.Unlock()
	}
}

func (m *Manager) isGone(e *entry) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return e.gone
}

// followOn follows a stream until ctx ends, over errors and ends of the stream; it gives the last follower, nil when there never was one.
func (m *Manager) followOn(ctx context.Context, e *entry) (f *Follower) {
	name, pause, ended := e.stream.Name, firstAgain, false
	m.await(e, true)
	defer m.await(e, false)
	for {
		begun := m.common.Now()
		next, err := m.open(ctx, e.stream)
		if err == nil {
			f = next
			err = f.Run(ctx)
		}
		wait := endedEvery
		switch {
		case ctx.Err() != nil:
			return f
		case err == nil:
			if !ended || f.followed {
				m.over(name)
			}
			m.await(e, false) // once it is judged again, it is known by that
			ended, pause = true, firstAgain
		default:
			m.common.Log.Error("follow stream", "stream", name, "error", err)
			if m.common.Now().Sub(begun) > lastAgain {
				pause = firstAgain
			}
			wait, pause = pause, min(2*pause, lastAgain)
		}
		if !sleep(ctx, wait/2+time.Duration(m.common.Rand()*float64(wait/2))) {
			return f
		}
	}
}

// over tells that a stream has ended. It is looked at now and then: one that begins again is followed again.
func (m *Manager) over(name string) {
	m.common.Log.Info("the stream has ended", "stream", name)
	if m.cfg.Ended != nil {
		m.cfg.Ended(name)
	}
}

func (m *Manager) open(ctx context.Context, s streams.Stream) (*Follower, error) {
	profile, err := m.cfg.Profile(s.Profile)
	if err != nil {
		return nil, err
	}
	var breaks *jobs.Profile
	if m.cfg.Breaks != nil {
		if breaks, err = m.cfg.Breaks(s.Breaks); err != nil {
			return nil, err
		}
	}
	source, kind, err := m.cfg.Open(ctx, s)
	if err != nil {
		return nil, err
	}
	cfg := m.common
	cfg.Source = source
	cfg.Stream = Stream{
		Name: s.Name, Input: location.Display(s.URL), Kind: kind, Profile: profile, Breaks: breaks, Window: jobs.FromDuration(m.window(s)), Choose: s.Renditions.Choose,
	}
	return New(cfg)
}

// window is how long the windows of a stream are to be; 0 means DefaultWindow.
func (m *Manager) window(s streams.Stream) time.Duration {
	if s.Window != 0 {
		return s.Window
	}
	return m.cfg.Window
}

// expire deletes old archives of the wanted streams, now and then. Several producers may do so for the same stream.
func (m *Manager) expire(ctx context.Context) {
	keeper := Keeper{Archive: m.cfg.Archive, Address: m.cfg.Address}
	for {
		if !sleep(ctx, expireEvery/2+time.Duration(m.common.Rand()*float64(expireEvery))) {
			return
		}
		for name, keep := range m.expiring() {
			n, err := keeper.Expire(ctx, name, keep, m.common.Now())
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				m.common.Log.Warn("delete old archives", "stream", name, "error", err)
			}
			if n > 0 {
				m.common.Log.Info("deleted old archives", "stream", name, "objects", n)
			}
		}
	}
}

func (m *Manager) expiring() map[string]time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.keep)
}
