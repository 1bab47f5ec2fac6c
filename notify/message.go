package notify

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"aircheck/jobs"
)

// Message is what a target is told at once: what opened and closed in one stream, the report of a check, or what is the matter with the fleet, of any number of streams.
type Message struct {
	// ID is the same however often the message is sent: whoever receives it twice may leave one out.
	ID   string    `json:"id"`
	Time time.Time `json:"time"` // when it was made
	// Stream and Check are those of the first item, where each item has its own.
	Stream string `json:"stream"`
	Check  string `json:"check"`
	// Severity is the worst of what opened, or else of what closed.
	Severity jobs.Severity `json:"severity"`
	Items    []Item        `json:"items,omitempty"`
	// Verdict is set in the message about a report.
	Verdict jobs.Verdict `json:"verdict,omitempty"`
	// Trouble is set in messages about the fleet: silent, heard or given_up.
	Trouble jobs.EventKind `json:"trouble,omitempty"`
	// URL is the page of the check; empty without a base_url.
	URL string `json:"url,omitempty"`
	// Test is set in what `aircheck notify test` sends.
	Test bool `json:"test,omitempty"`
}

// Item is one defect in a message: the findings of one code that began together, in all renditions.
type Item struct {
	State State `json:"state"`
	// Stream and Check are set in messages about the fleet.
	Stream     string       `json:"stream,omitempty"`
	Check      string       `json:"check,omitempty"`
	Finding    jobs.Finding `json:"finding"` // that of the first rendition
	Renditions []string     `json:"renditions,omitempty"`
	From       *time.Time   `json:"from,omitempty"` // by the stream's own clock
	// Keys name the findings, one a rendition: check, code, rendition and start. They are the same in the items that close them.
	Keys  []string      `json:"keys"`
	Again int           `json:"again,omitempty"`
	Since time.Duration `json:"since,omitempty"` // within which it came Again times
	// Worse: it was told before, at a milder severity.
	Worse bool `json:"worse,omitempty"`
}

// State is what a message says of a defect.
type State string

// The states.
const (
	Opened    State = "opened"
	Closed    State = "closed"
	Withdrawn State = "withdrawn" // it turned out to be none
	Passed    State = "passed"    // it opened and closed before it was told
	GivenUp   State = "given_up"  // the check will have no report
)

// over tells whether nothing is left to be done about it.
func (s State) over() bool { return s == Closed || s == Withdrawn }

// maxLines bounds what people are shown of a message.
const maxLines = 20

// maxText bounds each text from outside in a message.
const maxText = 500

// Title is the message in a line: "FAIL news: video.black in v0, v1".
func (m *Message) Title() string {
	test := ""
	if m.Test {
		test = "[test] "
	}
	if m.Verdict != "" {
		return test + fmt.Sprintf("%s %s: the check is finished", strings.ToUpper(string(m.Verdict)), plain(m.Stream))
	}
	word := strings.ToUpper(string(m.Severity))
	if m.resolved() {
		word = "OVER"
	}
	if m.Trouble != "" {
		streams := plain(m.Stream)
		if n := len(m.Items); n > 1 {
			streams = fmt.Sprintf("%d streams", n)
		}
		return test + fmt.Sprintf("%s %s: %s", word, streams, troubleTitle(m.Trouble, len(m.Items)))
	}
	var codes []string
	for i := range m.Items {
		if code := m.Items[i].Finding.Code; !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	const named = 3
	what := strings.Join(codes[:min(len(codes), named)], ", ")
	if len(codes) > named {
		what += fmt.Sprintf(" and %d more", len(codes)-named)
	}
	return test + fmt.Sprintf("%s %s: %s", word, plain(m.Stream), plain(what))
}

// resolved tells whether everything in the message is over.
func (m *Message) resolved() bool {
	return len(m.Items) > 0 && !slices.ContainsFunc(m.Items, func(i Item) bool { return !i.State.over() })
}

// Lines are the items for people, a line each; what is too much for them is counted.
func (m *Message) Lines() []string {
	var lines []string
	for i := range m.Items[:min(len(m.Items), maxLines)] {
		lines = append(lines, m.Items[i].line())
	}
	if more := len(m.Items) - maxLines; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return lines
}

func (i *Item) line() string {
	f := &i.Finding
	if i.Stream != "" {
		return plain(i.Stream) + ": " + plain(f.Message)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %s", i.State, f.Severity, plain(f.Code))
	if len(i.Renditions) > 0 {
		b.WriteString(" in " + plain(strings.Join(i.Renditions, ", ")))
	}
	if i.From != nil {
		b.WriteString(" from " + i.From.UTC().Format("2006-01-02 15:04:05.0") + " UTC")
	} else {
		fmt.Fprintf(&b, " at %.1f s", float64(f.Start))
	}
	if i.State != Withdrawn {
		fmt.Fprintf(&b, " for %.1f s", float64(f.End-f.Start))
	}
	if i.Again > 0 {
		fmt.Fprintf(&b, ", %d more times within %s", i.Again, i.Since.Round(time.Second))
	}
	if f.Message != "" {
		b.WriteString(": " + plain(f.Message))
	}
	if f.Cause != "" {
		b.WriteString(" (" + plain(f.Cause) + ")")
	}
	return b.String()
}

// plain makes a text from outside safe for a line: no control characters, nothing that turns the direction of what follows, and not without an end.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
			return ' '
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x061c, r == 0xfeff:
			return -1 // bidirectional controls
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	if runes := []rune(s); len(runes) > maxText {
		return string(runes[:maxText-1]) + "…"
	}
	return s
}

// Sample is what a test sends: a defect that opens, and its end.
func Sample(now time.Time, base string) []Message {
	from := now.Add(-4 * time.Second)
	value, threshold := jobs.Number(2.4), jobs.Number(2)
	f := jobs.Finding{
		Code: "video.black", Severity: jobs.Fail, Rendition: "v0", Start: 12, End: 14.4, Value: &value, Threshold: &threshold, Unit: "s", Confidence: 1,
		Message: "the picture is black for 2.40 s",
	}
	id := "test-" + strconv.FormatInt(now.UnixMilli(), 36)
	item := Item{State: Opened, Finding: f, Renditions: []string{"v0"}, From: &from, Keys: []string{id + "/" + jobs.FindingKey(&f)}}
	opened := Message{ID: id + "/opened", Time: now, Stream: "aircheck-test", Check: id, Severity: jobs.Fail, Items: []Item{item}, URL: base, Test: true}
	closed := opened
	item.State = Closed
	closed.ID, closed.Items = id+"/closed", []Item{item}
	return []Message{opened, closed}
}
