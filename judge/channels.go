package judge

import "aircheck/jobs/measurement"

// surround is the weight G of BS.1770 for channels beside the listener (60 to 120 degrees).
const surround = 1.41

// channelWeight is the BS.1770 weight of channel i: as measured, or else by the layout's name.
func channelWeight(format *measurement.Format, i int) float64 {
	if len(format.Weights) > 0 {
		if i < len(format.Weights) {
			return format.Weights[i]
		}
		return 1
	}
	roles := channelRoles(format.Layout, format.Channels)
	if i >= len(roles) {
		return 1
	}
	switch roles[i] {
	case 's':
		return surround
	case 'l':
		return 0
	}
	return 1
}

// channelRoles spells FFmpeg's layouts channel by channel: f in front or behind (weight 1), s surround, l low-frequency effects. The two rear
// channels of a layout without side channels are its surrounds; in 7.1 the rear ones stand at 135 degrees and weigh 1 (BS.1770-5 Annex 3).
func channelRoles(layout string, channels int) string {
	switch layout {
	case "2.1":
		return "ffl"
	case "3.1":
		return "fffl"
	case "4.1":
		return "ffflf"
	case "quad", "quad(side)":
		return "ffss"
	case "5.0", "5.0(side)":
		return "fffss"
	case "5.1", "5.1(side)":
		return "ffflss"
	case "6.0":
		return "ffffss"
	case "6.1":
		return "ffflfss"
	case "7.0":
		return "fffffss"
	case "7.1":
		return "ffflffss"
	case "":
		return unnamedRoles(channels)
	}
	return ""
}

// unnamedRoles takes six and eight channels without a name for 5.1 and 7.1 in the order of WAVE files.
func unnamedRoles(channels int) string {
	switch channels {
	case 6:
		return "ffflss"
	case 8:
		return "ffflffss"
	}
	return ""
}

// isLFE tells whether channel i carries low-frequency effects: it is left out of loudness and says nothing about silence. In a track of nothing
// but LFE no channel counts as one.
func isLFE(format *measurement.Format, i int) bool {
	if channelWeight(format, i) != 0 {
		return false
	}
	for j := range max(format.Channels, len(format.Weights)) {
		if channelWeight(format, j) != 0 {
			return true
		}
	}
	return false
}
