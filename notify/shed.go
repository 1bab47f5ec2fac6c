package notify

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"
)

// shedding is something that may be forgotten when there is too much to remember.
type shedding struct {
	target, title string
	over          bool // nothing is left to be done about it
	at            time.Time
	bytes         int
	drop          func()
}

// shed forgets about n bytes: the oldest of what is over first, then the oldest of what is not. It gives how many things it forgot, and says which.
func (d *Desk) shed(n int) (shed int) {
	list := append(d.waitingToShed(), d.openToShed()...)
	slices.SortStableFunc(list, func(a, b shedding) int {
		if a.over != b.over {
			return cmp.Compare(btoi(b.over), btoi(a.over))
		}
		return a.at.Compare(b.at)
	})
	lost := map[string]int{}
	for i := range list {
		if n <= 0 {
			break
		}
		s := &list[i]
		s.drop()
		if c := d.counts[s.target]; c != nil {
			c.Lost++
		}
		if lost[s.target] == 0 {
			d.Log.Error("too much is to be remembered: the oldest is forgotten", "target", s.target, "first", s.title)
		}
		lost[s.target]++
		n -= s.bytes
		shed++
	}
	for target, count := range lost {
		d.Log.Error("too much was to be remembered: messages and open findings are lost", "target", target, "lost", count)
	}
	d.sweep()
	return shed
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// waitingToShed are the messages that wait, without those that are on their way.
func (d *Desk) waitingToShed() (list []shedding) {
	for target, queue := range d.state.Queues {
		for i := range queue {
			if i == 0 && d.busy[target] {
				continue
			}
			q := &queue[i]
			list = append(list, shedding{
				target: target, title: q.Message.Title(), over: q.Message.resolved(), at: q.First, bytes: size(q), drop: func() { q.Message = Message{} },
			})
		}
	}
	return list
}

// openToShed are the defects that are open for a target, or whose end waits to be told.
func (d *Desk) openToShed() (list []shedding) {
	for target, g := range d.state.Groups {
		for _, n := range g.Streams {
			for key, in := range n.Open {
				list = append(list, shedding{
					target: target, title: plain(in.Event.Stream + ": " + in.Event.Finding.Code), over: in.State.over() || in.State == Passed, at: in.Event.Time, bytes: size(in),
					drop: func() { n.forgetHeld(in); delete(n.Open, key) },
				})
			}
		}
	}
	return list
}

// sweep takes out the messages that were shed, which have no id any more.
func (d *Desk) sweep() {
	for target, queue := range d.state.Queues {
		d.state.Queues[target] = slices.DeleteFunc(queue, func(w waiting) bool { return w.Message.ID == "" })
	}
}

// size is what something takes in the state.
func size(v any) int {
	b, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return len(b)
}
