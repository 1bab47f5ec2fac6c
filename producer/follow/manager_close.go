package follow

import "context"

// finish closes the hour of a stream that this process leaves for good.
func (m *Manager) finish(ctx context.Context, f *Follower, name string) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	defer cancel()
	if err := f.Finish(limited); err != nil {
		m.common.Log.Error("close the hour of a stream", "stream", name, "error", err)
	}
}

// abandon closes what others left open of a stream that this process leaves for good and never could open: its origin is away.
func (m *Manager) abandon(ctx context.Context, name string) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	defer cancel()
	finisher := &Finisher{Archive: m.cfg.Archive, Queue: m.cfg.Queue, Address: m.cfg.Address}
	if err := finisher.AbandonStream(limited, name, m.common.Now()); err != nil {
		m.common.Log.Error("close the hour of a stream", "stream", name, "error", err)
	}
}
