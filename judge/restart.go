package judge

import "aircheck/jobs"

// restart is how the clock of a track runs within an object. Files are put together by writing one behind the other: the timestamps begin again, and the
// timeline goes on. Each track goes on from its own end, so that what it says depends on its own rows alone, in whatever windows they come.
type restart struct {
	// Shift is added to every time; Before is the shift of the clock that ran until the last restart.
	Shift, Before jobs.Micros `json:",omitempty"`
	Restarted     bool        `json:",omitempty"`
}

// place is where a row of an object stands that its timestamp puts at raw. A row far behind what is there begins a new clock at the front. Where the clock
// before explains a later row better, the rows between had a wrong timestamp, and that clock runs again.
func (s *stream) place(raw jobs.Micros) jobs.Micros {
	at, front := raw+s.Clock.Shift, s.reached()
	if !s.objectMode || beyond(raw) || beyond(front) || front == 0 || abs(at-front) <= jumpTolerance {
		return at
	}
	c := &s.Clock
	if old := raw + c.Before; c.Restarted && abs(old-front) <= jumpTolerance {
		c.Shift, c.Before = c.Before, c.Shift
		return old
	}
	if at > front {
		return at
	}
	s.Order.leap(&jump{At: front, By: at - front}, s.rowLength())
	c.Shift, c.Before, c.Restarted = c.Shift+front-at, c.Shift, true
	return front
}
