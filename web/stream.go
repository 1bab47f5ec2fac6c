package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/queue"
)

// streamEvents is how many of the latest findings the page of a stream lists.
const streamEvents = 50

// streamPage is what the page of a stream shows.
type streamPage struct {
	Row   row
	Hours []hourLine
	News  []newsLine
	// After is the place behind the last event that is shown.
	After string
}

// hourLine is an hour of a stream, the newest first.
type hourLine struct {
	When  string
	Worst string // verdict of the hour, from its minutes
	Check string
	Strip strip
}

// newsLine is something that happened to a finding.
type newsLine struct {
	Stamp, When string
	Kind        string
	Severity    jobs.Severity
	Code        string
	Rendition   string
	Text        string
	URL         string
}

// stream shows the last day of one stream.
func (p *pages) stream(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if !jobs.ValidStreamName(name) {
		p.refuse(w, r, trouble{Status: http.StatusNotFound, Text: "There is no such stream.", Advice: "Names have small letters, digits, - and _."})
		return
	}
	line, hours, err := p.board.one(r.Context(), name)
	if err != nil {
		p.fail(w, r, "The state of the stream", err)
		return
	}
	if line == nil {
		p.refuse(w, r, trouble{Status: http.StatusNotFound, Text: fmt.Sprintf("Stream %s was not followed in the last %d hours.", name, queue.HoursKept/time.Hour), Advice: "Its checks may still be in the store."})
		return
	}
	body := streamPage{Row: *line, Hours: hourLines(hours, p.now())}
	if body.News, body.After, err = p.streamNews(r.Context(), name); err != nil {
		p.fail(w, r, "The news of the stream", err)
		return
	}
	f := p.frame(r, name, body)
	f.Scripts, f.Refresh = []string{"stream.js"}, 30
	p.show(w, r, http.StatusOK, "stream", f)
}

func hourLines(hours []jobs.StreamHour, now time.Time) []hourLine {
	var lines []hourLine
	for i := range hours {
		h := &hours[i]
		minutes := minutesOf(hours[i:i+1], h.Hour.Add(time.Hour), hourMinutes)
		if past := int(now.Sub(h.Hour) / time.Minute); past >= 0 && past < hourMinutes {
			minutes = minutes[:past+1] // what is to come is not "not analysed"
		}
		s := makeStrip(minutes, 1)
		for len(s.cells) < hourMinutes {
			s.cells += " " // nothing is drawn
		}
		if now.Sub(h.Hour) < time.Hour+unsettled {
			minutes = settled(minutes)
		}
		line := hourLine{When: h.Hour.UTC().Format("Mon 15:04"), Check: h.Check, Strip: s, Worst: hourVerdict(minutes)}
		lines = append(lines, line)
	}
	slices.Reverse(lines)
	return lines
}

// hourVerdict is the worst that the minutes say; an hour that was not analysed to its end is not clean.
func hourVerdict(minutes []byte) string {
	text := string(minutes)
	switch {
	case strings.ContainsRune(text, jobs.MinuteFail):
		return "fail"
	case strings.ContainsRune(text, jobs.MinuteWarn):
		return "warn"
	case !strings.ContainsRune(text, jobs.MinuteClean):
		return "none"
	case strings.ContainsRune(text, jobs.MinuteNone):
		return "incomplete"
	}
	return "pass"
}

func (p *pages) streamNews(ctx context.Context, name string) ([]newsLine, string, error) {
	events, last, err := p.source.LatestEvents(ctx)
	if err != nil {
		return nil, "", err
	}
	var lines []newsLine
	for i := len(events) - 1; i >= 0 && len(lines) < streamEvents; i-- {
		if events[i].Stream == name {
			lines = append(lines, newsOf(&events[i]))
		}
	}
	return lines, last, nil
}

func newsOf(e *jobs.Event) newsLine {
	at := e.Time
	if e.From != nil && e.Kind == jobs.EventOpened {
		at = *e.From
	}
	n := newsLine{Stamp: at.UTC().Format(time.RFC3339), When: at.UTC().Format("2 Jan 15:04:05"), Kind: strings.ReplaceAll(string(e.Kind), "_", " "), URL: "/checks/" + e.Check}
	if f := e.Finding; f != nil {
		n.Severity, n.Code, n.Rendition, n.Text = f.Severity, f.Code, f.Rendition, f.Message
		n.URL += "#f=" + jobs.FindingKey(f)
	} else if n.Code, n.Text = e.Check, e.Message; e.Kind == jobs.EventFinished {
		n.Text = "report: " + string(e.Verdict)
	} else if e.Kind != jobs.EventHeard {
		n.Severity = jobs.Fail
	}
	return n
}
