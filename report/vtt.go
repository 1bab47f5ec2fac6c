package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"aircheck/jobs"
)

// cuePayload is the text of a cue: the finding as the report has it, and by which name pages and evidence know it.
type cuePayload struct {
	Key string `json:"key"`
	jobs.Finding
	Waived string `json:"waived,omitempty"` // by whom and why; empty: by nobody
}

// vtt writes a metadata track (https://www.w3.org/TR/webvtt1/#introduction-metadata): one cue a finding, in the order of the report, whose text is a JSON object on one
// line. Cues may overlap. encoding/json writes ">" as >, so no text can hold the arrow that would end a cue.
func (r *Report) vtt(w io.Writer) error {
	b := bufio.NewWriter(w)
	input, err := json.Marshal(Printable(r.Check.Input))
	if err != nil {
		return fmt.Errorf("encode WebVTT track: %w", err)
	}
	fmt.Fprintf(b, "WEBVTT\n\nNOTE\n%s, a finding a cue, of %s\n", Schema, input)
	waivers := r.waivers()
	for i := range r.Findings {
		f := printable(r.Findings[i])
		text, err := json.Marshal(cuePayload{jobs.FindingKey(&f), f, waivers[jobs.FindingKey(&r.Findings[i])].String()})
		if err != nil {
			return fmt.Errorf("encode WebVTT track: %w", err)
		}
		start, end := cueTimes(f.Start, f.End)
		fmt.Fprintf(b, "\nf%d\n%s --> %s\n%s\n", i+1, cueTime(start), cueTime(end), text)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write WebVTT track: %w", err)
	}
	return nil
}

// printable makes the texts of a finding harmless where they are read by the line.
func printable(f jobs.Finding) jobs.Finding {
	for _, s := range []*string{&f.Code, &f.Rendition, &f.Unit, &f.Message, &f.Cause, &f.Profile, &f.Evidence} {
		*s = Printable(*s)
	}
	return f
}

// maxCue bounds times: 10,000 hours.
const maxCue = 10_000 * 3600 * 1000

// cueTimes rounds to milliseconds, outwards, and lets no cue be empty: parsers drop those.
func cueTimes(start, end jobs.Seconds) (from, to int64) {
	from = milliseconds(math.Floor(float64(start)*1000 + 1e-3)) // microseconds are exact in the report, not in binary
	to = milliseconds(math.Ceil(float64(end)*1000 - 1e-3))
	return from, max(to, from+1)
}

func milliseconds(ms float64) int64 {
	if math.IsNaN(ms) {
		return 0
	}
	return int64(min(max(ms, 0), maxCue))
}

// cueTime writes hours with two digits or more.
func cueTime(ms int64) string {
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}
