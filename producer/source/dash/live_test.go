package dash

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"aircheck/producer/live"
	"aircheck/producer/source/internal/fake"
	"aircheck/producer/source/location"
)

const liveURI = "https://h/live/stream.mpd"

// channel is a made live stream with a clock of its own: segments of two seconds since midnight.
type channel struct {
	t      *testing.T
	now    time.Time
	origin *fake.Origin
	src    *Live
	// manifest makes what the origin serves at a time.
	manifest func(now time.Time) string
	faults   map[string]live.Fault // the last of each key
	got      map[string][]live.Segment
	last     live.Update
}

func midnight() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func newChannel(t *testing.T, manifest func(time.Time) string) *channel {
	c := &channel{t: t, now: midnight().Add(time.Hour), origin: &fake.Origin{Objects: map[string]string{}, Errors: map[string]error{}}, manifest: manifest}
	c.faults, c.got = map[string]live.Fault{}, map[string][]live.Segment{}
	c.src = c.source()
	return c
}

func (c *channel) source() *Live {
	loc, err := location.Parse(liveURI)
	if err != nil {
		c.t.Fatal(err)
	}
	return NewLive(live.Config{Origin: c.origin, Location: loc, Now: func() time.Time { return c.now }, Rand: func() float64 { return 0 }})
}

// run refreshes for some time, as often as the source asks to.
func (c *channel) run(d time.Duration) {
	c.t.Helper()
	for end := c.now.Add(d); c.now.Before(end) && !c.last.Ended; {
		c.origin.Objects[liveURI] = c.manifest(c.now)
		u, err := c.src.Refresh(context.Background())
		if err != nil || u.Wait <= 0 && !u.Ended {
			c.t.Fatalf("wait %s, error %v", u.Wait, err)
		}
		for _, s := range u.Sequences {
			c.got[s.Describes.ID] = append(c.got[s.Describes.ID], s.Segments...)
		}
		for _, f := range u.Faults {
			c.faults[f.Code+" "+f.Key] = f
		}
		c.last = u
		c.now = c.now.Add(u.Wait)
	}
}

// codes are the faults, each code once.
func (c *channel) codes() []string {
	codes := map[string]bool{}
	for _, f := range c.faults {
		codes[f.Code] = true
	}
	return slices.Sorted(maps.Keys(codes))
}

// checkRun asserts that the segments of every sequence follow each other without a hole or a double.
func (c *channel) checkRun(least int) {
	c.t.Helper()
	if len(c.got) == 0 {
		c.t.Error("no sequences")
	}
	for id, list := range c.got {
		if len(list) < least {
			c.t.Errorf("%s: %d segments, want %d", id, len(list), least)
		}
		for i := 1; i < len(list); i++ {
			a, b := list[i-1], list[i]
			if b.Number != a.Number+1 || !b.ProgramTime.Equal(a.ProgramTime.Add(micro(a.Duration))) {
				c.t.Fatalf("%s: segment %d at %s after %d at %s", id, b.Number, b.ProgramTime, a.Number, a.ProgramTime)
			}
		}
	}
}

const liveHead = `<MPD type="dynamic" profiles="p" minBufferTime="PT2S" availabilityStartTime="2026-01-01T00:00:00Z" publishTime="%s" minimumUpdatePeriod="PT2S" timeShiftBufferDepth="PT20S" maxSegmentDuration="PT2S">
<UTCTiming schemeIdUri="urn:mpeg:dash:utc:direct:2014" value="%s"/>
`

func head(now time.Time) string {
	at := now.Format(time.RFC3339Nano)
	return fmt.Sprintf(liveHead, at, at)
}

const liveSets = `<AdaptationSet contentType="video" mimeType="video/mp4" codecs="avc1.64001f" frameRate="25" width="640" height="360">%s<Representation id="v" bandwidth="500000"/></AdaptationSet>
<AdaptationSet contentType="audio" mimeType="audio/mp4" codecs="mp4a.40.2">%s<Representation id="a" bandwidth="64000"/></AdaptationSet>`

func period(id string, start int, sets ...any) string {
	return fmt.Sprintf("<Period id=%q start=\"PT%dS\">"+liveSets+"</Period>\n", append([]any{id, start}, sets...)...)
}

// timelineOf lists ten segments up to edge, in seconds since the period began.
func timelineOf(edge int, media string) string {
	first := max(0, edge/2*2-20)
	return fmt.Sprintf(`<SegmentTemplate timescale="1000" initialization="i.mp4" media="%s"><SegmentTimeline><S t="%d" d="2000" r="%d"/></SegmentTimeline></SegmentTemplate>`, media, first*1000, (edge/2*2-first)/2-1)
}

func since(now time.Time) int { return int(now.Sub(midnight()) / time.Second) }

func byTime(now time.Time) string {
	e := since(now)
	return head(now) + period("1", 0, timelineOf(e, "v$Time$"), timelineOf(e, "a$Time$")) + "</MPD>"
}

func byNumber(now time.Time) string {
	const t = `<SegmentTemplate timescale="1000" duration="2000" startNumber="1" initialization="i.mp4" media="$RepresentationID$$Number$"/>`
	return head(now) + period("1", 0, t, t) + "</MPD>"
}

// TestCleanHour: an hour of each kind brings every segment once, and no fault.
func TestCleanHour(t *testing.T) {
	periods := func(now time.Time) string { // a new period every minute, the last two of them in the manifest
		e := since(now)
		q := e / 60 * 60
		s := head(now)
		if e-q < 20 {
			s += fmt.Sprintf("<Period id=\"p%d\" start=\"PT%dS\" duration=\"PT60S\">"+liveSets+"</Period>\n", q-60, q-60, timelineOf(60, "v$Time$"), timelineOf(60, "a$Time$"))
		}
		if e-q >= 2 {
			s += period(fmt.Sprint("p", q), q, timelineOf(e-q, "v$Time$"), timelineOf(e-q, "a$Time$"))
		}
		return s + "</MPD>"
	}
	for name, manifest := range map[string]func(time.Time) string{"time": byTime, "number": byNumber, "periods": periods} {
		t.Run(name, func(t *testing.T) {
			c := newChannel(t, manifest)
			c.run(time.Hour)
			c.checkRun(1790)
			if len(c.faults) > 0 || len(c.got) != 2 {
				t.Errorf("%d sequences, faults %+v", len(c.got), c.faults)
			}
			if asked := len(c.origin.Asked()); asked > 1900 {
				t.Errorf("%d requests in an hour", asked)
			}
		})
	}
}

// TestNumberByClock: nothing is told before it is complete by the clock of the origin, which is not ours.
func TestNumberByClock(t *testing.T) {
	c := newChannel(t, func(now time.Time) string { return byNumber(now.Add(30 * time.Second)) })
	c.run(10 * time.Second)
	for _, s := range c.got["s0"] {
		if end := s.ProgramTime.Add(2 * time.Second); end.After(c.now.Add(30 * time.Second)) {
			t.Errorf("segment %d ends at %s, it is %s there", s.Number, end, c.now.Add(30*time.Second))
		}
	}
	if s := c.got["s0"][0]; s.At.URI != fmt.Sprintf("https://h/live/v%d", s.Number) || s.Init.URI != "https://h/live/i.mp4" {
		t.Errorf("%+v", s)
	}
	c.checkRun(6)
}

// TestResume: a reader made anew goes on behind what was archived, in the same numbers.
func TestResume(t *testing.T) {
	for name, manifest := range map[string]func(time.Time) string{"time": byTime, "number": byNumber} {
		c := newChannel(t, manifest)
		c.run(30 * time.Second)
		positions := map[string]live.Position{}
		for id, list := range c.got {
			s := list[len(list)-1]
			positions[id] = live.Position{Number: s.Number, Discontinuity: s.Discontinuity, ProgramTime: s.ProgramTime}
		}
		c.now = c.now.Add(9 * time.Second)
		c.src = c.source()
		c.src.Resume(positions)
		c.run(30 * time.Second)
		c.checkRun(30)
		if len(c.faults) > 0 {
			t.Errorf("%s: faults %+v", name, c.faults)
		}
	}
}

// TestLiveFaults: one fault in an otherwise clean channel, and its rule alone.
func TestLiveFaults(t *testing.T) {
	bad := func(now time.Time) bool {
		return now.Sub(midnight()) >= time.Hour+30*time.Second && now.Sub(midnight()) < time.Hour+40*time.Second
	}
	tests := []struct {
		name     string
		manifest func(c *channel) func(time.Time) string
		code     string
		value    [2]float64 // of the last telling, from and to
		sequence string
	}{
		{"stale", func(*channel) func(time.Time) string {
			return func(now time.Time) string {
				if bad(now) {
					return byTime(midnight().Add(time.Hour + 29*time.Second))
				}
				return byTime(now)
			}
		}, "playlist.stale", [2]float64{5, 9}, ""},
		{"one track stale", func(*channel) func(time.Time) string {
			return func(now time.Time) string {
				e := since(now)
				a := e
				if bad(now) {
					a = 3628
				}
				return head(now) + period("1", 0, timelineOf(e, "v$Time$"), timelineOf(a, "a$Time$")) + "</MPD>"
			}
		}, "playlist.stale", [2]float64{5, 9}, "s1"},
		{"unavailable", func(c *channel) func(time.Time) string {
			return func(now time.Time) string {
				delete(c.origin.Errors, liveURI)
				if bad(now) {
					c.origin.Errors[liveURI] = errors.New("status 503")
				}
				return byTime(now)
			}
		}, "playlist.unavailable", [2]float64{5, 10}, ""},
		{"older copy", func(*channel) func(time.Time) string {
			return func(now time.Time) string {
				if e := since(now); e >= 3630 && e < 3632 {
					return byTime(now.Add(-6 * time.Second))
				}
				return byTime(now)
			}
		}, "playlist.sequence", [2]float64{2, 4}, "s"},
		{"changed address", func(*channel) func(time.Time) string {
			return func(now time.Time) string {
				if since(now) >= 3630 {
					return strings.ReplaceAll(byTime(now), "v$Time$", "other/$Time$?token="+now.Format("05"))
				}
				return strings.ReplaceAll(byTime(now), "v$Time$", "v$Time$?token="+now.Format("05"))
			}
		}, "playlist.changed", [2]float64{0, 0}, "s0"},
		{"beginning moved", func(*channel) func(time.Time) string {
			return func(now time.Time) string {
				if since(now) >= 3630 {
					return strings.ReplaceAll(byNumber(now), "T00:00:00Z", "T00:00:01Z")
				}
				return byNumber(now)
			}
		}, "playlist.changed", [2]float64{0, 0}, ""},
		{"slow encoder", func(*channel) func(time.Time) string {
			return func(now time.Time) string {
				late := now.Sub(midnight().Add(time.Hour)) / 60 // one second a minute
				e := since(now.Add(-late))
				return head(now) + period("1", 0, timelineOf(e, "v$Time$"), timelineOf(e, "a$Time$")) + "</MPD>"
			}
		}, "playlist.edge", [2]float64{2, 6}, "s"},
		{"broken manifest", func(*channel) func(time.Time) string {
			return func(now time.Time) string {
				if e := since(now); e >= 3630 && e < 3632 {
					return "<MPD><Per"
				}
				return byTime(now)
			}
		}, "playlist.unavailable", [2]float64{0, 0}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newChannel(t, nil)
			c.manifest = tt.manifest(c)
			c.run(6 * time.Minute)
			if got := c.codes(); !slices.Equal(got, []string{tt.code}) {
				t.Fatalf("faults %v: %+v", got, c.faults)
			}
			for _, f := range c.faults {
				if f.Value < tt.value[0] || f.Value > tt.value[1] || !strings.HasPrefix(f.Sequence, tt.sequence) || tt.sequence == "" && f.Sequence != "" || f.Message == "" || f.Until.Before(f.Since) {
					t.Errorf("%+v, want a value in %v and sequence %q", f, tt.value, tt.sequence)
				}
			}
			if tt.name != "beginning moved" { // then the times of segments move, too
				c.checkRun(100)
			}
		})
	}
}

// TestEnd: a manifest that becomes static ends the stream, after its last segments.
func TestEnd(t *testing.T) {
	c := newChannel(t, func(now time.Time) string {
		if since(now) < 3660 {
			return byTime(now)
		}
		s := strings.Replace(byTime(midnight().Add(3660*time.Second)), `type="dynamic"`, `type="static" mediaPresentationDuration="PT3660S"`, 1)
		return strings.Replace(s, `minimumUpdatePeriod="PT2S"`, "", 1)
	})
	c.run(time.Hour)
	c.checkRun(30)
	if list := c.got["s0"]; !c.last.Ended || list[len(list)-1].ProgramTime.Add(2*time.Second) != midnight().Add(3660*time.Second) {
		t.Errorf("ended %t at %s", c.last.Ended, list[len(list)-1].ProgramTime)
	}
	if len(c.faults) > 0 {
		t.Errorf("faults %+v", c.faults)
	}
}

// TestLocation: the manifest moves, and is asked for at the old address again when the new one fails.
func TestLocation(t *testing.T) {
	c := newChannel(t, func(now time.Time) string {
		return strings.Replace(byTime(now), "<UTC", "<Location>session/1.mpd</Location><BaseURL>https://h/live/</BaseURL><UTC", 1)
	})
	const moved = "https://h/live/session/1.mpd"
	make := c.manifest
	c.manifest = func(now time.Time) string {
		c.origin.Objects[moved] = make(now)
		return c.origin.Objects[moved]
	}
	c.run(time.Minute)
	asked := c.origin.Asked()
	if n := len(asked); asked[0] != liveURI || asked[n-1] != moved {
		t.Errorf("asked for %v", asked)
	}
	c.origin.Errors[moved] = errors.New("gone")
	c.run(time.Minute)
	if !slices.Contains(c.origin.Asked()[len(asked):], liveURI) {
		t.Error("never asked at the first address again")
	}
	c.checkRun(30)
}
