package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"aircheck/jobs"
)

// TextOptions says where a text report will be read.
type TextOptions struct {
	// Width is the terminal's width in columns; 0 means no terminal: nothing is cut off.
	Width int
	// Colour switches ANSI colours on.
	Colour bool
	// Where names the place where the whole report lies; empty leaves the line out.
	Where string
}

// defaultWidth is the width of bars where there is no terminal to ask.
const defaultWidth = 100

// minWidth is the narrowest layout; a narrower terminal wraps.
const minWidth = 60

// Text writes the report for a person in a terminal.
func (r *Report) Text(w io.Writer, o TextOptions) error {
	t := &text{Writer: bufio.NewWriter(w), r: r, o: o, ink: ink(o.Colour)}
	t.head()
	t.timelines()
	t.findings()
	t.announced()
	t.loudness()
	t.reference()
	t.coverage()
	if o.Where != "" {
		fmt.Fprintf(t, "Report     %s\n", Printable(o.Where))
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write text report: %w", err)
	}
	return nil
}

type text struct {
	*bufio.Writer // keeps the first error for Flush
	r             *Report
	o             TextOptions
	ink           ink
}

func (t *text) width() int {
	if t.o.Width == 0 {
		return defaultWidth
	}
	return max(t.o.Width, minWidth)
}

// head is the verdict, the input and the figures that one looks for first.
func (t *text) head() {
	r := t.r
	word := strings.ToUpper(string(r.Verdict))
	fmt.Fprintf(t, "%s  %s\n", t.ink.verdict(r.Verdict, word), Printable(r.Check.Input))
	parts := []string{
		Clock(r.Duration),
		plural(len(r.Renditions), "rendition"),
		"profile " + Printable(r.Check.Profile.Name),
	}
	if b := r.Check.Profile.Breaks; b != nil {
		parts = append(parts, "in breaks "+Printable(b.Name))
	}
	parts = append(parts, t.tally())
	fmt.Fprintf(t, "%s\n\n", t.ink.faint(strings.Join(parts, " · ")))
}

func (t *text) tally() string {
	count := map[jobs.Severity]int{}
	for _, f := range t.r.Findings {
		count[f.Severity]++
	}
	var parts []string
	for _, s := range []jobs.Severity{jobs.Fail, jobs.Warn, jobs.Info} {
		if count[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[s], s))
		}
	}
	if len(parts) == 0 {
		return "no findings"
	}
	if n := len(t.r.Waived); n > 0 {
		return fmt.Sprintf("%s; %d of them waived", strings.Join(parts, ", "), n)
	}
	return strings.Join(parts, ", ")
}

// loudness writes one line an audio rendition, in the words of EBU Tech 3341: I, LRA, M, S.
func (t *text) loudness() {
	for _, l := range t.r.Summary.Loudness {
		parts := present([]string{
			figure("I", l.Integrated, "LUFS"),
			figure("LRA", l.Range, "LU"),
			figure("max M", l.MaxMomentary, "LUFS"),
			figure("max S", l.MaxShortTerm, "LUFS"),
			figure("true peak", l.TruePeak, "dBTP"),
		})
		if len(parts) == 0 {
			parts = []string{"not measurable"}
		}
		t.wrapped("Loudness   "+Printable(l.Rendition)+"  ", parts)
	}
}

// wrapped writes parts after a title, on as many lines as the terminal makes it.
func (t *text) wrapped(title string, parts []string) {
	const between = " · "
	indent := utf8.RuneCountInString(title)
	line, used := title+parts[0], indent+utf8.RuneCountInString(parts[0])
	for _, p := range parts[1:] {
		length := utf8.RuneCountInString(between + p)
		if t.o.Width > 0 && used+length > t.width() {
			fmt.Fprintln(t, line)
			line, used = strings.Repeat(" ", indent)+p, indent+utf8.RuneCountInString(p)
			continue
		}
		line += between + p
		used += length
	}
	fmt.Fprintln(t, line)
}

// figure writes a loudness with one decimal, as meters show it; empty when it was not measured.
func figure(what string, n *jobs.Number, unit string) string {
	if n == nil {
		return ""
	}
	return fmt.Sprintf("%s %.1f %s", what, float64(*n), unit)
}

func present(parts []string) []string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

// Clock writes a time as h:mm:ss.mmm.
func Clock(s jobs.Seconds) string {
	us, sign := s.Micros(), ""
	if us < 0 {
		us, sign = -us, "-"
	}
	ms := (us + 500) / 1000
	return fmt.Sprintf("%s%d:%02d:%02d.%03d", sign, ms/3600000, ms/60000%60, ms/1000%60, ms%1000)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// pad fills s up to n characters; FFmpeg's names and our codes are one column a character.
func pad(s string, n int) string {
	if missing := n - utf8.RuneCountInString(s); missing > 0 {
		return s + strings.Repeat(" ", missing)
	}
	return s
}

// clip shortens s to n characters with an ellipsis at its end.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:max(n-1, 0)]) + "…"
}
