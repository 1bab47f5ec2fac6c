package file

import (
	"context"
	"fmt"

	"aircheck/jobs"
)

const (
	// minSegment is the least length of a segment cut from a fragmented file. Each segment restarts the audio decoder with a pre-roll of
	// 0.6 s, and is a line in a task; at 2 s, what HLS packagers make, both are small. Low-latency files have fragments of one frame.
	minSegment jobs.Micros = 2e6
	// maxSegmentBytes bounds a segment that is cut here: workers hold a segment in memory.
	maxSegmentBytes = 256 << 20
	// maxCut bounds the segments of one file.
	maxCut = 200_000
	// maxTicks bounds times, so that sums of them stay far from the limits of their type.
	maxTicks = 1 << 60
)

// cut makes segments of a fragmented file. Where the file is not of the usual kind it is one object after all.
func (w *layout) cut(ctx context.Context, r *reader, m *movie) (container, error) {
	whole := container{media: m.media(), duration: m.length()}
	ref, ok := m.reference()
	if !ok {
		return whole, nil
	}
	c := cutter{ref: ref, start: -1, init: jobs.ByteRange{URI: r.object.URI, Offset: w.ftyp.off, Length: w.moov.end - w.ftyp.off}}
	if w.ftyp.end == 0 || w.ftyp.off > w.moov.off {
		c.init.Offset, c.init.Length = w.moov.off, w.moov.end-w.moov.off
	}
	ok, err := c.byIndex(ctx, r, w)
	if err == nil && !ok {
		ok, err = c.byWalk(ctx, r, m, w.moov.end)
	}
	if err != nil {
		return whole, err
	}
	if !ok || len(c.segments) == 0 {
		whole.end, err = lastEnd(ctx, r, w.moof)
		return whole, err
	}
	last := c.segments[len(c.segments)-1]
	return container{media: m.media(), duration: last.Start + last.Duration, segments: c.segments, findings: c.findings}, nil
}

// lastEnd is where the last box from x on ends, perhaps beyond the object: where there is no index of all samples, nothing else tells that they are not all there.
func lastEnd(ctx context.Context, r *reader, x box) (int64, error) {
	for range maxTopBoxes {
		next, ok, err := r.box(ctx, x.end, r.object.Size)
		if err != nil || !ok {
			return x.end, err
		}
		x = next
	}
	return x.end, nil
}

// cutter collects segments; the last one is open.
type cutter struct {
	ref      track
	init     jobs.ByteRange
	segments []jobs.Segment
	findings []jobs.Finding
	start    int64 // of the first fragment, whatever its track, in the file; -1 before it
	origin   int64 // ticks of the first fragment
	open     int64 // ticks where the open segment starts
	next     int64 // ticks where the next fragment should start
	bad      bool
}

// byWalk reads every moof of the file.
func (c *cutter) byWalk(ctx context.Context, r *reader, m *movie, off int64) (bool, error) {
	gap, pending := off, false
	var end int64
	for n := 0; ; n++ {
		x, ok, err := r.box(ctx, off, r.object.Size)
		if err != nil || n == maxTopBoxes {
			return false, err
		}
		if !ok {
			break
		}
		switch x.kind {
		case "moof":
			f, err := readFragment(ctx, r, m, c.ref, x)
			if err != nil {
				return false, err
			}
			if !pending {
				f.off = gap
			}
			if c.start < 0 {
				c.start = f.off
			}
			if !c.add(&f) {
				return false, nil
			}
			pending = true
		case "sidx":
			if len(c.segments) == 0 {
				gap = x.end // an index of the whole file, which would mislead the reader of a part
			}
		case "mdat":
			gap, pending = x.end, false
			end = x.end
		case "moov":
			return false, nil
		}
		off = x.end
	}
	return c.close(r, end, off), nil
}

// add begins a segment at f or lets the open one go on. It says no to what is irregular.
func (c *cutter) add(f *fragment) bool {
	if !f.has {
		return true
	}
	first := len(c.segments) == 0
	if first {
		c.origin, c.open, c.next = f.start, f.start, f.start
	}
	if f.duration < 0 || f.start > maxTicks || f.start < c.next-c.ref.timescale {
		return false
	}
	length, ok := ticks(f.start-c.open, c.ref.timescale)
	if !ok || len(c.segments) == maxCut {
		return false
	}
	if first {
		c.begin(c.start, f.start)
	} else if f.key && length >= minSegment {
		c.begin(f.off, f.start)
	}
	c.next = f.start + f.duration
	return !c.bad
}

// begin closes the open segment at a byte and a tick and opens the next.
func (c *cutter) begin(off, start int64) {
	at, ok := ticks(start-c.origin, c.ref.timescale)
	c.bad = c.bad || !ok
	c.end(off, at)
	c.open = start
	c.segments = append(c.segments, jobs.Segment{
		Index: len(c.segments), ByteRange: jobs.ByteRange{URI: c.init.URI, Offset: off}, Start: at, Init: &c.init,
	})
}

func (c *cutter) end(off int64, at jobs.Micros) {
	if n := len(c.segments); n > 0 {
		s := &c.segments[n-1]
		s.Length, s.Duration = off-s.Offset, at-s.Start
		c.bad = c.bad || s.Length <= 0 || s.Length > maxSegmentBytes || s.Duration <= 0
	}
}

// close ends the last segment. end is the end of the last mdat, parsed that of the last box that could be read. A last segment that goes on beyond the end of the
// object keeps the length that it should have: whoever fetches it sees that the rest is not there.
func (c *cutter) close(r *reader, end, parsed int64) bool {
	at, ok := ticks(c.next-c.origin, c.ref.timescale)
	if !ok || len(c.segments) == 0 {
		return false
	}
	strange := false
	switch size := r.object.Size; {
	case size < 0 || parsed == size:
	case parsed > size:
		end = max(end, parsed)
	case size-parsed < boxHeader:
		end = parsed + boxHeader
	default:
		end, strange = size, true
	}
	c.end(end, at)
	if c.bad {
		return false
	}
	if strange {
		c.findings = append(c.findings, noBox(c.segments[len(c.segments)-1], parsed, r.object.Size))
	}
	return true
}

// boxHeader is the least length of a box.
const boxHeader = 8

// noBox is the finding about strange bytes behind the last box.
func noBox(s jobs.Segment, parsed, size int64) jobs.Finding {
	return jobs.Finding{
		Code: "segment.corrupt", Severity: jobs.Fail, Start: s.Start.At(), End: (s.Start + s.Duration).At(), Confidence: 1,
		Message: fmt.Sprintf("no box at byte %d, %d bytes before the end of the file", parsed, size-parsed),
	}
}
