package judge

import (
	"cmp"
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// blankSlack is how far the edges of a hole in the sound may lie from those of a blank picture and be one cut: two pictures of 25 a second.
	blankSlack jobs.Micros = 80e3
	// blankShare bounds that for short holes, as the share of their length: a flash of white beside the loss of a packet has nothing to do with it.
	blankShare = 4
	// blackAround is how far a silence may reach beyond black on either side and be of one cause with it: sound fades otherwise than the picture does.
	blackAround jobs.Micros = 1e6
	// maxBlanks bounds the blanks that are kept of a track: a day with one every ten seconds. The first ones count, so that what was told of them stays as it was told.
	maxBlanks = 8640
)

// blanks collects the runs of pictures that are black or have one colour, however short. It reports nothing by itself. What was not decoded, as much is at jobs.DepthFast, bounds a run: units of
// which only key frames are known have a picture.
type blanks struct {
	Found []run `json:",omitempty"`
	Run   *run  `json:",omitempty"`

	test blackTest
}

func newBlanks(p *params, _ emitter) videoDetector { return &blanks{test: newBlackTest(p)} }

func (b *blanks) frame(f *videoFrame) {
	switch {
	case !b.blank(f):
		b.end(f.Start)
	case b.Run != nil:
		b.Run.To = f.End
	default:
		b.Run = &run{f.Start, f.End}
	}
}

func (b *blanks) blank(f *videoFrame) bool {
	if b.test.black(f.Frame, f.Format) {
		return true
	}
	_, ok := solidIn(f, wholeArea(f.Format))
	return ok
}

func (b *blanks) gap(from, _ jobs.Micros) { b.end(from) }

func (b *blanks) finish(at jobs.Micros) { b.end(at) }

func (b *blanks) end(at jobs.Micros) {
	if b.Run != nil && len(b.Found) < maxBlanks {
		b.Found = append(b.Found, run{b.Run.From, min(b.Run.To, at)})
	}
	b.Run = nil
}

// blanks is what the collector of a picture's blanks saw, on the timeline, in the order of time.
func (t *rendition) blanks() []run {
	var list []run
	for _, d := range t.s.video {
		if b, ok := d.(*blanks); ok {
			for _, r := range b.Found {
				list = append(list, run{t.time(r.From), t.time(r.To)})
			}
		}
	}
	slices.SortFunc(list, func(a, b run) int { return cmp.Compare(a.From, b.From) })
	return list
}

// withPicture makes info of what the sound lacks where the picture lacks it, too: a break that was cut, or one cause that the picture tells. It looks at what all detectors found, once every
// rendition has its place.
func (j *Judge) withPicture(renditions []rendition, r *jobs.Result) {
	for i := range renditions {
		sound := &renditions[i]
		if sound.s.Kind != measurement.Audio {
			continue
		}
		picture := j.pictureOf(renditions, sound)
		if picture == nil || j.clocksApart(sound, picture) != "" {
			continue
		}
		s := backdrop{blanks: picture.blanks()}
		for _, f := range r.Findings {
			if f.Code == "video.black" && f.Rendition == picture.ID {
				s.black = append(s.black, f)
			}
		}
		s.soften(sound, r)
	}
}

// soften makes info of what the picture explains. A profile that tells no info of a code has nothing to be told then.
func (s *backdrop) soften(sound *rendition, r *jobs.Result) {
	kept := make([]jobs.Finding, 0, len(r.Findings))
	for _, f := range r.Findings {
		if reason := s.explains(&f); reason != "" && f.Rendition == sound.ID {
			l, ok := sound.s.params.levels(f.Code).mild().reached(seconds(float64(*f.Value)))
			if !ok {
				continue
			}
			f.Severity, f.Threshold = jobs.Info, jobs.Figure(l.length.Seconds())
			f.Message += "; " + reason
		}
		kept = append(kept, f)
	}
	r.Findings = kept
}

// backdrop is what stood in the picture that a sound plays with.
type backdrop struct {
	blanks []run
	black  []jobs.Finding
}

// explains says why a finding about the sound is no alarm of its own; empty when it is one.
func (s *backdrop) explains(f *jobs.Finding) string {
	switch {
	case f.Severity == jobs.Info || f.Value == nil:
	case f.Code == "audio.dropout" && s.pauses(f):
		return "the picture is black or of one colour for just as long: a break"
	case f.Code == "audio.silence" && s.darker(f):
		return "the picture is black meanwhile, which is told as video.black"
	}
	return ""
}

// pauses tells whether a dropout is a single hole that begins and ends with a blank.
func (s *backdrop) pauses(f *jobs.Finding) bool {
	from, to := f.Start.Micros(), f.End.Micros()
	slack := min(blankSlack, (to-from)/blankShare)
	if abs(seconds(float64(*f.Value))-(to-from)) > roundingGrace {
		return false // several holes, with sound between them
	}
	at, _ := slices.BinarySearchFunc(s.blanks, from-slack, func(r run, t jobs.Micros) int { return cmp.Compare(r.From, t) })
	for ; at < len(s.blanks) && s.blanks[at].From <= from+slack; at++ {
		if abs(s.blanks[at].To-to) <= slack {
			return true
		}
	}
	return false
}

// darker tells whether a silence lies within black that is no milder a finding.
func (s *backdrop) darker(f *jobs.Finding) bool {
	return slices.ContainsFunc(s.black, func(b jobs.Finding) bool {
		return !milder(b.Severity, f.Severity) && b.Start.Micros()-blackAround <= f.Start.Micros() && f.End.Micros() <= b.End.Micros()+blackAround
	})
}
