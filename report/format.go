package report

import (
	"fmt"
	"io"
	"strings"
)

// Format names a rendering of a report.
type Format string

// The formats that exist.
const (
	FormatText  Format = "text"
	FormatJSON  Format = "json"
	FormatJUnit Format = "junit"
	FormatCSV   Format = "csv"
)

// Formats lists them in the order in which they are shown.
func Formats() []Format { return []Format{FormatText, FormatJSON, FormatJUnit, FormatCSV} }

// ParseFormat reads the value of --format.
func ParseFormat(s string) (Format, error) {
	names := make([]string, 0, len(Formats()))
	for _, f := range Formats() {
		if string(f) == s {
			return f, nil
		}
		names = append(names, string(f))
	}
	return "", fmt.Errorf("unknown format %q: this version has %s", s, strings.Join(names, ", "))
}

// Write renders the report. The options matter to text alone.
func (r *Report) Write(w io.Writer, f Format, o TextOptions) error {
	switch f {
	case FormatText:
		return r.Text(w, o)
	case FormatJSON:
		doc, err := r.JSON()
		if err != nil {
			return err
		}
		_, err = w.Write(doc)
		return err
	case FormatJUnit:
		return r.junit(w)
	case FormatCSV:
		return r.csv(w)
	}
	return fmt.Errorf("unknown format %q", f)
}
