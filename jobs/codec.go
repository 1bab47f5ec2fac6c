package jobs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Limits on what the codec reads and writes. They are far above what is needed and far below what hurts.
const (
	// MaxTaskBytes bounds a task: a window owns 48 segments at most (producer/slice); with as many of context each has 10 KB, and signed URIs reach 3 KB.
	MaxTaskBytes = 1 << 20
	// MaxCheckBytes bounds a manifest: a day in segments of 2 s on ten sequences takes some 100 MB.
	MaxCheckBytes = 256 << 20
	// MaxOutcomeBytes bounds an outcome and a failure.
	MaxOutcomeBytes = 64 << 10
	// maxOutcomeMessage is where EncodeOutcome and EncodeFailure cut a message: a decoder's log can be endless, its first lines tell what happened. A byte may become six
	// in JSON, so even then the outcome stays below its bound.
	maxOutcomeMessage = 4 << 10
)

// ErrVersion says that something was written by a release of aircheck that this one does not know.
var ErrVersion = errors.New("unknown version")

// EncodeTask returns the canonical JSON of a valid task. It sets the version.
func EncodeTask(t Task) ([]byte, error) {
	t.V = Version
	return encode("task", &t, t.validate, MaxTaskBytes)
}

// DecodeTask reads what EncodeTask wrote. Errors are of class Permanent.
func DecodeTask(b []byte) (Task, error) {
	var t Task
	if err := decode("task", b, &t, t.validate, MaxTaskBytes); err != nil {
		return Task{}, err
	}
	return t, nil
}

// EncodeCheck returns the canonical JSON of a valid check, whose profile must be sealed. It sets the version.
func EncodeCheck(c *Check) ([]byte, error) {
	versioned := *c
	versioned.V = Version
	return encode("check", &versioned, versioned.validate, MaxCheckBytes)
}

// DecodeCheck reads what EncodeCheck wrote. Errors are of class Permanent.
func DecodeCheck(b []byte) (*Check, error) {
	c := new(Check)
	if err := decode("check", b, c, c.validate, MaxCheckBytes); err != nil {
		return nil, err
	}
	return c, nil
}

// EncodeOutcome returns the canonical JSON of a valid outcome. It sets the version and cuts a message beyond 4 KiB.
func EncodeOutcome(o Outcome) ([]byte, error) {
	o.V = Version
	o.Message = clip(o.Message, maxOutcomeMessage)
	return encode("outcome", &o, o.validate, MaxOutcomeBytes)
}

// DecodeOutcome reads what EncodeOutcome wrote. Errors are of class Permanent.
func DecodeOutcome(b []byte) (Outcome, error) {
	var o Outcome
	if err := decode("outcome", b, &o, o.validate, MaxOutcomeBytes); err != nil {
		return Outcome{}, err
	}
	return o, nil
}

// EncodeFailure returns the canonical JSON of a valid failure. It sets the version and cuts a message beyond 4 KiB.
func EncodeFailure(f Failure) ([]byte, error) {
	f.V = Version
	f.Message = clip(f.Message, maxOutcomeMessage)
	return encode("failure", &f, f.validate, MaxOutcomeBytes)
}

// DecodeFailure reads what EncodeFailure wrote. Errors are of class Permanent.
func DecodeFailure(b []byte) (Failure, error) {
	var f Failure
	if err := decode("failure", b, &f, f.validate, MaxOutcomeBytes); err != nil {
		return Failure{}, err
	}
	return f, nil
}

// EncodeInstalment returns the canonical JSON of a valid instalment. It sets the version.
func EncodeInstalment(i *Instalment) ([]byte, error) {
	versioned := *i
	versioned.V = Version
	return encode("instalment", &versioned, versioned.validate, MaxCheckBytes)
}

// DecodeInstalment reads what EncodeInstalment wrote. Errors are of class Permanent.
func DecodeInstalment(b []byte) (*Instalment, error) {
	i := new(Instalment)
	if err := decode("instalment", b, i, i.validate, MaxCheckBytes); err != nil {
		return nil, err
	}
	return i, nil
}

// encode marshals v without escaping HTML: signed URIs are full of ampersands, and people read manifests.
func encode(what string, v any, validate func() error, limit int) ([]byte, error) {
	if err := validate(); err != nil {
		return nil, Classify(Permanent, fmt.Errorf("encode %s: %w", what, err))
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, Classify(Permanent, fmt.Errorf("encode %s: %w", what, err))
	}
	out := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if len(out) > limit {
		return nil, Classify(Permanent, fmt.Errorf("encode %s: %d bytes, at most %d are allowed", what, len(out), limit))
	}
	return out, nil
}

// decode unmarshals b into v and leaves no room for a second reading: no unknown field, nothing after the value, no other version.
func decode(what string, b []byte, v any, validate func() error, limit int) error {
	err := decodeStrict(b, v, limit)
	if err == nil {
		err = validate()
	}
	if err == nil {
		return nil
	}
	wrapped := &Error{Class: Permanent, Err: fmt.Errorf("decode %s: %w", what, err)}
	if errors.Is(err, ErrVersion) {
		wrapped.Hint = "run the same release of aircheck everywhere"
	}
	return wrapped
}

func decodeStrict(b []byte, v any, limit int) error {
	if len(b) > limit {
		return fmt.Errorf("%d bytes, at most %d are allowed", len(b), limit)
	}
	// The version comes first: of a newer one the fields are unknown too, and the version is what an operator must hear about.
	var head struct {
		V int `json:"v"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return err
	}
	if err := knownVersion(head.V); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("data after the value")
	}
	return nil
}

func knownVersion(v int) error {
	if v != Version {
		return fmt.Errorf("%w %d: this release reads %d", ErrVersion, v, Version)
	}
	return nil
}

// clip cuts s to at most limit bytes without breaking a character, and marks the cut.
func clip(s string, limit int) string {
	const mark = " …"
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= limit {
		return s
	}
	cut := limit - len(mark)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + mark
}
