package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"aircheck/jobs"
)

// progressWidth is the bar's width in columns; the line stays under 80 with it.
const progressWidth = 30

// progress is a bar on a terminal. It is used from one goroutine.
type progress struct {
	w       io.Writer // nil draws nothing
	now     func() time.Time
	started time.Time
	windows int
	done    int
	media   jobs.Micros // measured so far, over all sequences
}

// newProgress draws on w only if it is a terminal.
func newProgress(w io.Writer, now func() time.Time, windows int) *progress {
	p := &progress{now: now, started: now(), windows: windows}
	if terminalWidth(w) > 0 {
		p.w = w
	}
	p.draw()
	return p
}

func (p *progress) add(w jobs.Window) {
	p.done++
	p.media += max(w.End-w.Start, 0)
	p.draw()
}

// speed is how many seconds of media a second of waiting measured.
func (p *progress) speed() float64 {
	elapsed := p.now().Sub(p.started).Seconds()
	if elapsed <= 0 {
		return 0
	}
	return p.media.Seconds() / elapsed
}

func (p *progress) draw() {
	if p.w == nil || p.windows == 0 {
		return
	}
	filled := progressWidth * p.done / p.windows
	bar := strings.Repeat("█", filled) + strings.Repeat("░", progressWidth-filled)
	fmt.Fprintf(p.w, "\r\x1b[K%s %d/%d windows  %.1f× real time", bar, p.done, p.windows, p.speed())
}

// clear takes the bar off the terminal.
func (p *progress) clear() {
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
