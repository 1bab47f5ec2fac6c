package hls

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/producer/source/internal/fake"
)

// A stream that keeps every rule: a finished ladder, a live playlist, and one with low latency.
const (
	cleanMaster = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="en.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="Deutsch",LANGUAGE="de",AUTOSELECT=YES,URI="de.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subs",NAME="English",LANGUAGE="en",URI="subs.m3u8"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="English",INSTREAM-ID="CC1"
#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1500000,RESOLUTION=1280x720,FRAME-RATE=25.000,CODECS="avc1.64001f,mp4a.40.2",AUDIO="aac",SUBTITLES="subs",CLOSED-CAPTIONS="cc"
v720.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=600000,AVERAGE-BANDWIDTH=500000,RESOLUTION=640x360,FRAME-RATE=25.000,CODECS="avc1.64000d,mp4a.40.2",AUDIO="aac",SUBTITLES="subs",CLOSED-CAPTIONS="cc"
v360.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,RESOLUTION=640x360,CODECS="avc1.64000d",URI="iframes.m3u8"
`
	cleanMedia = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI="all.mp4",BYTERANGE="100@0"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXTINF:4.000,
#EXT-X-BYTERANGE:1000@100
all.mp4
#EXTINF:4.000,
#EXT-X-BYTERANGE:1000@1100
all.mp4
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:08.000Z
#EXTINF:2.000,
#EXT-X-BYTERANGE:1000@2100
all.mp4
#EXT-X-DATERANGE:ID="ad",START-DATE="2026-01-01T00:00:04.000Z",DURATION=4,END-DATE="2026-01-01T00:00:08.000Z"
#EXT-X-ENDLIST
`
	cleanLive = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12,HOLD-BACK=6,PART-HOLD-BACK=1.5
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-MEDIA-SEQUENCE:100
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXTINF:2.000,
100.ts
#EXTINF:2.000,
101.ts
#EXTINF:2.000,
102.ts
#EXT-X-DISCONTINUITY
#EXTINF:2.000,
103.ts
#EXTINF:2.000,
104.ts
#EXTINF:2.000,
105.ts
#EXT-X-PART:DURATION=0.5,URI="106.0.ts",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="106.1.ts"
`
)

// cleanStream are the files of both.
func cleanStream() map[string]string {
	return map[string]string{
		"master.m3u8": cleanMaster, "v720.m3u8": cleanMedia, "v360.m3u8": cleanMedia, "en.m3u8": cleanMedia, "de.m3u8": cleanMedia, "subs.m3u8": cleanMedia,
		"live.m3u8": cleanLive,
	}
}

// broken opens a stream and lists what stands against it, by code.
func broken(t *testing.T, files map[string]string, top string) []jobs.Finding {
	t.Helper()
	return timelineOf(t, originOf(files), "/x/"+top).Findings
}

// originOf serves files below /x/.
func originOf(files map[string]string) *fake.Origin {
	objects := map[string]string{}
	for name, text := range files {
		objects["/x/"+name] = text
	}
	return &fake.Origin{Objects: objects}
}

func TestCleanStreamsBreakNoRule(t *testing.T) {
	for _, top := range []string{"master.m3u8", "v720.m3u8", "live.m3u8"} {
		if got := broken(t, cleanStream(), top); len(got) > 0 {
			t.Errorf("%s: %+v", top, got)
		}
	}
}

// mutation is one fault put into one file of the clean stream: old is replaced by new once, or everywhere with all.
type mutation struct {
	name     string
	file     string
	old, new string
	code     string
	severity jobs.Severity
	message  string
}

func mutations() []mutation {
	const (
		master = "master.m3u8"
		media  = "v720.m3u8"
		live   = "live.m3u8"
	)
	return []mutation{
		{"too long", live, "#EXTINF:2.000,\n101", "#EXTINF:2.700,\n101", "playlist.target_duration", jobs.Warn, "line 11: segment 1 lasts 2.7 s, EXT-X-TARGETDURATION in line 3 says 2 s"},
		{"no target", media, "#EXT-X-TARGETDURATION:4\n", "", "playlist.target_duration", jobs.Warn, "v720.m3u8: no EXT-X-TARGETDURATION"},
		{"old version", media, "VERSION:7", "VERSION:5", "playlist.version", jobs.Info, "line 6: EXT-X-MAP needs version 6, EXT-X-VERSION in line 2 says 5"},
		{"no version", live, "#EXT-X-VERSION:9\n", "", "playlist.version", jobs.Info, "line 8: EXTINF with decimals needs version 3, there is no EXT-X-VERSION"},
		{"byte order mark", live, "#EXTM3U", "\xef\xbb\xbf#EXTM3U", "playlist.utf8", jobs.Warn, "line 1: begins with a byte order mark"},
		{"Latin-1", live, "#EXTINF:2.000,\n104", "#EXTINF:2.000,caf\xe9\n104", "playlist.utf8", jobs.Warn, "line 18: not UTF-8"},
		{"two versions", live, "#EXT-X-VERSION:9\n", "#EXT-X-VERSION:9\n#EXT-X-VERSION:9\n", "playlist.duplicate_tag", jobs.Warn, "line 3: EXT-X-VERSION stands a second time"},
		{"two dates", live, "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n", strings.Repeat("#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n", 2), "playlist.duplicate_tag", jobs.Warn, "PROGRAM-DATE-TIME stands a second time"},
		{"late number", media, "#EXT-X-ENDLIST", "#EXT-X-DISCONTINUITY-SEQUENCE:0\n#EXT-X-ENDLIST", "playlist.misplaced_tag", jobs.Warn, "line 19: EXT-X-DISCONTINUITY-SEQUENCE stands after"},
		{"VOD without end", media, "#EXT-X-ENDLIST\n", "", "playlist.type", jobs.Warn, "line 5: EXT-X-PLAYLIST-TYPE:VOD without EXT-X-ENDLIST"},
		{"unknown type", live, "#EXTM3U\n", "#EXTM3U\n#EXT-X-PLAYLIST-TYPE:FILM\n", "playlist.type", jobs.Warn, "FILM is neither VOD nor EVENT"},
		{"event that shrinks", live, "#EXTM3U\n", "#EXTM3U\n#EXT-X-PLAYLIST-TYPE:EVENT\n", "playlist.type", jobs.Warn, "begins with media sequence number 100"},
		{"no map", media, "#EXT-X-MAP:URI=\"all.mp4\",BYTERANGE=\"100@0\"\n", "", "playlist.map_missing", jobs.Warn, "line 9: segment 0, all.mp4, has no EXT-X-MAP; so it is with 3 segments, 0 to 2"},
		{"overlap", media, "1000@1100", "1001@1100", "playlist.byterange", jobs.Warn, "line 17: segment 2, bytes 2100 to 3099 of all.mp4, overlaps"},
		{"short window", live, "#EXTINF:2.000,\n105.ts\n", "", "playlist.live_window", jobs.Info, "5 segments of 10 s"},
		{"very short window", live, "#EXTINF:2.000,\n102.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:2.000,\n103.ts\n#EXTINF:2.000,\n104.ts\n#EXTINF:2.000,\n105.ts\n", "", "playlist.live_window", jobs.Warn, "2 segments of 4 s"},
		{"hold back", live, "HOLD-BACK=6,", "HOLD-BACK=5,", "playlist.low_latency", jobs.Warn, "line 4: HOLD-BACK of 5 s is less than 3 target durations, 6 s"},
		{"skip", live, "UNTIL=12", "UNTIL=10", "playlist.low_latency", jobs.Warn, "CAN-SKIP-UNTIL of 10 s is less than 6 target durations, 12 s"},
		{"part hold back", live, "PART-HOLD-BACK=1.5", "PART-HOLD-BACK=0.9", "playlist.low_latency", jobs.Warn, "PART-HOLD-BACK of 0.9 s is less than 2 PART-TARGETs, 1 s"},
		{"part hold back, not recommended", live, "PART-HOLD-BACK=1.5", "PART-HOLD-BACK=1.2", "playlist.low_latency", jobs.Info, "as is recommended"},
		{"no part hold back", live, ",PART-HOLD-BACK=1.5", "", "playlist.low_latency", jobs.Warn, "line 5: EXT-X-PART-INF without a PART-HOLD-BACK"},
		{"no part target", live, "#EXT-X-PART-INF:PART-TARGET=0.5\n", "", "playlist.low_latency", jobs.Warn, "line 21: EXT-X-PART without EXT-X-PART-INF"},
		{"clock", media, "00:00:08.000Z\n#EXTINF", "00:00:10.500Z\n#EXTINF", "playlist.program_time", jobs.Warn, "line 14: EXT-X-PROGRAM-DATE-TIME of segment 2 is 2.5 s later"},
		{"clock, a little", media, "00:00:08.000Z\n#EXTINF", "00:00:07.700Z\n#EXTINF", "playlist.program_time", jobs.Info, "0.3 s earlier"},
		{"no clock", live, "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n", "", "playlist.program_time_missing", jobs.Info, "without EXT-X-PROGRAM-DATE-TIME"},
		{"no discontinuity sequence", live, "#EXT-X-DISCONTINUITY-SEQUENCE:3\n", "", "playlist.discontinuity", jobs.Warn, "without EXT-X-DISCONTINUITY-SEQUENCE"},
		{"other discontinuity sequence", "v360.m3u8", "#EXT-X-MEDIA-SEQUENCE:0\n", "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n", "playlist.discontinuity", jobs.Warn, "en.m3u8 begins with discontinuity sequence number 0, v360.m3u8 with 1"},
		{"date range without id", media, "ID=\"ad\",", "", "playlist.daterange", jobs.Warn, "line 18: EXT-X-DATERANGE without an ID"},
		{"date range without start", media, "START-DATE=\"2026-01-01T00:00:04.000Z\",", "", "playlist.daterange", jobs.Warn, "\"ad\" without a START-DATE"},
		{"date range backwards", media, "END-DATE=\"2026-01-01T00:00:08", "END-DATE=\"2026-01-01T00:00:03", "playlist.daterange", jobs.Warn, "ends before it begins"},
		{"date range that disagrees", media, "DURATION=4,", "DURATION=5,", "playlist.daterange", jobs.Warn, "does not lead to its END-DATE"},
		{"no bandwidth", master, "BANDWIDTH=600000,AVERAGE", "AVERAGE", "playlist.bandwidth_missing", jobs.Warn, "line 10: variant v360.m3u8 has no BANDWIDTH"},
		{"bandwidth in words", master, "BANDWIDTH=600000,AVERAGE", "BANDWIDTH=fast,AVERAGE", "playlist.bandwidth_missing", jobs.Warn, "variant v360.m3u8 has no BANDWIDTH"},
		{"average above peak", master, "AVERAGE-BANDWIDTH=500000", "AVERAGE-BANDWIDTH=700000", "playlist.average_bandwidth", jobs.Warn, "is above BANDWIDTH"},
		{"no average", master, "AVERAGE-BANDWIDTH=500000,", "", "playlist.average_bandwidth_missing", jobs.Info, "variant v360.m3u8 has no AVERAGE-BANDWIDTH"},
		{"no codecs", master, ",CODECS=\"avc1.64000d,mp4a.40.2\"", "", "playlist.codecs_missing", jobs.Info, "variant v360.m3u8 has no CODECS"},
		{"no resolution", master, "RESOLUTION=1280x720,", "", "playlist.resolution_missing", jobs.Info, "variant v720.m3u8 has no RESOLUTION"},
		{"no frame rate", master, "FRAME-RATE=25.000,", "", "playlist.frame_rate_missing", jobs.Info, "variant v720.m3u8 has no FRAME-RATE"},
		{"not independent", master, "#EXT-X-INDEPENDENT-SEGMENTS\n", "", "playlist.independent_segments", jobs.Info, "playlist: no EXT-X-INDEPENDENT-SEGMENTS here nor in v720.m3u8"},
		{"no I-frames", master, "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,RESOLUTION=640x360,CODECS=\"avc1.64000d\",URI=\"iframes.m3u8\"\n", "", "playlist.iframes_missing", jobs.Info, "no EXT-X-I-FRAME-STREAM-INF"},
		{"group that is not there", master, "SUBTITLES=\"subs\"", "SUBTITLES=\"text\"", "playlist.group", jobs.Warn, "line 8: variant v720.m3u8 names the SUBTITLES group \"text\""},
		{"group that nobody uses", master, "#EXT-X-STREAM-INF:BANDWIDTH=2", "#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"old\",NAME=\"x\",INSTREAM-ID=\"CC2\"\n#EXT-X-STREAM-INF:BANDWIDTH=2", "playlist.group_unused", jobs.Info, "line 8: no variant uses the closed captions group \"old\""},
		{"rendition without a name", master, "NAME=\"Deutsch\",", "", "playlist.rendition", jobs.Warn, "line 5: EXT-X-MEDIA audio group aac, de has no NAME"},
		{"renditions of one name", master, "Deutsch", "English", "playlist.rendition", jobs.Warn, "has the NAME of another in its group"},
		{"two defaults", master, "LANGUAGE=\"de\",", "LANGUAGE=\"de\",DEFAULT=YES,", "playlist.rendition", jobs.Warn, "a second DEFAULT"},
		{"unknown type of rendition", master, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",NAME=\"Deutsch\"", "#EXT-X-MEDIA:TYPE=SMELL,GROUP-ID=\"aac\",NAME=\"Deutsch\"", "playlist.rendition", jobs.Warn, "unknown TYPE SMELL"},
		{"other target", "v360.m3u8", "TARGETDURATION:4", "TARGETDURATION:5", "ladder.target_duration", jobs.Info, "EXT-X-TARGETDURATION is 4 s in en.m3u8 and 5 s in v360.m3u8"},
		{"other length", "v360.m3u8", "#EXTINF:2.000,", "#EXTINF:3.500,", "ladder.duration", jobs.Warn, "en.m3u8 lasts 10 s, v360.m3u8 lasts 11.5 s"},
		{"other length, a little", "v360.m3u8", "#EXTINF:2.000,", "#EXTINF:2.250,", "ladder.duration", jobs.Info, "v360.m3u8 lasts 10.25 s"},
	}
}

// One fault, one rule: each mutation of the clean stream fires exactly its rule, once.
func TestEachMutationBreaksOneRule(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range mutations() {
		seen[m.code] = true
		t.Run(m.name, func(t *testing.T) {
			files := cleanStream()
			if !strings.Contains(files[m.file], m.old) {
				t.Fatalf("%s does not contain %q", m.file, m.old)
			}
			files[m.file] = strings.Replace(files[m.file], m.old, m.new, 1)
			top := "master.m3u8"
			if m.file == "live.m3u8" || m.code == "playlist.type" { // a playlist that never ends makes others of its ladder seem live
				top = m.file
			}
			got := broken(t, files, top)
			if len(got) != 1 || got[0].Code != m.code || got[0].Severity != m.severity || !strings.Contains(got[0].Message, m.message) || got[0].Confidence != 1 {
				t.Fatalf("want one %s %s: %s\ngot %s", m.severity, m.code, m.message, listed(got))
			}
			if rule, _ := jobs.RuleOf(m.code); (rule.Unit == "") != (got[0].Value == nil) || rule.Unit != got[0].Unit {
				t.Errorf("value %v %s, the rule has %q", got[0].Value, got[0].Unit, rule.Unit)
			}
		})
	}
	for _, code := range rulesOfPlaylists(t) {
		if !seen[code] {
			t.Errorf("no mutation breaks %s", code)
		}
	}
}

// rulesOfPlaylists are those of jobs/rule_hls.go, which this package looks at; that of SCTE-35 has a test of its own.
func rulesOfPlaylists(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile("../../../jobs/rule_hls.go")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, m := range regexp.MustCompile(`Code: +"([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
		if _, ok := jobs.RuleOf(m[1]); ok && m[1] != "playlist.scte35" {
			list = append(list, m[1])
		}
	}
	if len(list) < 20 {
		t.Fatalf("found the rules %q alone", list)
	}
	return list
}

func listed(list []jobs.Finding) string {
	var lines []string
	for _, f := range list {
		lines = append(lines, fmt.Sprintf("%s %s %s [%g, %g) %s", f.Severity, f.Code, f.Rendition, f.Start, f.End, f.Message))
	}
	return strings.Join(lines, "\n")
}

// A fault of many segments is one finding that spans them.
func TestManySegmentsAreOneFinding(t *testing.T) {
	text := "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n" + strings.Repeat("#EXTINF:2.0,\na.ts\n", 3) + strings.Repeat("#EXTINF:5.0,\na.ts\n", 1000) + "#EXTINF:9.0,\na.ts\n" +
		strings.Repeat("#EXTINF:2.0,\na.ts\n", 3) + "#EXT-X-ENDLIST\n"
	got := broken(t, map[string]string{"a.m3u8": text}, "a.m3u8")
	if len(got) != 1 {
		t.Fatalf("got %s", listed(got))
	}
	f := got[0]
	if f.Code != "playlist.target_duration" || f.Rendition != "s0" || f.Start != 6 || f.End != 5015 || f.Value == nil || *f.Value != 7 ||
		f.Message != "playlist line 2010: segment 1003 lasts 9 s, EXT-X-TARGETDURATION in line 3 says 2 s; so it is with 1001 segments, 3 to 1003" {
		t.Errorf("got %s, value %v", listed(got), f.Value)
	}
}

// Half a second is forgiven: EXTINF is rounded before it is compared.
func TestTargetDurationIsComparedRounded(t *testing.T) {
	for extinf, want := range map[string]int{"4.499999": 0, "4.5": 1, "4": 0, "4.076956": 0, "5": 1} {
		text := "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:" + extinf + ",\na.ts\n#EXT-X-ENDLIST\n"
		if got := broken(t, map[string]string{"a.m3u8": text}, "a.m3u8"); len(got) != want {
			t.Errorf("EXTINF:%s: %s", extinf, listed(got))
		}
	}
}

// Whole-second EXTINF are half a second wrong each; dates on both sides of a discontinuity have nothing to do with each other.
func TestProgramTimeIsForgiving(t *testing.T) {
	date := func(s string) string { return "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:" + s + "Z\n" }
	head := "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n"
	for name, tt := range map[string]struct {
		text string
		want int
	}{
		"rounded":        {date("00") + "#EXTINF:2,\na\n#EXTINF:2,\nb\n" + date("04.9") + "#EXTINF:2,\nc\n", 0},
		"too far":        {date("00") + "#EXTINF:2,\na\n#EXTINF:2,\nb\n" + date("06.2") + "#EXTINF:2,\nc\n", 1},
		"discontinuity":  {date("00") + "#EXTINF:2.0,\na\n#EXT-X-DISCONTINUITY\n" + date("50") + "#EXTINF:2.0,\nb\n", 0},
		"far in history": {"#EXT-X-PROGRAM-DATE-TIME:0001-01-01T00:00:00Z\n#EXTINF:2.0,\na\n#EXT-X-PROGRAM-DATE-TIME:9999-01-01T00:00:00Z\n#EXTINF:2.0,\nb\n", 1},
	} {
		got := broken(t, map[string]string{"a.m3u8": head + tt.text + "#EXT-X-ENDLIST\n"}, "a.m3u8")
		if len(got) != tt.want {
			t.Errorf("%s: %s", name, listed(got))
		}
	}
}

// What is repeated is not an overlap, and what lies in other files is not either.
func TestRangesThatDoNotOverlap(t *testing.T) {
	head := "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:2\n"
	item := func(r, uri string) string { return "#EXTINF:2.0,\n#EXT-X-BYTERANGE:" + r + "\n" + uri + "\n" }
	for text, want := range map[string]int{
		item("10@0", "a") + item("10@0", "a"):                                              0,
		item("10@0", "a") + item("10@5", "b"):                                              0,
		item("10@10", "a") + item("10@0", "a"):                                             0,
		item("100@0", "a") + item("10@20", "a") + item("10@50", "a") + item("10@100", "a"): 1,
		item("10@0", "a") + item("10@2305843009213693952", "a") + item("10@9", "a"):        1,
	} {
		if got := broken(t, map[string]string{"a.m3u8": head + text + "#EXT-X-ENDLIST\n"}, "a.m3u8"); len(got) != want {
			t.Errorf("%q: %s", text, listed(got))
		}
	}
}

// The rules have a bound of their own: no playlist, however broken, makes more than a few findings a variant.
func TestRulesAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("#EXTM3U\n")
	for i := range maxVariants {
		fmt.Fprintf(&b, "#EXT-X-STREAM-INF:BANDWIDTH=x,AUDIO=\"%d\",VIDEO=\"%d\",SUBTITLES=\"%d\",CLOSED-CAPTIONS=\"%d\"\n%d\n", i, i, i, i, i)
	}
	if n := len(Parse([]byte(b.String())).Faults); n > 5*maxVariants {
		t.Errorf("%d faults", n)
	}
	once := []string{}
	for _, name := range []string{"EXT-X-VERSION:3", "EXT-X-ENDLIST", "EXT-X-TARGETDURATION:2"} {
		once = append(once, strings.Repeat("#"+name+"\n", 1000))
	}
	p := Parse([]byte("#EXTM3U\n" + strings.Join(once, "") + "#EXTINF:2,\na\n"))
	if !slices.ContainsFunc(p.Faults, func(f Fault) bool { return strings.Contains(f.Message, "EXT-X-ENDLIST stands 999 times more often") }) || len(p.Faults) != 3 {
		t.Errorf("faults %+v", p.Faults)
	}
}

// TestRoundedDates: dates that are off by the rounding of their decimals break no rule, and those that are off by more do.
func TestRoundedDates(t *testing.T) {
	for date, want := range map[string]int{"00:00:08.000001Z": 0, "00:00:07.999Z": 0, "00:00:08.0019Z": 0, "00:00:08.0021Z": 1, "00:00:07.99Z": 1} {
		files := cleanStream()
		files["v720.m3u8"] = strings.Replace(files["v720.m3u8"], "00:00:08.000Z", date, 1)
		if got := broken(t, files, "v720.m3u8"); len(got) != want || want > 0 && got[0].Code != "playlist.program_time" {
			t.Errorf("%s: %+v", date, got)
		}
	}
}

// TestRepeatedFaultIsOne: what is wrong with every line of a playlist is one cause.
func TestRepeatedFaultIsOne(t *testing.T) {
	var s strings.Builder
	s.WriteString("#EXTM3U\n")
	for i := range 300 {
		fmt.Fprintf(&s, "#EXT-X-MEDIA:TYPE=SMELL,GROUP-ID=\"g\",NAME=\"%d\"\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g%d\",NAME=\"a\",URI=\"a\"\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",URI=\"a\"\n", i, i)
		fmt.Fprintf(&s, "#EXT-X-STREAM-INF:BANDWIDTH=%d,AUDIO=\"no%d\"\nv%d.m3u8\n", 1000+i, i, i)
	}
	count := map[string]int{}
	for _, f := range Parse([]byte(s.String())).Faults {
		count[f.Code]++
	}
	if count["playlist.rendition"] != 2 || count["playlist.group"] != 1 || count["playlist.group_unused"] != 1 {
		t.Errorf("faults by code: %v", count)
	}
}

// TestNumbersThatNobodyReaches do not overflow.
func TestNumbersThatNobodyReaches(t *testing.T) {
	list := Parse([]byte("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:9223372036854775807\n#EXTINF:2,\na\n#EXTINF:2,\nb\n#EXT-X-ENDLIST\n"))
	if a, b := list.Media.Segments[0].Sequence, list.Media.Segments[1].Sequence; a < 0 || b != a+1 {
		t.Errorf("segments %d and %d", a, b)
	}
}
