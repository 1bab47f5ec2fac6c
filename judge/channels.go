package judge

import (
	"strconv"
	"strings"

	"aircheck/jobs/measurement"
)

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

// channelLabels names the channels of FFmpeg's layouts in their order; what has no name has a number, from 1.
func channelLabels(layout string, channels int) []string {
	names := strings.Fields(map[string]string{
		"mono": "C", "stereo": "L R", "2.1": "L R LFE", "3.0": "L R C", "3.1": "L R C LFE", "4.0": "L R C Cs", "4.1": "L R C LFE Cs",
		"quad": "L R Lb Rb", "quad(side)": "L R Ls Rs", "5.0": "L R C Lb Rb", "5.0(side)": "L R C Ls Rs", "5.1": "L R C LFE Lb Rb", "5.1(side)": "L R C LFE Ls Rs",
		"6.1": "L R C LFE Cs Ls Rs", "7.0": "L R C Lb Rb Ls Rs", "7.1": "L R C LFE Lb Rb Ls Rs",
	}[layout])
	labels := make([]string, channels)
	for i := range labels {
		labels[i] = strconv.Itoa(i + 1)
		if len(names) == channels {
			labels[i] = names[i]
		}
	}
	return labels
}
