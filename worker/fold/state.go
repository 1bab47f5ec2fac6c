package fold

import (
	"fmt"
	"slices"

	"aircheck/jobs"
	"aircheck/judge"
)

// Snapshot encodes all that was folded so far, so that Restore can go on from here.
func (f *Fold) Snapshot() (Snapshot, error) {
	b, err := f.judge.Snapshot()
	if err != nil {
		return Snapshot{}, err
	}
	return Snapshot{FFmpeg: slices.Clone(f.ffmpeg), Judge: b}, nil
}

// Snapshot is a fold that can go on elsewhere.
type Snapshot struct {
	FFmpeg []string // versions met, sorted
	Judge  []byte   // of judge.Snapshot
}

// Restore makes the fold that a snapshot was taken of. The check is the same one under the same profile; it may have grown since.
func Restore(check *jobs.Check, s Snapshot) (*Fold, error) {
	j, err := judge.Restore(check, s.Judge)
	if err != nil {
		return nil, fmt.Errorf("go on with check %s: %w", check.ID, err)
	}
	return &Fold{check: check, judge: j, ffmpeg: slices.Clone(s.FFmpeg)}, nil
}
