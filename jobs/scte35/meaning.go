package scte35

import (
	"fmt"
	"strconv"
	"time"
)

// Edge says what a section means for what is shown.
type Edge string

// The edges. A section may have none: a heartbeat, a cancellation, a command of its own kind.
const (
	Begin Edge = "begin"
	End   Edge = "end"
)

// Meaning is one thing that a section announces, in the words of jobs.Marker.
type Meaning struct {
	Kind string // "break", "programme", "chapter", "other"
	Edge Edge   // empty when it is neither
	// ID tells events of one stream apart; empty when the section has none.
	ID string
	// Cancels: the event of that ID does not take place.
	Cancels bool
	// Duration of what begins; negative when the section does not say.
	Duration time.Duration
	// Text is a short description: "splice_insert out, 30 s".
	Text string
}

// segmentationType is one row of SCTE 35 table 23.
type segmentationType struct {
	kind string
	edge Edge
	name string
}

// typeOf looks a segmentation_type_id up.
func typeOf(id uint8) segmentationType {
	switch id {
	case 0x10:
		return segmentationType{"programme", Begin, "programme start"}
	case 0x11:
		return segmentationType{"programme", End, "programme end"}
	case 0x12:
		return segmentationType{"programme", End, "programme early termination"}
	case 0x13:
		return segmentationType{"break", Begin, "programme breakaway"}
	case 0x14:
		return segmentationType{"break", End, "programme resumption"}
	case 0x17:
		return segmentationType{"programme", Begin, "programme overlap start"}
	case 0x19:
		return segmentationType{"programme", Begin, "programme join"}
	case 0x20:
		return segmentationType{"chapter", Begin, "chapter start"}
	case 0x21:
		return segmentationType{"chapter", End, "chapter end"}
	case 0x22:
		return segmentationType{"break", Begin, "break start"}
	case 0x23:
		return segmentationType{"break", End, "break end"}
	}
	return pairedType(id)
}

// pairedType are the types that come in pairs: even ids begin, odd ones end.
func pairedType(id uint8) segmentationType {
	kind, name := "break", ""
	switch id &^ 1 {
	case 0x24:
		kind, name = "chapter", "opening credit"
	case 0x26:
		kind, name = "chapter", "closing credit"
	case 0x30:
		name = "provider advertisement"
	case 0x32:
		name = "distributor advertisement"
	case 0x34:
		name = "provider placement opportunity"
	case 0x36:
		name = "distributor placement opportunity"
	case 0x38:
		kind, name = "other", "provider overlay placement opportunity"
	case 0x3a:
		kind, name = "other", "distributor overlay placement opportunity"
	case 0x3c:
		name = "provider promo"
	case 0x3e:
		name = "distributor promo"
	case 0x40:
		kind, name = "other", "unscheduled event"
	case 0x42:
		kind, name = "other", "alternate content opportunity"
	case 0x44:
		name = "provider ad block"
	case 0x46:
		name = "distributor ad block"
	case 0x50:
		kind, name = "other", "network"
	default:
		return segmentationType{"other", "", fmt.Sprintf("segmentation type 0x%02x", id)}
	}
	if id&1 == 0 {
		return segmentationType{kind, Begin, name + " start"}
	}
	return segmentationType{kind, End, name + " end"}
}

// Meanings are what a section announces, at least one: a splice_insert one thing, a time_signal one for each of its segmentation descriptors, because the end of
// a break and the beginning of a programme are often one message.
func (s *Section) Meanings() []Meaning {
	name := s.Command.String()
	switch {
	case s.Encrypted:
		return []Meaning{{Kind: "other", Duration: -1, Text: "encrypted " + name}}
	case s.Command == SpliceInsert:
		return []Meaning{s.Insert.meaning()}
	case len(s.Segmentations) == 0:
		return []Meaning{{Kind: "other", Duration: -1, Text: name}}
	}
	list := make([]Meaning, len(s.Segmentations))
	for i := range s.Segmentations {
		list[i] = s.Segmentations[i].meaning()
		list[i].Text = name + " " + list[i].Text
	}
	return list
}

func (d *Segmentation) meaning() Meaning {
	m := Meaning{Kind: "other", ID: strconv.FormatUint(uint64(d.EventID), 10), Duration: -1}
	if d.Cancel {
		m.Cancels, m.Text = true, "cancels event "+m.ID
		return m
	}
	t := typeOf(d.Type)
	m.Kind, m.Edge, m.Text = t.kind, t.edge, t.name+seconds(d.Duration.Duration(), d.Timed)
	if d.Timed {
		m.Duration = d.Duration.Duration()
	}
	return m
}

func (i *Insert) meaning() Meaning {
	m := Meaning{Kind: "break", Edge: End, ID: strconv.FormatUint(uint64(i.EventID), 10), Duration: -1, Text: "splice_insert in"}
	switch {
	case i.Cancel:
		m.Kind, m.Edge, m.Cancels, m.Text = "other", "", true, "splice_insert cancels event "+m.ID
	case i.Out:
		m.Edge, m.Text = Begin, "splice_insert out"+seconds(i.Break.Duration(), i.Breaks)
		if i.Breaks {
			m.Duration = i.Break.Duration()
		}
	}
	return m
}

// seconds is ", 30 s" where there is a length.
func seconds(d time.Duration, there bool) string {
	if !there {
		return ""
	}
	return fmt.Sprintf(", %.6g s", d.Seconds())
}
