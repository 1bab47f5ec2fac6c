package hls

import (
	"fmt"
	"strings"

	"aircheck/jobs"
)

// builder turns the segments of one playlist into those of a timeline. References that repeat share one address: most playlists have one initialisation
// section and one key, and some have one file.
type builder struct {
	timeline *timeline
	child    *child
	faults   int
	resolved map[string]string // addresses by reference; empty where it was refused

	mapped  *Map
	init    *jobs.ByteRange
	initKey *jobs.Key
}

// segments stops resolving where the stream's addresses become too many: the rest has none, so it is missing, and a finding says why.
func (b *builder) segments(list []Segment) []jobs.Segment {
	out := make([]jobs.Segment, len(list))
	b.resolved = map[string]string{}
	told := false
	for i := range list {
		if b.timeline.addresses <= maxAddresses {
			out[i] = b.segment(i, &list[i])
			b.timeline.addresses += addresses(&out[i])
		}
		if b.timeline.addresses <= maxAddresses {
			continue
		}
		out[i] = bare(i, &list[i])
		if !told {
			told = true
			message := fmt.Sprintf("refused from segment %d on: the addresses of the stream's segments are longer than %d bytes together", i, maxAddresses)
			b.timeline.invalid(b.child, Fault{Line: list[i].Line, Segment: i, Severity: jobs.Fail, Message: message})
		}
	}
	return out
}

// addresses is the length of what a segment refers to, each as often as it will stand in the manifest.
func addresses(s *jobs.Segment) int {
	n := len(s.URI)
	if s.Init != nil {
		n += len(s.Init.URI)
	}
	for _, k := range []*jobs.Key{s.Key, s.InitKey} {
		if k != nil {
			n += len(k.URI)
		}
	}
	return n
}

// bare is a segment that refers to nothing.
func bare(i int, s *Segment) jobs.Segment {
	return jobs.Segment{
		Index: i, ByteRange: jobs.ByteRange{Length: -1}, Start: s.Start, Duration: s.Duration,
		Discontinuity: s.Discontinuity, Gap: s.Gap, ProgramTime: s.ProgramTime,
	}
}

// segment resolves what a segment refers to. A reference that is refused leaves an empty URI: nobody can read it, so the segment is missing.
func (b *builder) segment(i int, s *Segment) jobs.Segment {
	b.useMap(i, s.Map)
	out := bare(i, s)
	out.ByteRange = byteRange(b.resolve(i, s.Line, s.URI), s.Range)
	out.Init, out.InitKey, out.Key = b.init, b.initKey, b.key(i, s.Key, sequenceIV(s.Sequence))
	return out
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
	if len(k.Systems) > 0 {
		out.Format = strings.Join(k.Systems, " ")
	}
	if out.Format == "" {
		if out.IV == nil {
			out.IV = sequence
		}
		out.URI = ""
		if k.URI != "" {
			out.URI = b.resolve(i, k.Line, k.URI)
		}
	}
	return out
}

// resolve applies the rule of package location; the first refusals of a playlist are told one by one, and each once.
func (b *builder) resolve(i, line int, uri string) string {
	if known, ok := b.resolved[uri]; ok {
		return known
	}
	loc, err := b.child.base.Resolve(uri)
	address := loc.URI()
	if err != nil {
		address = ""
		b.faults++
		if b.faults <= maxFaults {
			b.timeline.invalid(b.child, Fault{Line: line, Segment: i, Severity: jobs.Fail, Message: label(uri) + ": " + err.Error()})
		}
	}
	b.resolved[uri] = address
	return address
}
