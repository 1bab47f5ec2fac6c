package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
)

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	clock := time.Unix(0, 0)
	p := &progress{w: &out, now: func() time.Time { return clock }, started: clock, windows: 4}
	clock = clock.Add(2 * time.Second)
	p.add(jobs.Window{Start: 0, End: 10e6})
	last := out.String()[strings.LastIndexByte(out.String(), '\r'):]
	if want := "1/4 windows  5.0× real time"; !strings.Contains(last, want) || strings.Count(last, "█") != progressWidth/4 {
		t.Errorf("drew %q, want %q and a quarter of the bar", last, want)
	}
	out.Reset()
	p.clear()
	if out.String() != "\r\x1b[K" {
		t.Errorf("clear writes %q", out.String())
	}
}

func TestProgressIsForTerminals(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, time.Now, 3)
	p.add(jobs.Window{End: 1e6})
	p.clear()
	if out.Len() > 0 {
		t.Errorf("wrote %q to what is no terminal", out.String())
	}
}
