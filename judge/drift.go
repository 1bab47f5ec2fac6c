package judge

import (
	"fmt"

	"aircheck/jobs"
)

// drift tells a sound that runs away: its timestamps from its samples, or its beeps from the flashes of the picture.
func (d *duet) drift(r *jobs.Result) {
	if !d.p.examines(codeDrift) {
		return
	}
	p := d.sound.s.Audio.Pace
	p.close()
	seen := d.listen()
	reason := ""
	if p.Longest < paceLeast && len(seen.Runs) == 0 {
		reason = "not measurable: too short for a drift"
	}
	d.coverage(r, codeDrift, reason, nil)
	if w := p.Worst; w != nil {
		d.clockDrift(r, w)
	}
	d.eventDrift(r, seen)
}

// clockDrift tells that timestamps and samples run at different rates. Players differ in which of the two they follow: nobody need be woken.
func (d *duet) clockDrift(r *jobs.Result, w *drifted) {
	rate := d.p.or("sync.drift.rate", 100)
	l, ok := d.p.levels(codeDrift).reached(abs(w.By))
	if ppm := w.ppm(); !ok || ppm < rate && ppm > -rate {
		return
	}
	if l.severity == jobs.Fail {
		l.severity = jobs.Warn
	}
	f := (&run{d.sound.time(w.From), d.sound.time(w.To)}).finding(l)
	f.Code, f.Value, f.Confidence = codeDrift, jobs.Figure(w.By.Seconds()), 0.8
	f.Message = fmt.Sprintf("the timestamps of the sound run %.0f ppm %s than its samples: %.3f s apart after %.0f s",
		max(w.ppm(), -w.ppm()), either(w.By > 0, "faster", "slower"), abs(w.By).Seconds(), (w.To - w.From).Seconds())
	d.find(r, f)
}

func either(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// eventDrift tells that the lag between flashes and beeps changes, evenly or at once.
func (d *duet) eventDrift(r *jobs.Result, seen evidence) {
	lo, hi, ok := seen.extremes()
	if !ok {
		return
	}
	l, ok := d.p.levels(codeDrift).reached(abs(hi.Lag - lo.Lag))
	if !ok || abs(hi.Lag-lo.Lag) < seen.Tolerance {
		return
	}
	from, to := lo, hi
	if from.At > to.At {
		from, to = to, from
	}
	f := (&run{from.At, to.At}).finding(l)
	f.Code, f.Value, f.Confidence = codeDrift, jobs.Figure((to.Lag - from.Lag).Seconds()), seen.confidence()
	f.Message = fmt.Sprintf("the lag of the beeps behind the flashes changes from %+.3f s to %+.3f s", from.Lag.Seconds(), to.Lag.Seconds())
	d.find(r, f)
}
