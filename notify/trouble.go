package notify

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"aircheck/jobs"
)

const (
	// troubleGroup is how long troubles are collected: streams that fall silent together do so as far apart as their windows are long.
	troubleGroup = 30 * time.Second
	// maxTroubles bounds the items of a message, and maxWaiting those that wait: they are part of the state of each target.
	maxTroubles = 500
	maxWaiting  = 5000
)

// The codes under which troubles stand in messages. No report has them: they are about the fleet.
const (
	codeSilent  = "stream.silent"
	codeGivenUp = "check.given_up"
)

// troubles are what a target is to be told, or was, of the fleet itself: streams of which nothing is heard, and checks that were given up. One cause, as workers that are gone, strikes many
// streams at once, so what comes together is one message, whatever the streams. All of it goes through JSON.
type troubles struct {
	Due   *time.Time   `json:"due,omitempty"`
	Waits []jobs.Event `json:"waits,omitempty"`
	// Silent are the streams that were told to be silent.
	Silent map[string]bool `json:"silent,omitempty"`
}

func isTrouble(k jobs.EventKind) bool {
	return k == jobs.EventSilent || k == jobs.EventHeard || k == jobs.EventGivenUp
}

// take notes an event. Codes choose among findings; that nobody looks for them is told to all who hear of the stream.
func (t *troubles) take(e *jobs.Event, s *Settings, now time.Time) {
	if !fits(s.Streams, e.Stream) {
		return
	}
	opposite := slices.IndexFunc(t.Waits, func(o jobs.Event) bool {
		return o.Stream == e.Stream && (o.Kind == jobs.EventSilent && e.Kind == jobs.EventHeard || o.Kind == jobs.EventHeard && e.Kind == jobs.EventSilent)
	})
	switch {
	case opposite >= 0: // nobody has heard of the first, so the second is none
		t.Waits = slices.Delete(t.Waits, opposite, opposite+1)
		return
	case e.Kind == jobs.EventHeard && !t.Silent[e.Stream]:
		return
	case e.Kind == jobs.EventHeard && s.Resolve != nil && !*s.Resolve:
		delete(t.Silent, e.Stream)
		return
	case len(t.Waits) >= maxWaiting:
		return
	}
	t.Waits = append(t.Waits, *e)
	if t.Due == nil {
		due := now.Add(max(troubleGroup, *s.Group))
		t.Due = &due
	}
}

// messages are those that are due, what opens first.
func (t *troubles) messages(base string, now time.Time) []Message {
	if t.Due == nil || t.Due.After(now) {
		return nil
	}
	byKind := map[jobs.EventKind][]jobs.Event{}
	for _, e := range t.Waits {
		byKind[e.Kind] = append(byKind[e.Kind], e)
		switch e.Kind {
		case jobs.EventSilent:
			if t.Silent == nil {
				t.Silent = map[string]bool{}
			}
			t.Silent[e.Stream] = true
		case jobs.EventHeard:
			delete(t.Silent, e.Stream)
		default:
		}
	}
	t.Due, t.Waits = nil, nil
	var list []Message
	for _, kind := range slices.Backward(slices.Sorted(maps.Keys(byKind))) { // silent, heard, given_up
		events := byKind[kind]
		slices.SortStableFunc(events, func(a, b jobs.Event) int { return cmp.Compare(a.Stream, b.Stream) })
		for part := range slices.Chunk(events, maxTroubles) {
			list = append(list, troubleMessage(kind, part, base, now))
		}
	}
	return list
}

func troubleMessage(kind jobs.EventKind, events []jobs.Event, base string, now time.Time) Message {
	first := &events[0]
	m := Message{
		ID: first.ID + "/" + string(kind) + "/" + strconv.FormatInt(now.UnixMilli(), 36), Time: now.UTC(), Stream: first.Stream, Check: first.Check, Severity: jobs.Fail, Trouble: kind, URL: base,
	}
	if base != "" && len(events) == 1 {
		m.URL = base + "/checks/" + first.Check
		if kind != jobs.EventGivenUp {
			m.URL = base + "/streams/" + first.Stream
		}
	}
	for i := range events {
		m.Items = append(m.Items, troubleItem(&events[i]))
	}
	return m
}

func troubleItem(e *jobs.Event) Item {
	it := Item{State: Opened, Stream: e.Stream, Check: e.Check, From: e.From, Finding: jobs.Finding{Code: codeSilent, Severity: jobs.Fail, Confidence: 1, Message: e.Message}}
	switch e.Kind {
	case jobs.EventGivenUp:
		it.State, it.Finding.Code = GivenUp, codeGivenUp
	case jobs.EventHeard:
		it.State = Closed
	default:
	}
	it.Keys = []string{e.Check + "/" + it.Finding.Code}
	return it
}

// troubleTitle is what a message about the fleet says in a line, without its streams.
func troubleTitle(kind jobs.EventKind, n int) string {
	switch kind {
	case jobs.EventSilent:
		return "nothing is judged any more"
	case jobs.EventGivenUp:
		if n > 1 {
			return "their checks were given up"
		}
		return "the check was given up"
	default:
		return "no longer silent"
	}
}
