package report

import (
	"slices"

	"aircheck/jobs"
)

// Gap is a stretch of a rendition that some detectors did not analyse, though they analysed or should have analysed the rendition.
type Gap struct {
	Rendition string
	Interval  jobs.Interval
	Detectors []string
	// All: they are all detectors of the rendition.
	All bool
}

// Gaps lists what was not analysed in the order of the ledger.
func (r *Report) Gaps() []Gap {
	examined, _ := r.examined()
	var list []Gap
	for _, h := range holes(examined) {
		list = append(list, Gap{h.rendition, h.interval, h.detectors, len(h.detectors) == h.ofDetector})
	}
	return list
}

// Unjudged are detectors that had nothing to go by on a rendition; that is no gap.
type Unjudged struct {
	Rendition string
	Detectors []string
	Reason    string
}

// Unjudged lists them in the order of the ledger.
func (r *Report) Unjudged() []Unjudged {
	_, rest := r.examined()
	var list []Unjudged
	for _, c := range rest {
		reason := c.Intervals[0].Reason
		i := slices.IndexFunc(list, func(u Unjudged) bool { return u.Rendition == c.Rendition && u.Reason == reason })
		if i < 0 {
			i = len(list)
			list = append(list, Unjudged{Rendition: c.Rendition, Reason: reason})
		}
		list[i].Detectors = append(list[i].Detectors, c.Detector)
	}
	return list
}

// Share is a part of all time of all detectors.
type Share struct {
	State jobs.State
	// Percent is for people: only all is "100 %", only nothing is "0 %".
	Percent string
}

// Shares says how much was analysed, failed, was skipped and is pending; states that do not occur are left out. It is empty when there was nothing to analyse.
func (r *Report) Shares() []Share {
	examined, _ := r.examined()
	parts := shares(examined)
	var list []Share
	for _, s := range []jobs.State{jobs.Analysed, jobs.Failed, jobs.Skipped, jobs.Pending} {
		if share, ok := parts[s]; ok {
			list = append(list, Share{s, percent(share)})
		}
	}
	return list
}

// Describe names a rendition in a few printable words: "v0 h264 640×360 25 fps".
func Describe(rd jobs.Rendition) string { return describe(rd) }

// ValueOf is the value of a finding with its unit; empty when it has none, or one that is no number.
func ValueOf(f jobs.Finding) string {
	if f.Value == nil || jobs.Figure(float64(*f.Value)) == nil {
		return ""
	}
	return Printable(valueOf(f))
}

// ComparisonParts is what a comparison with the reference comes to, in words.
func ComparisonParts(c *jobs.Comparison) []string { return comparisonParts(c) }
