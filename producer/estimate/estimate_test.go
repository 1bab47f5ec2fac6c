package estimate

import (
	"math"
	"testing"

	"aircheck/jobs"
)

func TestOf(t *testing.T) {
	t.Parallel()
	check := &jobs.Check{Input: "a.m3u8", Windows: []jobs.Window{{Sequence: "s0"}, {Sequence: "s0"}, {Sequence: "s1"}}}
	check.Timeline.Sequences = []jobs.Sequence{
		{ID: "s0", Media: "video", Duration: 120e6, Variant: &jobs.Variant{Width: 1920, Height: 1080, FrameRate: "50", AverageBandwidth: 8e6}, Segments: []jobs.Segment{
			{ByteRange: jobs.ByteRange{Length: -1}},
		}},
		{ID: "s1", Media: "audio", Duration: 120e6, Segments: []jobs.Segment{{ByteRange: jobs.ByteRange{Length: 100}}, {Gap: true, ByteRange: jobs.ByteRange{Length: -1}}}},
		{ID: "s2", Duration: 60e6, Object: &jobs.Object{Size: 1000}},
	}
	e := Of(check, Rates{Speed: 10})
	if e.Windows != 3 || e.Sequences[0].Windows != 2 || e.Media != 300 || e.Bytes != 120e6+100+1000 || e.Exact || !e.Sequences[1].Exact {
		t.Errorf("estimate %+v", e)
	}
	for i, want := range []float64{120 * 2 / 10., 120. / soundSpeed, 60 / 10.} {
		if got := float64(e.Sequences[i].CPU); math.Abs(got-want) > 1e-6 {
			t.Errorf("sequence %d takes %g s of a core, want %g", i, got, want)
		}
	}
	if fast := Of(check, Rates{Speed: 10, Fast: true}); fast.CPU >= e.CPU/3 {
		t.Errorf("depth fast takes %g s of a core, all of it %g", float64(fast.CPU), float64(e.CPU))
	}
}

// TestHostileVariants: whatever a playlist declares, the estimate is a number.
func TestHostileVariants(t *testing.T) {
	t.Parallel()
	for _, v := range []*jobs.Variant{
		nil, {}, {Width: -1, Height: 1080}, {Width: 1920, Height: 1080, FrameRate: "0/0"}, {Width: 1920, Height: 1080, FrameRate: "NaN"},
		{Width: 1920, Height: 1080, FrameRate: "1e999"}, {Width: math.MaxInt, Height: math.MaxInt, FrameRate: "240"}, {Width: 1920, Height: 1080, FrameRate: "25/0"},
	} {
		rate := Rates{}.of(&jobs.Sequence{Variant: v})
		if !(rate > 0) || math.IsInf(rate, 0) {
			t.Errorf("%+v: %g times real time", v, rate)
		}
	}
	if r := frameRate("30000/1001"); math.Abs(r-29.97) > 0.01 {
		t.Errorf("30000/1001 is %g", r)
	}
}
