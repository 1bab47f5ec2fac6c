package web

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"aircheck/jobs"
	"aircheck/jobs/queue"
)

// LiveSource is what the metrics of live streams are read from; *queue.Client is one.
type LiveSource interface {
	Streams(ctx context.Context) (map[string]queue.StreamStatus, error)
	Latencies(ctx context.Context, kind queue.Latency, now time.Time) (queue.Latencies, error)
}

// silentAfter is after how long without news a stream is no longer counted among those that are followed.
const silentAfter = 10 * time.Minute

// LiveCollector reads the state of the live streams at every scrape. Each process that serves it tells the same numbers, those of the whole fleet.
type LiveCollector struct {
	source LiveSource
	now    func() time.Time

	streams, findings, latency, counted *prometheus.Desc
}

// NewLiveCollector makes a collector; now is the clock.
func NewLiveCollector(source LiveSource, now func() time.Time) *LiveCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("aircheck_live_"+name, help, labels, nil)
	}
	return &LiveCollector{
		source: source, now: now,
		streams:  desc("streams", "Live streams of which something was judged in the last ten minutes."),
		findings: desc("open_findings", "Findings that are open in the running checks of live streams.", "severity"),
		latency: desc("latency_seconds", "Time from the publication of media to the telling of what is wrong with it, over the last five minutes. Of a segment: its window has to fill. "+
			"Of a window: from its last segment on.", "of", "quantile"),
		counted: desc("latency_count", "How many segments or windows the quantiles are made of.", "of"),
	}
}

// Describe implements prometheus.Collector.
func (c *LiveCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.streams, c.findings, c.latency, c.counted} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. What cannot be read is absent.
func (c *LiveCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	now := c.now()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	if all, err := c.source.Streams(ctx); err == nil {
		live, open := 0, map[jobs.Severity]int{}
		for _, s := range all {
			if s.Over() || now.Sub(s.Time) > silentAfter {
				continue
			}
			live++
			for severity, n := range s.Open {
				open[severity] += n
			}
		}
		gauge(c.streams, float64(live))
		for _, severity := range []jobs.Severity{jobs.Info, jobs.Warn, jobs.Fail} {
			gauge(c.findings, float64(open[severity]), string(severity))
		}
	}
	for _, kind := range []queue.Latency{queue.LatencySegment, queue.LatencyWindow} {
		l, err := c.source.Latencies(ctx, kind, now)
		if err != nil {
			continue
		}
		gauge(c.counted, float64(l.Count), string(kind))
		if l.Count == 0 {
			continue // no figure is no latency of 0
		}
		gauge(c.latency, l.P50.Seconds(), string(kind), "0.5")
		gauge(c.latency, l.P95.Seconds(), string(kind), "0.95")
		gauge(c.latency, l.P99.Seconds(), string(kind), "0.99")
	}
}
