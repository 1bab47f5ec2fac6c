package serve

import (
	"fmt"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/report"
)

// TestSoundWaitsForItsPicture: sound from a playlist of its own that is judged before its picture. In each step the sound is judged as far as sound and the picture as far as picture, in
// windows of ten seconds.
func TestSoundWaitsForItsPicture(t *testing.T) {
	lacks := func(code string, start, end jobs.Seconds, severity jobs.Severity) jobs.Finding {
		return jobs.Finding{Code: code, Rendition: "a0", Start: start, End: end, Severity: severity}
	}
	silence := func(start, end jobs.Seconds, severity jobs.Severity) jobs.Finding {
		return lacks("audio.silence", start, end, severity)
	}
	black := func(start, end jobs.Seconds) jobs.Finding {
		return jobs.Finding{Code: "video.black", Rendition: "v0", Start: start, End: end, Severity: jobs.Fail}
	}
	type step struct {
		sound, picture jobs.Seconds
		findings       []jobs.Finding
		want           string
	}
	for name, steps := range map[string][]step{
		"in black": {
			{20, 10, []jobs.Finding{silence(12, 18, jobs.Fail)}, ""},
			{20, 20, []jobs.Finding{black(12, 18), silence(12, 18, jobs.Info)}, "opened video.black fail, closed video.black fail, opened audio.silence info, closed audio.silence info"},
		},
		"in black that goes on": {
			{10, 10, []jobs.Finding{black(6, 10), silence(6, 10, jobs.Info)}, "opened video.black fail, opened audio.silence info"},
			{20, 10, []jobs.Finding{black(6, 10), silence(6, 20, jobs.Fail)}, ""},
			{20, 20, []jobs.Finding{black(6, 20), silence(6, 20, jobs.Info)}, "updated video.black fail, updated audio.silence info"},
			{30, 20, []jobs.Finding{black(6, 20), silence(6, 30, jobs.Fail)}, ""},
			{30, 30, []jobs.Finding{black(6, 25), silence(6, 30, jobs.Fail)}, "closed video.black fail, updated audio.silence fail"},
		},
		"with a picture": {
			{20, 10, []jobs.Finding{silence(12, 18, jobs.Fail)}, ""},
			{20, 20, []jobs.Finding{silence(12, 18, jobs.Fail)}, "opened audio.silence fail, closed audio.silence fail"},
		},
		"always a window ahead": {
			{20, 10, []jobs.Finding{silence(12, 20, jobs.Fail)}, ""},
			{30, 20, []jobs.Finding{silence(12, 30, jobs.Fail)}, "opened audio.silence fail"},
		},
		"black that ended": {
			{30, 20, []jobs.Finding{black(12, 18), silence(12, 30, jobs.Fail)}, "opened video.black fail, closed video.black fail, opened audio.silence fail"},
		},
		"a picture that does not come": {
			{20, 10, []jobs.Finding{silence(12, 18, jobs.Fail)}, ""},
			{30, 10, []jobs.Finding{silence(12, 18, jobs.Fail)}, "opened audio.silence fail, closed audio.silence fail"},
		},
		"a hole": {
			{20, 10, []jobs.Finding{lacks("audio.dropout", 12, 12.4, jobs.Warn)}, ""},
			{20, 20, []jobs.Finding{lacks("audio.dropout", 12, 12.4, jobs.Warn)}, "opened audio.dropout warn, closed audio.dropout warn"},
		},
		"info and others": {
			{20, 10, []jobs.Finding{silence(12, 14, jobs.Info), lacks("audio.clipping", 12, 14, jobs.Fail)}, "opened audio.silence info, closed audio.silence info, opened audio.clipping fail, closed audio.clipping fail"},
		},
	} {
		var known []told
		for i, s := range steps {
			edge := func(rendition string) jobs.Seconds {
				if rendition == "v0" {
					return s.picture
				}
				return s.sound
			}
			r := report.Report{Result: jobs.Result{Findings: s.findings, Renditions: []jobs.Rendition{{ID: "v0", Kind: "video", Sequence: "s0"}, {ID: "a0", Kind: "audio", Sequence: "s1"}}}}
			var news []change
			known, news = compare(known, s.findings, edge, newUnseen(&r, edge, 10e6))
			var list []string
			for _, n := range news {
				list = append(list, fmt.Sprintf("%s %s %s", n.kind, n.finding.Code, n.finding.Severity))
			}
			if got := strings.Join(list, ", "); got != s.want {
				t.Errorf("%s: step %d tells %q, want %q", name, i, got, s.want)
			}
		}
	}
}

// TestPicturesOfSound: sound that comes in one sequence with a picture is judged with it.
func TestPicturesOfSound(t *testing.T) {
	for name, c := range map[string]struct {
		renditions []jobs.Rendition
		want       string
	}{
		"one sequence":    {[]jobs.Rendition{{ID: "v0", Kind: "video", Sequence: "s0"}, {ID: "a0", Kind: "audio", Sequence: "s0"}}, "map[]"},
		"one of its own":  {[]jobs.Rendition{{ID: "v0", Kind: "video", Sequence: "s0"}, {ID: "v1", Kind: "video", Sequence: "s1"}, {ID: "a0", Kind: "audio", Sequence: "s2"}}, "map[a0:v0]"},
		"without picture": {[]jobs.Rendition{{ID: "a0", Kind: "audio", Sequence: "s0"}}, "map[]"},
	} {
		if got := fmt.Sprint(pictures(c.renditions)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
