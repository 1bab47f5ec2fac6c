package judge

import (
	"slices"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// A segment of sound among those of a picture is one alarm: the hole that it leaves, or, where nothing was before it, the streams that change. The sound in it begins
// and ends where it stands, which says nothing about the picture.
func TestSegmentOfSoundAmongThoseOfAPicture(t *testing.T) {
	for _, c := range []struct {
		at   int
		want []string
	}{
		{4, []string{"fail timestamp.gap", "info playlist.discontinuity_missing"}},
		{0, []string{"warn playlist.discontinuity_missing"}},
		{9, []string{"warn playlist.discontinuity_missing"}},
	} {
		r := packagedResult(t, jobs.SourceHLS, clean(), func(p *packagedStream) {
			for i := range p.units {
				u := &p.units[i]
				u.unit.Transport = &measurement.Transport{Packets: 100, Streams: []measurement.Stream{{PID: 256, Type: 27}}}
				if i != c.at {
					u.unit.Tracks, u.slots = u.unit.Tracks[:1], nil
					continue
				}
				u.unit.Transport.Streams = []measurement.Stream{{PID: 257, Type: 15}}
				u.unit.Tracks, u.frames = u.unit.Tracks[1:], nil
			}
		})
		var got []string
		for _, f := range r.Findings {
			got = append(got, string(f.Severity)+" "+f.Code)
		}
		slices.Sort(got)
		got = slices.DeleteFunc(got, func(s string) bool { return s == "info playlist.key_frame_interval" })
		if !slices.Equal(got, c.want) {
			t.Errorf("segment %d: %s, want %q", c.at, encode(t, r.Findings), c.want)
		}
	}
}

// Sound is compared with the picture of the video playlist, not with one that stands among its own segments.
func TestThePictureOfASoundIsNoStrangeOne(t *testing.T) {
	def := &jobs.Sequence{Mode: jobs.ModeSegments}
	sounds, pictures := &sequence{def: def}, &sequence{def: def}
	list := []rendition{
		{q: sounds, s: &stream{Kind: measurement.Video, Strange: true}}, {q: sounds, s: &stream{Kind: measurement.Audio}}, {q: pictures, s: &stream{Kind: measurement.Video}},
	}
	j := &Judge{}
	if got := j.pictureOf(list, &list[1]); got != &list[2] {
		t.Error("the sound plays with another picture")
	}
	if got := j.pictureOf(list[:2], &list[1]); got != &list[0] {
		t.Error("for want of others the sound has no picture")
	}
}
