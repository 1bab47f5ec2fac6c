package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"aircheck/jobs"
)

// pictureRate is a rate of pictures as a fraction, both terms positive.
type pictureRate struct{ num, den int64 }

// defaultRate stands in where the stream has no pictures or a rate that no timecode counts: 40 ms a frame is finer than any editor places a marker by hand.
var defaultRate = pictureRate{25, 1}

// maxTimecodeRate is the highest rate of which the frames of a second fit into the two digits of a timecode.
const maxTimecodeRate = 100

// rate is the frame rate of the first picture rendition that has one: of those that could not be decoded nothing is known.
func (r *Report) rate() pictureRate {
	for _, rd := range r.Renditions {
		if rd.Kind != "video" {
			continue
		}
		if rate, ok := parseRate(rd.FrameRate); ok {
			return rate
		}
	}
	return defaultRate
}

// parseRate reads "30000/1001"; where that is no rate that a timecode counts, it gives defaultRate and false.
func parseRate(s string) (rate pictureRate, ok bool) {
	num, den, ok := strings.Cut(s, "/")
	n, err1 := strconv.ParseInt(num, 10, 32)
	d, err2 := strconv.ParseInt(den, 10, 32)
	if !ok || err1 != nil || err2 != nil || n <= 0 || d <= 0 || n > maxTimecodeRate*d || n < d {
		return defaultRate, false
	}
	return pictureRate{n, d}.nominal(), true
}

// nearRate is how far in Hz a written rate may lie from the one that is meant: muxers round 29.97003 to 2997/100 or further, and 0.03 Hz away lies 30.
const nearRate = 1e-3

// nominal is the rate of NTSC that is meant where a rate is close to one.
func (r pictureRate) nominal() pictureRate {
	for _, n := range []pictureRate{{24000, 1001}, {30000, 1001}, {60000, 1001}} {
		if math.Abs(r.float()-n.float()) < nearRate {
			return n
		}
	}
	return r
}

func (r pictureRate) float() float64 { return float64(r.num) / float64(r.den) }

// perSecond is how many frames the timecode counts in what it calls a second: 30 at 30000/1001.
func (r pictureRate) perSecond() int64 { return (r.num + r.den/2) / r.den }

// drop tells whether timecode at this rate leaves numbers out: at 29.97 and 59.94 Hz, so that it stays within a frame or two of the clock (SMPTE ST 12-1:2014, 9.2.2). At
// 23.976 Hz nobody does.
func (r pictureRate) drop() bool {
	return r.den == 1001 && (r.num == 30000 || r.num == 60000)
}

// maxFrames bounds frame numbers: a year at 100 Hz.
const maxFrames = 366 * 24 * 3600 * maxTimecodeRate

// frame is the frame that is on screen at s: the last one that begins no later, give or take a microsecond of rounding.
func (r pictureRate) frame(s jobs.Seconds) int64 {
	exact := (float64(s) + 1e-6) * float64(r.num) / float64(r.den)
	if math.IsNaN(exact) || exact < 0 {
		return 0
	}
	return int64(min(exact, maxFrames))
}

// length is how many frames [start, end) touches, at least one.
func (r pictureRate) length(start, end jobs.Seconds) int64 {
	exact := (float64(end) - 1e-6) * float64(r.num) / float64(r.den)
	if math.IsNaN(exact) {
		return 1
	}
	return max(int64(math.Ceil(max(min(exact, maxFrames), 0)))-r.frame(start), 1)
}

// timecode names a frame, counted from 00:00:00:00; after 24 hours it begins again, as timecode does.
func (r pictureRate) timecode(frame int64) string {
	base := r.perSecond()
	if r.drop() {
		frame = undropped(frame, base)
	}
	second := frame / base
	separator := ":"
	if r.drop() {
		separator = ";"
	}
	return fmt.Sprintf("%02d:%02d:%02d%s%02d", second/3600%24, second/60%60, second%60, separator, frame%base)
}

// undropped adds the numbers that drop-frame timecode leaves out before a frame: the first 2 (at 60: 4) of every minute but each tenth.
func undropped(frame, base int64) int64 {
	drop := base / 15
	minute := base*60 - drop
	tenMinutes := base*600 - 9*drop
	tens, rest := frame/tenMinutes, frame%tenMinutes
	frame += 9 * drop * tens
	if rest > drop {
		frame += drop * ((rest - drop) / minute)
	}
	return frame
}

// count inverts timecode.
func (r pictureRate) count(hours, minutes, seconds, frames int64) int64 {
	base := r.perSecond()
	n := ((hours*60+minutes)*60+seconds)*base + frames
	if r.drop() {
		total := hours*60 + minutes
		n -= base / 15 * (total - total/10)
	}
	return n
}

// ParseTimecode reads "01:00:00:00", hours to frames; semicolons do for colons. Whether there is such a frame depends on the rate, and a number beyond the second's last
// counts on into the next.
func ParseTimecode(s string) (fields [4]int64, err error) {
	parts := strings.Split(strings.ReplaceAll(s, ";", ":"), ":")
	limits := [4]int64{23, 59, 59, maxTimecodeRate - 1}
	if len(parts) != len(fields) {
		return fields, fmt.Errorf("timecode %q: want hours, minutes, seconds and frames as 01:00:00:00", s)
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 8)
		if err != nil || len(p) != 2 || int64(n) > limits[i] {
			return fields, fmt.Errorf("timecode %q: want hours, minutes, seconds and frames as 01:00:00:00", s)
		}
		fields[i] = int64(n)
	}
	return fields, nil
}
