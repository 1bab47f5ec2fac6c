package hls

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"aircheck/jobs"
)

// nanos is a length of media in nanoseconds. Sums are made in nanoseconds, so that the rounding of 200,000 durations with seven or more
// decimals does not add up.
type nanos int64

// maxLength bounds one EXTINF: a film in one segment is hours long, never a day.
const maxLength nanos = 24 * 3600 * 1e9

// maxTotal bounds a playlist: ten years, far from the limits of the type.
const maxTotal nanos = 10 * 366 * 24 * 3600 * 1e9

var errNumber = errors.New("not a decimal number")

// parseSeconds reads decimal seconds (RFC 8216 section 4.2: decimal-floating-point, no sign, no exponent) exactly to the nanosecond;
// further decimals are cut off.
func parseSeconds(s string) (nanos, error) {
	whole, frac, _ := strings.Cut(s, ".")
	if whole+frac == "" || !isDigits(whole) || !isDigits(frac) {
		return 0, errNumber
	}
	frac = (frac + "000000000")[:9]
	w, err := strconv.ParseInt("0"+whole, 10, 64)
	if err != nil || w > int64(maxLength/1e9) {
		return 0, errors.New("longer than a day")
	}
	f, err := strconv.ParseInt(frac, 10, 64)
	return nanos(w*1e9 + f), err
}

func isDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// micros rounds to the nearest microsecond.
func (n nanos) micros() jobs.Micros { return jobs.Micros((n + 500) / 1000) }

// parseCount reads a decimal-integer of at most 19 digits; 0 when there is an error.
func parseCount(s string) (int64, error) {
	if s == "" || !isDigits(s) {
		return 0, errNumber
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, errNumber
	}
	return n, nil
}

// maxOffset bounds byte offsets so that sums of two cannot overflow.
const maxOffset = 1 << 61

// parseRange reads n[@o]; offset is -1 when there is none.
func parseRange(s string) (length, offset int64, err error) {
	n, o, at := strings.Cut(s, "@")
	if length, err = parseCount(n); err != nil {
		return 0, 0, err
	}
	offset = -1
	if at {
		if offset, err = parseCount(o); err != nil {
			return 0, 0, err
		}
	}
	if length == 0 || length > maxOffset || offset > maxOffset {
		return 0, 0, errors.New("outside any file")
	}
	return length, offset, nil
}

// parseIV reads 0x and up to 32 hexadecimal digits of a 128-bit number.
func parseIV(s string) ([]byte, error) {
	if len(s) < 3 || s[0] != '0' || s[1] != 'x' && s[1] != 'X' || len(s) > 34 {
		return nil, errors.New("not a 128-bit hexadecimal number")
	}
	return hex.DecodeString(strings.Repeat("0", 34-len(s)) + s[2:])
}

// parseResolution reads WIDTHxHEIGHT.
func parseResolution(s string) (w, h int, err error) {
	a, b, _ := strings.Cut(s, "x")
	wide, err := parseCount(a)
	if err != nil {
		return 0, 0, err
	}
	high, err := parseCount(b)
	if err != nil || wide > 1<<20 || high > 1<<20 {
		return 0, 0, errNumber
	}
	return int(wide), int(high), nil
}

// parseTime reads an ISO 8601 date and time with a zone (RFC 8216 section 4.3.2.6); packagers write the zone with and without a colon.
func parseTime(s string) (*time.Time, error) {
	var err error
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07"} {
		var t time.Time
		if t, err = time.Parse(layout, s); err == nil {
			t = t.UTC()
			if t.Year() < 1 || t.Year() > 9999 {
				return nil, errors.New("year outside 1 to 9999")
			}
			return &t, nil
		}
	}
	return nil, err
}
