package follow

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"aircheck/producer/live"
)

// TestRowsBeginTogether: rows whose playlists are read a segment apart, or whose program times differ a little, begin each check at the same segment.
func TestRowsBeginTogether(t *testing.T) {
	for name, edit := range map[string]func(c *channel, row string, s *live.Segment){
		"apart":         nil,
		"a little less": func(c *channel, row string, s *live.Segment) { shift(row, s, -20*time.Millisecond) },
		"a little more": func(c *channel, row string, s *live.Segment) { shift(row, s, 20*time.Millisecond) },
		"no times":      func(c *channel, row string, s *live.Segment) { s.ProgramTime = nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newChannel("s0", "s1")
				pass(time.Hour - 61*time.Second) // from the beginning of an hour
				if edit != nil {
					c.edit = func(row string, s *live.Segment) { edit(c, row, s) }
				}
				c.last = c.published(time.Now()) + 60
				b := newBed(t, c)
				f := b.follower("a", b.store)
				f.cfg.Source = &behind{madeUp: c.source()}
				if err := b.runFor(f, time.Hour); err != nil {
					t.Fatal(err)
				}
				list := b.checks()
				if len(list) != 2 {
					t.Fatalf("%d checks", len(list))
				}
				for _, g := range list {
					first := [2]int64{}
					for row := range first {
						first[row] = numberOf(t, g.Check.Timeline.Sequences[row].Segments[0].URI)
					}
					if first[0] != first[1] {
						t.Errorf("check %s begins with segments %d", g.Check.ID, first)
					}
				}
				for row := range c.rows {
					b.consecutive(row, b.numbers(row)[0], c.last)
				}
			})
		})
	}
}

func shift(row string, s *live.Segment, by time.Duration) {
	if row == "s1" {
		at := s.ProgramTime.Add(by)
		s.ProgramTime = &at
	}
}

// behind shows the second row a segment later than the first, as where it is read a moment before the segment is there.
type behind struct {
	*madeUp
	held   []live.Segment
	joined bool
}

func (s *behind) Refresh(ctx context.Context) (live.Update, error) {
	u, err := s.madeUp.Refresh(ctx)
	q := &u.Sequences[1]
	all := append(s.held, q.Segments...)
	if n := len(all); n > 0 && !u.Ended {
		q.Segments, s.held = all[:n-1], []live.Segment{all[n-1]}
	} else {
		q.Segments, s.held = all, nil
	}
	if len(q.Segments) > 1 && !s.joined { // it joins as many segments from its own end
		u.Sequences[0].Segments, s.joined = u.Sequences[0].Segments[1:], true
	}
	for i := range q.Segments {
		q.Segments[i].Seen = time.Now()
	}
	return u, err
}

// TestCovers: rows that say nothing comparable are left alone.
func TestCovers(t *testing.T) {
	at := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	times := func(d time.Duration) *mark {
		t := at.Add(d)
		return &mark{Number: 1, ProgramTime: &t, Duration: 2e6}
	}
	number := func(n int64) *mark { return &mark{Number: n, Duration: 2e6} }
	for name, c := range map[string]struct {
		one, begin *mark
		yes, ok    bool
	}{
		"the same":         {times(0), times(0), true, true},
		"a little before":  {times(-20 * time.Millisecond), times(0), true, true},
		"a segment before": {times(-2 * time.Second), times(0), false, true},
		"after":            {times(2 * time.Second), times(0), true, true},
		"a day apart":      {times(24 * time.Hour), times(0), true, false},
		"numbers":          {number(7), number(7), true, true},
		"number before":    {number(6), number(7), false, true},
		"other numbers":    {number(600), number(7), true, false},
		"one time":         {number(7), times(0), false, false},
	} {
		if yes, ok := covers(c.one, c.begin); ok != c.ok || ok && yes != c.yes {
			t.Errorf("%s: %t, %t", name, yes, ok)
		}
	}
}
