package report

import (
	"strings"
	"testing"

	"aircheck/jobs"
)

func TestTextShowsTheComparison(t *testing.T) {
	late, lag, none := jobs.Seconds(0.18), jobs.Seconds(-1.2), jobs.Seconds(0)
	for name, tt := range map[string]struct {
		c    jobs.Comparison
		want string
	}{
		"all": {
			jobs.Comparison{
				Rendition: "v0", Offset: &late, VideoLag: &lag, PSNRY: jobs.Figure(36.5), PSNRU: jobs.Figure(40), SSIMY: jobs.Figure(0.98765), Frames: 725,
				Worst: []jobs.WorstMoment{{Start: 12, PSNRY: jobs.Figure(20.25)}, {Start: 3, PSNRY: jobs.Figure(21)}},
			},
			"Reference  v0  sound 180 ms late · pictures -1.200 s · PSNR Y 36.50 dB · U 40.00 dB · SSIM Y 0.9877 · 725 pictures · worst 0:00:12.000 20.25 dB · 0:00:03.000 21.00 dB",
		},
		"identical": {
			jobs.Comparison{Rendition: "v0", Offset: &none, VideoLag: &none, SSIMY: jobs.Figure(1), Frames: 1},
			"Reference  v0  sound in step · luma identical · SSIM Y 1.0000 · 1 picture",
		},
		"sound alone": {jobs.Comparison{Rendition: "a0", AudioLag: &lag}, "Reference  a0  sound -1.200 s"},
		"nothing":     {jobs.Comparison{Rendition: "v0"}, "Reference  v0  not measurable"},
	} {
		r := &Report{Result: jobs.Result{Summary: jobs.Summary{Reference: []jobs.Comparison{tt.c}}}}
		var b strings.Builder
		if err := r.Text(&b, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), tt.want+"\n") {
			t.Errorf("%s:\n%s\nwant\n%s", name, b.String(), tt.want)
		}
	}
}
