package dash

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
)

// lookBack is how many of the newest segments are remembered to see whether a later manifest changes them.
const lookBack = 16

// track is one sequence of a live stream.
type track struct {
	describes jobs.Sequence
	target    time.Duration // the longest segment so far
	// begun: number is that of the newest segment that was told, and start and end are where it lies on the presentation's timeline.
	begun      bool
	number     int64
	start, end jobs.Micros
	// from is what an earlier follower had archived; it is used once.
	from *live.Position
	// byClock: segments are counted by the clock; due is when the next one is available by the origin's.
	byClock  bool
	due      time.Time
	known    []seen
	progress time.Time // when the newest segment was first seen
	stale    trouble
	edge     edge
	back     trouble // older copies of the manifest, and by how many segments they were behind at most
	furthest float64
	// altered are the ends that segments got or lost after they were published: the holes and overlaps there have that finding already.
	altered []jobs.Micros
}

// maxAltered bounds what is remembered of it.
const maxAltered = 100

// seen is a segment that was told.
type seen struct {
	number          int64
	start, duration jobs.Micros
	address         string
}

func newTrack(id string, r *row, m *MPD) *track {
	v := r.first.Variant
	v.Ladder, v.MinBuffer = r.first.Set.ladder(r.first.Period), max(0, m.MinBuffer)
	return &track{describes: jobs.Sequence{
		ID: id, Name: r.first.name(), Mode: jobs.ModeSegments, Media: r.first.Set.Media, Target: max(0, m.MaxSegment), Variant: &v,
	}}
}

func (t *track) resume(at live.Position) { t.from = &at }

// news lists the segments of a row that appeared since the last time.
func (l *Live) news(ctx context.Context, t *track, r *row, now time.Time, u *live.Update) []live.Segment {
	list := l.window(ctx, t, r, now)
	if len(list) == 0 {
		return nil
	}
	for i := range list {
		t.target = max(t.target, micro(list[i].end-list[i].start))
	}
	if l.fresh && !t.byClock {
		t.compare(list, now, u)
	}
	fresh := t.unseen(list, l.mpd)
	out := make([]live.Segment, 0, len(fresh))
	for i := range fresh {
		out = append(out, t.tell(&fresh[i], l.mpd, now))
	}
	if len(out) > 0 {
		if !t.stale.since.IsZero() {
			t.edge = edge{} // an outage has a finding of its own: measured anew after it
		}
		t.progress, t.stale, t.back = now, trouble{}, trouble{}
		if l.mpd.Dynamic && l.mpd.Start != nil && !t.byClock {
			t.judgeEdge(l.clock.at(now).Sub(l.mpd.Start.Add(micro(t.end))), now, u)
		}
	}
	return out
}

// window lists what the manifest says is available of a row, not far before what was told already.
func (l *Live) window(ctx context.Context, t *track, r *row, now time.Time) []piece {
	rd := reader{origin: l.cfg.Origin, loc: l.base, mpd: l.mpd, indexes: map[string]index{}}
	if t.begun {
		rd.from = t.end - lookBack*max(jobs.FromDuration(t.target), 1)
	}
	if l.mpd.Dynamic && l.mpd.Start != nil {
		edge := jobs.FromDuration(l.clock.at(now).Sub(*l.mpd.Start))
		rd.edge = &edge
	}
	t.byClock, t.due = false, time.Time{}
	var all []piece
	for _, rep := range r.reps {
		if rep.Info.Kind < KindList {
			continue
		}
		list, _ := rd.pieces(ctx, rep) // no index is read for these, so nothing can fail
		all = append(all, list...)
		if l.mpd.Dynamic && rep.Info.counts() {
			t.byClock = true
			if l.mpd.Start != nil && len(list) > 0 {
				last := list[len(list)-1]
				t.due = l.mpd.Start.Add(micro(last.end + (last.end - last.start) - rep.Early))
			}
		}
	}
	return all
}

// unseen are the pieces behind what was told; where nothing was, those from which a player would join.
func (t *track) unseen(list []piece, m *MPD) []piece {
	if t.from != nil {
		t.takeUp(list, m)
	}
	if !t.begun {
		edge := list[len(list)-1].end
		k := len(list) - 1
		for k > 0 && edge-list[k-1].start <= jobs.FromDuration(joinTargets*t.target) {
			k--
		}
		return list[k:]
	}
	k := len(list)
	for k > 0 && list[k-1].start >= t.end-tolerance(&list[k-1]) {
		k--
	}
	return list[k:]
}

// tolerance is by how much a segment may begin before the one before it ends and still be a later one.
func tolerance(p *piece) jobs.Micros { return (p.end - p.start) / 2 }

// takeUp goes on where an earlier follower stopped: at the segment of that time, or of that number where nobody knows the time.
func (t *track) takeUp(list []piece, m *MPD) {
	at := t.from
	t.from = nil
	for i := range list {
		p := &list[i]
		same := p.number == at.Number
		if at.ProgramTime != nil && m.Start != nil {
			same = abs(at.ProgramTime.Sub(m.Start.Add(micro(p.start)))) < micro(tolerance(p))
		}
		if same {
			t.begun, t.number, t.start, t.end = true, at.Number, p.start, p.end
			return
		}
	}
	if first := &list[0]; at.ProgramTime != nil && m.Start != nil && at.ProgramTime.Before(m.Start.Add(micro(first.start))) {
		lost := jobs.FromDuration(m.Start.Add(micro(first.start)).Sub(*at.ProgramTime)) // it left the window: all that is left is new
		t.begun, t.start, t.end = true, first.start-lost, first.start-lost+(first.end-first.start)
		t.number = at.Number
	}
}

func abs(d time.Duration) time.Duration { return max(d, -d) }

// tell numbers a segment: by its own number at the beginning, or by its time where it has none, and from then on one after the other, with what is lacking
// between two counted by their length. Numbers of the manifest begin anew with periods; these do not.
func (t *track) tell(p *piece, m *MPD, now time.Time) live.Segment {
	length := max(p.end-p.start, 1)
	switch {
	case t.begun:
		t.number += 1 + int64(math.Round(max(0, float64(p.start-t.end))/float64(length)))
	case p.counted:
		t.number = p.number
	default:
		t.number = int64(math.Round(float64(p.start) / float64(length)))
	}
	t.begun, t.start, t.end = true, p.start, p.end
	t.known = append(t.known, seen{t.number, p.start, p.end - p.start, address(p)})
	t.known = t.known[max(0, len(t.known)-lookBack):]
	s := live.Segment{
		Number: t.number, At: p.at, Duration: p.end - p.start, Init: p.init, Key: p.key, Discontinuity: int64(p.begins) / 1000, Seen: now, Line: p.line,
		Clock: &jobs.MediaClock{Zero: p.zero, At: p.media, Exact: p.exact},
	}
	if m.Start != nil {
		at := m.Start.Add(micro(p.start))
		s.ProgramTime = &at
	}
	return s
}

// address is where a piece lies, without the query, where tokens travel.
func address(p *piece) string {
	uri, _, _ := strings.Cut(p.at.URI, "?")
	return fmt.Sprint(uri, " ", p.at.Offset, " ", p.at.Length)
}

// maxBehind bounds by how many segments an older copy may lag without being stale.
const maxBehind = 10

// compare holds the segments that two versions share against each other.
func (t *track) compare(list []piece, now time.Time, u *live.Update) {
	if !t.begun {
		return
	}
	if last := list[len(list)-1]; last.end < t.end-tolerance(&last) {
		back := math.Round(float64(t.end-last.end) / float64(max(last.end-last.start, 1)))
		if t.back.since.IsZero() {
			t.back.since, t.furthest = now, 0
		}
		t.furthest = max(t.furthest, back)
		t.progress = now.Add(time.Duration(min(back, maxBehind)+1) * t.target) // an older copy brings news when it has caught up
		u.Faults = append(u.Faults, t.back.fault("playlist.sequence", t.describes.ID, now, t.furthest,
			fmt.Sprintf("manifest: %s: the newest segment is $Time$ %d, %.0f segments before what was published already", t.describes.Name, last.slot.at, back)))
	}
	k := 0
	for i := range t.known {
		s := &t.known[i]
		for k < len(list) && list[k].start < s.start-tick {
			k++
		}
		if k == len(list) {
			break
		}
		if p := &list[k]; p.start <= s.start+tick {
			t.changed(s, p, now, u)
		}
	}
}

func (t *track) changed(s *seen, p *piece, now time.Time, u *live.Update) {
	what := ""
	switch d := p.end - p.start; {
	case s.address != "" && address(p) != s.address:
		what = "another address"
	case max(d-s.duration, s.duration-d) > tick:
		what = fmt.Sprintf("a duration of %.6g s instead of %.6g s", d.Seconds(), s.duration.Seconds())
	default:
		return
	}
	if was := s.start + s.duration; was != p.end {
		t.altered = append(t.altered, was, p.end)
		t.altered = t.altered[max(0, len(t.altered)-maxAltered):]
	}
	s.address, s.duration = address(p), p.end-p.start
	u.Faults = append(u.Faults, live.Fault{
		Code: "playlist.changed", Key: fmt.Sprint("changed ", s.number, what), Sequence: t.describes.ID, Number: s.number, Since: now, Until: now,
		Message: fmt.Sprintf("manifest line %d: %s: segment %d, which was published before, has %s", p.line, t.describes.Name, s.number, what),
	})
}

// judgeStale tells of tracks whose timeline does not grow: once for the stream when none of them does.
func (l *Live) judgeStale(now time.Time, u *live.Update) {
	var behind []*track
	going := 0
	var latest time.Time
	for _, t := range l.tracks {
		if t.byClock || !t.begun || t.progress.IsZero() || l.mpd == nil || !l.mpd.Dynamic || t.complete(l.mpd) {
			continue
		}
		going++
		if t.progress.After(latest) {
			latest = t.progress
		}
		if due := t.progress.Add(t.target * 3 / 2); now.After(due) && l.down.since.IsZero() {
			if t.stale.since.IsZero() {
				t.stale.since = due
			}
			behind = append(behind, t)
		}
	}
	if len(behind) < going || going == 0 {
		l.stale = trouble{}
	}
	if len(behind) == going && going > 0 {
		if first := behind[0].stale; l.stale.since.IsZero() {
			l.stale = first
		}
		message := fmt.Sprintf("manifest: no new segment for %s", now.Sub(latest).Round(time.Millisecond))
		u.Faults = append(u.Faults, l.stale.fault("playlist.stale", "", now, now.Sub(l.stale.since).Seconds(), message))
		return
	}
	for _, t := range behind {
		if latest.After(t.stale.since) {
			message := fmt.Sprintf("manifest: %s: no new segment for %s, while others go on", t.describes.Name, now.Sub(t.progress).Round(time.Millisecond))
			u.Faults = append(u.Faults, t.stale.fault("playlist.stale", t.describes.ID, now, now.Sub(t.stale.since).Seconds(), message))
		}
	}
}

const (
	// edgeBlock is the time over which the least distance from the edge is taken: some segments.
	edgeBlock = time.Minute
	// edgeLeast is the least drift that is told.
	edgeLeast = 2 * time.Second
	// edgeOver: a drift that was told is over below this part of the least: the moments of refreshes and segments slide past each other, and with them the lag
	// by up to a segment, which must not make several of one drift.
	edgeOver = 2
)

// edge follows how far what was published lags behind the clock, compared with the beginning.
type edge struct {
	began, block time.Time
	least, base  time.Duration
	based        bool
	since        time.Time
}

// judgeEdge takes the lag after each refresh that brought something: the time by the stream's clock less that of the end of what was published. The least lag of
// a block stands for it, so that the saw of segments and refreshes does not count.
func (t *track) judgeEdge(lag time.Duration, now time.Time, u *live.Update) {
	e := &t.edge
	if e.began.IsZero() {
		*e = edge{began: now, block: now, least: lag}
		return
	}
	e.least = min(e.least, lag)
	if now.Sub(e.block) < max(edgeBlock, 10*t.target) {
		return
	}
	drift := e.least - e.base
	if !e.based {
		e.base, e.based, drift = e.least, true, 0
	}
	limit := max(edgeLeast, t.target)
	if !e.since.IsZero() {
		limit /= edgeOver
	}
	if abs(drift) >= limit {
		if e.since.IsZero() {
			e.since = e.block
		}
		lasting := trouble{e.since}
		message := fmt.Sprintf("manifest: %s: the live edge moved by %s against the clock in %s", t.describes.Name, drift.Round(time.Millisecond), now.Sub(e.began).Round(time.Second))
		u.Faults = append(u.Faults, lasting.fault("playlist.edge", t.describes.ID, now, abs(drift).Seconds(), message))
	} else {
		e.since = time.Time{}
	}
	e.block, e.least = now, math.MaxInt64
}
