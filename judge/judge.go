// Package judge folds measurements into a result: one serial pass over numbers, in time order, under a profile.
//
// It imports the contract (jobs, jobs/measurement) and a YAML reader for profiles; never a decoder, a store or a network. The same measurements give
// the same bytes, however they were cut into windows, in whatever order the sequences arrive, and whether or not the fold was interrupted by a
// checkpoint.
package judge

import (
	"errors"
	"fmt"
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// Measurement is what the judge reads of a window: the header, then the rows in stored order. measurement.Reader is one. Rows belong to the
// reader: they are valid during the call only.
type Measurement interface {
	Header() measurement.Header
	Frames(fn func(*measurement.Frame) error) error
	Slots(fn func(*measurement.Slot) error) error
}

// Judge is the fold over one check. It is for one goroutine.
type Judge struct {
	check     *jobs.Check
	sequences []*sequence
	ladders   []*ladder
	params    *params
	finished  bool
	// Once the fold has ended: what was examined, and how it compares with the reference, nil without one.
	ended   bool
	list    []rendition
	referee *referee
	// breaks judges ad breaks under their own profile; nil without one.
	breaks *Judge
}

var errFinished = errors.New("the check is judged already")

// New begins the fold over a check. The check must not change while it is judged.
func New(check *jobs.Check) (*Judge, error) {
	j := &Judge{check: check, params: newParams(check.Profile)}
	seen := map[string]bool{}
	reference := *j.params
	reference.role = roleReference
	if hasReference(check) {
		j.params.role = roleCompared
	}
	told := slices.ContainsFunc(check.Timeline.Findings, func(f jobs.Finding) bool { return f.Code == "segment.truncated" })
	for i := range check.Timeline.Sequences {
		def := &check.Timeline.Sequences[i]
		if seen[def.ID] {
			return nil, fmt.Errorf("begin check %s: two sequences are called %q", check.ID, def.ID)
		}
		seen[def.ID] = true
		p := j.params
		if def.Role == jobs.RoleReference {
			p = &reference
		}
		j.sequences = append(j.sequences, &sequence{
			ID: def.ID, def: def, params: p, told: told, dash: check.Timeline.Kind == jobs.SourceDASH, Packaging: newPackaging(check.Timeline.Kind, def),
		})
	}
	j.ladders = laddersOf(j.sequences)
	for _, l := range j.ladders {
		l.sample()
	}
	var err error
	j.breaks, err = newBreaks(check)
	return j, err
}

// Window folds a measured window. The windows of a sequence must come in order; sequences may interleave. After an error the judge is of no
// further use.
func (j *Judge) Window(w jobs.Window, m Measurement) error {
	q, err := j.sequence(w.Sequence)
	if err != nil {
		return err
	}
	if err := q.window(w, m); err != nil {
		return err
	}
	for _, l := range j.ladders {
		l.advance(false)
	}
	if j.breaks != nil {
		return j.breaks.Window(w, m)
	}
	return nil
}

// Failed folds a window that ended without a measurement, in its turn like Window.
func (j *Judge) Failed(w jobs.Window, o jobs.Outcome) error {
	q, err := j.sequence(w.Sequence)
	if err != nil {
		return err
	}
	if err := q.failed(w, o); err != nil || j.breaks == nil {
		return err
	}
	return j.breaks.Failed(w, o)
}

func (j *Judge) sequence(id string) (*sequence, error) {
	if j.finished || j.ended {
		return nil, errFinished
	}
	for _, q := range j.sequences {
		if q.ID == id {
			return q, nil
		}
	}
	return nil, fmt.Errorf("judge check %s: no sequence is called %q", j.check.ID, id)
}
