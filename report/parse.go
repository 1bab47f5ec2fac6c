package report

import (
	"encoding/json"
	"errors"
	"fmt"

	"aircheck/jobs"
)

// ErrDigest says that a report's content does not have the digest that stands in it.
var ErrDigest = errors.New("digest does not match the content")

// Parse reads a report back. Unknown members are ignored; a foreign schema, an unknown verdict, severity or state, an interval that ends before it
// starts, or a digest that does not fit are errors.
func Parse(doc []byte) (*Report, error) {
	if len(doc) > MaxBytes {
		return nil, fmt.Errorf("decode report: %d bytes are more than the %d allowed", len(doc), MaxBytes)
	}
	r := new(Report)
	if err := json.Unmarshal(doc, r); err != nil {
		return nil, fmt.Errorf("decode report: %w", err)
	}
	if r.Schema != Schema {
		return nil, fmt.Errorf("decode report: schema is %q, this version reads %q", r.Schema, Schema)
	}
	if err := r.validate(); err != nil {
		return nil, fmt.Errorf("decode report: %w", err)
	}
	digest, err := DigestOf(doc)
	if err != nil {
		return nil, err
	}
	if digest != r.Digest {
		return nil, fmt.Errorf("decode report %s: %w: it has %s, its content %s", r.Check.ID, ErrDigest, r.Digest, digest)
	}
	r.Result, r.Run = withoutNil(r.Result), r.Run.withoutNil()
	return r, nil
}

func (r *Report) validate() error {
	if !knownVerdict(r.Verdict) {
		return fmt.Errorf("verdict %q is unknown", r.Verdict)
	}
	for i, f := range r.Findings {
		if f.Severity.Rank() == 0 {
			return fmt.Errorf("finding %d: severity %q is unknown", i, f.Severity)
		}
		if f.End < f.Start {
			return fmt.Errorf("finding %d: it ends before it starts", i)
		}
	}
	for i, c := range r.Coverage {
		for _, iv := range c.Intervals {
			if !knownState(iv.State) || iv.End < iv.Start {
				return fmt.Errorf("coverage %d: interval %v-%v %q is not valid", i, iv.Start, iv.End, iv.State)
			}
		}
	}
	return nil
}

func knownVerdict(v jobs.Verdict) bool {
	switch v {
	case jobs.VerdictFail, jobs.VerdictIncomplete, jobs.VerdictWarn, jobs.VerdictPass:
		return true
	}
	return false
}

func knownState(s jobs.State) bool {
	switch s {
	case jobs.Analysed, jobs.Failed, jobs.Skipped, jobs.Pending:
		return true
	}
	return false
}
