package judge

import (
	"aircheck/jobs"
)

const (
	// excessJoin is how near two excesses are told as one: a person hears one loud passage, not its syllables.
	excessJoin jobs.Micros = 1e6
	// maxExcess bounds the findings of one kind about one rendition; from the last one on everything is told as one.
	maxExcess = 100
)

// excess collects the stretches in which a level was above its limit.
type excess struct {
	Run   *run
	Worst float64
	Count int // stretches told so far
}

// add notes that the level was above the limit in [from, to). When the excess is a new stretch, the old one is told to emit.
func (e *excess) add(from, to jobs.Micros, value float64, emit func(r *run, worst float64)) {
	if e.Run != nil && (from <= e.Run.To+excessJoin || e.Count >= maxExcess-1) {
		e.Run.To = max(e.Run.To, to)
		e.Worst = max(e.Worst, value)
		return
	}
	e.flush(emit)
	e.Run = &run{from, to}
	e.Worst = value
}

// flush tells the stretch that is open.
func (e *excess) flush(emit func(r *run, worst float64)) {
	if e.Run == nil {
		return
	}
	emit(e.Run, e.Worst)
	e.Run = nil
	e.Count++
}
