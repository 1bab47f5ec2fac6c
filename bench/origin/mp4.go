package origin

import (
	"encoding/binary"
	"errors"
	"time"
)

// maxDepth bounds how deep boxes are looked into: moov/trak/mdia/mdhd is four.
const maxDepth = 4

// boxes calls fn for each box with its body (ISO/IEC 14496-12 section 4.2); it stops at what is none.
func boxes(data []byte, fn func(kind string, body []byte)) {
	for len(data) >= 8 {
		size, head := uint64(binary.BigEndian.Uint32(data)), 8
		switch {
		case size == 1 && len(data) >= 16:
			size, head = binary.BigEndian.Uint64(data[8:]), 16
		case size == 0:
			size = uint64(len(data))
		}
		if size < uint64(head) || size > uint64(len(data)) {
			return
		}
		fn(string(data[4:8]), data[head:size])
		data = data[size:]
	}
}

// timescales reads the units of each track from an initialisation section.
func timescales(init []byte) (map[uint32]uint64, error) {
	scales := map[uint32]uint64{}
	boxes(init, func(kind string, moov []byte) {
		if kind != "moov" {
			return
		}
		boxes(moov, func(kind string, trak []byte) {
			if kind == "trak" {
				id, scale := trackScale(trak, 0)
				scales[id] = scale
			}
		})
	})
	for _, s := range scales {
		if s == 0 {
			return nil, errors.New("track without a time scale")
		}
	}
	if len(scales) == 0 {
		return nil, errors.New("initialisation section without tracks")
	}
	return scales, nil
}

// trackScale looks for tkhd and mdhd below a trak.
func trackScale(data []byte, depth int) (id uint32, scale uint64) {
	boxes(data, func(kind string, body []byte) {
		switch {
		case kind == "tkhd":
			id = uint32(field(body, 12, 20))
		case kind == "mdhd":
			scale = field(body, 12, 20)
		case kind == "mdia" && depth < maxDepth:
			_, scale = trackScale(body, depth+1)
		}
	})
	return id, scale
}

// field reads 32 bits of a full box, at one place for version 0 and another for version 1; 0 when the box is too short.
func field(body []byte, v0, v1 int) uint64 {
	at := v0
	if len(body) > 0 && body[0] == 1 {
		at = v1
	}
	if len(body) < at+4 {
		return 0
	}
	return uint64(binary.BigEndian.Uint32(body[at:]))
}

// moveFragments makes the decode times later, and counts the fragments on.
func moveFragments(data []byte, by time.Duration, fragments int64, scales map[uint32]uint64) {
	boxes(data, func(kind string, body []byte) {
		switch kind {
		case "sidx": // reference_ID, timescale, earliest_presentation_time
			if len(body) >= 20 {
				moveTime(body, 12, ticksOf(by, uint64(binary.BigEndian.Uint32(body[8:]))))
			}
		case "moof":
			boxes(body, func(kind string, body []byte) {
				switch {
				case kind == "mfhd" && len(body) >= 8:
					n := binary.BigEndian.Uint32(body[4:])
					binary.BigEndian.PutUint32(body[4:], n+uint32(fragments))
				case kind == "traf":
					moveTraf(body, by, scales)
				}
			})
		}
	})
}

func moveTraf(traf []byte, by time.Duration, scales map[uint32]uint64) {
	var scale uint64
	boxes(traf, func(kind string, body []byte) {
		switch {
		case kind == "tfhd" && len(body) >= 8:
			scale = scales[binary.BigEndian.Uint32(body[4:])]
		case kind == "tfdt":
			moveTime(body, 4, ticksOf(by, scale))
		}
	})
}

// moveTime adds to a time of 32 bits in version 0 of a box and 64 in version 1.
func moveTime(body []byte, at int, ticks int64) {
	switch {
	case len(body) >= at+8 && body[0] == 1:
		binary.BigEndian.PutUint64(body[at:], binary.BigEndian.Uint64(body[at:])+uint64(ticks))
	case len(body) >= at+4 && body[0] == 0:
		binary.BigEndian.PutUint32(body[at:], binary.BigEndian.Uint32(body[at:])+uint32(ticks))
	}
}
