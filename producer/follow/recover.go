package follow

import (
	"context"
	"errors"
	"slices"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/producer/live"
	"aircheck/storage"
)

// recovered is what the store says about a stream.
type recovered struct {
	state *state
	// unfinished are checks whose last instalment is written and whose manifest is not.
	unfinished []string
}

// recover builds the state from the store alone: the instalments of what is open, and the pending segments of whoever followed before.
func (f *Follower) recover(ctx context.Context) (*recovered, error) {
	r := &recovered{state: newState(&f.cfg.Stream)}
	begins, err := f.cfg.Archive.OpenLive(ctx, f.cfg.Stream.Name)
	if err != nil {
		return nil, err
	}
	for _, begin := range begins {
		if err := f.recoverPeriod(ctx, r, begin); err != nil {
			return nil, err
		}
	}
	for i := range r.state.periods[:max(len(r.state.periods)-1, 0)] {
		r.state.periods[i].passed = f.cfg.Now()
	}
	return r, f.setFloor(ctx, r.state)
}

// recoverPeriod reads one open check.
func (f *Follower) recoverPeriod(ctx context.Context, r *recovered, begin time.Time) error {
	id := jobs.LiveID(f.cfg.Stream.Name, begin)
	g, err := f.cfg.Archive.Growing(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil // the mark of a check that did not come to its first instalment
	}
	if errors.Is(err, archive.ErrSpoiled) {
		f.cfg.Log.Error("a check that cannot be read is not gone on with; the stream is followed in another", "check", id, "error", err)
		return nil // it counts as closed; the reconciler ends it
	}
	if err != nil {
		return err
	}
	p, err := r.state.adopt(begin, g)
	if err != nil {
		f.cfg.Log.Error("a check without a handover is not gone on with; the stream is followed in another", "check", id, "error", err)
		return nil
	}
	if !p.last {
		r.state.periods = append(r.state.periods, p)
		return nil
	}
	_, err = f.cfg.Archive.Check(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		r.unfinished = append(r.unfinished, id)
		return nil
	}
	return err
}

// adopt makes a period of a check that has instalments, and moves the rows on to what is in them.
func (s *state) adopt(begin time.Time, g *archive.Growing) (*period, error) {
	hand, err := decodeHandover(g.Newest)
	if err != nil {
		return nil, err
	}
	p := &period{begin: begin, id: g.Check.ID, next: g.Instalments, last: g.Newest.Last, places: map[string]*place{}, discs: hand.Discontinuities}
	for i := range g.Check.Timeline.Sequences {
		seq := &g.Check.Timeline.Sequences[i]
		for id, row := range hand.Rows {
			if row.Sequence != seq.ID {
				continue
			}
			p.add(id, seq.ID)
			s.adoptRow(p, id, row.Newest, seq)
		}
	}
	for _, w := range g.Check.Windows {
		for _, pl := range p.places {
			if pl.sequence == w.Sequence {
				pl.windows = w.Index + 1
			}
		}
	}
	p.ledger.adopt(g.Check.Timeline.Findings, hand.Faults)
	return p, nil
}

func (s *state) adoptRow(p *period, id string, newest *mark, seq *jobs.Sequence) {
	r := s.row(id)
	if r.describes.ID == "" {
		r.describes = *seq
		r.describes.Segments = nil
	}
	if newest != nil && (r.wrote == nil || newest.Number > r.wrote.Number) {
		r.wrote, r.newest = newest, newest
	}
	// The numbers of segments before the newest are consecutive but for jumps, which one telling of a fault may then miss.
	numbers := make([]int64, len(seq.Segments))
	for i := range numbers {
		numbers[i] = -1
		if newest != nil {
			numbers[i] = newest.Number - int64(len(numbers)-1-i)
		}
	}
	pl := p.places[id]
	pl.grow(slices.Clone(seq.Segments), numbers)
	pl.trim()
}

func (l *ledger) adopt(findings []jobs.Finding, keys map[string]int) {
	l.told, l.turn, l.keys = len(findings), len(findings), map[string]*fault{}
	for key, index := range keys {
		if index >= 0 && index < len(findings) {
			l.keys[key] = &fault{key: key, finding: findings[index], index: index, turn: index}
		}
	}
}

// setFloor keeps what is closed closed. When nothing is open, the hour before counts as closed if there was one, and the rest of an hour that was closed
// already is a period of its own, which begins with the minute.
func (f *Follower) setFloor(ctx context.Context, s *state) error {
	if len(s.periods) > 0 {
		s.floor = s.periods[0].begin
		return nil
	}
	now := f.cfg.Now().UTC()
	hour := now.Truncate(time.Hour)
	for _, h := range []time.Time{hour.Add(-time.Hour), hour, hour.Add(time.Hour)} {
		floor, err := f.free(ctx, h, now)
		if err != nil {
			return err
		}
		if !floor.Equal(h) {
			s.floor = floor
		}
	}
	return nil
}

// free gives the beginning of the first period from an hour on that has no check yet: the hour itself, a minute of it, or the next hour.
func (f *Follower) free(ctx context.Context, hour, now time.Time) (time.Time, error) {
	begin, end := hour, hour.Add(time.Hour)
	for begin.Before(end) {
		begun, err := f.begun(ctx, begin)
		if !begun || err != nil {
			return begin, err
		}
		next := begin.Add(time.Minute)
		if at := now.Truncate(time.Minute); at.After(next) {
			next = at
		}
		begin = next
	}
	return end, nil
}

// begun tells whether a period has a check, whatever became of that.
func (f *Follower) begun(ctx context.Context, begin time.Time) (bool, error) {
	_, err := f.cfg.Archive.Instalment(ctx, jobs.LiveID(f.cfg.Stream.Name, begin), 0)
	switch {
	case err == nil, errors.Is(err, archive.ErrSpoiled):
		return true, nil
	case errors.Is(err, storage.ErrNotFound):
		return false, nil
	}
	return false, err
}

// stale finds out which periods of what was seen and not written down were closed so long ago that what is left of them belongs nowhere: an hour that
// nobody followed was given up. A period that nobody has begun is still to be had, however old it is. Recent ones setFloor has seen to.
func (f *Follower) stale(ctx context.Context, s *state, begins map[time.Time]bool) (map[time.Time]bool, error) {
	recent := f.cfg.Now().UTC().Truncate(time.Hour).Add(-time.Hour)
	stale := map[time.Time]bool{}
	if len(s.periods) > 0 {
		return stale, nil // they go on in what is open
	}
	var free time.Time
	for begin := range begins {
		if !begin.Before(recent) {
			continue
		}
		begun, err := f.begun(ctx, begin)
		switch {
		case err != nil:
			return nil, err
		case begun:
			stale[begin] = true
		case free.IsZero() || begin.Before(free):
			free = begin
		}
	}
	if free.After(s.floor) {
		s.floor = free
	}
	return stale, nil
}

// adoptPending takes over the segments that a follower before this one saw and did not write down, but for those of stale periods.
func (s *state) adoptPending(all left, stale map[time.Time]bool, now time.Time) {
	for _, in := range all.rows {
		if r := s.row(in.Row); r.describes.ID == "" {
			r.describes = in.Describes
		}
	}
	items := all.items
	slices.SortStableFunc(items, func(a, b pendingItem) int {
		switch {
		case a.Segment.Number < b.Segment.Number:
			return -1
		case a.Segment.Number > b.Segment.Number:
			return 1
		}
		return 0
	})
	for i := range items {
		in := &items[i]
		r := s.row(in.Row)
		if stale[in.Period.UTC()] || r.newest != nil && in.Segment.Number <= r.newest.Number || in.Segment.Number < 0 {
			continue
		}
		seg := cleaned(&in.Segment, now)
		for _, hole := range holes(r.newest, &seg) { // they are not stored
			s.add(r, hole, true, now)
		}
		before := len(r.items)
		s.add(r, &seg, in.Lost, now)
		if len(r.items) > before {
			r.items[before].known = true
		}
	}
}

// positions are where the source is to go on.
func (s *state) positions() map[string]live.Position {
	out := map[string]live.Position{}
	for _, r := range s.rows {
		if r.newest != nil {
			out[r.id] = live.Position{Number: r.newest.Number, Discontinuity: r.newest.Discontinuity, ProgramTime: r.newest.ProgramTime}
		}
	}
	return out
}

// reload is for when another follower wrote the instalment that this one wanted to write: what it wrote counts, and what it did not write is still
// this one's.
func (f *Follower) reload(ctx context.Context, old *state) (*state, error) {
	r, err := f.recover(ctx)
	if err != nil {
		return nil, err
	}
	s := r.state
	s.loose, s.markers, s.ended = old.loose, old.markers, old.ended
	now := f.cfg.Now()
	begins := map[time.Time]bool{}
	for _, was := range old.rows {
		s.row(was.id).describes = was.describes
		for _, it := range was.items {
			begins[it.period.begin] = true
		}
	}
	stale, err := f.stale(ctx, s, begins)
	if err != nil {
		return nil, err
	}
	for _, was := range old.rows {
		for _, it := range was.items {
			mine := s.row(was.id)
			if stale[it.period.begin] || mine.newest != nil && it.Number <= mine.newest.Number {
				continue
			}
			before := len(mine.items)
			s.add(mine, &it.Segment, it.lost, now)
			if len(mine.items) > before {
				again := mine.items[before]
				again.known, again.faults = true, it.faults
			}
		}
	}
	return s, nil
}
