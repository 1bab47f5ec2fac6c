// Package recording reads and writes recording.json, which lies beside the archived segments of a live stream: the timeline of its check with relative
// addresses, and what was seen to be wrong with the delivery. A check of it comes to the report of the live check.
package recording

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"aircheck/jobs"
	"aircheck/producer/source/location"
	"aircheck/storage"
)

// Name is what the file is called.
const Name = "recording.json"

// Schema is what it says it is.
const Schema = "aircheck.recording/v1"

// maxBytes bounds the document: a manifest's own bound.
const maxBytes = jobs.MaxCheckBytes

// Recording is one archived period of a live stream.
type Recording struct {
	Schema string `json:"schema"`
	Stream string `json:"stream"`
	// Begin is where the period begins: a full hour, or the minute in which somebody began to follow.
	Begin time.Time `json:"begin"`
	// Check is the id of the live check.
	Check string `json:"check"`
	// Input is where the stream came from, without credentials.
	Input string `json:"input,omitempty"`
	// Timeline has the findings about delivery and the markers; its addresses are relative to the file, but those of keys.
	Timeline jobs.Timeline `json:"timeline"`
}

// IsRecording tells whether what begins with head is a recording.
func IsRecording(head []byte) bool {
	head = bytes.TrimLeft(head, " \t\r\n")
	return bytes.HasPrefix(head, []byte("{")) && bytes.Contains(head, []byte(`"`+Schema+`"`))
}

// Encode writes a recording. It sets the schema, which comes first: IsRecording looks for it at the beginning.
func Encode(r *Recording) ([]byte, error) {
	versioned := *r
	versioned.Schema = Schema
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(&versioned); err != nil {
		return nil, fmt.Errorf("encode recording: %w", err)
	}
	if b.Len() > maxBytes {
		return nil, fmt.Errorf("encode recording: %d bytes, at most %d are allowed", b.Len(), maxBytes)
	}
	return b.Bytes(), nil
}

// Decode reads a recording; its addresses are still relative. It is strict: nothing unknown, nothing behind the document.
func Decode(doc []byte) (*Recording, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.DisallowUnknownFields()
	r := new(Recording)
	if err := d.Decode(r); err != nil {
		return nil, fmt.Errorf("decode recording: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("decode recording: there is data after it")
	}
	if r.Schema != Schema {
		return nil, fmt.Errorf("decode recording: it is of schema %q, this release reads %s", r.Schema, Schema)
	}
	if err := r.Timeline.Validate(); err != nil {
		return nil, fmt.Errorf("decode recording: %w", err)
	}
	return r, nil
}

// Timeline opens the recording at loc. Addresses may lead to where those of a playlist at the same place may lead; what leads elsewhere is missing.
func Timeline(ctx context.Context, origin storage.Origin, loc location.Location) (jobs.Timeline, error) {
	body, err := origin.Open(ctx, loc.URI(), 0, -1)
	if err != nil {
		return jobs.Timeline{}, err
	}
	defer body.Close()
	doc, err := io.ReadAll(io.LimitReader(body, maxBytes+1))
	if err != nil {
		return jobs.Timeline{}, fmt.Errorf("read recording: %w", err)
	}
	if len(doc) > maxBytes {
		return jobs.Timeline{}, jobs.Classify(jobs.Permanent, fmt.Errorf("read recording: %w: more than %d bytes", storage.ErrTooLarge, maxBytes))
	}
	r, err := Decode(doc)
	if err != nil {
		return jobs.Timeline{}, jobs.Classify(jobs.Permanent, err)
	}
	resolve(&r.Timeline, loc)
	return r.Timeline, nil
}

// resolve makes the addresses absolute.
func resolve(t *jobs.Timeline, loc location.Location) {
	known := map[string]string{"": ""}
	to := func(ref string) string {
		uri, ok := known[ref]
		if !ok {
			if l, err := loc.Resolve(ref); err == nil {
				uri = l.URI()
			}
			known[ref] = uri
		}
		return uri
	}
	for i := range t.Sequences {
		for k := range t.Sequences[i].Segments {
			s := &t.Sequences[i].Segments[k]
			s.URI = to(s.URI)
			if s.Init != nil {
				s.Init.URI = to(s.Init.URI)
			}
			for _, key := range []*jobs.Key{s.Key, s.InitKey} {
				if key != nil && (key.Format == "" || key.Format == "identity") {
					key.URI = to(key.URI)
				}
			}
		}
		if o := t.Sequences[i].Object; o != nil {
			o.URI = to(o.URI)
		}
	}
}
