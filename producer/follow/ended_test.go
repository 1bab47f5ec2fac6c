package follow

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
	"aircheck/producer/streams"
)

// interrupted is a source of a channel that says that it ends with segment last, until it goes on at some time.
type interrupted struct {
	*madeUp
	last int64
	on   time.Time
}

func (s *interrupted) Refresh(ctx context.Context) (live.Update, error) {
	if !time.Now().Before(s.on) {
		return s.madeUp.Refresh(ctx)
	}
	was := map[string]int64{}
	for row, n := range s.newest {
		was[row] = n
	}
	u, err := s.madeUp.Refresh(ctx)
	for i := range u.Sequences {
		q := &u.Sequences[i]
		for len(q.Segments) > 0 && q.Segments[len(q.Segments)-1].Number > s.last {
			q.Segments = q.Segments[:len(q.Segments)-1]
		}
		s.newest[q.Describes.ID] = min(s.newest[q.Describes.ID], max(s.last, was[q.Describes.ID]))
	}
	u.Ended = s.c.published(time.Now()) >= s.last
	return u, err
}

// TestEndedStream: the end of a stream is remembered. Who looks at it again, be it in this process or in another, checks nothing anew; when it goes on, it is
// followed from there, and nobody has to do anything.
func TestEndedStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("s0", "s1")
		c.window = 60
		b := newBed(t, c)
		on := time.Now().Add(10 * time.Minute)
		ends := 0
		run := func(owner string, d time.Duration) {
			m := b.manager(owner, func(cfg *ManagerConfig) {
				cfg.Ended = func(string) { ends++ }
				cfg.Open = func(context.Context, streams.Stream) (live.Source, jobs.SourceKind, error) {
					return &interrupted{madeUp: c.source(), last: 20, on: on}, jobs.SourceHLS, nil
				}
			})
			m.Set([]streams.Stream{{Name: "news", URL: "http://origin/index.m3u8"}})
			ctx, cancel := context.WithTimeout(context.Background(), d)
			defer cancel()
			if err := m.Run(ctx); err != nil {
				t.Fatal(err)
			}
		}
		run("a", 5*time.Minute)
		run("b", 3*time.Minute) // a restart
		if n := len(b.checks()); n != 1 || ends != 2 {
			t.Fatalf("%d checks, ended %d times", n, ends)
		}
		b.consecutive(0, 0, 20)
		run("a", 5*time.Minute)
		list := b.numbers(0)
		first, from := list[21], c.published(on)-c.window
		if first < from || first > from+40 {
			t.Errorf("it goes on with segment %d", first)
		}
		if newest := list[len(list)-1]; newest < c.published(on)+40 {
			t.Errorf("it is followed to segment %d only: %v", newest, list)
		}
		for i := 22; i < len(list); i++ {
			if list[i] != list[i-1]+1 {
				t.Errorf("segment %d after %d", list[i], list[i-1])
			}
		}
		if n := len(b.checks()); n != 2 {
			t.Errorf("%d checks", n)
		}
	})
}
