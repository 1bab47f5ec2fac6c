package dash

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"aircheck/jobs"
)

const (
	// longest bounds a time or a length in a manifest: a presentation that counts from 1970 has 2 x 10^9 s.
	longest = 100 * 366 * 24 * 3600
	// maxTicks bounds a count of ticks, so that sums and differences of a few cannot overflow.
	maxTicks = math.MaxInt64 / 8
	// maxTimescale is that of xs:unsignedInt.
	maxTimescale = math.MaxUint32
)

var (
	errDuration = errors.New("no duration of the form PnYnMnDTnHnMnS")
	errTime     = errors.New("no date and time")
	errNumber   = errors.New("no number, or too large")
	errRange    = errors.New("no byte range of the form first-last")
	errRate     = errors.New("no frame rate")
)

// parseDuration reads an xs:duration, rounded to microseconds. Years have 365 days and months 30, as nobody packages months.
func parseDuration(s string) (jobs.Micros, error) {
	s, ok := strings.CutPrefix(strings.TrimSpace(s), "P")
	if !ok || s == "" || s == "T" || len(s) > 100 {
		return 0, errDuration
	}
	units := map[byte]float64{'Y': 365 * 86400, 'M': 30 * 86400, 'W': 7 * 86400, 'D': 86400}
	total := 0.0
	for s != "" {
		if s[0] == 'T' {
			units = map[byte]float64{'H': 3600, 'M': 60, 'S': 1}
			s = s[1:]
			continue
		}
		n := strings.IndexFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
		if n <= 0 || units[s[n]] == 0 {
			return 0, errDuration
		}
		v, err := strconv.ParseFloat(s[:n], 64)
		if err != nil {
			return 0, errDuration
		}
		total += v * units[s[n]]
		s = s[n+1:]
	}
	if !(total <= longest) {
		return 0, errDuration
	}
	return jobs.Micros(math.Round(total * 1e6)), nil
}

// parseTime reads an xs:dateTime; without a zone it is UTC (ISO/IEC 23009-1 section 5.3.1.2 wants one).
func parseTime(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04Z07:00"} {
		t, err := time.Parse(layout, s)
		if err == nil && t.Year() >= 1970 && t.Year() < 2200 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errTime
}

// parseCount reads an unsigned number that fits into sums.
func parseCount(s string) (int64, error) {
	v, err := strconv.ParseUint(strings.TrimSpace(s), 10, 64)
	if err != nil || v > maxTicks {
		return 0, errNumber
	}
	return int64(v), nil
}

// byteRange is bytes of a resource; Length -1 is all from Offset on.
type byteRange struct{ Offset, Length int64 }

// parseRange reads "first-last", both included (RFC 7233 section 2.1).
func parseRange(s string) (*byteRange, error) {
	from, to, ok := strings.Cut(strings.TrimSpace(s), "-")
	first, err := parseCount(from)
	if !ok || err != nil {
		return nil, errRange
	}
	if to == "" {
		return &byteRange{first, -1}, nil
	}
	last, err := parseCount(to)
	if err != nil || last < first {
		return nil, errRange
	}
	return &byteRange{first, last - first + 1}, nil
}

// parseRate reads "25" or "30000/1001" and writes it as HLS does, with three decimals where it needs them.
func parseRate(s string) (string, error) {
	up, down, ok := strings.Cut(strings.TrimSpace(s), "/")
	n, err := parseCount(up)
	d := int64(1)
	if ok && err == nil {
		d, err = parseCount(down)
	}
	if err != nil || n <= 0 || d <= 0 || n/d > 100_000 {
		return "", errRate
	}
	return strings.TrimSuffix(strconv.FormatFloat(float64(n)/float64(d), 'f', 3, 64), ".000"), nil
}

// micros converts ticks to microseconds, rounded to nearest; what is longer than a century is cut.
func micros(ticks, timescale int64) jobs.Micros {
	if timescale <= 0 {
		return 0
	}
	whole, rest := ticks/timescale, ticks%timescale
	whole = min(max(whole, -longest), longest)
	return jobs.Micros(whole*1e6 + int64(math.Round(float64(rest)*1e6/float64(timescale))))
}

// toTicks converts microseconds to ticks, rounded to nearest; more than maxTicks are as many.
func toTicks(m jobs.Micros, timescale int64) int64 {
	whole, rest := int64(m)/1e6, int64(m)%1e6
	if whole >= maxTicks/timescale {
		return maxTicks
	}
	return whole*timescale + int64(math.Round(float64(rest)*float64(timescale)/1e6))
}

func addMicros(a, b jobs.Micros) jobs.Micros {
	const most = jobs.Micros(2 * longest * 1e6)
	return min(max(a+b, -most), most)
}
