package hls

import (
	"fmt"
	"math"
	"time"

	"aircheck/jobs"
)

// sameDuration is how much two writings of one EXTINF may differ: the rounding to milliseconds.
const sameDuration jobs.Micros = 1000

// compare holds the segments that two versions share against each other. What changed with one version is one fault.
func (v *version) compare() {
	v.judgeRemoved()
	count, first, what := 0, (*Segment)(nil), ""
	for i := range v.p.known {
		k := &v.p.known[i]
		at := k.number - v.first - v.media.Skipped
		if at < 0 || at >= int64(len(v.media.Segments)) {
			continue
		}
		s := &v.media.Segments[at]
		if change := k.update(s); change != "" {
			if count++; count == 1 {
				first, what = s, change
			}
		}
	}
	if count > 0 {
		message := fmt.Sprintf("line %d: segment %d, which was published before, has %s", first.Line, first.Sequence, what)
		if count > 1 {
			message += fmt.Sprintf("; %d segments changed", count)
		}
		v.fault("playlist.changed", first.Sequence, 0, v.p.label("%s", message))
	}
	v.judgeDiscontinuity()
}

// update takes over what a version says of a known segment, and says what is other than it was.
func (k *known) update(s *Segment) string {
	was := *k
	k.hash, k.duration, k.gap = hashOf(s), s.Duration, s.Gap
	switch {
	case k.hash != was.hash && !s.Gap:
		return "another address"
	case max(was.duration-s.Duration, s.Duration-was.duration) > sameDuration:
		return fmt.Sprintf("a duration of %.6g s instead of %.6g s", s.Duration.Seconds(), was.duration.Seconds())
	case was.gap && !s.Gap:
		return "no EXT-X-GAP any more"
	}
	return ""
}

// judgeRemoved looks at what slid out (RFC 8216 section 6.2.2: not while less than three target durations remain). It lasts as long as the window is short.
func (v *version) judgeRemoved() {
	p := v.p
	least := joinTargets * jobs.FromDuration(p.target)
	length := v.length()
	removed := v.first > p.first
	p.short = (p.short || removed && p.length >= least) && length < least && !v.media.EndList
	switch {
	case removed && (p.kind == "EVENT" || p.kind == "VOD"):
		v.fault("playlist.removed_early", -1, 0, p.label("segments before %d were removed from a playlist of type %s", v.first, clip(p.kind)))
	case p.short:
		v.fault("playlist.removed_early", -1, 0, p.label("segments up to %d were removed, and only %.6g s remain with a target duration of %s", v.first-1, length.Seconds(), brief(p.target)))
	}
}

// judgeDiscontinuity compares the discontinuity sequence number of the first segment that both versions list. When it is another, all that follow are, so it
// is told once, and what the playlist says is counted on from there.
func (v *version) judgeDiscontinuity() {
	p := v.p
	if v.media.Skipped > 0 {
		return
	}
	for i := range p.known {
		k := &p.known[i]
		at := k.number - v.first
		if at < 0 || at >= int64(len(v.media.Segments)) {
			continue
		}
		s := &v.media.Segments[at]
		says := v.discontinuity(s)
		if says != k.discontinuity {
			v.fault("playlist.discontinuity_sequence", s.Sequence, 0, p.label("line %d: segment %d has the discontinuity sequence number %d, and had %d before",
				s.Line, s.Sequence, says-p.shift, k.discontinuity-p.shift))
			p.shift += k.discontinuity - says
		}
		return
	}
}

// Limits of parts (draft-pantos-hls-rfc8216bis section 4.4.4.9).
const (
	partTolerance jobs.Micros = 1000 // rounding
	partLeast     float64     = 0.85 // of PART-TARGET, but for the last of a segment
)

// judgeParts looks at the parts of complete segments from position at on.
func (v *version) judgeParts(at int) {
	target := v.media.PartTarget
	if target <= 0 {
		return
	}
	sums, told := map[int]jobs.Micros{}, map[int]bool{}
	for i := range v.media.Parts {
		part := &v.media.Parts[i]
		if part.Segment < at || part.Segment >= len(v.media.Segments) || told[part.Segment] {
			continue
		}
		sums[part.Segment] += part.Duration
		last := i+1 == len(v.media.Parts) || v.media.Parts[i+1].Segment != part.Segment
		s := &v.media.Segments[part.Segment]
		what := ""
		switch {
		case part.Duration > target+partTolerance:
			what = fmt.Sprintf("a part of %.6g s, longer than PART-TARGET %.6g s", part.Duration.Seconds(), target.Seconds())
		case !last && !part.Gap && part.Duration.Seconds() < partLeast*target.Seconds()-partTolerance.Seconds():
			what = fmt.Sprintf("a part of %.6g s, shorter than 85 %% of PART-TARGET %.6g s", part.Duration.Seconds(), target.Seconds())
		case last && math.Abs((sums[part.Segment]-s.Duration).Seconds()) > target.Seconds()/2:
			what = fmt.Sprintf("parts of %.6g s together and a duration of %.6g s", sums[part.Segment].Seconds(), s.Duration.Seconds())
		}
		if what != "" {
			told[part.Segment] = true
			v.fault("playlist.part", s.Sequence, 0, v.p.label("line %d: segment %d has %s", part.Line, s.Sequence, what))
		}
	}
}

const (
	// edgeBlock is the time over which the least distance from the edge is taken: some segments.
	edgeBlock = time.Minute
	// edgeLeast is the least drift that is told: refreshes see a segment up to a target duration after it was published, so less is nothing.
	edgeLeast = 2 * time.Second
	// edgeOver: a drift that was told is over below this part of the least: the moments of refreshes and segments slide past each other, and with them the lag
	// by up to a segment, which must not make several of one drift.
	edgeOver = 2
)

// edge follows how far what was published lags behind the clock, compared with the beginning.
type edge struct {
	began time.Time
	grown time.Duration // media since then
	block time.Time     // when the block began
	least time.Duration // of the block
	base  time.Duration // of the first block
	based bool
}

// judgeEdge adds new segments: after each the lag is the time that passed less the media that came. The least lag of a block stands for it.
func (v *version) judgeEdge(list []Segment) {
	e := &v.p.edge
	if e.began.IsZero() {
		*e = edge{began: v.now, block: v.now, least: math.MaxInt64}
		return
	}
	for i := range list {
		e.grown += time.Duration(list[i].Duration) * time.Microsecond
	}
	e.least = min(e.least, v.now.Sub(e.began)-e.grown)
	length := max(edgeBlock, 10*v.p.target)
	if v.now.Sub(e.block) < length {
		return
	}
	drift := e.least - e.base
	if !e.based {
		e.base, e.based, drift = e.least, true, 0
	}
	size, limit := max(drift, -drift), max(edgeLeast, v.p.target)
	if !v.p.drift.since.IsZero() {
		limit /= edgeOver
	}
	if size >= limit {
		v.driftTo(drift, size)
	} else {
		v.p.drift, v.p.steady = trouble{}, v.now
	}
	e.block, e.least = v.now, math.MaxInt64
}

func (v *version) driftTo(drift, size time.Duration) {
	e := &v.p.edge
	direction := "slower"
	if drift < 0 {
		direction = "faster"
	}
	v.p.drift.start(e.block)
	v.p.drift.begin(v.now, size.Seconds(),
		v.p.label("the stream grows %s than time passes: its live edge moved by %s in %s", direction, brief(size), brief(v.now.Sub(e.began))))
}

// tellFaults passes on what is wrong with the playlist itself: about a segment when the segment is new, about the whole with each version.
func (v *version) tellFaults() {
	p := v.p
	for i := range v.list.Faults {
		f := &v.list.Faults[i]
		code, msn := f.Code, int64(-1)
		if code == "" {
			code = "playlist.invalid"
		}
		if v.media != nil && f.Segment >= 0 && f.Segment < len(v.media.Segments) {
			msn = v.media.Segments[f.Segment].Sequence
			last := v.media.Segments[max(f.Segment, min(f.Last, len(v.media.Segments)-1))].Sequence
			if v.known && last < v.before {
				continue
			}
		}
		if code == "playlist.live_window" && p.short { // playlist.removed_early says so
			continue
		}
		v.fault(code, msn, f.Value, v.message(f))
	}
}

func (v *version) message(f *Fault) string {
	if f.Line > 0 {
		return v.p.label("line %d: %s", f.Line, f.Message)
	}
	return v.p.label("%s", f.Message)
}
