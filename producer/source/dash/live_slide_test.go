package dash

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestMarkersOfDays: a channel with more events than are remembered tells each of them, and each once.
func TestMarkersOfDays(t *testing.T) {
	const every, window = 2, 40 // seconds: between events, and of events in the manifest
	c := newChannel(t, nil)
	told := map[string]int{}
	var last string
	for range maxMarked*every/(window/2) + 100 {
		c.now = c.now.Add(window / 2 * time.Second)
		var s strings.Builder
		for at := since(c.now) - window; at < since(c.now); at += every {
			last = fmt.Sprint(at)
			fmt.Fprintf(&s, `<Event presentationTime="%d" duration="1" id="%d"/>`, at, at)
		}
		events := `start="PT0S"><EventStream schemeIdUri="urn:x">` + s.String() + "</EventStream>"
		c.origin.Objects[liveURI] = strings.Replace(byTime(c.now), `start="PT0S">`, events, 1)
		u, err := c.src.Refresh(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range u.Markers {
			told[m.ID]++
		}
	}
	if len(told) <= maxMarked || told[last] == 0 {
		t.Errorf("%d markers; the last was told %d times", len(told), told[last])
	}
	for id, n := range told {
		if n != 1 {
			t.Fatalf("marker %s was told %d times", id, n)
		}
	}
	if hour := 3600/every + window; len(c.src.marked) > hour {
		t.Errorf("%d markers are remembered, want those of an hour", len(c.src.marked))
	}
}

// TestLastingFaultOfSlidingManifest: a fault whose words hold a line or a count is the same fault after the window has slid.
func TestLastingFaultOfSlidingManifest(t *testing.T) {
	c := newChannel(t, func(now time.Time) string {
		e := since(now)
		s := head(now) + strings.Repeat("\n", e/2%50)
		sets := []any{timelineOf(e, "v$Time$"), timelineOf(e, "a$Time$")}
		s += period("1", 0, sets...)
		s = strings.Replace(s, `<AdaptationSet`, `<AdaptationSet id="7"`, 2)
		s = strings.Replace(s, "</AdaptationSet>", "</AdaptationSet>\n", 1)
		s = strings.Replace(s, `maxSegmentDuration="PT2S"`, `maxSegmentDuration="PT1S"`, 1)
		return strings.Replace(s, ` bandwidth="64000"`, strings.Repeat(" ", e%2), 1) + "</MPD>"
	})
	c.run(time.Minute)
	// One of the id, one of the bandwidth, and the duration of each of two renditions.
	if len(c.faults) != 4 || len(c.codes()) != 3 {
		t.Errorf("%d findings: %+v", len(c.faults), c.faults)
	}
}

// TestClockOfTheEpoch: where segments are counted from 1970 in a length that is no whole number of microseconds, the newest is the one that ended last.
func TestClockOfTheEpoch(t *testing.T) {

	for _, tt := range []struct{ timescale, d int64 }{{90_000, 180_180}, {48_000, 96_256}, {30_000, 59_999}} {
		c := newChannel(t, func(now time.Time) string {
			template := fmt.Sprintf(`<SegmentTemplate timescale="%d" duration="%d" startNumber="0" initialization="i.mp4" media="$RepresentationID$$Number$"/>`, tt.timescale, tt.d)
			return strings.Replace(head(now), "2026-01-01T00:00:00Z", "1970-01-01T00:00:00Z", 1) + period("1", 0, template, template) + "</MPD>"
		})
		c.run(10 * time.Second)
		list := c.got["s0"]
		if len(list) == 0 {
			t.Errorf("%d/%d: no segments", tt.d, tt.timescale)
			continue
		}
		length := time.Duration(tt.d) * time.Second / time.Duration(tt.timescale)
		s := list[len(list)-1]
		if lag := c.now.Sub(s.ProgramTime.Add(length)); lag < 0 || lag > 2*length {
			t.Errorf("%d/%d: the newest segment ended %s ago", tt.d, tt.timescale, lag)
		}
	}
}

// TestTooManyRenditions: what is left out of a stream that brings ever new renditions is told.
func TestTooManyRenditions(t *testing.T) {
	c := newChannel(t, func(now time.Time) string {
		e, s := since(now), head(now)
		for q := range 2 { // more than there may be over the life of a stream, in two periods
			start := e / 60 * 60
			s += fmt.Sprintf(`<Period id="p%d" start="PT%dS">`, q, start-60*(1-q))
			for i := range maxTracks/2 + 1 {
				s += fmt.Sprintf(`<AdaptationSet mimeType="audio/mp4" codecs="mp4a" lang="%c%d">%s<Representation id="%d-%d" bandwidth="1"/></AdaptationSet>`, 'a'+q, i, timelineOf(e-start, "$Time$"), q, i)
			}
			s += "</Period>"
		}
		return s + "</MPD>"
	})
	c.run(4 * time.Second)
	n := 0
	for _, f := range c.faults {
		if f.Code == codeInvalid && strings.Contains(f.Message, "2 renditions are not examined") {
			n++
		}
	}
	if n != 1 || len(c.src.tracks) != maxTracks {
		t.Errorf("%d sequences, told %d times: %+v", len(c.src.tracks), n, c.faults)
	}
}
