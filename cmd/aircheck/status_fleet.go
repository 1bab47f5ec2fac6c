package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/queue"
	"aircheck/report"
)

// fleetStatus is what `status` without an id prints.
type fleetStatus struct {
	Workers int                      `json:"workers"`
	Slots   int                      `json:"slots"`
	Busy    int                      `json:"busy"`
	Queues  []queueStatus            `json:"queues"`
	Latency map[string]latencyStatus `json:"latency"`
	Streams []streamStatus           `json:"streams"`
}

type queueStatus struct {
	Queue   string      `json:"queue"`
	Waiting int         `json:"waiting"`
	Running int         `json:"running"`
	Oldest  jobs.Number `json:"oldest_s"` // how long the oldest task waits
}

// latencyStatus is of the last minutes, in seconds; without figures Count is 0 and the rest says nothing.
type latencyStatus struct {
	Count int64       `json:"count"`
	P50   jobs.Number `json:"p50_s"`
	P95   jobs.Number `json:"p95_s"`
	P99   jobs.Number `json:"p99_s"`
}

type streamStatus struct {
	queue.StreamStatus
	// Leader is the producer that follows the stream; empty when none does.
	Leader string `json:"leader,omitempty"`
	// Silent: nothing is heard of it. Advice says what to do about that.
	Silent bool   `json:"silent,omitempty"`
	Advice string `json:"advice,omitempty"`
}

// fleetStatus looks at the whole fleet, of which the queue knows what is worth knowing.
func (a *app) fleetStatus(ctx context.Context, f *statusFlags) error {
	if f.format != "text" && f.format != "json" {
		return usageError("unknown format %q: text or json", f.format)
	}
	conn, err := a.queue(ctx, &f.redisFlags)
	if err != nil {
		return err
	}
	defer conn.Close()
	s, err := readFleet(ctx, queue.NewClient(conn), a.now())
	if err != nil {
		return err
	}
	if f.format == "json" {
		return json.NewEncoder(a.stdout).Encode(s)
	}
	return s.write(a.stdout, a.now())
}

func readFleet(ctx context.Context, client *queue.Client, now time.Time) (*fleetStatus, error) {
	s := &fleetStatus{Latency: map[string]latencyStatus{}, Streams: []streamStatus{}}
	workers, err := client.Workers(ctx)
	if err != nil {
		return nil, err
	}
	for _, w := range workers {
		s.Workers, s.Slots, s.Busy = s.Workers+1, s.Slots+w.Slots, s.Busy+w.Busy
	}
	queues, err := client.Stats(ctx)
	if err != nil {
		return nil, err
	}
	for _, q := range queues {
		s.Queues = append(s.Queues, queueStatus{Queue: q.Queue, Waiting: q.Pending + q.Scheduled + q.Retry, Running: q.Active, Oldest: jobs.Number(q.Latency.Seconds())})
	}
	for _, kind := range []queue.Latency{queue.LatencySegment, queue.LatencyWindow} {
		l, err := client.Latencies(ctx, kind, now)
		if err != nil {
			return nil, err
		}
		s.Latency[string(kind)] = latencyStatus{l.Count, jobs.Number(l.P50.Seconds()), jobs.Number(l.P95.Seconds()), jobs.Number(l.P99.Seconds())}
	}
	return s, s.readStreams(ctx, client, now)
}

func (s *fleetStatus) readStreams(ctx context.Context, client *queue.Client, now time.Time) error {
	all, err := client.Followed(ctx)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	leaders, err := client.Leaders(ctx, names)
	if err != nil {
		return err
	}
	for _, name := range names {
		one := all[name]
		s.Streams = append(s.Streams, streamStatus{StreamStatus: one, Leader: leaders[name], Silent: one.Silent(now), Advice: one.Advice(leaders[name], now)})
	}
	return nil
}

func (s *fleetStatus) write(w io.Writer, now time.Time) error {
	fmt.Fprintf(w, "%d workers, %d of %d slots busy\n", s.Workers, s.Busy, s.Slots)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "\nQUEUE\tWAITING\tRUNNING\tOLDEST\n")
	for _, q := range s.Queues {
		fmt.Fprintf(t, "%s\t%d\t%d\t%s\n", q.Queue, q.Waiting, q.Running, seconds(q.Oldest))
	}
	fmt.Fprintf(t, "\nLATENCY (%s)\tP50\tP95\tP99\tOF\n", queue.LatencyOver)
	for _, kind := range []queue.Latency{queue.LatencySegment, queue.LatencyWindow} {
		if l := s.Latency[string(kind)]; l.Count > 0 {
			fmt.Fprintf(t, "%s to finding\t%s\t%s\t%s\t%d\n", kind, seconds(l.P50), seconds(l.P95), seconds(l.P99), l.Count)
			continue
		}
		fmt.Fprintf(t, "%s to finding\t-\t-\t-\t0\n", kind)
	}
	if len(s.Streams) > 0 {
		fmt.Fprint(t, "\nSTREAM\tLEADER\tCHECK\tJUDGED\tBEHIND\tOPEN\tFOUND\tLAST\n")
	}
	for i := range s.Streams {
		s.Streams[i].write(t, now)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	s.advise(w)
	return nil
}

func (one *streamStatus) write(w io.Writer, now time.Time) {
	leader, check, behind, last := one.Leader, one.Check, seconds(one.Latency), now.Sub(one.Time).Round(time.Second).String()+" ago"
	if leader == "" {
		leader = "-"
	}
	if check == "" {
		check = "-"
	}
	if !one.Wanted.IsZero() {
		behind, last = "-", "never, wanted since "+one.Wanted.UTC().Format(time.RFC3339)
	}
	switch {
	case one.Verdict != "":
		behind = string(one.Verdict)
	case one.GivenUp:
		behind = "given up"
	case one.Quiet(now, queue.QuietFor):
		behind = "no news"
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", report.Printable(one.Stream), report.Printable(leader), report.Printable(check), report.Clock(one.Judged), behind,
		tally(one.Open), tally(one.Found), last)
}

// mostAdvice is of how many streams it is said what to do: when all are silent, the cause is the same.
const mostAdvice = 10

func (s *fleetStatus) advise(w io.Writer) {
	n := 0
	for i := range s.Streams {
		one := &s.Streams[i]
		if one.Advice == "" {
			continue
		}
		if n++; n == 1 {
			fmt.Fprintln(w)
		}
		if n <= mostAdvice {
			fmt.Fprintf(w, "%s: %s\n", report.Printable(one.Stream), report.Printable(one.Advice))
		}
	}
	if n > mostAdvice {
		fmt.Fprintf(w, "and %d more\n", n-mostAdvice)
	}
}

func seconds(n jobs.Number) string { return fmt.Sprintf("%.1f s", float64(n)) }

// tally counts findings by severity, worst first.
func tally(count map[jobs.Severity]int) string {
	var parts []string
	for _, s := range []jobs.Severity{jobs.Fail, jobs.Warn, jobs.Info} {
		if count[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[s], s))
		}
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, ", ")
}
