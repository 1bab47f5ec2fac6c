package follow

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
)

// TestManyFaultsHideNoOutage: after hundreds of faults of segments an outage is still one finding that goes on.
func TestManyFaultsHideNoOutage(t *testing.T) {
	var l ledger
	now := time.Now()
	tell := func(key string, start, end jobs.Seconds) {
		l.tell(key, jobs.Finding{Code: "segment.slow", Start: start, End: end}, now)
	}
	for i := range 3 * maxKeys {
		tell("lasts", 0, jobs.Seconds(i)) // it is told all the time, and must not be forgotten for others
		tell(fmt.Sprint("slow ", i), jobs.Seconds(20*i), jobs.Seconds(20*i+2))
		if i%10 == 0 {
			l.write()
			l.written()
		}
	}
	l.write()
	l.written()
	before := l.told
	for i := range 50 {
		tell("outage", 9000, jobs.Seconds(9000+i))
		l.write()
		l.written()
	}
	if n := l.told - before; n != 1 {
		t.Errorf("an outage is %d findings", n)
	}
	if n := 3*maxKeys + 1; before != n {
		t.Errorf("%d findings of %d faults", before, n)
	}
	if len(l.keys) > maxKeys {
		t.Errorf("%d keys", len(l.keys))
	}
}

// TestWeekendOutage: an origin that is down for days does not fill the check of its last hour with instalments; when it is back, the hour is closed.
func TestWeekendOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newState(&Stream{Name: "news", Window: DefaultWindow})
		s.accept(&live.Update{Sequences: []live.Sequence{{Describes: jobs.Sequence{ID: "s0"}, Segments: []live.Segment{{Duration: 10e6, Seen: time.Now()}}}}}, time.Now())
		s.finish(s.rows[0].items[0], fetched{uri: "x"})
		since, instalments, last := time.Now(), 0, time.Now()
		for now := since; now.Sub(since) < 72*time.Hour; now = time.Now() {
			s.accept(&live.Update{Faults: []live.Fault{{Code: "playlist.unavailable", Key: "down", Number: -1, Since: since, Until: now}}}, now)
			if write, _ := s.due(now); write {
				s.stored(s.cut("a", false, now), now)
				instalments++
				if quiet := now.Sub(last); quiet > maxQuiet+time.Minute {
					t.Fatalf("nothing is written for %v, and the check counts as abandoned", quiet)
				}
				last = now
			}
			pass(4 * time.Second)
		}
		if instalments > 1500 || instalments < 700 {
			t.Errorf("%d instalments", instalments)
		}
	})
}

// TestShortSegmentsSlowDown: a stream of very short segments makes no more instalments than anybody reads.
func TestShortSegmentsSlowDown(t *testing.T) {
	s := newState(&Stream{Name: "news", Window: DefaultWindow})
	now := time.Now()
	list := make([]live.Segment, maxWindowSegments)
	for i := range list {
		list[i] = live.Segment{Number: int64(i), Duration: 1000, Seen: now}
	}
	s.accept(&live.Update{Sequences: []live.Sequence{{Describes: jobs.Sequence{ID: "s0"}, Segments: list}}}, now)
	for _, it := range s.rows[0].items {
		s.finish(it, fetched{uri: "x"})
	}
	s.wrote = now
	if write, _ := s.due(now.Add(time.Millisecond)); !write {
		t.Error("a full window waits")
	}
	s.periods[0].next = eagerInstalments
	if write, at := s.due(now.Add(time.Millisecond)); write || !at.Equal(now.Add(time.Second)) {
		t.Errorf("after %d instalments the next is written at once, or at %v", eagerInstalments, at)
	}
	if write, _ := s.due(now.Add(time.Second)); !write {
		t.Error("a full window waits for more than a second")
	}
}
