package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"aircheck/jobs"
)

// maxHoles bounds the list of holes in a text report.
const maxHoles = 20

// coverage writes how much was analysed, and every hole with its reason.
func (t *text) coverage() {
	examined, rest := t.r.examined()
	shares := shares(examined)
	if len(shares) == 0 {
		fmt.Fprintln(t, "Coverage   "+t.ink.paint(sgrPurple, "nothing could be analysed"))
		return
	}
	var parts []string
	for _, s := range []jobs.State{jobs.Analysed, jobs.Failed, jobs.Skipped, jobs.Pending} {
		if share, ok := shares[s]; ok {
			parts = append(parts, fmt.Sprintf("%s %s", s, percent(share)))
		}
	}
	fmt.Fprintf(t, "Coverage   %s\n", strings.Join(parts, ", "))
	list := holes(examined)
	for i, h := range list {
		if i == maxHoles {
			fmt.Fprintf(t, "           … and %s\n", plural(len(list)-i, "more hole"))
			break
		}
		fmt.Fprintf(t, "           %s\n", Printable(h.String()))
	}
	t.unexamined(rest)
}

// unexamined tells which detectors had nothing to go by, and why.
func (t *text) unexamined(rest []jobs.Coverage) {
	type key struct{ rendition, reason string }
	codes := map[key][]string{}
	var keys []key
	for _, c := range rest {
		k := key{c.Rendition, c.Intervals[0].Reason}
		if codes[k] == nil {
			keys = append(keys, k)
		}
		codes[k] = append(codes[k], c.Detector)
	}
	head := "Not judged"
	for _, k := range keys {
		fmt.Fprintf(t, "%s %s\n", head, Printable(fmt.Sprintf("%s  %s: %s", k.rendition, strings.Join(codes[k], ", "), k.reason)))
		head = "          "
	}
}

// examined parts the detectors of which nothing could be made on a rendition, though others examined it, from the rest.
func (r *Report) examined() (list, rest []jobs.Coverage) {
	alive := map[string]bool{}
	for _, c := range r.Coverage {
		alive[c.Rendition] = alive[c.Rendition] || !skipped(c)
	}
	for _, c := range r.Coverage {
		if alive[c.Rendition] && skipped(c) && !shallow(c) {
			rest = append(rest, c)
		} else {
			list = append(list, c)
		}
	}
	return list, rest
}

// skipped tells whether all of the time was skipped.
func skipped(c jobs.Coverage) bool {
	for _, iv := range c.Intervals {
		if iv.State != jobs.Skipped {
			return false
		}
	}
	return len(c.Intervals) > 0
}

// shallow tells whether a detector did not examine some of the time because only key frames were decoded: that is a hole, however much of the time it is.
func shallow(c jobs.Coverage) bool {
	return slices.ContainsFunc(c.Intervals, byDepth)
}

func byDepth(iv jobs.Interval) bool { return iv.State == jobs.Skipped && iv.Depth == jobs.DepthFast }

// shares returns, for each state that occurs, its part of all (rendition, detector, time), in 0..1. It is empty when there is nothing to cover.
func shares(coverage []jobs.Coverage) map[jobs.State]float64 {
	shares := map[jobs.State]float64{}
	var total float64
	for _, c := range coverage {
		for _, iv := range c.Intervals {
			length := float64(iv.End - iv.Start)
			shares[iv.State] += length
			total += length
		}
	}
	if total <= 0 {
		return nil
	}
	for s := range shares {
		shares[s] /= total
	}
	return shares
}

// percent rounds toward the middle: only all is 100 %, only nothing is 0 %.
func percent(share float64) string {
	switch {
	case share >= 1-1e-12:
		return "100 %"
	case share <= 0:
		return "0 %"
	}
	tenths := math.Round(share * 1000)
	return fmt.Sprintf("%.1f %%", min(max(tenths, 1), 999)/10)
}

// hole is a stretch that was not analysed, with the detectors that share it.
type hole struct {
	rendition  string
	interval   jobs.Interval
	detectors  []string
	ofDetector int // how many detectors the rendition has
}

func (h hole) String() string {
	who := strings.Join(h.detectors, ", ")
	switch {
	case len(h.detectors) == h.ofDetector:
		who = "all detectors"
	case byDepth(h.interval): // nearly all, and often
		who = fmt.Sprintf("%d of %d detectors", len(h.detectors), h.ofDetector)
	}
	line := fmt.Sprintf("%s  %s – %s  %s (%s)", h.rendition, Clock(h.interval.Start), Clock(h.interval.End), h.interval.State, who)
	if h.interval.Reason != "" {
		line += ": " + h.interval.Reason
	}
	return line
}

// holes lists what was not analysed in the order of the ledger, equal intervals of one rendition joined.
func holes(coverage []jobs.Coverage) []hole {
	type key struct {
		rendition string
		interval  jobs.Interval
	}
	detectors := map[string]int{}
	at := map[key]int{}
	var list []hole
	for _, c := range coverage {
		detectors[c.Rendition]++
		for _, iv := range c.Intervals {
			if iv.State == jobs.Analysed {
				continue
			}
			k := key{c.Rendition, iv}
			i, ok := at[k]
			if !ok {
				i = len(list)
				at[k] = i
				list = append(list, hole{rendition: c.Rendition, interval: iv})
			}
			list[i].detectors = append(list[i].detectors, c.Detector)
		}
	}
	for i := range list {
		list[i].ofDetector = detectors[list[i].rendition]
	}
	return list
}
