package judge

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"aircheck/jobs"
)

const (
	codePSNR          = "reference.psnr"
	codeSSIM          = "reference.ssim"
	codeMissing       = "reference.missing_content"
	codeReferenceSync = "reference.offset"
)

// Reasons why something could not be compared; they stand in the coverage.
const (
	noReferencePictures = "the reference has no pictures"
	noReferenceSound    = "the reference has no sound"
	noPicturesToTell    = "nothing in the pictures tells where in the reference they stand"
	otherPictures       = "the pictures do not match those of the reference"
	otherSound          = "the sound does not match that of the reference"
	noSoundToTell       = "nothing in the sound tells where in the reference it stands"
	noPicturesToCompare = "the pictures, to which the sound is compared, could not be placed in the reference"
	noCounterpart       = "no counterpart in the reference"
	notCompared         = "the pictures were not compared"
	tooLongToCompare    = "too long to be compared with a reference"
	tooMuchToSearch     = "not looked for in the reference: too much before it is not in there"
)

// result adds what came of the comparison to the result, and tells whether anything that is owed is lacking.
func (r *referee) result(res *jobs.Result) (lost bool) {
	for _, v := range r.videos {
		lost = r.video(v, res) || lost
	}
	for _, a := range r.audios {
		lost = r.audio(a, res) || lost
	}
	res.Summary.Reference = r.summary()
	return lost
}

// doubt says why a picture rendition could not be placed; state is empty when it could.
func (r *referee) doubt(v *videoMatch) (state jobs.State, reason string) {
	switch {
	case v.a != nil && len(v.a.Stretches) > 0:
		return "", ""
	case r.unread != "":
		return jobs.Failed, r.unread
	case v.ref == nil:
		return jobs.Skipped, noReferencePictures
	case !v.t.s.pictures().anything() || !v.ref.s.pictures().anything():
		return jobs.Skipped, noPicturesToTell
	}
	return jobs.Failed, otherPictures
}

// anything tells whether there are pictures that can be recognised.
func (s *pictureSignature) anything() bool {
	for i := range s.Start {
		if !s.flat(i) {
			return true
		}
	}
	return false
}

// video tells about one picture rendition.
func (r *referee) video(v *videoMatch, res *jobs.Result) (lost bool) {
	intervals := v.t.s.Ledger.tile(v.t.Duration.Micros())
	state, reason := r.doubt(v)
	if state != "" {
		r.cover(res, v.t, []string{codeMissing, codePSNR, codeSSIM}, marked(intervals, state, reason))
		return state == jobs.Failed
	}
	whole := cutShort(intervals, v.t.s.pictures().Cut, tooLongToCompare)
	if n := v.a.used(); v.a.gaveUp && n > 0 {
		whole = cutShort(whole, v.a.pic.end(n-1), tooMuchToSearch)
	}
	if r.unread == "" {
		v.missing(r.params.levels(codeMissing), res)
		r.cover(res, v.t, []string{codeMissing}, whole)
	} else { // what seems to be missing may be there
		r.cover(res, v.t, []string{codeMissing}, marked(whole, jobs.Failed, r.unread))
	}
	q := v.quality()
	quality := v.examined(whole, q)
	r.cover(res, v.t, []string{codePSNR, codeSSIM}, quality)
	r.limit(v, q, res)
	return q.missed > 0 || r.unread != ""
}

// cover adds the coverage of codes. A limit that the profile does not set is measured all the same.
func (r *referee) cover(res *jobs.Result, t *rendition, codes []string, intervals []jobs.Interval) {
	for _, code := range codes {
		res.Coverage = append(res.Coverage, jobs.Coverage{Rendition: t.ID, Detector: code, Intervals: intervals})
	}
}

// marked gives what was analysed another state.
func marked(intervals []jobs.Interval, state jobs.State, reason string) []jobs.Interval {
	list := slices.Clone(intervals)
	for i := range list {
		if list[i].State == jobs.Analysed {
			list[i].State, list[i].Reason = state, reason
		}
	}
	return list
}

// cutShort is the coverage of a rendition whose signatures end early.
func cutShort(intervals []jobs.Interval, at jobs.Micros, reason string) []jobs.Interval {
	if at == 0 {
		return intervals
	}
	return overlay(intervals, []jobs.Interval{{Start: at.At(), End: jobs.Seconds(math.MaxInt32), State: jobs.Skipped, Reason: reason}})
}

// overlay puts holes, which are in order and apart, over what was analysed.
func overlay(intervals, holes []jobs.Interval) []jobs.Interval {
	var list []jobs.Interval
	add := func(v jobs.Interval) {
		if v.End <= v.Start {
			return
		}
		if n := len(list); n > 0 && list[n-1].State == v.State && list[n-1].Reason == v.Reason && list[n-1].End == v.Start {
			list[n-1].End = v.End
			return
		}
		list = append(list, v)
	}
	for _, v := range intervals {
		if v.State != jobs.Analysed {
			add(v)
			continue
		}
		at := v.Start
		for _, h := range holes {
			from, to := max(h.Start, at), min(h.End, v.End)
			if from >= to {
				continue
			}
			add(jobs.Interval{Start: at, End: from, State: jobs.Analysed})
			add(jobs.Interval{Start: from, End: to, State: h.State, Reason: h.Reason})
			at = to
		}
		add(jobs.Interval{Start: at, End: v.End, State: jobs.Analysed})
	}
	return list
}

// difference is a place where the two rows of pictures do not go on together.
type contentGap struct {
	run              // on the rendition's timeline; empty where something is missing
	ref  run         // on the reference's; empty where something was put in
	flat bool        // what lacks shows nothing
	lack jobs.Micros // the longer of the two
}

// missing tells what the rendition lacks of the reference, and what it has that is not in it.
func (v *videoMatch) missing(l levels, res *jobs.Result) {
	for _, g := range v.gaps() {
		level, ok := l.reached(g.lack)
		if !ok {
			continue
		}
		f := g.run.finding(level)
		f.Code, f.Rendition = codeMissing, v.t.ID
		f.Start, f.End = shifted(v.t.shift, g.From).At(), shifted(v.t.shift, g.To).At()
		f.Value = jobs.Figure(g.lack.Seconds())
		f.Confidence = 0.95
		f.Message = g.message()
		if g.flat { // black before the first picture, or behind the last
			f.Severity, f.Confidence = jobs.Info, 0.6
		}
		res.Findings = append(res.Findings, f)
	}
}

func (g *contentGap) message() string {
	here, there := g.run.length(), g.ref.length()
	switch {
	case here == 0:
		return fmt.Sprintf("%.2f s of the reference are missing here: its %.2f s to %.2f s", there.Seconds(), g.ref.From.Seconds(), g.ref.To.Seconds())
	case there == 0:
		return fmt.Sprintf("%.2f s of pictures are not in the reference, behind its %.2f s", here.Seconds(), g.ref.From.Seconds())
	}
	return fmt.Sprintf("%.2f s of pictures are not those of the reference, which has %.2f s here: its %.2f s to %.2f s", here.Seconds(), there.Seconds(),
		g.ref.From.Seconds(), g.ref.To.Seconds())
}

// gaps lists where the stretches do not follow each other, and what is before the first and behind the last.
func (v *videoMatch) gaps() []contentGap {
	a := v.a
	var list []contentGap
	here, there := jobs.Micros(0), jobs.Micros(0)
	if a.pic.len() > 0 {
		here = a.pic.Start[0]
	}
	if a.ref.len() > 0 {
		there = a.ref.Start[0]
	}
	nextPic, nextRef := 0, 0
	for i := range a.Stretches {
		s := &a.Stretches[i]
		first, last := a.ends(s)
		if first < 0 {
			continue
		}
		list = a.gap(list, here, a.pic.Start[s.From], there, a.ref.Start[first], nextPic, s.From, nextRef, first)
		here, there = a.pic.end(s.To-1), a.ref.end(last)
		nextPic, nextRef = s.To, last+1
	}
	if a.pic.Cut == 0 && a.ref.Cut == 0 && !a.gaveUp {
		list = a.gap(list, here, a.pic.end(a.pic.len()-1), there, a.ref.end(a.ref.len()-1), nextPic, a.pic.len(), nextRef, a.ref.len())
	}
	return list
}

// ends are the pictures of the reference that a stretch begins and ends with; -1 when there is none.
func (a *alignment) ends(s *stretch) (first, last int) {
	first, last = -1, -1
	for i := s.From; i < s.To; i++ {
		if j := int(a.Match[i]); j >= 0 {
			if first < 0 {
				first = j
			}
			last = j
		}
	}
	return first, last
}

// gap adds what lies between two stretches. A rest of two pictures is what a change of the frame rate leaves.
func (a *alignment) gap(list []contentGap, here, hereTo, there, thereTo jobs.Micros, pic, picTo, ref, refTo int) []contentGap {
	g := contentGap{run: run{here, max(here, hereTo)}, ref: run{there, max(there, thereTo)}}
	slack := a.slack()
	if g.run.length() <= slack && g.ref.length() <= slack {
		return list
	}
	if g.run.length() <= slack && pic >= picTo {
		g.To = g.From
	}
	if g.ref.length() <= slack && ref >= refTo {
		g.ref.To = g.ref.From
	}
	g.lack = max(g.run.length(), g.ref.length())
	g.flat = (pic >= picTo || a.pic.allFlat(pic, picTo)) && (ref >= refTo || a.ref.allFlat(ref, refTo))
	return append(list, g)
}

// slack is the length of two pictures of the slower of the two.
func (a *alignment) slack() jobs.Micros {
	return 2 * max(a.pic.usual(), a.ref.usual())
}

// usual is how long a picture stands most often.
func (s *pictureSignature) usual() jobs.Micros {
	if len(s.Length) == 0 {
		return 0
	}
	l := slices.Clone(s.Length[:min(len(s.Length), 1000)])
	slices.Sort(l)
	return jobs.Micros(l[len(l)/2])
}

func (s *pictureSignature) allFlat(from, to int) bool {
	for i := from; i < to; i++ {
		if !s.flat(i) {
			return false
		}
	}
	return true
}

// audio tells about one sound rendition.
func (r *referee) audio(m *audioMatch, res *jobs.Result) (lost bool) {
	intervals := m.t.s.Ledger.tile(m.t.Duration.Micros())
	state, reason := r.silence(m)
	if state != "" {
		intervals = marked(intervals, state, reason)
	} else {
		intervals = cutShort(intervals, m.t.s.sound().Cut, tooLongToCompare)
		m.offset(r.params, res)
	}
	r.cover(res, m.t, []string{codeReferenceSync}, intervals)
	return state == jobs.Failed
}

// silence says why a sound rendition has no offset; state is empty when it has one.
func (r *referee) silence(m *audioMatch) (state jobs.State, reason string) {
	switch {
	case m.ref == nil && r.unread != "", len(m.lags) == 0 && r.unread != "":
		return jobs.Failed, r.unread
	case m.ref == nil:
		return jobs.Skipped, noReferenceSound
	case m.video == nil || m.video.a == nil || len(m.video.a.Stretches) == 0:
		return jobs.Skipped, noPicturesToCompare
	case m.windows == 0 || len(m.ref.s.sound().Env) == 0:
		return jobs.Skipped, noSoundToTell
	case len(m.steady()) == 0:
		return jobs.Skipped, otherSound
	}
	return "", ""
}

// offsetRun is a stretch of windows with one offset.
type offsetRun struct {
	run
	offset, lag jobs.Micros
	windows     int
	correlation float64
}

// offsetStep is by how much neighbouring windows may differ and be one: the measurement is good to a millisecond or two, and a clock that drifts by a frame in ten seconds is
// told in steps.
const offsetStep jobs.Micros = 15e3

// steady lists the stretches of one offset. One window against its neighbours is no evidence, unless it is the only one that there is.
func (m *audioMatch) steady() []offsetRun {
	var list []offsetRun
	var lags, offsets []jobs.Micros
	var current offsetRun
	flush := func() {
		if n := len(offsets); n >= 2 || n == 1 && m.windows <= 2 {
			slices.Sort(lags)
			slices.Sort(offsets)
			current.offset, current.lag, current.windows = offsets[n/2], lags[n/2], n
			list = append(list, current)
		}
		lags, offsets = nil, nil
	}
	for _, l := range m.lags {
		video, ok := m.video.a.lagAt((l.From + l.To) / 2)
		if !ok {
			continue
		}
		o := l.Lag - video
		if len(offsets) > 0 && abs(o-offsets[len(offsets)/2]) > offsetStep {
			flush()
		}
		if len(offsets) == 0 {
			current = offsetRun{run: run{From: l.From}, correlation: 1}
		}
		current.To = l.To
		current.correlation = min(current.correlation, l.Correlation)
		lags, offsets = append(lags, l.Lag), append(offsets, o)
	}
	flush()
	return list
}

// offset tells where the sound is early or late.
func (m *audioMatch) offset(p *params, res *jobs.Result) {
	for _, o := range m.steady() {
		side := either(o.offset < 0, "early", "late")
		for _, severity := range []jobs.Severity{jobs.Fail, jobs.Warn, jobs.Info} {
			limit := p.or(codeReferenceSync+"."+side+"."+string(severity), math.Inf(1))
			if abs(o.offset).Seconds() <= limit {
				continue
			}
			res.Findings = append(res.Findings, jobs.Finding{
				Code: codeReferenceSync, Severity: severity, Rendition: m.t.ID, Start: o.From.At(), End: min(o.To.At(), m.t.Duration),
				Value: jobs.Figure(o.offset.Seconds()), Threshold: jobs.Figure(math.Copysign(limit, o.offset.Seconds())), Unit: "s",
				Confidence: jobs.Number(math.Round(100*min(1, o.correlation))) / 100,
				Message: fmt.Sprintf("the sound is %.0f ms %s against the reference: it stands %+.3f s from there, the picture %+.3f s (limit %.0f ms)",
					1000*abs(o.offset).Seconds(), side, o.lag.Seconds(), (o.lag - o.offset).Seconds(), 1000*limit),
			})
			break
		}
	}
}

// typical is the offset and the lag that hold for the longest.
func (m *audioMatch) typical() (offsetRun, bool) {
	list := m.steady()
	if len(list) == 0 {
		return offsetRun{}, false
	}
	return slices.MaxFunc(list, func(a, b offsetRun) int { return cmp.Compare(a.windows, b.windows) }), true
}
