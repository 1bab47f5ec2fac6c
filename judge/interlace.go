package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// How one picture is told from its neighbours, after FFmpeg's idet. Two fields of one picture are as far apart in time as the nearer field of a neighbour is, so that
// what is woven of the picture's own lines (delta) is as rough as what is woven with the nearer one (the lesser alpha); a progressive picture's own lines fit better than
// any neighbour's, whatever the scene does.
const (
	// fieldRatio is idet's threshold of interlace: by so much one neighbour's lines fit better than the other's.
	fieldRatio = 1.04
	// wovenRatio bounds how much better the picture's own lines may fit than the nearer neighbour's; it rejects cuts and jerks.
	wovenRatio = 2
	// frameRatio is idet's threshold of a progressive picture.
	frameRatio = 1.5
	// fieldMotion is the least difference of the two neighbours in code values a sample (8-bit scale): below, nothing moves and nothing can be told.
	fieldMotion = 0.05
)

// Limits of a run.
const (
	// fieldPatience is how many decisions against it in a row end a run: 3:2 pulldown has three progressive pictures in five.
	fieldPatience = 8
	// fieldPause is how long nothing may be known.
	fieldPause jobs.Micros = 5e6
	// minFields is the least number of decisions, minFieldShare their share of those that could be made: pulldown has two in five.
	minFields, minFieldShare = 4, 0.3
	// fieldOpposed is the greatest share of the pictures that may lean to the other field order, also by less than decides: noise leans to both. fieldLean is the least
	// ratio that is a lean.
	fieldOpposed, fieldLean = 0.25, 1.005
	// toothed is how many of the 256 samples of one block must stand out from the lines above and below to show combs, toothedShare the share of the interlaced pictures
	// that must show some: text that rolls by whole lines leans to one order and has none.
	toothed, toothedShare = 32, 0.3
	// pulldownMost is the share up to which interlaced pictures among progressive ones are called pulldown.
	pulldownMost = 0.75
)

// fieldVerdict is what the fields of one picture say.
type fieldVerdict int

const (
	fieldsUnknown fieldVerdict = iota
	fieldsProgressive
	fieldsTop
	fieldsBottom
)

// interlace finds interlaced pictures in what is flagged progressive, and fields that were swapped.
type interlace struct {
	// Combed is about pictures flagged progressive, Order about pictures flagged interlaced.
	Combed, Order *fieldRun `json:",omitempty"`
	// Starts are those of the last two pictures: the decision is about three.
	Starts [2]jobs.Micros
	// Known counts the decisions about pictures flagged progressive, Ordered those about the order of fields; Woven counts pictures flagged interlaced.
	Known, Ordered, Progressive, Woven int64

	combed, order levels
	emit          emitter
}

// fieldRun is a stretch of pictures that contradict their flag.
type fieldRun struct {
	run
	// Top and Bottom count the interlaced decisions by field order, Against those that agree with the flag; Since counts the latter after the last of the former.
	Top, Bottom, Against, Since int64
	// Lean counts all pictures by the order to which they lean, top first, Tail those after the last that contradicts.
	Lean, Tail [2]int64
	// Toothed counts the interlaced decisions with visible combs.
	Toothed int64
}

func newInterlace(p *params, emit emitter) videoDetector {
	return &interlace{combed: p.levels("video.interlaced"), order: p.levels("video.field_order"), emit: emit}
}

func (d *interlace) frame(f *videoFrame) {
	if f.Flags&measurement.FlagInterlaced != 0 {
		d.Woven++
	} else {
		d.Progressive++
	}
	if f.Comb != nil {
		d.decide(f)
	}
	d.Starts[0], d.Starts[1] = d.Starts[1], f.Start
}

// decide books the decision about the picture before f, whose flags are those of f but for a splice.
func (d *interlace) decide(f *videoFrame) {
	v := fieldsOf(f)
	if f.Flags&measurement.FlagInterlaced == 0 {
		if v != fieldsUnknown {
			d.Known++
		}
		d.Combed = d.Combed.follow(f, d.Starts[0], v, v == fieldsTop || v == fieldsBottom, d.endCombed)
		return
	}
	top := f.Flags&measurement.FlagTopFirst != 0
	if v == fieldsTop || v == fieldsBottom {
		d.Ordered++
	} else {
		v = fieldsUnknown // a progressive picture in an interlaced stream has no order
	}
	d.Order = d.Order.follow(f, d.Starts[0], v, v == fieldsTop && !top || v == fieldsBottom && top, d.endOrder)
}

// fieldsOf decides about one picture.
func fieldsOf(f *videoFrame) fieldVerdict {
	a0, a1, delta := float64(f.Comb.Alpha[0]), float64(f.Comb.Alpha[1]), float64(f.Comb.Delta)
	lo, hi := min(a0, a1), max(a0, a1)
	area := float64(f.Format.Width) * float64(f.Format.Height) * float64(depthScale(f.Format))
	switch {
	case hi > fieldRatio*lo && lo < wovenRatio*delta && hi-lo > fieldMotion*area:
		if a0 > a1 {
			return fieldsTop
		}
		return fieldsBottom
	case lo > frameRatio*delta && lo-delta > fieldMotion*area:
		return fieldsProgressive
	}
	return fieldsUnknown
}

// follow continues, ends or starts a run with the decision about the three pictures from a time on to the end of f, and returns the run that is in force.
func (r *fieldRun) follow(f *videoFrame, from jobs.Micros, v fieldVerdict, contradicts bool, end func(*fieldRun, jobs.Micros)) *fieldRun {
	if r != nil && (r.Since >= fieldPatience || f.Start-r.To > fieldPause) {
		end(r, f.Start)
		r = nil
	}
	if contradicts && r == nil {
		r = &fieldRun{run: run{From: from}}
	}
	if r != nil {
		r.lean(f.Comb)
	}
	if contradicts {
		r.To, r.Since = f.End, 0
		r.Lean[0], r.Lean[1], r.Tail = r.Lean[0]+r.Tail[0], r.Lean[1]+r.Tail[1], [2]int64{}
		if f.Comb.CombedBlock >= toothed {
			r.Toothed++
		}
		if v == fieldsTop {
			r.Top++
		} else {
			r.Bottom++
		}
		return r
	}
	if r != nil && v != fieldsUnknown {
		r.Against++
		r.Since++
	}
	return r
}

// lean counts a picture by the order to which it leans.
func (r *fieldRun) lean(c *measurement.Comb) {
	switch a, b := float64(c.Alpha[0]), float64(c.Alpha[1]); {
	case a > fieldLean*b:
		r.Tail[0]++
	case b > fieldLean*a:
		r.Tail[1]++
	}
}

// count is the number of decisions of the run, share their share of all that could be made up to the last of them.
func (r *fieldRun) count() int64 { return r.Top + r.Bottom }
func (r *fieldRun) share() float64 {
	return float64(r.count()) / float64(max(1, r.count()+r.Against-r.Since))
}

func (r *fieldRun) believable() bool {
	return r.count() >= minFields && r.share() >= minFieldShare && float64(r.Toothed) >= toothedShare*float64(r.count()) && float64(min(r.Lean[0], r.Lean[1])) <= fieldOpposed*float64(r.Lean[0]+r.Lean[1])
}

func (d *interlace) endCombed(r *fieldRun, at jobs.Micros) {
	r.To = min(r.To, at)
	l, ok := d.combed.reached(r.length())
	if !ok || !r.believable() {
		return
	}
	f := r.finding(l)
	f.Code, f.Confidence = "video.interlaced", fieldConfidence(r)
	kind := "interlaced"
	if r.share() <= pulldownMost && r.Against > r.Since {
		kind = "telecined (3:2 pulldown or fields of a mixed rate)"
	}
	f.Message = fmt.Sprintf("flagged progressive, but %d of the %d pictures that could be told in %.1f s are interlaced, %s field first: the picture is %s",
		r.count(), r.count()+r.Against-r.Since, r.length().Seconds(), fieldName(r.Top >= r.Bottom), kind)
	d.emit(f)
}

func (d *interlace) endOrder(r *fieldRun, at jobs.Micros) {
	r.To = min(r.To, at)
	l, ok := d.order.reached(r.length())
	if !ok || !r.believable() || r.share() < 0.5 {
		return
	}
	f := r.finding(l)
	f.Code, f.Confidence = "video.field_order", fieldConfidence(r)
	f.Message = fmt.Sprintf("flagged %s field first, but %d of the %d pictures that could be told in %.1f s move in the other order",
		fieldName(r.Bottom > r.Top), r.count(), r.count()+r.Against-r.Since, r.length().Seconds())
	d.emit(f)
}

func fieldName(top bool) string {
	if top {
		return "top"
	}
	return "bottom"
}

// fieldConfidence grows with the number of decisions and with their agreement.
func fieldConfidence(r *fieldRun) jobs.Number {
	n := float64(r.count())
	return jobs.Number(math.Round(100*(1-1/n)*(0.5+0.5*r.share())) / 100)
}

func (d *interlace) gap(from, _ jobs.Micros) { d.finish(from) }

func (d *interlace) finish(at jobs.Micros) {
	if d.Combed != nil {
		d.endCombed(d.Combed, at)
	}
	if d.Order != nil {
		d.endOrder(d.Order, at)
	}
	d.Combed, d.Order = nil, nil
}

func (d *interlace) unmeasured(code string) string {
	switch {
	case code == "video.interlaced" && d.Progressive > 0 && d.Known == 0, code == "video.field_order" && d.Woven > 0 && d.Ordered == 0:
		return "no motion that would tell fields apart"
	}
	return ""
}

func interlaceThresholds() []Threshold {
	none := math.NaN()
	return []Threshold{
		{"video.interlaced.info", 1, 0, day, "s", "Interlaced pictures flagged progressive for this long are info."},
		{"video.interlaced.warn", 3, 0, day, "s", "Interlaced pictures flagged progressive for this long are a warning."},
		{"video.interlaced.fail", none, 0, day, "s", "Interlaced pictures flagged progressive for this long are a failure."},
		{"video.field_order.info", 1, 0, day, "s", "Fields against their flag for this long are info."},
		{"video.field_order.warn", 3, 0, day, "s", "Fields against their flag for this long are a warning."},
		{"video.field_order.fail", none, 0, day, "s", "Fields against their flag for this long are a failure."},
	}
}
