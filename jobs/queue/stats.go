package queue

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// QueueStats is a queue at one moment.
type QueueStats struct {
	Queue string
	// Tasks by state. Waiting for their next attempt are Retry and Scheduled.
	Pending, Active, Scheduled, Retry, Archived, Completed int
	// Processed and Failed count attempts since Redis began to count.
	Processed, Failed int
	// Latency is how long the oldest pending task has waited.
	Latency time.Duration
	Paused  bool
}

// Stats reads all queues, in the order of Names. A queue that Redis does not know is empty.
func (c *Client) Stats(ctx context.Context) ([]QueueStats, error) {
	known, err := c.inspector.Queues()
	if err != nil {
		return nil, fmt.Errorf("list queues: %w", err)
	}
	all := make([]QueueStats, 0, len(Names()))
	for _, name := range Names() {
		if err := ctx.Err(); err != nil { // the inspector takes no context
			return nil, err
		}
		if !slices.Contains(known, name) {
			all = append(all, QueueStats{Queue: name})
			continue
		}
		info, err := c.inspector.GetQueueInfo(name)
		if err != nil {
			return nil, fmt.Errorf("inspect queue %s: %w", name, err)
		}
		all = append(all, QueueStats{
			Queue: name, Pending: info.Pending, Active: info.Active, Scheduled: info.Scheduled, Retry: info.Retry,
			Archived: info.Archived, Completed: info.Completed, Processed: info.ProcessedTotal, Failed: info.FailedTotal,
			Latency: info.Latency, Paused: info.Paused,
		})
	}
	return all, nil
}

// WorkerStats is one worker process as it last reported itself.
type WorkerStats struct {
	Host    string
	PID     int
	Slots   int
	Busy    int
	Started time.Time
	Status  string // active, stopped (draining)
}

// Workers lists the worker processes that reported within the last ten seconds.
func (c *Client) Workers(ctx context.Context) ([]WorkerStats, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	servers, err := c.inspector.Servers()
	if err != nil {
		return nil, fmt.Errorf("list workers: %w", err)
	}
	workers := make([]WorkerStats, len(servers))
	for i, s := range servers {
		workers[i] = WorkerStats{
			Host: s.Host, PID: s.PID, Slots: s.Concurrency, Busy: len(s.ActiveWorkers), Started: s.Started, Status: s.Status,
		}
	}
	return workers, nil
}
