package page

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/report"
)

func TestTrackWithoutTimeIsNotAnalysedInFull(t *testing.T) {
	t.Parallel()
	whole := []jobs.Interval{{Start: 0, End: 10, State: jobs.Analysed}}
	for _, tt := range []struct {
		name  string
		sound []jobs.Interval
		want  bool
	}{{"both", whole, true}, {"no sound at all", []jobs.Interval{}, false}} {
		r := &report.Report{}
		r.Duration, r.Renditions = 10, []jobs.Rendition{{ID: "v0"}, {ID: "a0"}}
		r.Coverage = []jobs.Coverage{
			{Rendition: "v0", Detector: "video.black", Intervals: whole}, {Rendition: "a0", Detector: "audio.silence", Intervals: tt.sound},
		}
		r.Check.ID = "01m82s4hd9chfhayzkps"
		var b bytes.Buffer
		if err := WriteCheck(&b, CheckData{Report: r}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "Analysed in full"); got != tt.want {
			t.Errorf("%s: in full %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestExpiryIsTheLastDay(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	if got := expiry(&jobs.Waiver{Expires: &midnight}); got != "2027-01-31" {
		t.Errorf("until %s", got)
	}
}
