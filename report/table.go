package report

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"aircheck/jobs"
)

// minMessage is the narrowest column in which a message can be read; in a narrower one it moves to a line of its own.
const minMessage = 32

// maxRows bounds the findings table: about what fits on a screen. JSON always has all of them.
const maxRows = 50

// header has no word over the messages: they explain themselves, and stand on lines of their own in a narrow terminal.
var header = [...]string{"SEVERITY", "CODE", "WHERE", "START", "END", "VALUE", ""}

// findings writes the table of findings in the report's order; where there are too many, the least severe go first.
func (t *text) findings() {
	all := t.r.grouped()
	list := worstOf(all, maxRows)
	if len(list) == 0 {
		return
	}
	rows := [][]string{slices.Clone(header[:])}
	for i := range list {
		g := &list[i]
		rows = append(rows, []string{
			g.severity(), g.Code, g.where(), Clock(g.Start), Clock(g.End), valueOf(g.Finding), g.explained(),
		})
	}
	widths := columnWidths(rows)
	t.row(rows[0], widths, t.ink.faint)
	for i, f := range list {
		paint := func(s string) string { return t.ink.severity(f.Severity, s) }
		if f.waived != nil {
			paint = t.ink.faint
		}
		t.row(rows[i+1], widths, paint)
	}
	if left := len(all) - len(list); left > 0 {
		fmt.Fprintf(t, "%s\n", t.ink.faint(fmt.Sprintf("… and %s of no greater severity: --format json has all", plural(left, "more finding"))))
	}
	t.WriteByte('\n')
}

// worstOf keeps at most n findings, the most severe ones, in their order.
func worstOf(all []group, n int) []group {
	if len(all) <= n {
		return all
	}
	index := make([]int, len(all))
	for i := range index {
		index[i] = i
	}
	sort.SliceStable(index, func(a, b int) bool { return all[index[a]].weight() > all[index[b]].weight() })
	index = index[:n]
	sort.Ints(index)
	kept := make([]group, n)
	for i, j := range index {
		kept[i] = all[j]
	}
	return kept
}

func whereOf(f jobs.Finding) string {
	if f.Rendition == "" {
		return "stream"
	}
	return f.Rendition
}

func valueOf(f jobs.Finding) string {
	if f.Value == nil {
		return ""
	}
	v := strconv.FormatFloat(float64(*f.Value), 'f', 3, 64)
	v = strings.TrimSuffix(strings.TrimRight(v, "0"), ".")
	return strings.TrimSpace(v + " " + f.Unit)
}

// columnWidths makes every cell printable and measures the columns.
func columnWidths(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i := range row {
			row[i] = Printable(row[i])
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	return widths
}

// row writes one finding; the first cell is painted.
func (t *text) row(cells []string, widths []int, paint func(string) string) {
	last := len(cells) - 1
	line, used := paint(pad(cells[0], widths[0]))+"  ", widths[0]+2
	for i := 1; i < last; i++ {
		line += pad(cells[i], widths[i]) + "  "
		used += widths[i] + 2
	}
	message, left := cells[last], t.width()-used
	if t.o.Width == 0 || left >= minMessage {
		if t.o.Width > 0 {
			message = clip(message, left)
		}
		fmt.Fprintln(t, strings.TrimRight(line+message, " "))
		return
	}
	fmt.Fprintln(t, strings.TrimRight(line, " "))
	if message != "" {
		indent := strings.Repeat(" ", widths[0]+2)
		fmt.Fprintln(t, indent+t.ink.faint(clip(message, t.width()-len(indent))))
	}
}
