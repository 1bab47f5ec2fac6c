package hls

import (
	"aircheck/jobs"
)

// builder turns the segments of one playlist into those of a timeline. It remembers what the last segment shared with it: most playlists have one
// initialisation section and one key.
type builder struct {
	timeline *timeline
	child    *child
	faults   int

	mapped  *Map
	init    *jobs.ByteRange
	initKey *jobs.Key
	keyed   *Key
	keyURI  string
}

func (b *builder) segments(list []Segment) []jobs.Segment {
	out := make([]jobs.Segment, len(list))
	for i := range list {
		out[i] = b.segment(i, &list[i])
	}
	return out
}

// segment resolves what a segment refers to. A reference that is refused leaves an empty URI: nobody can read it, so the segment is missing.
func (b *builder) segment(i int, s *Segment) jobs.Segment {
	b.useMap(i, s.Map)
	return jobs.Segment{
		Index: i, ByteRange: byteRange(b.resolve(i, s.Line, s.URI), s.Range),
		Start: s.Start, Duration: s.Duration,
		Init: b.init, InitKey: b.initKey, Key: b.key(i, s.Key, sequenceIV(s.Sequence)),
		Discontinuity: s.Discontinuity, Gap: s.Gap, ProgramTime: s.ProgramTime,
	}
}

func byteRange(uri string, r *Range) jobs.ByteRange {
	if r == nil {
		return jobs.ByteRange{URI: uri, Length: -1}
	}
	return jobs.ByteRange{URI: uri, Offset: r.Offset, Length: r.Length}
}

func (b *builder) useMap(i int, m *Map) {
	if m == b.mapped {
		return
	}
	b.mapped, b.init, b.initKey = m, nil, nil
	if m != nil {
		r := byteRange(b.resolve(i, m.Line, m.URI), m.Range)
		b.init, b.initKey = &r, b.key(i, m.Key, nil)
	}
}

// key fills in the media sequence number where an identity key has no IV. The URIs of DRM systems (skd:, data:) are kept as they are: nothing
// here will ever open them.
func (b *builder) key(i int, k *Key, sequence []byte) *jobs.Key {
	if k == nil {
		return nil
	}
	out := &jobs.Key{Method: clip(k.Method), URI: k.URI, Format: clip(k.Format), IV: k.IV}
	if out.Format == "" {
		if out.IV == nil {
			out.IV = sequence
		}
		if k != b.keyed {
			b.keyed, b.keyURI = k, ""
			if k.URI != "" {
				b.keyURI = b.resolve(i, k.Line, k.URI)
			}
		}
		out.URI = b.keyURI
	}
	return out
}

// resolve applies the rule of package location; the first refusals of a playlist are told one by one.
func (b *builder) resolve(i, line int, uri string) string {
	loc, err := b.child.loc.Resolve(uri)
	if err == nil {
		return loc.URI()
	}
	b.faults++
	if b.faults <= maxFaults {
		b.timeline.invalid(b.child, Fault{Line: line, Segment: i, Severity: jobs.Fail, Message: label(uri) + ": " + err.Error()})
	}
	return ""
}
