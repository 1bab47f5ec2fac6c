package judge

import (
	"encoding/json"
	"fmt"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// checkpoint is the state of a judge as it is stored.
type checkpoint struct {
	V         int               `json:"v"`
	Judge     int               `json:"judge"`
	Check     string            `json:"check"`
	Profile   string            `json:"profile"`
	Sequences []*sequence       `json:"sequences"`
	Ladders   []*ladder         `json:"ladders,omitempty"`
	Detectors []json.RawMessage `json:"detectors"` // by sequence, then stream, then registry
	Breaks    json.RawMessage   `json:"breaks,omitempty"`
}

// Snapshot encodes everything that the judge knows so far, so that Restore can go on from here.
func (j *Judge) Snapshot() ([]byte, error) {
	if j.finished || j.ended {
		return nil, errFinished
	}
	c := checkpoint{V: jobs.Version, Judge: jobs.JudgeVersion, Check: j.check.ID, Profile: j.check.Profile.Digest, Sequences: j.sequences, Ladders: j.ladders}
	for _, d := range j.detectors() {
		b, err := json.Marshal(d)
		if err != nil {
			return nil, fmt.Errorf("encode detector state: %w", err)
		}
		c.Detectors = append(c.Detectors, b)
	}
	if j.breaks != nil {
		var err error
		if c.Breaks, err = j.breaks.Snapshot(); err != nil {
			return nil, err
		}
	}
	b, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode checkpoint of check %s: %w", j.check.ID, err)
	}
	return b, nil
}

// Restore makes the judge that a snapshot was taken of. The check must be the same one, under the same profile.
func Restore(check *jobs.Check, snapshot []byte) (*Judge, error) {
	j, err := New(check)
	if err != nil {
		return nil, err
	}
	var c checkpoint
	if err := json.Unmarshal(snapshot, &c); err != nil {
		return nil, fmt.Errorf("decode checkpoint of check %s: %w", check.ID, err)
	}
	if c.V != jobs.Version || c.Judge != jobs.JudgeVersion || c.Check != check.ID || c.Profile != check.Profile.Digest || len(c.Sequences) != len(j.sequences) {
		return nil, fmt.Errorf("restore check %s: the checkpoint is of check %q, version %d.%d, profile %q", check.ID, c.Check, c.V, c.Judge, c.Profile)
	}
	for i, q := range c.Sequences {
		if err := q.equip(j.sequences[i]); err != nil {
			return nil, fmt.Errorf("restore check %s: %w", check.ID, err)
		}
	}
	j.sequences = c.Sequences
	if err := j.climb(c.Ladders); err != nil {
		return nil, fmt.Errorf("restore check %s: %w", check.ID, err)
	}
	if err := j.restoreBreaks(c.Breaks); err != nil {
		return nil, err
	}
	detectors := j.detectors()
	if len(detectors) != len(c.Detectors) {
		return nil, fmt.Errorf("restore check %s: %d detectors where %d are due", check.ID, len(c.Detectors), len(detectors))
	}
	for i, d := range detectors {
		if err := json.Unmarshal(c.Detectors[i], d); err != nil {
			return nil, fmt.Errorf("decode detector state %d of check %s: %w", i, check.ID, err)
		}
	}
	return j, nil
}

// detectors lists the detectors of all streams in their canonical order.
func (j *Judge) detectors() []any {
	var all []any
	for _, q := range j.sequences {
		for _, s := range q.Streams {
			all = append(all, s.detectors()...)
		}
	}
	return all
}

// detectors lists the detectors of a stream in the order of the registry.
func (s *stream) detectors() []any {
	var all []any
	for _, d := range s.video {
		all = append(all, d)
	}
	for _, d := range s.audio {
		all = append(all, d)
	}
	return all
}

// equip gives a decoded sequence what is no state.
func (q *sequence) equip(fresh *sequence) error {
	if q == nil || q.ID != fresh.ID {
		return fmt.Errorf("the checkpoint lacks sequence %q", fresh.ID)
	}
	q.def, q.params, q.told, q.dash = fresh.def, fresh.params, fresh.told, fresh.dash
	for _, s := range q.Streams {
		if s == nil || (s.Kind == measurement.Video) != (s.Video != nil) || (s.Kind == measurement.Audio) != (s.Audio != nil) {
			return fmt.Errorf("a stream of sequence %q is incomplete", q.ID)
		}
		s.equip(q.objectMode(), q.params)
	}
	return nil
}
