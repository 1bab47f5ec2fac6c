package dash

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/producer/source/internal/fake"
	"aircheck/producer/source/location"
)

// sound is a manifest without a fault: two periods, video with a timeline in two rates, sound by number.
const sound = `<?xml version="1.0" encoding="utf-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" profiles="urn:mpeg:dash:profile:isoff-live:2011" mediaPresentationDuration="PT14S" minBufferTime="PT2S" maxSegmentDuration="PT2S">
 <BaseURL>media/</BaseURL>
 <Period id="p0" start="PT0S" duration="PT10S">
  <AdaptationSet id="1" contentType="video" mimeType="video/mp4" frameRate="25" segmentAlignment="true">
   <SegmentTemplate timescale="1000" initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Time$.m4s">
    <SegmentTimeline>
     <S t="0" d="2000"/>
     <S t="2000" d="2000"/>
     <S t="4000" d="2000" r="2"/>
    </SegmentTimeline>
   </SegmentTemplate>
   <Representation id="high" bandwidth="2000000" codecs="avc1.64001f" width="1280" height="720"/>
   <Representation id="low" bandwidth="500000" codecs="avc1.64001e" width="640" height="360"/>
  </AdaptationSet>
  <AdaptationSet id="2" contentType="audio" mimeType="audio/mp4" lang="en">
   <SegmentTemplate timescale="48000" duration="96000" initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number%03d$.m4s"/>
   <Representation id="sound" bandwidth="128000" codecs="mp4a.40.2"/>
  </AdaptationSet>
 </Period>
 <Period id="p1" start="PT10S">
  <AdaptationSet id="1" contentType="video" mimeType="video/mp4" frameRate="25" segmentAlignment="true">
   <SegmentTemplate timescale="1000" duration="2000" presentationTimeOffset="10000" startNumber="6" initialization="ad/$RepresentationID$/init.mp4" media="ad/$RepresentationID$/$Number$.m4s"/>
   <Representation id="a" bandwidth="400000" codecs="avc1.64001e" width="640" height="360"/>
   <Representation id="b" bandwidth="1900000" codecs="avc1.64001f" width="1280" height="720"/>
  </AdaptationSet>
 </Period>
</MPD>
`

func open(t *testing.T, manifest string) jobs.Timeline {
	t.Helper()
	loc, err := location.Parse("https://h/live/stream.mpd")
	if err != nil {
		t.Fatal(err)
	}
	tl, err := Timeline(context.Background(), &fake.Origin{Objects: map[string]string{loc.URI(): manifest}}, loc)
	if err != nil {
		t.Fatal(err)
	}
	return tl
}

func replace(t *testing.T, s, old, by string) string {
	t.Helper()
	if !strings.Contains(s, old) {
		t.Fatalf("the manifest has no %q", old)
	}
	return strings.Replace(s, old, by, 1)
}

// dynamic makes a manifest without a fault of a live stream.
func dynamic(t *testing.T) string {
	s := replace(t, sound, `type="static"`, `type="dynamic" availabilityStartTime="2026-01-01T00:00:00Z" publishTime="2026-01-01T01:00:00Z"`)
	return replace(t, s, " <BaseURL>", ` <UTCTiming schemeIdUri="urn:mpeg:dash:utc:direct:2014" value="2026-01-01T01:00:00Z"/>`+"\n <BaseURL>")
}

// TestOneFaultOneRule breaks one thing at a time: exactly the one rule answers, at the line, in the representation and at the time of the fault.
func TestOneFaultOneRule(t *testing.T) {
	for name, manifest := range map[string]string{"static": sound, "dynamic": dynamic(t)} {
		if tl := open(t, manifest); len(tl.Findings) != 0 || len(tl.Sequences) != 3 {
			t.Fatalf("%s: %d sequences, findings %+v", name, len(tl.Sequences), tl.Findings)
		}
	}
	tests := []struct {
		old, by string
		code    string
		line    int
		seq     string
		value   float64 // negative: none
		from    jobs.Seconds
	}{
		{`<S t="2000" d="2000"/>`, `<S t="2500" d="1500"/>`, "playlist.timeline_gap", 9, "s0", 0.5, 2},
		{`<S t="2000" d="2000"/>`, `<S t="2000" d="1000"/>`, "playlist.timeline_gap", 10, "s0", 1, 3},
		{`<S t="2000" d="2000"/>`, `<S t="1950" d="2050"/>`, "playlist.timeline_overlap", 9, "s0", 0.05, 1.95},
		{`<S t="4000" d="2000" r="2"/>`, `<S t="4000" d="2000" r="1"/>`, "playlist.period_coverage", 10, "s0", 2, 8},
		{"<S t=\"0\" d=\"2000\"/>\n", "\n", "playlist.period_coverage", 9, "s0", 2, 0},
		{`maxSegmentDuration="PT2S"`, `maxSegmentDuration="PT1.5S"`, "playlist.max_segment_duration", 8, "s0", 0.5, 0},
		{`start="PT10S"`, `start="PT11S"`, "playlist.period_duration", 4, "", 1, 0},
		{`<Period id="p1" start="PT10S">`, `<Period id="p1" duration="PT6S">`, "playlist.period_duration", 21, "", 2, 10},
		{` profiles="urn:mpeg:dash:profile:isoff-live:2011"`, ``, "playlist.attribute_missing", 2, "", -1, 0},
		{` minBufferTime="PT2S"`, ``, "playlist.min_buffer_time", 2, "", -1, 0},
		{`id="low" bandwidth="500000"`, `id="low"`, "playlist.bandwidth_missing", 14, "s1", -1, 0},
		{` codecs="avc1.64001e" width="640"`, ` width="640"`, "playlist.codecs_missing", 14, "s1", -1, 0},
		{` width="640" height="360"`, ``, "playlist.resolution_missing", 14, "s1", -1, 0},
		{` frameRate="25"`, ``, "playlist.frame_rate_missing", 13, "s0", -1, 0},
		{`id="low"`, `id="high"`, "playlist.duplicate_id", 14, "", -1, 0},
		{`<AdaptationSet id="2"`, `<AdaptationSet id="1"`, "playlist.duplicate_id", 16, "", -1, 0},
		{`id="p1"`, `id="p0"`, "playlist.duplicate_id", 21, "", -1, 0},
		{`$RepresentationID$/$Time$.m4s`, `$RepresentationID$/$Tim$.m4s`, "playlist.invalid", 6, "", -1, 0},
		{`$Number%03d$`, `$Number%3x$`, "playlist.invalid", 17, "", -1, 0},
		{`$Number%03d$`, `sound`, "playlist.invalid", 17, "s2", -1, 0},
		{`PT14S`, `14 s`, "playlist.invalid", 2, "", -1, 0},
		{`<Period id="p1"`, `<Period xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="https://ads/p.xml" id="p1"`, "playlist.invalid", 21, "", -1, 0},
		{`media/</BaseURL>`, `file:///etc/</BaseURL>`, "playlist.invalid", 6, "s0", -1, 0},
		{"</MPD>", "", "playlist.invalid", 29, "", -1, 0},
		{`<MPD`, `<!DOCTYPE MPD [<!ENTITY a "b">]><MPD`, "playlist.invalid", 2, "", -1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.old+" to "+tt.by, func(t *testing.T) {
			checkOnly(t, replace(t, sound, tt.old, tt.by), tt.code, tt.line, tt.seq, tt.value, tt.from)
		})
	}
	for _, tt := range []struct{ old, by, code string }{
		{` availabilityStartTime="2026-01-01T00:00:00Z"`, "", "playlist.availability_start"},
		{` publishTime="2026-01-01T01:00:00Z"`, "", "playlist.attribute_missing"},
		{`<UTCTiming schemeIdUri="urn:mpeg:dash:utc:direct:2014" value="2026-01-01T01:00:00Z"/>`, "", "playlist.utc_timing"},
	} {
		t.Run(tt.code, func(t *testing.T) { checkOnly(t, replace(t, dynamic(t), tt.old, tt.by), tt.code, 2, "", -1, 0) })
	}
}

func checkOnly(t *testing.T, manifest, code string, line int, seq string, value float64, from jobs.Seconds) {
	t.Helper()
	findings := open(t, manifest).Findings
	codes := map[string]bool{}
	for _, f := range findings {
		codes[f.Code] = true
	}
	if len(codes) != 1 || !codes[code] {
		t.Fatalf("findings %+v, want %s alone", findings, code)
	}
	f := findings[0]
	switch {
	case !strings.HasPrefix(f.Message, fmt.Sprintf("manifest line %d: ", line)):
		t.Errorf("message %q, want line %d", f.Message, line)
	case f.Rendition != seq || (f.Value == nil) != (value < 0) || f.Value != nil && float64(*f.Value) != value || f.Start != from:
		t.Errorf("%+v with value %v, want sequence %q, value %g, start %g", f, f.Value, seq, value, from)
	}
}

// TestRulesAreListed: what the reader tells can be looked up, and what is listed can be told.
func TestRulesAreListed(t *testing.T) {
	for _, code := range []string{
		"playlist.timeline_gap", "playlist.timeline_overlap", "playlist.period_coverage", "playlist.period_duration", "playlist.max_segment_duration", "playlist.attribute_missing", "playlist.min_buffer_time",
		"playlist.duplicate_id", "playlist.availability_start", "playlist.utc_timing", "playlist.bandwidth_missing", "playlist.codecs_missing", "playlist.resolution_missing", "playlist.frame_rate_missing",
	} {
		if r, ok := jobs.RuleOf(code); !ok || !strings.Contains(r.Applies, "DASH") {
			t.Errorf("%s is no rule for DASH", code)
		}
	}
}

// TestTimelineOfPeriods: representations go on in those of their rank, periods are discontinuities, and what lacks in one is a gap.
func TestTimelineOfPeriods(t *testing.T) {
	tl := open(t, sound)
	var got []string
	for _, s := range tl.Sequences {
		got = append(got, fmt.Sprintf("%s %s %s %d %g s", s.ID, s.Media, s.Name, len(s.Segments), s.Duration.Seconds()))
		for _, g := range s.Segments {
			init := ""
			if g.Init != nil {
				init = strings.TrimPrefix(g.Init.URI, "https://h/live/media/")
			}
			got = append(got, fmt.Sprintf(" %d %g+%g %s %s disc %d gap %t", g.Index, g.Start.Seconds(), g.Duration.Seconds(), strings.TrimPrefix(g.URI, "https://h/live/media/"), init, g.Discontinuity, g.Gap))
		}
	}
	want := []string{
		"s0 video video high 7 14 s",
		" 0 0+2 high/0.m4s high/init.mp4 disc 0 gap false", " 1 2+2 high/2000.m4s high/init.mp4 disc 0 gap false", " 2 4+2 high/4000.m4s high/init.mp4 disc 0 gap false",
		" 3 6+2 high/6000.m4s high/init.mp4 disc 0 gap false", " 4 8+2 high/8000.m4s high/init.mp4 disc 0 gap false",
		" 5 10+2 ad/b/6.m4s ad/b/init.mp4 disc 1 gap false", " 6 12+2 ad/b/7.m4s ad/b/init.mp4 disc 1 gap false",
		"s1 video video low 7 14 s",
		" 0 0+2 low/0.m4s low/init.mp4 disc 0 gap false", " 1 2+2 low/2000.m4s low/init.mp4 disc 0 gap false", " 2 4+2 low/4000.m4s low/init.mp4 disc 0 gap false",
		" 3 6+2 low/6000.m4s low/init.mp4 disc 0 gap false", " 4 8+2 low/8000.m4s low/init.mp4 disc 0 gap false",
		" 5 10+2 ad/a/6.m4s ad/a/init.mp4 disc 1 gap false", " 6 12+2 ad/a/7.m4s ad/a/init.mp4 disc 1 gap false",
		"s2 audio audio sound, en 6 14 s",
		" 0 0+2 sound/001.m4s sound/init.mp4 disc 0 gap false", " 1 2+2 sound/002.m4s sound/init.mp4 disc 0 gap false", " 2 4+2 sound/003.m4s sound/init.mp4 disc 0 gap false",
		" 3 6+2 sound/004.m4s sound/init.mp4 disc 0 gap false", " 4 8+2 sound/005.m4s sound/init.mp4 disc 0 gap false", " 5 10+4   disc 1 gap true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	v := tl.Sequences[0].Variant
	if v.Bandwidth != 2e6 || v.Codecs != "avc1.64001f" || v.Width != 1280 || v.Height != 720 || v.FrameRate != "25" || tl.Sequences[2].Variant.Language != "en" {
		t.Errorf("variant %+v", v)
	}
}
