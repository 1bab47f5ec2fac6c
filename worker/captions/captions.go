// Package captions reads subtitles: WebVTT and TTML (IMSC), as text and in fragmented MP4. It wants times and amounts, not words.
package captions

import (
	"bytes"
	"unicode"

	"aircheck/jobs/measurement"
)

const (
	// maxBytes bounds the text that is read of one segment: an hour of subtitles has 100 kB.
	maxBytes = 8 << 20
	// maxCues bounds the cues of one segment. A film has 2,000.
	maxCues = 20_000
	// maxTime bounds a cue's time, in microseconds: a hundred hours of a live stream that counts from its start, and to spare.
	maxTime = 1000 * 3600 * 1e6
)

// Read takes the cues of a segment, which may need an initialisation section; false when it is no subtitles. What cannot be read of them is left out.
func Read(init, data []byte) (*measurement.Captions, bool) {
	data = bytes.TrimPrefix(data[:min(len(data), maxBytes)], []byte("\xef\xbb\xbf"))
	var f fragment
	f.open(init[:min(len(init), maxBytes)], 0)
	switch {
	case isWebVTT(data):
		return readWebVTT(data), true
	case f.media:
		return nil, false
	case f.wvtt:
		return f.read(data), true
	case isTTML(data):
		return readTTML(data), true
	}
	return nil, false
}

// add keeps a cue that shows something at a possible time.
func add(c *measurement.Captions, from, to int64, chars int) {
	if chars > 0 && from >= 0 && to > from && to <= maxTime && len(c.Cues) < maxCues {
		c.Cues = append(c.Cues, measurement.Cue{From: from, To: to, Chars: chars})
	}
}

// visible counts the characters of a text that leave a mark.
func visible(text []byte) int {
	n := 0
	for _, r := range string(text) {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}
