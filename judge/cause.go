package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// The causes that a finding may have. Where nothing tells, there is none: a guess at three in the morning wakes the wrong person.
const (
	causeSource   = "source"
	causeEncoder  = "encoder"
	causePackager = "packager"
	causeDelivery = "delivery"
)

const (
	// causeSlack is how far apart the same defect may begin and end in two renditions: encoders of other frame rates see it a few frames apart, and coarse ones lose its edges.
	causeSlack jobs.Micros = 500e3
	// causeBorder is how far from a segment's border a defect may begin and be one of the segment: a frame of 24 a second.
	causeBorder jobs.Micros = 42e3
	// maxOpenClusters bounds how many defects of one code may go on at a time; what is beyond is looked at on its own.
	maxOpenClusters = 64
)

// codeCause is what a code tells by itself; empty when it depends.
func codeCause(code string) (cause, evidence string) {
	switch code {
	case "playlist.stale", "playlist.unavailable", "playlist.edge", "segment.missing", "segment.slow", "segment.late", "segment.truncated", "segment.length":
		return causeDelivery, "it did not come from the origin as announced"
	case "ladder.quality_order", "ladder.bandwidth", "ladder.buffer", "playlist.key_frame_interval":
		return causeEncoder, "it is about how the rendition was coded"
	}
	if strings.HasPrefix(code, "playlist.") || strings.HasPrefix(code, "ladder.") && code != "ladder.content_mismatch" {
		return causePackager, "it is about the playlists"
	}
	return "", ""
}

// cluster is one defect as it stands in several renditions.
type cluster struct {
	from, to jobs.Micros
	list     []int // findings
}

// causes says of findings where the fault lies. They are few and looked at once: sorted, then swept.
func (j *Judge) causes(findings []jobs.Finding, renditions []rendition) {
	order := make([]int, 0, len(findings))
	for i := range findings {
		f := &findings[i]
		if f.Cause != "" {
			continue // whoever found it knew
		}
		if f.Cause, f.Evidence = codeCause(f.Code); f.Cause == "" && kindOfCode(f.Code) != "" && f.Rendition != "" {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := &findings[a], &findings[b]
		return cmp.Or(cmp.Compare(x.Code, y.Code), cmp.Compare(x.Start, y.Start), cmp.Compare(x.End, y.End), cmp.Compare(x.Rendition, y.Rendition))
	})
	w := newWitness(j, renditions)
	for len(order) > 0 {
		n := 1
		for n < len(order) && findings[order[n]].Code == findings[order[0]].Code {
			n++
		}
		for _, c := range clusters(findings, order[:n]) {
			w.tell(findings, c)
		}
		order = order[n:]
	}
}

// kindOfCode is of which renditions a defect of the code is.
func kindOfCode(code string) measurement.Kind {
	switch kind := measurement.Kind(kindOf(code)); {
	case kind == measurement.Video || kind == measurement.Audio:
		return kind
	case code == "ladder.content_mismatch":
		return measurement.Video
	}
	return ""
}

// clusters puts findings of one code, in the order of their starts, together that are about the same time.
func clusters(findings []jobs.Finding, order []int) []*cluster {
	var all, open []*cluster
	for _, i := range order {
		from, to := findings[i].Start.Micros(), findings[i].End.Micros()
		open = slices.DeleteFunc(open, func(c *cluster) bool { return c.from+causeSlack < from })
		at := slices.IndexFunc(open, func(c *cluster) bool { return abs(c.to-to) <= causeSlack && !has(findings, c, findings[i].Rendition) })
		if at >= 0 {
			open[at].list = append(open[at].list, i)
			continue
		}
		c := &cluster{from, to, []int{i}}
		all = append(all, c)
		if len(open) < maxOpenClusters {
			open = append(open, c)
		}
	}
	return all
}

func has(findings []jobs.Finding, c *cluster, rendition string) bool {
	return slices.ContainsFunc(c.list, func(i int) bool { return findings[i].Rendition == rendition })
}

// witness knows which renditions a defect could have been seen in.
type witness struct {
	packaged bool
	byKind   map[measurement.Kind][]*rendition
	byID     map[string]*rendition
}

func newWitness(j *Judge, renditions []rendition) *witness {
	w := &witness{packaged: j.check.Timeline.Kind != jobs.SourceFile, byKind: map[measurement.Kind][]*rendition{}, byID: map[string]*rendition{}}
	for i := range renditions {
		t := &renditions[i]
		w.byID[t.ID] = t
		w.byKind[t.s.Kind] = append(w.byKind[t.s.Kind], t)
	}
	return w
}

// tell gives the findings of a cluster their cause, if the other renditions allow one.
func (w *witness) tell(findings []jobs.Finding, c *cluster) {
	own := w.byID[findings[c.list[0]].Rendition]
	if own == nil {
		return
	}
	peers, able := w.byKind[own.s.Kind], true
	if len(peers) < 2 {
		return
	}
	for _, t := range peers {
		able = able && t.analysed(c.from, c.to) && t.Language == own.Language
	}
	code, when := findings[c.list[0]].Code, fmt.Sprintf("from %.3f to %.3f s", c.from.Seconds(), c.to.Seconds())
	kind := string(own.s.Kind)
	switch {
	case len(c.list) == len(peers):
		blame(findings, c, causeSource, fmt.Sprintf("in all %d %s renditions %s", len(peers), kind, when))
	case !able || !w.packaged || code == "ladder.content_mismatch" && !w.bordered(findings, c):
		// The others were not all examined there, or need not show the same.
	case w.bordered(findings, c):
		blame(findings, c, causePackager, fmt.Sprintf("in %d of %d %s renditions %s, exactly from one segment's border to another's", len(c.list), len(peers), kind, when))
	default:
		blame(findings, c, causeEncoder, fmt.Sprintf("in %d of %d %s renditions %s", len(c.list), len(peers), kind, when))
	}
}

func blame(findings []jobs.Finding, c *cluster, cause, evidence string) {
	for _, i := range c.list {
		findings[i].Cause, findings[i].Evidence = cause, evidence
	}
}

// bordered tells whether a defect lasts exactly from one segment's border to another's, in every rendition that has it. The ends of a rendition are no such borders.
func (w *witness) bordered(findings []jobs.Finding, c *cluster) bool {
	for _, i := range c.list {
		t := w.byID[findings[i].Rendition]
		if t == nil || t.q.objectMode() {
			return false
		}
		first, last := t.q.borderAt(findings[i].Start.Micros()), t.q.borderAt(findings[i].End.Micros())
		if first <= 0 || last <= first {
			return false
		}
	}
	return true
}

// borderAt is which of the segments that were measured begins at a time; 0 for none, and for the first.
func (q *sequence) borderAt(t jobs.Micros) int {
	at, _ := slices.BinarySearch(q.Marks.At, t-causeBorder)
	if at < len(q.Marks.At) && q.Marks.At[at] <= t+causeBorder {
		return at
	}
	return 0
}

// analysed tells whether all of a time was seen in a rendition, as far as it goes.
func (t *rendition) analysed(from, to jobs.Micros) bool {
	if from >= t.Duration.Micros() {
		return false
	}
	for _, s := range t.s.Ledger.Spans {
		if shifted(t.shift, s.From) < to && shifted(t.shift, s.To) > from && s.State != jobs.Analysed {
			return false
		}
	}
	return true
}
