package judge

import (
	"math/rand/v2"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// judgedUnits folds one sequence of segments in one window.
func judgedUnits(t *testing.T, q jobs.Sequence, units []synth, formats []measurement.Format) jobs.Result {
	t.Helper()
	check := checkOf(q)
	j, err := New(check)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range windowsOf(&check.Timeline.Sequences[0], nil) {
		if err := j.Window(w, take(w, units, formats, false)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// swap exchanges what two segments hold; rows go to the segment that holds them.
func swap(units []synth, a, b int) {
	units[a], units[b] = units[b], units[a]
	for _, i := range []int{a, b} {
		units[i].unit.Index = i
		for k := range units[i].frames {
			units[i].frames[k].Unit = int32(i)
		}
		for k := range units[i].slots {
			units[i].slots[k].Unit = int32(i)
		}
	}
}

func TestSwappedSegmentsKeepTheTimeline(t *testing.T) {
	c := clean()
	units := c.units()
	swap(units, 4, 5)
	r := judgedUnits(t, c.sequenceDef("s0"), units, c.formats())
	want(t, r, "timestamp.gap", jobs.Fail, 8, 8.04)
	want(t, r, "timestamp.backward", jobs.Fail, 10, 10.04)
	want(t, r, "timestamp.gap", jobs.Fail, 12, 12.04)
	if r.Duration != 20 || len(r.Findings) != 3 {
		t.Errorf("duration %v, findings %s", r.Duration, encode(t, r.Findings))
	}
}

func TestRestartedClockDoesNotMakeADay(t *testing.T) {
	c := clean()
	units := c.units()
	later := *c
	later.start += 7777 * tick
	for i := 5; i < 10; i++ {
		units[i] = later.unit(i)
	}
	r := judgedUnits(t, c.sequenceDef("s0"), units, c.formats())
	want(t, r, "timestamp.gap", jobs.Fail, 10, 10.04)
	if r.Duration != 20 || len(r.Findings) != 1 {
		t.Errorf("duration %v, findings %s", r.Duration, encode(t, r.Findings))
	}
}

// TestRoundedDurations: EXTINF may be whole seconds, and frames stay where their timestamps say.
func TestRoundedDurations(t *testing.T) {
	c := clean()
	c.length = 1.92e6
	c.black = []run{sec(9.6, 13.44)}
	q := c.sequenceDef("s0")
	for i := range q.Segments {
		q.Segments[i].Start, q.Segments[i].Duration = jobs.Micros(i)*2e6, 2e6
	}
	r := judgedUnits(t, q, c.units(), c.formats())
	want(t, r, "video.black", jobs.Fail, 9.6, 13.44)
	if r.Duration != 19.2 || len(r.Findings) != 1 {
		t.Errorf("duration %v, findings %s", r.Duration, encode(t, r.Findings))
	}
}

// TestDiscontinuity: a group begins where the playlist says, and a run goes on across it when nothing lies between.
func TestDiscontinuity(t *testing.T) {
	c := clean()
	c.disc = map[int]bool{3: true, 7: true}
	c.black = []run{sec(5, 8)}
	c.silence = []run{sec(12, 17)}
	r := judged(t, nil, c)
	want(t, r, "video.black", jobs.Fail, 5, 8)
	f := finding(r, "audio.silence")
	if len(f) != 1 || abs(f[0].Start.Micros()-12e6) > slotLength || abs(f[0].End.Micros()-17e6) > slotLength {
		t.Errorf("silence at [12, 17) is %s", encode(t, f))
	}
	if len(r.Findings) != 2 {
		t.Errorf("findings %s", encode(t, r.Findings))
	}
}

func TestFirstSegmentsMissing(t *testing.T) {
	c := clean()
	c.state = map[int]measurement.UnitState{0: measurement.UnitMissing, 1: measurement.UnitGap}
	c.black = []run{sec(5, 8)}
	r := judged(t, nil, c)
	want(t, r, "segment.missing", jobs.Fail, 0, 2)
	want(t, r, "video.black", jobs.Fail, 5, 8)
	wantStates(t, r, "v0", "video.black", "0-2 failed, 2-4 skipped, 4-20 analysed")
}

// TestAudioPlaylistSharesTheVideosClock: sound that begins later than the picture is later, although each playlist starts at 0.
func TestAudioPlaylistSharesTheVideosClock(t *testing.T) {
	for _, order := range []uint64{1, 2, 3} {
		rng := rand.New(rand.NewPCG(order, 1))
		video, audio := clean(), clean()
		video.audio, audio.video = 0, false
		video.wrap, audio.wrap = true, true
		video.start = 1<<33 - 9*tick/100
		audio.start = video.start + 18*tick/100 // 0.18 s later, behind the wrap
		audio.silence = []run{sec(5, 10)}
		r := judged(t, rng, video, audio)
		want(t, r, "audio.silence", jobs.Fail, 5.18, 10.18)
		if r.Duration != 20.18 {
			t.Errorf("duration %v", r.Duration)
		}
		audio.start = video.start + 100*tick // no clock in common
		r = judged(t, rng, video, audio)
		want(t, r, "audio.silence", jobs.Fail, 5, 10)
	}
}

func TestPromisedTrackThatIsNotThere(t *testing.T) {
	c := clean()
	c.video = false
	q := c.sequenceDef("s0")
	q.Media = "video"
	r := judgedUnits(t, q, c.units(), c.formats())
	wantStates(t, r, "v0", "video.black", "0-20 failed")
	if r.Verdict != jobs.VerdictIncomplete {
		t.Errorf("verdict %s", r.Verdict)
	}
}

func TestTrackThatComesLate(t *testing.T) {
	c := clean()
	units := c.units()
	for i := range 3 {
		units[i].slots = nil
		units[i].unit.Tracks = units[i].unit.Tracks[:1]
	}
	r := judgedUnits(t, c.sequenceDef("s0"), units, c.formats())
	wantStates(t, r, "a0", "audio.silence", "0-6 skipped, 6-20 analysed")
	if r.Verdict != jobs.VerdictWarn || len(r.Findings) != 1 || r.Findings[0].Code != codeSkew {
		t.Errorf("verdict %s, findings %s, want one about the late start", r.Verdict, encode(t, r.Findings))
	}
}

// TestGapsAreCalledByTheirName: a DASH manifest has no EXT-X-GAP.
func TestGapsAreCalledByTheirName(t *testing.T) {
	for kind, reason := range map[jobs.SourceKind]string{
		jobs.SourceHLS: "EXT-X-GAP", jobs.SourceDASH: "the manifest lists no segment for this time",
	} {
		c := clean()
		c.state = map[int]measurement.UnitState{4: measurement.UnitGap}
		check := checkOf(c.sequenceDef("s0"))
		check.Timeline.Kind = kind
		j, err := New(check)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range windowsOf(&check.Timeline.Sequences[0], nil) {
			if err := j.Window(w, take(w, c.units(), c.formats(), false)); err != nil {
				t.Fatal(err)
			}
		}
		r, err := j.Finish()
		if err != nil {
			t.Fatal(err)
		}
		for _, cov := range r.Coverage {
			if n := len(cov.Intervals); n != 3 || cov.Intervals[1].Reason != reason || cov.Intervals[1].State != jobs.Skipped {
				t.Errorf("%s: %s of %s: %+v", kind, cov.Detector, cov.Rendition, cov.Intervals)
			}
		}
	}
}
