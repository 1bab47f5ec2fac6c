package judge

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// YAML writes the profile as a file that reads back as the same one: every threshold, or those that are not the default.
func (r Resolved) YAML(changedOnly bool) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "name: %s\n", strconv.Quote(r.Name))
	var open []string
	for _, t := range Thresholds() {
		if !changedOnly || r.changed(t) {
			open = r.line(&b, t, open)
		}
	}
	return b.Bytes()
}

// changed tells whether a threshold is not what the table says.
func (r Resolved) changed(t Threshold) bool {
	v, ok := r.Thresholds[t.Name]
	return ok == math.IsNaN(t.Default) || ok && v != t.Default
}

// line writes one threshold below the groups that are open, and returns those that are open then.
func (r Resolved) line(b *bytes.Buffer, t Threshold, open []string) []string {
	parts := strings.Split(t.Name, ".")
	groups := parts[:len(parts)-1]
	for i, p := range groups {
		if i >= len(open) || open[i] != p {
			open = append(open[:i:i], p)
			fmt.Fprintf(b, "%s%s:\n", strings.Repeat("  ", i), p)
		}
	}
	comment := t.comment()
	if from, ok := r.From[t.Name]; ok && r.changed(t) {
		comment = fmt.Sprintf("(%s; default %s) %s", strings.Join(strings.Fields(from), " "), t.text(t.Default, !math.IsNaN(t.Default)), comment)
	}
	v, ok := r.Thresholds[t.Name]
	fmt.Fprintf(b, "%s%s: %s # %s\n", strings.Repeat("  ", len(groups)), parts[len(parts)-1], t.text(v, ok), comment)
	return open[:len(groups)]
}

// text writes a value as a profile does.
func (t Threshold) text(v float64, set bool) string {
	switch {
	case !set:
		return never
	case t.Unit == "s":
		return fmt.Sprint(v) + "s"
	}
	return fmt.Sprint(v)
}

func (t Threshold) comment() string {
	if t.Unit == "" || t.Unit == "s" {
		return t.Doc
	}
	return t.Unit + ". " + t.Doc
}
