package judge

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
	"aircheck/jobs/scte35"
)

// Sections of the examples in SCTE 35: a splice_insert out for 60.29 s, a placement opportunity that begins for 307 s, its end, and a programme that ends while
// another begins.
const (
	sectionOut       = "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo="
	sectionStart     = "/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg=="
	sectionEnd       = "/DAvAAAAAAAA///wBQb+dGKQoAAZAhdDVUVJSAAAjn+fCAgAAAAALKChijUCAKnMZ1g="
	sectionProgramme = "/DBIAAAAAAAA///wBQb+ek2ItgAyAhdDVUVJSAAAGH+fCAgAAAAALMvDRBEAAAIXQ1VFSUgAABl/nwgIAAAAACyk26AQAACZcuND"
)

func splice(text string, at int64) measurement.Splice {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return measurement.Splice{Source: "scte35.ts", At: at, Section: b}
}

func markerLines(list []jobs.Marker) string {
	var lines []string
	for _, m := range list {
		lines = append(lines, fmt.Sprintf("%s %s %s %q [%g, %g] %s", m.Rendition, m.Source, m.Kind, m.ID, m.Start, m.End, m.Text))
	}
	return strings.Join(lines, "\n")
}

// Announcements before their moment, repeated, and ended; in two renditions that carry the same; however the stream was cut.
func TestAnnouncementsOfTheMedia(t *testing.T) {
	c := clean()
	seconds := c.length.Seconds()
	c.splices = map[int][]measurement.Splice{
		0: {splice(sectionOut, 3_500_000)},
		1: {splice(sectionOut, 3_500_000-int64(c.length)), {Source: "scte35.ts", Section: []byte("damaged")}},
		3: {splice(sectionStart, 0)},
		5: {splice(sectionEnd, 250_000)},
		6: {splice(sectionProgramme, 0)},
	}
	want := fmt.Sprintf("v0 scte35.ts break \"1207959695\" [3.5, %g] splice_insert out, 60.2936 s\n", 3.5+60.293566) +
		fmt.Sprintf("v0 scte35.ts break \"1207959694\" [%g, %g] time_signal provider placement opportunity start, 307 s\n", 3*seconds, 5*seconds+0.25) +
		fmt.Sprintf("v0 scte35.ts programme \"1207959577\" [%g, %g] time_signal programme start", 6*seconds, 6*seconds)
	for seed := range uint64(20) {
		r := judged(t, rand.New(rand.NewPCG(seed, 1)), c, c)
		if got := markerLines(r.Summary.Markers); got != want {
			t.Fatalf("seed %d:\n%s\nwant\n%s", seed, got, want)
		}
	}
}

// Numbers that nobody could mean, and more messages than anybody sends.
func TestHostileAnnouncements(t *testing.T) {
	c := clean()
	c.splices = map[int][]measurement.Splice{
		0: {splice(sectionOut, math.MaxInt64), splice(sectionStart, math.MinInt64)},
		1: {{Source: "other", At: -1, Length: math.MaxInt64, Section: splice(sectionStart, 0).Section}},
	}
	for range 5000 {
		c.splices[2] = append(c.splices[2], splice(sectionOut, int64(len(c.splices[2]))*5_000_000))
	}
	for _, m := range judged(t, nil, c).Summary.Markers {
		if m.Start < 0 || m.End < m.Start || math.IsInf(float64(m.End), 0) || m.Source != "scte35.ts" {
			t.Errorf("marker %+v", m)
		}
	}
	var a announcements
	u := placedUnit{Tracks: []placedTrack{{}}}
	for i := range 2 * maxAnnounced {
		a.note(&u, []measurement.Splice{splice(sectionOut, int64(i)*2_000_000)})
	}
	if len(a.List) != maxAnnounced {
		t.Errorf("%d announcements are kept, want %d", len(a.List), maxAnnounced)
	}
}

// TestCancelledBreak: what was announced and called off before it began is no break; what goes on is not called off any more.
func TestCancelledBreak(t *testing.T) {
	for _, tt := range []struct {
		at   jobs.Micros
		want int
	}{{15e6, 0}, {25e6, 1}} {
		var a announcements
		a.event("scte35.ts", 20e6, 60e6, scte35.Meaning{Kind: "break", Edge: scte35.Begin, ID: "7", Duration: -1})
		a.event("scte35.ts", tt.at, 0, scte35.Meaning{Kind: "other", ID: "8", Cancels: true, Duration: -1})
		a.event("scte35.ts", tt.at, 0, scte35.Meaning{Kind: "other", ID: "7", Cancels: true, Duration: -1})
		if len(a.List) != tt.want {
			t.Errorf("called off at %d: %+v", tt.at, a.List)
		}
	}
}
