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
	stall  jobs.Micros
	freeze jobs.Micros
	emit   emitter
}

func newMotionOutput(p *params, emit emitter) motionOutput {
	return motionOutput{
		repeat: p.levels("video.repeat"), duplicate: p.levels("video.duplicate_frames"), dropped: p.levels("video.dropped_frames"),
		judder: p.levels("video.judder"), row: int(p.or("video.duplicate_frames.count", 3)), apart: seconds(p.or("video.duplicate_frames.apart", 1.5)),
		stall:  seconds(p.or("video.dropped_frames.stall", 0.2)),
		freeze: p.levels("video.freeze").from(), emit: emit,
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
		if l, ok = o.judder.mild().reached(r.length()); !ok {
			return true
		}
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

// rows hands on the events row by row: those that follow each other soon enough.
func (o *motionOutput) rows(events []stutterEvent, tell func([]stutterEvent)) {
	for from, i := 0, 1; from < len(events); i++ {
		if i == len(events) || events[i].From-events[i-1].To > o.apart {
			tell(events[from:i])
			from = i
		}
	}
}

// repeats tells pictures that were shown again: one by one, or many as one.
func (o *motionOutput) repeats(events []stutterEvent, s *stutter) {
	if len(events) >= o.row {
		o.duplicates(events, s)
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
		if e.Lost {
			f.Message += "; then the motion jumps: what should have been there is lost"
		}
		o.emit(f)
	}
}

// duplicates tells many repeats in a row as one.
func (o *motionOutput) duplicates(events []stutterEvent, s *stutter) {
	r, total, frames, lost := run{events[0].From, events[0].To}, s.MoreTime, s.More, s.MoreLost
	for _, e := range events {
		r.To = max(r.To, e.To)
		total += e.To - e.From
		frames += e.Frames
		if e.Lost {
			lost++
		}
	}
	if s.More > 0 {
		r.To = max(r.To, s.Last)
	}
	l, ok := o.duplicate.reached(total)
	if !ok {
		return
	}
	f := r.finding(l)
	f.Code, f.Confidence = "video.duplicate_frames", repeatConfidence
	f.Value = jobs.Figure(total.Seconds())
	f.Message = fmt.Sprintf("%d pictures in %.1f s repeat the one before while everything moves, %.2f s in all, in no regular cadence",
		frames, r.length().Seconds(), total.Seconds())
	if lost > 0 {
		f.Message += fmt.Sprintf("; the motion jumps after %d of them, where pictures are lost", lost)
	}
	o.emit(f)
}

// stalls tells pictures that stood for so long that it shows, and then jumped to where the content was by then.
func (o *motionOutput) stalls(events []stutterEvent) {
	for _, e := range events {
		r := run{e.From, e.To}
		if r.length()+roundingGrace >= o.freeze {
			continue
		}
		l, ok := o.dropped.reached(r.length())
		if !ok {
			continue
		}
		f := r.finding(l)
		f.Code, f.Confidence = "video.dropped_frames", lostConfidence
		f.Message = fmt.Sprintf("%s lost: the picture before stands for %.2f s, and then the motion jumps", pictures(e.Frames), r.length().Seconds())
		o.emit(f)
	}
}

// skips tells jumps of the motion that no repeat goes with. Many in a row are told as one: content that was thinned out.
func (o *motionOutput) skips(events []stutterEvent) {
	if len(events) == 0 || len(o.dropped) == 0 {
		return
	}
	if len(events) >= o.row {
		last := events[len(events)-1]
		o.skip(run{events[0].From, last.To}, fmt.Sprintf("the motion jumps at %d places", len(events)))
		return
	}
	for _, e := range events {
		o.skip(run{e.From, e.To}, "the motion jumps")
	}
}

func (o *motionOutput) skip(r run, what string) {
	l, ok := o.dropped.mild().reached(r.length())
	if !ok {
		return
	}
	f := r.finding(l)
	f.Code, f.Confidence = "video.dropped_frames", skipConfidence
	f.Message = what + " while the picture stays the same scene and the clock goes on: pictures may be missing"
	o.emit(f)
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
