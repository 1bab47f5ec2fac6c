package judge

import (
	"fmt"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// damageMerge joins damage that lies closer together: one disturbance, one finding.
	damageMerge jobs.Micros = 500e3
	// soundMerge is that of sound: MP3, AC-3 and AAC take some of a row of damaged packets for sound, and what is heard is one disturbance all the same.
	soundMerge jobs.Micros = 1e6
	// maxSettle is how long a decoder that starts in mid-stream is given to reach a picture that refers to nothing before it. Two seconds are a
	// GOP of delivery practice; with periodic intra refresh there is no keyframe at all.
	maxSettle jobs.Micros = 2e6
	// audioSettle covers the first packets of MP3 and AAC, which refer to what came before.
	audioSettle jobs.Micros = 100e3
	// logOnlyFrames is how many pictures decoder messages alone must name before they weigh more than info: decoders also complain about
	// streams that look right.
	logOnlyFrames = 3
	// blockSide is the side of the macroblock that a decoder counts concealment in.
	blockSide = 16
	// maxExample bounds a decoder's message in a finding.
	maxExample = 160
)

// damage finds runs of pictures or slots that the decoder could not make sense of (detectors.md 2.3).
type damage struct {
	Run *damageRun `json:",omitempty"`
	// Settling is true from a start in mid-stream until the first keyframe: what is broken there refers to what is not there.
	Settling bool
	Since    jobs.Micros
	// Heard is where the sound so far ends.
	Heard jobs.Micros
	// Tail is how many complaints came with the slot that ends there.
	Tail int32 `json:",omitempty"`
}

type damageRun struct {
	run
	Count int // pictures or slots
	// Hard counts what is more than a message in the log.
	Hard int
	// Concealed is the greatest share of one picture that was concealed, in per mille.
	Concealed int64
	Lost      jobs.Micros // time for which there is nothing at all
	Example   string
}

// frame looks at a picture.
func (d *damage) frame(s *stream, f *videoFrame) {
	if d.Settling && (f.Flags&measurement.FlagKey != 0 || f.Start-d.Since > maxSettle) {
		d.Settling = false
	}
	d.expire(s, f.Start)
	const hard = measurement.FlagCorrupt | measurement.FlagSendError
	broken := f.DecodeErrors != 0 || f.ConcealedMB > 0 || f.Flags&hard != 0
	if d.Settling || !broken && f.LogErrors == 0 {
		return
	}
	r := d.extend(f.Start, f.End)
	r.Count++
	if broken {
		r.Hard++
	}
	r.Concealed = max(r.Concealed, concealedShare(f))
	r.example(s)
}

// concealedShare is how much of a picture was concealed, in per mille.
func concealedShare(f *videoFrame) int64 {
	blocks := int64((f.Format.Width + blockSide - 1) / blockSide * ((f.Format.Height + blockSide - 1) / blockSide))
	if blocks <= 0 || f.ConcealedMB <= 0 {
		return 0
	}
	return min(1000, int64(f.ConcealedMB)*1000/blocks)
}

// slot looks at a slot of sound.
func (d *damage) slot(s *stream, a *audioSlot) {
	if d.Settling && a.Start-d.Since > audioSettle {
		d.Settling = false
	}
	d.expire(s, a.Start)
	from := a.Start
	if d.Heard > 0 && from-d.Heard <= audioSettle {
		from = d.Heard // what was refused would have sounded there
	}
	d.Heard, d.Tail = a.End, a.Errors
	if d.Settling || a.Errors == 0 {
		return
	}
	r := d.extend(from, a.End)
	r.Count++
	r.Hard++
	r.example(s)
}

// refusedSamples is the most that one complaint explains of a hole: two frames of MP3, of which a broken one takes the next along, which borrows bits from it. A
// frame of HE-AAC has 2048.
const refusedSamples = 2304

// refused tells whether complaints about packets explain a hole that a slot follows: those are told with the slot before or behind it.
func (d *damage) refused(from, to jobs.Micros, p *heldSlot) bool {
	n := int64(min(max(0, p.Errors), maxRefused))
	if d.Heard == from {
		n += int64(min(max(0, d.Tail), maxRefused))
	}
	return n > 0 && p.Format.SampleRate > 0 && to-from <= jobs.Micros(n*refusedSamples*1e6/int64(p.Format.SampleRate))
}

// maxRefused bounds the complaints of one slot that are believed: more packets than an hour has.
const maxRefused = 1 << 20

// lost books time that packets claim and for which nothing was decoded.
func (d *damage) lost(s *stream, from, to jobs.Micros) {
	d.expire(s, from)
	if d.Settling || to <= from {
		return
	}
	r := d.extend(from, to)
	r.Hard++
	r.Lost += to - from
	r.example(s)
}

func (d *damage) extend(from, to jobs.Micros) *damageRun {
	if d.Run == nil {
		d.Run = &damageRun{run: run{from, to}}
	}
	d.Run.From, d.Run.To = min(d.Run.From, from), max(d.Run.To, to)
	return d.Run
}

// example keeps what the decoder said first. The units of an object's sound are shared by windows, and what they say depends on the cut.
func (r *damageRun) example(s *stream) {
	if r.Example == "" && s.Unit != nil && (!s.objectMode || s.Kind == measurement.Video) {
		r.Example = words(s.Unit.Example)
	}
}

func shorten(s string) string {
	if r := []rune(s); len(r) > maxExample {
		return string(r[:maxExample]) + "…"
	}
	return s
}

// expire ends a run that nothing joins any more.
func (d *damage) expire(s *stream, at jobs.Micros) {
	merge := damageMerge
	if s.Kind == measurement.Audio {
		merge = soundMerge
	}
	if d.Run != nil && at-d.Run.To > merge {
		d.end(s)
	}
}

func (s *stream) finishDamage() { s.damage().end(s) }

func (d *damage) end(s *stream) {
	r := d.Run
	d.Run = nil
	if r == nil {
		return
	}
	code := string(s.Kind) + ".decode_error"
	l, ok := r.level(s.params, code)
	if !ok {
		return
	}
	f := r.finding(l)
	f.Code = code
	f.Message = r.message(s.Kind)
	if r.Hard == 0 {
		f.Confidence = 0.5 // a message alone: the picture may look right
	}
	s.emit(f)
}

// level is the worst severity that the run's length reaches, one worse when much of a picture was concealed, and no more than info when there are
// but a few messages.
func (r *damageRun) level(p *params, code string) (level, bool) {
	all := p.levels(code)
	l, ok := all.reached(r.length())
	if !ok {
		return l, false
	}
	if r.Hard == 0 && r.Count < logOnlyFrames {
		return all.mild().reached(r.length())
	}
	if float64(r.Concealed) >= 10*p.or(code+".concealed", 5) && r.Concealed > 0 {
		return worse(all, l), true
	}
	return l, true
}

// worse is the next worse level, if there is one.
func worse(all levels, l level) level {
	for i, v := range all {
		if v == l && i > 0 {
			return all[i-1]
		}
	}
	return l
}

func (r *damageRun) message(k measurement.Kind) string {
	what, one := "pictures", "picture"
	if k == measurement.Audio {
		what, one = "slots of 10 ms", "slot of 10 ms"
	}
	var m string
	switch {
	case r.Count == 1:
		m = "the decoder complains about 1 " + one
	case r.Count > 1:
		m = fmt.Sprintf("the decoder complains about %d %s", r.Count, what)
	default:
		m = "packets could not be decoded"
	}
	if r.Concealed > 0 {
		m += fmt.Sprintf(", up to %.1f %% of a picture concealed", float64(r.Concealed)/10)
	}
	if r.Lost > 0 && r.Count > 0 {
		m += fmt.Sprintf(", nothing at all for %.2f s", r.Lost.Seconds())
	}
	if r.Example != "" {
		m += ": " + r.Example
	}
	return m
}

// damageThresholds are those of decode errors of one kind of track.
func damageThresholds(kind, what string) []Threshold {
	name := kind + ".decode_error."
	list := []Threshold{
		{name + "info", 0, 0, day, "s", what + " of this length is info."},
		{name + "warn", 0.2, 0, day, "s", what + " of this length is a warning."},
		{name + "fail", 1, 0, day, "s", what + " of this length is a failure."},
	}
	if kind == "video" {
		list = append(list, Threshold{name + "concealed", 5, 0, 100, "%", "Damage that conceals this share of a picture is one severity worse than its length says."})
	}
	return list
}
