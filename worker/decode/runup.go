//go:build cgo

package decode

import (
	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// context prepares what the window's first segment needs of the ones before: the video decoder's state when it does not begin with a closed keyframe, and the
// segment before it for audio.
func (w *window) context(first *demuxed) (*demuxed, error) {
	at := w.task.Context
	if at == 0 || first.state != measurement.UnitOK || w.task.Segments[at-1].Discontinuity != first.disc {
		return nil, nil
	}
	hasAudio, open := false, []int{}
	for _, t := range first.tracks() {
		if t.kind == measurement.Audio {
			hasAudio = true
		} else if !first.firstVideo(t.ordinal).closed {
			open = append(open, t.ordinal)
		}
	}
	if !hasAudio && len(open) == 0 && !w.fast() {
		return nil, nil
	}
	before, err := w.demux(at - 1)
	if err != nil || before.state != measurement.UnitOK || len(open) == 0 {
		return before, err
	}
	return before, w.runUp(before)
}

// runUp decodes context segments without measuring them: from the nearest that begins with a closed keyframe; else from the nearest that begins with any
// keyframe (pictures that need what was before it lie before the window); else from the earliest.
func (w *window) runUp(before *demuxed) error {
	list := []*demuxed{before} // backwards
	defer func() {
		for _, s := range list[1:] {
			s.free()
		}
	}()
	start, keyed := 0, false
	for i := 0; ; i++ {
		key, closed := beginning(list[i])
		if closed {
			start = i
			break
		}
		if key && !keyed {
			start, keyed = i, true
		}
		if !keyed {
			start = i
		}
		at := w.task.Context - 2 - i
		if at < 0 || w.task.Segments[at].Discontinuity != before.disc {
			break
		}
		s, err := w.demux(at)
		if err != nil {
			return err
		}
		list = append(list, s)
		if s.state != measurement.UnitOK {
			break
		}
	}
	for i := start; i >= 0; i-- {
		if w.fast() {
			w.record(list[i])
		} else if err := w.sendVideo(list[i]); err != nil {
			return err
		}
	}
	return nil
}

// beginning tells how a segment's first video track begins.
func beginning(s *demuxed) (key, closed bool) {
	p := s.firstVideo(0)
	if p == nil {
		return false, false
	}
	return p.key, p.closed
}

// pastSegment is what is kept of a segment's video for those behind it: their run-up, when they have to be decoded as a window would that began with them.
type pastSegment struct {
	at          int // in Task.Segments
	key, closed bool
	tracks      map[int][]*packet // by ordinal; references of our own
}

func newPast(s *demuxed) pastSegment {
	key, closed := beginning(s)
	return pastSegment{at: s.at, key: key, closed: closed, tracks: map[int][]*packet{}}
}

func (o *pastSegment) keep(p *packet, c *videoChain) {
	c.number(p)
	o.tracks[p.track.ordinal] = append(o.tracks[p.track.ordinal], p.clone())
}

func (o *pastSegment) free() {
	for _, list := range o.tracks {
		freeAll(list)
	}
}

// remember keeps a segment for the run-up of the next one, and what is before it only as far as that reaches.
func (w *window) remember(o pastSegment) {
	if o.closed {
		w.forgetPast()
	}
	w.past = append(w.past, o)
	if o.at+1 >= len(w.task.Segments) {
		return
	}
	oldest := o.at + 1 - jobs.ContextOf(w.task.Segments, o.at+1)
	for len(w.past) > 0 && w.past[0].at < oldest {
		w.past[0].free()
		w.past = w.past[1:]
	}
}

func (w *window) forgetPast() {
	for i := range w.past {
		w.past[i].free()
	}
	w.past = nil
}

// runUpOf lists what runUp decodes before a window that begins with the segment. The packets are the caller's.
func (w *window) runUpOf(s *demuxed, ordinal int) []*packet {
	oldest := s.at - jobs.ContextOf(w.task.Segments, s.at)
	start, keyed := len(w.past), false
	for i := len(w.past) - 1; i >= 0 && w.past[i].at >= oldest; i-- {
		if w.past[i].closed {
			start = i
			break
		}
		if w.past[i].key && !keyed {
			start, keyed = i, true
		}
		if !keyed {
			start = i
		}
	}
	var list []*packet
	for _, o := range w.past[start:] {
		for _, p := range o.tracks[ordinal] {
			list = append(list, p.clone())
		}
	}
	return list
}
