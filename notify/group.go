package notify

import (
	"cmp"
	"slices"
	"time"

	"aircheck/jobs"
)

// Bounds of what is kept for a target.
const (
	maxStreams = 20_000
	maxOpen    = 500 // defects of one stream
)

// group is what a target is to be told, or was: by stream. All of it goes through JSON.
type group struct {
	Streams map[string]*streamNews `json:"streams,omitempty"`
	Fleet   troubles               `json:"fleet"`
}

// streamNews is what one target knows of one stream.
type streamNews struct {
	// Due is when the next message is made; nil: nothing waits.
	Due *time.Time `json:"due,omitempty"`
	// Open are the defects that wait or were told, by check and finding.
	Open map[string]*incident `json:"open,omitempty"`
	// Told is when a defect of a code was last told to have opened, and how bad.
	Told map[string]*toldCode `json:"told,omitempty"`
	// Reports wait to be told.
	Reports []jobs.Event `json:"reports,omitempty"`
}

// incident is a finding that has opened and is not over for this target.
type incident struct {
	Event jobs.Event `json:"event"` // the newest
	State State      `json:"state"`
	// Told is the severity at which it was told; empty: not yet. Waits is set while there is something to tell.
	Told  jobs.Severity `json:"told,omitempty"`
	Waits bool          `json:"waits,omitempty"`
	// After is when its end may be told; nil: with the next message.
	After *time.Time `json:"after,omitempty"`
	// Held: it opened too soon after another one of its code, and is told when it lasts.
	Held bool `json:"held,omitempty"`
	// Key is the name under which it was told, when that is another one's whose place it took.
	Key string `json:"key,omitempty"`
}

// toldCode dampens what opens again and again.
type toldCode struct {
	Time     time.Time     `json:"time"`
	Severity jobs.Severity `json:"severity"`
	// Held counts what opened since and was held back, and Last is the newest of it that is over.
	Held int         `json:"held,omitempty"`
	Last *jobs.Event `json:"last,omitempty"`
}

// take notes an event for a target.
func (g *group) take(e *jobs.Event, s *Settings, now time.Time) {
	switch {
	case e.Kind == jobs.EventFinished:
		g.finished(e, s, now)
		return
	case isTrouble(e.Kind):
		if e.Kind == jobs.EventGivenUp {
			g.forget(e)
		}
		g.Fleet.take(e, s, now)
		return
	}
	if e.Finding == nil {
		return
	}
	n := g.stream(e.Stream)
	if n == nil {
		return
	}
	key := e.Check + "/" + jobs.FindingKey(e.Finding)
	in := n.Open[key]
	switch {
	case e.Kind == jobs.EventClosed || e.Kind == jobs.EventWithdrawn:
		if in != nil {
			n.over(key, in, e, s, now)
		}
	case in != nil:
		n.goesOn(key, in, e, s, now)
	case s.wants(e.Stream, e.Finding.Code) && e.Finding.Severity.Rank() >= s.Severity.Rank() && len(n.Open) < maxOpen:
		n.open(key, e, s, now)
	}
}

// open notes a finding that is new. One that takes the place of another that was told and is just being ended goes on under that one's name.
func (n *streamNews) open(key string, e *jobs.Event, s *Settings, now time.Time) {
	in := &incident{Event: *e, State: Opened, Waits: true}
	n.Open[key] = in
	for _, other := range n.keys() {
		if o := n.Open[other]; other != key && o.State.over() && o.Waits && follows(o, in) {
			n.take(in, other)
			break
		}
	}
	if in.Waits {
		n.due(now.Add(*s.Group))
	}
}

// follows tells whether b is what became of a: the same defect in the next hour's check, or a finding that swallowed it.
func follows(a, b *incident) bool {
	x, y := a.Event.Finding, b.Event.Finding
	return x.Code == y.Code && x.Rendition == y.Rendition && (a.State == Withdrawn || a.Event.Check != b.Event.Check)
}

// take lets a finding go on as one that was told.
func (n *streamNews) take(in *incident, other string) {
	o := n.Open[other]
	n.forgetHeld(in)
	if in.Key = o.Key; in.Key == "" {
		in.Key = other
	}
	in.Told, in.Held = o.Told, false
	in.Waits = in.Event.Finding.Severity.Rank() > in.Told.Rank()
	delete(n.Open, other)
}

// goesOn notes news about a finding that is known, also about one whose end was told too early.
func (n *streamNews) goesOn(key string, in *incident, e *jobs.Event, s *Settings, now time.Time) {
	in.Event = *e
	if in.State != Opened {
		in.State, in.Waits = Opened, in.Told == ""
	}
	switch {
	case in.Told == "" && e.Finding.Severity.Rank() < s.Severity.Rank():
		n.forgetHeld(in)
		delete(n.Open, key)
	case n.worse(in):
		in.Waits, in.Held = true, false
		n.due(now.Add(*s.Group))
	}
}

// forgetHeld takes a finding out of the count of those that are held back.
func (n *streamNews) forgetHeld(in *incident) {
	if t := n.Told[in.Event.Finding.Code]; in.Held && t != nil {
		t.Held = max(0, t.Held-1)
	}
}

// worse tells whether a defect is worse than what was told of it, or of the one for which it is held back.
func (n *streamNews) worse(in *incident) bool {
	before := in.Told
	if t := n.Told[in.Event.Finding.Code]; in.Held && t != nil {
		before = t.Severity
	}
	return before != "" && in.Event.Finding.Severity.Rank() > before.Rank()
}

func (g *group) stream(name string) *streamNews {
	if g.Streams == nil {
		g.Streams = map[string]*streamNews{}
	}
	n := g.Streams[name]
	if n == nil && len(g.Streams) < maxStreams {
		n = &streamNews{}
		g.Streams[name] = n
	}
	if n != nil && n.Open == nil {
		n.Open = map[string]*incident{}
	}
	if n != nil && n.Told == nil {
		n.Told = map[string]*toldCode{}
	}
	return n
}

// over notes that a finding is over, unless another one takes its place.
func (n *streamNews) over(key string, in *incident, e *jobs.Event, s *Settings, now time.Time) {
	withdrawn := e.Kind == jobs.EventWithdrawn
	in.Event = *e
	switch {
	case in.Held:
		if withdrawn {
			n.forgetHeld(in)
		} else if t := n.Told[e.Finding.Code]; t != nil {
			t.Last = e
		}
		delete(n.Open, key)
		return
	case in.Told == "" && withdrawn:
		delete(n.Open, key) // nobody has heard of it
		return
	case in.Told == "":
		in.State = Passed
		return
	}
	if in.State = Closed; withdrawn {
		in.State = Withdrawn
	}
	for _, other := range n.keys() {
		if o := n.Open[other]; other != key && o.State == Opened && o.Told == "" && follows(in, o) {
			n.take(o, key)
			if o.Waits {
				n.due(now.Add(*s.Group))
			}
			return
		}
	}
	if s.Resolve != nil && !*s.Resolve {
		if in.Waits && !withdrawn { // that it became worse is still to be told
			in.State = Passed
			return
		}
		delete(n.Open, key)
		return
	}
	in.Waits = true
	due := now.Add(*s.Group)
	if in.After = nil; cutOff(e) {
		due = now.Add(max(*s.Group, seamWithin))
		in.After = &due
	}
	n.due(due)
}

const (
	// seamWithin is how long the end of what goes on to the end of an hour's check waits for the check of the next hour to find it, too.
	seamWithin = 2 * time.Minute
	// seam is how near to the end of a check in seconds a finding ends that may go on in the next one: detectors see an end some frames late.
	seam = 0.5
)

// cutOff tells whether it was the check of a live stream that ended, and not the defect.
func cutOff(e *jobs.Event) bool {
	_, begin, live := jobs.ParseLiveID(e.Check)
	over := begin.Truncate(time.Hour).Add(time.Hour)
	return live && e.Kind == jobs.EventClosed && !e.Time.Before(over) && e.Judged > 0 && float64(e.Finding.End)+seam > float64(e.Judged)
}

// due sees that a message is made at the time given at the latest.
func (n *streamNews) due(at time.Time) {
	if n.Due == nil || at.Before(*n.Due) {
		n.Due = &at
	}
}

// forget drops what is open of a check that was given up: nobody will say that it is over, and nobody knows whether it is.
func (g *group) forget(e *jobs.Event) {
	n := g.Streams[e.Stream]
	if n == nil {
		return
	}
	for key, in := range n.Open {
		if in.Event.Check == e.Check && in.Told != "" && !in.State.over() {
			delete(n.Open, key)
		}
	}
}

// finished closes what nobody closed, and notes a report that is to be told.
func (g *group) finished(e *jobs.Event, s *Settings, now time.Time) {
	if n := g.Streams[e.Stream]; n != nil {
		for key, in := range n.Open {
			if in.Event.Check == e.Check && !in.State.over() && in.State != Passed {
				last := in.Event
				last.Kind, last.Time, last.Judged = jobs.EventClosed, e.Time, e.Judged
				n.over(key, in, &last, s, now)
			}
		}
	}
	_, _, live := jobs.ParseLiveID(e.Check)
	wanted := !live
	if s.Reports != nil {
		wanted = *s.Reports
	}
	if !wanted || !s.wants(e.Stream, "") || verdictRank(e.Verdict) < s.Severity.Rank() {
		return
	}
	if n := g.stream(e.Stream); n != nil && len(n.Reports) < maxOpen {
		n.Reports = append(n.Reports, *e)
		n.due(now)
	}
}

// verdictRank compares a verdict with severities; what could not be analysed is worth a look.
func verdictRank(v jobs.Verdict) int {
	switch v {
	case jobs.VerdictFail:
		return jobs.Fail.Rank()
	case jobs.VerdictIncomplete, jobs.VerdictWarn:
		return jobs.Warn.Rank()
	}
	return 0
}

// messages are those that are due, in the order of the streams' names.
func (g *group) messages(s *Settings, base string, now time.Time) []Message {
	var names []string
	for name, n := range g.Streams {
		if n.Due != nil && !n.Due.After(now) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	list := g.Fleet.messages(base, now)
	for _, name := range names {
		n := g.Streams[name]
		n.Due = nil
		for i := range n.Reports {
			e := &n.Reports[i]
			m := newMessage(e, base, now)
			m.Verdict, m.ID = e.Verdict, e.ID
			m.Severity = severityOf(e.Verdict)
			list = append(list, m)
		}
		n.Reports = nil
		list = append(list, n.messages(s, base, now)...)
		if n.forget(*s.Quiet, now); len(n.Open) == 0 && len(n.Told) == 0 {
			delete(g.Streams, name)
		}
	}
	return list
}

func severityOf(v jobs.Verdict) jobs.Severity {
	switch v {
	case jobs.VerdictFail:
		return jobs.Fail
	case jobs.VerdictIncomplete, jobs.VerdictWarn:
		return jobs.Warn
	}
	return jobs.Info
}

func newMessage(e *jobs.Event, base string, now time.Time) Message {
	m := Message{Time: now.UTC(), Stream: e.Stream, Check: e.Check}
	if base != "" {
		m.URL = base + "/checks/" + e.Check
	}
	return m
}

// messages makes one message of what opened and one of what closed in each check.
func (n *streamNews) messages(s *Settings, base string, now time.Time) []Message {
	var over []told
	opened := n.released(*s.Quiet, now) // first, so that what opens now does not put off what was held back
	for _, key := range n.keys() {
		in := n.Open[key]
		if !in.Waits {
			continue
		}
		if in.State.over() && in.After != nil && in.After.After(now) {
			n.due(*in.After)
			continue
		}
		in.Waits = false
		one := told{key: key, incident: *in}
		if in.Key != "" {
			one.key = in.Key
		}
		if in.State.over() {
			over = append(over, one)
			delete(n.Open, key)
			continue
		}
		if n.holds(in, *s.Quiet, now) {
			if in.Held = true; in.State == Passed {
				delete(n.Open, key)
			}
			continue
		}
		in.Told = in.Event.Finding.Severity
		opened = append(opened, one)
		if in.State == Passed {
			delete(n.Open, key)
		}
	}
	return append(gather(over, base, now), gather(opened, base, now)...)
}

// told is an incident in a message.
type told struct {
	incident
	key   string
	again int
	since time.Duration
}

// keys are those of the incidents, the earliest first.
func (n *streamNews) keys() []string {
	keys := make([]string, 0, len(n.Open))
	for key := range n.Open {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		x, y := n.Open[a].Event.Finding, n.Open[b].Event.Finding
		return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(x.Code, y.Code), cmp.Compare(a, b))
	})
	return keys
}
