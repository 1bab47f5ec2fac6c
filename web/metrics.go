package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"aircheck/jobs/queue"
)

// scrapeTimeout bounds the questions to Redis of one scrape; Prometheus waits ten seconds.
const scrapeTimeout = 5 * time.Second

func metricsHandler(collectors ...prometheus.Collector) (http.Handler, error) {
	registry := prometheus.NewRegistry()
	for _, c := range collectors {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{}), nil
}

// Worker serves the metrics and the health of a worker. It shows nothing but numbers and has no password.
func Worker(ready func(context.Context) error, collectors ...prometheus.Collector) (http.Handler, error) {
	metrics, err := metricsHandler(collectors...)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", health(ready))
	mux.Handle("GET /metrics", metrics)
	return hardened(mux), nil
}

// QueueSource is what the queue's metrics are read from; *queue.Client is one.
type QueueSource interface {
	Stats(ctx context.Context) ([]queue.QueueStats, error)
	Workers(ctx context.Context) ([]queue.WorkerStats, error)
}

// QueueCollector reads the queues at every scrape. Each process that serves it tells the same numbers, those of the whole fleet: aggregate them with max,
// never with sum.
type QueueCollector struct {
	source QueueSource

	up, tasks, latency, processed, failed, paused, workers, slots, busy *prometheus.Desc
}

// NewQueueCollector makes a collector.
func NewQueueCollector(source QueueSource) *QueueCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("aircheck_"+name, help, labels, nil)
	}
	return &QueueCollector{
		source:    source,
		up:        desc("redis_up", "Whether Redis answered."),
		tasks:     desc("queue_tasks", "Tasks in the queue by state.", "queue", "state"),
		latency:   desc("queue_latency_seconds", "How long the oldest pending task has waited.", "queue"),
		processed: desc("queue_attempts_total", "Attempts at tasks, successful or not.", "queue"),
		failed:    desc("queue_failures_total", "Attempts at tasks that failed.", "queue"),
		paused:    desc("queue_paused", "Whether the queue is paused.", "queue"),
		workers:   desc("workers", "Worker processes that are alive."),
		slots:     desc("worker_slots", "Slots of all workers."),
		busy:      desc("worker_slots_busy", "Slots of all workers that are at work."),
	}
}

// Describe implements prometheus.Collector.
func (c *QueueCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.up, c.tasks, c.latency, c.processed, c.failed, c.paused, c.workers, c.slots, c.busy} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. When Redis does not answer, aircheck_redis_up is 0 and the rest is absent: a queue that cannot be seen is
// not empty.
func (c *QueueCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	stats, err := c.source.Stats(ctx)
	var workers []queue.WorkerStats
	if err == nil {
		workers, err = c.source.Workers(ctx)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	if err != nil {
		gauge(c.up, 0)
		return
	}
	gauge(c.up, 1)
	for _, s := range stats {
		for state, n := range map[string]int{
			"pending": s.Pending, "active": s.Active, "scheduled": s.Scheduled, "retry": s.Retry, "archived": s.Archived, "completed": s.Completed,
		} {
			gauge(c.tasks, float64(n), s.Queue, state)
		}
		gauge(c.latency, s.Latency.Seconds(), s.Queue)
		gauge(c.paused, boolean(s.Paused), s.Queue)
		ch <- prometheus.MustNewConstMetric(c.processed, prometheus.CounterValue, float64(s.Processed), s.Queue)
		ch <- prometheus.MustNewConstMetric(c.failed, prometheus.CounterValue, float64(s.Failed), s.Queue)
	}
	var slots, busy int
	for _, w := range workers {
		slots, busy = slots+w.Slots, busy+w.Busy
	}
	gauge(c.workers, float64(len(workers)))
	gauge(c.slots, float64(slots))
	gauge(c.busy, float64(busy))
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// ConsumerCollector tells what this process's consumer has done.
type ConsumerCollector struct {
	counts                   func() queue.Counts
	windows, judged, running *prometheus.Desc
}

// NewConsumerCollector makes a collector over queue.Consumer.Counts.
func NewConsumerCollector(counts func() queue.Counts) *ConsumerCollector {
	return &ConsumerCollector{
		counts: counts,
		windows: prometheus.NewDesc("aircheck_worker_windows_total",
			"Attempts at windows by how they ended: measured, failed (and tried again), given_up, interrupted.", []string{"result"}, nil),
		judged:  prometheus.NewDesc("aircheck_worker_judged_total", "Checks that were judged.", nil, nil),
		running: prometheus.NewDesc("aircheck_worker_running", "Tasks that this process is at.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (c *ConsumerCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.windows
	ch <- c.judged
	ch <- c.running
}

// Collect implements prometheus.Collector.
func (c *ConsumerCollector) Collect(ch chan<- prometheus.Metric) {
	n := c.counts()
	for result, v := range map[string]uint64{"measured": n.Measured, "failed": n.Retried, "given_up": n.GivenUp, "interrupted": n.Cancelled} {
		ch <- prometheus.MustNewConstMetric(c.windows, prometheus.CounterValue, float64(v), result)
	}
	ch <- prometheus.MustNewConstMetric(c.judged, prometheus.CounterValue, float64(n.Judged))
	ch <- prometheus.MustNewConstMetric(c.running, prometheus.GaugeValue, float64(n.Running))
}
