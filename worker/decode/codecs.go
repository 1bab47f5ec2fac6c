package decode

import (
	"fmt"
	"math/bits"
	"strings"
)

// codecsOf is how a playlist should call a track (RFC 6381; ISO/IEC 14496-15 annex E), by the parameter sets in its decoder configuration or in a packet.
// Empty when there are none there, and for codecs that have none.
func codecsOf(codec string, extradata, data []byte) string {
	configured := lengthSize(codec, extradata) > 0
	switch codec {
	case "h264":
		if configured {
			return avc(extradata[1:4])
		}
		if sps := parameterSet(data, func(b byte) bool { return b&0x1f == 7 }); len(sps) >= 4 {
			return avc(sps[1:4])
		}
	case "hevc":
		if configured {
			return hevc(extradata[1:13])
		}
		const header = 3 // of the NAL unit, then sps_video_parameter_set_id, sps_max_sub_layers_minus1 and sps_temporal_id_nesting_flag
		if sps := parameterSet(data, func(b byte) bool { return b>>1&0x3f == 33 }); len(sps) >= header+12 {
			return hevc(sps[header : header+12])
		}
	}
	return ""
}

func avc(b []byte) string { return fmt.Sprintf("avc1.%02x%02x%02x", b[0], b[1], b[2]) }

// hevc writes the first 12 bytes of a profile_tier_level (ITU-T H.265 section 7.3.3).
func hevc(b []byte) string {
	var s strings.Builder
	s.WriteString("hvc1.")
	if space := b[0] >> 6; space > 0 {
		s.WriteByte('A' + space - 1)
	}
	compatible := uint32(b[1])<<24 | uint32(b[2])<<16 | uint32(b[3])<<8 | uint32(b[4])
	tier := byte('L')
	if b[0]&0x20 != 0 {
		tier = 'H'
	}
	fmt.Fprintf(&s, "%d.%X.%c%d", b[0]&0x1f, bits.Reverse32(compatible), tier, b[11])
	constraints := b[5:11]
	for len(constraints) > 0 && constraints[len(constraints)-1] == 0 {
		constraints = constraints[:len(constraints)-1]
	}
	for _, c := range constraints {
		fmt.Fprintf(&s, ".%X", c)
	}
	return s.String()
}

// parameterSet finds the first NAL unit of a kind in an Annex B packet and gives its first bytes without emulation prevention.
func parameterSet(data []byte, is func(header byte) bool) []byte {
	const enough = 32
	data = data[:min(len(data), maxScan)]
	for {
		i := startCode(data)
		if i < 0 {
			return nil
		}
		data = data[i+3:]
		if is(data[0]) {
			return unescaped(data, enough)
		}
	}
}

// unescaped drops emulation_prevention_three_byte (ITU-T H.264 section 7.3.1) from the first bytes of a NAL unit, up to n of them or the next start code.
func unescaped(nal []byte, n int) []byte {
	plain := make([]byte, 0, n)
	zeros := 0
	for _, b := range nal {
		if len(plain) == n || zeros >= 2 && b < 3 {
			break
		}
		if zeros >= 2 && b == 3 {
			zeros = 0
			continue
		}
		if b == 0 {
			zeros++
		} else {
			zeros = 0
		}
		plain = append(plain, b)
	}
	return plain
}
