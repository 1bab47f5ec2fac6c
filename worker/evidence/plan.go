package evidence

import (
	"cmp"
	"slices"
	"strings"

	"aircheck/jobs"
	"aircheck/judge"
)

// depiction is how a finding is shown.
type depiction int

const (
	nothing depiction = iota // what it is about is in no picture
	moment                   // one picture of its time
	frames                   // before, first, worst, after
	hearing                  // its sound, drawn
)

// pictured says how a finding is shown, by its code.
func pictured(f *jobs.Finding) depiction {
	family, _, _ := strings.Cut(f.Code, ".")
	audio := strings.HasPrefix(f.Rendition, "a")
	switch family {
	case "video", "reference":
		if audio {
			return hearing
		}
		return frames
	case "audio":
		return hearing
	case "sync":
		if audio {
			return hearing
		}
		return moment
	case "captions", "ladder", "timestamp":
		return moment
	}
	return nothing // playlists, delivery, segments: there is nothing to be seen of what is not there
}

const (
	// lead is how long before a finding the picture before it stands: far enough to be of before, near enough to be of the same scene.
	lead jobs.Micros = 500e3
	// around is how much sound is drawn before and behind a finding.
	around jobs.Micros = 1e6
	// longestSound bounds it: an envelope of more is a line.
	longestSound jobs.Micros = 12e6
	// offTime is how far from media a moment may be and still have a picture: the last one stays for that long.
	offTime jobs.Micros = 100e3
)

// proofPlan is the evidence that is wanted of one finding.
type proofPlan struct {
	finding *jobs.Finding
	shots   []shotPlan
	sound   *sound
}

// shotPlan is one picture of it.
type shotPlan struct {
	role string
	key  photoKey
}

// photoKey names a wanted picture: findings may share one.
type photoKey struct {
	rendition string
	unit      int
	pts       int64
}

// photo is a picture that is wanted, and once it is there its file.
type photo struct {
	key           photoKey
	moment        judge.Moment
	at            jobs.Micros
	file          string
	width, height int
}

// plan decides what is wanted.
func (w *work) plan() {
	w.photos = map[photoKey]*photo{}
	for _, f := range w.chosen() {
		p := proofPlan{finding: f}
		switch pictured(f) {
		case frames:
			w.planFrames(&p)
		case moment:
			w.shot(&p, jobs.RoleFirst, w.rendition(f), f.Start.Micros())
		case hearing:
			p.sound = w.planSound(f)
		}
		w.plans = append(w.plans, p)
	}
}

// rendition is the one in which a finding is shown: its own, or of a finding about the whole stream the largest picture.
func (w *work) rendition(f *jobs.Finding) string {
	if f.Rendition != "" {
		return f.Rendition
	}
	best, size := "", 0
	for i := range w.report.Renditions {
		if r := &w.report.Renditions[i]; r.Kind == "video" && r.Width*r.Height > size {
			best, size = r.ID, r.Width*r.Height
		}
	}
	return best
}

// shown tells whether a finding is among those that a level shows.
func shown(f *jobs.Finding, level Level) bool {
	least := jobs.Warn
	if level == Full {
		least = jobs.Info
	}
	return f.Severity.Rank() >= least.Rank() && pictured(f) != nothing
}

// chosen lists the findings to show, the worst first: failures before warnings; among equals the first of each code and rendition before the second of any, so that the
// bound cuts repetition and no kind of defect.
func (w *work) chosen() []*jobs.Finding {
	type ranked struct {
		f       *jobs.Finding
		ordinal int
	}
	var list []ranked
	count := map[string]int{}
	keys := map[string]bool{}
	for i := range w.report.Findings {
		f := &w.report.Findings[i]
		if !shown(f, w.options.Level) || keys[jobs.FindingKey(f)] {
			continue
		}
		keys[jobs.FindingKey(f)] = true
		kind := string(f.Severity) + " " + f.Code + " " + f.Rendition
		list = append(list, ranked{f, count[kind]})
		count[kind]++
	}
	slices.SortStableFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.f.Severity.Rank(), a.f.Severity.Rank()), cmp.Compare(a.ordinal, b.ordinal), cmp.Compare(a.f.Start, b.f.Start))
	})
	w.left = max(0, len(list)-w.options.Proofs)
	var chosen []*jobs.Finding
	for _, r := range list[:len(list)-w.left] {
		chosen = append(chosen, r.f)
	}
	return chosen
}

// planFrames wants the frames around a finding about pictures.
func (w *work) planFrames(p *proofPlan) {
	f, rendition := p.finding, w.rendition(p.finding)
	start, end := f.Start.Micros(), f.End.Micros()
	if start >= lead {
		w.shot(p, jobs.RoleBefore, rendition, start-lead)
	}
	w.shot(p, jobs.RoleFirst, rendition, start)
	w.shot(p, jobs.RoleWorst, rendition, w.worst(f))
	if place := w.places[rendition]; place != nil && end > start && end < place.End() {
		w.shot(p, jobs.RoleAfter, rendition, end)
	}
}

// worst is the moment that shows a finding best: that of the least PSNR where pictures were compared, else the middle.
func (w *work) worst(f *jobs.Finding) jobs.Micros {
	if strings.HasPrefix(f.Code, "reference.") {
		for i := range w.report.Summary.Reference {
			c := &w.report.Summary.Reference[i]
			if c.Rendition == f.Rendition && len(c.Worst) > 0 && c.Worst[0].Start >= f.Start && c.Worst[0].Start < f.End {
				return c.Worst[0].Start.Micros() + lead
			}
		}
	}
	return (f.Start.Micros() + f.End.Micros()) / 2
}

// shot wants the picture that is shown at a time, unless nothing is.
func (w *work) shot(p *proofPlan, role, rendition string, at jobs.Micros) {
	place := w.places[rendition]
	if place == nil || !named(rendition) {
		return
	}
	m, ok := place.At(at)
	if !ok || m.Beyond > offTime || m.Kind != "video" {
		return
	}
	key := photoKey{rendition, m.Unit, m.PTS}
	if w.photos[key] == nil {
		w.photos[key] = &photo{key: key, moment: m}
	}
	p.shots = append(p.shots, shotPlan{role, key})
}

// named tells whether an id can be part of a file's name.
func named(rendition string) bool {
	if rendition == "" || len(rendition) > 8 {
		return false
	}
	for _, c := range []byte(rendition) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// planSound wants the sound around a finding; nil when there is none.
func (w *work) planSound(f *jobs.Finding) *sound {
	place := w.places[f.Rendition]
	if place == nil || !named(f.Rendition) {
		return nil
	}
	from := max(0, f.Start.Micros()-around)
	to := min(f.End.Micros()+around, place.End(), from+longestSound)
	s := &sound{rendition: f.Rendition, start: f.Start.Micros(), end: f.End.Micros(), from: from, to: to}
	for _, other := range w.sounds { // findings that share a stretch share its picture
		if other.rendition == s.rendition && other.start == s.start && other.end == s.end {
			return other
		}
	}
	if !s.place(place) {
		return nil
	}
	w.sounds = append(w.sounds, s)
	return s
}
