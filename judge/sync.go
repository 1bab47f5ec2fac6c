package judge

import (
	"math"
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// The codes of this file's family, all on the sound: it is the sound that is early or late against the picture.
const (
	codeOffset = "sync.offset"
	codeDrift  = "sync.drift"
	codeSkew   = "sync.start_skew"
)

// duet is a sound and the picture that it plays with.
type duet struct {
	sound, picture *rendition
	// apart says why their clocks cannot be compared; empty when they can.
	apart string
	// cut is true for a file of transport packets: it may be the middle of something longer.
	cut bool
	p   *params
}

// synchronise compares sound with pictures, once all renditions are finished and have their place on the timeline.
func (j *Judge) synchronise(renditions []rendition, r *jobs.Result) {
	j.caption(renditions, r)
	if !j.params.examinesSync() {
		return
	}
	for i := range renditions {
		t := &renditions[i]
		if t.s.Kind != measurement.Audio {
			continue
		}
		if picture := j.pictureOf(renditions, t); picture != nil {
			d := duet{sound: t, picture: picture, apart: j.clocksApart(t, picture), p: j.params}
			d.cut = j.check.Timeline.Kind == jobs.SourceFile && !t.q.objectMode() && t.s.First.WrapBits > 0
			d.skew(r)
			d.drift(r)
			d.offset(r)
		}
	}
}

func (p *params) examinesSync() bool {
	return p.examines(codeDrift) || p.examines(codeSkew) || p.examines(codeOffset)
}

// pictureOf is the picture that a sound plays with: of its own sequence, there the one with its own number when there are as many pictures as sounds (programmes
// of a transport stream); else the first of another sequence. Nil when there is none. A picture that stands among the segments of a sound is taken for want of others only.
func (j *Judge) pictureOf(renditions []rendition, sound *rendition) *rendition {
	if p := j.firstPicture(renditions, sound, false); p != nil {
		return p
	}
	return j.firstPicture(renditions, sound, true)
}

// firstPicture is pictureOf of those that are strange, or of those that are not.
func (j *Judge) firstPicture(renditions []rendition, sound *rendition, strange bool) *rendition {
	var own []*rendition
	sounds, rank := 0, 0
	for i := range renditions {
		t := &renditions[i]
		switch {
		case t.q != sound.q:
		case t.s.Kind == measurement.Video && t.s.Strange != strange:
		case t.s.Kind == measurement.Video:
			own = append(own, t)
		default:
			if t == sound {
				rank = sounds
			}
			sounds++
		}
	}
	if len(own) == sounds && rank < len(own) {
		return own[rank]
	}
	if len(own) > 0 {
		return own[0]
	}
	for i := range renditions {
		if t := &renditions[i]; t.s.Kind == measurement.Video && t.s.Strange == strange && t.q.def.Mode == sound.q.def.Mode {
			return t
		}
	}
	return nil
}

// clocksApart says why the places of the two on the timeline do not compare.
func (j *Judge) clocksApart(sound, picture *rendition) string {
	const reason = "not measurable: sound and picture have no clock in common"
	a, v := sound.q.Place.Groups, picture.q.Place.Groups
	switch {
	case sound.q == picture.q:
		return ""
	case len(a) == 0 || len(v) == 0 || a[0].Disc != v[0].Disc:
		return reason
	}
	if _, ok := a[0].distance(v[0]); !ok {
		return reason
	}
	return ""
}

// time is where something on a rendition stands once its clock is aligned, also before the timeline's zero.
func (t *rendition) time(at jobs.Micros) jobs.Micros { return at + shiftAt(t.shift, at) }

// coverage books what became of one code on the sound; unseen is where the pictures that it takes were not decoded.
func (d *duet) coverage(r *jobs.Result, code, reason string, unseen shallows) {
	intervals := d.sound.s.Ledger.tile(d.sound.Duration.Micros())
	if len(unseen) > 0 {
		intervals = unseen.depths(intervals, code)
	}
	r.Coverage = append(r.Coverage, jobs.Coverage{Rendition: d.sound.ID, Detector: code, Intervals: doubted(intervals, reason)})
}

// find adds a finding about the sound.
func (d *duet) find(r *jobs.Result, f jobs.Finding) {
	f.Rendition = d.sound.ID
	f.Start = max(0, f.Start)
	f.End = max(f.Start, f.End)
	r.Findings = append(r.Findings, f)
}

// medianTime is the median of at least one value; the lower one of the middle two. It sorts a copy.
func medianTime(values []jobs.Micros) jobs.Micros {
	v := slices.Clone(values)
	slices.Sort(v)
	return v[(len(v)-1)/2]
}

func syncThresholds() []Threshold {
	none := math.NaN()
	return []Threshold{
		{"sync.offset.info", none, 0, 10, "s", "Sound this much behind the picture is info."},
		{"sync.offset.warn", 0.06, 0, 10, "s", "Sound this much behind the picture is a warning (EBU R 37)."},
		{"sync.offset.fail", 0.185, 0, 10, "s", "Sound this much behind the picture is a failure (ITU-R BT.1359)."},
		{"sync.offset.early.info", none, 0, 10, "s", "Sound this much ahead of the picture is info."},
		{"sync.offset.early.warn", 0.04, 0, 10, "s", "Sound this much ahead of the picture is a warning (EBU R 37)."},
		{"sync.offset.early.fail", 0.09, 0, 10, "s", "Sound this much ahead of the picture is a failure (ITU-R BT.1359)."},
		{"sync.drift.info", 0.02, 0, day, "s", "Sound and picture that run apart by this much are info."},
		{"sync.drift.warn", 0.06, 0, day, "s", "Sound and picture that run apart by this much are a warning."},
		{"sync.drift.fail", 0.185, 0, day, "s", "Sound and picture that run apart by this much are a failure."},
		{"sync.drift.rate", 100, 10, 1e5, "ppm", "Clocks that differ by less do not run apart: crystals are no better."},
		{"sync.start_skew.info", 0.1, 0, day, "s", "Sound that begins this much before or after the picture is info."},
		{"sync.start_skew.warn", 0.3, 0, day, "s", "Sound that begins this much before or after the picture is a warning."},
		{"sync.start_skew.fail", none, 0, day, "s", "Sound that begins this much before or after the picture is a failure."},
		{"sync.start_skew.ends", 1, 0.1, day, "s", "Sound and picture that end this far apart are told, as info."},
	}
}
