package judge

import (
	"fmt"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// skew compares where sound and picture begin, and where they end.
func (d *duet) skew(r *jobs.Result) {
	if !d.p.examines(codeSkew) {
		return
	}
	sound, picture := d.sound.s, d.picture.s
	reason := d.apart
	switch {
	case reason != "":
	case !sound.Begun || !picture.Begun || d.sound.headLost(sound.Head) || d.picture.headLost(picture.Head):
		reason = "not measurable: where sound or picture begins could not be read"
	}
	d.coverage(r, codeSkew, reason, nil)
	if reason != "" {
		return
	}
	a, v := d.sound.time(sound.Head), d.picture.time(picture.Head)
	d.startApart(r, a, v)
	d.endApart(r)
}

// startApart tells a start of the sound that is not that of the picture.
func (d *duet) startApart(r *jobs.Result, a, v jobs.Micros) {
	by := a - v
	l, ok := d.p.levels(codeSkew).reached(abs(by))
	if !ok {
		return
	}
	f := (&run{min(a, v), max(a, v)}).finding(l)
	f.Code, f.Value = codeSkew, jobs.Figure(by.Seconds())
	f.Message = fmt.Sprintf("the sound begins %.3f s %s the picture", abs(by).Seconds(), side(by))
	if d.cut {
		f.Severity = jobs.Info
		f.Message += "; a transport stream that was recorded from its middle begins like this"
	}
	d.find(r, f)
}

// endApart tells ends that lie apart. Whoever plays that sees a picture without sound, or hears sound without a picture: no defect by itself.
func (d *duet) endApart(r *jobs.Result) {
	limit := seconds(d.p.or("sync.start_skew.ends", 1))
	a, v := d.sound.time(d.sound.s.end()), d.picture.time(d.picture.s.end())
	if abs(a-v) < limit || d.sound.tailLost() || d.picture.tailLost() {
		return
	}
	f := (&run{min(a, v), max(a, v)}).finding(level{jobs.Info, limit})
	f.Code, f.Value = codeSkew, jobs.Figure((a - v).Seconds())
	f.Message = fmt.Sprintf("the sound ends %.3f s %s the picture", abs(a-v).Seconds(), side(a-v))
	d.find(r, f)
}

func side(by jobs.Micros) string {
	if by < 0 {
		return "before"
	}
	return "after"
}

// headLost tells whether something before the track's first row could not be read, or was something else, so that it may begin earlier.
func (t *rendition) headLost(first jobs.Micros) bool {
	if t.s.Strange {
		return true
	}
	for _, sp := range t.q.Ledger.Spans {
		if sp.From <= first && sp.State != jobs.Analysed {
			return true
		}
	}
	return false
}

// tailLost tells the same of its end.
func (t *rendition) tailLost() bool {
	for _, sp := range t.q.Ledger.Spans {
		if sp.To >= t.s.end() && sp.State != jobs.Analysed {
			return true
		}
	}
	return t.q.Truncated != nil
}

// blinks is what the collector of a picture's flashes saw.
func (t *rendition) blinks() *blinks {
	for _, d := range t.s.video {
		if b, ok := d.(*blinks); ok {
			return b
		}
	}
	return &blinks{}
}

// beats is what the collector of a sound's beeps heard.
func (t *rendition) beats() *beeps {
	for _, d := range t.s.audio {
		if b, ok := d.(*beeps); ok {
			return b
		}
	}
	return &beeps{}
}

// gridCells is how many there are in a grid.
const gridCells = measurement.GridW * measurement.GridH
