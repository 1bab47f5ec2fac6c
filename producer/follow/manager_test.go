package follow

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"

	"aircheck/jobs"
	"aircheck/jobs/queue"
	"aircheck/producer/live"
	"aircheck/producer/streams"
	"aircheck/storage"
)

// manager makes one whose streams are all the bed's channel.
func (b *bed) manager(owner string, edit func(cfg *ManagerConfig)) *Manager {
	b.t.Helper()
	cfg := ManagerConfig{
		Open: func(_ context.Context, s streams.Stream) (live.Source, jobs.SourceKind, error) {
			if strings.HasSuffix(s.URL, "/broken") {
				return nil, "", errors.New("no such stream")
			}
			return b.c.source(), jobs.SourceHLS, nil
		},
		Profile: func(string) (jobs.Profile, error) { return profile(), nil },
		Archive: b.arch, Origin: b.c, Queue: b.queue, Address: address, Owner: owner, Rand: func() float64 { return 0 }, Log: slog.New(slog.DiscardHandler),
	}
	edit(&cfg)
	m, err := NewManager(cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	return m
}

// TestManager: streams are followed while they are wanted; what changes begins a period of its own; nothing is left open at the end.
func TestManager(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("s0")
		b := newBed(t, c)
		m := b.manager("a", func(cfg *ManagerConfig) { cfg.FinishOnStop = true })
		news := streams.Stream{Name: "news", URL: "http://origin/index.m3u8"}
		m.Set([]streams.Stream{news, {Name: "broken", URL: "http://origin/broken"}})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- m.Run(ctx) }()
		pass(time.Minute)
		if m.Leading() != 2 {
			t.Errorf("%d streams are led", m.Leading())
		}
		news.Keep, news.Notify = 24*time.Hour, []string{"ops"} // nothing that its follower does
		m.Set([]streams.Stream{news})
		pass(5 * time.Second)
		news.Window = 4 * time.Second
		m.Set([]streams.Stream{news})
		pass(2 * time.Minute)
		if m.Leading() != 1 {
			t.Errorf("%d streams are led", m.Leading())
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		list := b.checks()
		if len(list) != 2 {
			t.Fatalf("%d checks", len(list))
		}
		for i, want := range []string{"news-20000101T00", "news-20000101T0001"} {
			check, err := b.arch.Check(t.Context(), list[i].Check.ID)
			if err != nil || check.ID != want {
				t.Errorf("check %s, %v; want %s", list[i].Check.ID, err, want)
			}
		}
		if w := list[1].Check.WindowLength; w != 4e6 {
			t.Errorf("windows of %d µs after the change", w)
		}
		if open, err := b.arch.OpenLive(t.Context(), "news"); err != nil || len(open) != 2 {
			t.Errorf("open %v, %v: they wait for the judge", open, err)
		}
	})
}

// TestStreamIsRemovedWhileItsOriginIsAway: nobody waits for hours until what an earlier producer left open is closed.
func TestStreamIsRemovedWhileItsOriginIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("s0")
		b := newBed(t, c)
		produce := func(url string) (*Manager, func()) {
			m := b.manager("a", func(*ManagerConfig) {})
			m.Set([]streams.Stream{{Name: "news", URL: "http://origin" + url}})
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() { defer close(done); _ = m.Run(ctx) }()
			return m, func() { cancel(); <-done }
		}
		id := "news-20000101T00"
		_, stop := produce("/index.m3u8")
		pass(time.Minute)
		stop()
		m, stop := produce("/broken")
		defer stop()
		pass(time.Minute)
		if _, err := b.arch.Check(t.Context(), id); !errors.Is(err, storage.ErrNotFound) {
			t.Fatalf("%v: the check was closed while the stream is wanted", err)
		}
		m.Set(nil)
		pass(10 * time.Second)
		check, err := b.arch.Check(t.Context(), id)
		if err != nil || len(check.Windows) == 0 {
			t.Errorf("the check is not closed: %v", err)
		}
		for _, g := range b.checks() {
			if !g.Newest.Last {
				t.Errorf("%s is open after instalment %d", g.Check.ID, g.Instalments)
			}
		}
	})
}

// TestManagerEnds: whoever waits for the end of a stream hears of it.
func TestManagerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("s0")
		c.last = 10
		b := newBed(t, c)
		ended := make(chan string, 1)
		m := b.manager("a", func(cfg *ManagerConfig) { cfg.FinishOnStop, cfg.Ended = true, func(s string) { ended <- s } })
		m.Set([]streams.Stream{{Name: "news", URL: "http://origin/index.m3u8"}})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- m.Run(ctx) }()
		if name := <-ended; name != "news" {
			t.Errorf("%q has ended", name)
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		b.accounted(0, 10)
		if list := b.checks(); len(list) != 1 {
			t.Errorf("%d checks", len(list))
		}
	})
}

// TestWantedStreamsOfOneAloneAreKnown: without leases, too, whoever looks sees what is wanted and who follows it.
func TestWantedStreamsOfOneAloneAreKnown(t *testing.T) {
	t.Parallel()
	conn, err := queue.Open("redis://" + miniredis.RunT(t).Addr() + "/0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	client := queue.NewClient(conn)
	m := newBed(t, newChannel("s0")).manager("a", func(cfg *ManagerConfig) { cfg.Wanted = conn })
	m.Set([]streams.Stream{{Name: "news", URL: "http://origin/broken"}})
	m.await(m.entry("news"), true)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = m.Run(ctx) }()
	defer func() { cancel(); <-done }()
	deadline, tick := time.After(20*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		all, err := client.Followed(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := all["news"]; ok {
			if leaders, err := client.Leaders(t.Context(), []string{"news", "none"}); err != nil || len(leaders) != 1 || leaders["news"] != "a" || s.Wanted.IsZero() {
				t.Errorf("leaders %v, %v of %+v", leaders, err, s)
			}
			break
		}
		select {
		case <-deadline:
			t.Fatal("one alone says nothing")
		case <-tick.C:
		}
	}
	if err := client.TellUnwanted(t.Context(), []string{"news"}); err != nil {
		t.Fatal(err)
	}
	if leaders, err := client.Leaders(t.Context(), []string{"news"}); err != nil || len(leaders) != 0 {
		t.Errorf("leaders %v, %v of what is wanted no more", leaders, err)
	}
}

// TestWantedStreamsAreToldSilent: what a producer is to follow is waited for although nothing was ever judged of it, until it is removed.
func TestWantedStreamsAreToldSilent(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	conn, err := queue.Open("redis://" + redis.Addr() + "/0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	client := queue.NewClient(conn)
	m := newBed(t, newChannel("s0")).manager("a", func(cfg *ManagerConfig) { cfg.Leases = conn })
	told := map[string]bool{}
	begun := time.Now()
	silent := func(after time.Duration) (names []string) {
		t.Helper()
		if err := m.sayWanted(t.Context(), client, told); err != nil {
			t.Fatal(err)
		}
		if err := client.TellSilence(t.Context(), begun.Add(after)); err != nil {
			t.Fatal(err)
		}
		events, _, err := client.Events(t.Context(), "0")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			names = append(names, string(e.Kind)+" "+e.Stream)
		}
		return names
	}
	news, sports := streams.Stream{Name: "news", URL: "http://origin/broken"}, streams.Stream{Name: "sports", URL: "http://origin/broken"}
	m.Set([]streams.Stream{news, sports})
	if got := silent(0); len(got) > 0 || redis.Exists("aircheck:{wanted}") {
		t.Errorf("told %q of what another producer leads", got)
	}
	m.await(m.entry("news"), true)
	m.await(m.entry("sports"), true)
	if got := silent(time.Minute); len(got) > 0 {
		t.Errorf("told %q after a minute", got)
	}
	m.await(m.entry("sports"), false) // it has ended
	if got := silent(10 * time.Minute); !slices.Equal(got, []string{"silent news"}) {
		t.Errorf("told %q", got)
	}
	redis.FlushAll()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = m.Run(ctx) }()
	defer func() { cancel(); <-done }()
	deadline, tick := time.After(20*time.Second), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		if wanted, err := redis.HKeys("aircheck:{wanted}"); err == nil && len(wanted) == 2 {
			return
		}
		select {
		case <-deadline:
			t.Fatal("a producer that runs says nothing")
		case <-tick.C:
		}
	}
}

// TestHandOver: of two producers one leads the stream; when it is told to stop the other goes on at once, and no segment is lost or doubled. The clock is the
// real one: so is that of Redis. What happens when one dies is TestRecovery's, and queue's TestDeadLeader.
func TestHandOver(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	conn, err := queue.Open("redis://" + redis.Addr() + "/0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := newChannel("s0")
	c.length, c.window = 250*time.Millisecond, 24
	b := newBed(t, c)
	produce := func(owner string) (stop func()) {
		m := b.manager(owner, func(cfg *ManagerConfig) { cfg.Leases = conn })
		m.Set([]streams.Stream{{Name: "news", URL: "http://origin/index.m3u8", Window: time.Second}})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); _ = m.Run(ctx) }()
		return func() { cancel(); <-done }
	}
	written := func() int {
		n := 0
		if begins, _ := b.arch.OpenLive(context.Background(), "news"); len(begins) > 0 {
			if g, err := b.arch.Growing(context.Background(), jobs.LiveID("news", begins[len(begins)-1])); err == nil {
				n = g.Instalments
			}
		}
		return n
	}
	await := func(what string, n int) {
		t.Helper()
		deadline, tick := time.After(20*time.Second), time.NewTicker(20*time.Millisecond)
		defer tick.Stop()
		for written() < n {
			select {
			case <-deadline:
				t.Fatalf("%s: %d instalments, want %d", what, written(), n)
			case <-tick.C:
			}
		}
	}
	stopFirst := produce("a")
	await("the first leads", 3)
	stopSecond := produce("b")
	defer stopSecond()
	at := written()
	stopFirst()
	stopped := time.Now()
	await("the second goes on", at+3)
	t.Logf("the second wrote its third instalment of 1 s %.1f s after the first was told to stop", time.Since(stopped).Seconds())
	list := b.numbers(0)
	b.consecutive(0, list[0], list[len(list)-1])
}

// TestHandOverAtTheEnd: of two producers that close hours when they end, the first to end leaves the hour to the other, which closes it.
func TestHandOverAtTheEnd(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	conn, err := queue.Open("redis://" + redis.Addr() + "/0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := newChannel("s0")
	c.length, c.window = 250*time.Millisecond, 24
	b := newBed(t, c)
	type producer struct {
		*Manager
		stop func()
	}
	produce := func(owner string) producer {
		m := b.manager(owner, func(cfg *ManagerConfig) { cfg.Leases, cfg.FinishOnStop = conn, true })
		m.Set([]streams.Stream{{Name: "news", URL: "http://origin/index.m3u8", Window: time.Second}})
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); _ = m.Run(ctx) }()
		return producer{m, func() { cancel(); <-done }}
	}
	client := queue.NewClient(conn)
	led := func() string {
		leaders, err := client.Leaders(context.Background(), []string{"news"})
		if err != nil {
			t.Error(err)
		}
		return leaders["news"]
	}
	await := func(what string, met func() bool) {
		t.Helper()
		deadline, tick := time.After(20*time.Second), time.NewTicker(20*time.Millisecond)
		defer tick.Stop()
		for !met() {
			select {
			case <-deadline:
				t.Fatal(what)
			case <-tick.C:
			}
		}
	}
	begun := func() bool {
		begins, err := b.arch.OpenLive(context.Background(), "news")
		return err == nil && len(begins) > 0
	}
	first := produce("a")
	await("the first begins", func() bool { return led() == "a" && begun() })
	second := produce("b")
	await("the second is there", func() bool {
		alive, err := redis.ZMembers("aircheck:{producers}:alive")
		return err == nil && len(alive) == 2
	})
	first.stop()
	if handed := first.HandedOver(); len(handed) != 1 || led() != "b" {
		t.Errorf("handed over %q, led by %q", handed, led())
	}
	closed := 0
	for _, g := range b.checks() {
		if g.Newest.Last {
			closed++
		}
	}
	if closed > 0 {
		t.Errorf("%d checks were closed by the first", closed)
	}
	second.stop()
	for _, g := range b.checks() {
		if !g.Newest.Last {
			t.Errorf("check %s was left open by the last", g.Check.ID)
		}
	}
	if handed := second.HandedOver(); len(handed) > 0 {
		t.Errorf("the last handed over %q", handed)
	}
}
