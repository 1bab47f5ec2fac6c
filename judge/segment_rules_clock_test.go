package judge

import (
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// TestSegmentClock: the first segment of a group is held against the manifest, the rest is not; what priming and reordering explain is not told.
func TestSegmentClock(t *testing.T) {
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
		c.see(&packagedSegment{placedUnit: &placedUnit{Index: 3, From: 4e6, To: 6e6, Tracks: []placedTrack{track}}, seg: &jobs.Segment{Clock: tt.clock}})
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
