package inject

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Version counts what the injectors make: the same request gives the same clip as long as it stays. It is part of every cache key.
const Version = 1

// maxLabel bounds a label file that is read back.
const maxLabel = 1 << 20

// Kind says how a finding is held against a label.
type Kind string

// The kinds of rule.
const (
	// Edges: the finding starts and ends where the defect does, each within the tolerance.
	Edges Kind = "edges"
	// Cover: findings cover at least half of the defect and reach out of it by no more than the tolerance.
	Cover Kind = "cover"
	// Point: the finding touches the defect, widened by the tolerance on both sides.
	Point Kind = "point"
	// Stream: the defect is one of the stream; any finding of the code is about it.
	Stream Kind = "stream"
)

// Rule says when a finding is the labelled defect.
type Rule struct {
	Kind Kind `json:"kind"`
	// Tolerance of times, in seconds.
	Tolerance float64 `json:"tolerance"`
	// Value is by how much the finding's value may differ from the interval's; 0 does not look at values.
	Value float64 `json:"value_tolerance,omitempty"`
}

// Interval is where a defect is, half-open, in seconds.
type Interval struct {
	Start float64 `json:"start"`
	End   float64 `json:"end"`
	// Value is what a finding should say, in the unit of its code, where Rule.Value asks for it.
	Value *float64 `json:"value,omitempty"`
}

// Label is the truth about an injected clip.
type Label struct {
	V       int    `json:"v"`
	Code    string `json:"code"`
	Variant string `json:"variant"`
	// Decoy marks a clip that looks or sounds like the defect and does not have it: it has no intervals.
	Decoy    bool    `json:"decoy,omitempty"`
	Seed     uint64  `json:"seed"`
	Strength float64 `json:"strength"`
	// Clip, Reference and ProfileFile are names beside the label: what is to be checked, what it is held against, and the profile that judges
	// where Profile, a name that ships with aircheck, does not.
	Clip        string  `json:"clip"`
	Reference   string  `json:"reference,omitempty"`
	Profile     string  `json:"profile"`
	ProfileFile string  `json:"profile_file,omitempty"`
	Duration    float64 `json:"duration"`
	Rule        Rule    `json:"rule"`

	Intervals []Interval `json:"intervals"`
	// Accept lists other codes whose findings tell the same defect; Along those that it truthfully brings with it.
	Accept []string `json:"accept,omitempty"`
	Along  []string `json:"along,omitempty"`

	Parameters map[string]any `json:"parameters,omitempty"`
	// Commands are what made the clip out of base.mkv, the input brought to a constant frame rate, 8-bit 4:2:0 and 48 kHz stereo.
	Commands [][]string `json:"commands"`
	Base     Source     `json:"base"`
}

// Source says what a clip was made from.
type Source struct {
	Input  string  `json:"input"`
	Start  float64 `json:"start,omitempty"`
	SHA256 string  `json:"sha256"`
}

// LabelFile is the name of the label in a clip's directory.
const LabelFile = "label.json"

// ReadLabel reads the label in a directory.
func ReadLabel(dir string) (*Label, error) {
	name := filepath.Join(dir, LabelFile)
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("read label: %w", err)
	}
	if info.Size() > maxLabel {
		return nil, fmt.Errorf("read label %s: %d bytes are more than the %d allowed", name, info.Size(), maxLabel)
	}
	body, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read label: %w", err)
	}
	l := new(Label)
	if err := json.Unmarshal(body, l); err != nil {
		return nil, fmt.Errorf("decode label %s: %w", name, err)
	}
	if l.V != Version {
		return nil, fmt.Errorf("decode label %s: version %d, this program reads %d", name, l.V, Version)
	}
	return l, nil
}

// write puts the label beside its clip.
func (l *Label) write(dir string) error {
	body, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return fmt.Errorf("encode label: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, LabelFile), append(body, '\n'), 0o600); err != nil {
		return fmt.Errorf("write label: %w", err)
	}
	return nil
}
