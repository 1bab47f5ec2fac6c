package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
)

// What tells a click from music. Levels are of the third difference, in which a click of one sample is three times as high as itself and music is low.
const (
	// clickCrest is the least square of the peak over the mean square within the slot: of a click of one sample in 480 it is 216, of noise 16.
	clickCrest = 50
	// clickAbove is by how much the peak must exceed the greatest of the slots beside it, clickSigma their greatest root mean square.
	clickAbove, clickSigma = 3, 14
	// clickWidth bounds the energy over the square of the peak: it is 2.2 for a sample, 1.5 for a step, and grows with the length of what rings.
	clickWidth = 7
	// A click is sharp when it is next to a single sample or step, as lost samples and edits are before a lossy codec smears them: music has few that are.
	sharpWidth, sharpAbove, sharpTail = 2.6, 6, 16
	// clickLeast is the least peak: a click of -50 dBFS.
	clickLeast = 0.01
	// clickAudible is the least height of a click as a share of the sound's root mean square around it.
	clickAudible = 0.25
	// clickTail is how much louder than before the sound may be after a click, in energy: 6 dB. What makes the sound louder was played.
	clickTail = 4
	// clickEdge is how much softer than before the sound may be after a click, in energy: where it falls by 30 dB it was cut off, and the step is the edge of that.
	clickEdge = 1000
	// clickStands is by how much the wave itself at a click must exceed that of all slots beside it to be no edge of a sound, which cannot be higher than the sound is. Then it may be
	// nearer to the detail around it, by clickOver and clickOverSigma: white noise has as much as a click.
	clickStands, clickOver, clickOverSigma = 2, 2, 5
	// clickSide is how many slots are looked at on each side, clickNear how many of them may hold a part of the click.
	clickSide, clickNear = 6, 1
	clickSlots           = 2*clickSide + 1
	// clickJoin is how near clicks are told as one row.
	clickJoin jobs.Micros = 2e6
	// clickFloor is the least mean square of the third difference beside a click: digital silence has none at all.
	clickFloor = 1e-10
)

// click finds single samples or steps that have nothing to do with the sound around them: edits, lost samples, crackling.
type click struct {
	// Count is the number of slots since the last gap; slot n of a channel stands at n modulo the length of its ring.
	Count   int64
	Rings   [][clickSlots]clickSlot
	Times   [clickSlots]run
	Row     *clickRow
	Samples int32

	levels levels
	emit   emitter
}

// clickSlot is what is kept of a slot of one channel.
type clickSlot struct {
	Peak    float32 // of the third difference
	Wave    float32 // peak of the sound
	Res, Sq float64 // mean squares of the third difference and of the sound
}

// clickRow is a row of clicks.
type clickRow struct {
	run
	Count  int
	Sharp  int
	Height float64 // of the highest, in full scale
	Ratio  float64 // greatest peak over the level beside it
	Last   int64
}

func newClick(p *params, emit emitter) audioDetector {
	return &click{levels: p.levels("audio.click"), emit: emit}
}

func (d *click) slot(s *audioSlot) {
	if s.Samples <= 0 || len(d.Rings) != len(s.Ch) {
		d.Count, d.Rings = 0, make([][clickSlots]clickSlot, len(s.Ch))
	}
	at := d.Count % clickSlots
	n := float64(max(1, s.Samples))
	for i := range s.Ch {
		c := &s.Ch[i]
		d.Rings[i][at] = clickSlot{Peak: c.ResPeak, Wave: c.Peak, Res: c.ResSq / n, Sq: c.Sq / n}
	}
	d.Times[at], d.Samples = run{s.Start, s.End}, s.Samples
	d.Count++
	if d.Count < clickSlots {
		return
	}
	for i := range d.Rings {
		if found, sharp := d.isClick(&d.Rings[i], d.Count-1-clickSide); found {
			d.add(&d.Rings[i], d.Count-1-clickSide, sharp)
		}
	}
	if d.Row != nil && s.Start-d.Row.To > clickJoin {
		d.tell()
	}
}

// isClick looks at slot n of a channel, with as many slots on both sides.
func (d *click) isClick(ring *[clickSlots]clickSlot, n int64) (found, sharp bool) {
	c := &ring[n%clickSlots]
	peak := float64(c.Peak)
	if peak < clickLeast {
		return false, false
	}
	before, behind := &ring[(n-clickNear-1)%clickSlots], &ring[(n+clickNear+1)%clickSlots]
	if peak <= min(clickAbove, clickOver)*float64(max(before.Peak, behind.Peak)) {
		return false, false // nearly every slot of a programme ends here, after two of those beside it
	}
	a := clickBeside(ring, n)
	stands := float64(c.Wave) > clickStands*float64(a.wave)
	width := (a.near - (2*clickNear+1)*a.res) * float64(d.Samples) / (peak * peak)
	if width > clickWidth || peak*peak < 9*clickAudible*clickAudible*a.loud {
		return false, false
	}
	sharp = width <= sharpWidth && peak > sharpAbove*a.highest
	if stands && peak > clickOver*a.highest && peak*peak > clickOverSigma*clickOverSigma*a.res {
		return true, sharp
	}
	tail := float64(clickTail)
	if sharp {
		tail = sharpTail
	}
	found = peak*peak >= clickCrest*c.Res && peak > clickAbove*a.highest && peak*peak > clickSigma*clickSigma*a.res &&
		a.after <= tail*max(a.before, clickFloor) && a.before <= clickEdge*max(a.after, clickFloor)
	return found, found && sharp
}

// clickAround is what lies on both sides of a slot: the greatest peaks and mean squares, and the energy before, behind, and within a slot of it.
type clickAround struct {
	highest, res, loud, before, after, near float64
	wave                                    float32
}

func clickBeside(ring *[clickSlots]clickSlot, n int64) clickAround {
	a := clickAround{res: clickFloor}
	for k := int64(-clickSide); k <= clickSide; k++ {
		o := &ring[(n+k)%clickSlots]
		if k >= -clickNear && k <= clickNear {
			a.near += o.Res
			continue
		}
		a.highest, a.res, a.loud, a.wave = max(a.highest, float64(o.Peak)), max(a.res, o.Res), max(a.loud, o.Sq), max(a.wave, o.Wave)
		if k < 0 {
			a.before += o.Sq
		} else {
			a.after += o.Sq
		}
	}
	return a
}

// add counts a click; it may be on several channels, or on the border of two slots.
func (d *click) add(ring *[clickSlots]clickSlot, n int64, sharp bool) {
	at := d.Times[n%clickSlots]
	if d.Row == nil {
		d.Row = &clickRow{run: at, Last: n - 2}
	}
	r := d.Row
	if n > r.Last+1 {
		r.Count++
		if sharp {
			r.Sharp++
		}
	}
	r.Last, r.To = n, at.To
	peak := float64(ring[n%clickSlots].Peak)
	r.Height = max(r.Height, peak/3)
	var beside float64
	for k := int64(clickNear + 1); k <= clickSide; k++ {
		beside = max(beside, ring[(n+k)%clickSlots].Res, ring[(n-k)%clickSlots].Res)
	}
	r.Ratio = max(r.Ratio, peak/math.Sqrt(max(beside, clickFloor)))
}

func (d *click) gap(_, _ jobs.Micros) {
	d.tell()
	d.Count = 0
}

func (d *click) finish(jobs.Micros) { d.tell() }

// tell ends the row.
func (d *click) tell() {
	r := d.Row
	d.Row = nil
	if r == nil {
		return
	}
	length := r.length()
	if r.Sharp < clickMany || r.Sharp*2 < r.Count {
		length = 1 // a click or two are no row, however far apart, and what is not sharp may be music
	}
	l, ok := d.levels.reached(length)
	if !ok {
		return
	}
	f := r.finding(l)
	f.Code = "audio.click"
	f.Value, f.Threshold, f.Unit = jobs.Figure(20*math.Log10(r.Ratio)), jobs.Figure(20*math.Log10(clickSigma)), "dB"
	f.Confidence = clickUnsure
	if r.Sharp > 0 {
		f.Confidence = clickSure
	}
	f.Message = fmt.Sprintf("a click of %.1f dBFS, %.0f dB above what the sound around it has as detail", decibels(r.Height), 20*math.Log10(r.Ratio))
	if r.Count > 1 {
		f.Message = fmt.Sprintf("%d clicks in %.2f s, up to %.1f dBFS and %.0f dB above what the sound around them has as detail",
			r.Count, r.length().Seconds(), decibels(r.Height), 20*math.Log10(r.Ratio))
	}
	d.emit(f)
}

const (
	// clickMany is from how many sharp clicks on they are a row that may be a warning.
	clickMany = 3
	// clickSure is the confidence in a sharp click, clickUnsure in one that a codec has smeared, or that was played.
	clickSure, clickUnsure = 0.9, 0.5
)

func clickThresholds() []Threshold {
	return []Threshold{
		{"audio.click.info", 0, 0, day, "s", "A row of clicks of this length is info; 0 tells every click."},
		{"audio.click.warn", 1, 0, day, "s", "A row of clicks of this length is a warning."},
		{"audio.click.fail", 30, 0, day, "s", "A row of clicks of this length is a failure."},
	}
}
