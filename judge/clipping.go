package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// What tells clipping from what looks like it.
const (
	// clipLeast is how many samples in a row stand at full scale before they are called clipped: one or two do by chance.
	clipLeast = 3
	// flatLeast is how long a flat top below full scale has to be: FlatRun counts one less than its samples.
	flatLeast = 4
	// flatBend is how many times longer a flat top must be than the crest of a sine of the sound's own frequency, which is flat too when it is low.
	flatBend = 3
	// flatStep is the step that the measurement calls flat.
	flatStep = 1.0 / 8192
	// flatCorner is the least third difference at the corners of a flat top.
	flatCorner = 8 * flatStep
	// flatCeiling is how near to the greatest peak of the last second tops must be: clipping has one ceiling.
	flatCeiling = 0.98
	// squareCrest is the mean square, as a share of the peak's square, from which a wave is square and was meant to be.
	squareCrest = 0.97
	// lossyFactor is by how much more a lossy codec must clip: it adds overshoot to what was limited cleanly.
	lossyFactor = 4
	// clipJoin is how near two clipped places are told as one.
	clipJoin jobs.Micros = 1e6
)

// clipping finds samples that stand at full scale or at a flat top below it.
type clipping struct {
	Run *run
	// Dense is how much of the run is clipped densely: over a second, at least the share of the profile.
	Dense jobs.Micros
	// Clipped and Samples count those of the worst channel while the run was dense, Longest its longest flat or clipped run.
	Clipped, Samples int64
	Longest          int32
	Ceiling          float32
	Flat             bool
	// Last is the last second by slot: clipped samples and greatest peaks of the worst channel.
	Last  [measurement.SlotsPerSecond]int32
	Sum   int64
	Peaks [measurement.SlotsPerSecond / clipPeakSlots]float32
	Count int64

	// greatest is that of Peaks, which is not looked through with every slot; known once it was worked out.
	greatest float32
	known    bool

	share, heavy float64
	levels       levels
	emit         emitter
}

// clipPeakSlots is how many slots share one entry of the greatest peaks.
const clipPeakSlots = 10

func newClipping(p *params, emit emitter) audioDetector {
	return &clipping{share: p.or("audio.clipping.share", 0.1) / 100, heavy: p.or("audio.clipping.heavy", 1) / 100, levels: p.levels("audio.clipping"), emit: emit}
}

func (d *clipping) slot(s *audioSlot) {
	ceiling := d.ceiling(s)
	var clipped, longest int32
	var level float32
	flat := false
	for i := range s.Ch {
		c := &s.Ch[i]
		n, long, isFlat := clippedSamples(c, s.Samples, ceiling)
		if n > clipped {
			clipped, longest, level, flat = n, long, c.Peak, isFlat
		}
	}
	at := d.Count % measurement.SlotsPerSecond
	d.Sum += int64(clipped - d.Last[at])
	d.Last[at] = clipped
	d.Count++
	if clipped == 0 {
		if d.Run != nil && s.End-d.Run.To > clipJoin {
			d.end()
		}
		return
	}
	d.extend(s, clipped, longest, level, flat)
}

// ceiling is the greatest peak of the last second.
func (d *clipping) ceiling(s *audioSlot) float32 {
	var peak float32
	for i := range s.Ch {
		peak = max(peak, s.Ch[i].Peak)
	}
	at := int(d.Count/clipPeakSlots) % len(d.Peaks)
	if d.Count%clipPeakSlots == 0 || !d.known {
		if d.Count%clipPeakSlots == 0 {
			d.Peaks[at] = 0
		}
		d.known, d.greatest = true, slices.Max(d.Peaks[:])
	}
	d.Peaks[at] = max(d.Peaks[at], peak)
	d.greatest = max(d.greatest, peak)
	return d.greatest
}

// clippedSamples counts the samples of a channel that are clipped, at full scale or below.
func clippedSamples(c *measurement.Channel, samples int32, ceiling float32) (clipped, longest int32, flat bool) {
	if c.ClipRun < clipLeast && c.FlatRun < flatLeast {
		return 0, 0, false
	}
	if c.Sq >= squareCrest*float64(c.Peak)*float64(c.Peak)*float64(samples) || c.FlatTops*2 < c.Flats {
		return 0, 0, false
	}
	if c.ClipRun >= clipLeast && c.Clipped >= clipLeast {
		return c.Clipped, c.ClipRun, false
	}
	if c.FlatRun < flatLeast || c.FlatTops < flatLeast || c.Peak < flatCeiling*ceiling || c.ResPeak < flatCorner || float64(c.FlatRun) < flatBend*crestLength(c) {
		return 0, 0, false
	}
	return c.FlatTops, c.FlatRun + 1, true
}

// crestLength is for how many samples the crest of a sine of the sound's frequency and peak is flat.
func crestLength(c *measurement.Channel) float64 {
	cosine := (c.Sq + c.R2) / (2 * c.R1)
	if c.R1 <= 0 || cosine <= 0 {
		return 1
	}
	if cosine >= 1 && c.Sq > 0 {
		cosine = c.R1 / c.Sq // much above a quarter of the rate makes the one above no cosine at all; this is that of the mean frequency
	}
	bend := 2 * (1 - min(cosine, 1)) * float64(c.Peak) // the square of the frequency in radians a sample, times the peak
	if bend <= 0 {
		return math.Inf(1)
	}
	return 1 + 2*flatStep/bend
}

func (d *clipping) extend(s *audioSlot, clipped, longest int32, level float32, flat bool) {
	if d.Run == nil {
		d.Run = &run{From: s.Start}
		d.Dense, d.Clipped, d.Samples, d.Longest, d.Ceiling, d.Flat = 0, 0, 0, 0, 0, flat
	}
	d.Longest, d.Ceiling = max(d.Longest, longest), max(d.Ceiling, level)
	d.Flat = d.Flat && flat
	share := d.share
	if lossy(s.Format.Codec) && !flat {
		share *= lossyFactor
	}
	if float64(d.Sum) >= share*float64(s.Format.SampleRate) {
		d.Dense += s.End - max(s.Start, d.Run.To)
		d.Clipped += int64(clipped)
		d.Samples += int64(s.Samples)
	}
	d.Run.To = s.End
}

// lossy tells whether a codec gives back other samples than were put in; those that do not are few.
func lossy(codec string) bool {
	for _, prefix := range []string{"pcm_", "flac", "alac", "wavpack", "tta", "truehd", "mlp", "shorten", "ape"} {
		if strings.HasPrefix(codec, prefix) {
			return false
		}
	}
	return true
}

func (d *clipping) gap(_, _ jobs.Micros) {
	d.end()
	d.Last, d.Peaks, d.Sum, d.Count = [measurement.SlotsPerSecond]int32{}, [len(d.Peaks)]float32{}, 0, 0
}

func (d *clipping) finish(jobs.Micros) { d.end() }

// end closes the run. Only heavy clipping fails: a loud master touches full scale all the time.
func (d *clipping) end() {
	r := d.Run
	d.Run = nil
	if r == nil {
		return
	}
	share := 0.0
	if d.Samples > 0 {
		share = float64(d.Clipped) / float64(d.Samples)
	}
	l, ok := d.levels.reached(max(d.Dense, 1))
	if !ok {
		return
	}
	if l.severity == jobs.Fail && share < d.heavy {
		l.severity = jobs.Warn
	}
	f := r.finding(l)
	f.Code = "audio.clipping"
	f.Value = jobs.Figure(d.Dense.Seconds())
	f.Confidence = 1
	where := "at full scale"
	if d.Flat {
		f.Confidence, where = 0.8, fmt.Sprintf("flat at %.1f dBFS", decibels(float64(d.Ceiling)))
	}
	f.Message = fmt.Sprintf("samples stand %s, up to %d in a row; densely for %.2f s, in which %.2f %% are clipped", where, d.Longest, d.Dense.Seconds(), 100*share)
	if d.Dense == 0 {
		f.Message = fmt.Sprintf("samples stand %s now and then, up to %d in a row", where, d.Longest)
	}
	d.emit(f)
}

func clippingThresholds() []Threshold {
	return []Threshold{
		{"audio.clipping.info", 0, 0, day, "s", "Sound that is clipped densely for this long is info; 0 tells every clipped place."},
		{"audio.clipping.warn", 0.5, 0, day, "s", "Sound that is clipped densely for this long is a warning."},
		{"audio.clipping.fail", 3, 0, day, "s", "Sound that is clipped densely and heavily for this long is a failure."},
		{"audio.clipping.share", 0.1, 0, 100, "%", "Sound is clipped densely when at least this share of a second's samples is; of a lossy codec, four times as much."},
		{"audio.clipping.heavy", 1, 0, 100, "%", "Clipping is heavy when at least this share of the samples is clipped while it is dense."},
	}
}
