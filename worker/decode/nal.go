package decode

import "encoding/binary"

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
