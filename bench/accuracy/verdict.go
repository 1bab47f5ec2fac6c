package accuracy

import (
	"encoding/json"
	"fmt"
	"os"
)

// Budgets that a run has to keep.
const (
	MinF1           = 0.95
	MaxFailsPerHour = 0.2
	MaxWarnsPerHour = 1
)

// slack is by how much an F1 may lie below its baseline or its counterpart: rounding, and nothing else.
const slack = 0.0005

// Baseline is what a run has to reach again: by mode, because a short run has other clips than a full one.
type Baseline map[string]Standing

// Standing is one mode's baseline.
type Standing struct {
	F1         map[string]float64 `json:"f1"`
	FalseFails int                `json:"false_fails"`
	FalseWarns int                `json:"false_warns"`
}

// ReadBaseline reads a baseline; a file that is not there is an empty one.
func ReadBaseline(name string) (Baseline, error) {
	b := Baseline{}
	body, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return b, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read baseline: %w", err)
	}
	if err := json.Unmarshal(body, &b); err != nil {
		return nil, fmt.Errorf("decode baseline %s: %w", name, err)
	}
	return b, nil
}

// Write puts the baseline into a file.
func (b Baseline) Write(name string) error {
	body, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return fmt.Errorf("encode baseline: %w", err)
	}
	if err := os.WriteFile(name, append(body, '\n'), 0o644); err != nil { //nolint:gosec // it is a file of the project
		return fmt.Errorf("write baseline: %w", err)
	}
	return nil
}

// Take makes a result the baseline of its mode.
func (b Baseline) Take(r *Result) {
	s := Standing{F1: map[string]float64{}, FalseFails: r.Clean.Fails, FalseWarns: r.Clean.Warns}
	for _, score := range r.Scores {
		s.F1[score.Code] = score.F1
	}
	b[r.Mode] = s
}

// Missed lists the budgets and baselines that a result does not keep, a line each; a nil baseline asks for nothing. A short run has too few clips for budgets: it is held to its baseline only.
func (r *Result) Missed(b Baseline) []string {
	var list []string
	if r.Mode != "short" {
		list = r.overBudget()
	}
	if r.Mode == r.baselineMode() && r.Mode != "short" { // which leaves out what takes long clips
		for _, code := range r.Untested {
			list = append(list, code+": no clip of it could be made")
		}
	}
	base, ok := b[r.baselineMode()]
	switch {
	case b == nil:
		return list
	case !ok:
		return append(list, "there is no baseline of a run of this kind: write one with --update")
	}
	for _, s := range r.Scores {
		if want, known := base.F1[s.Code]; known && s.F1 < want-slack {
			list = append(list, fmt.Sprintf("%s: F1 %.3f is below its baseline of %.3f", s.Code, s.F1, want))
		}
	}
	if r.Clean.Fails > base.FalseFails || r.Clean.Warns > base.FalseWarns {
		list = append(list, fmt.Sprintf("clean clips: %d false failures and %d false warnings, the baseline has %d and %d", r.Clean.Fails, r.Clean.Warns, base.FalseFails, base.FalseWarns))
	}
	return list
}

// baselineMode is the mode whose baseline counts: that of the whole for a run of some codes.
func (r *Result) baselineMode() string {
	const only = "+only"
	if n := len(r.Mode) - len(only); n > 0 && r.Mode[n:] == only {
		return r.Mode[:n]
	}
	return r.Mode
}

func (r *Result) overBudget() []string {
	var list []string
	for _, s := range r.Scores {
		if s.F1 < MinF1 {
			list = append(list, fmt.Sprintf("%s: F1 %.3f is below %.2f", s.Code, s.F1, MinF1))
		}
		if c := s.Counterpart; c != nil && s.F1 < c.F1-slack {
			list = append(list, fmt.Sprintf("%s: F1 %.3f is behind the %.3f of ffmpeg's %s", s.Code, s.F1, c.F1, c.Filter))
		}
	}
	if n := r.Clean.FailsPerHour(); n > MaxFailsPerHour {
		list = append(list, fmt.Sprintf("clean clips: %.2f false failures an hour, at most %.1f are allowed", n, MaxFailsPerHour))
	}
	if n := r.Clean.WarnsPerHour(); n > MaxWarnsPerHour {
		list = append(list, fmt.Sprintf("clean clips: %.2f false warnings an hour, at most %.0f are allowed", n, float64(MaxWarnsPerHour)))
	}
	return list
}
