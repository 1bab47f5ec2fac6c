package web

import (
	"fmt"
	"strings"
	"time"

	"aircheck/jobs"
)

// A strip shows a stretch of time of a stream, one cell after the other; that of the wall is a day in cells of five minutes.
const (
	wallHours       = 24
	wallCellMinutes = 5
	hourMinutes     = 60
	// unsettled is how far back minutes may still be on their way: the longest window of a live stream, and its judging.
	unsettled = 12 * time.Minute
)

// strip is the letters of jobs.StreamHour over a stretch of time, a cell for each cell minutes.
type strip struct {
	cells string
	cell  int // minutes of a cell
}

// minutesOf lays the hours of a stream out over the n minutes before end, which is a full minute. What no hour tells about was not analysed.
func minutesOf(hours []jobs.StreamHour, end time.Time, n int) []byte {
	minutes := []byte(strings.Repeat(string(jobs.MinuteNone), n))
	begin := end.Add(-time.Duration(n) * time.Minute)
	for i := range hours {
		h := &hours[i]
		first := int(h.Hour.Sub(begin) / time.Minute)
		for k := 0; k < len(h.Minutes) && k < hourMinutes; k++ {
			if at := first + k; at >= 0 && at < n {
				minutes[at] = worseLetter(minutes[at], h.Minutes[k])
			}
		}
	}
	return minutes
}

// letterRank orders letters: what is worse covers what is better, and "not analysed" covers "clean", because it is not.
func letterRank(c byte) int {
	switch c {
	case jobs.MinuteFail:
		return 4
	case jobs.MinuteWarn:
		return 3
	case jobs.MinuteClean:
		return 1
	}
	return 2
}

// worseLetter joins what two hours tell about one minute, where nothing told is less than anything told.
func worseLetter(a, b byte) byte {
	switch {
	case a == jobs.MinuteNone:
		return knownLetter(b)
	case b == jobs.MinuteNone || letterRank(a) >= letterRank(b):
		return a
	}
	return knownLetter(b)
}

// knownLetter takes a letter of another release for "not analysed".
func knownLetter(c byte) byte {
	switch c {
	case jobs.MinuteClean, jobs.MinuteWarn, jobs.MinuteFail:
		return c
	}
	return jobs.MinuteNone
}

// makeStrip joins minutes to cells. Minutes at the end of which nothing is known yet are left out of their cell for a while, so that a stream that is followed
// does not end in a cell of "not analysed".
func makeStrip(minutes []byte, cell int) strip {
	known := len(settled(minutes))
	var b strings.Builder
	for i := 0; i < len(minutes); i += cell {
		letter := byte(jobs.MinuteNone)
		if i < known {
			letter = worstOf(minutes[i:min(i+cell, known)])
		}
		b.WriteByte(letter)
	}
	return strip{cells: b.String(), cell: cell}
}

// settled leaves out the minutes at the end of which nothing is known yet, unless they are more than may still be on their way.
func settled(minutes []byte) []byte {
	known := len(minutes)
	for known > 0 && minutes[known-1] == jobs.MinuteNone {
		known--
	}
	if len(minutes)-known > int(unsettled/time.Minute) {
		return minutes
	}
	return minutes[:known]
}

func worstOf(minutes []byte) byte {
	worst := minutes[0]
	for _, c := range minutes[1:] {
		if letterRank(c) > letterRank(worst) {
			worst = c
		}
	}
	return worst
}

// bar is a run of equal cells as a path of the drawing. Verdicts differ in height as well as in colour.
type bar struct {
	Class string
	D     string
}

// stripHeight is the height of the drawing, in units of its own.
const stripHeight = 12

// barTop is where the bars of a letter begin: what is worse is higher.
func barTop(letter byte) (class string, top int) {
	switch letter {
	case jobs.MinuteFail:
		return "f", 0
	case jobs.MinuteWarn:
		return "w", 4
	case jobs.MinuteClean:
		return "p", 8
	}
	return "n", 11
}

// Bars is the drawing: one path for each letter that occurs.
func (s strip) Bars() []bar {
	paths := map[byte]*strings.Builder{}
	for i := 0; i < len(s.cells); {
		k := i
		for k < len(s.cells) && s.cells[k] == s.cells[i] {
			k++
		}
		_, top := barTop(s.cells[i])
		b := paths[s.cells[i]]
		if b == nil {
			b = &strings.Builder{}
			paths[s.cells[i]] = b
		}
		fmt.Fprintf(b, "M%d %dh%dV%dH%dz", i, top, k-i, stripHeight, i)
		i = k
	}
	var bars []bar
	for _, letter := range []byte{jobs.MinuteNone, jobs.MinuteClean, jobs.MinuteWarn, jobs.MinuteFail} {
		if b := paths[letter]; b != nil {
			class, _ := barTop(letter)
			bars = append(bars, bar{Class: class, D: b.String()})
		}
	}
	return bars
}

// Width is the width of the drawing: the number of cells.
func (s strip) Width() int { return len(s.cells) }

// Hours is the length of the strip.
func (s strip) Hours() int { return len(s.cells) * s.cell / hourMinutes }

// Text says the strip in words.
func (s strip) Text() string {
	count := map[byte]int{}
	for i := range len(s.cells) {
		count[s.cells[i]] += s.cell
	}
	var parts []string
	for _, p := range []struct {
		letter byte
		word   string
	}{{jobs.MinuteFail, "fail"}, {jobs.MinuteWarn, "warn"}, {jobs.MinuteNone, "not analysed"}, {jobs.MinuteClean, "clean"}} {
		if n := count[p.letter]; n > 0 {
			parts = append(parts, minutesText(n)+" "+p.word)
		}
	}
	return strings.Join(parts, ", ")
}

func minutesText(n int) string {
	if n < hourMinutes {
		return fmt.Sprintf("%d min", n)
	}
	if n%hourMinutes == 0 {
		return fmt.Sprintf("%d h", n/hourMinutes)
	}
	return fmt.Sprintf("%d h %d min", n/hourMinutes, n%hourMinutes)
}
