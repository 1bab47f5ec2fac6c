package page

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"aircheck/jobs"
	"aircheck/report"
)

// functions are what the templates call.
func functions() template.FuncMap {
	return template.FuncMap{
		"clock":  report.Clock,
		"span":   span,
		"text":   report.Printable,
		"figure": figure,
		"value":  report.ValueOf,
		"join":   joined,
		"upper":  func(v jobs.Verdict) string { return strings.ToUpper(string(v)) },
		"plural": plural,
		"limit":  limitOf,
	}
}

// absent is shown for a figure that could not be measured: never 0.
const absent = "–"

// figure writes a measured number with one decimal, as meters show it.
func figure(n *jobs.Number) string {
	if n == nil || jobs.Figure(float64(*n)) == nil {
		return absent
	}
	return strconv.FormatFloat(float64(*n), 'f', 1, 64)
}

// limitOf is the threshold of a finding with its unit.
func limitOf(f jobs.Finding) string {
	if f.Threshold == nil {
		return ""
	}
	f.Value = f.Threshold
	return report.ValueOf(f)
}

// span writes how long something is: "2.52 s", "3:25".
func span(start, end jobs.Seconds) string {
	length := float64(max(end-start, 0))
	if length < 60 {
		text := strconv.FormatFloat(length, 'f', 3, 64)
		return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + " s"
	}
	whole := int64(length + 0.5)
	if whole < 3600 {
		return fmt.Sprintf("%d:%02d min", whole/60, whole%60)
	}
	return fmt.Sprintf("%d:%02d:%02d h", whole/3600, whole/60%60, whole%60)
}

// maxJoined bounds a list within a sentence.
const maxJoined = 12

func joined(list []string) string {
	if len(list) <= maxJoined {
		return report.Printable(strings.Join(list, ", "))
	}
	return report.Printable(strings.Join(list[:maxJoined], ", ")) + fmt.Sprintf(" and %d more", len(list)-maxJoined)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
