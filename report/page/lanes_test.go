package page

import (
	"testing"

	"aircheck/jobs"
	"aircheck/report"
)

// TestEveryDetectorIsInALane: found, clean, in part or not at all, or told to have had nothing to go by. Nothing is shown as clean that was not analysed.
func TestEveryDetectorIsInALane(t *testing.T) {
	d := full(t)
	seen := map[string]string{}
	for _, g := range groupsOf(d.Report) {
		for _, l := range g.Lanes {
			codes := l.Codes
			if l.Kind == laneFound {
				codes = []string{l.Label}
			}
			for _, c := range codes {
				seen[g.Rendition+" "+c] = l.Kind
			}
		}
	}
	for key, kind := range map[string]string{
		" playlist.invalid": laneFound, "v0 video.black": laneFound, "v0 video.freeze": laneClean, "v1 segment.missing": laneFound, "v1 video.black": laneGap,
		"v1 video.freeze": laneGap, "a0 audio.silence": laneFound, "a0 audio.hum": laneClean,
	} {
		if seen[key] != kind {
			t.Errorf("%s is %q, want %q", key, seen[key], kind)
		}
		delete(seen, key)
	}
	if len(seen) > 0 {
		t.Errorf("lanes of nothing: %v", seen)
	}
}

// TestManyKindsOfGapsShareALane: however many, a page has few, and each detector is in one.
func TestManyKindsOfGapsShareALane(t *testing.T) {
	r := &report.Report{}
	r.Duration = 100
	r.Renditions = []jobs.Rendition{{ID: "v0"}}
	for i := range 40 {
		at := jobs.Seconds(i)
		r.Coverage = append(r.Coverage, jobs.Coverage{Rendition: "v0", Detector: "d" + string(rune('A'+i)), Intervals: []jobs.Interval{
			{End: at + 1, State: jobs.Analysed}, {Start: at + 1, End: at + 2, State: jobs.Pending}, {Start: at + 2, End: 100, State: jobs.Analysed},
		}})
	}
	lanes := groupsOf(r)[0].Lanes
	codes := 0
	for _, l := range lanes {
		codes += len(l.Codes)
		if l.Kind != laneGap {
			t.Errorf("a lane is %q", l.Kind)
		}
	}
	if len(lanes) != maxGapLanes || codes != 40 {
		t.Errorf("%d lanes of %d detectors", len(lanes), codes)
	}
}

// TestDrawn: marks lie where the findings are, in the height of their severity, and touch none that is not there.
func TestDrawn(t *testing.T) {
	r := &report.Report{}
	r.Duration = 100
	r.Findings = []jobs.Finding{
		{Severity: jobs.Fail, Start: 10, End: 20}, {Severity: jobs.Fail, Start: 19, End: 30}, {Severity: jobs.Info, Start: 50, End: 50.001}, {Severity: jobs.Warn, Start: 99.99, End: 200},
	}
	l := &lane{Findings: []int{0, 1, 2, 3}, Holes: []jobs.Interval{{Start: 40, End: 45, State: jobs.Failed}}}
	l.draw(r)
	want := []mark{{"hole failed", "M400 0h50v18h-50z"}, {"info", "M500 10h3v6h-3z"}, {"warn", "M997 6h3v10h-3z"}, {"fail", "M100 2h200v14h-200z"}}
	if len(l.Marks) != len(want) {
		t.Errorf("%d marks: %v", len(l.Marks), l.Marks)
	}
	for _, m := range l.Marks {
		found := false
		for _, w := range want {
			found = found || m == w
		}
		if !found {
			t.Errorf("drew %v", m)
		}
	}
}

func TestWorstOf(t *testing.T) {
	list := []jobs.Finding{{Severity: jobs.Info}, {Severity: jobs.Fail}, {Severity: jobs.Warn}, {Severity: jobs.Info}, {Severity: jobs.Fail}, {Severity: "odd"}}
	tests := []struct {
		n    int
		want []int
	}{{0, nil}, {1, []int{1}}, {3, []int{1, 2, 4}}, {4, []int{0, 1, 2, 4}}, {9, []int{0, 1, 2, 3, 4, 5}}}
	for _, tt := range tests {
		got := worstOf(list, tt.n)
		if len(got) != len(tt.want) {
			t.Errorf("%d: %v, want %v", tt.n, got, tt.want)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("%d: %v, want %v", tt.n, got, tt.want)
			}
		}
	}
}
