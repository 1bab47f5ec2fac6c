package jobs

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestSeverityRank(t *testing.T) {
	order := []Severity{"", Info, Warn, Fail}
	for i, s := range order {
		if s.Rank() != i {
			t.Errorf("%q has rank %d, want %d", s, s.Rank(), i)
		}
	}
	if Severity("FAIL").Rank() != 0 {
		t.Error("an unknown severity has a rank")
	}
	mixed := []Severity{Warn, "", Fail, Info}
	slices.SortFunc(mixed, func(a, b Severity) int { return a.Rank() - b.Rank() })
	if !slices.Equal(mixed, order) {
		t.Errorf("sorted by rank: %q", mixed)
	}
}

// TestFindingJSON holds the words of the report: users rely on them.
func TestFindingJSON(t *testing.T) {
	f := Finding{
		Code: "video.black", Severity: Fail, Rendition: "v0", Start: 3, End: 5.52, Value: Figure(2.52), Threshold: Figure(2), Unit: "s", Confidence: 1, Message: "m",
	}
	const want = `{"code":"video.black","severity":"fail","rendition":"v0","start":3,"end":5.52,"value":2.52,"threshold":2,"unit":"s","confidence":1,"message":"m"}`
	if got, err := json.Marshal(f); err != nil || string(got) != want {
		t.Errorf("%s (%v), want %s", got, err, want)
	}
	// What could not be measured is absent.
	const bare = `{"code":"playlist.invalid","severity":"","start":0,"end":0,"confidence":0,"message":""}`
	if got, err := json.Marshal(Finding{Code: "playlist.invalid"}); err != nil || string(got) != bare {
		t.Errorf("%s (%v), want %s", got, err, bare)
	}
	const quiet = `{"rendition":"a0","true_peak_dbtp":-70.1235}`
	if got, err := json.Marshal(Loudness{Rendition: "a0", TruePeak: Figure(-70.12345)}); err != nil || string(got) != quiet {
		t.Errorf("%s (%v), want %s", got, err, quiet)
	}
}
