package judge

import (
	"math/rand/v2"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// TestHolesAreNotAnalysed from 0.2 s on, each track for itself, and not where a picture may have stood.
func TestHolesAreNotAnalysed(t *testing.T) {
	c := clean()
	c.dropped = []run{sec(4.2, 4.36), sec(6.2, 6.4), sec(12, 15)}
	units := c.units()
	units[8].slots = append(units[8].slots[:20], units[8].slots[60:]...)
	r := judgedUnits(t, c.sequenceDef("s0"), units, c.formats())
	wantStates(t, r, "v0", "video.black", "0-6.2 analysed, 6.2-6.4 failed, 6.4-12.04 analysed, 12.04-14 failed, 14-14.04 analysed, 14.04-15 failed, 15-20 analysed")
	wantStates(t, r, "a0", "audio.silence", "0-16.2 analysed, 16.2-16.6 failed, 16.6-20 analysed")
	for _, v := range r.Coverage {
		for _, i := range v.Intervals {
			if i.State == jobs.Failed && i.Reason != "no media" {
				t.Errorf("%s: reason %q", v.Rendition, i.Reason)
			}
		}
	}
}

func TestPictureThatStaysOnScreenIsAnalysed(t *testing.T) {
	s := &script{segments: 10, length: 2e6, rate: 30, video: true, variable: true, rng: rand.New(rand.NewPCG(1, 1)), dropped: []run{sec(12.2, 13.8)}}
	r := judged(t, nil, s)
	wantStates(t, r, "v0", "video.black", "0-20 analysed")
	if f := finding(r, "timestamp.gap"); len(f) != 1 || f[0].Severity != jobs.Info {
		t.Errorf("found %s", encode(t, r.Findings))
	}
}

func TestLateStartIsNoHole(t *testing.T) {
	s := clean()
	units := s.units()
	units[0].slots = units[0].slots[40:]
	units[0].unit.Tracks[1].FirstPTS += 4 * tick / 10
	r := judgedUnits(t, s.sequenceDef("s0"), units, s.formats())
	wantStates(t, r, "a0", "audio.silence", "0-20 analysed")
	if f := finding(r, codeSkew); len(r.Findings) != 1 || len(f) != 1 || f[0].Severity != jobs.Warn {
		t.Errorf("verdict %s, findings %s", r.Verdict, encode(t, r.Findings))
	}
}

// TestRowsWithoutAPlaceAreNotAnalysed: in place of a picture, between two, and at the end.
func TestRowsWithoutAPlaceAreNotAnalysed(t *testing.T) {
	for _, c := range []struct {
		name   string
		astray []run
		extra  bool
		want   string
	}{
		{"one in place of a picture", []run{sec(6.4, 6.44)}, false, "0-6.4 analysed, 6.4-6.44 failed, 6.44-20 analysed"},
		{"one too many", nil, true, "0-7.16 analysed, 7.16-7.2 failed, 7.2-20 analysed"},
		{"many", []run{sec(6.4, 7.6)}, false, "0-6.4 analysed, 6.4-7.6 failed, 7.6-20 analysed"},
		{"the last", []run{sec(19, 20)}, false, "0-19 analysed, 19-20 failed"},
	} {
		s := clean()
		s.astray = c.astray
		units := s.units()
		if c.extra {
			f := &units[3].frames
			more := (*f)[30]
			more.PTS = 1 << 60
			*f = append((*f)[:30:30], append([]measurement.Frame{more}, (*f)[30:]...)...)
		}
		r := judgedUnits(t, s.sequenceDef("s0"), units, s.formats())
		wantStates(t, r, "v0", "video.black", c.want)
		wantStates(t, r, "a0", "audio.silence", "0-20 analysed")
		if r.Verdict != jobs.VerdictIncomplete && len(finding(r, "timestamp.gap")) < 2 || r.Verdict == jobs.VerdictPass || r.Duration != 20 {
			t.Errorf("%s: verdict %s, duration %v, findings %s", c.name, r.Verdict, r.Duration, encode(t, r.Findings))
		}
	}
}

// TestPaint: what is painted tiles as before, is failed where it was analysed, and nowhere else.
func TestPaint(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	states := []jobs.State{jobs.Analysed, jobs.Failed, jobs.Skipped}
	for range 2000 {
		var l ledger
		for range 1 + rng.IntN(6) {
			l.add(span{From: l.end(), To: l.end() + 1 + jobs.Micros(rng.IntN(30)), State: states[rng.IntN(3)]})
		}
		duration := 1 + jobs.Micros(rng.Int64N(150))
		l.fit(duration)
		before := l.tile(duration)
		var lacks []lack
		for range rng.IntN(5) {
			from := jobs.Micros(rng.IntN(160))
			lacks = append(lacks, lack{From: from, To: from + 1 + jobs.Micros(rng.IntN(40)), Reason: "x"})
		}
		l.paint(lacks, 1)
		after := l.tile(duration)
		checkTiling(t, after, duration)
		for at := range duration {
			was, _ := stateAt(before, at)
			is, reason := stateAt(after, at)
			lacking := false
			for _, k := range lacks {
				lacking = lacking || at >= k.From && at < k.To
			}
			if painted := was == jobs.Analysed && lacking; painted != (reason == "x") || !painted && is != was {
				t.Fatalf("at %d: %s was %s, lacks %v, %v", at, is, was, lacks, after)
			}
		}
	}
}

func stateAt(list []jobs.Interval, at jobs.Micros) (jobs.State, string) {
	for _, i := range list {
		if at >= i.Start.Micros() && at < i.End.Micros() {
			return i.State, i.Reason
		}
	}
	return "", ""
}
