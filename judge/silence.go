package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// silenceLevel is the peak below which a channel is silent, in dBFS: above the dither of 16 bits (-93), below any room's noise. It is the level
// of the measurement's LoudFirst and LoudLast, so that runs at this level are exact to the sample.
const silenceLevel = -60.0

// silence finds runs in which every channel but LFE stays below a peak level (FFmpeg's silencedetect without mono; EBU QC 0078B).
type silence struct {
	Run *run
	// Sounding is true once a sample of the run was not exactly 0.
	Sounding bool

	level  float32 // full scale
	db     float64 // the same in dBFS
	levels levels
	emit   emitter
}

func newSilence(p *params, emit emitter) audioDetector {
	db := p.or("audio.silence.level", silenceLevel)
	return &silence{level: float32(math.Pow(10, db/20)), db: db, levels: p.levels("audio.silence"), emit: emit}
}

func (d *silence) slot(s *audioSlot) {
	if s.Samples <= 0 || len(s.Ch) == 0 {
		d.end(s.Start)
		return
	}
	first, last := d.loud(s)
	if first < 0 {
		d.extend(s.Start, s)
		return
	}
	at := sampleTime(s, first)
	if d.Run != nil {
		d.Run.To = at
	}
	d.end(at)
	if after := sampleTime(s, last+1); after < s.End {
		d.extend(after, s)
	}
}

// loud returns the first and the last sample of the slot that is not silent, or -1. Other levels than -60 dBFS are known to the slot only.
func (d *silence) loud(s *audioSlot) (first, last int32) {
	first, last = -1, -1
	exact := d.db == silenceLevel
	for i := range s.Ch {
		c := &s.Ch[i]
		from, to := s.Offset, s.Offset+s.Samples-1
		if exact {
			from, to = c.LoudFirst, c.LoudLast
		} else if c.Peak < d.level {
			continue
		}
		if from < 0 || isLFE(s.Format, i) {
			continue
		}
		if first < 0 || from < first {
			first = from
		}
		last = max(last, to)
	}
	return first, last
}

// extend lets the run reach the end of the slot; a new run starts at from.
func (d *silence) extend(from jobs.Micros, s *audioSlot) {
	if d.Run == nil {
		d.Run = &run{From: from}
		d.Sounding = false
	}
	d.Run.To = s.End
	for i := range s.Ch {
		d.Sounding = d.Sounding || s.Ch[i].Zeros < s.Samples && !isLFE(s.Format, i)
	}
}

func (d *silence) gap(from, _ jobs.Micros) { d.end(from) }

func (d *silence) finish(at jobs.Micros) { d.end(at) }

// end closes the run, at the latest at the time given.
func (d *silence) end(at jobs.Micros) {
	r := d.Run
	d.Run = nil
	if r == nil {
		return
	}
	r.To = min(r.To, at)
	l, ok := d.levels.reached(r.length())
	if !ok {
		return
	}
	f := r.finding(l)
	f.Code = "audio.silence"
	f.Message = fmt.Sprintf("all channels stay below %g dBFS for %.2f s", d.db, r.length().Seconds())
	if !d.Sounding {
		f.Message = fmt.Sprintf("digital silence on all channels for %.2f s", r.length().Seconds())
	}
	d.emit(f)
}

// sampleTime is where sample i of a slot, counted from the slot's start on the grid, stands on the timeline. It is counted back from the slot's
// end, because what overlaps the slots before was taken off its start.
func sampleTime(s *audioSlot, i int32) jobs.Micros {
	rate := int64(s.Format.SampleRate)
	if rate <= 0 {
		return s.Start
	}
	whole := (rate + measurement.SlotsPerSecond - 1) / measurement.SlotsPerSecond
	left := min(int64(s.Offset)+int64(s.Samples), whole) - int64(i)
	return max(s.Start, min(s.End-jobs.Micros((left*1e6+rate/2)/rate), s.End))
}

func silenceThresholds() []Threshold {
	return []Threshold{
		{"audio.silence.info", 1, 0, day, "s", "Silence for this long is info."},
		{"audio.silence.warn", 2.5, 0, day, "s", "Silence for this long is a warning."},
		{"audio.silence.fail", 4, 0, day, "s", "Silence for this long is a failure."},
		{"audio.silence.level", -60, -120, -20, "dBFS", "A channel whose samples stay below this peak is silent."},
	}
}
