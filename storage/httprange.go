package storage

import (
	"fmt"
	"strconv"
	"strings"
)

// RangeHeader is the Range header (RFC 9110, 14.2) that asks for bytes [off, off+n), n < 0 to the end. It is "" for the whole object.
// Of no bytes it asks for one, the shortest that can be asked for.
func RangeHeader(off, n int64) string {
	if n == 0 {
		n = 1
	}
	last := off + n - 1
	switch {
	case n > 0 && last >= off:
		return fmt.Sprintf("bytes=%d-%d", off, last)
	case off > 0:
		return fmt.Sprintf("bytes=%d-", off)
	}
	return ""
}

// ParseContentRange reads the Content-Range header of an answer (RFC 9110, 14.4). "bytes 5-9/100" starts at 5 in an object of 100 bytes,
// "bytes 5-9/*" in one of unknown size, -1. "bytes */100", which comes with status 416, starts nowhere, -1.
func ParseContentRange(s string) (start, size int64, err error) {
	bad := fmt.Errorf("content range %q", s)
	rest, isBytes := strings.CutPrefix(s, "bytes ")
	span, total, hasTotal := strings.Cut(rest, "/")
	if !isBytes || !hasTotal {
		return 0, 0, bad
	}
	size = -1
	if total != "*" {
		if size, err = parseDigits(total); err != nil {
			return 0, 0, bad
		}
	}
	if span == "*" {
		return -1, size, nil
	}
	from, to, _ := strings.Cut(span, "-")
	start, fromErr := parseDigits(from)
	last, toErr := parseDigits(to)
	if fromErr != nil || toErr != nil || last < start || size >= 0 && last >= size {
		return 0, 0, bad
	}
	return start, size, nil
}

// parseDigits takes no sign, which strconv would.
func parseDigits(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 63)
	return int64(n), err
}
