package judge

import (
	"math/rand/v2"
	"slices"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// subtitledCheck is a stream of pictures with a sequence of subtitles beside it; the units of the latter say what texts says of their segment.
func subtitledCheck(t *testing.T, rng *rand.Rand, snapshots bool, texts func(segment int) *measurement.Captions) jobs.Result {
	t.Helper()
	c := clean()
	text := jobs.Sequence{ID: "s1", Name: "subtitles", Mode: jobs.ModeSegments, Media: mediaCaptions, Duration: jobs.Micros(c.segments) * c.length, Variant: &jobs.Variant{Language: "de"}}
	var units []synth
	for i := range c.segments {
		text.Segments = append(text.Segments, jobs.Segment{Index: i, Start: jobs.Micros(i) * c.length, Duration: c.length})
		units = append(units, synth{unit: measurement.Unit{Index: i, State: measurement.UnitOK, Captions: texts(i)}})
	}
	check := checkOf(c.sequenceDef("s0"), text)
	j, err := New(check)
	if err != nil {
		t.Fatal(err)
	}
	for k, rows := range [][]synth{c.units(), units} {
		for _, w := range windowsOf(&check.Timeline.Sequences[k], rng) {
			if err := j.Window(w, take(w, rows[w.First:w.Last], c.formats(), false)); err != nil {
				t.Fatal(err)
			}
			if !snapshots {
				continue
			}
			b, err := j.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			if j, err = Restore(check, b); err != nil {
				t.Fatal(err)
			}
		}
	}
	r, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSubtitlesAreARendition(t *testing.T) {
	texts := func(i int) *measurement.Captions {
		return &measurement.Captions{Format: "webvtt", Cues: []measurement.Cue{{From: int64(i) * 2e6, To: int64(i)*2e6 + 1e6, Chars: 4}}}
	}
	whole := encode(t, subtitledCheck(t, nil, false, texts))
	for seed := range uint64(20) {
		if got := encode(t, subtitledCheck(t, rand.New(rand.NewPCG(seed, 1)), seed%2 == 0, texts)); got != whole {
			t.Fatalf("seed %d: %s, want %s", seed, got, whole)
		}
	}
	r := subtitledCheck(t, nil, false, texts)
	if i := slices.IndexFunc(r.Renditions, func(v jobs.Rendition) bool { return v.ID == "c0" }); i < 0 || r.Renditions[i].Kind != "captions" || r.Renditions[i].Language != "de" {
		t.Errorf("renditions %s", encode(t, r.Renditions))
	}
	wantStates(t, r, "c0", codeNoCaptions, "0-20 analysed")
	if f := finding(r, codeNoCaptions); len(f) > 0 {
		t.Errorf("found %s", encode(t, f))
	}
}

func TestSubtitlesWithoutACue(t *testing.T) {
	r := subtitledCheck(t, nil, false, func(int) *measurement.Captions { return &measurement.Captions{Format: "webvtt"} })
	if f := finding(r, codeNoCaptions); len(f) != 1 || f[0].Rendition != "c0" || f[0].Severity != jobs.Info { // the made sound has no speech in it
		t.Errorf("found %s", encode(t, r.Findings))
	}
}

// TestTextInPlaceOfPictures: an origin that answers with subtitles gives no pictures.
func TestTextInPlaceOfPictures(t *testing.T) {
	c := clean()
	units := c.units()
	units[4] = synth{unit: measurement.Unit{Index: 4, State: measurement.UnitOK, Captions: &measurement.Captions{Format: "webvtt"}}}
	r := judgedUnits(t, c.sequenceDef("s0"), units, c.formats())
	want(t, r, "segment.corrupt", jobs.Fail, 8, 10)
}

func TestPlaceOfASubtitle(t *testing.T) {
	picture := &rendition{q: &sequence{Place: placement{Groups: []group{{Disc: 0, anchor: anchor{Ticks: 900000, Base: timeBase{1, 90000}, At: 0}, Wrap: 33}}}}}
	segment := &jobs.Segment{Start: 20e6, Duration: 4e6}
	for _, c := range []struct {
		name string
		cue  textCue
		want jobs.Micros
	}{
		{"mapped", textCue{From: 31e6, To: 32e6, Mapped: true}, 21e6},
		{"mapped to another zero", textCue{From: 1e6, To: 2e6, Mapped: true, Zero: 30 * 90000}, 21e6},
		{"mapped behind the wrap", textCue{From: 31e6, To: 32e6, Mapped: true, Zero: -1 << 33}, 21e6},
		{"without a map, from the beginning of the stream", textCue{From: 21e6, To: 22e6}, 21e6},
		{"without a map, on a clock of its own", textCue{From: 3600e6, To: 3601e6}, 3600e6},
		{"a map that leads nowhere", textCue{From: 21e6, To: 22e6, Mapped: true, Zero: 5000 * 90000}, 21e6},
	} {
		if got := c.cue.place(segment, picture); got != c.want {
			t.Errorf("%s: at %v, want %v", c.name, got, c.want)
		}
	}
	if got := (&textCue{From: 21e6, To: 22e6}).place(segment, nil); got != 21e6 {
		t.Errorf("without pictures: at %v", got)
	}
}
