package judge

import (
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// TestSegmentClock: the first segment of a group is held against the manifest, the rest is not; what priming and reordering explain is not told.
func TestSegmentClock(t *testing.T) {
	of := func(c *jobs.MediaClock) *groupClock {
		if c == nil {
			return nil
		}
		return &groupClock{MediaClock: *c}
	}
	exact := func(at jobs.Micros) *jobs.MediaClock { return &jobs.MediaClock{At: at, Exact: true} }
	for _, tt := range []struct {
		clock *jobs.MediaClock
		first int64 // in 90 kHz
		value float64
		says  string
	}{
		{exact(10e6), 900000, 0, ""},
		{exact(10e6), 900000 + 18000, 0, ""},
		{exact(10e6), 900000 - 18000, 0, ""},
		{exact(10e6), 900000 + 45000, 0.5, "after"},
		{exact(10e6), 0, 10, "before"},
		{&jobs.MediaClock{At: 10e6}, 0, 0, ""},
		{nil, 0, 0, ""},
	} {
		track := placedTrack{UnitTrack: measurement.UnitTrack{Kind: measurement.Video, FirstPTS: tt.first}, Base: timeBase{1, 90000}}
		var c segmentClock
		c.see(&packagedSegment{placedUnit: &placedUnit{Index: 3, From: 4e6, To: 6e6, Tracks: []placedTrack{track}}, seg: &jobs.Segment{}, clock: of(tt.clock)})
		list := c.findings()
		if tt.value == 0 {
			if len(list) > 0 {
				t.Errorf("%+v, first %d: %+v", tt.clock, tt.first, list)
			}
			continue
		}
		if len(list) != 1 || list[0].Code != "timestamp.manifest" || float64(*list[0].Value) != tt.value || list[0].Start != 4 || !strings.Contains(list[0].Message, tt.says) {
			t.Errorf("%+v, first %d: %+v", tt.clock, tt.first, list)
		}
	}
}

// TestGroupsWithOffsets: two clocks that the manifest sets against each other are aligned by what it says.
func TestGroupsWithOffsets(t *testing.T) {
	at := func(ticks int64, zero *jobs.Micros) group {
		return group{anchor: anchor{Ticks: ticks, Base: timeBase{1, 90000}}, Zero: zero}
	}
	video, audio := jobs.Micros(100e6), jobs.Micros(95e6)
	v := at(9000000, &video) // begins at its zero
	for _, tt := range []struct {
		g    group
		want jobs.Micros
	}{
		{at(95*90000, &audio), 0},
		{at(95*90000+9000, &audio), 100e3},
		{at(100*90000+9000, &video), 100e3},
		{at(100*90000+9000, nil), 100e3},
	} {
		if got, ok := tt.g.distance(v); got != tt.want || !ok {
			t.Errorf("%+v moves by %d, want %d", tt.g, got, tt.want)
		}
	}
}

// TestPeriodsCut: at the border of two periods the media before is cut, so that it overlaps nothing; elsewhere it does.
func TestPeriodsCut(t *testing.T) {
	for _, tt := range []struct {
		border, cuts bool
		want         int
	}{{true, true, 0}, {true, false, 1}, {false, true, 1}} {
		o := order{EpochBorder: tt.border, Cuts: tt.cuts, Fresh: true}
		o.behind(&stream{}, 1e6, 2e6)
		o.close()
		if len(o.Found) != tt.want {
			t.Errorf("%+v: found %+v", tt, o.Found)
		}
	}
	p := placement{}
	if u, _ := p.segment(&measurement.Unit{}, &jobs.Segment{Clock: &jobs.MediaClock{}}, nil); !u.Cuts {
		t.Error("a new period does not cut")
	}
}

// TestClockOfALostSegment: what the manifest says at the first segment of a group holds when that one cannot be read.
func TestClockOfALostSegment(t *testing.T) {
	var p placement
	formats := []measurement.Format{{Kind: measurement.Video, TimeBaseNum: 1, TimeBaseDen: 90000}}
	clock := &jobs.MediaClock{Zero: 100e6, At: 100e6, Exact: true}
	segments := []jobs.Segment{{Duration: 2e6, Clock: clock}, {Start: 2e6, Duration: 2e6}, {Start: 4e6, Duration: 2e6, Discontinuity: 1}}
	p.segment(&measurement.Unit{State: measurement.UnitMissing}, &segments[0], nil)
	second := &measurement.Unit{Index: 1, Tracks: []measurement.UnitTrack{{Kind: measurement.Video, Packets: 50, FirstPTS: 103 * 90000, EndPTS: 105 * 90000}}}
	u, _ := p.segment(second, &segments[1], formats)
	if len(p.Groups) != 1 || p.Groups[0].Zero == nil || *p.Groups[0].Zero != 100e6 || !u.Cuts {
		t.Errorf("groups %+v, cuts %t", p.Groups, u.Cuts)
	}
	var c segmentClock
	c.see(&packagedSegment{placedUnit: &u, seg: &segments[1], clock: p.Clock})
	if list := c.findings(); len(list) != 1 || float64(*list[0].Value) != 1 {
		t.Errorf("%+v, want that the media begins 1 s late", list)
	}
	if p.segment(&measurement.Unit{Index: 2}, &segments[2], nil); p.Clock != nil {
		t.Error("the clock of a group goes on in the next one")
	}
}
