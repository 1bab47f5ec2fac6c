package decode

import (
	"encoding/binary"

	h264 "github.com/Eyevinn/mp4ff/avc"
)

// A closed keyframe is one that nothing before it can influence and from which everything after it can be decoded: the decoder may be restarted there without
// changing a single sample. In doubt the answer is no, which costs a little decoding and never exactness.

// maxScan bounds how much of a packet is searched for its first slice: parameter sets and SEI come first and are small.
const maxScan = 64 << 10

// closedKeyframe looks into the first bytes of a keyframe packet. extradata tells length-prefixed from Annex B streams.
func closedKeyframe(codec string, extradata, data []byte) bool {
	switch codec {
	case "h264":
		return firstSlice(data, lengthSize(codec, extradata), func(b []byte) (slice, closed bool) {
			t := b[0] & 0x1f
			return t == 1 || t == 2 || t == 5, t == 5 // IDR
		})
	case "hevc":
		return firstSlice(data, lengthSize(codec, extradata), func(b []byte) (slice, closed bool) {
			t := b[0] >> 1 & 0x3f
			return t < 32, t >= 16 && t <= 20 // BLA and IDR; CRA (21) may have leading pictures that refer to what was before
		})
	case "mpeg2video", "mpeg1video":
		return closedGOP(data)
	}
	return true // VP8, VP9, AV1 and intra-only codecs: a keyframe resets everything
}

// lengthSize is the size of the length before each NAL unit (avcC, hvcC), or 0 for Annex B start codes.
func lengthSize(codec string, extradata []byte) int {
	switch {
	case codec == "h264" && len(extradata) >= 7 && extradata[0] == 1:
		return int(extradata[4]&3) + 1
	case codec == "hevc" && len(extradata) >= 23 && (extradata[0] != 0 || extradata[1] != 0 || extradata[2] > 1):
		return int(extradata[21]&3) + 1
	}
	return 0
}

// firstSlice applies judge to NAL units until one is a slice.
func firstSlice(data []byte, length int, judge func([]byte) (slice, closed bool)) bool {
	data = data[:min(len(data), maxScan)]
	for len(data) > 0 {
		var nal []byte
		nal, data = nextNAL(data, length)
		if len(nal) == 0 {
			continue
		}
		if slice, closed := judge(nal); slice {
			return closed
		}
	}
	return false
}

// nextNAL returns the first NAL unit of data and what follows it.
func nextNAL(data []byte, length int) (nal, rest []byte) {
	if length == 0 {
		start := startCode(data)
		if start < 0 {
			return nil, nil
		}
		data = data[start+3:]
		return data, data // the end does not matter: only the header is read
	}
	if len(data) <= length {
		return nil, nil
	}
	var b [4]byte
	copy(b[4-length:], data[:length])
	n := int64(binary.BigEndian.Uint32(b[:]))
	data = data[length:]
	if n > int64(len(data)) {
		return data, nil
	}
	return data[:n], data[n:]
}

// startCode finds 00 00 01, or gives -1.
func startCode(b []byte) int {
	for i := 0; i+3 < len(b); i++ {
		if b[i] == 0 && b[i+1] == 0 && b[i+2] == 1 {
			return i
		}
	}
	return -1
}

// closedGOP finds a group_of_pictures_header with closed_gop set before the first picture (ISO/IEC 13818-2 section 6.2.2.6).
func closedGOP(data []byte) bool {
	const picture, group = 0x00, 0xb8
	data = data[:min(len(data), maxScan)]
	for {
		i := startCode(data)
		if i < 0 || len(data) < i+8 {
			return false
		}
		switch data[i+3] {
		case picture:
			return false
		case group:
			return data[i+7]&0x40 != 0
		}
		data = data[i+3:]
	}
}

// intra tells whether the first slice of a packet refers to no other picture: an I or SI slice of H.264 (section 7.4.3), a random access picture of HEVC. Only the first
// slice is looked at: encoders that mix the types within a picture do not begin segments with it.
func intra(codec string, extradata, data []byte) bool {
	switch codec {
	case "h264":
		return firstSlice(data, lengthSize(codec, extradata), func(b []byte) (slice, closed bool) {
			t := b[0] & 0x1f
			if t == 5 {
				return true, true
			}
			if t != 1 && t != 2 {
				return false, false
			}
			_, rest := golomb(b[1:], 0) // first_mb_in_slice
			kind, _ := golomb(b[1:], rest)
			return true, kind%5 == 2 || kind%5 == 4
		})
	case "hevc":
		return firstSlice(data, lengthSize(codec, extradata), func(b []byte) (slice, closed bool) {
			t := b[0] >> 1 & 0x3f
			return t < 32, t >= 16 && t <= 21
		})
	}
	return false
}

// golomb reads ue(v) from bit at on (ITU-T H.264 section 9.1) and returns where it ends. Beyond the data are zeros; what is longer than slices begin with is 0.
func golomb(data []byte, at int) (value, end int) {
	const longest = 16
	bit := func(i int) int {
		if i/8 >= len(data) {
			return 0
		}
		return int(data[i/8]>>(7-i%8)) & 1
	}
	zeros := 0
	for bit(at) == 0 {
		if zeros++; zeros > longest {
			return 0, at
		}
		at++
	}
	for range zeros + 1 {
		value = value<<1 | bit(at)
		at++
	}
	return value - 1, at
}

// maxParameterSet bounds how much of a sequence parameter set is read: those of 255 reference frames in a cycle take 1.5 KB.
const maxParameterSet = 4 << 10

// framesOnly tells whether the sequence parameter sets of H.264 that stand in the extradata and before the first slice of data are there, can be read, and all say
// frame_mbs_only_flag (ITU-T H.264 section 7.4.2.1.1).
func framesOnly(extradata, data []byte) bool {
	known, only := 0, true
	set := func(nal []byte) {
		known++
		sps, err := h264.ParseSPSNALUnit(nal[:min(len(nal), maxParameterSet)], false)
		only = only && err == nil && sps.FrameMbsOnlyFlag
	}
	look := func(b []byte) (slice, closed bool) {
		t := b[0] & 0x1f
		if t == 7 {
			set(b)
		}
		return t >= 1 && t <= 5, true
	}
	length := lengthSize("h264", extradata)
	if length == 0 {
		firstSlice(extradata, 0, look)
	} else if !eachParameterSet(extradata, set) {
		return false
	}
	firstSlice(data, length, look)
	return known > 0 && only
}

// eachParameterSet gives the sequence parameter sets of an avcC box (ISO/IEC 14496-15 section 5.3.3.1); false: it ends too early.
func eachParameterSet(avcC []byte, set func([]byte)) bool {
	const head, countMask = 6, 0x1f
	if len(avcC) < head {
		return false
	}
	rest := avcC[head:]
	for range avcC[head-1] & countMask {
		if len(rest) < 2 {
			return false
		}
		n := int(binary.BigEndian.Uint16(rest))
		if n == 0 || len(rest) < 2+n {
			return false
		}
		set(rest[2 : 2+n])
		rest = rest[2+n:]
	}
	return true
}
