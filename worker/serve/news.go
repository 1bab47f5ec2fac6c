package serve

import (
	"math"

	"aircheck/jobs"
)

// told is a finding as it was last told.
type told struct {
	Code      string        `json:"code"`
	Rendition string        `json:"rendition,omitempty"`
	Start     jobs.Seconds  `json:"start"`
	N         int           `json:"n,omitempty"` // of several that are alike so far
	End       jobs.Seconds  `json:"end"`
	Severity  jobs.Severity `json:"severity"`
	Open      bool          `json:"open,omitempty"`
	Message   string        `json:"message,omitempty"`
}

// identity is what stays of a finding as long as it goes on.
type identity struct {
	code, rendition string
	start           jobs.Seconds
	n               int
}

func (t *told) identity() identity { return identity{t.Code, t.Rendition, t.Start, t.N} }

// change is something to tell about a finding.
type change struct {
	kind    jobs.EventKind
	finding jobs.Finding
}

const (
	// edgeSlack is how near to the end of what was judged a finding counts as open: detectors see an end some frames later.
	edgeSlack = 0.5
	// growth by which a finding is told again: an hour of black is told eleven times, and not with every window.
	toldAgain = 2
	// leastGrowth in seconds keeps short findings from being told again.
	leastGrowth = 5
)

// compare tells what is new in findings against what was told. edge is how far a rendition was judged. What waits for a picture stays as it was told.
func compare(before []told, findings []jobs.Finding, edge func(rendition string) jobs.Seconds, pictures *unseen) (after []told, news []change) {
	known := make(map[identity]*told, len(before))
	for i := range before {
		known[before[i].identity()] = &before[i]
	}
	seen := make(map[identity]bool, len(findings))
	alike := map[identity]int{}
	for i := range findings {
		f := &findings[i]
		id := identity{code: f.Code, rendition: f.Rendition, start: f.Start}
		n := alike[id]
		alike[id]++
		id.n = n
		seen[id] = true
		if pictures.waits(f) {
			if was := known[id]; was != nil {
				after = append(after, *was)
			}
			continue
		}
		open := float64(f.End)+edgeSlack > float64(edge(f.Rendition))
		now := told{Code: f.Code, Rendition: f.Rendition, Start: f.Start, N: n, End: f.End, Severity: f.Severity, Open: open, Message: f.Message}
		news = append(news, now.against(known[id], f)...)
		after = append(after, now)
	}
	for i := range before {
		if t := &before[i]; !seen[t.identity()] {
			news = append(news, change{jobs.EventWithdrawn, jobs.Finding{
				Code: t.Code, Severity: t.Severity, Rendition: t.Rendition, Start: t.Start, End: t.End, Confidence: 1, Message: t.Message,
			}})
		}
	}
	return after, news
}

// against compares a finding with what was told of it; nil when nothing was. What is not told again keeps the length that was told.
func (t *told) against(was *told, f *jobs.Finding) (news []change) {
	switch {
	case was == nil:
		news = append(news, change{jobs.EventOpened, *f})
	case t.Severity != was.Severity, t.grown(was):
		news = append(news, change{jobs.EventUpdated, *f})
	case t.Open && !was.Open: // it went on after all
		news = append(news, change{jobs.EventUpdated, *f})
	default:
		if t.Open {
			t.End = was.End
		}
	}
	if !t.Open && (was == nil || was.Open) {
		news = append(news, change{jobs.EventClosed, *f})
	}
	return news
}

func (t *told) grown(was *told) bool {
	if !t.Open {
		return false // that it is closed is told anyway
	}
	length, before := float64(t.End-t.Start), float64(was.End-was.Start)
	return length >= toldAgain*before && length-before >= leastGrowth
}

// settled leaves out what is said about the end of a check that has not come yet: rows never grow evenly, so in a live stream the sound always ends before
// or after the picture. How they begin stays the same whatever comes, and is told.
func settled(findings []jobs.Finding, over bool) []jobs.Finding {
	if over {
		return findings
	}
	kept := make([]jobs.Finding, 0, len(findings))
	for _, f := range findings {
		if f.Code != "sync.start_skew" || f.Start == 0 {
			kept = append(kept, f)
		}
	}
	return kept
}

// beyond is the edge of a check that is over.
func beyond(string) jobs.Seconds { return jobs.Seconds(math.Inf(1)) }
