package serve

import (
	"sync"
	"time"
)

// cache keeps checks in memory between two looks, within a bound. The zero cache is empty. It is safe for concurrent use; a check that is taken is its taker's
// until it is put back.
type cache struct {
	mu      sync.Mutex
	entries map[string]*entry
	bytes   int
}

type entry struct {
	w     *watched
	token string // of the turn after which it was put here
	used  time.Time
}

// take gives what is known of a check. What was judged of it counts only if nobody has judged it since the turn that token names; its growth counts always.
func (c *cache) take(id, token string) *watched {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[id]
	if e == nil {
		return &watched{growth: &growth{windows: map[string][]dueWindow{}}}
	}
	delete(c.entries, id)
	c.bytes -= e.w.bytes
	if token != "" && e.token == token {
		return e.w
	}
	return &watched{growth: e.w.growth}
}

// put keeps a check, and drops those that nobody has looked at for longest until all fit into limit.
func (c *cache) put(id, token string, w *watched, limit int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries == nil {
		c.entries = map[string]*entry{}
	}
	c.entries[id] = &entry{w: w, token: token, used: time.Now()}
	c.bytes += w.bytes
	for c.bytes > limit && len(c.entries) > 0 {
		oldest := id
		for other, e := range c.entries {
			if e.used.Before(c.entries[oldest].used) {
				oldest = other
			}
		}
		c.bytes -= c.entries[oldest].w.bytes
		delete(c.entries, oldest)
	}
}
