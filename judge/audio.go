package judge

import (
	"math"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	slotLength jobs.Micros = 1e6 / measurement.SlotsPerSecond
	// minAudioHole is the least that is called a hole or an overlap, or one AAC frame where that is longer.
	minAudioHole jobs.Micros = 25e3
)

// frameSamples is the length of an AAC frame.
const frameSamples = 1024

// audioTrack is the state of a stream of slots. A slot is held back until it is known whether the next unit has its other part.
type audioTrack struct {
	Pending *heldSlot `json:",omitempty"`
	Damage  damage
	Pace    pace
	// spare is the slot delivered last and shown what the detectors see; both are used again.
	spare *heldSlot
	shown audioSlot
}

type heldSlot struct {
	measurement.Slot
	Format measurement.Format
	Grid   jobs.Micros // where the slot's grid cell starts
	Epoch  int
	Disc   int
}

// slot takes the next row of the track in stored order.
func (a *audioTrack) slot(s *stream, row *measurement.Slot) {
	s.Frames++
	s.Rows++
	grid := slotGrid(s.Unit, row.Index)
	if row.Samples > 0 {
		first := grid + offsetOf(&s.Format, row.Offset)
		grid += s.place(first) - first
	}
	if beyond(grid) || row.Samples <= 0 {
		s.astray()
		return
	}
	a.Pace.add(grid+offsetOf(&s.Format, row.Offset), row.Samples, s)
	if p := a.Pending; p != nil {
		if p.Grid == grid && p.Epoch == s.Epoch && p.Unit != row.Unit {
			p.join(row)
			return
		}
		a.deliver(s)
	}
	a.take(s, row, grid)
}

// slotGrid places a slot's cell. Slots count on the track's raw clock, of which the unit's turn and origin are whole ticks.
func slotGrid(t *placedTrack, index int64) jobs.Micros {
	const limit = int64(maxTimeline) * 1000
	raw := max(-limit, min(index, limit)) * int64(slotLength)
	return clampTime(t.Origin.At + jobs.Micros(difference(raw+int64(t.Base.micros(t.Turn)), int64(t.Base.micros(t.Origin.Ticks)))))
}

func (a *audioTrack) take(s *stream, row *measurement.Slot, grid jobs.Micros) {
	p := a.spare
	if p == nil {
		p = new(heldSlot)
	}
	ch := append(p.Ch[:0], row.Ch...)
	*p = heldSlot{Slot: *row, Format: s.Format, Grid: grid, Epoch: s.Epoch, Disc: s.Disc}
	p.Ch = ch
	if !sanitize(&p.Slot) {
		p.Errors++
	}
	if a.Pending == nil && s.Frames == 1 {
		s.Front = max(0, p.start())
	} else {
		a.follow(s, p)
	}
	s.found(p.start(), slotLength)
	a.Pending = p
	s.Broken, s.Order.Fresh, s.Order.EpochBorder = false, false, false
}

// start is where the slot's first sample stands.
func (h *heldSlot) start() jobs.Micros { return h.Grid + h.samples(h.Offset) }

// end is where its last sample ends; a slot that lacks no more than a sample for rounding fills its cell.
func (h *heldSlot) end() jobs.Micros {
	last := int64(h.Offset) + int64(h.Samples)
	if (last+1)*measurement.SlotsPerSecond >= int64(h.Format.SampleRate) {
		return h.Grid + slotLength
	}
	return h.Grid + h.samples(int32(min(last, math.MaxInt32)))
}

func (h *heldSlot) samples(n int32) jobs.Micros { return offsetOf(&h.Format, n) }

// cell is where the slot's grid cell starts.
func (s *audioSlot) cell() jobs.Micros {
	last := int64(s.Offset) + int64(s.Samples)
	if (last+1)*measurement.SlotsPerSecond < int64(s.Format.SampleRate) {
		return s.End - offsetOf(s.Format, int32(min(last, math.MaxInt32)))
	}
	return s.End - slotLength
}

// offsetOf is the length of n samples.
func offsetOf(f *measurement.Format, n int32) jobs.Micros {
	if f.SampleRate <= 0 {
		return 0
	}
	return jobs.Micros(mulDiv(int64(n), 1e6, uint64(f.SampleRate)))
}

// follow compares a slot with what was delivered before it.
func (a *audioTrack) follow(s *stream, p *heldSlot) {
	start := p.start()
	tolerance := max(minAudioHole, jobs.Micros(mulDiv(frameSamples, 1e6, uint64(max(1, s.Format.SampleRate)))))
	if s.Order.EpochBorder {
		tolerance = max(tolerance, borderHole)
	}
	if s.Order.Guessed && s.Rows == 1 {
		tolerance = max(tolerance, jumpTolerance)
	}
	switch distance := start - s.Front; {
	case distance > tolerance || s.Broken && distance > minHole:
		s.hole(s.Front, start, false)
		a.explain(s, p, s.Front, start)
	case distance < -tolerance && p.end() <= s.Front:
		s.Order.behind(s, start, s.Front)
	}
}

// explain says why there is no sound in [from, to), behind which a slot stands.
func (a *audioTrack) explain(s *stream, p *heldSlot, from, to jobs.Micros) {
	switch {
	case s.Broken:
	case a.Damage.refused(from, to, p):
		a.Damage.lost(s, from, to)
	case !s.objectMode && s.Rows > 1 && s.Unit.Packets > s.Unit.Frames:
		a.Damage.lost(s, from, to)
	default:
		s.Order.gap(from, to, false, false)
	}
}

// deliver gives the held slot to the detectors; what lies behind the front was heard already.
func (a *audioTrack) deliver(s *stream) {
	p := a.Pending
	a.Pending, a.spare = nil, p
	slot := &a.shown
	*slot = audioSlot{Slot: &p.Slot, Format: &p.Format, Start: max(0, s.Front, p.start()), End: p.end(), Disc: p.Disc}
	if slot.End <= slot.Start {
		return
	}
	s.Front = slot.End
	s.opens(slot.Start)
	s.Chart.slot(slot)
	for _, d := range s.audio {
		d.slot(slot)
	}
	a.Damage.slot(s, slot)
}

func (a *audioTrack) reached(s *stream) jobs.Micros {
	if a.Pending != nil {
		return max(s.Front, a.Pending.end())
	}
	return s.Front
}

func (a *audioTrack) drain(s *stream) {
	if a.Pending != nil {
		a.deliver(s)
	}
}

// join adds the part of a slot that stands at the head of the next unit. A sample too many or too few is the rounding of the two clocks.
func (h *heldSlot) join(row *measurement.Slot) {
	h.joinMix(row)
	h.Unit = row.Unit
	h.Samples += row.Samples
	h.Errors += row.Errors
	for i := range min(len(h.Ch), len(row.Ch)) {
		joinChannel(&h.Ch[i], &row.Ch[i])
	}
	if !sanitize(&h.Slot) {
		h.Errors++
	}
}
