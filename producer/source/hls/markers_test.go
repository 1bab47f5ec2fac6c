package hls

import (
	"fmt"
	"strings"
	"testing"

	"aircheck/jobs"
)

const (
	// outSection is a splice_insert out of 60.293567 s, event 1207959695, startSection a time_signal with a placement opportunity of 307 s, event 1207959694,
	// endSection its end: examples of SCTE 35.
	outSection   = "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo="
	startSection = "/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg=="
	endSection   = "/DAvAAAAAAAA///wBQb+dGKQoAAZAhdDVUVJSAAAjn+fCAgAAAAALKChijUCAKnMZ1g="
	outHex       = "0xFC302F000000000000FFFFF014054800008F7FEFFE7369C02EFE0052CCF500000000000A0008435545490000013562DBA30A"
)

// breaksBefore makes ten segments of 10 s with tags before some of them; 10 is behind the last.
func breaksBefore(before map[int]string) string {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n")
	for i := range 10 {
		if before[i] != "" {
			b.WriteString(before[i] + "\n")
		}
		fmt.Fprintf(&b, "#EXTINF:10.0,\n%d.ts\n", i)
	}
	if before[10] != "" {
		b.WriteString(before[10] + "\n")
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	return b.String()
}

func marked(list []jobs.Marker) string {
	var lines []string
	for _, m := range list {
		lines = append(lines, fmt.Sprintf("%s %s %q [%g, %g] %s", m.Source, m.Kind, m.ID, m.Start, m.End, m.Text))
	}
	return strings.Join(lines, "\n")
}

func TestMarkers(t *testing.T) {
	const date = `#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:`
	tests := []struct {
		name   string
		before map[int]string
		want   string
	}{
		{"nothing", nil, ""},
		{"cue with a length", map[int]string{2: "#EXT-X-CUE-OUT:30"}, `cue break "" [20, 50] cue out, 30 s`},
		{"cue with an attribute", map[int]string{2: "#EXT-X-CUE-OUT:DURATION=30"}, `cue break "" [20, 50] cue out, 30 s`},
		{"cue out and in", map[int]string{2: "#EXT-X-CUE-OUT", 4: "#EXT-X-CUE-IN"}, `cue break "" [20, 40] cue out`},
		{"in sooner than planned", map[int]string{2: "#EXT-X-CUE-OUT:60", 4: "#EXT-X-CUE-IN"}, `cue break "" [20, 40] cue out, 60 s`},
		{"in after the last segment", map[int]string{8: "#EXT-X-CUE-OUT:60", 10: "#EXT-X-CUE-IN"}, `cue break "" [80, 100] cue out, 60 s`},
		{"continued", map[int]string{2: "#EXT-X-CUE-OUT:30", 3: "#EXT-X-CUE-OUT-CONT:10/30", 4: "#EXT-X-CUE-OUT-CONT:ElapsedTime=20,Duration=30,SCTE35=" + outSection, 5: "#EXT-X-CUE-IN"},
			`cue break "" [20, 50] cue out, 30 s`},
		{"joined in a break", map[int]string{0: "#EXT-X-CUE-OUT-CONT:ElapsedTime=5,Duration=25", 2: "#EXT-X-CUE-IN"}, `cue break "" [0, 20] cue out, 25 s`},
		{"Elemental", map[int]string{2: "#EXT-OATCLS-SCTE35:" + outSection + "\n#EXT-X-CUE-OUT:60", 7: "#EXT-X-CUE-IN"}, `cue break "1207959695" [20, 70] splice_insert out, 60.2936 s`},
		{"tag before the section", map[int]string{2: "#EXT-X-CUE-OUT:60\n#EXT-OATCLS-SCTE35:" + outSection}, `cue break "1207959695" [20, 80] splice_insert out, 60.2936 s`},
		{"SCTE 67", map[int]string{2: `#EXT-X-SCTE35:CUE="` + startSection + `",CUE-OUT=YES`, 5: `#EXT-X-SCTE35:CUE="` + endSection + `",CUE-IN=YES`},
			`cue break "1207959694" [20, 50] time_signal provider placement opportunity start, 307 s`},
		{"two breaks of one name", map[int]string{2: "#EXT-OATCLS-SCTE35:" + outSection, 3: "#EXT-X-CUE-IN", 5: "#EXT-OATCLS-SCTE35:" + outSection, 6: "#EXT-X-CUE-IN"},
			`cue break "1207959695" [20, 30] splice_insert out, 60.2936 s` + "\n" + `cue break "1207959695#2" [50, 60] splice_insert out, 60.2936 s`},
		{"date range", map[int]string{0: date + `25.500Z",DURATION=12.5,CLASS="promo"`}, `daterange other "a" [25.5, 38] class promo`},
		{"date range with its end", map[int]string{0: date + `25Z",END-DATE="2026-01-01T00:00:35Z"`}, `daterange other "a" [25, 35] `},
		{"date range, planned and then ended", map[int]string{0: date + `25Z",PLANNED-DURATION=30,SCTE35-OUT=` + outHex, 5: date + `25Z",DURATION=28,SCTE35-IN=` + outHex},
			`daterange break "a" [25, 53] splice_insert out, 60.2936 s; splice_insert out, 60.2936 s`},
		{"date range without a length", map[int]string{0: date + `25Z",SCTE35-OUT=` + outHex}, `daterange break "a" [25, 25] splice_insert out, 60.2936 s`},
		{"interstitial", map[int]string{0: date + `04Z",CLASS="com.apple.hls.interstitial",X-ASSET-URI="ad.m3u8"`}, `daterange break "a" [4, 4] interstitial`},
		{"before the window", map[int]string{0: `#EXT-X-DATERANGE:ID="a",START-DATE="2025-12-31T23:59:00Z",DURATION=10`}, ""},
		{"into the window", map[int]string{0: `#EXT-X-DATERANGE:ID="a",START-DATE="2025-12-31T23:59:55Z",DURATION=10`}, `daterange other "a" [0, 5] `},
		{"after the window", map[int]string{0: `#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:01:41Z",DURATION=10`}, ""},
		{"a clock that was set", map[int]string{0: date + `55Z",DURATION=1`, 5: "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:53.000Z"}, `daterange other "a" [52, 53] `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := marked(Parse([]byte(breaksBefore(tt.before))).Media.Markers()); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// What nobody can place is not placed: without program time a date range is a fault, not a marker.
func TestDateRangeWithoutProgramTime(t *testing.T) {
	text := strings.Replace(breaksBefore(map[int]string{0: `#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:04Z"`}), "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n", "", 1)
	if got := Parse([]byte(text)).Media.Markers(); len(got) > 0 {
		t.Errorf("got %s", marked(got))
	}
	if got := broken(t, map[string]string{"a.m3u8": text}, "a.m3u8"); len(got) != 1 || got[0].Code != "playlist.daterange" {
		t.Errorf("got %s", listed(got))
	}
}

// A cue that cannot be read is one finding, however many there are, and the tag's own words still count.
func TestUnreadableCues(t *testing.T) {
	damaged := strings.Replace(outSection, "c2nAL", "c2nAM", 1)
	for name, before := range map[string]map[int]string{
		"checksum":   {2: "#EXT-OATCLS-SCTE35:" + damaged + "\n#EXT-X-CUE-OUT:30"},
		"many":       {2: "#EXT-OATCLS-SCTE35:" + damaged + "\n#EXT-X-CUE-OUT:30", 3: "#EXT-X-CUE-OUT-CONT:ElapsedTime=10,Duration=30,SCTE35=" + damaged},
		"date range": {2: "#EXT-X-CUE-OUT:30\n" + `#EXT-X-DATERANGE:ID="a",START-DATE="2025-01-01T00:00:04Z",SCTE35-OUT=0xFC30`},
	} {
		text := breaksBefore(before)
		got := broken(t, map[string]string{"a.m3u8": text}, "a.m3u8")
		if len(got) != 1 || got[0].Code != "playlist.scte35" || got[0].Severity != jobs.Warn {
			t.Errorf("%s: %s", name, listed(got))
		}
		if got := marked(Parse([]byte(text)).Media.Markers()); got != `cue break "" [20, 50] cue out, 30 s` {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Variants announce the same; the timeline says it once.
func TestMarkersOfALadderAreToldOnce(t *testing.T) {
	text := breaksBefore(map[int]string{2: "#EXT-X-CUE-OUT:30", 3: `#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:04Z"`})
	files := map[string]string{"m.m3u8": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=2\na.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=1\nb.m3u8\n", "a.m3u8": text, "b.m3u8": text}
	files["b.m3u8"] = strings.Replace(text, "#EXT-X-ENDLIST", "#EXT-X-DATERANGE:ID=\"b\",START-DATE=\"2026-01-01T00:00:09Z\"\n#EXT-X-ENDLIST", 1)
	tl := timelineOf(t, originOf(files), "/x/m.m3u8")
	if got, want := marked(tl.Markers), "daterange other \"a\" [4, 4] \ncue break \"\" [20, 50] cue out, 30 s\ndaterange other \"b\" [9, 9] "; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if r := tl.Markers[0].Rendition + tl.Markers[1].Rendition + tl.Markers[2].Rendition; r != "s0s0s1" {
		t.Errorf("renditions %s", r)
	}
}

func TestAnnouncementsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range maxDates + 100 {
		fmt.Fprintf(&b, "#EXT-X-DATERANGE:ID=\"%d\",START-DATE=\"2026-01-01T00:00:04Z\"\n#EXT-X-CUE-OUT\n#EXT-X-CUE-IN\n", i)
	}
	p := Parse([]byte(breaksBefore(map[int]string{0: b.String()})))
	if len(p.Media.Dates) != maxDates || len(p.Media.Cues) != maxDates || len(unreadable(p)) != 1 {
		t.Errorf("%d date ranges, %d cues, faults %+v", len(p.Media.Dates), len(p.Media.Cues), unreadable(p))
	}
}

// TestCueOfSeveralNames: a packager that writes the same thing under two names is read alike in every run.
func TestCueOfSeveralNames(t *testing.T) {
	value := `EVENT_ID=3,BREAKID=2,ID=1,duration=31,Duration=30,Elapsed=6,ElapsedTime=5,CUE=b,SCTE35=a`
	want := Cue{Name: "EXT-X-CUE-OUT-CONT", Duration: 30e6, Elapsed: 5e6, ID: "1", Payload: "a"}
	for range 100 {
		if c := cueOf("EXT-X-CUE-OUT-CONT", value); c != want {
			t.Fatalf("read %+v, want %+v", c, want)
		}
	}
}
