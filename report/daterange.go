package report

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"aircheck/jobs"
)

// rangeClass is the CLASS of the date ranges of findings: players tell them from ad breaks by it.
const rangeClass = "org.aircheck.finding"

// dateRanges writes an HLS side playlist without segments, with one EXT-X-DATERANGE a finding (RFC 8216, 4.3.2.7). Its lines can be put into the media playlist as they are, or
// read by a player beside it. from is the program time at the timeline's zero. Without one, dates count from the beginning of 1970, and the playlist says so.
func (r *Report) dateRanges(w io.Writer, from time.Time) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%d\n#EXT-X-PLAYLIST-TYPE:VOD\n", r.targetDuration())
	fmt.Fprintf(b, "## %s of %s\n", Schema, Printable(r.Check.Input))
	if from.IsZero() {
		from = time.Unix(0, 0)
		b.WriteString("## no program time is known: START-DATE counts from the start of the stream, as if it began with 1970\n")
	}
	fmt.Fprintf(b, "#EXT-X-PROGRAM-DATE-TIME:%s\n", date(from, 0))
	ids, waivers := r.rangeIDs(), r.waivers()
	for i := range r.Findings {
		fmt.Fprintf(b, "#EXT-X-DATERANGE:%s\n", strings.Join(rangeAttributes(ids[i], &r.Findings[i], waivers[jobs.FindingKey(&r.Findings[i])], from), ","))
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	if err := b.Flush(); err != nil {
		return fmt.Errorf("write date ranges: %w", err)
	}
	return nil
}

// targetDuration is mandatory in a media playlist, and no segment contradicts it here.
func (r *Report) targetDuration() int64 {
	return int64(math.Ceil(min(max(float64(r.Duration), 1), 1e6)))
}

// rangeIDs are the IDs of the date ranges of all findings. Players merge ranges of one ID, also those of a playlist that they read before: a finding of a check that goes on
// keeps its own when others come before it. Findings of one code, rendition and start are numbered.
func (r *Report) rangeIDs() []string {
	ids, seen := make([]string, len(r.Findings)), map[string]int{}
	for i := range r.Findings {
		sum := sha256.Sum256([]byte(jobs.FindingKey(&r.Findings[i])))
		id := fmt.Sprintf("aircheck-%s-%x", r.Check.ID, sum[:8])
		if seen[id]++; seen[id] > 1 {
			ids[i] = fmt.Sprintf("%s-%d", id, seen[id])
			continue
		}
		ids[i] = id
	}
	return ids
}

func rangeAttributes(id string, f *jobs.Finding, waived *Waived, from time.Time) []string {
	list := []string{
		attribute("ID", id), attribute("CLASS", rangeClass), attribute("START-DATE", date(from, f.Start)),
		"DURATION=" + seconds(max(f.End-f.Start, 0)),
		attribute("X-AIRCHECK-CODE", f.Code), attribute("X-AIRCHECK-SEVERITY", string(f.Severity)),
	}
	if f.Rendition != "" {
		list = append(list, attribute("X-AIRCHECK-RENDITION", f.Rendition))
	}
	list = append(list, attribute("X-AIRCHECK-START", seconds(f.Start)), attribute("X-AIRCHECK-CONFIDENCE", number(&f.Confidence)))
	// Values are strings: a decimal-floating-point of the protocol has no exponent, and figures below zero are legal in one of its two kinds only.
	if f.Value != nil {
		list = append(list, attribute("X-AIRCHECK-VALUE", number(f.Value)), attribute("X-AIRCHECK-UNIT", f.Unit))
	}
	if f.Cause != "" {
		list = append(list, attribute("X-AIRCHECK-CAUSE", f.Cause))
	}
	if waived != nil {
		list = append(list, attribute("X-AIRCHECK-WAIVED", waived.String()))
	}
	return append(list, attribute("X-AIRCHECK-MESSAGE", f.Message))
}

// attribute writes a quoted-string, which can hold neither line breaks nor double quotes (RFC 8216, 4.2).
func attribute(name, value string) string {
	return name + `="` + strings.ReplaceAll(Printable(value), `"`, "'") + `"`
}

// maxOffset bounds what is added to a date: 30 days are the longest timeline, a century is still a date.
const maxOffset = 100 * 366 * 24 * 3600

func date(from time.Time, s jobs.Seconds) string {
	offset := min(max(float64(s), 0), maxOffset)
	if math.IsNaN(offset) {
		offset = 0
	}
	return from.Add(time.Duration(jobs.Seconds(offset).Micros()) * time.Microsecond).UTC().Format("2006-01-02T15:04:05.000000Z07:00")
}
