package notify

import (
	"slices"
	"strconv"
	"time"
)

// beside is how far apart findings of one code may begin to be one defect: renditions of a ladder differ by a frame or two, packagers by a segment border.
const beside = 1.0

// gather makes a message of each check: what began together under one code is one item.
func gather(list []told, base string, now time.Time) []Message {
	var messages []Message
	for i := range list {
		one := &list[i]
		e := &one.Event
		k := slices.IndexFunc(messages, func(m Message) bool { return m.Check == e.Check })
		if k < 0 {
			m := newMessage(e, base, now)
			m.ID = e.ID + "/" + string(one.State) + "/" + strconv.FormatInt(now.UnixMilli(), 36)
			messages = append(messages, m)
			k = len(messages) - 1
		}
		messages[k].add(one)
	}
	return messages
}

func (m *Message) add(one *told) {
	f := one.Event.Finding
	if f.Severity.Rank() > m.Severity.Rank() {
		m.Severity = f.Severity
	}
	for i := range m.Items {
		it := &m.Items[i]
		if it.State == one.State && it.Finding.Code == f.Code && one.again == 0 && float64(f.Start-it.Finding.Start) <= beside && !slices.Contains(it.Renditions, f.Rendition) {
			it.Renditions, it.Keys = append(it.Renditions, f.Rendition), append(it.Keys, one.key)
			if f.Severity.Rank() > it.Finding.Severity.Rank() {
				it.Finding.Severity = f.Severity
			}
			return
		}
	}
	item := Item{State: one.State, Finding: *f, Worse: one.State == Opened && one.Told != "" && one.again == 0, From: one.Event.From, Keys: []string{one.key}, Again: one.again, Since: one.since}
	if f.Rendition != "" {
		item.Renditions = []string{f.Rendition}
	}
	m.Items = append(m.Items, item)
}
