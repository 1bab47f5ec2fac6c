package file

import (
	"context"
)

// maxIndex bounds a segment index: 12 bytes a reference, 65,535 references.
const maxIndex = 1 << 20

// maxVerified is how many of the index's references are looked at in the file before it is believed.
const maxVerified = 16

// reference is one row of a segment index.
type reference struct {
	off, size int64
	duration  int64
	key       bool
}

// byIndex takes the segments from the segment index (ISO/IEC 14496-12 section 8.16.3): one read instead of one a fragment. It says no to an index that does not
// cover the file in the plainest way, or that does not point at fragments.
func (c *cutter) byIndex(ctx context.Context, r *reader, w *layout) (bool, error) {
	if w.sidx.end == 0 || w.sidx.end-w.sidx.off > maxIndex || r.object.Size < 0 {
		return false, nil
	}
	b, err := r.at(ctx, w.sidx.body, int(w.sidx.end-w.sidx.body))
	if err != nil {
		return false, err
	}
	id, timescale, list, ok := parseIndex(b, w.sidx.end)
	if !ok || id != c.ref.id || timescale <= 0 {
		return false, nil
	}
	end := list[len(list)-1].off + list[len(list)-1].size
	if ok, err := pointsAtFragments(ctx, r, list, end); !ok || err != nil {
		return false, err
	}
	try := cutter{ref: c.ref, init: c.init, start: list[0].off}
	try.ref.timescale = timescale
	var at int64
	for _, x := range list {
		if !try.add(&fragment{off: x.off, has: true, start: at, duration: x.duration, key: x.key}) {
			return false, nil
		}
		at += x.duration
	}
	if !try.close(r, end, r.object.Size) {
		return false, nil
	}
	*c = try
	return true, nil
}

// parseIndex reads a sidx whose references are all to media, with durations, and say whether they begin with a key frame (FFmpeg does not).
func parseIndex(b []byte, anchor int64) (id, timescale int64, list []reference, ok bool) {
	f := fields{b: b}
	version := f.u8()
	f.skip(3)
	id, timescale = f.u32(), f.u32()
	f.sized(version)
	off := f.sized(version)
	if off > 1<<60 {
		return 0, 0, nil, false
	}
	off += anchor
	count := f.u32() & 0xffff
	for range count {
		size, duration, sap := f.u32(), f.u32(), f.u32()
		unknown := sap>>31 == 1 && sap>>28&7 == 0
		if size>>31 != 0 || size == 0 || duration == 0 || unknown || f.short {
			return 0, 0, nil, false
		}
		list = append(list, reference{off: off, size: size, duration: duration, key: isClosed(sap)})
		off += size
	}
	return id, timescale, list, len(list) > 0
}

// isClosed tells whether a subsegment starts with a stream access point of type 1 or 2: nothing in it needs what lies before (section 8.16.3.3 and Annex I).
func isClosed(sap int64) bool {
	kind := sap >> 28 & 7
	return sap>>31 == 1 && (kind == 1 || kind == 2)
}

// pointsAtFragments looks at some of the places that the index names, the first and last among them, and at what follows the last.
func pointsAtFragments(ctx context.Context, r *reader, list []reference, end int64) (bool, error) {
	if end > r.object.Size {
		return false, nil
	}
	step := max(1, len(list)/maxVerified)
	for i := 0; i < len(list); i += step {
		x, ok, err := r.box(ctx, list[i].off, r.object.Size)
		if err != nil || !ok || !startsFragment(x.kind) {
			return false, err
		}
	}
	if end == r.object.Size {
		return true, nil
	}
	x, ok, err := r.box(ctx, end, r.object.Size)
	return ok && (x.kind == "mfra" || x.kind == "free" || x.kind == "skip") && x.end == r.object.Size, err
}

func startsFragment(kind string) bool {
	switch kind {
	case "moof", "styp", "sidx", "emsg", "prft":
		return true
	}
	return false
}
