package serve

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/queue"
	"aircheck/report"
)

// publish tells what is new in a report so far, counts latencies, and notes how the stream is.
func (o *Observer) publish(ctx context.Context, w *watched, r *report.Report, now time.Time) error {
	name, _, _ := jobs.ParseLiveID(r.Check.ID)
	latency := o.latency(w, now)
	status := queue.StreamStatus{
		Stream: name, Check: r.Check.ID, Time: now.UTC(), Judged: w.judged().At(), Known: known(w.check()).At(),
		Open: map[jobs.Severity]int{}, Found: map[jobs.Severity]int{}, Latency: jobs.Number(latency.Seconds()),
		Window: w.check().WindowLength.At(),
	}
	over, edges := w.growth.Newest.Last && w.complete(), w.edges(r)
	var pictures *unseen
	if !over {
		pictures = newUnseen(r, edges, w.check().WindowLength)
	}
	after, news := compare(w.told, settled(r.Findings, over), edges, pictures)
	for i := range after {
		status.Found[after[i].Severity]++
		if after[i].Open {
			status.Open[after[i].Severity]++
		}
	}
	events := make([]jobs.Event, 0, len(news))
	for i := range news {
		e := o.event(w, name, r.Check.ID, now)
		e.Kind, e.Finding, e.Judged = news[i].kind, &news[i].finding, status.Judged
		e.From = programTime(w.check(), r.Renditions, &news[i].finding)
		e.Latency = jobs.Figure(latency.Seconds())
		events = append(events, e)
		o.logEvent(ctx, &e)
	}
	if err := o.Queue.Publish(ctx, events); err != nil {
		return jobs.Classify(jobs.Transient, err)
	}
	w.told = after
	o.picture(ctx, events)
	o.count(ctx, w, now)
	if err := o.Queue.TellStream(ctx, status); err != nil {
		o.log().Warn("tell how a stream is", "stream", name, "error", err)
	}
	return nil
}

// event is the next event of a check.
func (o *Observer) event(w *watched, name, check string, now time.Time) jobs.Event {
	w.events++
	return jobs.Event{ID: check + "-" + strconv.Itoa(w.events), Time: now.UTC(), Stream: name, Check: check}
}

func (o *Observer) logEvent(ctx context.Context, e *jobs.Event) {
	f := e.Finding
	level := slog.LevelInfo
	if f.Severity == jobs.Fail && e.Kind == jobs.EventOpened {
		level = slog.LevelWarn
	}
	o.log().Log(ctx, level, "finding "+string(e.Kind), "stream", e.Stream, "code", f.Code, "rendition", f.Rendition, "severity", f.Severity,
		"start", float64(f.Start), "end", float64(f.End), "message", f.Message)
}

// latency is how long ago the newest media was published that was judged since something was told; 0 when there was none.
func (o *Observer) latency(w *watched, now time.Time) time.Duration {
	var newest time.Time
	for _, d := range w.fresh {
		if d.published.After(newest) {
			newest = d.published
		}
	}
	if newest.IsZero() {
		newest = w.growth.Newest.Published
	}
	return max(0, now.Sub(newest))
}

// count adds to the figures of the fleet. Segments that ended before the newest of their instalment are taken to have been published as much earlier.
func (o *Observer) count(ctx context.Context, w *watched, now time.Time) {
	var segments, windows []time.Duration
	sequences := map[string][]jobs.Segment{}
	for _, q := range w.check().Timeline.Sequences {
		sequences[q.ID] = q.Segments
	}
	for _, d := range w.fresh {
		windows = append(windows, now.Sub(d.published))
		list := sequences[d.Sequence]
		for _, s := range list[min(d.First, len(list)):min(d.Last, len(list))] {
			earlier := time.Duration(max(0, d.edge-s.Start-s.Duration)) * time.Microsecond
			segments = append(segments, now.Sub(d.published)+earlier)
		}
	}
	for kind, figures := range map[queue.Latency][]time.Duration{queue.LatencySegment: segments, queue.LatencyWindow: windows} {
		if err := o.Queue.CountLatency(ctx, kind, now, figures); err != nil && ctx.Err() == nil {
			o.log().Warn("count latency", "error", err)
		}
	}
}

// edges tells how far renditions were judged; the stream as a whole as far as the furthest.
func (w *watched) edges(r *report.Report) func(rendition string) jobs.Seconds {
	edges := map[string]jobs.Seconds{}
	for _, q := range w.check().Timeline.Sequences {
		edges[""] = max(edges[""], w.edge(q.ID).At())
	}
	for _, t := range r.Renditions {
		edges[t.ID] = edges[""]
		if t.Sequence != "" {
			edges[t.ID] = w.edge(t.Sequence).At()
		}
	}
	return func(rendition string) jobs.Seconds {
		if e, ok := edges[rendition]; ok {
			return e
		}
		return edges[""]
	}
}

// known is how far a check goes.
func known(c *jobs.Check) jobs.Micros {
	var end jobs.Micros
	for i := range c.Timeline.Sequences {
		end = max(end, c.Timeline.Sequences[i].Duration)
	}
	return end
}

// programTime is when a finding began by the stream's own clock; nil when the stream has none.
func programTime(c *jobs.Check, renditions []jobs.Rendition, f *jobs.Finding) *time.Time {
	sequence := ""
	for i := range renditions {
		if renditions[i].ID == f.Rendition {
			sequence = renditions[i].Sequence
		}
	}
	at := f.Start.Micros()
	for i := range c.Timeline.Sequences {
		q := &c.Timeline.Sequences[i]
		if sequence != "" && q.ID != sequence {
			continue
		}
		for k := len(q.Segments) - 1; k >= 0; k-- {
			if s := &q.Segments[k]; s.Start <= at && s.ProgramTime != nil {
				t := s.ProgramTime.Add(time.Duration(at-s.Start) * time.Microsecond).UTC()
				return &t
			}
		}
	}
	return nil
}

// finish tells what the final report says beyond what was told, and that it is there. Of the state only a mark stays, so that nobody tells it again.
func (o *Observer) finish(ctx context.Context, id string, w *watched, doc []byte) error {
	r, err := report.Parse(doc)
	if err != nil {
		return jobs.Classify(jobs.Permanent, err)
	}
	name, _, _ := jobs.ParseLiveID(id)
	now := o.now()
	_, news := compare(w.told, r.Findings, beyond, nil)
	check := w.check()
	if check == nil {
		if check, err = o.Archive.Check(ctx, id); err != nil {
			return err
		}
	}
	var events []jobs.Event
	for i := range news {
		e := o.event(w, name, id, now)
		e.Kind, e.Finding, e.Judged = news[i].kind, &news[i].finding, r.Duration
		e.From = programTime(check, r.Renditions, &news[i].finding)
		events = append(events, e)
		o.logEvent(ctx, &e)
	}
	e := o.event(w, name, id, now)
	e.Kind, e.Judged, e.Verdict, e.Digest = jobs.EventFinished, r.Duration, r.Verdict, r.Digest
	if err := o.Queue.Publish(ctx, append(events, e)); err != nil {
		return jobs.Classify(jobs.Transient, err)
	}
	over := queue.StreamStatus{Stream: name, Check: id, Time: now.UTC(), Judged: r.Duration, Known: r.Duration, Verdict: r.Verdict}
	o.over(ctx, over)
	o.hour(ctx, check, r)
	w.finished = true
	mark := header{V: jobs.Version, Check: id, Events: w.events, Finished: true}
	body, err := mark.encode(nil)
	if err != nil {
		return err
	}
	if err := o.Archive.PutJudgeState(ctx, id, body); err != nil {
		return err
	}
	return o.Archive.DropInterim(ctx, id)
}

// over notes that a check is over, unless its stream goes on in another one.
func (o *Observer) over(ctx context.Context, s queue.StreamStatus) {
	all, err := o.Queue.Streams(ctx)
	if err == nil && all[s.Stream].Check > s.Check {
		return
	}
	if err == nil {
		err = o.Queue.TellStream(ctx, s)
	}
	if err != nil {
		o.log().Warn("tell how a stream is", "stream", s.Stream, "error", err)
	}
}
