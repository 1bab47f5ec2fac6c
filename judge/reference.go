package judge

import (
	"fmt"
	"math"
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

func referenceThresholds() []Threshold {
	none := math.NaN()
	return []Threshold{
		{"reference.psnr.min", none, 0, 200, "dB", "A rendition whose luma has a lower PSNR against the reference is a failure."},
		{"reference.ssim.min", none, -1, 1, "", "A rendition whose luma has a lower SSIM against the reference is a failure."},
		{"reference.missing_content.info", 0.2, 0, day, "s", "Content that lacks for this long against the reference, or is not in it, is info."},
		{"reference.missing_content.warn", 0.5, 0, day, "s", "Content that lacks for this long against the reference, or is not in it, is a warning."},
		{"reference.missing_content.fail", 2, 0, day, "s", "Content that lacks for this long against the reference, or is not in it, is a failure."},
		{"reference.offset.early.info", none, 0, 60, "s", "Sound that is early by more than this against the reference is info."},
		{"reference.offset.early.warn", 0.04, 0, 60, "s", "Sound that is early by more than this against the reference is a warning (EBU R 37)."},
		{"reference.offset.early.fail", 0.09, 0, 60, "s", "Sound that is early by more than this against the reference is a failure (ITU-R BT.1359)."},
		{"reference.offset.late.info", none, 0, 60, "s", "Sound that is late by more than this against the reference is info."},
		{"reference.offset.late.warn", 0.06, 0, 60, "s", "Sound that is late by more than this against the reference is a warning (EBU R 37)."},
		{"reference.offset.late.fail", 0.185, 0, 60, "s", "Sound that is late by more than this against the reference is a failure (ITU-R BT.1359)."},
	}
}

// isReference tells whether the sequence is what others are compared with.
func (q *sequence) isReference() bool { return q.def.Role == jobs.RoleReference }

// hasReference tells whether the check compares with anything.
func hasReference(check *jobs.Check) bool {
	return slices.ContainsFunc(check.Timeline.Sequences, func(s jobs.Sequence) bool { return s.Role == jobs.RoleReference })
}

// pictures is the signature of a picture track, nil when nobody asked for one.
func (s *stream) pictures() *pictureSignature {
	for _, d := range s.video {
		if p, ok := d.(*pictureSignature); ok {
			return p
		}
	}
	return nil
}

// sound is the envelope of a sound track, nil when nobody asked for one.
func (s *stream) sound() *soundSignature {
	for _, d := range s.audio {
		if p, ok := d.(*soundSignature); ok {
			return p
		}
	}
	return nil
}

// referee compares the renditions of a check with its reference, once all of both are finished.
type referee struct {
	videos []*videoMatch
	audios []*audioMatch
	// references are the reference's tracks, in the order of its sequences.
	references []rendition
	// unread says why the reference could not be read as a whole; empty when it was.
	unread string
	params *params
}

// videoMatch is a picture rendition beside the reference's.
type videoMatch struct {
	t    *rendition
	ref  *rendition // nil: the reference has no pictures
	a    *alignment
	work []jobs.Compare
	// got are the results by position in work, nil for what never came.
	got []*jobs.Compared
}

// audioMatch is a sound rendition beside the reference's.
type audioMatch struct {
	t       *rendition
	ref     *rendition // nil: the reference has no sound
	video   *videoMatch
	lags    []soundLag
	windows int
	// partner is the first of the sounds that belong to the video.
	partner bool
}

// newReferee aligns everything. The renditions must be finished.
func (j *Judge) newReferee(renditions []rendition) *referee {
	r := &referee{params: j.params}
	r.references = j.tracks(true)
	for _, q := range j.sequences {
		if q.isReference() && q.Ledger.lost(q.length()) {
			r.unread = "part of the reference could not be analysed"
			if len(r.references) == 0 {
				r.unread = "nothing of the reference could be analysed: is it media?"
			}
		}
	}
	for i := range renditions {
		if t := &renditions[i]; t.s.Kind == measurement.Video {
			r.videos = append(r.videos, r.matchVideo(t))
		}
	}
	taken := map[*videoMatch]bool{}
	for i := range renditions {
		t := &renditions[i]
		if t.s.Kind != measurement.Audio {
			continue
		}
		m := r.matchAudio(t, nth(renditions, i))
		m.partner = m.video != nil && !taken[m.video]
		taken[m.video] = true
		r.audios = append(r.audios, m)
	}
	return r
}

// nth is the number of a rendition among those of its kind.
func nth(list []rendition, i int) int {
	n := 0
	for k := range i {
		if list[k].s.Kind == list[i].s.Kind {
			n++
		}
	}
	return n
}

// of lists the reference's tracks of a kind.
func (r *referee) of(kind measurement.Kind) []*rendition {
	var list []*rendition
	for i := range r.references {
		if r.references[i].s.Kind == kind {
			list = append(list, &r.references[i])
		}
	}
	return list
}

// matchVideo aligns a rendition with the best of the reference's, or with the first of the others that it fits.
func (r *referee) matchVideo(t *rendition) *videoMatch {
	m := &videoMatch{t: t}
	list := r.of(measurement.Video)
	slices.SortStableFunc(list, func(a, b *rendition) int { return b.Width*b.Height - a.Width*a.Height })
	if twin := twinOf(t, list); twin > 0 {
		first := list[twin]
		list = slices.Insert(slices.Delete(list, twin, twin+1), 0, first)
	}
	for _, ref := range list {
		a := align(t.s.pictures(), ref.s.pictures())
		if m.a == nil || a.share() > 2*m.a.share() {
			m.ref, m.a = ref, a
		}
		if m.a.share() > 0.5 {
			break
		}
	}
	if m.a != nil {
		m.work = m.a.comparisons(sideOf(m.t), sideOf(m.ref))
		m.got = make([]*jobs.Compared, len(m.work))
	}
	return m
}

// twinOf finds the track of the same number where a sequence of the reference has as many tracks as the rendition's own, and more than one: they are no ladder but
// programmes or angles, each with its own sound. -1 when there is none.
func twinOf(t *rendition, list []*rendition) int {
	own := t.q.count(t.s.Kind)
	if own < 2 {
		return -1
	}
	return slices.IndexFunc(list, func(r *rendition) bool { return r.s.Track == t.s.Track && r.q.count(t.s.Kind) == own })
}

// count is how many tracks of a kind the sequence has.
func (q *sequence) count(kind measurement.Kind) int {
	n := 0
	for _, s := range q.Streams {
		if s.Kind == kind {
			n++
		}
	}
	return n
}

func sideOf(t *rendition) jobs.Side { return jobs.Side{Sequence: t.q.ID, Track: t.s.Track} }

// matchAudio aligns the n-th sound with the n-th of the reference where both have equally many, else with one of the same language, else with the first.
func (r *referee) matchAudio(t *rendition, n int) *audioMatch {
	m := &audioMatch{t: t}
	for _, v := range r.videos {
		if m.video == nil || v.t.q == t.q && m.video.t.q != t.q {
			m.video = v
		}
	}
	list := r.of(measurement.Audio)
	if len(list) == 0 {
		return m
	}
	m.ref = list[0]
	for i, ref := range list {
		if ref.Language == t.Language && t.Language != "" {
			m.ref = list[i]
			break
		}
	}
	if n < len(list) && (m.ref.Language == "" || list[n].Language == t.Language) {
		m.ref = list[n]
	}
	guess := func(at jobs.Micros) (jobs.Micros, bool) {
		if m.video == nil || m.video.a == nil {
			return 0, false
		}
		at = shifted(t.shift, at)
		lag, known := m.video.a.lagAt(at)
		return lag - m.shiftOf(at, lag), known
	}
	m.lags, m.windows = listen(t.s.sound(), m.ref.s.sound(), guess)
	for i := range m.lags {
		l := &m.lags[i]
		middle := (l.From + l.To) / 2
		l.Lag += m.shiftOf(middle, l.Lag)
		l.From, l.To = shifted(t.shift, l.From), shifted(t.shift, l.To)
	}
	return m
}

// shiftOf is by how much the tracks' places on their timelines move a lag.
func (m *audioMatch) shiftOf(at, lag jobs.Micros) jobs.Micros {
	ref := max(0, at-lag)
	return (shifted(m.t.shift, at) - at) - (shifted(m.ref.shift, ref) - ref)
}

// Comparisons ends the fold and lists which pictures have to be compared with which before Finish can tell how much they differ; none in a check without a reference. The
// list does not depend on the profile.
func (j *Judge) Comparisons() ([]jobs.Compare, error) {
	if j.finished {
		return nil, errFinished
	}
	j.end()
	var list []jobs.Compare
	if j.referee != nil {
		for _, v := range j.referee.videos {
			list = append(list, v.work...)
		}
	}
	return list, nil
}

// Compared takes the result of one of Comparisons.
func (j *Judge) Compared(c *jobs.Compared) error {
	if j.finished {
		return errFinished
	}
	j.end()
	if j.referee != nil {
		for _, v := range j.referee.videos {
			for i := range v.work {
				if v.work[i].Key() == c.Key {
					if len(c.Rows) > 0 && c.Rows[len(c.Rows)-1].Pair >= len(v.work[i].Pairs) {
						return fmt.Errorf("comparison %s has a row of pair %d of %d", c.Key, c.Rows[len(c.Rows)-1].Pair, len(v.work[i].Pairs))
					}
					v.got[i] = c
				}
			}
		}
	}
	return nil
}

// end finishes all sequences and aligns them with the reference. What is asked twice is done once.
func (j *Judge) end() {
	if j.ended {
		return
	}
	j.ended = true
	for _, q := range j.sequences {
		q.finish(q.remaining(j.check.Windows))
	}
	for _, l := range j.ladders {
		l.advance(true)
	}
	j.list = j.tracks(false)
	if hasReference(j.check) || j.check.Reference != "" {
		j.referee = j.newReferee(j.list)
	}
}
