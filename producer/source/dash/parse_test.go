package dash

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/producer/source/location"
)

func TestDurations(t *testing.T) {
	for s, want := range map[string]float64{
		"PT10S": 10, "PT9M56.480S": 596.48, "PT0H0M10S": 10, "PT1.0010000467300415S": 1.001, "P1DT1S": 86401, "P1M": 30 * 86400, "PT1.500S": 1.5, "PT0S": 0,
	} {
		if got, err := parseDuration(s); err != nil || got.Seconds() != want {
			t.Errorf("%s is %g, %v, want %g", s, got.Seconds(), err, want)
		}
	}
	for _, s := range []string{"", "P", "T", "10", "PTS", "PT1", "PT1X", "-PT1S", "PT1.2.3S", "PT1e9S", "P99999999Y", "PT1S1", "P1S", "PT1D"} {
		if got, err := parseDuration(s); err == nil {
			t.Errorf("%q is %d", s, got)
		}
	}
}

func TestTemplates(t *testing.T) {
	for s, want := range map[string]string{
		"$RepresentationID$/$Number$.m4s": "a b/7.m4s", "$Number%05d$-$Time%02d$": "00007-90000", "$Bandwidth$$$x": "500$x", "plain": "plain", "$$$$": "$$", "$Number%0d$": "",
		"$Number%01d$": "7",
	} {
		tm, err := parseTemplate(s, true)
		if want == "" {
			if err == nil {
				t.Errorf("%s is a template", s)
			}
			continue
		}
		if err != nil || tm.expand("a b", 500, 7, 90000) != want {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{"", "$Number", "a$b", "$SubNumber$", "$RepresentationID%03d$", "$Number%5d$", "$Number%099d$", "$number$", strings.Repeat("x", maxTemplate+1)} {
		if _, err := parseTemplate(s, true); err == nil {
			t.Errorf("%q is a template", clip(s))
		}
	}
	if _, err := parseTemplate("$Time$", false); err == nil {
		t.Error("an initialisation segment has a time")
	}
}

func TestBaseURLs(t *testing.T) {
	for _, tt := range [][3]string{
		{"", "a/", "a/"}, {"a/", "b.mp4", "a/b.mp4"}, {"a/b.mp4", "", "a/b.mp4"}, {"a/b.mp4", "c.mp4", "a/c.mp4"}, {"a", "c", "c"}, {"https://h/a/b?x=/1", "c", "https://h/a/c"}, {"https://h", "c", "https://h/c"},
		{"https://h/a/", "/c", "https://h/c"}, {"a/", "/c", "/c"}, {"a/", "https://g/c", "https://g/c"}, {"https://h/a/", "//g/c", "//g/c"}, {"//h/a/", "c", "//h/a/c"}, {"a/", "../c", "a/../c"}, {"s3://b/k/", "c", "s3://b/k/c"},
	} {
		if got := join(tt[0], tt[1]); got != tt[2] {
			t.Errorf("%q and %q are %q, want %q", tt[0], tt[1], got, tt[2])
		}
	}
}

// TestSlots: the ways to say how long segments are.
func TestSlots(t *testing.T) {
	tests := []struct {
		info   Info
		length jobs.Micros
		want   string
	}{
		{Info{Timescale: 10, StartNumber: 1, HasTimeline: true, Timeline: []S{{T: 5, D: 10, R: -1, Number: -1}, {T: 35, D: 20, R: -1, Number: -1}}, Offset: 5}, 7e6, "1@5+10 2@15+10 3@25+10 4@35+20 5@55+20 "},
		{Info{Timescale: 10, StartNumber: 3, HasTimeline: true, Timeline: []S{{T: -1, D: 10, R: 1, Number: -1}, {T: -1, D: 5, Number: 9}}}, absent, "3@0+10 4@10+10 9@20+5 "},
		{Info{Timescale: 10, StartNumber: 1, HasTimeline: true, Timeline: []S{{T: -1, D: 10, R: -1, Number: -1}}}, absent, "1@0+10 "},
		{Info{Timescale: 10, StartNumber: 0, Duration: 20, Offset: 100}, 5e6, "0@100+20 1@120+20 2@140+20 "},
		{Info{Timescale: 10, StartNumber: 1, Duration: 20}, 4.0005e6, "1@0+20 2@20+20 "},
		{Info{Timescale: 10, StartNumber: 4, EndNumber: 5, Duration: 20}, absent, "4@0+20 5@20+20 "},
		{Info{Timescale: 10, StartNumber: 1, Duration: 20, Kind: KindList, List: make([]SegmentURL, 2)}, absent, "1@0+20 2@20+20 "},
		{Info{Timescale: 10, StartNumber: 1, Duration: 20}, absent, errNoLength.Error()},
		{Info{Timescale: 10, StartNumber: 1}, 5e6, errNoTimes.Error()},
		{Info{Timescale: 1, StartNumber: 1, HasTimeline: true, Timeline: []S{{T: maxTicks, D: maxTicks, R: 5, Number: -1}}}, absent, errLate.Error()},
	}
	for i, tt := range tests {
		list, err := tt.info.slots(tt.length)
		got := ""
		for _, s := range list {
			got += fmt.Sprintf("%d@%d+%d ", s.number, s.at, s.d)
		}
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%d: %s, want %s", i, got, tt.want)
		}
	}
	endless := Info{Timescale: 1, HasTimeline: true, Timeline: []S{{T: 0, D: 1, R: 1 << 31, Number: -1}}}
	if list, err := endless.slots(absent); len(list) != maxSegments || err == nil {
		t.Errorf("%d segments, %v", len(list), err)
	}
	many := Info{Timescale: maxTimescale, Duration: 1, StartNumber: math.MaxInt64 / 8}
	if list, err := many.slots(longest * 1e6); len(list) != maxSegments || err == nil {
		t.Errorf("%d segments, %v", len(list), err)
	}
}

func TestProtection(t *testing.T) {
	manifest := replace(t, sound, `   <SegmentTemplate timescale="1000" init`, `   <ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="cbcs"/>
   <ContentProtection schemeIdUri="urn:uuid:EDEF8BA9-79D6-4ACE-A3C8-27DCD51D21ED"/>
   <SegmentTemplate timescale="1000" init`)
	tl := open(t, manifest)
	k := tl.Sequences[0].Segments[0].Key
	if k == nil || k.Method != "cbcs" || k.Format != "urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed" {
		t.Errorf("key %+v", k)
	}
	if tl.Sequences[2].Segments[0].Key != nil || tl.Sequences[0].Segments[5].Key != nil {
		t.Error("a key for media in the clear")
	}
}

// TestRealManifests: every manifest of the samples is understood, or refused with a reason; none of the clean ones has more than an info.
func TestRealManifests(t *testing.T) {
	dir := os.Getenv("AIRCHECK_MEDIA")
	if dir == "" {
		t.Skip("AIRCHECK_MEDIA does not name the directory of the clips")
	}
	var files []string
	for _, pattern := range []string{"*/*.mpd", "*/*/*.mpd", "*/*/*/*.mpd", "androidx-media/mpd/*"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 50 {
		t.Fatalf("%d manifests in %s", len(files), dir)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		m := Parse(data)
		rows := len(m.rows())
		t.Logf("%s: %d periods, %d sequences, %d faults", strings.TrimPrefix(name, dir), len(m.Periods), rows, len(m.Faults))
		for _, f := range m.Faults {
			t.Logf("  %s line %d: %s", f.Code, f.Line, f.Message)
		}
		if rows == 0 && len(m.Faults) == 0 {
			t.Errorf("%s: nothing in it and nothing said of it", name)
		}
	}
}

// FuzzParse: no manifest crashes the reader, and what it makes of one is within bounds.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sound))
	f.Add([]byte(`<MPD type="dynamic"><Period start="PT1S"><AdaptationSet mimeType="video/mp4"><SegmentList duration="1"><SegmentURL mediaRange="0-9"/></SegmentList><Representation id="1"/></AdaptationSet></Period></MPD>`))
	f.Add([]byte(`<MPD><Period duration="PT1S"><EventStream schemeIdUri="urn:scte:scte35:2014:xml+bin" timescale="90000"><Event presentationTime="9" duration="8"><Signal><Binary>/DA=</Binary></Signal></Event></EventStream></Period></MPD>`))
	loc, err := location.Parse("https://h/a/b.mpd")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := Parse(data)
		if len(m.Faults) > maxFaults || len(m.Periods) > maxPeriods {
			t.Fatalf("%d faults, %d periods", len(m.Faults), len(m.Periods))
		}
		b := builder{reader: reader{origin: absentOrigin(), loc: loc, mpd: &m, indexes: map[string]index{}, most: 2000}, out: jobs.Timeline{Kind: jobs.SourceDASH}}
		if err := b.build(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkTiles(t, b.out)
	})
}

// TestTextInPieces: comments may part a text into as many pieces as it has characters; each is read once.
func TestTextInPieces(t *testing.T) {
	const pieces = 100_000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	root, _, err := readXML([]byte("<MPD>" + strings.Repeat("a<!---->", pieces) + "</MPD>"))
	if err != nil || root.text() != strings.Repeat("a", pieces) {
		t.Fatalf("error %v", err)
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / pieces; each > 4096 { // copying all that came before takes 50,000
		t.Errorf("%d bytes are allocated for each piece", each)
	}
}

// TestManyRows: what a manifest becomes grows with its representations, not with their number times that of its periods.
func TestManyRows(t *testing.T) {
	var b strings.Builder
	b.WriteString(`<MPD type="static">`)
	for p := range maxPeriods {
		b.WriteString(`<Period duration="PT1S">`)
		for s := range maxAllRepresentations / maxPeriods {
			fmt.Fprintf(&b, `<AdaptationSet mimeType="audio/mp4" lang="x-%d-%d"><SegmentTemplate media="a" duration="1"/><Representation id="%d-%d" bandwidth="1"/></AdaptationSet>`, p, s, p, s)
		}
		b.WriteString(`</Period>`)
	}
	b.WriteString(`</MPD>`)
	m := Parse([]byte(b.String()))
	rows, held := m.rows(), 0
	for _, r := range rows {
		held += cap(r.reps)
	}
	if len(rows) < maxAllRepresentations/2 || held > 2*maxAllRepresentations {
		t.Errorf("%d rows hold %d places for representations", len(rows), held)
	}
}
