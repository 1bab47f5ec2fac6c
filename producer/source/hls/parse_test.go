package hls

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/Eyevinn/hls-m3u8/m3u8"

	"aircheck/jobs"
)

// playlists is the table of the unit tests and the seed of the fuzz target.
var playlists = map[string]string{
	"vod": "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-PLAYLIST-TYPE:VOD\n" +
		"#EXTINF:2.002,title, with a comma\na.ts\n#EXTINF:1.5,\nb.ts\n#EXT-X-ENDLIST\n",
	"windows": "#EXTM3U\r\n#EXT-X-TARGETDURATION: 2\r\n\r\n#EXTINF: 2.0 ,\r\n a.ts \r\n",
	"byteranges": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:URI=\"all.mp4\",BYTERANGE=\"100@0\"\n" +
		"#EXTINF:2,\n#EXT-X-BYTERANGE:1000@100\nall.mp4\n#EXTINF:2,\n#EXT-X-BYTERANGE:500\nall.mp4\n#EXTINF:2,\n#EXT-X-BYTERANGE:700\nall.mp4\n" +
		"#EXT-X-MAP:URI=\"next.mp4\"\n#EXTINF:2,\nwhole.mp4\n",
	"tags": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-DISCONTINUITY-SEQUENCE:3\n#EXT-X-PROGRAM-DATE-TIME:2024-03-04T23:02:17.684+0100\n#EXTINF:2,\na.ts\n" +
		"#EXT-X-DISCONTINUITY\n#EXT-X-GAP\n#EXTINF:2,\nb.ts\n#EXTINF:2,\nc.ts\n#EXT-X-DATERANGE:ID=\"1\"\n#EXT-OATCLS-SCTE35:abc\n#EXT-X-NEW:abc\n# a comment\n#EXT-X-ENDLIST\n",
	"keys": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:258\n#EXTINF:2,\na.ts\n#EXT-X-KEY:METHOD=AES-128,URI=\"k.key\"\n#EXTINF:2,\nb.ts\n" +
		"#EXT-X-KEY:METHOD=AES-128,URI=\"k2.key\",IV=0xff\n#EXT-X-MAP:URI=\"i.mp4\"\n#EXTINF:2,\nc.ts\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:2,\nd.ts\n" +
		"#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://x\",KEYFORMAT=\"com.apple.streamingkeydelivery\",KEYFORMATVERSIONS=\"1\"\n#EXTINF:2,\ne.ts\n" +
		"#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k3.key\",KEYFORMAT=\"identity\"\n#EXTINF:2,\nf.ts\n",
	"master": "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",NAME=\"English\",LANGUAGE=\"en\",URI=\"en/a.m3u8\"\n" +
		"#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"x\",URI=\"s.m3u8\"\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"cc\",NAME=\"x\",INSTREAM-ID=\"CC1\"\n" +
		"#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1500000,RESOLUTION=1280x720,FRAME-RATE=29.970,CODECS=\"avc1.64001f,mp4a.40.2\",AUDIO=\"aac\"\nv/720.m3u8\n" +
		"#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=100,URI=\"i.m3u8\"\n",
	"decimals":         "#EXTM3U\n#EXT-X-TARGETDURATION:1\n" + strings.Repeat("#EXTINF:0.0000004,\na.ts\n", 5) + "#EXTINF:1.0000009999,\nb.ts\n",
	"empty":            "",
	"header only":      "#EXTM3U\n",
	"text":             "hello\n",
	"bad numbers":      "#EXTM3U\n#EXT-X-TARGETDURATION:x\n#EXTINF:abc,\nseg000.ts\n",
	"bad number, good": "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:-1,\na.ts\n#EXTINF:nan,\nb.ts\n#EXTINF:2e3,\nc.ts\n#EXTINF:4,\nd.ts\n",
	"outside":          "#EXTM3U\n#EXTINF:2,\n../../../../etc/passwd\n#EXT-X-ENDLIST\n",
	"bom":              "\xef\xbb\xbf#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n",
	"both":             "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n#EXTINF:2,\na.ts\n",
	"lost tags":        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n#EXTINF:3,\na.ts\nb.ts\n#EXTINF:2,\n",
	"bad ranges": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n#EXT-X-BYTERANGE:10\na.ts\n#EXTINF:2,\n#EXT-X-BYTERANGE:x@1\na.ts\n#EXTINF:2,\n#EXT-X-BYTERANGE:10\nb.ts\n" +
		"#EXTINF:2,\n#EXT-X-BYTERANGE:9223372036854775807@9223372036854775807\nb.ts\n#EXTINF:2,\n#EXT-X-BYTERANGE:0@5\nb.ts\n",
	"bad attributes": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MAP:URI=\"open\n#EXT-X-KEY:METHOD=AES-128\n#EXT-X-KEY:URI=\"k\"\n" +
		"#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x12345678901234567890123456789012345\n#EXT-X-MAP:BYTERANGE=\"1@2\"\n#EXTINF:2,\na.ts\n",
	"bad master": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=fast,RESOLUTION=wide\n#EXT-X-STREAM-INF:\na.m3u8\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1\n#EXT-X-MEDIA:TYPE=SMELL\n" +
		"#EXT-X-STREAM-INF:BANDWIDTH=1,BANDWIDTH=2\n",
	"bad date":  "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PROGRAM-DATE-TIME:yesterday\n#EXTINF:2,\na.ts\n#EXT-X-PROGRAM-DATE-TIME:0000-01-01T00:00:00+12:00\n#EXTINF:2,\nb.ts\n",
	"not utf-8": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n\xff\xfe.ts\n",
	"too long":  "#EXTM3U\n#EXT-X-TARGETDURATION:86401\n#EXTINF:86401,\na.ts\n#EXTINF:99999999999999999999,\nb.ts\n",
}

func parse(t *testing.T, name string) Playlist {
	t.Helper()
	text, ok := playlists[name]
	if !ok {
		t.Fatalf("no playlist %q", name)
	}
	return Parse([]byte(text))
}

// unreadable are the faults that are none of a rule.
func unreadable(p Playlist) []Fault {
	return slices.DeleteFunc(slices.Clone(p.Faults), func(f Fault) bool { return f.Code != "" })
}

func TestParseMedia(t *testing.T) {
	p := parse(t, "vod")
	m := p.Media
	if p.Version != 3 || len(p.Faults) != 0 || m.Target != 2e6 || m.MediaSequence != 7 || m.Type != "VOD" || !m.EndList || m.Duration != 3_502_000 {
		t.Errorf("got %+v, %+v", p, m)
	}
	a, b := m.Segments[0], m.Segments[1]
	if a.URI != "a.ts" || a.Line != 7 || a.Start != 0 || a.Duration != 2_002_000 || a.Sequence != 7 || a.Range != nil {
		t.Errorf("first segment %+v", a)
	}
	if b.Start != 2_002_000 || b.Duration != 1_500_000 || b.Sequence != 8 {
		t.Errorf("second segment %+v", b)
	}
}

func TestParseIsLenientWithWhiteSpace(t *testing.T) {
	p := parse(t, "windows")
	if len(unreadable(p)) != 0 || p.Media.Target != 2e6 || len(p.Media.Segments) != 1 || p.Media.Segments[0].URI != "a.ts" || p.Media.Duration != 2e6 {
		t.Errorf("got %+v, %+v", p, p.Media)
	}
}

func TestParseByteRanges(t *testing.T) {
	s := parse(t, "byteranges").Media.Segments
	for i, want := range []Range{{100, 1000}, {1100, 500}, {1600, 700}} {
		if *s[i].Range != want || s[i].Map.URI != "all.mp4" || *s[i].Map.Range != (Range{0, 100}) {
			t.Errorf("segment %d: range %+v, map %+v, want %+v", i, s[i].Range, s[i].Map, want)
		}
	}
	if s[3].Range != nil || s[3].Map.URI != "next.mp4" || s[3].Map.Range != nil {
		t.Errorf("last segment: %+v, map %+v", s[3], s[3].Map)
	}
}

func TestParseTags(t *testing.T) {
	p := parse(t, "tags")
	s := p.Media.Segments
	if s[0].Discontinuity != 0 || s[1].Discontinuity != 1 || s[2].Discontinuity != 1 || p.Media.DiscontinuitySequence != 3 {
		t.Errorf("discontinuities %d %d %d", s[0].Discontinuity, s[1].Discontinuity, s[2].Discontinuity)
	}
	if s[0].Gap || !s[1].Gap || s[2].Gap {
		t.Errorf("gaps %v %v %v", s[0].Gap, s[1].Gap, s[2].Gap)
	}
	if s[0].ProgramTime == nil || s[0].ProgramTime.Format("15:04:05.000 MST") != "22:02:17.684 UTC" || s[1].ProgramTime != nil {
		t.Errorf("program time %v, %v", s[0].ProgramTime, s[1].ProgramTime)
	}
	want := []Tag{{15, "EXT-X-NEW", "abc"}}
	if !reflect.DeepEqual(p.Unknown, want) {
		t.Errorf("unknown tags %+v, want %+v", p.Unknown, want)
	}
}

func TestParseKeys(t *testing.T) {
	p := parse(t, "keys")
	if len(unreadable(p)) > 0 {
		t.Errorf("faults %+v", p.Faults)
	}
	if s := p.Media.Segments[4].Key.Systems; len(s) != 1 || s[0] != "com.apple.streamingkeydelivery" {
		t.Errorf("systems %q", s)
	}
	var got []string
	for _, s := range p.Media.Segments {
		k, m := "-", "-"
		if s.Key != nil {
			k = s.Key.Method + " " + s.Key.URI + fmt.Sprintf(" %x", s.Key.IV)
		}
		if s.Map != nil {
			m = s.Map.Key.URI
		}
		got = append(got, k+" "+m)
	}
	want := []string{
		"- -",
		"AES-128 k.key  -",
		"AES-128 k2.key 000000000000000000000000000000ff k2.key",
		"- k2.key",
		"SAMPLE-AES skd://x  k2.key",
		"SAMPLE-AES k3.key  k2.key",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestParseMaster(t *testing.T) {
	p := parse(t, "master")
	want := []Entry{
		{Line: 2, Kind: EntryAudio, URI: "en/a.m3u8", Group: "aac", Name: "English", Variant: jobs.Variant{Language: "en", AudioGroup: "aac"}},
		{Line: 3, Kind: EntrySubtitles, URI: "s.m3u8", Group: "s", Name: "x"},
		{Line: 4, Kind: EntryInStream, Group: "cc", Name: "x", InStream: "CC1"},
		{Line: 5, Kind: EntryVariant, URI: "v/720.m3u8", Variant: jobs.Variant{
			Bandwidth: 2e6, AverageBandwidth: 15e5, Width: 1280, Height: 720, FrameRate: "29.970", Codecs: "avc1.64001f,mp4a.40.2", AudioGroup: "aac",
		}},
		{Line: 7, Kind: EntryIFrames, URI: "i.m3u8", Variant: jobs.Variant{Bandwidth: 100}},
	}
	for i := range p.Master.Entries {
		p.Master.Entries[i].attrs = nil
	}
	if len(unreadable(p)) != 0 || p.Media != nil || !reflect.DeepEqual(p.Master.Entries, want) {
		t.Errorf("got %+v\nwant %+v\nfaults %+v", p.Master.Entries, want, p.Faults)
	}
}

// Sums are made before rounding: five times 0.4 µs is 2 µs, not 0.
func TestStartsAreSumsThatAreRoundedOnce(t *testing.T) {
	s := parse(t, "decimals").Media.Segments
	var starts []jobs.Micros
	for _, x := range s {
		starts = append(starts, x.Start)
	}
	if want := []jobs.Micros{0, 0, 1, 1, 2, 2}; !reflect.DeepEqual(starts, want) {
		t.Errorf("starts %v, want %v", starts, want)
	}
	if last := s[5]; last.Start+last.Duration != 1_000_003 {
		t.Errorf("end %d, want 1000003", last.Start+last.Duration)
	}
}

func TestFaults(t *testing.T) {
	tests := map[string][]string{ // line, severity and part of the message
		"empty":            {"1 fail #EXTM3U"},
		"header only":      nil, // that there is nothing in it is said by whoever wants segments
		"text":             {"1 fail #EXTM3U", "1 fail URI without EXTINF"},
		"bad numbers":      {"2 fail TARGETDURATION:x", "3 fail EXTINF:abc,"},
		"bad number, good": {"3 fail EXTINF:-1", "5 fail EXTINF:nan", "7 fail EXTINF:2e3"},
		"bom":              nil, // that and the other ones that can be read stand in rules_test.go
		"both":             {"0 fail multivariant and media"},
		"lost tags":        {"3 fail EXTINF without a URI", "6 fail URI without EXTINF", "7 fail EXTINF without a URI"},
		"bad ranges": {
			"5 fail without an offset", "7 fail BYTERANGE:x@1", "11 fail without an offset",
			"13 fail BYTERANGE:9223372036854775807@", "16 fail BYTERANGE:0@5",
		},
		"bad attributes": {"3 fail quote without an end", "3 fail EXT-X-MAP without a URI", "4 fail KEY without a URI", "5 fail KEY without a METHOD", "6 fail IV:0x", "7 fail MAP without"},
		"bad master": {
			"2 fail STREAM-INF without a URI", "5 fail variant without a URI", "7 fail BANDWIDTH twice", "7 fail STREAM-INF without a URI",
		},
		"bad date":  {"3 warn PROGRAM-DATE-TIME", "6 warn PROGRAM-DATE-TIME"},
		"not utf-8": nil,
		"too long":  {"2 fail longer than a day", "3 fail longer than a day", "5 fail"},
		"outside":   nil,
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			got := unreadable(parse(t, name))
			if len(got) != len(want) {
				t.Fatalf("faults %+v, want %q", got, want)
			}
			for i, f := range got {
				parts := strings.SplitN(want[i], " ", 3)
				if fmt.Sprint(f.Line) != parts[0] || string(f.Severity) != parts[1] || len(parts) > 2 && !strings.Contains(f.Message, parts[2]) {
					t.Errorf("fault %+v, want %q", f, want[i])
				}
			}
		})
	}
}

// A duration that cannot be read is taken to be the target duration.
func TestUnreadableDurations(t *testing.T) {
	m := parse(t, "bad number, good").Media
	if m.Duration != 22e6 || m.Segments[3].Start != 18e6 {
		t.Errorf("duration %d, last start %d", m.Duration, m.Segments[3].Start)
	}
	if m := parse(t, "bad numbers").Media; len(m.Segments) != 1 || m.Duration != 0 {
		t.Errorf("got %+v", m)
	}
}

func TestBounds(t *testing.T) {
	t.Run("segments", func(t *testing.T) {
		p := Parse([]byte("#EXTM3U\n#EXT-X-TARGETDURATION:1\n" + strings.Repeat("#EXTINF:1\na\n", maxSegments+3)))
		if len(p.Media.Segments) != maxSegments || len(unreadable(p)) != 1 || p.Faults[0].Severity != jobs.Fail {
			t.Errorf("%d segments, faults %+v", len(p.Media.Segments), p.Faults)
		}
	})
	t.Run("bytes", func(t *testing.T) {
		p := Parse(append([]byte("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1\na\n"), bytes.Repeat([]byte("\n"), maxPlaylist)...))
		if len(p.Media.Segments) != 1 || len(unreadable(p)) != 1 || p.Faults[0].Severity != jobs.Fail {
			t.Errorf("got %+v", p)
		}
	})
	t.Run("line", func(t *testing.T) {
		p := Parse([]byte("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1," + strings.Repeat("x", maxLine) + "\na\n"))
		if len(p.Media.Segments) != 0 || len(unreadable(p)) != 2 || p.Faults[0].Line != 3 {
			t.Errorf("got %+v", p)
		}
	})
	t.Run("variants", func(t *testing.T) {
		p := Parse([]byte("#EXTM3U\n" + strings.Repeat("#EXT-X-STREAM-INF:BANDWIDTH=1\na\n", 2*maxVariants)))
		if len(p.Master.Entries) != maxVariants || len(unreadable(p)) != 1 {
			t.Errorf("%d entries, faults %+v", len(p.Master.Entries), p.Faults)
		}
	})
	t.Run("faults", func(t *testing.T) {
		p := Parse([]byte("#EXTM3U\n" + strings.Repeat("lost\n", 1000)))
		if n := len(p.Faults); n != maxFaults+1 || !strings.Contains(p.Faults[n-1].Message, "950 more") {
			t.Errorf("%d faults, the last %+v", n, p.Faults[n-1])
		}
	})
	t.Run("unknown tags", func(t *testing.T) {
		if n := len(Parse([]byte("#EXTM3U\n" + strings.Repeat("#EXT-X-NEW:1\n", 2*maxUnknown))).Unknown); n != maxUnknown {
			t.Errorf("%d unknown tags", n)
		}
	})
	t.Run("total length", func(t *testing.T) {
		p := Parse([]byte("#EXTM3U\n#EXT-X-TARGETDURATION:86400\n" + strings.Repeat("#EXTINF:86400\na\n", 4000)))
		if limit := maxTotal.micros(); p.Media.Duration > limit || p.Media.Duration < limit-86400e6 || len(p.Faults) == 0 {
			t.Errorf("duration %d", p.Media.Duration)
		}
	})
}

// Another reader must see the same segments in well-formed playlists, as far as it can be believed (it sets omitted offsets to 0).
func TestAgainstAnotherReader(t *testing.T) {
	for _, name := range []string{"vod", "tags"} {
		got := parse(t, name).Media.Segments
		list, _, err := m3u8.DecodeFrom(strings.NewReader(playlists[name]), false)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, want := range list.(*m3u8.MediaPlaylist).Segments {
			if want == nil {
				break
			}
			if got[n].URI != want.URI || got[n].Duration.Seconds() != want.Duration || got[n].Gap != want.Gap {
				t.Errorf("%s: segment %d is %+v, want %+v", name, n, got[n], want)
			}
			n++
		}
		if n != len(got) {
			t.Errorf("%s: %d segments, want %d", name, len(got), n)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range playlists {
		f.Add([]byte(text))
	}
	for _, text := range cleanStream() {
		f.Add([]byte(text))
	}
	f.Add([]byte(breaksBefore(map[int]string{2: "#EXT-OATCLS-SCTE35:" + outSection + "\n#EXT-X-CUE-OUT:60", 7: "#EXT-X-CUE-IN\n#EXT-X-SCTE35:CUE=\"" + startSection + "\""})))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := Parse(data)
		for _, b := range p.Faults {
			if _, ok := jobs.RuleOf(b.Code); b.Code != "" && !ok || math.IsNaN(b.Value) || math.IsInf(b.Value, 0) || b.Value < 0 || b.Message == "" {
				t.Fatalf("fault %+v", b)
			}
		}
		if len(unreadable(p)) > maxFaults+1 || len(p.Faults) > 5*maxVariants || len(p.Unknown) > maxUnknown {
			t.Fatalf("%d faults, %d unknown tags", len(p.Faults), len(p.Unknown))
		}
		if p.Media == nil {
			return
		}
		var at jobs.Micros
		for i, s := range p.Media.Segments {
			if s.Start != at || s.Duration < 0 || s.URI == "" || s.Range != nil && (s.Range.Offset < 0 || s.Range.Length <= 0) {
				t.Fatalf("segment %d is %+v, want it to start at %d", i, s, at)
			}
			at += s.Duration
		}
		for _, k := range p.Media.Markers() {
			if k.Start < 0 || k.End < k.Start || k.Kind == "" {
				t.Fatalf("marker %+v", k)
			}
		}
		if at != p.Media.Duration {
			t.Fatalf("duration %d, want %d", p.Media.Duration, at)
		}
	})
}
