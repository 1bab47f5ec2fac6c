// Package report is what a check says to the world: the schema aircheck.report/v1, its canonical JSON and digest, and the formats
// made from it.
//
// It may import jobs and nothing else of aircheck. It does no I/O beyond the writer it is given, and asks no clock.
package report

import (
	"encoding/json"
	"fmt"
	"slices"

	"aircheck/jobs"
)

// Schema names the contract that docs/REPORT.md describes. A change that an existing consumer would notice needs a new one.
const Schema = "aircheck.report/v1"

// MaxBytes bounds a report that is read back: 64 MB hold over 300,000 findings.
const MaxBytes = 64 << 20

// Report is one check's report. The order of the fields is the order in the document.
type Report struct {
	Schema string `json:"schema"`
	Check  Check  `json:"check"`
	jobs.Result
	// Digest is "sha256:" and the hash of the canonical encoding of what depends on the stream, the profile and the versions alone.
	Digest string `json:"digest"`
	// Waived are the findings that people marked as intended, in the order of the findings. They are looked up whenever a report is shown, and stand in no stored one.
	Waived []Waived `json:"waived,omitempty"`
	Run    Run      `json:"run"`
}

// Check identifies the examination. ID and Input stay outside the digest.
type Check struct {
	ID       string   `json:"id"`
	Input    string   `json:"input"`
	Profile  Profile  `json:"profile"`
	Versions Versions `json:"versions"`
}

// Profile names the thresholds that judged.
type Profile struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
	// Breaks is the profile of ad breaks, where they have one of their own.
	Breaks *Profile `json:"breaks,omitempty"`
}

// Versions are those of everything that can make one stream's report differ.
type Versions struct {
	Aircheck string `json:"aircheck"`
	Measure  int    `json:"measure"`
	Judge    int    `json:"judge"`
	FFmpeg   string `json:"ffmpeg"`
}

// Run is how it went this time: figures that differ from run to run and that nothing may depend on. Keys are free; values are plain JSON.
type Run struct {
	Cost   map[string]any `json:"cost"`
	Timing map[string]any `json:"timing"`
	Host   map[string]any `json:"host"`
}

// Build makes the report of a check that has been judged. aircheck is the version of the program, ffmpeg that of the libraries that decoded.
func Build(check *jobs.Check, result jobs.Result, aircheck, ffmpeg string, run Run) (*Report, error) {
	r := &Report{
		Schema: Schema,
		Check: Check{
			ID:      check.ID,
			Input:   check.Input,
			Profile: Profile{Name: check.Profile.Name, Digest: check.Profile.Digest},
			Versions: Versions{
				Aircheck: aircheck, Measure: jobs.MeasureVersion, Judge: jobs.JudgeVersion, FFmpeg: ffmpeg,
			},
		},
		Result: withoutNil(result),
		Run:    run.withoutNil(),
	}
	if p := check.BreakProfile; p != nil {
		r.Check.Profile.Breaks = &Profile{Name: p.Name, Digest: p.Digest}
	}
	doc, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode report of check %s: %w", check.ID, err)
	}
	if r.Digest, err = DigestOf(doc); err != nil {
		return nil, fmt.Errorf("digest report of check %s: %w", check.ID, err)
	}
	return r, nil
}

// withoutNil turns absent lists into empty ones: consumers loop over them without asking first, and [] and null must not give two digests.
func withoutNil(r jobs.Result) jobs.Result {
	r.Renditions = orEmpty(r.Renditions)
	r.Findings = orEmpty(r.Findings)
	r.Coverage = slices.Clone(orEmpty(r.Coverage))
	for i := range r.Coverage { // a rendition without any time has no intervals
		r.Coverage[i].Intervals = orEmpty(r.Coverage[i].Intervals)
	}
	r.Summary.Loudness = orEmpty(r.Summary.Loudness)
	return r
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func (r Run) withoutNil() Run {
	for _, m := range []*map[string]any{&r.Cost, &r.Timing, &r.Host} {
		if *m == nil {
			*m = map[string]any{}
		}
	}
	return r
}
