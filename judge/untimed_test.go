package judge

import (
	"slices"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// untime takes the timestamps from the tracks of some segments, as a worker tells such: counted from 0.
func untime(p *packagedStream, kind measurement.Kind, at ...int) {
	for _, i := range at {
		u := &p.units[i]
		for k := range u.unit.Tracks {
			t := &u.unit.Tracks[k]
			if t.Kind != kind {
				continue
			}
			by := t.FirstPTS
			t.FirstPTS, t.EndPTS, t.Untimed = 0, t.EndPTS-by, true
			u.unit.Transport = &measurement.Transport{Packets: 100, Streams: []measurement.Stream{{PID: 256, Type: 27}}}
			t.FirstKey, t.LastKey = max(0, t.FirstKey-by), max(0, t.LastKey-by)
			if kind == measurement.Video {
				for n := range u.frames {
					u.frames[n].PTS -= by
					u.frames[n].Flags |= measurement.FlagNoPTS
				}
				continue
			}
			if by%(tick/measurement.SlotsPerSecond) != 0 {
				panic("the sound does not begin with a slot")
			}
			for n := range u.slots {
				u.slots[n].Index -= by * measurement.SlotsPerSecond / tick
			}
		}
	}
}

// A segment without timestamps stands where the media before it ends, or where it begins, and is told once; it opens no gap, and what is seen in it stands
// where it is.
func TestSegmentsWithoutTimestamps(t *testing.T) {
	const video, audio = measurement.Video, measurement.Audio
	disc := func(from int) func(*packagedStream) {
		return func(p *packagedStream) {
			for i := from; i < len(p.q.Segments); i++ {
				p.q.Segments[i].Discontinuity = 1
			}
		}
	}
	for _, c := range []struct {
		name   string
		change func(*packagedStream)
		want   string
		at     [2]float64
	}{
		{"pictures", func(p *packagedStream) { untime(p, video, 4) }, "pictures in segment 4 without any timestamp", [2]float64{8, 10}},
		{"sound", func(p *packagedStream) { untime(p, audio, 4) }, "sound in segment 4 without any timestamp", [2]float64{8, 10}},
		{"sound behind a PES packet of which only the first frame has a time", func(p *packagedStream) {
			p.units[3].unit.Tracks[1].EndPTS -= tick * 3 / 10
			p.units[3].unit.Tracks[1].Tail = tick * 3 / 10
			untime(p, audio, 4)
		}, "sound in segment 4 without any timestamp", [2]float64{8, 10}},
		{"sound that ends nobody knows where", func(p *packagedStream) {
			p.units[3].unit.Tracks[1].EndPTS -= tick * 3 / 10
			untime(p, audio, 4)
		}, "sound in segment 4 without any timestamp", [2]float64{8, 10}},
		{"both", func(p *packagedStream) { untime(p, video, 4, 5); untime(p, audio, 4, 5) }, "pictures and sound in segments 4 to 5 without", [2]float64{8, 12}},
		{"the first", func(p *packagedStream) { untime(p, video, 0); untime(p, audio, 0) }, "pictures and sound in segment 0 without", [2]float64{0, 2}},
		{"the first pictures", func(p *packagedStream) { untime(p, video, 0, 1) }, "pictures in segments 0 to 1 without", [2]float64{0, 4}},
		{"the last", func(p *packagedStream) { untime(p, video, 9); untime(p, audio, 9) }, "pictures and sound in segment 9 without", [2]float64{18, 20}},
		{"all", func(p *packagedStream) { untime(p, video, rowOf(10)...); untime(p, audio, rowOf(10)...) }, "pictures and sound in segments 0 to 9 without", [2]float64{0, 20}},
		{"behind a discontinuity", func(p *packagedStream) { disc(4)(p); untime(p, video, 4) }, "pictures in segment 4 without", [2]float64{8, 10}},
		{"all of a group's first", func(p *packagedStream) { disc(4)(p); untime(p, video, 4); untime(p, audio, 4) }, "pictures and sound in segment 4 without", [2]float64{8, 10}},
		{"behind a segment that is missing", func(p *packagedStream) {
			untime(p, video, 4)
			untime(p, audio, 4)
			p.units[3].unit.State = measurement.UnitMissing
			p.units[3].unit.Tracks, p.units[3].frames, p.units[3].slots = nil, nil, nil
		}, "pictures and sound in segment 4 without", [2]float64{8, 10}},
	} {
		t.Run(c.name, func(t *testing.T) {
			made := clean()
			made.black = []run{sec(9, 13)}
			if c.at[0] == 18 || c.at[0] == 0 {
				made.black = []run{sec(c.at[0], c.at[1])}
			}
			made.audio = 48000
			made.start = 900 * tick
			r := packagedResult(t, jobs.SourceHLS, made, c.change)
			want(t, r, "video.black", jobs.Fail, made.black[0].From.Seconds(), made.black[0].To.Seconds())
			var told []jobs.Finding
			for _, f := range r.Findings {
				if f.Code != "video.black" && f.Code != "segment.missing" {
					told = append(told, f)
				}
			}
			if len(told) != 1 || !strings.HasPrefix(told[0].Message, c.want) || told[0].Severity != jobs.Warn || float64(told[0].Start) != c.at[0] || float64(told[0].End) != c.at[1] {
				t.Errorf("%s, want one warning about %q at %v", encode(t, told), c.want, c.at)
			}
			if r.Duration != 20 {
				t.Errorf("duration %v", r.Duration)
			}
			for _, cov := range r.Coverage {
				if slices.ContainsFunc(cov.Intervals, func(i jobs.Interval) bool { return i.State == jobs.Failed }) != (c.name == "behind a segment that is missing") {
					t.Errorf("coverage of %s of %s: %+v", cov.Detector, cov.Rendition, cov.Intervals)
				}
			}
		})
	}
}

// Where EXTINF is rounded, a segment without timestamps goes on where the media before it ends.
func TestNoTimestampsBehindARoundedDuration(t *testing.T) {
	c := clean()
	c.length, c.start, c.black = 1.92e6, 900*tick, []run{sec(5.76, 9.6)}
	r := packagedResult(t, jobs.SourceHLS, c, func(p *packagedStream) {
		for i := range p.q.Segments {
			p.q.Segments[i].Start, p.q.Segments[i].Duration = jobs.Micros(i)*2e6, 2e6
		}
		untime(p, measurement.Video, 3)
	})
	want(t, r, "video.black", jobs.Fail, 5.76, 9.6)
	if gaps := finding(r, "timestamp.gap"); len(gaps) != 1 || gaps[0].Severity != jobs.Warn || len(r.Findings) != 2 {
		t.Errorf("findings %s", encode(t, r.Findings))
	}
}

// What a manifest says of the clock of a period is held against the first segment that has timestamps.
func TestThePeriodsClockWithoutTimestamps(t *testing.T) {
	for _, c := range []struct {
		off  jobs.Micros
		want int
	}{{0, 0}, {2e6, 1}} {
		made := clean()
		made.start = 900 * tick
		r := packagedResult(t, jobs.SourceDASH, made, func(p *packagedStream) {
			p.q.Segments[0].Clock = &jobs.MediaClock{At: 900e6 + c.off, Exact: true}
			untime(p, measurement.Video, 0)
			untime(p, measurement.Audio, 0)
		})
		if list := finding(r, "timestamp.manifest"); len(list) != c.want {
			t.Errorf("%d µs off: %s", c.off, encode(t, list))
		}
	}
}

// Ticks that are counted from 0 go on from nothing.
func TestNothingGoesOnWithoutTimestamps(t *testing.T) {
	c := clean()
	a := borderTrack{Kind: measurement.Video, Format: c.formats()[0], Base: baseOf(&c.formats()[0]), End: 2 * tick}
	for _, untimed := range []bool{false, true} {
		b := a
		b.Untimed = untimed
		if a.goesOn(&b, 2*tick) == untimed || b.goesOn(&a, 2*tick) == untimed {
			t.Errorf("goes on, untimed %v", untimed)
		}
	}
}

// The clock of a segment without timestamps is what it would show: other renditions are held against it.
func TestMarksWithoutTimestamps(t *testing.T) {
	formats := clean().formats()
	var m segmentMarks
	u := placedUnit{Tracks: []placedTrack{{UnitTrack: measurement.UnitTrack{Kind: measurement.Video, Packets: 1, Untimed: true}, Base: baseOf(&formats[0]), Turn: 3 * tick}}}
	m.note(&u, 1000, formats)
	if len(m.Clock) != 1 || m.Clock[0] != 3e6 {
		t.Errorf("clock %v", m.Clock)
	}
}
