package follow

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"aircheck/jobs/queue"
)

const (
	// handOverWithin is how long others have to take over: they look for free streams every second, and share them anew when this producer has left.
	handOverWithin = 4 * time.Second
	// handOverEvery is how often it is looked whether they have.
	handOverEvery = 250 * time.Millisecond
)

// handOver closes the hours of the streams that this producer led at its end and that nobody takes over, when they are to be closed.
func (m *Manager) handOver(ctx context.Context) {
	m.mu.Lock()
	left := m.left
	m.mu.Unlock()
	if !m.cfg.FinishOnStop || m.leader == nil || len(left) == 0 {
		return
	}
	names := make([]string, 0, len(left))
	for name := range left {
		names = append(names, name)
	}
	slices.Sort(names)
	alone := m.awaitOthers(ctx, names)
	var group errgroup.Group
	group.SetLimit(maxFinishes)
	for _, name := range alone {
		group.Go(func() error {
			m.finish(ctx, left[name], name)
			return nil
		})
	}
	_ = group.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.handed = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(alone, name) })
}

// awaitOthers waits until other producers lead the streams, but not for long; it gives those that nobody leads. Without Redis nobody does.
func (m *Manager) awaitOthers(ctx context.Context, names []string) []string {
	client := queue.NewClient(m.cfg.Leases)
	alone := names
	for end := time.Now().Add(handOverWithin); len(alone) > 0 && time.Now().Before(end); {
		leaders, err := client.Leaders(ctx, names)
		if err != nil {
			m.common.Log.Warn("look who takes over", "error", err)
			return names
		}
		alone = nil
		for _, name := range names {
			if leaders[name] == "" {
				alone = append(alone, name)
			}
		}
		if len(alone) > 0 && !sleep(ctx, handOverEvery) {
			break
		}
	}
	return alone
}

// HandedOver are the streams whose hours Run has left open at its end, because other producers go on with them.
func (m *Manager) HandedOver() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.handed)
}
