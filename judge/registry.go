package judge

import "aircheck/jobs/measurement"

// newVideoDetectors are the detectors of one picture track, in the order in which their state is kept.
func newVideoDetectors(p *params, emit emitter) []videoDetector {
	return []videoDetector{newBlack(p, emit), newFreeze(p, emit)}
}

// newAudioDetectors are the detectors of one sound track; the last is the loudness meter.
func newAudioDetectors(p *params, emit emitter) []audioDetector {
	return []audioDetector{newSilence(p, emit), newLoudness(p, emit)}
}

// covered lists the codes that a rendition is examined for, in the order of the report. What only a delivery spec limits is covered under such a spec.
func covered(kind measurement.Kind, p *params) []string {
	var codes []string
	if kind == measurement.Video {
		codes = append(codes, "video.black", "video.freeze", "video.decode_error")
	} else {
		codes = append(codes, "audio.silence", "audio.loudness", "audio.true_peak")
		for _, code := range []string{"audio.short_term", "audio.loudness_range"} {
			if p.has(code + ".max") {
				codes = append(codes, code)
			}
		}
		codes = append(codes, "audio.decode_error")
	}
	return append(codes, "timestamp.gap", "timestamp.overlap", "timestamp.backward")
}
