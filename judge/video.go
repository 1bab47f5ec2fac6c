package judge

import (
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// minHole is the least time without a picture that is a hole: below, timestamps are merely rough.
	minHole jobs.Micros = 5e3
	// borderHole is what a discontinuity may leave open between two groups without being a hole: tracks of a group do not begin at the same time.
	borderHole jobs.Micros = 250e3
)

// videoTrack is the state of a stream of pictures. A picture is held back until the next one tells how long it stood.
type videoTrack struct {
	Pending *heldFrame `json:",omitempty"`
	// Twin is a picture with the timestamp of the pending one.
	Twin    *heldFrame `json:",omitempty"`
	Cadence cadence
	Resting resting `json:",omitzero"`
	Damage  damage
	shown   videoFrame // what the detectors see; used again
}

type heldFrame struct {
	measurement.Frame
	Format  measurement.Format
	Start   jobs.Micros
	Nominal jobs.Micros // how long such a frame normally stands
	Ticks   int64       // its unwrapped timestamp
	Epoch   int
	Disc    int
	Shift   jobs.Micros // of the clock
	// PacketsEnd is where the packets of the frame's unit end.
	PacketsEnd jobs.Micros
	Undecoded  bool // its unit has packets that gave no frame
	// Fast: only the key frames of its unit were decoded, and it stands for what is between it and the next.
	Fast bool `json:",omitempty"`

	// texture and comb are used again.
	texture *measurement.Texture
	comb    *measurement.Comb
}

// hold copies a row, which is the reader's, into the held frame.
func (h *heldFrame) hold(row *measurement.Frame) {
	fine, cc := h.Fine, h.CC
	h.Frame = *row
	h.Fine, h.CC, h.Texture, h.Comb = nil, nil, nil, nil
	if row.CC != nil {
		h.CC = append(cc[:0], row.CC...)
	}
	if row.Fine != nil {
		h.Fine = append(slices.Grow(fine[:0], len(row.Fine)), row.Fine...)
	}
	if row.Texture != nil {
		h.texture = reuse(h.texture, *row.Texture)
		h.Texture = h.texture
	}
	if row.Comb != nil {
		h.comb = reuse(h.comb, *row.Comb)
		h.Comb = h.comb
	}
}

func reuse[T any](p *T, v T) *T {
	if p == nil {
		p = new(T)
	}
	*p = v
	return p
}

// frame takes the next row of the track in stored order.
func (v *videoTrack) frame(s *stream, row *measurement.Frame) {
	s.Frames++
	s.Rows++
	start := s.place(s.Unit.time(row.PTS))
	if beyond(start) {
		s.astray()
		return
	}
	if v.Twin != nil {
		v.settleTwin(s, start)
	}
	if p := v.Pending; p != nil {
		if v.twin(s, row, start) {
			return
		}
		if start <= p.Start {
			s.Order.behind(s, start, p.Start+p.Nominal)
			return
		}
		v.Resting.see(p, row, start-p.Start)
		v.release(s, start, row)
	} else if s.undelivered() {
		v.head(s, start)
	}
	v.take(s, row, start)
}

func (v *videoTrack) take(s *stream, row *measurement.Frame, start jobs.Micros) {
	p := v.Pending
	if p == nil {
		p = new(heldFrame)
		v.Pending = p
	}
	// Across an announced discontinuity the distances of one rate say nothing about another: held against them, a lower rate would be a row of holes.
	if p.Disc != s.Disc && row.Duration > 0 && !near(row.Duration, v.Cadence.mode()) {
		v.Cadence = cadence{}
	}
	p.hold(row)
	p.Format, p.Start, p.Epoch, p.Disc, p.Shift = s.Format, start, s.Epoch, s.Disc, s.Clock.Shift
	p.Ticks = clampTicks(row.PTS, s.Unit.Turn)
	p.Nominal, p.Fast = max(1, s.Unit.Base.micros(v.Cadence.nominal(&s.Format, row.Duration))), s.Unit.fast()
	if p.Fast {
		p.Nominal = max(1, s.Unit.Base.micros(row.Duration))
	}
	s.found(start, p.Nominal)
	p.PacketsEnd, p.Undecoded = s.Unit.End, s.undelivered()
	s.Broken, s.Order.Fresh, s.Order.EpochBorder = false, false, false
}

// head books pictures before the first that could be decoded: a recording that begins in mid-stream has some that refer to what came before it.
func (v *videoTrack) head(s *stream, start jobs.Micros) {
	if s.Here != nil && start-s.Unit.First > minHole && !s.objectMode {
		s.Ledger.add(span{From: s.Here.From, To: start, State: jobs.Skipped, Reason: "pictures before the first that can be decoded on its own"})
		s.Here.From = max(s.Here.From, min(start, s.Here.To))
	}
}

// release delivers the held frame; next is where its successor appears.
func (v *videoTrack) release(s *stream, next jobs.Micros, row *measurement.Frame) {
	p, pts := v.Pending, row.PTS
	end := p.Start + v.length(p)
	hole := next - end
	switch {
	case s.Broken && hole > minHole:
	case s.Order.EpochBorder && hole <= borderHole:
		end = next
	case p.Epoch == s.Epoch && p.Shift != s.Clock.Shift:
		if v.standing(s, p, next-p.Start) {
			end = next
		}
	case p.Fast:
		if p.Epoch == s.Epoch && v.standing(s, p, next-p.Start) {
			end = next
		}
	case p.Epoch == s.Epoch && v.standing(s, p, next-p.Start):
		end = next
		v.Cadence.add(difference(clampTicks(pts, s.Unit.Turn), p.Ticks))
	case p.Epoch == s.Epoch:
		v.Cadence.add(difference(clampTicks(pts, s.Unit.Turn), p.Ticks))
	}
	v.deliver(s, p, end)
	if next > end {
		calm := v.rested(s, p, row)
		s.hole(end, next, calm)
		v.explain(s, p, end, next, calm)
	}
}

// standing tells whether a frame stands until the next one: within one and a half frames (detectors.md 2.5), or for as long as a variable frame rate may
// leave a picture alone.
func (v *videoTrack) standing(s *stream, p *heldFrame, distance jobs.Micros) bool {
	if 2*distance <= 3*p.Nominal || distance-p.Nominal < minHole {
		return true
	}
	return distance < seconds(s.params.or("timestamp.gap.variable", 1)) && v.Cadence.variable() && !p.Undecoded
}

// length is how long a frame stands when its successor does not tell.
func (v *videoTrack) length(p *heldFrame) jobs.Micros {
	d := baseOf(&p.Format).micros(p.Duration)
	if p.Duration > 0 && 2*d >= p.Nominal && 2*d <= 3*p.Nominal {
		return d
	}
	return p.Nominal
}

func (v *videoTrack) deliver(s *stream, p *heldFrame, end jobs.Micros) {
	f := &v.shown
	*f = videoFrame{Frame: &p.Frame, Format: &p.Format, Start: max(0, p.Start), End: max(0, end), Disc: p.Disc}
	s.Front = max(s.Front, f.End)
	if f.End <= f.Start {
		return
	}
	s.opens(f.Start)
	s.Chart.frame(f, p.Fast)
	if p.Fast {
		s.Shallow.add(f.Start, f.End)
		s.blind(f.Start, f.End)
		return
	}
	for _, d := range s.video {
		d.frame(f)
	}
	v.Damage.frame(s, f)
}

// explain says why there is no picture in [from, to): a unit that could not be read is told elsewhere; packets that gave no picture are damage;
// else the timestamps have a gap, and around it nothing moved, or something did.
func (v *videoTrack) explain(s *stream, p *heldFrame, from, to jobs.Micros, calm bool) {
	if s.Broken || s.Order.EpochBorder && to-from <= borderHole {
		return
	}
	sameUnit := s.Rows > 1
	undecoded := s.undelivered()
	switch {
	case sameUnit && undecoded:
		v.Damage.lost(s, from, to)
		return
	case !sameUnit && undecoded && s.Unit.First < to-minHole:
		v.Damage.lost(s, max(from, s.Unit.First), to)
		to = max(from, s.Unit.First)
	}
	if p.Undecoded && !sameUnit && p.PacketsEnd > from+minHole {
		until := min(p.PacketsEnd, to)
		v.Damage.lost(s, from, until)
		from = until
	}
	if to-from >= minHole {
		s.Order.gap(from, to, v.Cadence.variable(), calm)
	}
}

// reached is where the held frame will end if nothing follows.
func (v *videoTrack) reached(s *stream) jobs.Micros {
	if p := v.Pending; p != nil {
		return max(s.Front, p.Start+v.length(p))
	}
	return s.Front
}

func (v *videoTrack) drain(s *stream) {
	if p := v.Pending; p != nil {
		v.Pending = nil
		v.deliver(s, p, p.Start+v.length(p))
	}
}
