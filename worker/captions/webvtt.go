package captions

import (
	"bytes"
	"strconv"
	"strings"

	"aircheck/jobs/measurement"
)

// isWebVTT tells a WebVTT file by its signature (W3C WebVTT, 4.1).
func isWebVTT(data []byte) bool {
	rest, ok := bytes.CutPrefix(data, []byte("WEBVTT"))
	return ok && (len(rest) == 0 || strings.IndexByte(" \t\r\n", rest[0]) >= 0)
}

// readWebVTT reads the header and the cues.
func readWebVTT(data []byte) *measurement.Captions {
	c := &measurement.Captions{Format: "webvtt"}
	lines := bytes.Split(bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n")), []byte("\n"))
	head := true
	for len(lines) > 0 {
		n := 0
		for n < len(lines) && len(lines[n]) > 0 {
			n++
		}
		if head {
			timestampMap(c, lines[:n])
		}
		cueOf(c, lines[:n])
		head = false
		lines = lines[min(n+1, len(lines)):]
	}
	return c
}

// timestampMap reads X-TIMESTAMP-MAP (RFC 8216 section 3.5).
func timestampMap(c *measurement.Captions, lines [][]byte) {
	for _, line := range lines {
		value, ok := strings.CutPrefix(string(line), "X-TIMESTAMP-MAP=")
		if !ok {
			continue
		}
		var local, ticks int64
		var seen [2]bool
		for part := range strings.SplitSeq(value, ",") {
			key, v, _ := strings.Cut(strings.TrimSpace(part), ":")
			switch key {
			case "LOCAL":
				local, seen[0] = clock(v)
			case "MPEGTS":
				n, err := strconv.ParseInt(v, 10, 64)
				ticks, seen[1] = n, err == nil && n >= 0 && n < 1<<33
			}
		}
		if seen[0] && seen[1] {
			c.Mapped, c.Local, c.MPEGTS = true, local, ticks
		}
	}
}

// cueOf reads a block if it is a cue: an optional identifier, the line of its times, and text.
func cueOf(c *measurement.Captions, block [][]byte) {
	for i, line := range block {
		if i > 1 {
			return
		}
		before, after, ok := strings.Cut(string(line), "-->")
		if !ok {
			continue
		}
		end, _, _ := strings.Cut(strings.TrimSpace(after), " ")
		end, _, _ = strings.Cut(end, "\t")
		from, ok1 := clock(strings.TrimSpace(before))
		to, ok2 := clock(end)
		if ok1 && ok2 {
			add(c, from, to, visible(untagged(bytes.Join(block[i+1:], []byte("\n")))))
		}
		return
	}
}

// untagged is a text without what stands in angle brackets.
func untagged(text []byte) []byte {
	out := text[:0:0]
	tag := false
	for _, b := range text {
		switch {
		case b == '<':
			tag = true
		case b == '>' && tag:
			tag = false
		case !tag:
			out = append(out, b)
		}
	}
	return out
}

// clock reads hh:mm:ss.fff or mm:ss.fff, in microseconds.
func clock(s string) (int64, bool) {
	s, fraction, _ := strings.Cut(s, ".")
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	var total int64
	for i, p := range parts {
		n, ok := digits(p, 6)
		if !ok || i > 0 && n > 59 {
			return 0, false
		}
		total = total*60 + n
	}
	total *= 1e6
	if fraction == "" {
		return total, true
	}
	n, ok := digits(fraction, 6)
	for range 6 - min(6, len(fraction)) {
		n *= 10
	}
	return total + n, ok
}

// digits reads a number of one to most decimal digits.
func digits(s string, most int) (int64, bool) {
	if s == "" || len(s) > most {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}
