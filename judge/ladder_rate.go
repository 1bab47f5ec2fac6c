package judge

import (
	"fmt"

	"aircheck/jobs"
)

// rates are the measured bit rates of a sequence in bit/s; 0 when nothing was measured.
type rates struct {
	Peak, Mean float64
	// PeakFrom and PeakTo are the times of the peak.
	PeakFrom, PeakTo jobs.Micros
}

// maxSet bounds how many segments a peak is looked for in: a target duration has no more than a few, and segments without a length must not cost the square of their number.
const maxSet = 256

// ratesOf measures a sequence: the peak is that of RFC 8216 section 4.3.4.2.
func (q *sequence) ratesOf() rates {
	var r rates
	m, segments := &q.Marks, q.def.Segments
	target := q.targetDuration()
	var bytes int64
	var length jobs.Micros
	for i, index := range m.Index {
		if m.Size[i] == 0 {
			continue
		}
		bytes += m.Size[i]
		length += max(0, segments[index].Duration)
		var set int64
		var span jobs.Micros
		for k := i; k < len(m.Index) && k < i+maxSet && m.Size[k] > 0 && m.Index[k] == index+k-i; k++ {
			set += m.Size[k]
			span += max(0, segments[m.Index[k]].Duration)
			if 2*span > 3*target {
				break
			}
			if v := bitRate(set, span); 2*span >= target && v > r.Peak {
				r.Peak, r.PeakFrom, r.PeakTo = v, segments[index].Start, segments[index].Start+span
			}
		}
	}
	r.Mean = bitRate(bytes, length)
	return r
}

// targetDuration is EXT-X-TARGETDURATION, else what it should be: the longest segment.
func (q *sequence) targetDuration() jobs.Micros {
	target := q.def.Target
	if target > 0 {
		return target
	}
	for i := range q.def.Segments {
		target = max(target, q.def.Segments[i].Duration)
	}
	return target
}

// bitRate is in bit/s.
func bitRate(bytes int64, length jobs.Micros) float64 {
	if length <= 0 {
		return 0
	}
	return float64(bytes) * 8e6 / float64(length)
}

// rateFindings compares what variants declare with what they have.
func (j *Judge) rateFindings() []jobs.Finding {
	var found []jobs.Finding
	audio := j.audioGroups()
	for _, q := range j.sequences {
		v := q.def.Variant
		if v == nil || v.Bandwidth <= 0 || q.isReference() || len(q.Marks.Index) == 0 {
			continue
		}
		f, ok := jobs.Finding{}, false
		if j.check.Timeline.Kind == jobs.SourceHLS {
			f, ok = q.bandwidth(audio[v.AudioGroup])
		} else if v.MinBuffer > 0 {
			f, ok = q.buffer()
		}
		if ok {
			f.Rendition, f.Severity, f.Confidence = q.rendition, jobs.Warn, 1
			found = append(found, f)
		}
	}
	return found
}

// audioGroups measures the heaviest rendition of each audio group.
func (j *Judge) audioGroups() map[string]rates {
	groups := map[string]rates{}
	for _, q := range j.sequences {
		v := q.def.Variant
		if v == nil || v.Bandwidth > 0 || v.AudioGroup == "" || q.isReference() {
			continue
		}
		r, g := q.ratesOf(), groups[v.AudioGroup]
		groups[v.AudioGroup] = rates{Peak: max(r.Peak, g.Peak), Mean: max(r.Mean, g.Mean)}
	}
	return groups
}

// bandwidth judges the declared rates of an HLS variant that is played with a sound.
func (q *sequence) bandwidth(sound rates) (jobs.Finding, bool) {
	v, r := q.def.Variant, q.ratesOf()
	if v.AudioGroup == "" {
		sound = rates{}
	}
	peak, mean := r.Peak+sound.Peak, r.Mean+sound.Mean
	f := jobs.Finding{Code: "ladder.bandwidth", Unit: "%", Start: r.PeakFrom.At(), End: r.PeakTo.At()}
	worst := excessOf(peak, v.Bandwidth)
	f.Message = fmt.Sprintf("peak of %s where BANDWIDTH declares %s", kilobits(peak), kilobits(float64(v.Bandwidth)))
	if v.AverageBandwidth > 0 {
		e := excessOf(mean, v.AverageBandwidth)
		text := fmt.Sprintf("mean of %s where AVERAGE-BANDWIDTH declares %s", kilobits(mean), kilobits(float64(v.AverageBandwidth)))
		switch {
		case e > 0 && worst > 0:
			f.Message += ", " + text
		case e > 0:
			f.Message, f.Start, f.End = text, 0, q.total().At()
		}
		worst = max(worst, e)
	}
	f.Value = jobs.Figure(worst)
	return f, worst > 0
}

// excessOf is by how many per cent a rate is above what is declared.
func excessOf(rate float64, declared int64) float64 {
	return max(0, 100*(rate/float64(declared)-1))
}

func kilobits(rate float64) string { return fmt.Sprintf("%.0f kbit/s", rate/1000) }

// buffer judges the bandwidth of a representation with the leaky bucket of ISO/IEC 23009-1: delivered at that rate from any segment on, a segment must have come by the end of its
// time, when playback begins MinBuffer after the first byte. What one begins with decides, so it is the greatest sum of neighbours of what each needs beyond its time.
func (q *sequence) buffer() (jobs.Finding, bool) {
	v, m := q.def.Variant, &q.Marks
	var need, worst float64 // seconds
	var from, start, end jobs.Micros
	for i, index := range m.Index {
		s := &q.def.Segments[index]
		if need <= 0 || i > 0 && m.Index[i-1] != index-1 || m.Size[i] == 0 {
			need, from = 0, s.Start
		}
		need += float64(m.Size[i])*8/float64(v.Bandwidth) - max(0, s.Duration).Seconds()
		if need > worst {
			worst, start, end = need, from, s.Start+s.Duration
		}
	}
	late := worst - v.MinBuffer.Seconds()
	return jobs.Finding{
		Code: "ladder.buffer", Unit: "s", Start: start.At(), End: end.At(), Value: jobs.Figure(max(0, late)),
		Message: fmt.Sprintf("at the declared %s a player would have to wait %.3f s longer than minBufferTime (%s)", kilobits(float64(v.Bandwidth)), late, secondsOf(v.MinBuffer)),
	}, late > 0
}

const (
	// moreBandwidth is from how much on one rendition has more bandwidth than another; below they are the same, as copies on another server are.
	moreBandwidth = 1.05
	// sameRate is how far the rates of two renditions may lie apart and be the same.
	sameRate = 0.05
)

// qualityOrder tells renditions that cost more than another one and show less.
func qualityOrder(rungs []rung) []jobs.Finding {
	var found []jobs.Finding
	for i := range rungs {
		r := &rungs[i]
		for k := range rungs {
			o := &rungs[k]
			if !r.comparable(o) || float64(r.q.def.Variant.Bandwidth) < moreBandwidth*float64(o.q.def.Variant.Bandwidth) || r.pixels() >= o.pixels() {
				continue
			}
			found = append(found, jobs.Finding{
				Code: "ladder.quality_order", Severity: jobs.Warn, Rendition: r.t.ID, End: r.t.Duration, Confidence: 1,
				Message: fmt.Sprintf("%dx%d at %s, while %s has %dx%d at %s", r.t.Width, r.t.Height, kilobits(float64(r.q.def.Variant.Bandwidth)), o.t.ID, o.t.Width, o.t.Height, kilobits(float64(o.q.def.Variant.Bandwidth))),
			})
			break
		}
	}
	return found
}

func (r *rung) pixels() int64 { return int64(r.t.Width) * int64(r.t.Height) }

// comparable tells whether more bandwidth should mean more pixels between two renditions.
func (r *rung) comparable(o *rung) bool {
	a, b := float64(r.frame), float64(o.frame)
	return r.t.Codec == o.t.Codec && r.t.s.First.Transfer == o.t.s.First.Transfer && r.q.def.Variant.AudioGroup == o.q.def.Variant.AudioGroup &&
		a <= b*(1+sameRate) && b <= a*(1+sameRate)
}
