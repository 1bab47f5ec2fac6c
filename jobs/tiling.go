package jobs

import "fmt"

func (w *Window) validate() error {
	switch {
	case !ValidSequenceID(w.Sequence):
		return fmt.Errorf("sequence id %q is not valid", cut(w.Sequence))
	case w.Index < 0 || w.Index > maxCount:
		return fmt.Errorf("window %d is out of range", w.Index)
	case w.First < 0 || w.Last < w.First || w.Last > maxCount:
		return fmt.Errorf("window %d: segments [%d, %d)", w.Index, w.First, w.Last)
	case w.Start < 0 || w.End < w.Start || w.End > maxTime:
		return fmt.Errorf("window %d: time [%d, %d) µs", w.Index, w.Start, w.End)
	case w.Head != (w.Index == 0):
		return fmt.Errorf("window %d: head is %t", w.Index, w.Head)
	}
	return nil
}

// validateTiling checks that the windows of every sequence follow each other without gap or overlap and cover it whole. Windows of different sequences may
// come in any order.
func validateTiling(t *Timeline, windows []Window) error {
	last := make(map[string]*Window, len(t.Sequences))
	for i := range windows {
		w := &windows[i]
		if err := w.validate(); err != nil {
			return fmt.Errorf("sequence %s: %w", cut(w.Sequence), err)
		}
		if err := follows(last[w.Sequence], w); err != nil {
			return fmt.Errorf("sequence %s: %w", w.Sequence, err)
		}
		last[w.Sequence] = w
	}
	for i := range t.Sequences {
		s := &t.Sequences[i]
		if err := s.coveredUpTo(last[s.ID]); err != nil {
			return fmt.Errorf("sequence %s: %w", s.ID, err)
		}
		delete(last, s.ID)
	}
	for id := range last {
		return fmt.Errorf("windows of sequence %s, which is not in the timeline", id)
	}
	return nil
}

// follows checks w against the window before it in its sequence, nil for none.
func follows(before, w *Window) error {
	if before == nil {
		if w.Index != 0 || w.First != 0 {
			return fmt.Errorf("first window has index %d and begins at segment %d", w.Index, w.First)
		}
		return nil
	}
	if before.Foot || w.Index != before.Index+1 || w.First != before.Last || w.Start != before.End {
		return fmt.Errorf("window %d does not continue window %d", w.Index, before.Index)
	}
	return nil
}

// coveredUpTo checks that last, nil for none, ends the sequence. A sequence without segments has no window.
func (s *Sequence) coveredUpTo(last *Window) error {
	switch {
	case last == nil && len(s.Segments) == 0 && s.Object == nil:
		return nil
	case last == nil:
		return fmt.Errorf("no window")
	case !last.Foot:
		return fmt.Errorf("window %d is the last and not the foot", last.Index)
	case last.Last != len(s.Segments):
		return fmt.Errorf("windows end at segment %d of %d", last.Last, len(s.Segments))
	}
	return nil
}
