package judge

import (
	"fmt"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// caused lists where the faults of a code lie.
func caused(r jobs.Result, code string) []string {
	var list []string
	for _, f := range r.Findings {
		if f.Code == code {
			list = append(list, fmt.Sprintf("%s %s: %s", f.Rendition, f.Cause, f.Evidence))
		}
	}
	return list
}

func TestCauses(t *testing.T) {
	blackIn := func(n int, rungs map[int][]run) *laddering {
		l := ladderOf(n)
		for i, runs := range rungs {
			l.scripts[i].black = runs
		}
		l.edit = func(_ int, units []synth) {
			for i := range units {
				for k := range units[i].frames {
					if f := &units[i].frames[k]; f.SumY <= 16*64*36 {
						black16(f)
					}
				}
			}
		}
		return l
	}
	lost := blackIn(3, map[int][]run{0: {sec(5, 8)}})
	lost.scripts[2].state = map[int]measurement.UnitState{3: measurement.UnitMissing}
	for _, c := range []struct {
		name   string
		ladder *laddering
		want   []string
	}{
		{"in all", blackIn(3, map[int][]run{0: {sec(5, 8)}, 1: {sec(5, 8)}, 2: {sec(5.2, 8)}}), []string{
			"v0 source: in all 3 video renditions from 5.000 to 8.000 s", "v1 source: in all 3 video renditions from 5.000 to 8.000 s", "v2 source: in all 3 video renditions from 5.000 to 8.000 s",
		}},
		{"in one", blackIn(3, map[int][]run{1: {sec(5, 8.4)}}), []string{"v1 encoder: in 1 of 3 video renditions from 5.000 to 8.400 s"}},
		{"by segments", blackIn(3, map[int][]run{1: {sec(6, 10)}}), []string{"v1 packager: in 1 of 3 video renditions from 6.000 to 10.000 s, exactly from one segment's border to another's"}},
		{"of one", blackIn(1, map[int][]run{0: {sec(6, 10)}}), []string{"v0 : "}},
		{"where another was not seen", lost, []string{"v0 : "}},
	} {
		if got := caused(c.ladder.judge(t, nil), "video.black"); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestManyFindingsAreSweptOnce: ten thousand defects at one time must not cost the square of their number.
func TestManyFindingsAreSweptOnce(t *testing.T) {
	var findings []jobs.Finding
	var order []int
	for i := range 10_000 {
		order = append(order, i)
		findings = append(findings, jobs.Finding{Code: "video.black", Rendition: "v0", Start: 1, End: jobs.Seconds(i)})
	}
	n := 0
	for _, c := range clusters(findings, order) {
		n += len(c.list)
	}
	if n != len(findings) {
		t.Errorf("%d of %d findings are in a cluster", n, len(findings))
	}
}
