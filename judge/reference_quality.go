package judge

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"aircheck/jobs"
)

const (
	// worstSpan is the length of what is listed as worst, maxWorst how many of them are.
	worstSpan jobs.Micros = 1e6
	maxWorst  int         = 10
)

// quality is what the pictures of a rendition differ by. Sums run over the pictures in their order, so every cut of the work gives the same.
type quality struct {
	frames, identical int64
	// mse are the sums over the pictures of the mean squared errors of Y, Cb, Cr and all samples, relative to the square of the greatest code value.
	mse [4]float64
	// log adds up the PSNR of the luma of each picture that is not identical.
	log         float64
	ssimY, ssim float64
	planes      int
	scaled      string
	moments     []momentSum
	missed      int // pairs without a row: nobody compared them, or a decoder that had given the pictures before did not
	holes       []jobs.Interval
}

// momentSum is one second.
type momentSum struct {
	at        jobs.Micros
	mse, ssim float64
	frames    int64
}

// quality adds up what came of the comparisons.
func (v *videoMatch) quality() *quality {
	q := &quality{}
	next := 0 // the picture after the last one of a pair
	for n := range v.work {
		w, got := &v.work[n], v.got[n]
		if got == nil {
			got = &jobs.Compared{}
		}
		row := 0
		for k := range w.Pairs {
			for v.a.Match[next] < 0 {
				next++
			}
			at := next
			next++
			if row < len(got.Rows) && got.Rows[row].Pair == k {
				q.add(&got.Rows[row], &got.Formats[got.Rows[row].Format], v.a.pic.Start[at])
				row++
				continue
			}
			q.missed++
			q.hole(v.a.pic.Start[at], v.a.pic.end(at))
		}
	}
	return q
}

func (q *quality) hole(from, to jobs.Micros) {
	if n := len(q.holes); n > 0 && q.holes[n-1].End == from.At() {
		q.holes[n-1].End = to.At()
		return
	}
	q.holes = append(q.holes, jobs.Interval{Start: from.At(), End: to.At()})
}

// add takes one pair. The planes are weighted by their samples, as FFmpeg's psnr and ssim do.
func (q *quality) add(r *jobs.ComparedRow, f *jobs.ComparedFormat, at jobs.Micros) {
	luma, chroma := float64(f.Width)*float64(f.Height), float64(f.ChromaWidth)*float64(f.ChromaHeight)
	peak := float64(int64(1)<<f.Depth - 1)
	area := [3]float64{luma, chroma, chroma}
	var mse [3]float64
	var all, ssim float64
	for i := range area {
		if area[i] > 0 {
			mse[i] = float64(r.SSE[i]) / area[i] / (peak * peak)
		}
		weight := area[i] / (luma + 2*chroma)
		all += mse[i] * weight
		ssim += float64(r.SSIM[i]) / jobs.SSIMUnit * weight
	}
	q.frames++
	if r.SSE == [3]int64{} {
		q.identical++
	}
	for i, m := range []float64{mse[0], mse[1], mse[2], all} {
		q.mse[i] += m
	}
	if mse[0] > 0 {
		q.log += decibelsOf(mse[0])
	}
	q.ssimY += float64(r.SSIM[0]) / jobs.SSIMUnit
	q.ssim += ssim
	q.planes = max(q.planes, 1)
	if chroma > 0 {
		q.planes = 3
	}
	if q.scaled == "" {
		q.scaled = f.Scaled
	}
	start := at / worstSpan * worstSpan
	if n := len(q.moments); n == 0 || q.moments[n-1].at != start {
		q.moments = append(q.moments, momentSum{at: start})
	}
	m := &q.moments[len(q.moments)-1]
	m.mse += mse[0]
	m.ssim += ssim
	m.frames++
}

// decibelsOf is the PSNR of a relative mean squared error.
func decibelsOf(mse float64) float64 { return -10 * math.Log10(mse) }

// psnr is a pooled PSNR; nil when nothing was compared, and when all pictures are identical, for which there is no such number.
func (q *quality) psnr(i int) *jobs.Number {
	if q.frames == 0 || q.mse[i] <= 0 || i > 0 && i < 3 && q.planes < 3 {
		return nil
	}
	return jobs.Figure(decibelsOf(q.mse[i] / float64(q.frames)))
}

// mean of a sum over all pictures.
func (q *quality) mean(sum float64) *jobs.Number {
	if q.frames == 0 {
		return nil
	}
	return jobs.Figure(sum / float64(q.frames))
}

// worst lists the seconds with the least PSNR.
func (q *quality) worst() []jobs.WorstMoment {
	list := slices.DeleteFunc(slices.Clone(q.moments), func(m momentSum) bool { return m.mse <= 0 })
	slices.SortStableFunc(list, func(a, b momentSum) int { return cmp.Compare(b.mse/float64(b.frames), a.mse/float64(a.frames)) })
	var worst []jobs.WorstMoment
	for _, m := range list[:min(len(list), maxWorst)] {
		n := float64(m.frames)
		worst = append(worst, jobs.WorstMoment{Start: m.at.At(), PSNRY: jobs.Figure(decibelsOf(m.mse / n)), SSIM: jobs.Figure(m.ssim / n)})
	}
	return worst
}

// examined is the coverage of PSNR and SSIM: pictures that have no counterpart cannot be compared, and some could not be had.
func (v *videoMatch) examined(intervals []jobs.Interval, q *quality) []jobs.Interval {
	var holes []jobs.Interval
	for i, from := 0, 0; i <= len(v.a.Stretches); i++ {
		to, next := v.a.pic.len(), 0
		if i < len(v.a.Stretches) {
			to, next = v.a.Stretches[i].From, v.a.Stretches[i].To
		}
		if from < to {
			holes = append(holes, jobs.Interval{Start: v.a.pic.Start[from].At(), End: v.a.pic.end(to - 1).At(), State: jobs.Skipped, Reason: noCounterpart})
		}
		from = next
	}
	for _, h := range q.holes {
		h.State, h.Reason = jobs.Failed, notCompared
		holes = append(holes, h)
	}
	slices.SortStableFunc(holes, func(a, b jobs.Interval) int { return cmp.Compare(a.Start, b.Start) })
	return overlay(intervals, holes)
}

// limit judges the whole rendition.
func (r *referee) limit(v *videoMatch, q *quality, res *jobs.Result) {
	for _, l := range []struct {
		code, what, unit string
		value            *jobs.Number
	}{{codePSNR, "PSNR", "dB", q.psnr(0)}, {codeSSIM, "SSIM", "", q.mean(q.ssimY)}} {
		limit := r.params.or(l.code+".min", math.NaN())
		if l.value == nil || math.IsNaN(limit) || float64(*l.value) >= limit {
			continue
		}
		res.Findings = append(res.Findings, jobs.Finding{
			Code: l.code, Severity: jobs.Fail, Rendition: v.t.ID, Start: 0, End: v.t.Duration, Value: l.value, Threshold: jobs.Figure(limit), Unit: l.unit, Confidence: 1,
			Message: fmt.Sprintf("the luma has %s of %s against the reference over %d pictures, less than %g", l.what, withUnit(*l.value, l.unit), q.frames, limit),
		})
	}
}

func withUnit(n jobs.Number, unit string) string {
	if unit == "" {
		return fmt.Sprintf("%.4f", float64(n))
	}
	return fmt.Sprintf("%.2f %s", float64(n), unit)
}

// summary lists the figures: pictures with the sound that belongs to them, then what sound is left.
func (r *referee) summary() []jobs.Comparison {
	list := []jobs.Comparison{}
	for _, v := range r.videos {
		list = append(list, r.figures(v))
	}
	for _, m := range r.audios {
		if m.partner {
			continue
		}
		c := jobs.Comparison{Rendition: m.t.ID, Audio: m.t.ID}
		m.figures(&c)
		list = append(list, c)
	}
	return list
}

func (r *referee) figures(v *videoMatch) jobs.Comparison {
	c := jobs.Comparison{Rendition: v.t.ID}
	if v.ref != nil {
		c.Reference = trackName(v.ref)
	}
	if state, _ := r.doubt(v); state != "" {
		return c
	}
	if lag, ok := v.a.lag(); ok {
		c.VideoLag = lagFigure(lag)
	}
	q := v.quality()
	c.PSNRY, c.PSNRU, c.PSNRV, c.PSNR = q.psnr(0), q.psnr(1), q.psnr(2), q.psnr(3)
	if n := q.frames - q.identical; n > 0 && q.log > 0 {
		c.PSNRYMean = jobs.Figure(q.log / float64(n))
	}
	c.SSIMY, c.SSIM = q.mean(q.ssimY), q.mean(q.ssim)
	c.Frames, c.Identical, c.Scaled, c.Worst = q.frames, q.identical, q.scaled, q.worst()
	for _, m := range r.audios {
		if m.partner && m.video == v {
			c.Audio = m.t.ID
			m.figures(&c)
		}
	}
	return c
}

// figures fills in what is known of the sound.
func (m *audioMatch) figures(c *jobs.Comparison) {
	if c.Reference == "" && m.ref != nil {
		c.Reference = trackName(m.ref)
	}
	if m.ref == nil || m.video == nil || m.video.a == nil {
		if len(m.lags) > 0 { // sound alone
			all := make([]jobs.Micros, len(m.lags))
			for i, l := range m.lags {
				all[i] = l.Lag
			}
			slices.Sort(all)
			c.AudioLag = lagFigure(all[len(all)/2])
		}
		return
	}
	if o, ok := m.typical(); ok {
		c.AudioLag, c.VideoLag, c.Offset = lagFigure(o.lag), lagFigure(o.lag-o.offset), lagFigure(o.offset)
	}
}

func lagFigure(t jobs.Micros) *jobs.Seconds {
	s := t.At()
	return &s
}

// trackName names a track of the reference: "r0:v0".
func trackName(t *rendition) string { return fmt.Sprintf("%s:%c%d", t.q.ID, t.Kind[0], t.s.Track) }
