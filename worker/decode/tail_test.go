//go:build cgo

package decode

import (
	"os"
	"slices"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// pieces serves a transport stream that is cut where pictures begin: its tables, the piece, and the tail.
type pieces struct {
	disk
	data  []byte
	parts []jobs.Segment
}

const tablesLength = 3 * 188 // SDT, PAT and PMT, which ffmpeg writes first

func (p pieces) Segment(at int) (Segment, error) {
	s := p.parts[at]
	data := append(append([]byte(nil), p.data[:tablesLength]...), p.data[s.Offset:s.Offset+s.Length+s.Tail]...)
	return Segment{State: measurement.UnitOK, Init: tablesLength, Data: data}, nil
}

// keyPackets lists where packets with the random access indicator of the first video begin.
func keyPackets(b []byte) []int64 {
	var at []int64
	for i := 0; i+188 <= len(b); i += 188 {
		if b[i+1] == 0x41 && b[i+2] == 0 && b[i+3]&0x20 != 0 && b[i+4] > 0 && b[i+5]&0x40 != 0 {
			at = append(at, int64(i))
		}
	}
	return at
}

func samplesAndFrames(t *testing.T, data []byte, borders []int64) (samples, frames int) {
	t.Helper()
	const tail = 100 * 188
	size := int64(len(data))
	p := pieces{data: data}
	for i, off := range borders {
		end := size
		if i+1 < len(borders) {
			end = borders[i+1]
		}
		p.parts = append(p.parts, jobs.Segment{Index: i, ByteRange: jobs.ByteRange{Offset: off, Length: end - off}, Tail: min(tail, size-end), Duration: 1e6})
	}
	r := &rows{}
	w := jobs.Window{Sequence: "s0", Last: len(p.parts), Head: true, Foot: true}
	if _, err := Measure(jobs.Task{Window: w, Segments: p.parts}, p, r); err != nil {
		t.Fatal(err)
	}
	for _, s := range r.slots {
		samples += int(s.Samples)
	}
	return samples, len(r.frames)
}

// What begins in the tail belongs to the next segment, also the further frames of a PES packet, which carry no position of their own.
func TestNothingIsMeasuredTwiceWhereTailsOverlap(t *testing.T) {
	path := makeClip(t, "a.ts", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25", "-c:a", "aac", "-b:a", "64k")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	keys := keyPackets(data)
	if len(keys) != 4 {
		t.Fatalf("%d key pictures, want 4", len(keys))
	}
	samples, frames := samplesAndFrames(t, data, []int64{0})
	keys[0] = 0
	cutSamples, cutFrames := samplesAndFrames(t, data, keys)
	if cutFrames != frames || cutSamples != samples || frames != 100 {
		t.Errorf("%d frames and %d samples in 4 pieces, %d and %d in one", cutFrames, cutSamples, frames, samples)
	}
}

// TestSplicesOfTheTail: a section in the tail is announced by the segment that it lies in, and by no other.
func TestSplicesOfTheTail(t *testing.T) {
	path := makeClip(t, "a.ts", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25", "-c:a", "aac", "-b:a", "64k")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	border := keyPackets(data)[1]
	const mapPID = 0x1000                    // where ffmpeg has its PMT
	pmt := withTables()[tsPacket+4:][:188-4] // of another stream, for whom the section is
	packets := append(spliceTS(mapPID, true, pmt), spliceTS(0x102, true, append([]byte{0}, spliceOut(t)...))...)
	data = slices.Insert(data, int(border), packets...)
	size := int64(len(data))
	p := pieces{data: data, parts: []jobs.Segment{
		{ByteRange: jobs.ByteRange{Length: border}, Tail: 100 * 188, Duration: 1e6},
		{Index: 1, ByteRange: jobs.ByteRange{Offset: border, Length: size - border}, Duration: 3e6},
	}}
	for at, want := range []int{0, 1} {
		w := window{task: jobs.Task{Segments: p.parts}, src: p}
		s, err := w.demux(at)
		if err != nil || s.state != measurement.UnitOK {
			t.Fatalf("segment %d: state %s, %v", at, s.state, err)
		}
		if len(s.splices) != want {
			t.Errorf("segment %d announces %d splices, want %d", at, len(s.splices), want)
		}
		s.free()
	}
}
