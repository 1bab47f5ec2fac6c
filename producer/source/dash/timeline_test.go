package dash

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/producer/source/internal/fake"
	"aircheck/producer/source/location"
)

func absentOrigin() *fake.Origin { return &fake.Origin{Objects: map[string]string{}} }

// checkTiles asserts what holds for every timeline: segments that follow each other from 0 on, and nothing that cannot be written down.
func checkTiles(t *testing.T, tl jobs.Timeline) {
	t.Helper()
	for _, s := range tl.Sequences {
		var at jobs.Micros
		for i, g := range s.Segments {
			if g.Index != i || g.Start != at || g.Duration < 0 || g.Offset < 0 || g.Length < -1 {
				t.Fatalf("segment %d of %s is %+v, want it to start at %d", i, s.ID, g, at)
			}
			at += g.Duration
		}
		if s.Mode == jobs.ModeSegments && (at != s.Duration || len(s.Segments) == 0) {
			t.Fatalf("sequence %s lasts %d, its %d segments %d", s.ID, s.Duration, len(s.Segments), at)
		}
	}
	for _, f := range tl.Findings {
		if f.End < f.Start || f.Start < 0 || f.Code == "" || f.Message == "" {
			t.Fatalf("finding %+v", f)
		}
	}
	for _, m := range tl.Markers {
		if m.End < m.Start || m.Start < 0 {
			t.Fatalf("marker %+v", m)
		}
	}
	if _, err := json.Marshal(tl); err != nil {
		t.Fatal(err)
	}
}

// segmentIndex is a sidx of version 1 with references of two seconds, 100 bytes each.
func segmentIndex(first uint64, count int) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(40+12*count))
	b = append(append(b, "sidx"...), 1, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, 1)
	b = binary.BigEndian.AppendUint32(b, 1000)
	b = binary.BigEndian.AppendUint64(b, first)
	b = binary.BigEndian.AppendUint64(b, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(count))
	for range count {
		b = binary.BigEndian.AppendUint32(b, 100)
		b = binary.BigEndian.AppendUint32(b, 2000)
		b = binary.BigEndian.AppendUint32(b, 1<<31)
	}
	return string(b)
}

const onDemand = `<MPD profiles="p" minBufferTime="PT2S" mediaPresentationDuration="PT6S"><Period>
<AdaptationSet mimeType="video/mp4" codecs="avc1" width="16" height="16" frameRate="25"><Representation id="v" bandwidth="1"><BaseURL>v.mp4</BaseURL>
<SegmentBase indexRange="50-125" timescale="1000" presentationTimeOffset="500"/></Representation></AdaptationSet>
<AdaptationSet mimeType="text/vtt" lang="de"><Representation id="t" bandwidth="1"><BaseURL>t.vtt</BaseURL></Representation></AdaptationSet>
<AdaptationSet mimeType="image/jpeg"><SegmentTemplate media="t$Number$.jpg" duration="6"/><Representation id="thumbs" bandwidth="1"/></AdaptationSet>
<AdaptationSet mimeType="audio/mp4" codecs="mp4a"><Representation id="a" bandwidth="1"><BaseURL>a.mp4</BaseURL></Representation></AdaptationSet>
</Period></MPD>`

func TestIndexedFiles(t *testing.T) {
	loc, err := location.Parse("https://h/x.mpd")
	if err != nil {
		t.Fatal(err)
	}
	origin := &fake.Origin{Objects: map[string]string{"https://h/x.mpd": onDemand, "https://h/v.mp4": strings.Repeat("x", 50) + segmentIndex(500, 3) + strings.Repeat("m", 1000), "https://h/a.mp4": "no film"}}
	tl, err := Timeline(context.Background(), origin, loc)
	if err != nil || len(tl.Findings) > 0 || len(tl.Sequences) != 3 {
		t.Fatalf("%+v, %v", tl, err)
	}
	checkTiles(t, tl)
	var got []string
	for _, g := range tl.Sequences[0].Segments {
		got = append(got, fmt.Sprintf("%d-%d %g+%g init %d", g.Offset, g.Offset+g.Length-1, g.Start.Seconds(), g.Duration.Seconds(), g.Init.Length))
	}
	if want := []string{"126-225 0+2 init 50", "226-325 2+2 init 50", "326-425 4+2 init 50"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if a, c := tl.Sequences[1], tl.Sequences[2]; a.Mode != jobs.ModeObject || a.Media != "audio" || c.Media != "captions" || c.Segments[0].URI != "https://h/t.vtt" || c.Variant.Language != "de" {
		t.Errorf("sequences %+v and %+v", a, c)
	}
	if origin.Read() > 64<<10 {
		t.Errorf("%d bytes read", origin.Read())
	}
}

// TestBrokenIndex: what is at @indexRange and is none, or lies beyond the file, leaves one segment.
func TestBrokenIndex(t *testing.T) {
	loc, err := location.Parse("https://h/x.mpd")
	if err != nil {
		t.Fatal(err)
	}
	nested := []byte(segmentIndex(500, 3))
	nested[40] |= 0x80
	for name, bytes := range map[string]string{"none": strings.Repeat("x", 500), "short": "x", "cut": strings.Repeat("x", 50) + segmentIndex(500, 3)[:60], "nested": strings.Repeat("x", 50) + string(nested)} {
		tl, err := Timeline(context.Background(), &fake.Origin{Objects: map[string]string{"https://h/x.mpd": onDemand, "https://h/v.mp4": bytes, "https://h/a.mp4": "x"}}, loc)
		if err != nil || len(tl.Findings) != 1 || tl.Findings[0].Code != codeInvalid || len(tl.Sequences[0].Segments) != 1 {
			t.Errorf("%s: %+v, %v", name, tl, err)
		}
	}
}

// TestIndexesBehindTheLimit: when a stream has as many segments as it may, no further index is asked for, much less kept.
func TestIndexesBehindTheLimit(t *testing.T) {
	loc, err := location.Parse("https://h/x.mpd")
	if err != nil {
		t.Fatal(err)
	}
	origin := &fake.Origin{Objects: map[string]string{}}
	reps := ""
	for i := range 20 {
		reps += fmt.Sprintf(`<Representation id="%d" bandwidth="%d"><BaseURL>%d.mp4</BaseURL><SegmentBase indexRange="0-99999" timescale="1000"/></Representation>`, i, i+1, i)
		origin.Objects[fmt.Sprintf("https://h/%d.mp4", i)] = segmentIndex(0, 1500)
	}
	m := Parse([]byte(`<MPD profiles="p" minBufferTime="PT2S" mediaPresentationDuration="PT3000S"><Period><AdaptationSet mimeType="video/mp4">` + reps + `</AdaptationSet></Period></MPD>`))
	b := builder{reader: reader{origin: origin, loc: loc, mpd: &m, indexes: map[string]index{}, most: 2000}, out: jobs.Timeline{Kind: jobs.SourceDASH}}
	if err := b.build(context.Background()); err != nil {
		t.Fatal(err)
	}
	if asked := origin.Asked(); len(asked) != 2 || len(b.out.Sequences) != 1 {
		t.Errorf("%d sequences, asked for %v", len(b.out.Sequences), asked)
	}
}

// TestEndlessManifests: sizes that strangers ask for are not given.
func TestEndlessManifests(t *testing.T) {
	reps := ""
	for i := range 20 {
		reps += fmt.Sprintf(`<Representation id="%d" bandwidth="1" codecs="avc1" width="1" height="1"/>`, i)
	}
	manifest := `<MPD profiles="p" minBufferTime="PT1S"><Period duration="P9Y"><AdaptationSet mimeType="video/mp4" frameRate="1"><SegmentTemplate media="$Number$" timescale="1000"><SegmentTimeline><S d="2" r="2147483648"/></SegmentTimeline></SegmentTemplate>` +
		reps + `</AdaptationSet></Period></MPD>`
	tl := open(t, manifest)
	n := 0
	for _, s := range tl.Sequences {
		n += len(s.Segments)
	}
	if n > maxAll || len(tl.Findings) == 0 {
		t.Errorf("%d segments, %d findings", n, len(tl.Findings))
	}
	many := `<MPD profiles="p" minBufferTime="PT1S">`
	for range 300 {
		many += `<Period duration="PT1H"><AdaptationSet mimeType="video/mp4">`
		for i := range 20 {
			many += fmt.Sprintf("\n<Representation id=\"%d\"><SegmentTemplate media=\"$Number$\" timescale=\"1000000\"><SegmentTimeline><S d=\"1\" r=\"-1\"/></SegmentTimeline></SegmentTemplate></Representation>", i)
		}
		many += "</AdaptationSet></Period>"
	}
	tl = open(t, many+"</MPD>")
	if n := len(tl.Findings); n > maxFaults+maxSegmentFaults {
		t.Errorf("%d findings", n)
	}
	deep := strings.Repeat("<MPD>", 1000)
	if tl := open(t, deep); len(tl.Findings) != 1 || !strings.Contains(tl.Findings[0].Message, errDepth.Error()) {
		t.Errorf("findings %+v", tl.Findings)
	}
}

func TestEvents(t *testing.T) {
	manifest := replace(t, sound, `  <AdaptationSet id="1" contentType="video"`, `  <EventStream schemeIdUri="urn:scte:scte35:2014:xml+bin" timescale="1000" presentationTimeOffset="1000">
   <Event id="7" presentationTime="4000" duration="3000"><Signal xmlns="http://www.scte.org/schemas/35/2016"><Binary>
/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=
</Binary></Signal></Event>
   <Event id="8" presentationTime="8000"><Signal><Binary>/DAl</Binary></Signal></Event></EventStream>
  <EventStream schemeIdUri="urn:x" value="1"><Event presentationTime="2">hello</Event><Event presentationTime="99"/></EventStream>
  <AdaptationSet id="1" contentType="video"`)
	got := open(t, manifest).Markers
	want := []jobs.Marker{
		{Kind: "break", Source: "eventstream", ID: "7", Start: 3, End: 6, Text: "splice_insert out, 60.2936 s"},
		{Kind: "break", Source: "eventstream", ID: "8", Start: 7, End: 7, Text: "urn:scte:scte35:2014:xml+bin"},
		{Kind: "other", Source: "eventstream", Start: 2, End: 2, Text: "hello"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("markers %+v, want %+v", got, want)
	}
}
