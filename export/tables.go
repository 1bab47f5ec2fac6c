package export

import (
	"strconv"
	"strings"
	"time"

	"aircheck/jobs"
	"aircheck/report"
)

// The tables of a report. Times are seconds on the timeline of the check; utc is the time of day where the stream says it.
type (
	checkRow struct {
		Check    string     `parquet:"check_id"`
		Input    string     `parquet:"input"`
		Created  time.Time  `parquet:"created,timestamp(microsecond)"`
		Begin    *time.Time `parquet:"utc,optional,timestamp(microsecond)"` // at the timeline's zero
		Duration float64    `parquet:"duration"`
		Verdict  string     `parquet:"verdict"`
		Profile  string     `parquet:"profile"`
		Digest   string     `parquet:"digest"`
		Aircheck string     `parquet:"aircheck"`
		Measure  int32      `parquet:"measure_version"`
		Judge    int32      `parquet:"judge_version"`
		FFmpeg   string     `parquet:"ffmpeg"`
	}
	renditionRow struct {
		Check      string   `parquet:"check_id"`
		Rendition  string   `parquet:"rendition"`
		Kind       string   `parquet:"kind"`
		Name       *string  `parquet:"name,optional"`
		Codec      *string  `parquet:"codec,optional"`
		Width      *int32   `parquet:"width,optional"`
		Height     *int32   `parquet:"height,optional"`
		FrameRate  *float64 `parquet:"frame_rate,optional"`
		SampleRate *int32   `parquet:"sample_rate,optional"`
		Channels   *int32   `parquet:"channels,optional"`
		Layout     *string  `parquet:"channel_layout,optional"`
		Language   *string  `parquet:"language,optional"`
		Duration   float64  `parquet:"duration"`
		Frames     *int64   `parquet:"frames,optional"`
		Integrated *float64 `parquet:"integrated_lufs,optional"`
		Range      *float64 `parquet:"range_lu,optional"`
		Momentary  *float64 `parquet:"max_momentary_lufs,optional"`
		ShortTerm  *float64 `parquet:"max_short_term_lufs,optional"`
		TruePeak   *float64 `parquet:"true_peak_dbtp,optional"`
	}
	findingRow struct {
		Check      string     `parquet:"check_id"`
		Rendition  *string    `parquet:"rendition,optional"` // NULL: about the whole stream
		Code       string     `parquet:"code"`
		Severity   string     `parquet:"severity"`
		Start      float64    `parquet:"start_time"`
		End        float64    `parquet:"end_time"`
		UTC        *time.Time `parquet:"utc,optional,timestamp(microsecond)"` // of start
		Value      *float64   `parquet:"value,optional"`
		Threshold  *float64   `parquet:"threshold,optional"`
		Unit       *string    `parquet:"unit,optional"`
		Confidence float64    `parquet:"confidence"`
		Message    string     `parquet:"message"`
		Cause      *string    `parquet:"cause,optional"`
		Profile    string     `parquet:"profile"`
		Judge      int32      `parquet:"judge_version"`
		EBU        *string    `parquet:"ebu_qc,optional"`
		MovieLabs  *string    `parquet:"movielabs,optional"`
	}
	coverageRow struct {
		Check     string  `parquet:"check_id"`
		Rendition string  `parquet:"rendition"`
		Detector  string  `parquet:"detector"`
		Start     float64 `parquet:"start_time"`
		End       float64 `parquet:"end_time"`
		State     string  `parquet:"state"`
		Reason    *string `parquet:"reason,optional"`
	}
	markerRow struct {
		Check     string     `parquet:"check_id"`
		Kind      string     `parquet:"kind"`
		Source    string     `parquet:"source"`
		ID        *string    `parquet:"id,optional"`
		Start     float64    `parquet:"start_time"`
		End       float64    `parquet:"end_time"`
		UTC       *time.Time `parquet:"utc,optional,timestamp(microsecond)"` // of start
		Text      *string    `parquet:"text,optional"`
		Rendition *string    `parquet:"rendition,optional"`
	}
)

// text is a string that Parquet may call one.
func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// known is NULL for what nobody said.
func known[T comparable](v T) *T {
	var none T
	if v == none {
		return nil
	}
	return &v
}

func knownText(s string) *string { return known(text(s)) }

func figure(n *jobs.Number) *float64 {
	if n == nil {
		return nil
	}
	return ptr(float64(*n))
}

func checkRows(src Source) []checkRow {
	r := src.Report
	return []checkRow{{
		Check: src.Check.ID, Input: text(r.Check.Input), Created: src.Check.Created.UTC(), Begin: calendarOf(src.Check, "").at(0), Duration: float64(r.Duration),
		Verdict: string(r.Verdict), Profile: text(r.Check.Profile.Name), Digest: r.Digest, Aircheck: text(r.Check.Versions.Aircheck),
		Measure: int32(r.Check.Versions.Measure), Judge: int32(r.Check.Versions.Judge), FFmpeg: text(r.Check.Versions.FFmpeg),
	}}
}

func renditionRows(src Source) []renditionRow {
	loud := map[string]jobs.Loudness{}
	for _, l := range src.Report.Summary.Loudness {
		loud[l.Rendition] = l
	}
	var rows []renditionRow
	for _, r := range src.Report.Renditions {
		l := loud[r.ID]
		rows = append(rows, renditionRow{
			Check: src.Check.ID, Rendition: text(r.ID), Kind: text(r.Kind), Name: knownText(r.Name), Codec: knownText(r.Codec),
			Width: known(int32(r.Width)), Height: known(int32(r.Height)), FrameRate: rateOf(r.FrameRate), SampleRate: known(int32(r.SampleRate)),
			Channels: known(int32(r.Channels)), Layout: knownText(r.Layout), Language: knownText(r.Language), Duration: float64(r.Duration), Frames: known(r.Frames),
			Integrated: figure(l.Integrated), Range: figure(l.Range), Momentary: figure(l.MaxMomentary), ShortTerm: figure(l.MaxShortTerm), TruePeak: figure(l.TruePeak),
		})
	}
	return rows
}

// rateOf turns "30000/1001" into 29.97…
func rateOf(s string) *float64 {
	num, den, ok := strings.Cut(s, "/")
	n, err1 := strconv.ParseFloat(num, 64)
	d, err2 := strconv.ParseFloat(den, 64)
	if !ok || err1 != nil || err2 != nil || d <= 0 || n <= 0 {
		return nil
	}
	return ptr(n / d)
}

func findingRows(src Source) []findingRow {
	var rows []findingRow
	sequences := map[string]string{}
	for _, r := range src.Report.Renditions {
		sequences[r.ID] = r.Sequence
	}
	calendars := map[string]*calendar{}
	for i := range src.Report.Findings {
		f := &src.Report.Findings[i]
		sequence := sequences[f.Rendition]
		if calendars[sequence] == nil {
			calendars[sequence] = calendarOf(src.Check, sequence)
		}
		profile := f.Profile
		if profile == "" {
			profile = src.Report.Check.Profile.Name
		}
		ids := report.IdentifiersOf(f.Code)
		rows = append(rows, findingRow{
			Check: src.Check.ID, Rendition: knownText(f.Rendition), Code: text(f.Code), Severity: string(f.Severity), Start: float64(f.Start), End: float64(f.End),
			UTC: calendars[sequence].at(f.Start.Micros()), Value: figure(f.Value), Threshold: figure(f.Threshold), Unit: knownText(f.Unit), Confidence: float64(f.Confidence),
			Message: text(f.Message), Cause: knownText(f.Cause), Profile: text(profile), Judge: int32(src.Report.Check.Versions.Judge), EBU: known(ids.EBU), MovieLabs: known(ids.MovieLabs),
		})
	}
	return rows
}

func coverageRows(src Source) []coverageRow {
	var rows []coverageRow
	for _, c := range src.Report.Coverage {
		for _, iv := range c.Intervals {
			rows = append(rows, coverageRow{
				Check: src.Check.ID, Rendition: text(c.Rendition), Detector: text(c.Detector), Start: float64(iv.Start), End: float64(iv.End), State: string(iv.State), Reason: knownText(iv.Reason),
			})
		}
	}
	return rows
}

func markerRows(src Source) []markerRow {
	var rows []markerRow
	times := calendarOf(src.Check, "")
	for _, m := range src.Report.Summary.Markers {
		rows = append(rows, markerRow{
			Check: src.Check.ID, Kind: text(m.Kind), Source: text(m.Source), ID: knownText(m.ID), Start: float64(m.Start), End: float64(m.End), UTC: times.at(m.Start.Micros()),
			Text: knownText(m.Text), Rendition: knownText(m.Rendition),
		})
	}
	return rows
}
