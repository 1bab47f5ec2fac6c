package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/report"
	"aircheck/storage"
)

// watchFlags follow a check that goes on.
type watchFlags struct {
	redisFlags
	watch bool
}

func (f *watchFlags) add(flags *pflag.FlagSet) {
	f.redisFlags.add(flags)
	flags.BoolVar(&f.watch, "watch", false, "follow a check that goes on: print to stderr how far it is and what is found, and end with the report")
}

const (
	// watchEvery is the time between two looks at the store.
	watchEvery = time.Second
	// tellEvery is how often a line says how far a check is where no line can be written over.
	tellEvery = 10 * time.Second
)

// watcher tells on stderr what happens to a check.
type watcher struct {
	app     *app
	archive *archive.Archive
	client  *queue.Client // nil without a queue: then events are not told
	id      string

	check   *jobs.Check     // nil while the stream is live
	growing archive.Growing // as far as it was read

	after  string // the place of the last event
	width  int    // of the terminal; 0: none
	drawn  bool
	said   string
	saidAt time.Time
}

// watched follows a check until it has its report, or will have none.
func (a *app) watched(ctx context.Context, arch *archive.Archive, id string, f *watchFlags) (*report.Report, error) {
	w := &watcher{app: a, archive: arch, id: id, width: terminalWidth(a.stderr)}
	if r, err := storedReport(ctx, arch, id); err == nil || !errors.Is(err, storage.ErrNotFound) {
		return r, err
	}
	if err := w.known(ctx); err != nil {
		return nil, err
	}
	conn, err := a.queue(ctx, &f.redisFlags)
	if err == nil {
		defer conn.Close()
		w.client = queue.NewClient(conn)
		w.after, err = w.client.LastEvent(ctx)
	}
	if err != nil {
		w.client = nil
		a.complain(fmt.Errorf("events are left out: %w", err))
	}
	w.soFar(ctx)
	r, err := w.run(ctx)
	w.erase()
	if errors.Is(err, context.Canceled) {
		err = fmt.Errorf("stop watching; the check goes on: %w", err)
	}
	return r, err
}

// known refuses to wait for a check that nobody has begun.
func (w *watcher) known(ctx context.Context) error {
	_, err := w.archive.Check(ctx, w.id)
	if _, _, live := jobs.ParseLiveID(w.id); live && errors.Is(err, storage.ErrNotFound) {
		_, err = w.archive.Instalment(ctx, w.id, 0)
	}
	if err != nil {
		return noSuchCheck(w.id, err)
	}
	return nil
}

// soFar tells what was found before anybody watched.
func (w *watcher) soFar(ctx context.Context) {
	doc, err := w.archive.Interim(ctx, w.id)
	if err != nil {
		return // there is none of most checks
	}
	r, err := report.Parse(doc)
	if err != nil {
		return
	}
	for i := range r.Findings {
		w.print("so far", &r.Findings[i], nil)
	}
}

func (w *watcher) run(ctx context.Context) (*report.Report, error) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		w.events(ctx)
		r, err := storedReport(ctx, w.archive, w.id)
		if err == nil || !errors.Is(err, storage.ErrNotFound) {
			return r, err
		}
		if err := w.progress(ctx); err != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

// events prints what is new. Trouble with the queue passes: the report comes from the store.
func (w *watcher) events(ctx context.Context) {
	if w.client == nil {
		return
	}
	events, after, err := w.client.Events(ctx, w.after)
	if err != nil {
		return
	}
	w.after = after
	for i := range events {
		if e := &events[i]; e.Check == w.id && e.Finding != nil {
			w.print(string(e.Kind), e.Finding, e)
		}
	}
}

// print writes a line about a finding; e is nil when it is no news.
func (w *watcher) print(word string, f *jobs.Finding, e *jobs.Event) {
	w.erase()
	at := w.app.now()
	if e != nil {
		at = e.Time
	}
	fmt.Fprintf(w.app.stderr, "%s  %-9s %-4s %-24s %-4s at %s for %.1f s  %s\n", clock(at), word, f.Severity, f.Code, f.Rendition, report.Clock(f.Start),
		float64(max(f.End-f.Start, 0)), report.Printable(f.Message))
}

// progress tells how far the check is: on a terminal in place, else now and then.
func (w *watcher) progress(ctx context.Context) error {
	line, err := w.line(ctx)
	if err != nil || line == w.said {
		return err
	}
	now := w.app.now()
	switch {
	case w.width > 0:
		runes := []rune(line)
		fmt.Fprintf(w.app.stderr, "\r\x1b[K%s", string(runes[:min(len(runes), w.width-1)]))
		w.drawn = true
	case w.said == "" || now.Sub(w.saidAt) >= tellEvery:
		fmt.Fprintln(w.app.stderr, "aircheck: "+line)
	default:
		return nil
	}
	w.said, w.saidAt = line, now
	return nil
}

func (w *watcher) line(ctx context.Context) (string, error) {
	check, err := w.manifest(ctx)
	if err != nil {
		return "", err
	}
	state := ""
	if w.check == nil {
		state = "live, "
	}
	results, err := w.archive.Results(ctx, w.id)
	if err != nil {
		return "", err
	}
	done := 0
	for _, one := range check.Windows {
		if results[one.ID()] != archive.None {
			done++
		}
	}
	return fmt.Sprintf("%s: %s%d of %d windows measured", w.id, state, done, len(check.Windows)), nil
}

// manifest is the check as it was submitted, or as far as it has grown. Neither is read twice.
func (w *watcher) manifest(ctx context.Context) (*jobs.Check, error) {
	if w.check != nil {
		return w.check, nil
	}
	check, err := w.archive.Check(ctx, w.id)
	if err == nil {
		w.check = check
		return check, nil
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	if err := w.archive.GrowOn(ctx, w.id, &w.growing); err != nil {
		w.growing = archive.Growing{}
		return nil, err
	}
	if w.growing.Check == nil {
		return nil, noSuchCheck(w.id, storage.ErrNotFound)
	}
	return w.growing.Check, nil
}

// erase takes the status line away before another line is printed.
func (w *watcher) erase() {
	if w.drawn {
		_, _ = io.WriteString(w.app.stderr, "\r\x1b[K")
		w.drawn, w.said = false, ""
	}
}
