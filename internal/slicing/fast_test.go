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

// TestFast: what is decoded in full at --depth fast is the same in any cut, and black, stills and silence are found as at full depth.
func TestFast(t *testing.T) {
	need.Tool(t, "ffmpeg")
	dir := t.TempDir()
	shallow := 0
	for _, c := range clips() {
		t.Run(c.name, func(t *testing.T) {
			org := c.origin()
			check := newCheck(t, org, c.make(t, dir))
			full := parse(t, report(t, check, cut(check.Timeline, nil), here(org)))
			check.Depth = jobs.DepthFast
			fast := parse(t, report(t, check, cut(check.Timeline, nil), here(org)))
			if got, want := blanks(fast), blanks(full); !slices.Equal(got, want) {
				t.Errorf("at depth fast:\n%s\nin full:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
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
				if c.Rendition[0] != 'v' || blank != (in.State == jobs.Analysed) {
					t.Errorf("%s of %s: %+v", c.Detector, c.Rendition, in)
				}
			case in.State == jobs.Analysed && in.Depth != jobs.DepthFull:
				t.Errorf("%s of %s does not say how deep: %+v", c.Detector, c.Rendition, in)
			}
		}
	}
	return n
}
