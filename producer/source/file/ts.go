package file

import (
	"context"
	"slices"

	"aircheck/jobs"
)

const (
	// minTS is the size below which a transport stream is not cut: there is nothing to gain.
	minTS = 1 << 20
	// Segments begin at the first random access point at or after each multiple of a step, which is a 256th of the file within these bounds: a pure function of
	// the file. At 20 Mbit/s they are 0.4 s and 27 s.
	tsParts   = 256
	minTSStep = 1 << 20
	maxTSStep = 64 << 20
	// tsTail is what completes the packets that begin in a segment. The picture ends where the next segment begins; sound is interleaved within
	// less than a second of it (T-STD, ISO/IEC 13818-1 section 2.4.2).
	tsTail = 1 << 20
	// tsScan bounds the search for one random access point: 3 s at 20 Mbit/s.
	tsScan = 8 << 20
	// tsBudget bounds what is read in vain in one file.
	tsBudget = 256 << 20
	// tsMisses is how many searches in a row may fail before the file counts as one without random access points.
	tsMisses = 8
	// maxPicture bounds how far into a picture its first slice is looked for: parameter sets and SEI messages are a few KB.
	maxPicture = 64 << 10

	clock   = 90_000 // PTS ticks a second
	ptsMask = 1<<33 - 1
	// maxStep is the longest time between two random access points of one file that is believed.
	maxStep = 3600 * clock
)

// probeTS cuts a transport stream at random access points. Whatever is unusual makes it one object, which is always right.
func probeTS(ctx context.Context, r *reader) (container, error) {
	size := r.object.Size
	if size < minTS {
		return container{}, nil
	}
	head, err := r.at(ctx, 0, headLength)
	if err != nil {
		return container{}, err
	}
	g := packetGrid(head)
	prog, ok, err := findProgramme(ctx, r, g)
	if err != nil || !ok {
		return container{}, err
	}
	points, err := findPoints(ctx, r, g, prog)
	if err != nil || len(points) < 2 {
		return container{}, err
	}
	end, ok, err := lastTime(ctx, r, g, prog, points[len(points)-1])
	if err != nil || !ok {
		return container{}, err
	}
	init := &jobs.ByteRange{URI: r.object.URI, Offset: prog.start, Length: prog.end - prog.start}
	segments, ok := cutTS(points, end, size, init)
	if !ok {
		return container{}, nil
	}
	last := segments[len(segments)-1]
	return container{media: "video", duration: last.Start + last.Duration, segments: segments}, nil
}

// point is a random access point.
type point struct {
	off int64
	pts int64 // 33 bits
}

// stepOf is the distance of the places from which random access points are looked for.
func stepOf(size int64) int64 {
	return min(max(size/tsParts/plainPacket*plainPacket, minTSStep), maxTSStep)
}

// findPoints looks from each multiple of the step to the next.
func findPoints(ctx context.Context, r *reader, g grid, prog programme) ([]point, error) {
	step := stepOf(r.object.Size)
	var points []point
	misses, read := 0, int64(0)
	for off := int64(0); off < r.object.Size; off += step {
		end := min(off+min(step, tsScan), r.object.Size)
		f := finder{prog: prog}
		// The first slice of a picture may lie beyond the place where the picture has to begin.
		err := r.packets(ctx, g, off, min(end+maxPicture, r.object.Size), func(p packet) bool {
			return f.packet(p, end)
		})
		if err != nil {
			return nil, err
		}
		if !f.found {
			misses++
			read += end - off
			if len(points) == 0 || len(points) == maxCut || misses > tsMisses || read > tsBudget {
				return nil, nil
			}
			continue
		}
		misses = 0
		points = append(points, f.at)
	}
	return points, nil
}

// finder waits for a picture that begins with a random access point.
type finder struct {
	prog    programme
	at      point
	picture []byte // beginning of the candidate; nil while there is none
	found   bool
}

// packet looks at one packet. Candidates begin before end.
func (f *finder) packet(p packet, end int64) (stop bool) {
	if p.pid != f.prog.pid {
		return false
	}
	if p.start {
		f.picture = nil
		if p.off >= end {
			return true
		}
		pts, body, ok := parsePES(p.payload)
		if !ok || !p.random {
			return false
		}
		f.at, f.picture = point{p.off, pts}, append(make([]byte, 0, 1024), body...)
	} else if f.picture != nil {
		f.picture = append(f.picture, p.payload...)
	}
	if f.picture == nil {
		return p.off >= end
	}
	random, known := isRandomAccess(f.prog.stream, f.picture)
	if !known && len(f.picture) < maxPicture {
		return false
	}
	f.picture, f.found = nil, random
	return random || p.off >= end
}

// parsePES reads a PTS from the header of a PES packet (ISO/IEC 13818-1 section 2.4.3.6) and returns what follows the header.
func parsePES(b []byte) (pts int64, body []byte, ok bool) {
	if len(b) < 14 || b[0] != 0 || b[1] != 0 || b[2] != 1 || b[7]&0x80 == 0 || 9+int(b[8]) > len(b) {
		return 0, nil, false
	}
	pts = int64(b[9]>>1&7)<<30 | int64(b[10])<<22 | int64(b[11]>>1)<<15 | int64(b[12])<<7 | int64(b[13]>>1)
	return pts, b[9+int(b[8]):], true
}

// isRandomAccess looks for the first slice of a picture: IDR in H.264 (ITU-T H.264 table 7-1), IRAP in HEVC (ITU-T H.265 table 7-1). For older
// codecs the indicator of the packet must do. known is false until there is a slice to see.
func isRandomAccess(stream int, b []byte) (random, known bool) {
	if stream != streamH264 && stream != streamHEVC {
		return true, true
	}
	for i := 0; i+3 < len(b); i++ {
		if b[i] != 0 || b[i+1] != 0 || b[i+2] != 1 {
			continue
		}
		if stream == streamH264 {
			if kind := b[i+3] & 0x1f; kind >= 1 && kind <= 5 {
				return kind == 5, true
			}
		} else if kind := b[i+3] >> 1 & 0x3f; kind < 32 {
			return kind >= 16 && kind <= 21, true
		}
	}
	return false, false
}

// lastTime returns how many ticks after the last point the last picture ends.
func lastTime(ctx context.Context, r *reader, g grid, prog programme, last point) (int64, bool, error) {
	var times []int64
	from := max(last.off, r.object.Size-tsTail)
	err := r.packets(ctx, g, from, r.object.Size, func(p packet) bool {
		if p.pid == prog.pid && p.start {
			if pts, _, ok := parsePES(p.payload); ok {
				times = append(times, (pts-last.pts)&ptsMask)
			}
		}
		return false
	})
	if err != nil || len(times) == 0 {
		return 0, false, err
	}
	slices.Sort(times)
	end := times[len(times)-1]
	if len(times) > 1 {
		end += end - times[len(times)-2]
	}
	return end, end > 0 && end < maxStep, nil
}

// cutTS makes segments that tile the file, each from one point to the next. It says no where the clock jumps.
func cutTS(points []point, end, size int64, init *jobs.ByteRange) ([]jobs.Segment, bool) {
	segments := make([]jobs.Segment, len(points))
	var at int64
	for i, p := range points {
		s := jobs.Segment{Index: i, ByteRange: jobs.ByteRange{URI: init.URI, Offset: p.off}, Init: init}
		if i == 0 {
			s.Offset = 0
		}
		next, step := size, end
		if i+1 < len(points) {
			next, step = points[i+1].off, (points[i+1].pts-p.pts)&ptsMask
		}
		if step <= 0 || step > maxStep || next-s.Offset > maxSegmentBytes {
			return nil, false
		}
		s.Length, s.Tail = next-s.Offset, min(tsTail, size-next)
		start, _ := ticks(at, clock)
		at += step
		stop, ok := ticks(at, clock)
		if !ok {
			return nil, false
		}
		s.Start, s.Duration = start, stop-start
		segments[i] = s
	}
	return segments, true
}
