package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"aircheck/jobs"
)

// The cells of a timeline bar. Height is severity; shade is what was not analysed.
const (
	cellClean   = '▁'
	cellInfo    = '▃'
	cellWarn    = '▅'
	cellFail    = '█'
	cellFailed  = '░'
	cellSkipped = '·'
	cellPending = ' '
)

// timelines draws one bar a rendition, and one for findings about the whole stream where there are any.
func (t *text) timelines() {
	if t.r.Duration <= 0 {
		return
	}
	labels, widest := t.labels()
	columns := max(t.width()-widest-2, 20)
	for i, rd := range t.r.Renditions {
		t.bar(pad(labels[i], widest), t.cells(rd.ID, columns))
	}
	if t.hasStreamFindings() {
		t.bar(pad("stream", widest), t.cells("", columns))
	}
	if len(t.r.Renditions) > 0 || t.hasStreamFindings() {
		t.axis(widest+2, columns)
	}
}

func (t *text) labels() (labels []string, widest int) {
	labels = make([]string, len(t.r.Renditions))
	for i, rd := range t.r.Renditions {
		labels[i] = clip(describe(rd), t.width()/2)
		widest = max(widest, utf8.RuneCountInString(labels[i]))
	}
	return labels, max(widest, len("stream"))
}

// describe names a rendition in a few words: "v0 h264 640×360 25 fps".
func describe(rd jobs.Rendition) string {
	parts := []string{rd.ID, rd.Codec}
	if rd.Width > 0 {
		parts = append(parts, fmt.Sprintf("%d×%d", rd.Width, rd.Height))
	}
	parts = append(parts, frameRate(rd.FrameRate))
	if rd.SampleRate > 0 {
		parts = append(parts, strconv.FormatFloat(float64(rd.SampleRate)/1000, 'f', -1, 64)+" kHz")
	}
	if rd.Layout != "" {
		parts = append(parts, rd.Layout)
	} else if rd.Channels > 0 {
		parts = append(parts, plural(rd.Channels, "channel"))
	}
	parts = append(parts, rd.Language)
	return Printable(strings.Join(present(parts), " "))
}

// frameRate turns "30000/1001" into "29.97 fps".
func frameRate(s string) string {
	num, den, ok := strings.Cut(s, "/")
	n, err1 := strconv.ParseFloat(num, 64)
	d, err2 := strconv.ParseFloat(den, 64)
	if !ok || err1 != nil || err2 != nil || d == 0 {
		return s
	}
	rate := strconv.FormatFloat(n/d, 'f', 2, 64)
	return strings.TrimSuffix(strings.TrimRight(rate, "0"), ".") + " fps"
}

func (t *text) hasStreamFindings() bool {
	for _, f := range t.r.Findings {
		if f.Rendition == "" {
			return true
		}
	}
	return false
}

// cells computes the row of a rendition; the empty id is the stream's own row.
func (t *text) cells(rendition string, columns int) []rune {
	row := []rune(strings.Repeat(string(cellClean), columns))
	for _, rd := range t.r.Renditions {
		if rd.ID == rendition {
			from, _ := t.span(rd.Duration, rd.Duration, columns)
			for i := from + 1; i < columns; i++ {
				row[i] = ' '
			}
		}
	}
	t.drawHoles(row, rendition)
	t.drawFindings(row, rendition)
	return row
}

// drawHoles shades the cells in which no detector has analysed everything.
func (t *text) drawHoles(row []rune, rendition string) {
	worst := make([]rune, len(row))
	analysed := make([]bool, len(row))
	for _, c := range t.r.Coverage {
		if c.Rendition != rendition {
			continue
		}
		here := make([]rune, len(row))
		seen := make([]bool, len(row))
		for _, iv := range c.Intervals {
			from, to := t.span(iv.Start, iv.End, len(row))
			for i := from; i < to; i++ {
				seen[i] = true
				if shade := shadeOf(iv.State); shade != 0 && here[i] != cellFailed {
					here[i] = shade
				}
			}
		}
		for i := range row {
			analysed[i] = analysed[i] || (seen[i] && here[i] == 0)
			if here[i] != 0 && worst[i] != cellFailed {
				worst[i] = here[i]
			}
		}
	}
	for i := range row {
		if !analysed[i] && worst[i] != 0 {
			row[i] = worst[i]
		}
	}
}

// shadeOf returns the cell of a state; 0 for analysed.
func shadeOf(s jobs.State) rune {
	switch s {
	case jobs.Failed:
		return cellFailed
	case jobs.Skipped:
		return cellSkipped
	case jobs.Pending:
		return cellPending
	}
	return 0
}

// drawFindings raises the cells in which something was found; the worst wins, and a hole stays a hole.
func (t *text) drawFindings(row []rune, rendition string) {
	for _, f := range t.r.Findings {
		if f.Rendition != rendition || t.timeless(f) {
			continue
		}
		mark := cellInfo
		switch f.Severity {
		case jobs.Fail:
			mark = cellFail
		case jobs.Warn:
			mark = cellWarn
		}
		from, to := t.span(f.Start, f.End, len(row))
		for i := from; i < to; i++ {
			if row[i] != cellFailed && row[i] != cellSkipped && row[i] < mark {
				row[i] = mark
			}
		}
	}
}

// timeless tells a figure over the whole programme, like its loudness, from a defect that lasts: it would bury what has a place in time.
func (t *text) timeless(f jobs.Finding) bool {
	return f.Rendition != "" && f.Unit != "" && f.Unit != "s" && f.Start <= 0 && f.End >= t.endOf(f.Rendition)
}

func (t *text) endOf(rendition string) jobs.Seconds {
	for _, rd := range t.r.Renditions {
		if rd.ID == rendition {
			return rd.Duration
		}
	}
	return t.r.Duration
}

// span returns the columns that [start, end) touches, at least one.
func (t *text) span(start, end jobs.Seconds, columns int) (from, to int) {
	scale := float64(columns) / float64(t.r.Duration)
	from = min(max(int(float64(start)*scale), 0), columns-1)
	exact := float64(end) * scale
	to = int(exact)
	if float64(to) < exact-1e-9 {
		to++
	}
	return from, min(max(to, from+1), columns)
}

func (t *text) bar(label string, row []rune) {
	fmt.Fprintf(t, "%s  ", label)
	for from := 0; from < len(row); {
		to := from
		for to < len(row) && row[to] == row[from] {
			to++
		}
		t.WriteString(t.cellInk(row[from], string(row[from:to])))
		from = to
	}
	t.WriteByte('\n')
}

func (t *text) cellInk(cell rune, s string) string {
	switch cell {
	case cellFail:
		return t.ink.severity(jobs.Fail, s)
	case cellWarn:
		return t.ink.severity(jobs.Warn, s)
	case cellInfo:
		return t.ink.severity(jobs.Info, s)
	case cellFailed:
		return t.ink.paint(sgrPurple, s)
	}
	return t.ink.faint(s)
}

// axis writes the start and the end of the stream under the bars.
func (t *text) axis(indent, columns int) {
	first, last := "0", Clock(t.r.Duration)
	gap := strings.Repeat(" ", max(columns-len(first)-len(last), 1))
	fmt.Fprintf(t, "%s%s\n\n", strings.Repeat(" ", indent), t.ink.faint(first+gap+last))
}
