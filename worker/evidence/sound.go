package evidence

import (
	"context"
	"encoding/binary"
	"fmt"

	"aircheck/jobs"
	"aircheck/judge"
)

// clockSlack is how far the clock of the media may stray from the timeline within a stretch that is drawn in one piece.
const clockSlack jobs.Micros = 300e3

// sound is a stretch of sound that is wanted, and once it is drawn its file.
type sound struct {
	rendition  string
	start, end jobs.Micros // of the finding
	from, to   jobs.Micros // what is drawn
	begin      judge.Moment
	last       int // unit
	length     int64
	file       string
}

// place finds the stretch in the media; false when it is not there. Where a clock begins anew in it, what is drawn is the part in the unit of the finding's beginning.
func (s *sound) place(p *judge.Place) bool {
	var ok bool
	var end judge.Moment
	if s.begin, ok = p.At(s.from); !ok || s.to <= s.from {
		return false
	}
	end, _ = p.At(s.to - 1)
	s.last = end.Unit
	s.length = p.Ticks(s.begin, s.to-s.from)
	slack := p.Ticks(s.begin, clockSlack)
	ran := end.PTS - s.begin.PTS
	if end.Unit >= s.begin.Unit && ran > s.length-slack && ran < s.length+slack {
		return true
	}
	at, _ := p.At(s.start)
	from, to, ok := p.Unit(at.Unit)
	if !ok {
		return false
	}
	s.from, s.to = max(s.from, from), min(s.to, to)
	if s.begin, ok = p.At(s.from); !ok || s.to <= s.from || s.begin.Unit != at.Unit {
		return false
	}
	s.last, s.length = at.Unit, p.Ticks(s.begin, s.to-s.from)
	return true
}

// takeSound makes the picture of a stretch.
func (w *work) takeSound(ctx context.Context, s *sound) error {
	look := &jobs.Look{Kind: "audio", Track: s.begin.Track, From: s.begin.PTS, To: s.begin.PTS + s.length}
	side := jobs.Side{Sequence: s.begin.Sequence, Track: s.begin.Track, First: s.begin.Unit, Last: s.last + 1}
	task, err := jobs.LookTask(w.check, side, look)
	if err != nil {
		return err
	}
	list, err := w.run(ctx, task)
	if err != nil {
		return err
	}
	for i := range list {
		heard := list[i].Sound
		if heard == nil {
			continue
		}
		body, err := drawSound(pcm(heard), heard.Rate, float64(s.start-s.from)/float64(s.to-s.from), float64(s.end-s.from)/float64(s.to-s.from))
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%s-%012d-%d.png", s.rendition, int64(s.start), int64(s.end-s.start))
		if err := w.Put(ctx, name, body); err != nil {
			return err
		}
		s.file = name
	}
	return nil
}

// pcm reads samples.
func pcm(s *jobs.Sample) [][]int16 {
	channels := make([][]int16, len(s.Channels))
	for c, b := range s.Channels {
		channels[c] = make([]int16, len(b)/2)
		for i := range channels[c] {
			channels[c][i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
	}
	return channels
}
