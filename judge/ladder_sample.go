package judge

import (
	"slices"

	"aircheck/jobs"
)

const (
	// sampleStep is the distance of the pictures by which renditions are compared, on an absolute grid: fine enough for the shortest segments of practice (1 s).
	sampleStep jobs.Micros = 250e3
	// maxSamples bounds the pictures of a rendition that may wait for those of the others: the first 8 h of it, 17 MB. It counts from the beginning and not what waits,
	// which depends on the order in which sequences arrive.
	maxSamples = 8 * 3600 * 4
	// maxHeld bounds how many samples one picture may be: a picture that stands for longer than ten seconds says no more.
	maxHeld = 40
)

// contentSampler keeps the signature of the picture that is on the screen in the middle of every step.
type contentSampler struct {
	// Pictures start where their steps do; Unit is the discontinuity.
	Pictures pictureSignature
	// Next is the step that comes next: all before it are settled.
	Next int64
	// Full is true once there are too many; what comes later is not compared.
	Full bool `json:",omitempty"`
}

func newContentSampler() *contentSampler { return &contentSampler{} }

func (s *contentSampler) frame(f *videoFrame) {
	first := max(s.Next, int64((f.Start+sampleStep/2-1)/sampleStep))
	last := int64((f.End + sampleStep/2 - 1) / sampleStep) // exclusive
	if last <= first {
		return
	}
	s.Next = last
	p := &s.Pictures
	if last > maxSamples {
		s.Full = true
	}
	if last = min(last, maxSamples); last <= first {
		return
	}
	p.frame(f)
	n := p.len() - 1
	p.Start[n], p.Length[n], p.PTS[n], p.Unit[n] = jobs.Micros(first)*sampleStep, int32(sampleStep), 0, int32(f.Disc)
	for k := first + 1; k < last && k < first+maxHeld; k++ {
		s.again(n, k)
	}
}

// again makes a picture the sample of another step, too.
func (s *contentSampler) again(n int, step int64) {
	p := &s.Pictures
	p.Start = append(p.Start, jobs.Micros(step)*sampleStep)
	p.Length = append(p.Length, int32(sampleStep))
	p.Unit = append(p.Unit, p.Unit[n])
	p.PTS = append(p.PTS, 0)
	p.Mean = append(p.Mean, p.Mean[n])
	p.Spread = append(p.Spread, p.Spread[n])
	p.Cells = append(p.Cells, p.Cells[n*signCells:(n+1)*signCells]...)
}

func (s *contentSampler) gap(_, _ jobs.Micros) {}
func (s *contentSampler) finish(jobs.Micros)   {}

// of is the sample of a step, -1 for none. Steps are asked for in order, so the guess is near.
func (s *contentSampler) of(step, guess int64) int {
	t := jobs.Micros(step) * sampleStep
	i := s.Pictures.near(t, int(guess))
	if i < 0 || s.Pictures.Start[i] != t {
		return -1
	}
	return i
}

// keptSamples is how many samples that are not needed any more may wait to be dropped: dropping moves the others.
const keptSamples = 256

// drop forgets the samples before a step.
func (s *contentSampler) drop(step int64) {
	p := &s.Pictures
	n := p.at(jobs.Micros(step)*sampleStep-1) + 1
	if n < keptSamples {
		return
	}
	p.Start, p.Length = slices.Delete(p.Start, 0, n), slices.Delete(p.Length, 0, n)
	p.Unit, p.PTS = slices.Delete(p.Unit, 0, n), slices.Delete(p.PTS, 0, n)
	p.Mean, p.Spread = slices.Delete(p.Mean, 0, n), slices.Delete(p.Spread, 0, n)
	p.Cells = slices.Delete(p.Cells, 0, n*signCells)
}

// samples is the sampler of the first pictures of a sequence, nil when it has none.
func (q *sequence) samples() *contentSampler {
	s := q.video()
	if s == nil {
		return nil
	}
	for _, d := range s.video {
		if c, ok := d.(*contentSampler); ok {
			return c
		}
	}
	return nil
}
