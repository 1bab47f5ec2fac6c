package jobs

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Limits of what is decoded. A task is a few KB, and every byte of it is written to Redis again with each heartbeat; a manifest holds about 200 bytes
// a segment, so 64 MB are a day of a six-rung ladder in two-second segments.
const (
	MaxTaskBytes    = 1 << 20
	MaxCheckBytes   = 64 << 20
	MaxOutcomeBytes = 64 << 10
)

// maxMessage bounds the message of an outcome, in bytes: it is for people.
const maxMessage = 4 << 10

// ErrVersion says that something was written by a version of aircheck that this one does not know.
var ErrVersion = errors.New("unknown version")

// NewID makes the id of a check: sortable by time to the second, and unguessable enough (40 bits) that two producers never meet.
func NewID(now time.Time) string {
	return now.UTC().Format("20060102-150405-") + strings.ToLower(rand.Text()[:8])
}

// EncodeTask writes the payload of a task. It sets the version.
func EncodeTask(t Task) ([]byte, error) {
	t.V = Version
	return encodeBounded(t, MaxTaskBytes)
}

// DecodeTask reads the payload of a task and refuses whatever it does not understand in full.
func DecodeTask(payload []byte) (Task, error) {
	var t Task
	if err := decodeStrict(payload, &t, MaxTaskBytes); err != nil {
		return Task{}, fmt.Errorf("decode task: %w", err)
	}
	if err := t.validate(); err != nil {
		return Task{}, fmt.Errorf("decode task: %w", err)
	}
	return t, nil
}

// EncodeCheck writes a manifest. It sets the version.
func EncodeCheck(c *Check) ([]byte, error) {
	versioned := *c
	versioned.V = Version
	return encodeBounded(versioned, MaxCheckBytes)
}

// DecodeCheck reads a manifest and refuses whatever it does not understand in full.
func DecodeCheck(doc []byte) (*Check, error) {
	c := new(Check)
	if err := decodeStrict(doc, c, MaxCheckBytes); err != nil {
		return nil, fmt.Errorf("decode manifest: %w", err)
	}
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("decode manifest: %w", err)
	}
	return c, nil
}

// EncodeOutcome writes an outcome. It sets the version and shortens a message that is too long to be read.
func EncodeOutcome(o Outcome) ([]byte, error) {
	o.V = Version
	if len(o.Message) > maxMessage {
		o.Message = strings.ToValidUTF8(o.Message[:maxMessage], "") + "…"
	}
	return encodeBounded(o, MaxOutcomeBytes)
}

// DecodeOutcome reads an outcome.
func DecodeOutcome(doc []byte) (Outcome, error) {
	var o Outcome
	if err := decodeStrict(doc, &o, MaxOutcomeBytes); err != nil {
		return Outcome{}, fmt.Errorf("decode outcome: %w", err)
	}
	if o.V != Version {
		return Outcome{}, fmt.Errorf("decode outcome: %w %d", ErrVersion, o.V)
	}
	return o, nil
}

func encodeBounded(v any, limit int) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if len(b) > limit {
		return nil, fmt.Errorf("%d bytes are more than the %d allowed", len(b), limit)
	}
	return b, nil
}

// decodeStrict reads exactly one JSON value without unknown members. An older worker must not act on half of what a newer producer said.
func decodeStrict(doc []byte, into any, limit int) error {
	if len(doc) > limit {
		return fmt.Errorf("%d bytes are more than the %d allowed", len(doc), limit)
	}
	// The version comes first: "unknown version 2" helps more than the name of a field.
	var head struct {
		V int `json:"v"`
	}
	if err := json.Unmarshal(doc, &head); err != nil {
		return err
	}
	if head.V != Version {
		return fmt.Errorf("%w %d: this aircheck reads %d", ErrVersion, head.V, Version)
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}

func (t Task) validate() error {
	if t.Check == "" || t.Window.Sequence == "" {
		return errors.New("check or sequence is not named")
	}
	if (t.Object == nil) == (len(t.Segments) == 0) {
		return errors.New("want either segments or an object")
	}
	if t.Context < 0 || t.Context > len(t.Segments) || t.Epoch < 0 {
		return fmt.Errorf("context %d of %d segments, epoch %d", t.Context, len(t.Segments), t.Epoch)
	}
	return t.Window.validate()
}

func (w Window) validate() error {
	if w.Index < 0 || w.First < 0 || w.Last < w.First || w.End < w.Start {
		return fmt.Errorf("window %d of %s: [%d, %d) at [%d, %d) µs is no window", w.Index, w.Sequence, w.First, w.Last, w.Start, w.End)
	}
	return nil
}

// validate checks that every window lies in its sequence, and that the windows of a sequence are numbered in order.
func (c *Check) validate() error {
	if c.ID == "" {
		return errors.New("it has no id")
	}
	sequences := make(map[string]*Sequence, len(c.Timeline.Sequences))
	for i := range c.Timeline.Sequences {
		s := &c.Timeline.Sequences[i]
		if s.ID == "" || sequences[s.ID] != nil {
			return fmt.Errorf("sequence %d: id %q is empty or there twice", i, s.ID)
		}
		sequences[s.ID] = s
	}
	next := make(map[string]int, len(sequences))
	for _, w := range c.Windows {
		s := sequences[w.Sequence]
		if s == nil || w.Index != next[w.Sequence] {
			return fmt.Errorf("window %d of %q: want window %d of a known sequence", w.Index, w.Sequence, next[w.Sequence])
		}
		next[w.Sequence]++
		if err := w.validate(); err != nil {
			return err
		}
		if w.Last > len(s.Segments) {
			return fmt.Errorf("window %d of %s: it ends at segment %d of %d", w.Index, w.Sequence, w.Last, len(s.Segments))
		}
	}
	return nil
}
