package report

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"aircheck/jobs"
)

const (
	// maxEvents is how many events an edit decision list can number (CMX 3600 has three digits). The others keep to it, too: nobody steps through more markers by hand.
	maxEvents = 999
	// maxMarkerText bounds the comment of a marker, in characters.
	maxMarkerText = 240
)

// mark is a marker on an editor's timeline: findings that differ in their rendition alone are one.
type mark struct {
	severity      jobs.Severity
	kind          byte // 'v', 'a', or 0 for the whole stream
	frames        int64
	name, comment string
	in, out       string // timecodes; out is that of the first frame behind
	next          string // timecode of the frame after the first
	length        string // frames as a timecode
}

// marks writes findings as an editor's markers.
func (r *Report) marks(w io.Writer, f Format, timecode string) error {
	rate := r.rate()
	list, left, err := r.markList(rate, firstTimecode(f, timecode))
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	switch f {
	case FormatEDL:
		r.edl(b, rate, list, left)
	case FormatAvid:
		avid(b, list)
	default:
		err = premiere(b, list)
	}
	if flush := b.Flush(); err == nil {
		err = flush
	}
	if err != nil {
		return fmt.Errorf("write markers: %w", err)
	}
	return nil
}

// firstTimecode is what the program's timelines begin with unless somebody says otherwise: Resolve and Media Composer at one hour, Premiere at zero.
func firstTimecode(f Format, timecode string) string {
	switch {
	case timecode != "":
		return timecode
	case f == FormatPremiere:
		return "00:00:00:00"
	}
	return "01:00:00:00"
}

// markList turns findings into markers in the order of time. Of more than maxEvents the worst stay, and left says how many went.
func (r *Report) markList(rate pictureRate, timecode string) (list []mark, left int, err error) {
	fields, err := ParseTimecode(timecode)
	if err != nil {
		return nil, 0, err
	}
	first := rate.count(fields[0], fields[1], fields[2], fields[3])
	groups := r.grouped()
	if left = len(groups) - maxEvents; left > 0 {
		groups = worst(groups, maxEvents)
	}
	for i := range groups {
		list = append(list, groups[i].mark(rate, first))
	}
	return list, max(left, 0), nil
}

// worst keeps n groups, those of the highest severity and of them the first, in their order.
func worst(groups []group, n int) []group {
	order := make([]int, len(groups))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return groups[b].weight() - groups[a].weight() })
	order = order[:n]
	slices.Sort(order)
	kept := make([]group, n)
	for i, at := range order {
		kept[i] = groups[at]
	}
	return kept
}

func (g *group) mark(rate pictureRate, first int64) mark {
	at := first + rate.frame(g.Start)
	m := mark{severity: g.Severity, frames: rate.length(g.Start, g.End)}
	if g.Rendition != "" {
		m.kind = g.Rendition[0]
	}
	m.in, m.next, m.out, m.length = rate.timecode(at), rate.timecode(at+1), rate.timecode(at+m.frames), rate.timecode(m.frames)
	m.name = markText(g.Code)
	m.comment = markText(fmt.Sprintf("%s %s: %s", g.severity(), g.where(), g.explained()))
	return m
}

// markText leaves nothing in a text that a line of markers is made of: no line breaks, tabs or bars.
func markText(s string) string {
	s = strings.ReplaceAll(Printable(s), "|", "/")
	if utf8.RuneCountInString(s) > maxMarkerText {
		s = clip(s, maxMarkerText)
	}
	return s
}

// edl writes an edit decision list (CMX 3600) as DaVinci Resolve exports and imports the markers of a timeline ("Timelines > Import > Timeline Markers from EDL"): an event of
// one frame, and under it the note, then |C: the colour, |M: the name and |D: the length in frames. A note that begins with a digit would read as an event; ours begin with the severity.
func (r *Report) edl(b *bufio.Writer, rate pictureRate, list []mark, left int) {
	title := "aircheck " + Printable(r.Check.Input)
	if left > 0 {
		title = fmt.Sprintf("aircheck, without %d lesser markers: %s", left, Printable(r.Check.Input))
	}
	mode := "NON-DROP FRAME"
	if rate.drop() {
		mode = "DROP FRAME"
	}
	fmt.Fprintf(b, "TITLE: %s\nFCM: %s\n", clip(title, maxMarkerText), mode)
	for i, m := range list {
		fmt.Fprintf(b, "\n%03d  001      V     C        %s %s %s %s\n", i+1, m.in, m.next, m.in, m.next)
		fmt.Fprintf(b, "%s |C:%s |M:%s |D:%d\n", m.comment, resolveColour(m.severity), m.name, m.frames)
	}
}

func resolveColour(s jobs.Severity) string {
	switch s {
	case jobs.Fail:
		return "ResolveColorRed"
	case jobs.Warn:
		return "ResolveColorYellow"
	}
	return "ResolveColorBlue"
}

// avid writes the marker list of Media Composer as its Markers window exports and imports it: user, timecode, track, colour, comment, length in frames, an empty field and the
// colour again, separated by tabs. What concerns the whole stream stands on the timecode track.
func avid(b *bufio.Writer, list []mark) {
	for _, m := range list {
		track := "TC1"
		switch m.kind {
		case 'v':
			track = "V1"
		case 'a':
			track = "A1"
		}
		colour := avidColour(m.severity)
		fmt.Fprintf(b, "aircheck\t%s\t%s\t%s\t%s\t%d\t\t%s\n", m.in, track, colour, markText(m.name+" "+m.comment), m.frames, colour)
	}
}

func avidColour(s jobs.Severity) string {
	switch s {
	case jobs.Fail:
		return "red"
	case jobs.Warn:
		return "yellow"
	}
	return "blue"
}

// premiere writes the columns that Premiere Pro gives a sequence's markers ("File > Export > Markers", as comma-separated values), which is what the panels that import
// markers take. Out is the first frame behind.
func premiere(w io.Writer, list []mark) error {
	rows := [][]string{{"Marker Name", "Description", "In", "Out", "Duration", "Marker Type"}}
	for _, m := range list {
		rows = append(rows, []string{inert(m.name), inert(m.comment), m.in, m.out, m.length, "Comment"})
	}
	return csv.NewWriter(w).WriteAll(rows)
}
