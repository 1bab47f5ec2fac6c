package judge

import (
	"sort"

	"aircheck/jobs/measurement"
)

const (
	// cadenceBins bounds the distinct frame distances that are counted; a stream with more has no cadence to speak of.
	cadenceBins = 64
	// cadenceTrust is how many distances it takes before they are believed rather than the container's rate.
	cadenceTrust = 12
	// variableShare and variableCount say when a frame rate is variable: more than a twentieth of the distances, and not just a few lost frames, differ
	// from the commonest. detectors.md 2.5 gives 2 %; a stream that loses frames twice a second still has a fixed rate.
	variableShare, variableCount = 20, 8
	// fallbackRate stands in for a rate that nothing tells, frames/s.
	fallbackRate = 25
)

// cadence learns the distance between frames of one track, in ticks, from the frames themselves and in their order: what it says at a frame
// depends on the frames before it alone, never on where windows were cut.
type cadence struct {
	Bins  []cadenceBin `json:",omitempty"` // sorted by Ticks
	Total int64        `json:",omitempty"`
}

type cadenceBin struct {
	Ticks, Count int64
}

// add counts one distance.
func (c *cadence) add(ticks int64) {
	c.Total++
	i := sort.Search(len(c.Bins), func(i int) bool { return c.Bins[i].Ticks >= ticks })
	if i < len(c.Bins) && c.Bins[i].Ticks == ticks {
		c.Bins[i].Count++
		return
	}
	if len(c.Bins) == cadenceBins {
		return
	}
	c.Bins = append(c.Bins, cadenceBin{})
	copy(c.Bins[i+1:], c.Bins[i:])
	c.Bins[i] = cadenceBin{ticks, 1}
}

// mode is the commonest distance, the shorter of two equally common ones; 0 when there is none.
func (c *cadence) mode() int64 {
	var best cadenceBin
	for _, b := range c.Bins {
		if b.Count > best.Count {
			best = b
		}
	}
	return best.Ticks
}

// nominal is the length of a frame in ticks, at least 1.
func (c *cadence) nominal(f *measurement.Format, duration int64) int64 {
	declared := rateTicks(f)
	mode := c.mode()
	switch {
	case c.Total >= cadenceTrust && (declared == 0 || !near(declared, mode)):
		return mode
	case declared > 0:
		return declared
	case duration > 0:
		return duration
	case mode > 0:
		return mode
	}
	return max(1, baseOf(f).ticks(1e6/fallbackRate))
}

// variable tells whether the frame rate so far is variable.
func (c *cadence) variable() bool {
	mode, regular := c.mode(), int64(0)
	for _, b := range c.Bins {
		if near(b.Ticks, mode) {
			regular += b.Count
		}
	}
	irregular := c.Total - regular
	return irregular >= variableCount && irregular*variableShare > c.Total
}

// rate is the mean rate of the frames that come at the regular distance, in frames/s; 0 when that is not known well or the rate is variable.
func (c *cadence) rate(b timeBase) float64 {
	if c.Total < cadenceTrust || c.variable() {
		return 0
	}
	var ticks, count int64
	mode := c.mode()
	for _, v := range c.Bins {
		if near(v.Ticks, mode) {
			ticks += v.Ticks * v.Count
			count += v.Count
		}
	}
	if ticks <= 0 {
		return 0
	}
	return float64(b.Den) * float64(count) / (float64(b.Num) * float64(ticks))
}

// near tells whether two distances differ by rounding alone: one tick, or 2 %.
func near(a, b int64) bool {
	d := a - b
	if d < 0 {
		d = -d
	}
	return d <= 1 || d*50 <= b
}

// rateTicks is the declared length of a frame in ticks, rounded; 0 when the container does not say, or says something that no video has.
func rateTicks(f *measurement.Format) int64 {
	if f.RateNum <= 0 || f.RateDen <= 0 || f.RateNum > maxTerm || f.RateDen > maxTerm || f.RateNum > f.RateDen*1000 || f.RateDen > f.RateNum*10 {
		return 0
	}
	b := baseOf(f)
	return mulDiv(f.RateDen, uint64(b.Den), uint64(b.Num)*uint64(f.RateNum))
}

// baseOf is the time base of a format; an invalid one counts in milliseconds.
func baseOf(f *measurement.Format) timeBase {
	if b := (timeBase{f.TimeBaseNum, f.TimeBaseDen}); b.valid() {
		return b
	}
	return timeBase{1, 1000}
}
