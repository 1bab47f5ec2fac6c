package report

import (
	"fmt"
	"strings"

	"aircheck/jobs"
)

// maxAnnounced bounds the list of markers in a text report: two hours of a channel with an ad break every six minutes. JSON has all of them.
const maxAnnounced = 20

// announced writes a line for each marker: what the stream says of breaks and programmes.
func (t *text) announced() {
	list := t.r.Summary.Markers
	head := "Announced "
	for _, m := range list[:min(len(list), maxAnnounced)] {
		line := head + " " + Printable(markerLine(m))
		if t.o.Width > 0 {
			line = clip(line, t.width())
		}
		fmt.Fprintln(t, line)
		head = "          "
	}
	if left := len(list) - maxAnnounced; left > 0 {
		fmt.Fprintf(t, "           … and %s: --format json has all\n", plural(left, "more marker"))
	}
}

// markerLine is "0:00:20.000 to 0:00:50.000  break  splice_insert out, 30 s (daterange 7)"; a marker without a length has one time.
func markerLine(m jobs.Marker) string {
	when := Clock(m.Start)
	if m.End > m.Start {
		when += " to " + Clock(m.End)
	}
	parts := present([]string{when, m.Kind, m.Text})
	return strings.Join(parts, "  ") + " (" + strings.Join(present([]string{m.Source, m.ID}), " ") + ")"
}
