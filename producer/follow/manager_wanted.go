package follow

import (
	"context"
	"time"

	"aircheck/jobs/queue"
)

// wantedEvery is how often it is said which streams are to be followed: Redis may have been emptied.
const wantedEvery = 10 * time.Second

// tellWanted says which streams are to be followed, so that silence is noticed of those, too, of which nothing was ever judged.
func (m *Manager) tellWanted(ctx context.Context, client *queue.Client) {
	told := map[string]bool{}
	for {
		err := m.sayWanted(ctx, client, told)
		if err != nil && ctx.Err() == nil {
			m.common.Log.Warn("tell which streams are followed", "error", err)
		}
		if !sleep(ctx, wantedEvery) {
			return
		}
	}
}

// sayWanted says it once; told are those that it was said of before.
func (m *Manager) sayWanted(ctx context.Context, client *queue.Client, told map[string]bool) error {
	windows := m.windows()
	var gone []string
	for name := range told {
		if _, ok := windows[name]; !ok {
			gone = append(gone, name)
		}
	}
	if err := client.TellUnwanted(ctx, gone); err != nil {
		return err
	}
	clear(told)
	for name := range windows {
		told[name] = true
	}
	alone := m.common.Owner
	if m.leader != nil {
		alone = "" // leases say who it is
	}
	return client.TellWanted(ctx, alone, windows, m.common.Now())
}

// windows are those of the streams that this process is to follow and that have not ended, by name.
func (m *Manager) windows() map[string]time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make(map[string]time.Duration, len(m.entries))
	for name, e := range m.entries {
		if e.awaited {
			list[name] = m.window(e.stream)
		}
	}
	return list
}

// await notes whether news of a stream are waited for.
func (m *Manager) await(e *entry, awaited bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e.awaited = awaited
}
