package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// maxIrregular bounds the irregularities that are remembered of one track; what comes later is counted only.
const maxIrregular = 10000

// order watches that the timestamps of one track go on as they should. What it finds is judged at the end, when it is known whether the frame rate
// is variable.
type order struct {
	Found []irregularity `json:",omitempty"`
	More  int64          `json:",omitempty"`
	// Open is the overlap or step back of the unit at hand: its rows are told as one.
	Open *irregularity `json:",omitempty"`
	// Fresh is true until a row of the unit is taken; UnitFirst and BeforeFirst are where this and the last unit's packets begin.
	Fresh                  bool
	UnitFirst, BeforeFirst jobs.Micros
	// EpochBorder is true until a row of a new epoch is taken.
	EpochBorder bool
	// Cuts: at that border players cut the media before it, so that an overlap is none.
	Cuts     bool  `json:",omitempty"`
	Unplaced int64 `json:",omitempty"`
	// Guessed: this unit or the one before has no timestamps. How they meet was not said, so that neither a gap nor an overlap there is one.
	Guessed bool `json:",omitempty"`
	// Untimed are the segments without timestamps whose finding this track has.
	Untimed bouts `json:",omitempty"`
	Twins   twins
}

type irregularity struct {
	Code     string
	From, To jobs.Micros
	By       jobs.Micros // length
	Natural  bool        `json:",omitempty"` // the frame rate was variable by then
	Calm     bool        `json:",omitempty"` // nothing moved around it
}

// enter begins a unit.
func (o *order) enter(first jobs.Micros) {
	o.close()
	o.Fresh = true
	o.BeforeFirst, o.UnitFirst = o.UnitFirst, first
}

func (o *order) close() {
	if o.Open != nil {
		o.Open.By = o.Open.To - o.Open.From
		o.keep(*o.Open)
		o.Open = nil
	}
}

func (o *order) keep(i irregularity) {
	if len(o.Found) < maxIrregular {
		o.Found = append(o.Found, i)
	} else {
		o.More++
	}
}

func (o *order) gap(from, to jobs.Micros, natural, calm bool) {
	o.Fresh = false
	o.keep(irregularity{Code: "timestamp.gap", From: from, To: to, By: to - from, Natural: natural, Calm: calm})
}

// behind takes note of a row that should have come before what is there already. At the head of a unit that is an overlap of two segments; within a unit,
// or where it goes back over a whole segment, the clock ran backward.
func (o *order) behind(s *stream, start, front jobs.Micros) {
	if o.EpochBorder && (o.Cuts || front-start <= borderHole) || o.Guessed && front-start <= jumpTolerance {
		return
	}
	if i := o.Open; i != nil {
		i.From, i.To = min(i.From, start), max(i.To, front)
		return
	}
	code := "timestamp.backward"
	if o.Fresh && start > o.BeforeFirst && !s.objectMode {
		code = "timestamp.overlap"
	}
	o.Open = &irregularity{Code: code, From: start, To: front}
}

// leap notes a jump of the clock that was taken out of the timeline. It is told at the frame where it happens.
func (o *order) leap(j *jump, frame jobs.Micros) {
	i := irregularity{Code: "timestamp.gap", From: j.At, To: j.At + frame, By: j.By}
	if j.By < 0 {
		i.Code, i.By = "timestamp.backward", -j.By
	}
	o.keep(i)
}

func (o *order) unplaced() { o.Unplaced++ }

// judge turns what was found into findings.
func (o *order) judge(s *stream) {
	o.close()
	variable := s.Kind == measurement.Video && s.Video.Cadence.variable()
	natural := seconds(s.params.or("timestamp.gap.variable", 1))
	for _, i := range o.Found {
		if i.Code == "timestamp.gap" && (variable || i.Natural) && i.By < natural {
			continue
		}
		l, ok := s.params.levels(i.Code).reached(i.By)
		if !ok {
			continue
		}
		stood := s.stood(i.Calm)
		if i.Code == "timestamp.gap" && (variable || i.Natural || stood) {
			l.severity = jobs.Info
		}
		f := (&run{i.From, i.To}).finding(l)
		f.Code, f.Value = i.Code, jobs.Figure(i.By.Seconds())
		f.Message = i.message(s)
		if stood {
			f.Message += ": nothing moved meanwhile, and this recording leaves out what does not"
		}
		s.emit(f)
	}
	o.Twins.finding(s)
	o.untimed(s)
	if o.Unplaced > 0 {
		s.emit(jobs.Finding{
			Code: "timestamp.gap", Severity: jobs.Warn, Start: s.end().At(), End: s.end().At(), Confidence: 1,
			Message: fmt.Sprintf("%d %s have no usable timestamp", o.Unplaced, rowName(s.Kind)),
		})
	}
}

// untimed tells which segments have no timestamps.
func (o *order) untimed(s *stream) {
	for i := range o.Untimed {
		b := &o.Untimed[i]
		s.emit(jobs.Finding{
			Code: "timestamp.gap", Severity: jobs.Warn, Start: b.From.At(), End: b.To.At(), Confidence: 1,
			Message: fmt.Sprintf("%s in %s without any timestamp: placed where the media before it ends, or where the segment begins", b.Detail, b.name()),
		})
	}
}

// untimed has a transport segment without timestamps told by the first of its tracks that has none. Others, as packed audio, need not have any.
func (f *fold) untimed(u *placedUnit, m *measurement.Unit) {
	if m.Transport == nil {
		return
	}
	var first *stream
	var which []string
	for i := range u.Tracks {
		t := &u.Tracks[i]
		if !t.Untimed {
			continue
		}
		if first == nil {
			first = f.q.stream(t.Kind, t.Track)
		}
		if name := rowsOf(t.Kind); !slices.Contains(which, name) {
			which = append(which, name)
		}
	}
	if first != nil {
		first.Order.Untimed.add(u, 0, strings.Join(which, " and "))
	}
}

// rowsOf says of what a track consists.
func rowsOf(k measurement.Kind) string {
	if k == measurement.Video {
		return "pictures"
	}
	return "sound"
}

func rowName(k measurement.Kind) string {
	if k == measurement.Video {
		return "pictures"
	}
	return "stretches of sound"
}

func (i *irregularity) message(s *stream) string {
	length := fmt.Sprintf("%.3f s", i.By.Seconds())
	jumped := i.By != i.To-i.From
	tag := " without a discontinuity tag"
	if s.objectMode {
		tag = ""
	}
	switch {
	case jumped && i.Code == "timestamp.gap":
		return "the clock jumps ahead by " + length + tag
	case jumped:
		return "the clock jumps back by " + length + tag
	case i.Code == "timestamp.overlap":
		return "timestamps overlap those of the segment before by " + length
	case i.Code == "timestamp.backward":
		return "timestamps go back by " + length
	case s.Kind == measurement.Audio:
		return "no sound for " + length
	}
	frame := max(1, baseOf(&s.Format).micros(s.Video.Cadence.nominal(&s.Format, 0)))
	n := max(1, math.Round(float64(i.By)/float64(frame)))
	return fmt.Sprintf("no picture for %s, %.0f missing", length, n)
}

// seconds converts a parameter in seconds.
func seconds(v float64) jobs.Micros { return jobs.Micros(math.Round(v * 1e6)) }

func timestampThresholds() []Threshold {
	none := math.NaN()
	return []Threshold{
		{"timestamp.gap.info", 0, 0, day, "s", "A hole of this length in the timestamps is info."},
		{"timestamp.gap.warn", 0.2, 0, day, "s", "A hole of this length in the timestamps is a warning."},
		{"timestamp.gap.fail", 1, 0, day, "s", "A hole of this length in the timestamps is a failure."},
		{"timestamp.gap.variable", 1, 0, day, "s", "With a variable frame rate only holes from this length on are told, and as info: a picture may stand as long as it likes."},
		{"timestamp.overlap.info", 0, 0, day, "s", "Segments that overlap by this much are info."},
		{"timestamp.overlap.warn", 0.2, 0, day, "s", "Segments that overlap by this much are a warning."},
		{"timestamp.overlap.fail", none, 0, day, "s", "Segments that overlap by this much are a failure."},
		{"timestamp.backward.info", 0, 0, day, "s", "A clock that runs back by this much is info."},
		{"timestamp.backward.warn", 0.04, 0, day, "s", "A clock that runs back by this much is a warning."},
		{"timestamp.backward.fail", 1, 0, day, "s", "A clock that runs back by this much is a failure."},
	}
}
