package judge

import (
	"fmt"

	"aircheck/jobs"
)

const (
	// brightPQ is the code value (8-bit scale, limited range) of 1,500 cd/m2 in SMPTE ST 2084: SDR white is 100, diffuse white of HDR about 200.
	brightPQ = 190
	// brightCells is the share of the picture that is that bright in a bright picture, brightPictures the share of such pictures from which the levels are not PQ's.
	brightCells, brightPictures = 0.05, 0.2
	// minHDRPictures is the least number of pictures to go by.
	minHDRPictures = 50
)

// hdrTags compares the tags of high dynamic range with each other and with the picture. What it finds is told over the time of one format.
type hdrTags struct {
	From, To         jobs.Micros
	Pictures, Bright int64
	Transfer         string
	Primaries        string
	Depth            int

	levels levels
	emit   emitter
}

func (h *hdrTags) see(f *videoFrame) {
	if h.Pictures == 0 {
		h.From, h.Transfer, h.Primaries, h.Depth = f.Start, f.Format.Transfer, f.Format.Primaries, f.Format.Depth
	}
	h.Pictures++
	h.To = f.End
	if h.Transfer != "smpte2084" {
		return
	}
	n := 0
	for _, v := range f.Frame.Grid {
		if v > brightPQ {
			n++
		}
	}
	if float64(n) >= brightCells*float64(len(f.Frame.Grid)) {
		h.Bright++
	}
}

// end tells what the tags of the format that ends are worth.
func (h *hdrTags) end(at jobs.Micros) {
	hdr := h.Transfer == "smpte2084" || h.Transfer == "arib-std-b67"
	share := float64(h.Bright) / float64(max(1, h.Pictures))
	switch {
	case h.Pictures == 0:
	case hdr && h.Depth == 8:
		h.tell(at, 8, 10, "bit", 0.9, fmt.Sprintf("tagged %s with 8 bits a sample: high dynamic range needs 10", h.Transfer))
	case share >= brightPictures && h.Pictures >= minHDRPictures:
		h.tell(at, 100*share, 100*brightPictures, "%", 0.5,
			fmt.Sprintf("tagged %s, and %.0f %% of the pictures are brighter than 1500 cd/m2 over a twentieth of their area: levels of SDR", h.Transfer, 100*share))
	case h.Primaries == "bt2020" && (h.Transfer == "bt709" || h.Transfer == "smpte170m"):
		h.tell(at, 1, 1, "properties", 0.4, fmt.Sprintf("tagged with primaries bt2020 and transfer %s: wide gamut without high dynamic range", h.Transfer))
	}
	*h = hdrTags{levels: h.levels, emit: h.emit}
}

func (h *hdrTags) tell(at jobs.Micros, value, limit float64, unit string, confidence jobs.Number, message string) {
	if len(h.levels) == 0 {
		return
	}
	h.emit(jobs.Finding{
		Code: "video.format_change", Severity: jobs.Info, Start: h.From.At(), End: min(h.To, at).At(), Value: jobs.Figure(value), Threshold: jobs.Figure(limit),
		Unit: unit, Confidence: confidence, Message: message,
	})
}
