package jobs

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

const (
	// maxURI bounds a URI in bytes; signed URIs with session tokens reach 3 KB.
	maxURI = 16 << 10
	// maxText bounds what a person or a playlist calls something.
	maxText = 64 << 10
	// maxCount bounds window indices, segment indices and epochs: four years of one-second segments.
	maxCount = 1 << 27
	// maxTime bounds the timeline: 30 years in microseconds, so that sums of two times cannot overflow.
	maxTime Micros = 30 * 366 * 86400 * 1e6
	// maxClock bounds what a media's clock shows: times since 1970, and to spare; sums of some cannot overflow.
	maxClock Micros = 400 * 366 * 86400 * 1e6
	// ivLength is AES's block.
	ivLength = 16
)

// Queues lists the queues by falling weight: a backfill never starves live.
func Queues() []string { return []string{"live", "vod", "backfill"} }

func (t *Task) validate() error {
	switch {
	case t.V != Version:
		return knownVersion(t.V)
	case !ValidID(t.Check):
		return fmt.Errorf("check id %q is not valid", cut(t.Check))
	case t.Epoch < 0 || t.Epoch > maxCount:
		return fmt.Errorf("epoch %d is out of range", t.Epoch)
	case t.Depth != "" && t.Depth != DepthFast:
		return fmt.Errorf("depth %q is not known", cut(t.Depth))
	case t.After < 0 || t.After > 1 || t.After > 0 && t.Depth != DepthFast:
		return fmt.Errorf("%d segments behind the window", t.After)
	case t.Compare != nil:
		return errors.New("a comparison is no task for the queue")
	case t.Look != nil:
		return errors.New("a look is no task for the queue")
	}
	if err := t.Window.validate(); err != nil {
		return err
	}
	if t.Object != nil {
		return t.validateObject()
	}
	return t.validateSegments()
}

func (t *Task) validateObject() error {
	if len(t.Segments) != 0 || t.Context != 0 || t.After != 0 || t.Window.First != 0 || t.Window.Last != 0 {
		return errors.New("object and segments in one task")
	}
	return t.Object.validate()
}

// validateSegments checks that the task carries exactly the window's segments and their context, in order.
func (t *Task) validateSegments() error {
	w := &t.Window
	if w.First >= w.Last {
		return fmt.Errorf("window holds no segment: [%d, %d)", w.First, w.Last)
	}
	if t.Context < 0 || t.Context > w.First {
		return fmt.Errorf("context of %d segments before segment %d", t.Context, w.First)
	}
	if want := t.Context + w.Last - w.First + t.After; len(t.Segments) != want {
		return fmt.Errorf("%d segments, the window and its context have %d", len(t.Segments), want)
	}
	return validateRow(t.Segments, w.First-t.Context)
}

func (c *Check) validate() error {
	switch {
	case c.V != Version:
		return knownVersion(c.V)
	case !ValidID(c.ID):
		return fmt.Errorf("check id %q is not valid", cut(c.ID))
	case c.Input == "" || len(c.Input) > maxURI || len(c.Reference) > maxURI:
		return fmt.Errorf("input of %d bytes, reference of %d", len(c.Input), len(c.Reference))
	case c.Depth != "" && c.Depth != DepthFast || c.Depth != "" && c.Reference != "":
		return fmt.Errorf("depth %q is not known, or not for a comparison", cut(c.Depth))
	case !slices.Contains(Queues(), c.Queue):
		return fmt.Errorf("queue %q is not known", cut(c.Queue))
	case c.WindowLength < 0 || c.WindowLength > maxTime:
		return fmt.Errorf("window length of %d µs is out of range", c.WindowLength)
	}
	for _, p := range []*Profile{&c.Profile, c.BreakProfile} {
		if p != nil && (p.Digest == "" || p.Digest != p.digest()) {
			return fmt.Errorf("profile %q: digest %q does not belong to its thresholds", cut(p.Name), cut(p.Digest))
		}
	}
	if err := c.Timeline.validate(); err != nil {
		return err
	}
	return validateTiling(&c.Timeline, c.Windows)
}

func (o *Outcome) validate() error {
	switch {
	case o.V != Version:
		return knownVersion(o.V)
	case !ValidID(o.Check):
		return fmt.Errorf("check id %q is not valid", cut(o.Check))
	case !ValidSequenceID(o.Sequence):
		return fmt.Errorf("sequence id %q is not valid", cut(o.Sequence))
	case o.Window < 0 || o.Window > maxCount:
		return fmt.Errorf("window %d is out of range", o.Window)
	case o.Attempts < 0 || o.Attempts > maxCount:
		return fmt.Errorf("%d attempts are out of range", o.Attempts)
	case len(o.Message) > maxText:
		return fmt.Errorf("message of %d bytes", len(o.Message))
	case !o.Class.known():
		return fmt.Errorf("class %q is not known", cut(string(o.Class)))
	}
	return nil
}

func (i *Instalment) validate() error {
	switch {
	case i.V != Version:
		return knownVersion(i.V)
	case !ValidID(i.Check):
		return fmt.Errorf("check id %q is not valid", cut(i.Check))
	case i.Index < 0 || i.Index > maxCount:
		return fmt.Errorf("index %d is out of range", i.Index)
	case (i.Index == 0) != (i.Begin != nil):
		return fmt.Errorf("instalment %d: the beginning of the check belongs into the first", i.Index)
	}
	for _, p := range i.Parts {
		if len(p.Segments) == 0 || !ValidSequenceID(p.Sequence) {
			return fmt.Errorf("%d segments of sequence %q", len(p.Segments), cut(p.Sequence))
		}
		if err := validateRow(p.Segments, p.Segments[0].Index); err != nil {
			return fmt.Errorf("sequence %s: %w", p.Sequence, err)
		}
	}
	for k := range i.Windows {
		if err := i.Windows[k].validate(); err != nil {
			return fmt.Errorf("window %d of %s: %w", i.Windows[k].Index, cut(i.Windows[k].Sequence), err)
		}
	}
	return nil
}

func (f *Failure) validate() error {
	switch {
	case f.V != Version:
		return knownVersion(f.V)
	case !ValidID(f.Check):
		return fmt.Errorf("check id %q is not valid", cut(f.Check))
	case f.Attempts < 0 || f.Attempts > maxCount:
		return fmt.Errorf("%d attempts are out of range", f.Attempts)
	case len(f.Message) > maxText:
		return fmt.Errorf("message of %d bytes", len(f.Message))
	}
	return nil
}

func (c Class) known() bool {
	switch c {
	case Transient, Permanent, Undecodable, Crash, Timeout, Cancelled:
		return true
	}
	return false
}

func (t *Timeline) validate() error {
	if t.Kind != SourceHLS && t.Kind != SourceDASH && t.Kind != SourceFile {
		return fmt.Errorf("source kind %q is not known", cut(string(t.Kind)))
	}
	if len(t.Sequences) > maxSequences {
		return fmt.Errorf("%d sequences, at most %d are allowed", len(t.Sequences), maxSequences)
	}
	references := 0
	for i := range t.Sequences {
		s := &t.Sequences[i]
		want := SequenceID(i)
		if s.Role == RoleReference {
			want = ReferenceID(references)
			references++
		} else if references > 0 || s.Role != "" {
			return fmt.Errorf("sequence %d has role %q", i, cut(string(s.Role)))
		}
		if s.ID != want {
			return fmt.Errorf("sequence %d has id %q", i, cut(s.ID))
		}
		if err := s.validate(); err != nil {
			return fmt.Errorf("sequence %s: %w", s.ID, err)
		}
	}
	return nil
}

func (s *Sequence) validate() error {
	switch {
	case s.Duration < 0 || s.Duration > maxTime:
		return fmt.Errorf("duration of %d µs is out of range", s.Duration)
	case len(s.Name) > maxText:
		return fmt.Errorf("name of %d bytes", len(s.Name))
	case s.Variant != nil && (s.Variant.Bandwidth < 0 || s.Variant.AverageBandwidth < 0 || s.Variant.Width < 0 || s.Variant.Height < 0):
		return errors.New("variant with a negative attribute")
	}
	switch s.Mode {
	case ModeSegments:
		if s.Object != nil {
			return errors.New("object in a sequence of segments")
		}
		return validateRow(s.Segments, 0)
	case ModeObject:
		if len(s.Segments) != 0 || s.Object == nil {
			return errors.New("a sequence in object mode needs an object and no segments")
		}
		return s.Object.validate()
	}
	return fmt.Errorf("mode %q is not known", cut(string(s.Mode)))
}

func (o *Object) validate() error {
	if o.Size < 0 || o.URI == "" {
		return fmt.Errorf("object of %d bytes at %q", o.Size, cut(o.URI))
	}
	return validateURI(o.URI)
}

// validateRow checks segments that follow each other from index first.
func validateRow(segments []Segment, first int) error {
	for i := range segments {
		s := &segments[i]
		if s.Index != first+i {
			return fmt.Errorf("segment %d stands where %d belongs", s.Index, first+i)
		}
		if err := s.validate(); err != nil {
			return fmt.Errorf("segment %d: %w", s.Index, err)
		}
	}
	return nil
}

// Valid tells whether documents can hold the segment: whoever makes one of what a playlist says asks before it is one of many.
func (s *Segment) Valid() error { return s.validate() }

func (s *Segment) validate() error {
	switch {
	case s.Index < 0 || s.Index > maxCount:
		return errors.New("index is out of range")
	case s.Start < 0 || s.Start > maxTime || s.Duration < 0 || s.Duration > maxTime:
		return fmt.Errorf("start %d µs, duration %d µs are out of range", s.Start, s.Duration)
	case s.Tail < 0:
		return fmt.Errorf("tail of %d bytes", s.Tail)
	case len(s.Missing) > maxText:
		return fmt.Errorf("reason of %d bytes", len(s.Missing))
	case s.Discontinuity < 0 || s.Discontinuity > maxCount:
		return fmt.Errorf("discontinuity %d is out of range", s.Discontinuity)
	}
	if err := s.ByteRange.validate(); err != nil {
		return err
	}
	if c := s.Clock; c != nil && (max(c.Zero, -c.Zero, c.At, -c.At) > maxClock) {
		return fmt.Errorf("clock %d, %d is out of range", c.Zero, c.At)
	}
	if err := s.Init.validate(); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	if err := s.InitKey.validate(); err != nil {
		return fmt.Errorf("init key: %w", err)
	}
	if err := s.Key.validate(); err != nil {
		return fmt.Errorf("key: %w", err)
	}
	if s.Key.fetchable() && len(s.Key.IV) == 0 {
		return fmt.Errorf("key: %s without an IV", s.Key.Method)
	}
	return nil
}

// validate accepts nil, and a range without a URI: that is how the producer writes down a reference that nobody may follow. It is a finding, not an error.
func (r *ByteRange) validate() error {
	if r == nil {
		return nil
	}
	if r.Offset < 0 || r.Length < -1 || r.Length > 0 && r.Offset+r.Length < 0 {
		return fmt.Errorf("byte range %d+%d", r.Offset, r.Length)
	}
	return validateURI(r.URI)
}

// validateURI accepts the empty URI.
func validateURI(uri string) error {
	if len(uri) > maxURI {
		return fmt.Errorf("URI of %d bytes", len(uri))
	}
	if strings.ContainsRune(uri, 0) {
		return errors.New("URI with a zero byte")
	}
	return nil
}

// validate accepts nil.
func (k *Key) validate() error {
	switch {
	case k == nil:
		return nil
	case k.Method == "" || k.Method == "NONE" || len(k.Method) > maxText || len(k.Format) > maxText:
		return fmt.Errorf("method %q", cut(k.Method))
	case len(k.IV) != 0 && len(k.IV) != ivLength:
		return fmt.Errorf("IV of %d bytes", len(k.IV))
	}
	if err := validateURI(k.URI); err != nil || !k.fetchable() {
		return err
	}
	return validateKeyScheme(k.URI)
}

// fetchable tells whether a worker can do something with the key; all others are a DRM system's and are never fetched.
func (k *Key) fetchable() bool {
	return k != nil && k.Method == "AES-128" && (k.Format == "" || k.Format == "identity")
}

// validateKeyScheme lets through what a worker may fetch a key from. A data: URI would carry the key itself, which must not be part of a job.
func validateKeyScheme(uri string) error {
	scheme, _, found := strings.Cut(uri, "://")
	if !found {
		if u, err := url.Parse(uri); err == nil && u.Scheme != "" && u.Scheme != "file" && u.Opaque != "" {
			return fmt.Errorf("URI scheme %q", cut(u.Scheme))
		}
		return nil // a path, or nothing
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "s3", "file":
		return nil
	}
	return fmt.Errorf("URI scheme %q", cut(scheme))
}

// cut shortens what somebody sent for an error message.
func cut(s string) string { return clip(s, 100) }

// Validate checks a timeline that comes from elsewhere than a check: its sequences, their order, and every number in them.
func (t *Timeline) Validate() error { return t.validate() }
