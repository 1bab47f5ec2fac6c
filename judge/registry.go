package judge

import (
	"slices"

	"aircheck/jobs/measurement"
)

// videoEntry is a detector of pictures and the codes that it is the only one to report.
type videoEntry struct {
	codes []string
	make  func(*params, emitter) videoDetector
}

// audioEntry is a detector of sound.
type audioEntry struct {
	codes []string
	make  func(*params, emitter) audioDetector
}

// videoEntries lists the detectors of one picture track, in the order in which their state is kept and the report covers them.
func videoEntries() []videoEntry {
	return []videoEntry{
		{[]string{"video.black"}, newBlack},
		{[]string{"video.freeze"}, newFreeze},
		{[]string{"video.repeat", "video.duplicate_frames", "video.dropped_frames", "video.judder"}, newMotion},
		{[]string{"video.corruption"}, newCorruption},
		{[]string{"video.blockiness"}, newBlockiness},
		{[]string{"video.blur"}, newBlur},
		{[]string{"video.interlaced", "video.field_order"}, newInterlace},
		{[]string{"video.letterbox_change"}, newLetterbox},
		{[]string{"video.solid_color", "video.color_bars", "video.slate"}, newPattern},
		{[]string{"video.flash", "video.red_flash"}, newFlash},
		{[]string{"video.range"}, newRange},
		{[]string{"video.format_change"}, newVideoFormat},
		{nil, newPictureCaptions}, // for captions.*, which take a sound too
		{nil, newBlinks},          // for sync.offset, likewise
		{nil, newBlanks},          // for audio.dropout, likewise
	}
}

// audioEntries lists the detectors of one sound track.
func audioEntries() []audioEntry {
	return []audioEntry{
		{[]string{"audio.silence"}, newSilence},
		{[]string{"audio.loudness", "audio.true_peak", "audio.short_term", "audio.loudness_range"}, newLoudness},
		{[]string{"audio.clipping"}, newClipping},
		{[]string{"audio.dropout"}, newDropout},
		{[]string{"audio.click"}, newClick},
		{[]string{"audio.phase_inverted", "audio.dual_mono", "audio.dead_channel", "audio.imbalance"}, newStereo},
		{[]string{"audio.hum"}, newHum},
		{[]string{"audio.tone"}, newTone},
		{[]string{"audio.format_change"}, newAudioFormat},
		{nil, newChannelLevels},
		{nil, newBeeps},
		{nil, newSpeech},
	}
}

// newVideoDetectors makes the detectors of one picture track.
func newVideoDetectors(p *params, emit emitter) []videoDetector {
	var list []videoDetector
	if p.role != roleExamined {
		list = append(list, newPictureSignature())
	}
	if p.role == roleReference {
		return list
	}
	if p.laddered {
		list = append(list, newContentSampler())
	}
	for _, e := range videoEntries() {
		list = append(list, e.make(p, emit))
	}
	return list
}

// newAudioDetectors makes the detectors of one sound track.
func newAudioDetectors(p *params, emit emitter) []audioDetector {
	var list []audioDetector
	if p.role != roleExamined {
		list = append(list, newSoundSignature())
	}
	if p.role == roleReference {
		return list
	}
	for _, e := range audioEntries() {
		list = append(list, e.make(p, emit))
	}
	return list
}

// reported lists the codes of each detector of a kind, in the order of the registry.
func reported(kind measurement.Kind) [][]string {
	var codes [][]string
	if kind == measurement.Video {
		for _, e := range videoEntries() {
			codes = append(codes, e.codes)
		}
		return codes
	}
	for _, e := range audioEntries() {
		codes = append(codes, e.codes)
	}
	return codes
}

// covered lists the codes that a rendition is examined for, in the order of the report.
func covered(kind measurement.Kind, p *params) []string {
	codes := slices.Concat(reported(kind)...)
	codes = append(codes, string(kind)+".decode_error", "timestamp.gap", "timestamp.overlap", "timestamp.backward")
	active := codes[:0]
	for _, code := range codes {
		if p.examines(code) {
			active = append(active, code)
		}
	}
	return active
}

// examines tells whether the profile could report the code. Loudness and true peak are always measured.
func (p *params) examines(code string) bool {
	if code == "audio.loudness" || code == "audio.true_peak" {
		return true
	}
	for _, s := range []string{".info", ".warn", ".fail", ".max", ".min"} {
		if p.has(code + s) {
			return true
		}
	}
	return false
}
