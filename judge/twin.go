package judge

import (
	"fmt"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// twins are pictures that bear the timestamp of the one before while the picture behind comes one later than it should: the muxer of FFmpeg stamps the
// first picture of a fragment so whose GOP is open. The clock did not run back, and no picture is missing: the twin belongs into the hole.
type twins struct {
	Count int64 `json:",omitempty"`
	// From is where the first of them stands, To where the last one ends; Frame is how long that stood.
	From, To, Frame jobs.Micros `json:",omitempty"`
}

// twin keeps a row that stands where the held one does, until the next tells whether there is a hole behind it; false when the row is no such picture.
func (v *videoTrack) twin(s *stream, row *measurement.Frame, start jobs.Micros) bool {
	p := v.Pending
	if v.Twin != nil || start != p.Start || p.Fast || s.Order.Fresh || p.Epoch != s.Epoch {
		return false
	}
	v.Twin = new(heldFrame)
	v.Twin.hold(row)
	return true
}

// settleTwin puts the twin into the hole before next, or calls it what it is without one: a picture that comes too late.
func (v *videoTrack) settleTwin(s *stream, next jobs.Micros) {
	p, row := v.Pending, &v.Twin.Frame
	v.Twin = nil
	frame := p.Nominal
	if s.Unit == nil || 2*(next-p.Start) <= 3*frame {
		s.Order.behind(s, p.Start, p.Start+frame)
		return
	}
	at := p.Start + frame
	row.PTS += s.Unit.Base.ticks(frame)
	v.release(s, at, row)
	v.take(s, row, at)
	t := &s.Order.Twins
	if t.Count == 0 {
		t.From = at - frame
	}
	t.Count++
	t.To, t.Frame = at+frame, frame
}

// finding tells the twins of a track as one.
func (t *twins) finding(s *stream) {
	l, ok := s.params.levels("timestamp.backward").mild().reached(t.Frame)
	if t.Count == 0 || !ok {
		return
	}
	f := (&run{t.From, t.To}).finding(l)
	f.Code, f.Value = "timestamp.backward", jobs.Figure(t.Frame.Seconds())
	what := "1 picture bears the timestamp of the one before, and stands"
	if t.Count > 1 {
		what = fmt.Sprintf("%d pictures bear the timestamp of the one before, and stand", t.Count)
	}
	f.Message = what + " before a hole of just its length: a wrong timestamp, as some muxers write where a GOP is open; no picture is missing"
	s.emit(f)
}
