package follow

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
)

// TestFollow: what is published is archived, cut into windows that tile it, and enqueued; the hour rolls; the end closes it.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("s0", "s1")
		toHour := c.start.Truncate(time.Hour).Add(time.Hour).Sub(c.start)
		first := int64(0)
		if skip := toHour - 2*time.Minute; skip > 0 { // begin two minutes before the full hour
			pass(skip)
			first = c.published(time.Now()) - 2
		}
		c.last = c.published(time.Now()) + 120
		b := newBed(t, c)
		if err := b.runFor(b.follower("a", b.store), 10*time.Minute); err != nil {
			t.Fatal(err)
		}
		for row := range c.rows {
			b.consecutive(row, first, c.last)
		}
		list := b.checks()
		if len(list) != 2 {
			t.Fatalf("%d checks", len(list))
		}
		windows := 0
		for _, g := range list {
			check, err := b.arch.Check(t.Context(), g.Check.ID)
			if err != nil {
				t.Fatalf("manifest: %v", err)
			}
			windows += len(check.Windows)
			if !g.Newest.Last || len(check.Timeline.Findings) != 0 || check.Timeline.Sequences[0].Segments[0].Start != 0 {
				t.Errorf("check %s: %+v", check.ID, check.Timeline.Findings)
			}
			for _, w := range check.Windows {
				if d := w.End - w.Start; (d != 10e6) && !w.Foot {
					t.Errorf("window %d of %s has %d µs", w.Index, w.Sequence, d)
				}
			}
			name, begin, _ := jobs.ParseLiveID(check.ID)
			for _, file := range []string{"recording.json", "index.m3u8", "s0.m3u8", "s1.m3u8"} {
				key, _ := storage.StreamFile(name, begin, file)
				if _, err := b.store.Stat(t.Context(), key); err != nil {
					t.Errorf("%s: %v", file, err)
				}
			}
		}
		if len(b.queue.list) != windows {
			t.Errorf("%d tasks for %d windows", len(b.queue.list), windows)
		}
		for uri, n := range c.asked {
			if n != 1 {
				t.Errorf("%s was fetched %d times", uri, n)
			}
		}
	})
}

// TestRecovery kills a follower, by ending its context and by a store that fails from some operation on, at random points, again and again: what the
// instalments of all checks hold together are the published segments, each once.
func TestRecovery(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { killed(t, seed) })
		})
	}
}

func killed(t *testing.T, seed uint64) {
	c := newChannel("s0", "s1")
	pass(c.start.Truncate(time.Hour).Add(time.Hour).Sub(c.start) - time.Minute)
	b := newBed(t, c)
	dice := newDice(seed)
	for life := range 12 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(5+dice.IntN(30))*time.Second)
		store := &dying{Store: b.store, left: 1 + dice.IntN(60), die: cancel, after: dice.IntN(2) == 0}
		if err := b.follower(fmt.Sprintf("p%d", life%3), store).Run(ctx); err != nil {
			t.Fatal(err)
		}
		cancel()
		pass(time.Duration(dice.IntN(20)) * time.Second) // longer than the playlist, sometimes
	}
	c.last = c.published(time.Now()) + 20
	if err := b.runFor(b.follower("last", b.store), time.Hour); err != nil {
		t.Fatal(err)
	}
	for row := range c.rows {
		b.accounted(row, c.last)
	}
	for _, g := range b.checks() {
		if _, err := b.arch.Check(t.Context(), g.Check.ID); err != nil {
			t.Errorf("manifest: %v", err)
		}
	}
}

// TestRace: two followers of one stream lose and double nothing.
func TestRace(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newChannel("s0", "s1")
				c.noPDT = seed%2 == 1
				pass(c.start.Truncate(time.Hour).Add(time.Hour).Sub(c.start) - time.Minute)
				first := max(0, c.published(time.Now())-2)
				c.last = c.published(time.Now()) + 60
				b := newBed(t, c)
				dice := newDice(seed)
				other := time.Duration(dice.IntN(2000)) * time.Millisecond
				done := make(chan error, 1)
				go func() { // it lives as long as the stream
					pass(other)
					done <- b.runFor(b.follower("b", b.store), time.Hour)
				}()
				if err := b.runFor(b.follower("a", b.store), time.Hour); err != nil {
					t.Error(err)
				}
				if err := <-done; err != nil {
					t.Error(err)
				}
				for row := range c.rows {
					b.consecutive(row, first, c.last)
				}
			})
		})
	}
}

// TestFollowAfterAbandon: what was seen and not written down before a check was given up does not keep the stream from being followed again, hours
// later, by a new process or by the one that could not write meanwhile.
func TestFollowAfterAbandon(t *testing.T) {
	for _, began := range []bool{true, false} {
		t.Run(fmt.Sprint(began), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newChannel("s0", "s1")
				b := newBed(t, c)
				life := 15 * time.Second
				if !began {
					life = 5 * time.Second // seen, archived, and in no instalment
				}
				if err := b.runFor(b.follower("a", b.store), life); err != nil {
					t.Fatal(err)
				}
				if began {
					finisher := Finisher{Archive: b.arch, Address: address}
					if err := finisher.Abandon(t.Context(), jobs.LiveID("news", c.start.Truncate(time.Hour)), time.Now()); err != nil {
						t.Fatal(err)
					}
				}
				pass(3 * time.Hour)
				c.last = c.published(time.Now()) + 20
				if err := b.runFor(b.follower("b", b.store), time.Hour); err != nil {
					t.Fatalf("follow again: %v", err)
				}
				segments := map[string]bool{}
				for _, g := range b.checks() {
					if !g.Newest.Last {
						t.Errorf("check %s was not closed", g.Check.ID)
					}
					for _, s := range g.Check.Timeline.Sequences[0].Segments {
						segments[s.URI] = true
					}
				}
				if n := len(segments); n < 20 {
					t.Errorf("%d segments", n)
				}
			})
		})
	}
}

// TestStreamsDoNotStarveEachOther: while others hold all places that streams share, as origins that hang do, a stream is followed with its own.
func TestStreamsDoNotStarveEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("s0", "s1")
		c.last = 30
		b := newBed(t, c)
		f := b.follower("a", b.store)
		f.cfg.Limits = NewLimits(2, 0)
		f.cfg.Limits.fetches <- struct{}{}
		f.cfg.Limits.fetches <- struct{}{}
		if err := b.runFor(f, 5*time.Minute); err != nil {
			t.Fatal(err)
		}
		for row := range c.rows {
			b.consecutive(row, 0, c.last)
		}
	})
}

// TestPendingTooLarge: what no follower can read back does not keep the stream from being followed.
func TestPendingTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("s0")
		c.last = 10
		b := newBed(t, c)
		key, err := storage.StreamPending("news", "other")
		if err == nil {
			err = b.store.Put(t.Context(), key, make([]byte, maxPendingBytes+1))
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := b.runFor(b.follower("a", b.store), 5*time.Minute); err != nil {
			t.Fatal(err)
		}
		b.consecutive(0, 0, c.last)
	})
}
