package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/queue"
	"aircheck/producer/streams"
	"aircheck/report"
)

const (
	// screenEvery is how often events are looked for: no part of a latency that anybody notices.
	screenEvery = 200 * time.Millisecond
	// awaitEvents is how long the last events are waited for once the reports are there.
	awaitEvents = 10 * time.Second
)

// screen prints events as they come, and on a terminal a status line below them.
type screen struct {
	app    *app
	client *queue.Client
	meter  *meter
	least  jobs.Severity
	names  map[string]bool // of the streams that are shown; empty: all
	json   bool
	after  string // the place of the last event
	width  int    // of the terminal; 0: none

	mu       sync.Mutex // guards what follows and the output
	open     map[string]jobs.Severity
	latency  jobs.Number
	judged   map[string]jobs.Seconds
	finished int
	note     string
	drawn    bool
}

func (r *following) screen(ctx context.Context, client *queue.Client) (*screen, error) {
	after, err := client.LastEvent(ctx)
	if err != nil {
		return nil, err
	}
	s := &screen{
		app: r.app, client: client, meter: r.meter, least: r.plan.least, json: r.flags.format == "json", after: after, width: terminalWidth(r.app.stderr),
		names: map[string]bool{}, open: map[string]jobs.Severity{}, judged: map[string]jobs.Seconds{},
	}
	for _, one := range r.plan.list {
		s.names[one.Name] = true
	}
	s.begin(r.plan.list, r.flags)
	return s, nil
}

func (s *screen) begin(list []streams.Stream, f *followFlags) {
	where := "data in " + f.data
	if f.fleet {
		where = "store " + withoutSecrets(f.store)
	}
	for _, one := range list {
		fmt.Fprintf(s.app.stderr, "aircheck: following %s as %q, %s\n", report.Printable(withoutSecrets(one.URL)), one.Name, where)
	}
	if len(list) == 0 {
		fmt.Fprintf(s.app.stderr, "aircheck: following the streams of %s, %s\n", report.Printable(f.streamsFile), where)
	}
}

// what names the streams in an error.
func (s *screen) what() string {
	for name := range s.names {
		return name
	}
	return "the streams"
}

// run prints until ctx ends, and then what is left.
func (s *screen) run(ctx context.Context) error {
	tick := time.NewTicker(screenEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			s.clear()
			return nil
		case <-tick.C:
			s.look(ctx)
		}
	}
}

// look prints what is new. Trouble with the queue passes or is told by others.
func (s *screen) look(ctx context.Context) {
	events, after, err := s.client.Events(ctx, s.after)
	if err != nil {
		return
	}
	s.after = after
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range events {
		if len(s.names) == 0 || s.names[events[i].Stream] {
			s.event(&events[i], i+1 < len(events) && endsAtOnce(&events[i], &events[i+1]))
		}
	}
	s.draw()
}

// endsAtOnce tells whether a finding is over when it is told: one line says both.
func endsAtOnce(opened, closed *jobs.Event) bool {
	a, b := opened.Finding, closed.Finding
	return opened.Kind == jobs.EventOpened && closed.Kind == jobs.EventClosed && a != nil && b != nil &&
		opened.Check == closed.Check && a.Code == b.Code && a.Rendition == b.Rendition && a.Start == b.Start
}

func (s *screen) event(e *jobs.Event, over bool) {
	if e.Latency != nil {
		s.latency = *e.Latency
	}
	s.judged[e.Stream] = max(0, e.Judged)
	switch {
	case e.Kind == jobs.EventFinished:
		s.finished++
	case e.Finding != nil && e.Finding.Severity.Rank() < s.least.Rank():
		return
	}
	if s.json {
		s.erase()
		b, err := json.Marshal(e)
		if err == nil {
			fmt.Fprintf(s.app.stdout, "%s\n", b)
		}
		return
	}
	if e.Kind == jobs.EventFinished {
		s.erase()
		fmt.Fprintf(s.app.stdout, "%s  %-9s %s  %s: %s, %s\n", clock(e.Time), "report", report.Printable(e.Stream), e.Check, e.Verdict, report.Clock(e.Judged))
		return
	}
	if e.Finding == nil { // the fleet cannot judge the stream, or can again
		s.erase()
		word := strings.ReplaceAll(string(e.Kind), "_", " ")
		fmt.Fprintf(s.app.stdout, "%s  %-9s %s  %s: %s\n", clock(e.Time), word, report.Printable(e.Stream), report.Printable(e.Check), report.Printable(e.Message))
		return
	}
	s.finding(e, over)
}

// finding prints one line.
func (s *screen) finding(e *jobs.Event, over bool) {
	f := e.Finding
	key := fmt.Sprint(e.Check, " ", f.Code, " ", f.Rendition, " ", f.Start)
	word := string(e.Kind)
	said := s.open[key] == overAlready
	switch e.Kind {
	case jobs.EventClosed, jobs.EventWithdrawn:
		delete(s.open, key)
		if said && e.Kind == jobs.EventClosed {
			return
		}
	default:
		s.open[key] = f.Severity
	}
	if over {
		word, s.open[key] = "found", overAlready
	}
	s.erase()
	fmt.Fprintln(s.app.stdout, s.line(e, word))
}

// overAlready marks a finding whose end has been printed with its beginning.
const overAlready jobs.Severity = "over"

func (s *screen) line(e *jobs.Event, word string) string {
	f := e.Finding
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %-9s %s %-24s ", clock(e.Time), word, s.colour(f.Severity), f.Code)
	if len(s.names) != 1 {
		fmt.Fprintf(&b, "%s ", report.Printable(e.Stream))
	}
	fmt.Fprintf(&b, "%-4s ", f.Rendition)
	if e.From != nil {
		fmt.Fprintf(&b, "from %s ", e.From.Local().Format("15:04:05.0"))
	} else {
		fmt.Fprintf(&b, "at %s ", report.Clock(f.Start))
	}
	if f.End > f.Start {
		fmt.Fprintf(&b, "for %.1f s ", float64(f.End-f.Start))
	}
	fmt.Fprintf(&b, " %s", report.Printable(f.Message))
	if e.Kind == jobs.EventOpened && e.Latency != nil {
		fmt.Fprintf(&b, "  (%.1f s behind the live edge)", float64(*e.Latency))
	}
	return b.String()
}

func clock(t time.Time) string { return t.Local().Format("15:04:05") }

// colour writes a severity in four columns.
func (s *screen) colour(v jobs.Severity) string {
	text := fmt.Sprintf("%-4s", v)
	if !s.app.colours(s.app.stdout) {
		return text
	}
	switch v {
	case jobs.Fail:
		return "\x1b[1;31m" + text + "\x1b[0m"
	case jobs.Warn:
		return "\x1b[33m" + text + "\x1b[0m"
	}
	return text
}

// say changes the note at the end of the status line, or prints it where there is none.
func (s *screen) say(note string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.note = note; s.width == 0 {
		fmt.Fprintln(s.app.stderr, "aircheck: "+note)
	}
}

// warn prints a line that stays. It may hold anything that was read.
func (s *screen) warn(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	fmt.Fprintln(s.app.stderr, "aircheck: "+report.Printable(withoutSecrets(line)))
}

// draw writes the status line.
func (s *screen) draw() {
	if s.width == 0 {
		return
	}
	line := s.meter.String()
	open := 0
	for _, v := range s.open {
		if v != overAlready {
			open++
		}
	}
	line += fmt.Sprintf(" · %d open", open)
	if s.latency > 0 {
		line += fmt.Sprintf(" · latency %.1f s", float64(s.latency))
	}
	if s.note != "" {
		line += " · " + s.note
	}
	runes := []rune(line)
	fmt.Fprintf(s.app.stderr, "\r\x1b[K%s", string(runes[:min(len(runes), s.width-1)]))
	s.drawn = true
}

// erase takes the status line away before a line is printed.
func (s *screen) erase() {
	if s.drawn {
		_, _ = io.WriteString(s.app.stderr, "\r\x1b[K")
		s.drawn = false
	}
}

func (s *screen) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
	s.width = 0
}

// await waits until the end of so many checks was told, but not for long: the reports are there.
func (s *screen) await(ctx context.Context, finished int) {
	limit, cancel := context.WithTimeout(ctx, awaitEvents)
	defer cancel()
	tick := time.NewTicker(screenEvery)
	defer tick.Stop()
	for s.done() < finished {
		select {
		case <-limit.Done():
			return
		case <-tick.C:
		}
	}
	s.clear()
}

func (s *screen) done() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.finished
}
