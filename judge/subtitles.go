package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// mediaCaptions is what the timeline calls a sequence of subtitles.
const mediaCaptions = "captions"

// textBase is the clock of X-TIMESTAMP-MAP (RFC 8216 section 3.5).
var textBase = timeBase{1, 90000}

// textCue is a subtitle as its segment tells it. It gets its place once the clock of the pictures is known.
type textCue struct {
	Segment  int
	From, To jobs.Micros // on the clock of the cues
	Chars    int
	// Mapped says that 0 on that clock is Zero on that of the media, in ticks of textBase.
	Mapped bool  `json:",omitempty"`
	Zero   int64 `json:",omitempty"`
}

// fitting is the unit as it counts in the sequence: text is no media where pictures or sound are due.
func (q *sequence) fitting(m *measurement.Unit) *measurement.Unit {
	if m.Captions == nil || q.def.Media == mediaCaptions {
		return m
	}
	u := *m
	u.Captions = nil
	if u.State == measurement.UnitOK && len(u.Tracks) == 0 {
		u.State, u.Detail = measurement.UnitCorrupt, "no audio or video in it"
	}
	return &u
}

// texts keeps the subtitles of a unit. Segments repeat those that reach over their border.
func (q *sequence) texts(m *measurement.Unit) {
	c := m.Captions
	if c == nil {
		return
	}
	q.TextFormat = cmp.Or(q.TextFormat, clipFormat(c.Format))
	for _, v := range c.Cues {
		t := textCue{Segment: m.Index, From: clampTime(jobs.Micros(v.From)), To: clampTime(jobs.Micros(v.To)), Chars: v.Chars, Mapped: c.Mapped}
		if c.Mapped {
			t.Zero = difference(c.MPEGTS, textBase.ticks(clampTime(jobs.Micros(c.Local))))
		}
		if len(q.Texts) <= maxCues { // one more than is kept: it tells where what is not kept begins
			q.Texts = append(q.Texts, t)
		}
	}
}

// clipFormat names the formats that are known.
func clipFormat(s string) string {
	if s == "ttml" {
		return s
	}
	return "webvtt"
}

// subtitled judges the sequences of subtitles: each is a rendition c0, c1 …
func (j *Judge) subtitled(renditions []rendition, r *jobs.Result) {
	var picture, sound *rendition
	for i := range renditions {
		if t := &renditions[i]; t.s.Kind == measurement.Video && !t.q.objectMode() {
			picture = t
			sound = soundOf(renditions, t)
			break
		}
	}
	n := 0
	for _, q := range j.sequences {
		if q.def.Media != mediaCaptions || q.isReference() {
			continue
		}
		q.rendition = fmt.Sprintf("c%d", n)
		n++
		s := subtitles{rendition: q.rendition, name: q.def.Name, duration: q.length(), intervals: q.Ledger.tile(q.length()), p: j.params}
		s.cues, s.cut = q.placedTexts(picture)
		s.talk = talkOf(sound, s.duration)
		r.Renditions = append(r.Renditions, q.textRendition(s.duration))
		r.Duration = max(r.Duration, s.duration.At())
		s.judge(r)
	}
}

func (q *sequence) textRendition(duration jobs.Micros) jobs.Rendition {
	t := jobs.Rendition{ID: q.rendition, Kind: mediaCaptions, Sequence: q.ID, Name: q.def.Name, Codec: q.TextFormat, Duration: duration.At()}
	if q.def.Variant != nil {
		t.Language = q.def.Variant.Language
	}
	return t
}

// judge tells what is wrong with a rendition of subtitles.
func (s *subtitles) judge(r *jobs.Result) {
	if len(s.cues) > 0 {
		s.shorten(s.until())
		s.cover(r, "", s.gaps(r), s.lags(r))
		return
	}
	if slices.ContainsFunc(s.intervals, func(v jobs.Interval) bool { return v.State == jobs.Analysed }) && s.p.examines(codeNoCaptions) {
		s.absent(r, s.name)
	}
	s.cover(r, "", fewCues, fewCues)
}

// placedTexts are the subtitles on the timeline, in order, each once, and where those that were not kept begin: 0 when all were.
func (q *sequence) placedTexts(picture *rendition) (list []cue, cut jobs.Micros) {
	for i := range q.Texts {
		t := &q.Texts[i]
		if t.Segment >= len(q.def.Segments) {
			continue
		}
		from := t.place(&q.def.Segments[t.Segment], picture)
		if i == maxCues {
			cut = max(1, from)
		} else if from+t.To-t.From > 0 && !beyond(from) {
			list = append(list, cue{max(0, from), from + t.To - t.From, t.Chars})
		}
	}
	slices.SortStableFunc(list, func(a, b cue) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	list = slices.CompactFunc(list, func(a, b cue) bool {
		return abs(a.From-b.From) <= textSlack && abs(a.To-b.To) <= textSlack && a.Chars == b.Chars
	})
	return list, cut
}

// textSlack is how far apart two copies of a subtitle may be: a frame, by which packagers round.
const textSlack jobs.Micros = 20e3

// place is where a cue begins: by the clock of the pictures, or, when that is nowhere near its segment, as counted from the beginning of the stream. Without a map the
// latter is tried first: packagers that leave it out count like that.
func (t *textCue) place(s *jobs.Segment, picture *rendition) jobs.Micros {
	near := func(at jobs.Micros) bool {
		return at+t.To-t.From >= s.Start-alignTolerance && at <= s.Start+s.Duration+alignTolerance
	}
	mapped, ok := t.mapped(s, picture)
	switch {
	case ok && t.Mapped && near(mapped):
		return mapped
	case near(t.From):
		return t.From
	case ok && near(mapped):
		return mapped
	}
	return t.From
}

// mapped places a cue by the clock of the pictures in its group of segments.
func (t *textCue) mapped(s *jobs.Segment, picture *rendition) (jobs.Micros, bool) {
	if picture == nil {
		return 0, false
	}
	for _, g := range picture.q.Place.Groups {
		if g.Disc != s.Discontinuity {
			continue
		}
		o := g.origin(textBase)
		ticks := clampTicks(t.Zero, textBase.ticks(t.From))
		ticks = clampTicks(ticks, turns(ticks, clampTicks(o.Ticks, textBase.ticks(s.Start-o.At)), 33))
		return o.time(textBase, ticks), true
	}
	return 0, false
}

// declared are the services of captions that the playlist promises in the pictures.
func (t *rendition) declared() []string {
	if t.q.def.Variant == nil || t.q.def.Variant.InStream == "" {
		return nil
	}
	return strings.Split(t.q.def.Variant.InStream, ",")
}
