//go:build cgo

package slicing

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"aircheck/internal/need"
	"aircheck/jobs"
)

// TestFast: what is decoded in full at --depth fast is the same in any cut, black, stills and silence are found as at full depth, and nothing alarms that does not there.
func TestFast(t *testing.T) {
	need.Tool(t, "ffmpeg")
	shallow := 0
	for _, c := range clips() {
		t.Run(c.name, func(t *testing.T) {
			org := c.origin()
			check := newCheck(t, org, shared.input(t, &c))
			full := parse(t, report(t, check, cut(check.Timeline, nil), here(org)))
			check.Depth = jobs.DepthFast
			fast := parse(t, report(t, check, cut(check.Timeline, nil), here(org)))
			if got, want := blanks(fast), blanks(full); !slices.Equal(got, want) {
				t.Errorf("at depth fast:\n%s\nin full:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			beyond := alarmsBeyond(fast, full)
			if c.alone {
				if len(beyond) == 0 {
					t.Error("nothing alarms at depth fast alone any more: say so in clips()")
				}
				beyond = nil
			}
			for _, f := range beyond {
				t.Errorf("at depth fast alone: %s %s of %s in %v-%v: %s", f.Code, f.Severity, f.Rendition, f.Start, f.End, f.Message)
			}
			shallow += checkDepths(t, fast)
			sameInAnyCut(t, check, min(*seeds, fastSeeds), here(org))
		})
	}
	if shallow == 0 {
		t.Error("everything was decoded in full")
	}
}

// fastSeeds is how many cuts each clip gets: most of the way is that of TestAnyCutGivesTheSameReport.
const fastSeeds = 6

func parse(t *testing.T, b []byte) jobs.Result {
	t.Helper()
	var r jobs.Result
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// blanks are the findings that both depths owe.
func blanks(r jobs.Result) []string {
	var list []string
	for _, f := range r.Findings {
		if f.Code == "video.black" || f.Code == "video.freeze" || f.Code == "audio.silence" {
			b, _ := json.Marshal(f)
			list = append(list, string(b))
		}
	}
	return list
}

// alarmsBeyond are the warnings and failures at depth fast that are none in full. A run may end at another picture where those around it were not decoded: one that
// touches a run of the same code, of the same severity or worse, is that run.
func alarmsBeyond(fast, full jobs.Result) []jobs.Finding {
	var list []jobs.Finding
	for _, f := range fast.Findings {
		told := func(g jobs.Finding) bool {
			return g.Code == f.Code && g.Rendition == f.Rendition && g.Severity.Rank() >= f.Severity.Rank() && g.Start <= f.End && f.Start <= g.End
		}
		if f.Severity.Rank() >= jobs.Warn.Rank() && !slices.ContainsFunc(full.Findings, told) {
			list = append(list, f)
		}
	}
	return list
}

// checkDepths counts the intervals of which only key frames were decoded, and holds all to what they must say.
func checkDepths(t *testing.T, r jobs.Result) int {
	t.Helper()
	n := 0
	for _, c := range r.Coverage {
		blank := c.Detector == "video.black" || c.Detector == "video.freeze" || strings.HasPrefix(c.Detector, "timestamp.")
		for _, in := range c.Intervals {
			switch {
			case in.Depth == jobs.DepthFast:
				n++
				if c.Rendition[0] != 'v' && c.Detector != "sync.offset" || blank != (in.State == jobs.Analysed) {
					t.Errorf("%s of %s: %+v", c.Detector, c.Rendition, in)
				}
			case in.State == jobs.Analysed && in.Depth != jobs.DepthFull:
				t.Errorf("%s of %s does not say how deep: %+v", c.Detector, c.Rendition, in)
			}
		}
	}
	return n
}
