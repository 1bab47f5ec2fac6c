package hls

import (
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
)

// version is one version of a media playlist on its way into the state.
type version struct {
	p          *playlist
	list       Playlist
	media      *Media
	first, end int64 // media sequence numbers, those that a delta update leaves out included
	known      bool  // there was a version before
	before     int64 // the end of that
	now        time.Time
	update     *live.Update
	resume     map[string]live.Position
	others     []*playlist // all of the stream
	base       int64       // the discontinuity from which a delta update counts
}

// number is that of a media sequence number in the sequence.
func (v *version) number(msn int64) int64 { return v.p.epoch*epoch + msn }

// span is a fault that may go on, and its worst occurrence.
type span struct {
	since, until time.Time
	value        float64
	message      string
}

// goesOn is how much time lies at most between two occurrences that are one fault, at least ten target durations. A packager that does something wrong does
// it with each segment, and that is one alarm.
const goesOn = time.Minute

// fault tells something: about a segment, when it is the first for some time, else about all that was published since the first.
func (v *version) fault(code string, msn int64, value float64, message string) {
	p := v.p
	at, ok := p.lasting[code]
	f := live.Fault{Code: code, Sequence: p.id, Number: -1}
	if !ok || v.now.Sub(at.until) > max(goesOn, 10*p.target) {
		at = span{since: v.now}
		if msn >= 0 {
			f.Number = v.number(msn)
		}
	}
	at.until = v.now
	if value >= at.value {
		at.value, at.message = value, message
	}
	p.lasting[code] = at
	f.Value, f.Message = at.value, at.message
	f.Key, f.Since, f.Until = code+" "+at.since.UTC().Format(time.RFC3339Nano), at.since, at.until
	v.update.Faults = append(v.update.Faults, f)
}

// join works out how the version goes on from what is known; false when it brings nothing new.
func (v *version) join() bool {
	p := v.p
	v.base = v.baseOfDelta()
	if !p.begun {
		v.begin()
		return true
	}
	if k, ok := v.moved(); ok {
		v.renumber(k)
		return v.extend(p.end + k)
	}
	if v.end < p.end {
		return v.back()
	}
	p.suspect = 0
	if v.first > p.end {
		v.judgeJump()
	}
	if d := v.discontinuityAt(v.first) + p.shift; v.first >= p.end && d < p.disc && v.media.Skipped == 0 {
		p.shift += p.disc + 1 - d // nobody knows how the timestamps go on
	}
	v.compare()
	from := p.end
	if v.first > from {
		from = v.first
	}
	return v.extend(from)
}

// begin takes the first version: from where an earlier reader stopped, or else from where a player joins.
func (v *version) begin() {
	p := v.p
	p.begun, p.grew = true, v.now
	from, base := v.joinAt(), int64(0)
	if pos, ok := v.resume[p.id]; ok {
		from, base = v.resumeAt(pos)
	}
	p.shift = base
	p.end = from
	v.extend(from)
}

// joinAt is the media sequence number from which a player reads: not more than three target durations from the end.
func (v *version) joinAt() int64 {
	var sum jobs.Micros
	from := v.end
	for i := len(v.media.Segments) - 1; i >= 0; i-- {
		sum += v.media.Segments[i].Duration
		if sum > joinTargets*jobs.FromDuration(v.p.target) && from < v.end {
			break
		}
		from--
	}
	return from
}

// resumeAt goes on after a position: with the segment behind it, with what is left when that is gone, or, when the numbers are lower than that, with a
// sequence that began anew.
func (v *version) resumeAt(pos live.Position) (from, shift int64) {
	p := v.p
	p.newest, p.disc = pos.Number, pos.Discontinuity
	p.epoch = max(pos.Number-v.end+epoch/2, 0) / epoch
	msn := pos.Number - p.epoch*epoch
	if msn >= v.end && (!v.near(msn) || pos.Ended && !v.media.EndList) {
		if !pos.Ended {
			v.fault("playlist.sequence", -1, float64(msn-v.end+1), p.label("the last segment is %d, and was %d before", v.end-1, msn))
		}
		v.anew()
		return v.first, max(pos.Discontinuity+1-v.discontinuityAt(v.first), 0)
	}
	if d := v.discontinuityAt(max(msn, v.first)); d < pos.Discontinuity || msn >= v.first {
		shift = pos.Discontinuity - d
	}
	return min(max(msn+1, v.first), v.end), shift
}

// near tells whether a number lies so little after the end that this may be an older copy of the playlist.
func (v *version) near(msn int64) bool { return msn-v.end < int64(len(v.media.Segments)) }

// discontinuityAt is the discontinuity sequence number that the playlist gives a segment, or the next that it lists.
func (v *version) discontinuityAt(msn int64) int64 {
	i := min(max(msn-v.first-v.media.Skipped, 0), int64(len(v.media.Segments)-1))
	if i < 0 {
		return v.media.DiscontinuitySequence
	}
	return v.media.DiscontinuitySequence + int64(v.media.Segments[i].Discontinuity)
}

// anew begins the sequence again, with numbers above all before.
func (v *version) anew() {
	v.nextEpoch()
	v.p.known, v.p.suspect, v.p.length = nil, 0, 0
	v.p.rebase()
}

// nextEpoch makes the numbers that follow larger than all before, thousands of times at least.
func (v *version) nextEpoch() { v.p.epoch = min(max(v.p.epoch, v.p.newest/epoch)+1, maxEpochs) }

// maxEpochs keeps numbers in their type: two times maxNumber and this many epochs fit.
const maxEpochs = 6000

// moved finds out whether the segments that are known stand under other numbers now, by how many.
func (v *version) moved() (by int64, ok bool) {
	p := v.p
	if len(p.known) == 0 || v.media.Skipped > 0 {
		return 0, false
	}
	last := &p.known[len(p.known)-1]
	for i := range v.media.Segments {
		if hashOf(&v.media.Segments[i]) != last.hash {
			continue
		}
		if by = v.media.Segments[i].Sequence - last.number; by == 0 {
			return 0, false
		}
		return by, v.agrees(by)
	}
	return 0, false
}

// agrees tells whether most of the segments that are known and listed are the same when their numbers are moved.
func (v *version) agrees(by int64) bool {
	same, both := 0, 0
	for i := range v.p.known {
		k := &v.p.known[i]
		at := k.number + by - v.first - v.media.Skipped
		if at < 0 || at >= int64(len(v.media.Segments)) {
			continue
		}
		both++
		if hashOf(&v.media.Segments[at]) == k.hash {
			same++
		}
	}
	return both > 1 && 2*same > both
}

// renumber goes on with other numbers for the same segments.
func (v *version) renumber(by int64) {
	p := v.p
	v.fault("playlist.sequence", -1, float64(max(by, -by)),
		p.label("the media sequence numbers of known segments changed by %+d: segment %d is %d now", by, p.end-1, p.end-1+by))
	p.shift += p.known[len(p.known)-1].discontinuity - p.shift - v.discontinuityAt(p.end-1+by)
	v.nextEpoch()
	for i := range p.known {
		p.known[i].number += by
	}
	p.rebase()
}

// maxBehind bounds by how many segments an older copy may lag without being stale.
const maxBehind = 10

// back deals with a version that ends before the one that is known. An older copy has the same segments under the same numbers; one whose segments are
// others, twice in a row, is a sequence that began anew.
func (v *version) back() bool {
	p := v.p
	p.rebase()
	by, last := float64(p.end-v.end), p.end-1
	p.progress = v.now.Add(time.Duration(min(by, maxBehind)+1) * p.target) // an older copy goes on where it was, and brings news when it has caught up
	switch {
	case v.listed():
		p.suspect = 0
	case v.media.Skipped > 0: // what it leaves out may be what is known: ask for all of it
		p.full = time.Time{}
	default:
		p.suspect++
	}
	if p.suspect < 2 {
		v.fault("playlist.sequence", -1, by, p.label("the last segment is %d, and was %d before", v.end-1, last))
		return false
	}
	disc := int64(0)
	if n := len(p.known); n > 0 {
		disc = p.known[n-1].discontinuity + 1
	}
	v.anew()
	v.fault("playlist.sequence", -1, by, p.label("the media sequence numbers began anew: the last segment is %d, and was %d before", v.end-1, last))
	p.shift = disc - v.discontinuityAt(v.first)
	return v.extend(v.first)
}

// listed tells whether the version shares segments with what is known.
func (v *version) listed() bool { return v.agrees(0) }

// judgeJump tells of numbers that grew by more than time allows. Those that are lost because nobody looked for long are no fault of the stream.
func (v *version) judgeJump() {
	p := v.p
	typical := p.target
	if n := len(p.known); n > 0 && p.known[n-1].duration > 0 {
		typical = time.Duration(p.known[n-1].duration) * time.Microsecond
	}
	passed := int64(v.now.Sub(p.grew)/max(typical, shortestWait)) + 2
	if extra := v.end - p.end - passed; extra > 0 {
		v.fault("playlist.sequence", -1, float64(min(extra, v.first-p.end)),
			p.label("the media sequence numbers jumped: the last segment was %d, and %s later the first is %d", p.end-1, brief(v.now.Sub(p.grew)), v.first))
	}
	p.rebase()
}

// extend tells the segments from a media sequence number on; false when there are none.
func (v *version) extend(from int64) bool {
	p := v.p
	at := max(from-v.first-v.media.Skipped, 0)
	list := v.media.Segments[min(at, int64(len(v.media.Segments))):]
	for len(list) > 0 && v.number(list[0].Sequence) <= p.newest { // a stream that began anew more often than there are numbers
		list, at = list[1:], at+1
	}
	v.inherit()
	v.remember(list)
	if len(list) == 0 {
		return false
	}
	v.judgeParts(int(at))
	t := timeline{}
	b := builder{timeline: &t, child: p.child, resolved: map[string]string{}}
	out := make([]live.Segment, 0, len(list))
	for i := range list {
		out = append(out, v.segment(&b, &list[i], int(at)+i))
	}
	for i := range list {
		p.total += list[i].Duration
	}
	p.newest, p.disc = out[len(out)-1].Number, out[len(out)-1].Discontinuity
	for _, f := range t.out.Findings {
		v.update.Faults = append(v.update.Faults, faultOf(f, v.now))
	}
	for i := range v.update.Sequences {
		if s := &v.update.Sequences[i]; s.Describes.ID == p.id {
			*s = p.describe()
			s.Segments = out
		}
	}
	v.judgeEdge(list)
	return true
}

func (v *version) segment(b *builder, s *Segment, i int) live.Segment {
	made := b.segment(i, s)
	return live.Segment{
		Number: v.number(s.Sequence), At: made.ByteRange, Duration: made.Duration, Init: made.Init, Key: made.Key, InitKey: made.InitKey,
		Discontinuity: max(v.discontinuity(s), v.p.disc), Gap: s.Gap, ProgramTime: s.ProgramTime, Seen: v.now, Line: s.Line,
	}
}

func (v *version) discontinuity(s *Segment) int64 {
	if v.media.Skipped > 0 {
		return v.base + int64(s.Discontinuity)
	}
	return v.media.DiscontinuitySequence + int64(s.Discontinuity) + v.p.shift
}

// baseOfDelta is the discontinuity from which a delta update counts, which does not say how many it leaves out: worked out from a segment that is known and
// listed, or from the last that is left out.
func (v *version) baseOfDelta() int64 {
	base := v.p.disc
	for i := range v.p.known {
		k := &v.p.known[i]
		at := k.number - v.first - v.media.Skipped
		if at >= 0 && at < int64(len(v.media.Segments)) {
			return k.discontinuity - int64(v.media.Segments[at].Discontinuity)
		}
		if at < 0 {
			base = k.discontinuity
		}
	}
	return base
}

// inherit gives the segments of a delta update the initialisation section of those that it leaves out.
func (v *version) inherit() {
	if v.media.Skipped == 0 || len(v.p.known) == 0 {
		return
	}
	init := v.p.known[len(v.p.known)-1].init
	for i := range v.media.Segments {
		if v.media.Segments[i].Map == nil {
			v.media.Segments[i].Map = init
		}
	}
}

// remember takes over the version; the segments of list are new.
func (v *version) remember(list []Segment) {
	p := v.p
	for i := range list {
		s := &list[i]
		p.known = append(p.known, known{
			number: s.Sequence, hash: hashOf(s), duration: s.Duration, discontinuity: max(v.discontinuity(s), p.disc), gap: s.Gap, init: s.Map, encrypted: s.Key != nil,
		})
	}
	gone := 0
	for gone < len(p.known) && (p.known[gone].number < v.first || len(p.known)-gone > maxKnown) {
		gone++
	}
	p.known = append(p.known[:0], p.known[gone:]...)
	p.first, p.end, p.kind = v.first, v.end, v.media.Type
	p.length = v.length()
}

// length is how long the whole version is; a delta update leaves out what is taken to be as it was.
func (v *version) length() jobs.Micros {
	sum := v.media.Duration
	for i := range v.p.known {
		if k := &v.p.known[i]; k.number >= v.first && k.number < v.first+v.media.Skipped {
			sum += k.duration
		}
	}
	return sum
}
