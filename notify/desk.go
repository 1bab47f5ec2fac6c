package notify

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"log/slog"
	"slices"
	"strings"
	"time"

	"aircheck/jobs"
)

const (
	// maxQueued bounds the messages that wait for one target; when there are more, the oldest is lost.
	maxQueued = 1000
	// giveUpAfter is how long a message is tried.
	giveUpAfter = 24 * time.Hour
	// The pause after a failure doubles from firstPause to lastPause.
	firstPause, lastPause = time.Second, 5 * time.Minute
	// stateVersion is that of memory.
	stateVersion = 1
	// seenEvents is how many events are remembered to leave out those that are told twice.
	seenEvents = 5000
)

// memory is what the desk has to remember; it is JSON in the queue's Redis.
type memory struct {
	V      int                  `json:"v"`
	Cursor string               `json:"cursor"`
	Groups map[string]*group    `json:"groups,omitempty"`
	Queues map[string][]waiting `json:"queues,omitempty"`
	Seen   []string             `json:"seen,omitempty"`
}

// waiting is a message that waits to be sent.
type waiting struct {
	Message Message   `json:"message"`
	First   time.Time `json:"first"` // when it was made
	Next    time.Time `json:"next"`  // not before
	Tries   int       `json:"tries,omitempty"`
}

// Counts are figures of one target since the process began.
type Counts struct {
	Sent, Failed, Lost int
	Waiting            int
	LastError          string
}

// Desk turns events into messages and keeps those until they are sent. It is pure and belongs to one goroutine.
type Desk struct {
	// Route names the targets of a stream; nil, or a nil answer: all of them.
	Route func(stream string) []string
	Log   *slog.Logger

	config *Config
	state  memory
	seen   map[string]bool
	busy   map[string]bool
	counts map[string]*Counts
}

// NewDesk makes a desk that goes on from a state, which may be nil.
func NewDesk(c *Config, saved []byte, log *slog.Logger) (*Desk, error) {
	d := &Desk{Log: log, busy: map[string]bool{}, counts: map[string]*Counts{}, seen: map[string]bool{}}
	var err error
	if len(saved) > 0 {
		if err = json.Unmarshal(saved, &d.state); err == nil && d.state.V != stateVersion {
			err = fmt.Errorf("it is of version %d", d.state.V)
		}
		if err != nil {
			d.state = memory{}
			err = fmt.Errorf("what was still to be told cannot be read, and is lost: %w", err)
		}
	}
	d.state.V = stateVersion
	if d.state.Groups == nil {
		d.state.Groups = map[string]*group{}
	}
	if d.state.Queues == nil {
		d.state.Queues = map[string][]waiting{}
	}
	for _, id := range d.state.Seen {
		d.seen[id] = true
	}
	d.SetConfig(c)
	return d, err
}

// SetConfig changes the targets; what waits for one that is gone is lost.
func (d *Desk) SetConfig(c *Config) {
	d.config = c
	names := c.Names()
	for name, list := range d.state.Queues {
		if !slices.Contains(names, name) {
			d.Log.Warn("a target is gone", "target", name, "lost messages", len(list))
			delete(d.state.Queues, name)
		}
	}
	for name := range d.state.Groups {
		if !slices.Contains(names, name) {
			delete(d.state.Groups, name)
		}
	}
	for _, name := range names {
		if d.counts[name] == nil {
			d.counts[name] = &Counts{}
		}
	}
}

// Cursor is the place behind the last event that was taken; empty at the very beginning.
func (d *Desk) Cursor() string { return d.state.Cursor }

// Encode is the state as it is stored, in at most `most` bytes: what is too much for them is shed, and is lost.
func (d *Desk) Encode(most int) ([]byte, error) {
	for {
		b, err := json.Marshal(&d.state)
		if err != nil || len(b) <= most {
			return b, err
		}
		// An eighth more than needed, so that the next event does not shed again.
		if d.shed(len(b)-most+most/8) == 0 {
			return nil, fmt.Errorf("%d bytes are to be remembered, at most %d can be", len(b), most)
		}
	}
}

// Take notes events; cursor is the place behind the last of them.
func (d *Desk) Take(events []jobs.Event, cursor string, now time.Time) {
	d.state.Cursor = cursor
	for i := range events {
		e := &events[i]
		if d.seen[e.ID] {
			continue
		}
		d.remember(e.ID)
		var route []string
		if d.Route != nil {
			route = d.Route(e.Stream)
		}
		for k := range d.config.Targets {
			t := &d.config.Targets[k]
			if route != nil && !slices.Contains(route, t.Name) {
				continue
			}
			g := d.state.Groups[t.Name]
			if g == nil {
				g = &group{}
				d.state.Groups[t.Name] = g
			}
			g.take(e, &t.Settings, now)
		}
	}
}

func (d *Desk) remember(id string) {
	d.seen[id] = true
	if d.state.Seen = append(d.state.Seen, id); len(d.state.Seen) > seenEvents {
		delete(d.seen, d.state.Seen[0])
		d.state.Seen = slices.Clone(d.state.Seen[1:])
	}
}

// Delivery is a message that is to be sent now.
type Delivery struct {
	Target  *Target
	Message Message
	// Tries counts those before.
	Tries int
}

// Due makes the messages that are due and gives what is to be sent now: at most one message a target, which stays busy until Done.
func (d *Desk) Due(now time.Time) []Delivery {
	base := strings.TrimRight(d.config.BaseURL, "/")
	var list []Delivery
	for k := range d.config.Targets {
		t := &d.config.Targets[k]
		if g := d.state.Groups[t.Name]; g != nil {
			for _, m := range g.messages(&t.Settings, base, now) {
				d.put(t.Name, m, now)
			}
		}
		queue := d.state.Queues[t.Name]
		if len(queue) > 0 && !d.busy[t.Name] && !queue[0].Next.After(now) {
			d.busy[t.Name] = true
			list = append(list, Delivery{Target: t, Message: queue[0].Message, Tries: queue[0].Tries})
		}
	}
	return list
}

func (d *Desk) put(target string, m Message, now time.Time) {
	queue := append(d.state.Queues[target], waiting{Message: m, First: now, Next: now})
	if len(queue) > maxQueued {
		first := 0
		if d.busy[target] {
			first = 1 // that one is on its way
		}
		d.Log.Error("too many messages wait: one is lost", "target", target, "message", queue[first].Message.Title())
		d.counts[target].Lost++
		queue = slices.Delete(queue, first, first+1)
	}
	d.state.Queues[target] = queue
}

// Done notes what came of a delivery; a nil error is success.
func (d *Desk) Done(target, id string, err error, now time.Time) {
	delete(d.busy, target)
	queue := d.state.Queues[target]
	count := d.counts[target]
	if len(queue) == 0 || queue[0].Message.ID != id || count == nil {
		return // the target is gone, or is another one by now
	}
	q := &queue[0]
	if err == nil {
		count.Sent++
		count.LastError = ""
		d.state.Queues[target] = queue[1:]
		return
	}
	count.Failed++
	count.LastError = err.Error()
	q.Tries++
	if permanent(err) || now.Sub(q.First) >= giveUpAfter {
		d.Log.Error("give a message up", "target", target, "message", q.Message.Title(), "tries", q.Tries, "error", err)
		count.Lost++
		d.state.Queues[target] = queue[1:]
		return
	}
	pause := min(lastPause, firstPause<<min(q.Tries-1, 16)) + jitter(id, q.Tries)
	d.Log.Warn("a message is tried again", "target", target, "message", q.Message.Title(), "in", pause, "error", err)
	q.Next = now.Add(pause)
}

// jitter keeps targets that failed together from being tried together.
func jitter(id string, tries int) time.Duration {
	h := fnv.New32a()
	fmt.Fprint(h, id, tries)
	return time.Duration(h.Sum32()%1000) * time.Millisecond
}

// Counts are the figures by target.
func (d *Desk) Counts() map[string]Counts {
	all := map[string]Counts{}
	for name, c := range d.counts {
		one := *c
		one.Waiting = len(d.state.Queues[name])
		all[name] = one
	}
	return all
}
