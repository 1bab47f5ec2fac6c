package captions

import (
	"encoding/binary"
	"math/bits"

	"aircheck/jobs/measurement"
)

// fragment reads WebVTT in fragmented MP4 (wvtt, ISO/IEC 14496-30): init is the initialisation section, which says so.
type fragment struct {
	scale    uint64 // ticks a second
	duration uint32 // of a sample, unless a fragment says otherwise
	wvtt     bool
	media    bool // there are pictures or sound, too
}

// maxSamples bounds the samples of a fragment.
const maxSamples = 100_000

// boxes calls fn for the boxes that follow each other in data, until it returns false.
func boxes(data []byte, fn func(kind string, body []byte) bool) {
	for len(data) >= 8 {
		size := uint64(binary.BigEndian.Uint32(data))
		head := uint64(8)
		if size == 1 && len(data) >= 16 {
			size, head = binary.BigEndian.Uint64(data[8:]), 16
		}
		if size < head || size > uint64(len(data)) || !fn(string(data[4:8]), data[head:size]) {
			return
		}
		data = data[size:]
	}
}

// maxNesting is how deep boxes of an initialisation section may lie: moov, trak, mdia, minf, stbl.
const maxNesting = 5

// open reads the initialisation section of one text track. Text beside sound or pictures is no row of subtitles of its own.
func (f *fragment) open(init []byte, depth int) {
	boxes(init, func(kind string, body []byte) bool {
		switch kind {
		case "moov", "trak", "mdia", "minf", "stbl", "mvex":
			if depth < maxNesting {
				f.open(body, depth+1)
			}
		case "hdlr":
			if len(body) >= 12 {
				handler := string(body[8:12])
				f.media = f.media || handler == "vide" || handler == "soun"
			}
		case "mdhd":
			at := 12
			if len(body) > 0 && body[0] == 1 {
				at = 20
			}
			f.scale = uint64(word(body, at))
		case "stsd":
			f.wvtt = f.wvtt || len(body) >= 16 && string(body[12:16]) == "wvtt"
		case "trex":
			f.duration = word(body, 12)
		}
		return true
	})
}

// word is the 32-bit number at a place; 0 beyond the end.
func word(b []byte, at int) uint32 {
	if at < 0 || at+4 > len(b) {
		return 0
	}
	return binary.BigEndian.Uint32(b[at:])
}

// sample is a sample's place in time and its size.
type sample struct {
	from, to uint64 // ticks
	size     uint32
}

// read takes the cues of a segment. Its samples stand one behind the other in the mdat that follows their moof.
func (f *fragment) read(data []byte) *measurement.Captions {
	c := &measurement.Captions{Format: "webvtt", Mapped: true}
	var pending []sample
	boxes(data, func(kind string, body []byte) bool {
		switch kind {
		case "moof":
			pending = f.samples(body)
		case "mdat":
			for _, s := range pending {
				if uint64(s.size) > uint64(len(body)) {
					break
				}
				f.cue(c, s, body[:s.size])
				body = body[s.size:]
			}
			pending = nil
		}
		return true
	})
	return c
}

// samples lists those of the first track of a moof.
func (f *fragment) samples(moof []byte) []sample {
	var list []sample
	boxes(moof, func(kind string, body []byte) bool {
		if kind != "traf" {
			return true
		}
		var at uint64
		duration, size := f.duration, uint32(0)
		boxes(body, func(kind string, body []byte) bool {
			switch kind {
			case "tfhd":
				duration, size = defaults(body, duration)
			case "tfdt":
				at = uint64(word(body, 4))
				if len(body) > 0 && body[0] == 1 {
					at = at<<32 | uint64(word(body, 8))
				}
			case "trun":
				list, at = run(list, body, at, duration, size)
			}
			return true
		})
		return false
	})
	return list
}

// defaults reads a tfhd (ISO/IEC 14496-12, 8.8.7).
func defaults(body []byte, duration uint32) (uint32, uint32) {
	flags, at, size := word(body, 0), 8, uint32(0)
	if flags&1 != 0 {
		at += 8
	}
	if flags&2 != 0 {
		at += 4
	}
	if flags&8 != 0 {
		duration = word(body, at)
		at += 4
	}
	if flags&16 != 0 {
		size = word(body, at)
	}
	return duration, size
}

// run reads a trun (ISO/IEC 14496-12, 8.8.8).
func run(list []sample, body []byte, at uint64, duration, size uint32) ([]sample, uint64) {
	flags, count, pos := word(body, 0), word(body, 4), 8
	pos += 4 * bits.OnesCount32(flags&5) // data offset, flags of the first sample
	step := 4 * bits.OnesCount32(flags&0xf00)
	for range count {
		if step > 0 && pos+step > len(body) || len(list) >= maxSamples {
			break
		}
		s := sample{from: at, size: size}
		length, p := duration, pos
		if flags&0x100 != 0 {
			length = word(body, p)
			p += 4
		}
		if flags&0x200 != 0 {
			s.size = word(body, p)
		}
		pos += step
		at += uint64(length)
		s.to = at
		list = append(list, s)
	}
	return list, at
}

// cue takes what a sample shows: the payloads of all its cues.
func (f *fragment) cue(c *measurement.Captions, s sample, data []byte) {
	chars := 0
	boxes(data, func(kind string, body []byte) bool {
		if kind == "vttc" {
			boxes(body, func(kind string, body []byte) bool {
				if kind == "payl" {
					chars += visible(untagged(body))
				}
				return true
			})
		}
		return true
	})
	from, to := f.micros(s.from), f.micros(s.to)
	if n := len(c.Cues); n > 0 && chars > 0 && c.Cues[n-1].To == from && c.Cues[n-1].Chars == chars {
		c.Cues[n-1].To = to // packagers cut long cues at borders
		return
	}
	add(c, from, to, chars)
}

// micros converts ticks; -1 for a time that is none.
func (f *fragment) micros(ticks uint64) int64 {
	hi, lo := bits.Mul64(ticks, 1e6)
	if f.scale == 0 || hi >= f.scale {
		return -1
	}
	q, _ := bits.Div64(hi, lo, f.scale)
	return int64(min(q, 1<<62))
}
