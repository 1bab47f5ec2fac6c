package page

import (
	"html/template"
	"math"
	"time"

	"aircheck/jobs"
	"aircheck/report"
)

// model is a check as the script gets it. Texts stand once, and elsewhere as their place in Texts: thousands of findings say the same few things.
type model struct {
	ID        string         `json:"id"`
	Duration  jobs.Seconds   `json:"duration"`
	Texts     []string       `json:"texts"`
	Groups    []modelGroup   `json:"groups"`
	Findings  []modelFinding `json:"findings"`
	Waivers   []modelWaiver  `json:"waivers,omitempty"`
	Curves    []modelCurves  `json:"curves,omitempty"`
	Limits    []modelLimit   `json:"limits,omitempty"`
	Strip     *modelStrip    `json:"strip,omitempty"`
	Markers   []modelMarker  `json:"markers,omitempty"`
	Live      bool           `json:"live,omitempty"`
	Events    template.URL   `json:"events,omitempty"`
	HLS       template.URL   `json:"hls,omitempty"`
	interned  map[string]int
	waiverFor map[string]int
}

type modelGroup struct {
	Rendition string      `json:"rendition"`
	Lanes     []modelLane `json:"lanes"`
}

type modelLane struct {
	Kind    string `json:"kind"`
	Label   int    `json:"label"`
	Covered bool   `json:"covered,omitempty"`
	// Until is where what is known of the lane ends.
	Until    jobs.Seconds `json:"until,omitempty"`
	Findings []int        `json:"findings,omitempty"`
	Holes    []modelHole  `json:"holes,omitempty"`
}

// modelHole is start, end, state and reason.
type modelHole [4]any

type modelFinding struct {
	Key        string       `json:"k"`
	Code       int          `json:"c"`
	Severity   int          `json:"s"` // its rank
	Rendition  int          `json:"r"`
	Start      jobs.Seconds `json:"b"`
	End        jobs.Seconds `json:"e"`
	Number     *jobs.Number `json:"n,omitempty"` // to sort by
	Value      int          `json:"v,omitempty"`
	Threshold  int          `json:"t,omitempty"`
	Confidence jobs.Number  `json:"p"`
	Message    int          `json:"m"`
	Cause      int          `json:"x,omitempty"`
	Evidence   int          `json:"y,omitempty"`
	Profile    int          `json:"q,omitempty"`
	Waiver     int          `json:"w,omitempty"` // place in Waivers, from 1
}

type modelWaiver struct {
	Reason  string `json:"reason"`
	Person  string `json:"person"`
	Expires string `json:"expires,omitempty"`
}

type modelStrip struct {
	Step    jobs.Seconds   `json:"step"`
	Count   int            `json:"count"`
	Width   int            `json:"width"`
	Height  int            `json:"height"`
	Columns int            `json:"columns"`
	Rows    int            `json:"rows"`
	Sheets  []template.URL `json:"sheets"`
}

type modelMarker struct {
	Start jobs.Seconds `json:"b"`
	End   jobs.Seconds `json:"e"`
	Kind  int          `json:"c"`
	Text  int          `json:"m"`
}

// modelLimit is a line in a curve.
type modelLimit struct {
	Curve string      `json:"curve"`
	Value jobs.Number `json:"value"`
	Label string      `json:"label"`
}

// text gives the place of a text, made printable. Place 0 is the empty one.
func (m *model) text(s string) int {
	i, ok := m.interned[s]
	if !ok {
		i = len(m.Texts)
		m.Texts = append(m.Texts, report.Printable(s))
		m.interned[s] = i
	}
	return i
}

func newModel(r *report.Report, groups []group, waivers map[string]jobs.Waiver) *model {
	m := &model{
		ID: report.Printable(r.Check.ID), Duration: duration(r), interned: map[string]int{}, waiverFor: map[string]int{},
		Findings: []modelFinding{}, Groups: []modelGroup{},
	}
	m.text("")
	for i := range r.Findings {
		m.Findings = append(m.Findings, m.finding(&r.Findings[i], waivers))
	}
	for i := range groups {
		m.Groups = append(m.Groups, m.group(&groups[i]))
	}
	for _, k := range r.Summary.Markers {
		m.Markers = append(m.Markers, modelMarker{k.Start, k.End, m.text(k.Kind), m.text(k.Text)})
	}
	return m
}

// duration is that of the report, or how far its findings go where it has none.
func duration(r *report.Report) jobs.Seconds {
	length := r.Duration
	for i := range r.Findings {
		if end := r.Findings[i].End; end > length && !math.IsInf(float64(end), 0) {
			length = end
		}
	}
	return length
}

func (m *model) finding(f *jobs.Finding, waivers map[string]jobs.Waiver) modelFinding {
	key := jobs.FindingKey(f)
	return modelFinding{
		Key: key, Code: m.text(f.Code), Severity: f.Severity.Rank(), Rendition: m.text(f.Rendition),
		Start: f.Start, End: f.End, Number: f.Value, Value: m.text(report.ValueOf(*f)), Threshold: m.text(limitOf(*f)),
		Confidence: f.Confidence, Message: m.text(f.Message), Cause: m.text(f.Cause), Evidence: m.text(f.Evidence),
		Profile: m.text(f.Profile), Waiver: m.waiver(key, waivers),
	}
}

// waiver gives the place of the waiver of a finding, from 1; 0 is none.
func (m *model) waiver(key string, waivers map[string]jobs.Waiver) int {
	w, ok := waivers[key]
	if !ok {
		return 0
	}
	if i := m.waiverFor[w.ID]; i > 0 {
		return i
	}
	m.Waivers = append(m.Waivers, modelWaiver{report.Printable(w.Reason), report.Printable(w.Person), expiry(&w)})
	m.waiverFor[w.ID] = len(m.Waivers)
	return len(m.Waivers)
}

// expiry is the last day of a waiver; empty when it has none.
func expiry(w *jobs.Waiver) string {
	if w.Expires == nil {
		return ""
	}
	return w.Expires.Add(-time.Nanosecond).UTC().Format("2006-01-02") // it ends at the midnight after that day
}

func (m *model) group(g *group) modelGroup {
	out := modelGroup{Rendition: g.Rendition, Lanes: []modelLane{}}
	for _, l := range g.Lanes {
		lane := modelLane{Kind: l.Kind, Label: m.text(l.Label), Covered: l.Covered, Until: l.Until, Findings: l.Findings}
		for _, h := range l.Holes {
			lane.Holes = append(lane.Holes, modelHole{h.Start, h.End, string(h.State), m.text(h.Reason)})
		}
		out.Lanes = append(out.Lanes, lane)
	}
	return out
}
