package hls

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"aircheck/jobs"
	"aircheck/producer/source/internal/fake"
	"aircheck/producer/source/location"
	"aircheck/storage"
)

const media = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nseg0.ts\n#EXTINF:2,\nseg1.ts\n#EXT-X-ENDLIST\n"

func timelineOf(t *testing.T, origin *fake.Origin, input string) jobs.Timeline {
	t.Helper()
	tl, err := open(origin, input)
	if err != nil {
		t.Fatal(err)
	}
	return tl
}

func open(origin *fake.Origin, input string) (jobs.Timeline, error) {
	loc, err := location.Parse(input)
	if err != nil {
		return jobs.Timeline{}, err
	}
	return Timeline(context.Background(), origin, loc)
}

// findings renders what is not about a rule as "severity [start, end) message".
func findings(tl jobs.Timeline) []string {
	var out []string
	for _, f := range tl.Findings {
		if _, ok := jobs.RuleOf(f.Code); ok {
			continue
		}
		if f.Code != "playlist.invalid" || f.Confidence != 1 || f.Rendition != "" {
			return append(out, fmt.Sprintf("unexpected %+v", f))
		}
		out = append(out, fmt.Sprintf("%s [%g, %g) %s", f.Severity, f.Start, f.End, f.Message))
	}
	return out
}

func TestMediaPlaylistIsOneSequence(t *testing.T) {
	tl := timelineOf(t, &fake.Origin{Objects: map[string]string{"/x/media.m3u8": media}}, "/x/media.m3u8")
	want := jobs.Timeline{Kind: jobs.SourceHLS, Sequences: []jobs.Sequence{{
		ID: "s0", Mode: jobs.ModeSegments, Duration: 4e6, Target: 2e6, Segments: []jobs.Segment{
			{Index: 0, ByteRange: jobs.ByteRange{URI: "/x/seg0.ts", Length: -1}, Start: 0, Duration: 2e6},
			{Index: 1, ByteRange: jobs.ByteRange{URI: "/x/seg1.ts", Length: -1}, Start: 2e6, Duration: 2e6},
		},
	}}}
	if !reflect.DeepEqual(tl, want) {
		t.Errorf("got  %+v\nwant %+v", tl, want)
	}
}

// A playlist of 600 kB behind a URL of 8 kB once made a timeline of 600 MB.
func TestLongAddressesAreBounded(t *testing.T) {
	base := "http://x/" + strings.Repeat("d/", 4<<10)
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-TARGETDURATION:2\n")
	const n = 40_000
	for i := range n {
		fmt.Fprintf(&b, "#EXTINF:2,\n%x\n", i)
	}
	tl := timelineOf(t, &fake.Origin{Objects: map[string]string{base + "m.m3u8": b.String()}}, base+"m.m3u8")
	segments, sum, last := tl.Sequences[0].Segments, 0, 0
	for i, s := range segments {
		sum += len(s.URI)
		if s.URI != "" {
			last = i
		}
	}
	if len(segments) != n || sum > maxAddresses || sum < maxAddresses*9/10 {
		t.Errorf("%d segments with addresses of %d bytes", len(segments), sum)
	}
	want := fmt.Sprintf("refused from segment %d on: the addresses of the stream's segments are longer than 134217728 bytes together", last+1)
	if got := findings(tl); len(got) != 1 || !strings.HasSuffix(got[0], want) || !strings.HasPrefix(got[0], "fail [") {
		t.Errorf("findings %q, want one: %s", got, want)
	}
}

// What stands in every segment counts as often as it will be written, and lies in memory once.
func TestRepeatedReferencesShareAnAddress(t *testing.T) {
	base := "http://x/" + strings.Repeat("d/", 4<<10)
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-TARGETDURATION:2\n")
	for i := range 20_000 {
		fmt.Fprintf(&b, "#EXT-X-KEY:METHOD=AES-128,URI=\"k%d\"\n#EXT-X-MAP:URI=\"i%d\"\n#EXTINF:2,\n#EXT-X-BYTERANGE:9@%d\nall\n", i%2, i%2, 9*i)
	}
	tl := timelineOf(t, &fake.Origin{Objects: map[string]string{base + "m.m3u8": b.String()}}, base+"m.m3u8")
	segments := tl.Sequences[0].Segments
	a, z := &segments[0], &segments[1000]
	for what, pair := range map[string][2]string{"media": {a.URI, z.URI}, "init": {a.Init.URI, z.Init.URI}, "key": {a.Key.URI, z.Key.URI}, "init key": {a.InitKey.URI, z.InitKey.URI}} {
		if pair[0] != pair[1] || unsafe.StringData(pair[0]) != unsafe.StringData(pair[1]) {
			t.Errorf("%s: two copies of one address", what)
		}
	}
	if last := &segments[len(segments)-1]; last.URI != "" || last.Init != nil || last.Key != nil || len(findings(tl)) != 1 {
		t.Errorf("the last segment refers to %+v, %+v; findings %q", last.Init, last.Key, findings(tl))
	}
}

func TestTooManySegmentsTogether(t *testing.T) {
	master, objects := "#EXTM3U\n", map[string]string{}
	for i := range 6 {
		master += fmt.Sprintf("#EXT-X-STREAM-INF:BANDWIDTH=1\n%d.m3u8\n", i)
		objects[fmt.Sprintf("/x/%d.m3u8", i)] = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n" + strings.Repeat("#EXTINF:1,\na\n", maxSegments)
	}
	objects["/x/master.m3u8"] = master
	tl := timelineOf(t, &fake.Origin{Objects: objects}, "/x/master.m3u8")
	if got := findings(tl); len(tl.Sequences) != 5 || len(got) != 1 || !strings.HasSuffix(got[0], "5.m3u8: not used: the stream has more than 1000000 segments") {
		t.Errorf("%d sequences, findings %q", len(tl.Sequences), got)
	}
}

// A variant that is a web page is one finding that says so, and no reason to leave the others out.
func TestVariantThatIsAWebPage(t *testing.T) {
	tl := timelineOf(t, &fake.Origin{Objects: map[string]string{
		"/x/master.m3u8": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlogin.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2\nb.m3u8\n",
		"/x/login.m3u8":  "\ufeff\n <!doctype HTML>\n<html><body>\nWho are you?\n</body></html>\n",
		"/x/b.m3u8":      "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na\n",
	}}, "/x/master.m3u8")
	if got := findings(tl); len(tl.Sequences) != 1 || len(got) != 1 || got[0] != "fail [0, 0) login.m3u8: is "+jobs.WebPage {
		t.Errorf("%d sequences, findings %q", len(tl.Sequences), got)
	}
}

func TestGarbageIsInvalidAndNotACrash(t *testing.T) {
	tests := map[string]struct {
		sequences int
		findings  []string
	}{
		"empty": {0, []string{
			"fail [0, 0) playlist line 1: does not begin with #EXTM3U",
			"fail [0, 0) playlist: no media segments",
		}},
		"header only": {0, []string{"fail [0, 0) playlist: no media segments"}},
		"text": {0, []string{
			"fail [0, 0) playlist line 1: does not begin with #EXTM3U",
			"fail [0, 0) playlist line 1: URI without EXTINF",
			"fail [0, 0) playlist: no media segments",
		}},
		"bad numbers": {1, []string{
			"fail [0, 0) playlist line 2: EXT-X-TARGETDURATION:x: not a decimal number",
			"fail [0, 0) playlist line 3: EXTINF:abc,: not a decimal number",
		}},
		"bad number, good": {1, []string{
			"fail [0, 6) playlist line 3: EXTINF:-1,: not a decimal number",
			"fail [6, 12) playlist line 5: EXTINF:nan,: not a decimal number",
			"fail [12, 18) playlist line 7: EXTINF:2e3,: not a decimal number",
		}},
		"outside": {1, []string{
			"fail [0, 2) playlist line 3: ../../../../etc/passwd: reference refused: the file lies outside the input's directory",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			origin := &fake.Origin{Objects: map[string]string{"/x/y/media.m3u8": playlists[name]}}
			tl := timelineOf(t, origin, "/x/y/media.m3u8")
			if got := findings(tl); !reflect.DeepEqual(got, tt.findings) || len(tl.Sequences) != tt.sequences {
				t.Errorf("%d sequences, findings\n%s\nwant %d and\n%s", len(tl.Sequences), strings.Join(got, "\n"), tt.sequences, strings.Join(tt.findings, "\n"))
			}
			if asked := origin.Asked(); len(asked) != 1 {
				t.Errorf("asked for %q", asked)
			}
		})
	}
}

// ladder is a multivariant playlist with everything that must not be read twice, or at all.
const ladder = "#EXTM3U\n" +
	"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",NAME=\"English\",LANGUAGE=\"en\",URI=\"audio/en.m3u8\"\n" +
	"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",NAME=\"muxed\"\n" +
	"#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"subs\",NAME=\"x\",URI=\"subs.m3u8\"\n" +
	"#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"iframes.m3u8\"\n" +
	"#EXT-X-STREAM-INF:BANDWIDTH=2000000,RESOLUTION=1280x720,AUDIO=\"aac\"\nv720/media.m3u8\n" +
	"#EXT-X-STREAM-INF:BANDWIDTH=2100000,RESOLUTION=1280x720,AUDIO=\"other\"\nv720/../v720/media.m3u8\n" +
	"#EXT-X-STREAM-INF:BANDWIDTH=600000,RESOLUTION=320x180,CODECS=\"avc1.64000d,mp4a.40.2\"\nv180/media.m3u8\n" +
	"#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS=\"mp4a.40.2\"\naudio/en.m3u8\n"

func ladderOrigin(base string) *fake.Origin {
	return &fake.Origin{Objects: map[string]string{
		base + "main.m3u8": ladder, base + "audio/en.m3u8": media, base + "subs.m3u8": media, base + "v720/media.m3u8": media, base + "v180/media.m3u8": media,
	}}
}

func TestLadder(t *testing.T) {
	origin := ladderOrigin("/x/")
	tl := timelineOf(t, origin, "/x/main.m3u8")
	var got []string
	for _, s := range tl.Sequences {
		if s.Variant == nil {
			s.Variant = &jobs.Variant{}
		}
		got = append(got, fmt.Sprintf("%s %s %q %d %s %s", s.ID, s.Media, s.Name, s.Variant.Bandwidth, s.Variant.Language, s.Segments[0].URI))
	}
	want := []string{
		`s0 audio "audio/en.m3u8" 64000 en /x/audio/seg0.ts`,
		`s1 video "v720/media.m3u8" 2000000  /x/v720/seg0.ts`,
		`s2 video "v180/media.m3u8" 600000  /x/v180/seg0.ts`,
		`s3 captions "subtitles group subs, x" 0  /x/seg0.ts`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n := len(origin.Asked()); n != 5 || len(findings(tl)) > 0 {
		t.Errorf("asked for %q, findings %q", origin.Asked(), findings(tl))
	}
}

// Names and messages end up in the report's digest: they must not tell where the stream lies.
func TestNamesDoNotDependOnThePlace(t *testing.T) {
	var first []byte
	for _, base := range []string{"/x/", "https://user:secret@host/deep/down/", "s3://bucket/"} {
		origin := ladderOrigin(base)
		origin.Objects[base+"v180/media.m3u8"] = "#EXTM3U\n#EXTINF:2,\n?\n"
		delete(origin.Objects, base+"v720/media.m3u8")
		tl := timelineOf(t, origin, base+"main.m3u8")
		for i := range tl.Sequences {
			tl.Sequences[i].Segments = nil
		}
		b, err := json.Marshal(tl)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = b
		}
		if string(b) != string(first) {
			t.Errorf("%s:\n%s\nwant\n%s", base, b, first)
		}
	}
}

func TestVariantsThatCannotBeRead(t *testing.T) {
	refused := fmt.Errorf("bad gateway")
	tests := []struct {
		name     string
		err      error
		wantErr  error
		findings []string
	}{
		{"absent", storage.ErrNotFound, nil, []string{"fail [0, 0) v720/media.m3u8: cannot be read: no such playlist"}},
		{"denied", storage.ErrDenied, nil, []string{"fail [0, 0) v720/media.m3u8: access denied"}},
		{"network", refused, refused, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			origin := ladderOrigin("/x/")
			origin.Errors = map[string]error{"/x/v720/media.m3u8": tt.err}
			tl, err := open(origin, "/x/main.m3u8")
			if !errors.Is(err, tt.wantErr) {
				t.Fatalf("error %v, want %v", err, tt.wantErr)
			}
			if got := findings(tl); !reflect.DeepEqual(got, tt.findings) {
				t.Errorf("findings %q, want %q", got, tt.findings)
			}
			if tt.wantErr == nil && (len(tl.Sequences) != 3 || tl.Sequences[1].ID != "s1" || tl.Sequences[2].Media != "captions") {
				t.Errorf("sequences %+v", tl.Sequences)
			}
		})
	}
}

func TestMasterWithoutVariants(t *testing.T) {
	for text, want := range map[string]string{
		"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nfile:///etc/passwd\n":              "no variant",
		"#EXTM3U\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"i.m3u8\"\n":           "no variant",
		"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nmain.m3u8\n":                       "main.m3u8: no media segments",
		"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-STREAM-INF:BANDWIDTH=1\n\n": "no media segments",
	} {
		tl := timelineOf(t, &fake.Origin{Objects: map[string]string{"/x/main.m3u8": text}}, "/x/main.m3u8")
		got := findings(tl)
		if len(tl.Sequences) != 0 || len(got) == 0 || !strings.Contains(got[len(got)-1], want) || !strings.HasPrefix(got[len(got)-1], "fail") {
			t.Errorf("%q: %d sequences, findings %q, want %q", text, len(tl.Sequences), got, want)
		}
	}
}

func TestTheSamePlaylistsGiveTheSameTimeline(t *testing.T) {
	var first string
	for range 20 {
		b, err := json.Marshal(timelineOf(t, ladderOrigin("/x/"), "/x/main.m3u8"))
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(b)
		}
		if string(b) != first {
			t.Fatalf("got %s, want %s", b, first)
		}
	}
}

func TestAllPlaylistsTogetherAreBounded(t *testing.T) {
	filler := "#" + strings.Repeat(" ", maxLine-2) + "\n"
	big := media + strings.Repeat(filler, maxPlaylist/maxLine)
	big = big[:maxPlaylist]
	text := "#EXTM3U\n"
	objects := map[string]string{}
	for i := range 12 {
		text += fmt.Sprintf("#EXT-X-STREAM-INF:BANDWIDTH=%d\nv%d.m3u8\n", i+1, i)
		objects[fmt.Sprintf("/x/v%d.m3u8", i)] = big
	}
	objects["/x/main.m3u8"] = text
	tl := timelineOf(t, &fake.Origin{Objects: objects}, "/x/main.m3u8")
	if len(tl.Sequences) != maxAll/maxPlaylist || len(findings(tl)) != 12-maxAll/maxPlaylist {
		t.Errorf("%d sequences, findings %q", len(tl.Sequences), findings(tl))
	}
}

func TestCancelledIsNoFinding(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	loc, err := location.Parse("/x/main.m3u8")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Timeline(ctx, ladderOrigin("/x/"), loc); jobs.ClassOf(err) != jobs.Cancelled {
		t.Errorf("error %v", err)
	}
}

// Whatever a stranger writes, no file outside the playlist's directory gets into a timeline.
func FuzzTimeline(f *testing.F) {
	for _, text := range playlists {
		f.Add(text)
	}
	f.Add(ladder)
	f.Fuzz(func(t *testing.T, text string) {
		tl, err := open(&fake.Origin{Objects: map[string]string{"/x/main.m3u8": text}}, "/x/main.m3u8")
		if err != nil {
			t.Fatal(err)
		}
		if len(tl.Sequences) == 0 && len(tl.Findings) == 0 {
			t.Fatal("nothing to analyse and nothing to say")
		}
		if _, err := json.Marshal(tl); err != nil {
			t.Fatal(err)
		}
		for _, s := range tl.Sequences {
			for _, g := range s.Segments {
				inside(t, g.URI)
				if g.Init != nil {
					inside(t, g.Init.URI)
				}
				if g.Key != nil && g.Key.Format == "" {
					inside(t, g.Key.URI)
				}
			}
		}
	})
}

func inside(t *testing.T, uri string) {
	t.Helper()
	switch storage.Scheme(uri) {
	case "http", "https", "s3":
		return
	case "":
		if uri == "" || uri == "/x" || strings.HasPrefix(uri, "/x/") {
			return
		}
	}
	t.Fatalf("timeline names %q", uri)
}
