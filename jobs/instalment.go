package jobs

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Instalment is the next piece of a check that grows while its stream is live: segments that were archived, and the windows that they make. The check as
// far as it goes is instalment 0's Begin with all the pieces in their order. When the hour is over its manifest is written like that of any
// other check, and is all that counts from then on.
type Instalment struct {
	V     int    `json:"v"`
	Check string `json:"check"`
	Index int    `json:"index"` // from 0
	// Begin is set in the first instalment only: the check with its sequences, which have no segments yet, and without windows.
	Begin *Check `json:"begin,omitempty"`
	// Parts holds the new segments, by sequence; their indices and times go on where the instalment before ended.
	Parts []Part `json:"parts,omitempty"`
	// Windows tile the new segments. None is marked as its sequence's last, because nobody knows yet.
	Windows []Window `json:"windows,omitempty"`
	// Findings are faults of playlists and delivery that showed since the last instalment.
	Findings []Finding `json:"findings,omitempty"`
	// Updates are findings of earlier instalments that went on since.
	Updates []FindingUpdate `json:"updates,omitempty"`
	// Markers are what was announced since the last instalment.
	Markers []Marker `json:"markers,omitempty"`
	// Published is when the producer first saw the newest of the segments in a playlist: the latency of a finding counts from here.
	Published time.Time `json:"published"`
	// Last says that no other follows: the manifest is written.
	Last bool `json:"last,omitempty"`
	// Follow is what the next follower of the stream needs to go on after this instalment; nobody else reads it.
	Follow json.RawMessage `json:"follow,omitempty"`
}

// FindingUpdate puts a finding in the place of one told before: a fault that lasts is one finding.
type FindingUpdate struct {
	// Index is its place in the timeline's findings, those of all earlier instalments counted from 0.
	Index   int     `json:"i"`
	Finding Finding `json:"finding"`
}

// Part is some segments of one sequence.
type Part struct {
	Sequence string    `json:"sequence"`
	Segments []Segment `json:"segments"`
}

// Grow adds an instalment to a check that began with instalment 0's Begin. The check must not be in use elsewhere.
func (c *Check) Grow(i *Instalment) error {
	if i.Check != c.ID {
		return fmt.Errorf("instalment %d is of check %q", i.Index, cut(i.Check))
	}
	for _, p := range i.Parts {
		if err := c.Timeline.grow(p); err != nil {
			return fmt.Errorf("instalment %d: sequence %s: %w", i.Index, cut(p.Sequence), err)
		}
	}
	for _, u := range i.Updates {
		if u.Index < 0 || u.Index >= len(c.Timeline.Findings) {
			return fmt.Errorf("instalment %d: it updates finding %d of %d", i.Index, u.Index, len(c.Timeline.Findings))
		}
		c.Timeline.Findings[u.Index] = u.Finding
	}
	c.Timeline.Findings = append(c.Timeline.Findings, i.Findings...)
	for _, m := range i.Markers {
		c.Timeline.mark(m)
	}
	c.Windows = append(c.Windows, i.Windows...)
	return nil
}

// mark adds a marker, in the place of one that is the same: a break is announced without its end first.
func (t *Timeline) mark(m Marker) {
	for k := range t.Markers {
		if o := &t.Markers[k]; m.ID != "" && o.ID == m.ID && o.Source == m.Source {
			*o = m
			return
		}
	}
	t.Markers = append(t.Markers, m)
}

var errNoSequence = errors.New("the check has no such sequence")

func (t *Timeline) grow(p Part) error {
	for k := range t.Sequences {
		s := &t.Sequences[k]
		if s.ID != p.Sequence {
			continue
		}
		if err := validateRow(p.Segments, len(s.Segments)); err != nil {
			return err
		}
		s.Segments = append(s.Segments, p.Segments...)
		if n := len(s.Segments); n > 0 {
			s.Duration = s.Segments[n-1].Start + s.Segments[n-1].Duration
		}
		return nil
	}
	return errNoSequence
}
