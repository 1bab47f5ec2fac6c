package report

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Format names a rendering of a report.
type Format string

// The formats that exist.
const (
	FormatText      Format = "text"
	FormatJSON      Format = "json"
	FormatHTML      Format = "html"
	FormatJUnit     Format = "junit"
	FormatCSV       Format = "csv"
	FormatVTT       Format = "vtt"
	FormatDateRange Format = "daterange"
	FormatEDL       Format = "edl"
	FormatOTIO      Format = "otio"
	FormatPremiere  Format = "csv-premiere"
	FormatAvid      Format = "txt-avid"
	FormatEBUQC     Format = "ebuqc"
)

// Formats lists them in the order in which they are shown.
func Formats() []Format {
	return []Format{
		FormatText, FormatJSON, FormatHTML, FormatJUnit, FormatCSV, FormatVTT, FormatDateRange, FormatEDL, FormatOTIO, FormatPremiere, FormatAvid, FormatEBUQC,
	}
}

// MediaType is the format's type for HTTP, with its character set where the type has one.
func (f Format) MediaType() string {
	switch f {
	case FormatJSON, FormatOTIO:
		return "application/json"
	case FormatHTML:
		return "text/html; charset=utf-8"
	case FormatJUnit, FormatEBUQC:
		return "application/xml"
	case FormatCSV, FormatPremiere:
		return "text/csv; charset=utf-8"
	case FormatVTT:
		return "text/vtt; charset=utf-8"
	case FormatDateRange:
		return "application/vnd.apple.mpegurl"
	}
	return "text/plain; charset=utf-8"
}

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

// Options are what a rendering may need beyond the report. The zero value will do for all formats but FormatHTML.
type Options struct {
	Text TextOptions
	// From is the program time at the timeline's zero; the zero time when the stream has none. Only FormatDateRange asks.
	From time.Time
	// Timecode is that of the first frame, as ParseTimecode takes it, for FormatEDL, FormatPremiere and FormatAvid; empty for what each of these programs begins with.
	Timecode string
	// Page writes FormatHTML, which is made elsewhere (report/page imports this package).
	Page func(w io.Writer, r *Report) error
}

// Write renders the report with options for text alone.
func (r *Report) Write(w io.Writer, f Format, o TextOptions) error {
	return r.WriteWith(w, f, Options{Text: o})
}

// WriteWith renders the report.
func (r *Report) WriteWith(w io.Writer, f Format, o Options) error {
	switch f {
	case FormatText:
		return r.Text(w, o.Text)
	case FormatJSON:
		doc, err := r.JSON()
		if err != nil {
			return err
		}
		_, err = w.Write(doc)
		return err
	case FormatHTML:
		if o.Page == nil {
			return fmt.Errorf("format %q: nothing here makes pages", f)
		}
		return o.Page(w, r)
	case FormatJUnit:
		return r.junit(w)
	case FormatCSV:
		return r.csv(w)
	case FormatVTT:
		return r.vtt(w)
	case FormatDateRange:
		return r.dateRanges(w, o.From)
	case FormatOTIO:
		return r.otio(w)
	case FormatEBUQC:
		return r.ebuqc(w)
	case FormatEDL, FormatPremiere, FormatAvid:
		return r.marks(w, f, o.Timecode)
	}
	return fmt.Errorf("unknown format %q", f)
}
