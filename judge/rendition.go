package judge

import (
	"fmt"
	"math"
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// rendition is a stream with its name in the report.
type rendition struct {
	jobs.Rendition
	q     *sequence
	s     *stream
	shift []shift
}

// tracks names the tracks of what is examined, or those of the reference: v0, v1 … and a0, a1 … in the order of sequences, then of tracks; video first.
func (j *Judge) tracks(reference bool) []rendition {
	var list []rendition
	for _, kind := range []measurement.Kind{measurement.Video, measurement.Audio} {
		n := 0
		for _, q := range j.sequences {
			if q.isReference() != reference {
				continue
			}
			for _, s := range q.Streams {
				if s.Kind != kind {
					continue
				}
				t := rendition{q: q, s: s, shift: j.shifts(q)}
				t.describe(fmt.Sprintf("%s%d", string(kind[0]), n), j.several())
				if q.rendition == "" {
					q.rendition = t.ID
				}
				list = append(list, t)
				n++
			}
		}
	}
	return list
}

// several tells whether more than one sequence is examined.
func (j *Judge) several() bool {
	n := 0
	for _, q := range j.sequences {
		if !q.isReference() {
			n++
		}
	}
	return n > 1
}

func (t *rendition) describe(id string, several bool) {
	f := &t.s.First
	t.Rendition = jobs.Rendition{
		ID: id, Kind: string(t.s.Kind), Codec: f.Codec, Width: f.Width, Height: f.Height, PixFmt: f.PixFmt, SampleRate: f.SampleRate,
		Channels: f.Channels, Layout: f.Layout, Language: f.Language, Sequence: t.q.ID,
	}
	if several {
		t.Name = t.q.def.Name // the name of a single playlist or file is only what somebody called it
	}
	if t.Language == "und" { // ISO 639-2 for "nobody knows"
		t.Language = ""
	}
	if v := t.q.def.Variant; v != nil && t.Language == "" {
		t.Language = v.Language
	}
	if t.s.Kind == measurement.Video {
		t.Frames = t.s.Frames + t.s.Undecoded
		t.FrameRate = t.s.frameRate()
	}
	t.Duration = shifted(t.shift, t.s.duration).At()
}

// frameRate is the rate as a fraction: what the distances of the frames say where that is a rate that people use, else what the container declares, which
// is often the number of frames by the duration.
func (s *stream) frameRate() string {
	measured := s.Video.Cadence.rate(baseOf(&s.First))
	num, den, common := commonRate(measured)
	if !common && rateTicks(&s.First) > 0 {
		num, den = s.First.RateNum, s.First.RateDen
	} else if measured == 0 {
		return ""
	}
	g := gcd(num, den)
	return fmt.Sprintf("%d/%d", num/g, den/g)
}

// rateSlack is how far a measured rate may lie from a whole number, or from one of NTSC's, and be meant: 30 and 30000/1001 lie 0.1 % apart.
const rateSlack = 0.0004

// commonRate names a rate. One that is not in common use is told to a thousandth.
func commonRate(rate float64) (num, den int64, common bool) {
	whole, ntsc := math.Round(rate), math.Round(rate*1.001)
	switch {
	case whole > 0 && math.Abs(rate/whole-1) <= rateSlack:
		return int64(whole), 1, true
	case ntsc > 0 && math.Abs(rate*1.001/ntsc-1) <= rateSlack:
		return int64(ntsc) * 1000, 1001, true
	}
	return int64(math.Round(rate * 1000)), 1000, false
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return max(1, a)
}

// result adds the rendition's part to the result.
func (t *rendition) result(r *jobs.Result, fast bool) {
	r.Renditions = append(r.Renditions, t.Rendition)
	r.Duration = max(r.Duration, t.Duration)
	for _, f := range t.s.Findings {
		f.Rendition = t.ID
		f.Start = shifted(t.shift, f.Start.Micros()).At()
		f.End = max(f.Start, shifted(t.shift, f.End.Micros()).At())
		r.Findings = append(r.Findings, f)
	}
	intervals := t.s.Ledger.tile(t.Duration.Micros())
	for _, code := range covered(t.s.Kind, t.s.params) {
		covered := intervals
		if fast {
			covered = t.shallows().depths(intervals, code)
		}
		r.Coverage = append(r.Coverage, jobs.Coverage{Rendition: t.ID, Detector: code, Intervals: doubted(covered, t.s.doubt(code))})
	}
	for _, d := range t.s.detectors() {
		if d, ok := d.(summarizer); ok {
			d.summarize(t.ID, &r.Summary)
		}
	}
}

// shallows are those of the stream on the timeline of the rendition.
func (t *rendition) shallows() shallows {
	list := make(shallows, 0, len(t.s.Shallow))
	for _, r := range t.s.Shallow {
		list.add(shifted(t.shift, r.From), shifted(t.shift, r.To))
	}
	return list
}

// doubt says why a code could not be examined, as the detector that reports it sees it; empty when it was.
func (s *stream) doubt(code string) string {
	codes := reported(s.Kind)
	all := s.detectors()
	if len(all) < len(codes) {
		return "" // a reference, which nothing examines
	}
	own := all[len(all)-len(codes):] // before them stands what signs a stream that is compared
	for i, d := range own {
		if d, ok := d.(doubter); ok && slices.Contains(codes[i], code) {
			return d.unmeasured(code)
		}
	}
	return ""
}

// doubted is the coverage of a detector that could not make anything of what was analysed.
func doubted(intervals []jobs.Interval, reason string) []jobs.Interval {
	if reason == "" {
		return intervals
	}
	list := slices.Clone(intervals)
	for i := range list {
		if list[i].State == jobs.Analysed {
			list[i].State, list[i].Reason = jobs.Skipped, reason
		}
	}
	return list
}
