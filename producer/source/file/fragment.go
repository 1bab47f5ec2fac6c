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
	// maxRun bounds the samples of one track in one fragment.
	maxRun = 1 << 20
	// maxTicks bounds times, so that sums of them stay far from the limits of their type.
	maxTicks = 1 << 60
)

// fragment is one moof with the mdat that belongs to it, as the reference track sees it.
type fragment struct {
	off      int64 // of the first box after the mdat before it
	moof     box
	has      bool  // the reference track is in it
	start    int64 // tfdt, ticks
	duration int64 // ticks
	key      bool  // its first sample is a sync sample
}

// cut makes segments of a fragmented file. Where the file is not of the usual kind it is one object after all.
func (w *layout) cut(ctx context.Context, r *reader, m *movie) (container, error) {
	whole := container{media: m.media(), duration: m.length()}
	ref, ok := m.reference()
	if !ok {
		return whole, nil
	}
	c := cutter{ref: ref, init: jobs.ByteRange{URI: r.object.URI, Offset: w.ftyp.off, Length: w.moov.end - w.ftyp.off}}
	if w.ftyp.end == 0 || w.ftyp.off > w.moov.off {
		c.init.Offset, c.init.Length = w.moov.off, w.moov.end-w.moov.off
	}
	ok, err := c.byIndex(ctx, r, w)
	if err == nil && !ok {
		ok, err = c.byWalk(ctx, r, m, w.moov.end)
	}
	if err != nil || !ok || len(c.segments) == 0 {
		return whole, err
	}
	last := c.segments[len(c.segments)-1]
	return container{media: m.media(), duration: last.Start + last.Duration, segments: c.segments, findings: c.findings}, nil
}

// cutter collects segments; the last one is open.
type cutter struct {
	ref      track
	init     jobs.ByteRange
	segments []jobs.Segment
	findings []jobs.Finding
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
	if first || f.key && length >= minSegment {
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

// close ends the last segment. end is the end of the last mdat, parsed that of the last box that could be read: when they lie beyond the end of the object, or
// bytes are left that are no box, the file was cut off.
func (c *cutter) close(r *reader, end, parsed int64) bool {
	at, ok := ticks(c.next-c.origin, c.ref.timescale)
	if !ok || len(c.segments) == 0 {
		return false
	}
	size := r.object.Size
	cut := size >= 0 && (parsed != size || end > size)
	if cut {
		end = size
	}
	c.end(end, at)
	if c.bad {
		return false
	}
	if cut {
		c.findings = append(c.findings, cutOff(c.segments[len(c.segments)-1], parsed, size))
	}
	return true
}

// cutOff tells a file that ends too early from one with strange bytes behind the last box.
func cutOff(s jobs.Segment, parsed, size int64) jobs.Finding {
	f := jobs.Finding{
		Code: "segment.truncated", Severity: jobs.Fail, Start: s.Start.At(), End: (s.Start + s.Duration).At(), Confidence: 1,
		Message: fmt.Sprintf("the file ends in the middle of a box, after %d bytes", size),
	}
	if size-parsed >= 8 {
		f.Code, f.Message = "segment.corrupt", fmt.Sprintf("no box at byte %d, %d bytes before the end of the file", parsed, size-parsed)
	}
	return f
}

// readFragment reads a moof (ISO/IEC 14496-12 section 8.8.4 and following). A fragment with absolute data offsets cannot be cut out of its file: its duration
// is -1, which makes the file irregular.
func readFragment(ctx context.Context, r *reader, m *movie, ref track, moof box) (fragment, error) {
	f := fragment{off: moof.off, moof: moof}
	if moof.end-moof.body > maxMoof {
		return fragment{has: true, duration: -1}, nil
	}
	b, err := r.at(ctx, moof.body, int(moof.end-moof.body))
	if err != nil {
		return f, err
	}
	children(b, func(kind string, body []byte) {
		if kind == "traf" {
			f.traf(body, m, ref)
		}
	})
	return f, nil
}

// Flags of tfhd and trun (sections 8.8.7 and 8.8.8).
const (
	tfhdBaseOffset  = 0x01
	tfhdDescription = 0x02
	tfhdDuration    = 0x08
	tfhdSize        = 0x10
	tfhdFlags       = 0x20

	trunOffset     = 0x001
	trunFirstFlags = 0x004
	trunDuration   = 0x100
	trunSize       = 0x200
	trunFlags      = 0x400
	trunTime       = 0x800

	// nonSync is sample_is_non_sync_sample (section 8.8.3.1).
	nonSync = 0x10000
)

// traf reads one track fragment.
func (f *fragment) traf(b []byte, m *movie, ref track) {
	var id int64
	var def sampleDefaults
	timed, first := false, true
	children(b, func(kind string, body []byte) {
		v := fields{b: body}
		switch kind {
		case "tfhd":
			flags := v.u32() & 0xffffff
			id = v.u32()
			def = trackDefaults(&v, flags, m.defaults[id])
			if flags&tfhdBaseOffset != 0 {
				f.has, f.duration = true, -1
			}
		case "tfdt":
			version := v.u8()
			v.skip(3)
			if id == ref.id {
				f.start, timed = v.sized(version), !v.short
			}
		case "trun":
			if id == ref.id && f.duration >= 0 {
				f.run(&v, def, first)
				first = false
			}
		}
	})
	if id == ref.id {
		f.has = true
		if !timed {
			f.duration = -1
		}
	}
}

func trackDefaults(v *fields, flags int64, def sampleDefaults) sampleDefaults {
	if flags&tfhdBaseOffset != 0 {
		v.skip(8)
	}
	if flags&tfhdDescription != 0 {
		v.skip(4)
	}
	if flags&tfhdDuration != 0 {
		def.duration = v.u32()
	}
	if flags&tfhdSize != 0 {
		v.skip(4)
	}
	if flags&tfhdFlags != 0 {
		def.flags = v.u32()
	}
	return def
}

// run adds the samples of one trun; first says that its first sample is the first of the fragment.
func (f *fragment) run(v *fields, def sampleDefaults, first bool) {
	flags := v.u32() & 0xffffff
	count := v.u32()
	if flags&trunOffset != 0 {
		v.skip(4)
	}
	sync := def.flags
	if flags&trunFirstFlags != 0 {
		sync = v.u32()
	}
	if count > maxRun {
		f.duration = -1
		return
	}
	if flags&(trunDuration|trunFlags) == 0 {
		f.duration += count * def.duration
	} else {
		sync = f.samples(v, flags, count, def, sync)
	}
	if v.short || f.duration > maxTicks {
		f.duration = -1
	}
	if first {
		f.key = count > 0 && sync&nonSync == 0
	}
}

// samples reads the rows of a trun and returns the flags of the first.
func (f *fragment) samples(v *fields, flags, count int64, def sampleDefaults, sync int64) int64 {
	for i := int64(0); i < count && !v.short; i++ {
		d := def.duration
		if flags&trunDuration != 0 {
			d = v.u32()
		}
		f.duration += d
		if flags&trunSize != 0 {
			v.skip(4)
		}
		if flags&trunFlags != 0 {
			if row := v.u32(); i == 0 && flags&trunFirstFlags == 0 {
				sync = row
			}
		}
		if flags&trunTime != 0 {
			v.skip(4)
		}
	}
	return sync
}
