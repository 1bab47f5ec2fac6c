package notify

import (
	"maps"
	"slices"
	"time"

	"aircheck/jobs"
)

// holds tells whether a defect comes so soon after one of its code that it is only counted. One that began beside that one is told with it.
func (n *streamNews) holds(in *incident, quiet time.Duration, now time.Time) bool {
	f := in.Event.Finding
	t := n.Told[f.Code]
	if t == nil || now.Sub(t.Time) >= quiet || f.Severity.Rank() > t.Severity.Rank() || in.Told != "" {
		severity := f.Severity
		if t != nil && t.Time.Equal(now) && t.Severity.Rank() > severity.Rank() {
			severity = t.Severity
		}
		next := &toldCode{Time: now, Severity: severity}
		if t != nil && t.Held > 0 {
			next.Held, next.Last = t.Held, t.Last
			n.due(now.Add(quiet))
		}
		n.Told[f.Code] = next
		return false
	}
	if t.Time.Equal(now) {
		return false
	}
	if t.Held++; in.State == Passed {
		e := in.Event
		t.Last = &e
	}
	n.due(t.Time.Add(quiet))
	return true
}

// released are the defects that were held back for long enough: those that last, or else the last one.
func (n *streamNews) released(quiet time.Duration, now time.Time) []told {
	var list []told
	for _, code := range slices.Sorted(maps.Keys(n.Told)) {
		t := n.Told[code]
		if t.Held == 0 {
			continue
		}
		if at := t.Time.Add(quiet); at.After(now) {
			n.due(at)
			continue
		}
		lasting := n.lasting(code)
		for i := range lasting {
			lasting[i].again, lasting[i].since = max(0, t.Held-len(lasting)), now.Sub(t.Time)
		}
		if len(lasting) == 0 && t.Last == nil {
			*t = toldCode{Time: t.Time, Severity: t.Severity}
			continue
		}
		if len(lasting) == 0 {
			key := t.Last.Check + "/" + jobs.FindingKey(t.Last.Finding)
			lasting = []told{{incident: incident{Event: *t.Last, State: Passed}, key: key, again: t.Held - 1, since: now.Sub(t.Time)}}
		}
		list = append(list, lasting...)
		*t = toldCode{Time: now, Severity: lasting[0].Event.Finding.Severity}
	}
	return list
}

// lasting are the defects of a code that are held back and not over; they count as told from now on.
func (n *streamNews) lasting(code string) []told {
	var list []told
	for _, key := range n.keys() {
		if in := n.Open[key]; in.Held && in.Event.Finding.Code == code {
			in.Held, in.Told = false, in.Event.Finding.Severity
			list = append(list, told{key: key, incident: *in})
		}
	}
	return list
}

// forget drops codes that may be told again at once.
func (n *streamNews) forget(quiet time.Duration, now time.Time) {
	for code, t := range n.Told {
		if t.Held == 0 && now.Sub(t.Time) >= quiet {
			delete(n.Told, code)
		}
	}
}
