package judge

import (
	"fmt"

	"aircheck/jobs"
)

const (
	// otherThan is the distance from which two pictures show something else: a correlation of 0.65. Pictures of one scene at other rates and qualities stay above 0.9, those of two
	// scenes below 0.6.
	otherThan = signScale * 70 / 100
	// faintSpread is the deviation of the cells up to which a coarse quantiser may take away what is in a picture.
	faintSpread = 8
	// faintStep is by how much the means of two faint pictures differ when they show something else: more than full range against limited range.
	faintStep = 48
	// besides is how many steps apart the same picture may stand in two renditions: half a second.
	besides = 2
	// aheadSteps is how far the steps must be settled before one is compared: by as much as two playlists may begin apart.
	aheadSteps = int64(alignTolerance/sampleStep) + besides
	// backSteps is how far back it is looked whether a rendition shows what was there before: two segments of six seconds.
	backSteps = 48
	// zoomEvery is how often a zoom is looked for while pictures differ, in steps.
	zoomEvery = 4
	// runHoles is how many steps of a run may be alike: scenes have likenesses.
	runHoles = 2
	// maxNorms bounds how many renditions are tried as that which the others agree with.
	maxNorms = 16
)

// contentFold compares the renditions of a ladder step by step, as soon as all have come so far. What it keeps of a step is no more than its judgement.
type contentFold struct {
	// Next is the step that comes next.
	Next int64
	// Rungs are the renditions in the order of their sequences.
	Rungs []rungContent `json:",omitempty"`
	// Found are the runs that are over.
	Found []contentRun `json:",omitempty"`

	here []int // by rung the sample of the present step, -1 for none
}

// rungContent is what is known about a rendition's content so far.
type rungContent struct {
	Run *contentRun `json:",omitempty"`
	// Zoom is at which the rendition last fitted, plus one; 0 for none.
	Zoom int `json:",omitempty"`
	// Here and There count the steps in which it fitted the first rendition where the playlists put it, and where its clock does.
	Here  int64 `json:",omitempty"`
	There int64 `json:",omitempty"`
	// Uncompared is when it was not compared.
	Uncompared uncompared
}

// contentRun is a time in which a rendition shows something else.
type contentRun struct {
	Rung int
	// Norm is the rendition that it was compared with, Pair that there were no others.
	Norm int
	Pair bool `json:",omitempty"`
	// From and To are steps, To exclusive; the run has Steps of them.
	From, To, Steps int64
	// Flat counts the steps in which it shows nothing, Old those in which it shows what the norm did Lag steps ago; NormFlat, NormOld and NormLag are the same of the norm.
	Flat, Old, Lag             int64
	NormFlat, NormOld, NormLag int64
	// Jump is 1 when the rendition leapt to other pictures where the run begins and the norm did not, -1 when the norm alone did.
	Jump int `json:",omitempty"`
	// Turned: the fault was the norm's, and the two have changed places.
	Turned bool `json:",omitempty"`
}

// advance compares the steps for which all renditions have come far enough; at the end all that are left.
func (l *ladder) advance(end bool) {
	if len(l.rungs) < 2 {
		return
	}
	f := &l.Content
	f.equip(len(l.rungs))
	samplers := make([]*contentSampler, len(l.rungs))
	until := int64(-1)
	for i, q := range l.rungs {
		s := q.samples()
		samplers[i] = s
		switch {
		case s == nil && !end:
			return
		case s == nil:
		case end:
			until = max(until, s.Next)
		case until < 0 || s.Next-aheadSteps < until:
			until = max(0, s.Next-aheadSteps)
		}
	}
	for ; f.Next < until; f.Next++ {
		l.step(samplers, f.Next)
	}
	for _, s := range samplers {
		if s != nil {
			s.drop(f.Next - backSteps - aheadSteps)
		}
	}
	if end {
		for i := range f.Rungs {
			f.close(i)
		}
	}
}

func (f *contentFold) equip(n int) {
	for len(f.Rungs) < n {
		f.Rungs = append(f.Rungs, rungContent{})
	}
	for len(f.here) < n {
		f.here = append(f.here, 0)
	}
}

// step compares the pictures of one step.
func (l *ladder) step(samplers []*contentSampler, k int64) {
	f := &l.Content
	present, first := 0, -1
	for i, s := range samplers {
		guess := f.here[i]
		f.here[i] = -1
		if s == nil {
			continue
		}
		if at := s.of(k, int64(max(0, guess))); at >= 0 {
			f.here[i] = at
			if present++; first < 0 {
				first = i
			}
		}
	}
	f.skip(k, present)
	if present < 2 {
		f.settle(k, nil, first, present)
		return
	}
	c := comparison{l, samplers, k}
	norm, others := c.against(first)
	if len(others) > 0 && present > 2 {
		norm, others = c.best(first, len(others))
	}
	f.settle(k, others, norm, present)
	if len(others) > 0 {
		c.explain(norm, others)
	}
}

// settle extends the runs of those that differ, and ends the runs of which too much is alike or unknown by now.
func (f *contentFold) settle(k int64, others []int, norm, present int) {
	for _, i := range others {
		r := f.Rungs[i].Run
		if r == nil {
			r = &contentRun{Rung: i, Norm: norm, Pair: present == 2, From: k}
			f.Rungs[i].Run = r
		}
		r.To = k + 1
		r.Steps++
	}
	for i := range f.Rungs {
		if r := f.Rungs[i].Run; r != nil && k-r.To >= runHoles {
			f.close(i)
		}
	}
}

// close ends a run.
func (f *contentFold) close(i int) {
	r := f.Rungs[i].Run
	f.Rungs[i].Run = nil
	if r == nil || r.Steps < 2 {
		return
	}
	if r.Turned = r.Pair && (r.Jump < 0 || r.Jump == 0 && 2*r.NormFlat > r.Steps); r.Turned {
		r.Rung, r.Norm, r.Flat, r.Old, r.Lag = r.Norm, r.Rung, r.NormFlat, r.NormOld, r.NormLag
	}
	if len(f.Found) < maxFindings {
		f.Found = append(f.Found, *r)
		return
	}
	f.Found[len(f.Found)-1].To = r.To
}

// beginsElsewhere tells whether the pictures say that the playlist of a rendition begins at another segment than the first one, on the same clock. Of the first one it
// is asked whether all the others do.
func (f *contentFold) beginsElsewhere(rung int) bool {
	if rung >= len(f.Rungs) {
		return false
	}
	elsewhere := func(r *rungContent) bool { return r.There > 2*r.Here }
	if rung > 0 {
		return elsewhere(&f.Rungs[rung])
	}
	for i := 1; i < len(f.Rungs); i++ {
		if elsewhere(&f.Rungs[i]) {
			return true
		}
	}
	return false
}

// contentFindings tells what shows something else. The fold is over by now.
func (l *ladder) contentFindings(rungs []rung) []jobs.Finding {
	id := map[int]*rung{}
	for i := range rungs {
		id[rungs[i].at] = &rungs[i]
	}
	var found []jobs.Finding
	for i := range l.Content.Found {
		r := l.Content.Found[i]
		own, norm := id[r.Rung], id[r.Norm]
		if own == nil || norm == nil {
			continue
		}
		from, to := own.snap(jobs.Micros(r.From)*sampleStep), own.snap(jobs.Micros(r.To)*sampleStep)
		found = append(found, jobs.Finding{
			Code: contentMismatch, Severity: jobs.Warn, Rendition: own.t.ID, Start: from.At(), End: to.At(), Unit: "s",
			Value: jobs.Figure(max(0, to-from).Seconds()), Confidence: r.confidence(), Message: r.message(norm.t.ID),
		})
	}
	return found
}

// confidence is less where two renditions differ and nothing tells which of them is wrong.
func (r *contentRun) confidence() jobs.Number {
	if r.Pair && 2*r.Flat <= r.Steps && r.Jump == 0 {
		return 0.7
	}
	return 0.95
}

func (r *contentRun) message(norm string) string {
	if !r.Pair {
		norm += " and most other renditions"
	}
	switch {
	case 2*r.Flat > r.Steps:
		return fmt.Sprintf("shows nothing while %s shows a picture", norm)
	case 2*r.Old > r.Steps && r.Lag > 0:
		return fmt.Sprintf("shows what %s showed %.1f s before", norm, (jobs.Micros(r.Lag) * sampleStep).Seconds())
	case r.Pair && r.Jump == 0:
		return fmt.Sprintf("shows something else than %s; nothing tells which of the two is wrong", norm)
	}
	return fmt.Sprintf("shows something else than %s", norm)
}

// snap moves a time to the border of a segment that is no further off than a step: content that is wrong is wrong by segments.
func (r *rung) snap(t jobs.Micros) jobs.Micros {
	best, by := t, sampleStep+1
	for _, at := range r.q.Marks.At {
		if d := abs(at - t); d < by {
			best, by = at, d
		}
		if at > t+sampleStep {
			break
		}
	}
	return best
}
