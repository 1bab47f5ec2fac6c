package judge

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"aircheck/jobs"
)

// judgedBreaks folds a script whose stream announces markers, with another profile in breaks; nil rng is one window without a checkpoint.
func judgedBreaks(t *testing.T, rng *rand.Rand, c *script, set []string, markers ...jobs.Marker) jobs.Result {
	t.Helper()
	check := checkOf(c.sequenceDef("s0"))
	check.Timeline.Markers = markers
	if set != nil {
		p, err := Resolve([]Layer{{Set: set}})
		if err != nil {
			t.Fatal(err)
		}
		p.Name = "ads"
		check.BreakProfile = &p.Profile
	}
	check.Windows = windowsOf(&check.Timeline.Sequences[0], rng)
	j, err := New(check)
	if err != nil {
		t.Fatal(err)
	}
	units := c.units()
	for _, w := range check.Windows {
		if err := j.Window(w, take(w, units[w.First:w.Last], c.formats(), false)); err != nil {
			t.Fatal(err)
		}
		if rng != nil && rng.IntN(2) == 0 {
			j = again(t, check, j)
		}
	}
	r, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func breakAt(from, to jobs.Seconds) jobs.Marker {
	return jobs.Marker{Kind: "break", Source: "daterange", Start: from, End: to}
}

func tellProfiles(r jobs.Result, code string) string {
	var list []string
	for _, f := range finding(r, code) {
		list = append(list, fmt.Sprintf("%g-%g %s %s", f.Start, f.End, f.Severity, f.Profile))
	}
	return strings.Join(list, ", ")
}

// TestBreaksHaveTheirOwnProfile: black of 2.4 s fails in the programme and is nothing in a break whose profile allows it, and nothing else changes.
func TestBreaksHaveTheirOwnProfile(t *testing.T) {
	c := clean()
	c.black = []run{sec(2, 4.4), sec(12, 14.4)}
	allow := []string{"video.black.info=5s", "video.black.warn=never", "video.black.fail=8s"}
	stern := []string{"video.black.info=0.2s", "video.black.warn=0.4s", "video.black.fail=1s"}
	const both = "2-4.4 fail , 12-14.4 fail "
	for name, tt := range map[string]struct {
		set     []string
		markers []jobs.Marker
		want    string
	}{
		"no profile":             {nil, []jobs.Marker{breakAt(10, 16)}, both},
		"no breaks":              {allow, nil, both},
		"allowed in the break":   {allow, []jobs.Marker{breakAt(10, 16)}, "2-4.4 fail "},
		"in another break":       {allow, []jobs.Marker{breakAt(0, 3), breakAt(3, 5)}, "12-14.4 fail "},
		"break ends before":      {allow, []jobs.Marker{breakAt(10, 12)}, both},
		"break begins too late":  {allow, []jobs.Marker{breakAt(12.04, 16)}, both},
		"end not known":          {allow, []jobs.Marker{breakAt(10, 10)}, both},
		"no break but a chapter": {allow, []jobs.Marker{{Kind: "chapter", Start: 10, End: 16}}, both},
		"told under its name":    {stern, []jobs.Marker{breakAt(10, 16)}, "2-4.4 fail , 12-14.4 fail ads"},
		"same thresholds":        {[]string{"video.black.fail=2s"}, []jobs.Marker{breakAt(10, 16)}, both},
	} {
		r := judgedBreaks(t, nil, c, tt.set, tt.markers...)
		if got := tellProfiles(r, "video.black"); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
		plain := judgedBreaks(t, nil, c, nil, tt.markers...)
		if encode(t, r.Coverage) != encode(t, plain.Coverage) || encode(t, r.Summary) != encode(t, plain.Summary) || encode(t, r.Renditions) != encode(t, plain.Renditions) {
			t.Errorf("%s: more than findings has changed", name)
		}
	}
	c.black = []run{sec(12, 14.4)}
	if r := judgedBreaks(t, nil, c, allow, breakAt(10, 16)); r.Verdict != jobs.VerdictPass {
		t.Errorf("the verdict is %s with %s", r.Verdict, encode(t, r.Findings))
	}
}

// TestBreaksDoNotShowTheCut: with a profile for breaks a report depends on windows and checkpoints as little as without.
func TestBreaksDoNotShowTheCut(t *testing.T) {
	c := clean()
	c.black, c.freeze, c.silence = []run{sec(2, 4.4), sec(9, 11.4)}, []run{sec(13, 17)}, []run{sec(5, 8), sec(14, 19)}
	set := []string{"video.black.info=0.2s", "video.black.fail=3s", "audio.silence.fail=10s", "video.freeze.info=0.4s"}
	markers := []jobs.Marker{breakAt(8, 10), breakAt(13.5, 18)}
	want := encode(t, judgedBreaks(t, nil, c, set, markers...))
	if !strings.Contains(want, `"profile": "ads"`) {
		t.Fatalf("nothing stands in a break: %s", want)
	}
	for seed := range uint64(20) {
		if got := encode(t, judgedBreaks(t, rand.New(rand.NewPCG(seed, 1)), c, set, markers...)); got != want {
			t.Fatalf("seed %d:\n%s\nwant\n%s", seed, got, want)
		}
	}
}

// TestDefectsAtTheEdgesOfBreaks: what two profiles see begin at different times is told once, and never by neither.
func TestDefectsAtTheEdgesOfBreaks(t *testing.T) {
	at := func(code string, from, to jobs.Seconds) jobs.Finding {
		return jobs.Finding{Code: code, Rendition: "v0", Start: from, End: to}
	}
	b := breakChoice{rulings: newRulings(testParams(nil)), spans: breaksOf([]jobs.Marker{breakAt(10, 20), breakAt(0, 2), breakAt(15, 30)}), until: 60}
	for name, tt := range map[string]struct {
		around, within []jobs.Finding
		want           string
	}{
		"outside of breaks":                         {[]jobs.Finding{at("a", 5, 6)}, []jobs.Finding{at("a", 5, 7)}, "5-6 "},
		"inside":                                    {[]jobs.Finding{at("a", 12, 13)}, []jobs.Finding{at("a", 12, 14)}, "12-14 ads"},
		"inside, for one of them":                   {[]jobs.Finding{at("a", 12, 13)}, nil, ""},
		"in a break that touches another":           {[]jobs.Finding{at("a", 29, 31)}, []jobs.Finding{at("a", 29.5, 31)}, "29.5-31 ads"},
		"at the end of a break":                     {[]jobs.Finding{at("a", 30, 31)}, []jobs.Finding{at("a", 30, 32)}, "30-31 "},
		"begins before for the programme":           {[]jobs.Finding{at("a", 9.8, 13)}, []jobs.Finding{at("a", 10.2, 13)}, "9.8-13 "},
		"begins before for the break":               {[]jobs.Finding{at("a", 10.2, 13)}, []jobs.Finding{at("a", 9.8, 13)}, "9.8-13 ads"},
		"begins before for the break, another code": {[]jobs.Finding{at("a", 10.2, 13)}, []jobs.Finding{at("b", 9.8, 13)}, ""},
		"the whole stream":                          {[]jobs.Finding{at("a", 0, 60)}, []jobs.Finding{at("a", 0, 60)}, "0-60 "},
		"loudness":                                  {[]jobs.Finding{at("audio.loudness", 1, 50)}, []jobs.Finding{at("audio.loudness", 1, 50)}, "1-50 "},
		"a rule of packaging":                       {[]jobs.Finding{at("playlist.sequence", 12, 12)}, []jobs.Finding{at("playlist.sequence", 12, 12)}, "12-12 "},
	} {
		got := tellAll(b.merge(tt.around, tt.within, "ads"))
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func tellAll(findings []jobs.Finding) string {
	var list []string
	for _, f := range findings {
		list = append(list, fmt.Sprintf("%g-%g %s", f.Start, f.End, f.Profile))
	}
	return strings.Join(list, ", ")
}

// TestCheckpointsKnowTheirBreaks: one of a check without a profile for breaks is no use to one with.
func TestCheckpointsKnowTheirBreaks(t *testing.T) {
	check := checkOf(clean().sequenceDef("s0"))
	p, err := Resolve([]Layer{{Set: []string{"video.black.fail=9s"}}})
	if err != nil {
		t.Fatal(err)
	}
	other := *check
	other.BreakProfile = &p.Profile
	for _, pair := range [][2]*jobs.Check{{check, &other}, {&other, check}} {
		j, err := New(pair[0])
		if err != nil {
			t.Fatal(err)
		}
		snapshot, err := j.Snapshot()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Restore(pair[1], snapshot); err == nil {
			t.Error("a checkpoint was taken for that of another check")
		}
		if _, err := Restore(pair[0], snapshot); err != nil {
			t.Error(err)
		}
	}
}
