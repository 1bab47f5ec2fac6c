package judge

import (
	"math/bits"

	"aircheck/jobs"
)

// maxTimeline bounds every time that media may claim. A check examines hours; a timestamp beyond 30 days is damage, and must not make a
// report's timeline that long.
const maxTimeline jobs.Micros = 30 * 24 * 3600 * 1e6

// maxTerm bounds the numerator and the denominator of a time base as FFmpeg does (32-bit integers).
const maxTerm = 1<<31 - 1

// timeBase is the length of a tick in seconds.
type timeBase struct {
	Num int64 `json:"n"`
	Den int64 `json:"d"`
}

func (b timeBase) valid() bool { return b.Num > 0 && b.Den > 0 && b.Num <= maxTerm && b.Den <= maxTerm }

// micros is ticks*1e6*Num/Den, rounded half up.
func (b timeBase) micros(ticks int64) jobs.Micros {
	return jobs.Micros(mulDiv(ticks, uint64(b.Num)*1e6, uint64(b.Den)))
}

// ticks is the number of ticks nearest to m.
func (b timeBase) ticks(m jobs.Micros) int64 {
	return mulDiv(int64(m), uint64(b.Den), uint64(b.Num)*1e6)
}

// mulDiv is v*mul/div with a 128-bit product, rounded half up; what does not fit is clamped to ±2^62, where sums of two still do not overflow.
func mulDiv(v int64, mul, div uint64) int64 {
	const limit = 1 << 62
	magnitude := uint64(v)
	if v < 0 {
		magnitude = -magnitude
	}
	hi, lo := bits.Mul64(magnitude, mul)
	q, r := uint64(limit), uint64(0)
	if hi < div {
		q, r = bits.Div64(hi, lo, div)
	}
	if q >= limit {
		q, r = limit, 0
	}
	if v < 0 {
		if r > div-r {
			q++
		}
		return -int64(q)
	}
	if r >= div-r && r > 0 {
		q++
	}
	return int64(q)
}

// origin ties a track's ticks to the timeline: Ticks stands At.
type origin struct {
	Ticks int64       `json:"t"`
	At    jobs.Micros `json:"at"`
}

// time places a timestamp; ticks are counted from the origin before rounding, so a frame's time does not inherit a second rounding.
func (o origin) time(b timeBase, ticks int64) jobs.Micros {
	return clampTime(o.At + b.micros(difference(ticks, o.Ticks)))
}

// clampTime keeps a time where sums with others do not overflow; what is beyond maxTimeline is not used anyway.
func clampTime(t jobs.Micros) jobs.Micros { return max(-2*maxTimeline, min(t, 2*maxTimeline)) }

// beyond tells whether a time is outside what a timeline may have.
func beyond(t jobs.Micros) bool { return t > maxTimeline || t < -maxTimeline }

// difference is a-b, clamped.
func difference(a, b int64) int64 {
	d := a - b
	switch {
	case a >= 0 && b < 0 && d < 0:
		return 1<<63 - 1
	case a < 0 && b >= 0 && d >= 0:
		return -(1<<63 - 1)
	}
	return d
}

// anchor ties a sequence's media clock to the timeline: a timestamp of one track, which all tracks share.
type anchor struct {
	Ticks int64       `json:"t"`
	Base  timeBase    `json:"base"`
	At    jobs.Micros `json:"at"`
}

// origin expresses the anchor in the ticks of a track.
func (a anchor) origin(b timeBase) origin {
	if b == a.Base {
		return origin{a.Ticks, a.At}
	}
	ticks := mulDiv(a.Ticks, uint64(a.Base.Num)*uint64(b.Den), uint64(a.Base.Den)*uint64(b.Num))
	return origin{ticks, a.At + b.micros(ticks) - a.Base.micros(a.Ticks)}
}

// turns is the multiple of 2^wrap that brings a timestamp nearest to want: MPEG-TS counts modulo 2^33 (ISO/IEC 13818-1, 2.4.3.7).
func turns(raw, want int64, wrap int) int64 {
	if wrap <= 0 || wrap >= 62 {
		return 0
	}
	half := int64(1) << (wrap - 1)
	d := difference(want, raw)
	if d > 1<<62-half || d < half-1<<62 {
		return 0
	}
	return (d + half) >> wrap << wrap
}
