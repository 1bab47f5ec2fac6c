package file

import (
	"context"
	"encoding/binary"
	"math"
	"math/bits"

	"aircheck/jobs"
)

// IDs of the EBML elements that lead to the duration (RFC 8794, RFC 9559).
const (
	idEBML           = 0x1a45dfa3
	idSegment        = 0x18538067
	idSeekHead       = 0x114d9b74
	idSeek           = 0x4dbb
	idSeekID         = 0x53ab
	idSeekPosition   = 0x53ac
	idInfo           = 0x1549a966
	idTimestampScale = 0x2ad7b1
	idDuration       = 0x4489
	idCluster        = 0x1f43b675
)

const (
	maxElements = 4096    // elements looked at on one level
	maxInfo     = 1 << 20 // Info and SeekHead: some hundred bytes, a title and a list of element positions
	unknownEBML = -1      // a size that was not known when the element was written
)

// element is the header of an EBML element. Offsets are those of the file, or of the bytes that it was read from.
type element struct {
	id   uint32
	body int64
	size int64 // unknownEBML where it is not known
}

// parseElement reads an ID of 1 to 4 bytes and a size of 1 to 8 (RFC 8794 sections 4 to 6).
func parseElement(b []byte, off int64) (element, bool) {
	if len(b) == 0 || b[0] < 0x10 {
		return element{}, false
	}
	n := bits.LeadingZeros8(b[0]) + 1
	if len(b) <= n || b[n] == 0 {
		return element{}, false
	}
	id := uint32(0)
	for _, c := range b[:n] {
		id = id<<8 | uint32(c)
	}
	b = b[n:]
	m := bits.LeadingZeros8(b[0]) + 1
	if len(b) < m {
		return element{}, false
	}
	size := uint64(b[0]) & (0xff >> m)
	for _, c := range b[1:m] {
		size = size<<8 | uint64(c)
	}
	e := element{id: id, body: off + int64(n+m), size: int64(size)}
	if size == 1<<(7*m)-1 {
		e.size = unknownEBML
	}
	return e, true
}

func (r *reader) element(ctx context.Context, off int64) (element, bool, error) {
	b, err := r.at(ctx, off, 12)
	if err != nil {
		return element{}, false, err
	}
	e, ok := parseElement(b, off)
	return e, ok, nil
}

// elements walks elements that are in memory.
func elements(b []byte, fn func(id uint32, body []byte)) {
	for range maxElements {
		e, ok := parseElement(b, 0)
		if !ok || e.size < 0 || e.size > int64(len(b))-e.body {
			return
		}
		fn(e.id, b[e.body:e.body+e.size])
		b = b[e.body+e.size:]
	}
}

// number reads an unsigned integer of up to 8 bytes.
func number(b []byte) uint64 {
	var v uint64
	for _, c := range b[:min(8, len(b))] {
		v = v<<8 | uint64(c)
	}
	return v
}

// float reads a floating-point number of 4 or 8 bytes.
func float(b []byte) float64 {
	switch len(b) {
	case 4:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
	case 8:
		return math.Float64frombits(binary.BigEndian.Uint64(b))
	}
	return 0
}

// probeMatroska finds the segment. Where its size is known, it says where the file should end; streams never know.
func probeMatroska(ctx context.Context, r *reader) (container, error) {
	head, ok, err := r.element(ctx, 0)
	if err != nil || !ok || head.size < 0 {
		return container{}, err
	}
	segment, ok, err := r.element(ctx, head.body+head.size)
	if err != nil || !ok || segment.id != idSegment {
		return container{}, err
	}
	c, err := readSegment(ctx, r, segment)
	if segment.size >= 0 && segment.size <= maxOffset {
		c.end = segment.body + segment.size
	}
	return c, err
}

// readSegment finds Info, which stands before the first cluster or where the seek head says.
func readSegment(ctx context.Context, r *reader, segment element) (container, error) {
	seek := int64(-1)
	off := segment.body
	for range maxElements {
		e, ok, err := r.element(ctx, off)
		if err != nil || !ok {
			return container{}, err
		}
		switch e.id {
		case idInfo:
			return readInfo(ctx, r, e)
		case idSeekHead:
			if seek, err = infoPosition(ctx, r, e); err != nil {
				return container{}, err
			}
		}
		if e.id == idCluster || e.size < 0 || e.size > maxOffset-e.body {
			break
		}
		off = e.body + e.size
	}
	if seek < 0 || seek > maxOffset-segment.body {
		return container{}, nil
	}
	e, ok, err := r.element(ctx, segment.body+seek)
	if err != nil || !ok || e.id != idInfo {
		return container{}, err
	}
	return readInfo(ctx, r, e)
}

// maxOffset bounds offsets, so that sums of two stay within their type.
const maxOffset = 1 << 60

// payload reads the content of a small element.
func (r *reader) payload(ctx context.Context, e element) ([]byte, error) {
	if e.size < 0 || e.size > maxInfo {
		return nil, nil
	}
	return r.at(ctx, e.body, int(e.size))
}

// infoPosition reads where a seek head says that Info is, counted from the start of the segment's content; -1 when it does not.
func infoPosition(ctx context.Context, r *reader, e element) (int64, error) {
	b, err := r.payload(ctx, e)
	position := int64(-1)
	elements(b, func(id uint32, seek []byte) {
		var target, at uint64
		elements(seek, func(id uint32, body []byte) {
			switch id {
			case idSeekID:
				target = number(body)
			case idSeekPosition:
				at = number(body)
			}
		})
		if id == idSeek && target == idInfo && at < maxOffset {
			position = int64(at)
		}
	})
	return position, err
}

// readInfo reads Duration, which counts units of TimestampScale nanoseconds (RFC 9559 section 5.1.2).
func readInfo(ctx context.Context, r *reader, e element) (container, error) {
	b, err := r.payload(ctx, e)
	scale, duration := uint64(1_000_000), 0.0
	elements(b, func(id uint32, body []byte) {
		switch id {
		case idTimestampScale:
			scale = number(body)
		case idDuration:
			duration = float(body)
		}
	})
	us := duration * float64(scale) / 1e3
	if !(us > 0 && us < maxMicros) {
		us = 0
	}
	return container{duration: jobs.Micros(math.Round(us))}, err
}

// maxMicros is a year: no file is longer.
const maxMicros = 366 * 24 * 3600 * 1e6
