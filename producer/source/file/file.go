// Package file makes a timeline of one media object: it learns the duration from the container's header, and cuts fragmented MP4 and MPEG-TS into segments
// at random access points.
//
// It reads by ranges and looks at structure only. Strange bytes are no error: what cannot be understood is one object without a duration, and the
// decoder says what it is.
package file

import (
	"bytes"
	"context"

	"aircheck/jobs"
	"aircheck/storage"
)

// minRate is the bit rate below which a declared duration is not believed: silent Opus with discontinuous transmission needs 200 bit/s, and a picture
// more. Without it one wrong bit in a header makes ten thousand windows with nothing in them.
const minRate = 100

// shortest is the length that an object is taken to have at least when its container says that it was cut off: what is left of a file says little about what it
// was. At minRate it is a day.
const shortest = 1 << 20

// headLength is what tells containers apart: five packets of the longest kind of MPEG-TS, and room for junk before the first.
const headLength = 16 << 10

// container is what was learnt about an object. Without segments it is read by random access.
type container struct {
	media    string // as jobs.Sequence.Media
	duration jobs.Micros
	segments []jobs.Segment
	findings []jobs.Finding
	// end is where the container says that the object ends, in bytes; 0 when it does not say.
	end int64
}

// truncated tells whether the container goes on beyond the end of its object.
func (c *container) truncated(size int64) bool { return size >= 0 && c.end > size }

// Timeline looks at the object at uri. The error says that it cannot be read.
func Timeline(ctx context.Context, origin storage.Origin, uri string) (jobs.Timeline, error) {
	info, err := origin.Stat(ctx, uri)
	if err != nil {
		return jobs.Timeline{}, err
	}
	r := &reader{origin: origin, object: jobs.Object{URI: uri, Size: info.Size, ETag: info.ETag}}
	c, err := probe(ctx, r)
	if err != nil {
		return jobs.Timeline{}, err
	}
	seq := jobs.Sequence{ID: "s0", Media: c.media, Duration: c.duration, Truncated: c.truncated(info.Size)}
	if len(c.segments) > 0 {
		seq.Mode, seq.Segments = jobs.ModeSegments, c.segments
	} else {
		seq.Mode, seq.Object, seq.Duration = jobs.ModeObject, &r.object, c.plausible(info.Size)
	}
	return jobs.Timeline{Kind: jobs.SourceFile, Sequences: []jobs.Sequence{seq}, Findings: c.findings}, nil
}

// plausible is the declared duration, unless no medium could fill it with so few bytes.
func (c *container) plausible(size int64) jobs.Micros {
	if c.truncated(size) {
		size = max(size, min(c.end, shortest))
	}
	if c.duration < 0 || size >= 0 && c.duration.Seconds()*minRate > float64(size)*8 {
		return 0
	}
	return c.duration
}

// probe asks the container that the first bytes belong to.
func probe(ctx context.Context, r *reader) (container, error) {
	head, err := r.at(ctx, 0, headLength)
	if err != nil {
		return container{}, err
	}
	switch {
	case isMP4(head):
		return probeMP4(ctx, r)
	case bytes.HasPrefix(head, []byte("\x1a\x45\xdf\xa3")):
		return probeMatroska(ctx, r)
	case isWAV(head):
		return probeWAV(ctx, r)
	case packetGrid(head).size > 0:
		return probeTS(ctx, r)
	}
	return container{}, nil
}

// isMP4 tells by the first box (ISO/IEC 14496-12; QuickTime begins with any of these).
func isMP4(head []byte) bool {
	if len(head) < 8 {
		return false
	}
	switch string(head[4:8]) {
	case "ftyp", "styp", "moov", "moof", "mdat", "free", "skip", "wide", "pnot", "sidx":
		return true
	}
	return false
}

// ticks converts a number of ticks to microseconds, rounded to nearest; ok is false where the result makes no sense.
func ticks(n, perSecond int64) (jobs.Micros, bool) {
	const longest = 366 * 24 * 3600 // a year: no file is longer
	if n < 0 || perSecond <= 0 || n/perSecond > longest {
		return 0, false
	}
	whole, rest := n/perSecond, n%perSecond
	if perSecond > 1<<40 {
		return jobs.Micros(whole * 1e6), true
	}
	return jobs.Micros(whole*1e6 + (rest*1e6+perSecond/2)/perSecond), true
}
