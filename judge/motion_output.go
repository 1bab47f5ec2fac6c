package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
)

const (
	// Confidences: a repeat that is plain to see may be meant; so may a cadence. Content that goes on behind a repeat is lost; a jump without one may be the camera.
	repeatConfidence, cadenceConfidence = 0.7, 0.9
	lostConfidence, skipConfidence      = 0.7, 0.3
)

// motionOutput words the findings about motion.
type motionOutput struct {
	repeat, duplicate, dropped, judder levels

	row    int
	apart  jobs.Micros
	freeze jobs.Micros
	emit   emitter
}

func newMotionOutput(p *params, emit emitter) motionOutput {
	return motionOutput{
		repeat: p.levels("video.repeat"), duplicate: p.levels("video.duplicate_frames"), dropped: p.levels("video.dropped_frames"),
		judder: p.levels("video.judder"), row: int(p.or("video.duplicate_frames.count", 3)), apart: seconds(p.or("video.duplicate_frames.apart", 5)),
		freeze: seconds(p.or("video.freeze.info", 1)), emit: emit,
	}
}

// cadence tells a cadence, and whether it was long enough for that.
func (o *motionOutput) cadence(r *cadenceRun) bool {
	l, ok := o.judder.reached(r.length())
	if !ok {
		return false
	}
	even := r.New == 1
	if even {
		l = least(o.judder, l)
	}
	rate := float64(r.Pictures) / r.length().Seconds()
	source := rate * float64(r.New) / float64(r.Period)
	f := r.finding(l)
	f.Code, f.Unit, f.Confidence = "video.judder", "1/s", cadenceConfidence
	f.Value, f.Threshold = jobs.Figure(source), jobs.Figure(rate)
	f.Message = fmt.Sprintf("%s for %.1f s: %s pictures/s shown at %s/s", r.pattern(), r.length().Seconds(), rateName(source), rateName(rate))
	if !even {
		f.Message += ", which judders"
	}
	switch {
	case r.Breaks == 1:
		f.Message += "; the cadence breaks once"
	case r.Breaks > 1:
		f.Message += fmt.Sprintf("; the cadence breaks %d times", r.Breaks)
	}
	o.emit(f)
	return true
}

// pattern says which pictures are repeats.
func (r *cadenceRun) pattern() string {
	switch repeats := r.Period - r.New; {
	case r.New == 1 && r.Period == 2:
		return "every picture is shown twice"
	case r.New == 1:
		return fmt.Sprintf("every picture is shown %d times", r.Period)
	case r.New == 2 && r.Period == 5:
		return "pictures are shown twice and three times in turn (3:2)"
	case repeats == 1:
		return fmt.Sprintf("one picture in %d is a repeat", r.Period)
	default:
		return fmt.Sprintf("%d pictures in %d are repeats", repeats, r.Period)
	}
}

// rateName writes a rate as people do; to a tenth when nobody uses it.
func rateName(rate float64) string {
	for _, v := range [...]float64{8, 10, 12, 12.5, 15, 16, 18, 20, 24, 25, 30, 48, 50, 60, 100, 120} {
		if math.Abs(rate/v-1) <= 0.0005 {
			return fmt.Sprintf("%g", v)
		}
		if math.Abs(rate/v*1.001-1) <= 0.0005 && v >= 24 && math.Mod(v, 12) != 1 && v != 25 && v != 50 {
			return fmt.Sprintf("%.2f", v/1.001)
		}
	}
	return fmt.Sprintf("%.1f", rate)
}

// repeats tells pictures that were shown again: one by one, or many as one.
func (o *motionOutput) repeats(events []stutterEvent, more int, moreTime, last jobs.Micros) {
	if len(events) >= o.row {
		total, frames := moreTime, more
		for _, e := range events {
			total += e.To - e.From
			frames += e.Frames
		}
		r := o.span(events, more, last)
		l, ok := o.duplicate.reached(total)
		if !ok {
			return
		}
		f := r.finding(l)
		f.Code, f.Confidence = "video.duplicate_frames", repeatConfidence
		f.Value = jobs.Figure(total.Seconds())
		f.Message = fmt.Sprintf("%d pictures in %.1f s are repeats of the one before while everything moves, %.2f s in all, without a regular cadence",
			frames, r.length().Seconds(), total.Seconds())
		o.emit(f)
		return
	}
	for _, e := range events {
		r := run{e.From, e.To}
		l, ok := o.repeat.reached(r.length())
		if !ok || r.length()+roundingGrace >= o.freeze {
			continue
		}
		f := r.finding(l)
		f.Code, f.Confidence = "video.repeat", repeatConfidence
		f.Message = fmt.Sprintf("the picture is shown again %s while everything moves, for %.3f s", times(e.Frames), r.length().Seconds())
		o.emit(f)
	}
}

// stutters tells lost pictures.
func (o *motionOutput) stutters(events []stutterEvent, more int, moreTime, last jobs.Micros) {
	if len(events) >= o.row {
		total, frames, skips := moreTime, more, 0
		for _, e := range events {
			total += e.To - e.From
			frames += e.Frames
			if e.Skip {
				skips++
			}
		}
		r := o.span(events, more, last)
		o.lost(r, total, skips == len(events), fmt.Sprintf("%d pictures or more are lost in %.1f s", frames, r.length().Seconds()))
		return
	}
	for _, e := range events {
		o.lost(run{e.From, e.To}, e.To-e.From, e.Skip, fmt.Sprintf("%s lost", pictures(e.Frames)))
	}
}

func (o *motionOutput) lost(r run, total jobs.Micros, skip bool, what string) {
	l, ok := o.dropped.reached(total)
	if !ok {
		return
	}
	how := ": the picture before is shown instead, and then the motion jumps"
	f := r.finding(l)
	f.Code, f.Confidence = "video.dropped_frames", lostConfidence
	if skip {
		l = least(o.dropped, l)
		f.Severity, f.Threshold, f.Confidence = l.severity, jobs.Figure(l.length.Seconds()), skipConfidence
		how = ": the motion jumps, by what the pictures say alone"
	}
	f.Value = jobs.Figure(total.Seconds())
	f.Message = what + how
	o.emit(f)
}

// span is from the first event to the last.
func (o *motionOutput) span(events []stutterEvent, more int, last jobs.Micros) run {
	r := run{events[0].From, events[len(events)-1].To}
	if more > 0 {
		r.To = max(r.To, last)
	}
	return r
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func pictures(n int) string {
	if n == 1 {
		return "a picture is"
	}
	return fmt.Sprintf("%d pictures are", n)
}
