package judge

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	codeNoCaptions  = "captions.missing"
	codeGap         = "captions.gap"
	codeLag         = "captions.drift"
	noCaptions      = "no captions, and none are declared"
	noSpeech        = "not measurable: no sound to hold the captions against"
	noSpeechPattern = "not measurable: nothing in the sound goes with the captions as speech does"
	unreadCaptions  = "not measurable: the captions between key frames were not read (--depth fast)"
	tooManyCaptions = "too long to be compared: only the first hours are"
	fewCues         = "not measurable: too few captions"

	// gapCues is how many captions it takes to say what is usual.
	gapCues = 5
	// talkBase is the least share of speech under the captions that makes speech worth a word; a gap has at least talkGap of that share, while what is without
	// captions elsewhere has talkRest of it at most.
	talkBase, talkGap, talkRest = 0.15, 0.6, 0.7
	// talkAround is how far around a caption its speech may be.
	talkAround jobs.Micros = 1e6
	// talkLeast is how much speech without a caption is more than a cough.
	talkLeast jobs.Micros = 10e6
)

// subtitles is one service of captions or one rendition of subtitles, with the sound that it should go with.
type subtitles struct {
	rendition string
	name      string
	cues      []cue
	duration  jobs.Micros
	// cut is where cues that were not kept begin; 0 when all were.
	cut       jobs.Micros
	intervals []jobs.Interval
	// talk has the activity of the sound in steps of speechStep; nil when there is no sound.
	talk []bool
	p    *params
}

// caption judges the captions of every picture, and the subtitles beside it.
func (j *Judge) caption(renditions []rendition, r *jobs.Result) {
	if !j.params.examines(codeNoCaptions) && !j.params.examines(codeGap) && !j.params.examines(codeLag) {
		return
	}
	for i := range renditions {
		t := &renditions[i]
		if t.s.Kind != measurement.Video {
			continue
		}
		s := subtitles{rendition: t.ID, duration: t.Duration.Micros(), intervals: t.s.Ledger.tile(t.Duration.Micros()), p: j.params}
		if len(t.s.Shallow) > 0 { // what was not read may be there
			s.intervals = t.shallows().depths(s.intervals, codeNoCaptions)
			s.cover(r, unreadCaptions, unreadCaptions, unreadCaptions)
			continue
		}
		s.talk = talkOf(soundOf(renditions, t), s.duration)
		t.captions().judge(&s, t.declared(), r)
	}
	j.subtitled(renditions, r)
}

// captions is what the collector of the picture's captions saw.
func (t *rendition) captions() *pictureCaptions {
	for _, d := range t.s.video {
		if c, ok := d.(*pictureCaptions); ok {
			return c
		}
	}
	return &pictureCaptions{}
}

// soundOf is the sound that people hear with the picture: of its own sequence, else the first.
func soundOf(renditions []rendition, picture *rendition) *rendition {
	var first *rendition
	for i := range renditions {
		t := &renditions[i]
		if t.s.Kind != measurement.Audio {
			continue
		}
		if t.q == picture.q {
			return t
		}
		if first == nil {
			first = t
		}
	}
	return first
}

// talkOf is the activity of a sound on the timeline.
func talkOf(sound *rendition, duration jobs.Micros) []bool {
	if sound == nil {
		return nil
	}
	for _, d := range sound.s.audio {
		d, ok := d.(*speech)
		if !ok {
			continue
		}
		talk := make([]bool, min(max(0, duration/speechStep), maxSpeech))
		for k := range talk {
			at := jobs.Micros(k)*speechStep - shiftAt(sound.shift, jobs.Micros(k)*speechStep)
			talk[k] = d.at(int(at / speechStep))
		}
		return talk
	}
	return nil
}

// judge tells what is wrong with the services. Where a service of CEA-608 is there, those of CEA-708 are its copies.
func (p *pictureCaptions) judge(s *subtitles, declared []string, r *jobs.Result) {
	services := p.services()
	if len(services) == 0 && len(declared) == 0 {
		s.cover(r, noCaptions, noCaptions, noCaptions)
		return
	}
	for _, name := range declared {
		if !slices.ContainsFunc(services, func(c captionService) bool { return c.Name == name }) {
			s.absent(r, name)
		}
	}
	if len(services) == 0 {
		s.cover(r, "", fewCues, fewCues)
		return
	}
	var gap, lag []string
	var whole jobs.Micros
	for _, c := range services {
		if c.Name[0] == 'S' && services[0].Name[0] != 'S' {
			continue
		}
		v := *s
		v.name, v.cues, v.cut = c.Name, c.List, c.Cut
		whole = max(whole, v.until())
		gap = append(gap, v.gaps(r))
		lag = append(lag, v.lags(r))
	}
	s.shorten(whole)
	s.cover(r, "", slices.Min(gap), slices.Min(lag)) // one that was examined is enough: its reason is empty
}

// until is how far the captions can be judged: as long as they and the sound that they are held against were kept.
func (s *subtitles) until() jobs.Micros {
	end := s.duration
	if s.talk != nil {
		end = min(end, maxSpeech*speechStep)
	}
	if s.cut > 0 {
		end = min(end, s.cut)
	}
	return end
}

// kept are the captions before that.
func (s *subtitles) kept() []cue {
	until := s.until()
	n, _ := slices.BinarySearchFunc(s.cues, until, func(c cue, at jobs.Micros) int { return cmp.Compare(c.From, at) })
	return s.cues[:n]
}

// shorten says that what comes after a time was not judged.
func (s *subtitles) shorten(until jobs.Micros) {
	if until < s.duration {
		s.intervals = cutShort(s.intervals, max(1, until), tooManyCaptions)
	}
}

// cover books what became of the three codes.
func (s *subtitles) cover(r *jobs.Result, missing, gap, lag string) {
	for _, c := range []struct{ code, reason string }{{codeNoCaptions, missing}, {codeGap, gap}, {codeLag, lag}} {
		if s.p.examines(c.code) {
			r.Coverage = append(r.Coverage, jobs.Coverage{Rendition: s.rendition, Detector: c.code, Intervals: doubted(s.intervals, c.reason)})
		}
	}
}

// absent tells that something declared never shows anything. In a time without speech nobody can tell.
func (s *subtitles) absent(r *jobs.Result, name string) {
	l, ok := s.p.levels(codeNoCaptions).reached(s.duration)
	if !ok {
		return
	}
	f := (&run{0, s.duration}).finding(l)
	spoken := s.spoken(0, s.duration)
	f.Code, f.Confidence = codeNoCaptions, 0.9
	f.Message = fmt.Sprintf("%s is declared, and shows nothing in %.0f s", name, s.duration.Seconds())
	if s.talk == nil || spoken < talkLeast {
		f.Severity, f.Confidence = jobs.Info, 0.5
		f.Message += "; nor is there speech to be heard"
	}
	s.find(r, f)
}

func (s *subtitles) find(r *jobs.Result, f jobs.Finding) {
	f.Rendition = s.rendition
	r.Findings = append(r.Findings, f)
}

// spoken is how long something like speech can be heard in a time.
func (s *subtitles) spoken(from, to jobs.Micros) jobs.Micros {
	var n jobs.Micros
	for k := max(0, from/speechStep); k < min(to/speechStep, jobs.Micros(len(s.talk))); k++ {
		if s.talk[k] {
			n++
		}
	}
	return n * speechStep
}

// gaps finds long times of speech without a caption, while there is speech under the others. It returns why that is not measurable.
func (s *subtitles) gaps(r *jobs.Result) string {
	switch {
	case len(s.kept()) < gapCues:
		return fewCues
	case s.talk == nil:
		return noSpeech
	}
	until := s.until()
	holes := s.holes()
	var free, freeSpoken jobs.Micros
	for _, h := range holes {
		free += h.length()
		freeSpoken += s.spoken(h.From, h.To)
	}
	covered := max(1, until-free)
	base := float64(s.spoken(0, until)-freeSpoken) / float64(covered)
	if base < talkBase {
		return noSpeechPattern
	}
	for _, h := range holes {
		spoken := s.spoken(h.From, h.To)
		rest := free - h.length()
		usual := float64(freeSpoken-spoken) / float64(max(1, rest))
		if spoken >= talkLeast && float64(spoken) >= talkGap*base*float64(h.length()) && (rest < talkLeast || usual <= talkRest*base) {
			s.tellHole(r, h, spoken)
		}
	}
	return ""
}

// holes are the times without a caption, and without a neighbour to one.
func (s *subtitles) holes() []run {
	var list []run
	var end jobs.Micros
	until := s.until()
	for _, c := range s.kept() {
		if from := c.From - talkAround; from > end {
			list = append(list, run{end, from})
		}
		end = max(end, c.To+talkAround)
	}
	if end < until {
		list = append(list, run{end, until})
	}
	return list
}

// tellHole tells one: captions that do not come back are missing.
func (s *subtitles) tellHole(r *jobs.Result, h run, spoken jobs.Micros) {
	code := codeGap
	message := fmt.Sprintf("%s shows nothing for %.0f s, in %.0f s of which there is something like speech", s.name, h.length().Seconds(), spoken.Seconds())
	if h.To >= s.duration {
		code = codeNoCaptions
		message = fmt.Sprintf("%s ends %.0f s before the picture, in %.0f s of which there is something like speech", s.name, h.length().Seconds(), spoken.Seconds())
	}
	l, ok := s.p.levels(code).reached(h.length())
	if !ok {
		return
	}
	f := h.finding(l)
	f.Code, f.Message, f.Confidence = code, message, 0.6
	s.find(r, f)
}

func captionsThresholds() []Threshold {
	none := math.NaN()
	return []Threshold{
		{"captions.missing.info", 10, 0, day, "s", "Captions that are missing for this long are info."},
		{"captions.missing.warn", 60, 0, day, "s", "Captions that are missing for this long are a warning."},
		{"captions.missing.fail", none, 0, day, "s", "Captions that are missing for this long are a failure."},
		{"captions.gap.info", 30, 0, day, "s", "Speech without a caption for this long is info."},
		{"captions.gap.warn", 90, 0, day, "s", "Speech without a caption for this long is a warning."},
		{"captions.gap.fail", none, 0, day, "s", "Speech without a caption for this long is a failure."},
		{"captions.drift.info", 1.5, 0, 10, "s", "Captions this much before or after the speech are info."},
		{"captions.drift.warn", 3, 0, 10, "s", "Captions this much before or after the speech are a warning."},
		{"captions.drift.fail", none, 0, 10, "s", "Captions this much before or after the speech are a failure."},
	}
}
