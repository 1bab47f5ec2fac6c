package file

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"aircheck/jobs"
	"aircheck/producer/source/internal/fake"
	"aircheck/storage"
)

// kilo makes a file long enough for its declared duration to be believed.
var kilo = make([]byte, 4000)

func TestDurations(t *testing.T) {
	video := trackBox(1, "vide", 25000, 250_000, 250)
	tests := []struct {
		name string
		file []byte
		want jobs.Micros
	}{
		{"mp4, moov first", cat(ftyp, movieBox(1000, 10_000, video), bx("mdat", kilo)), 10e6},
		{"mp4, moov last", cat(ftyp, bx("free"), bx("mdat", kilo), movieBox(1000, 10_000, video)), 10e6},
		{"mp4, 64-bit sizes", cat(ftyp, 1, "mdat", int64(16+len(kilo)), kilo, movieBox(1000, 10_000, video)), 10e6},
		{"mp4, movie says a day", cat(ftyp, movieBox(1000, 86400_000, video), bx("mdat", kilo)), 10e6},
		{"mp4, movie says nothing", cat(ftyp, movieBox(1000, 0, video), bx("mdat", kilo)), 10e6},
		{"mp4, movie says unknown", cat(ftyp, movieBox(1000, math.MaxUint32, video), bx("mdat", kilo)), 10e6},
		{"mp4, no timescale", cat(ftyp, movieBox(0, 10_000, video), bx("mdat", kilo)), 10e6},
		{"mp4, all say a day", cat(ftyp, movieBox(1, 86400, trackBox(1, "vide", 1, 86400, 1)), bx("mdat", kilo)), 0},
		{"mp4, no moov", cat(ftyp, bx("mdat", kilo)), 0},
		{"mp4, moov in a cut-off mdat", cat(ftyp, 1_000_000, "mdat", kilo, movieBox(1000, 10_000, video)), 0},
		{"mp4, box of no size", cat(ftyp, 3, "free", movieBox(1000, 10_000, video)), 0},
		{"mp4, last box of size 0", cat(ftyp, movieBox(1000, 10_000, video), 0, "mdat", kilo), 10e6},
		{"mp4, negative size", cat(ftyp, 1, "free", int64(-16)), 0},
		{"mkv", matroska(info(10_000), el(idCluster, kilo)), 10e6},
		{"mkv, Info behind the clusters", infoBehind(), 10e6},
		{"mkv, no duration", matroska(el(idInfo), el(idCluster, kilo)), 0},
		{"mkv, not a number", matroska(info(math.NaN()), el(idCluster, kilo)), 0},
		{"mkv, infinite", matroska(info(math.Inf(1)), el(idCluster, kilo)), 0},
		{"mkv, negative", matroska(info(-1), el(idCluster, kilo)), 0},
		{"mkv, a day", matroska(info(86400_000), el(idCluster, kilo)), 0},
		{"mkv, cut off", matroska()[:20], 0},
		{"wav", wavFile("RIFF", 19200, 19200), 100e3},
		{"wav, size never written", wavFile("RIFF", 0, 19200), 100e3},
		{"wav, size of a stream", wavFile("RIFF", math.MaxUint32, 19200), 100e3},
		{"wav, cut off", wavFile("RIFF", 192_000, 19200), 1e6},
		{"wav, odd chunk before", wavFile("RIFF", 19200, 19200, chunk("LIST", 3, []byte("abc\x00"))), 100e3},
		{"rf64", wavFile("RF64", math.MaxUint32, 19200, chunk("ds64", 28, binary.LittleEndian.AppendUint64(make([]byte, 8, 28), 19200)[:16:28][:28])), 100e3},
		{"wav, no format", append(append(chunk("RIFF", 0, nil), "WAVE"...), chunk("data", 100, kilo)...), 0},
		{"wav, no data", append(chunk("RIFF", 0, nil), "WAVE"...), 0},
		{"nothing", nil, 0},
		{"text", []byte("hello"), 0},
		{"small transport stream", transportFile(streamH264, 1, 0)[:1000*plainPacket], 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tl, _ := probeBytes(t, tt.file)
			seq := tl.Sequences[0]
			if seq.Mode != jobs.ModeObject || seq.Duration != tt.want || seq.Object.Size != int64(len(tt.file)) || len(tl.Findings) > 0 {
				t.Errorf("got %s, %d, findings %+v, want an object of %d", seq.Mode, seq.Duration, tl.Findings, tt.want)
			}
		})
	}
}

func TestWhatEndsBeforeItsContainer(t *testing.T) {
	ds64 := func(size uint64) []byte {
		return chunk("ds64", 28, append(binary.LittleEndian.AppendUint64(make([]byte, 8), size), make([]byte, 12)...))
	}
	mkv := matroska(info(10_000), el(idCluster, make([]byte, 40_000)))
	live := bytes.Clone(mkv)
	copy(live[bytes.Index(live, []byte("\x18\x53\x80\x67"))+4:], "\x01\xff\xff\xff\xff\xff\xff\xff")
	video := trackBox(1, "vide", 25000, 250_000, 250)
	tests := []struct {
		name      string
		file      []byte
		truncated bool
		want      jobs.Micros
	}{
		{"wav", wavFile("RIFF", 192_000, 96_000), true, 1e6},
		{"wav, an hour of which next to nothing is left", wavFile("RIFF", 3600*192_000, 10), true, 3600e6},
		{"wav, 3 GB", wavFile("RIFF", 3<<30, 96_000), true, 16_777_216_000},
		{"wav, complete", wavFile("RIFF", 192_000, 192_000), false, 1e6},
		{"wav, chunks behind", append(wavFile("RIFF", 192_000, 192_000), chunk("LIST", 4, []byte("INFO"))...), false, 1e6},
		{"wav, header counted in", wavFile("RIFF", 192_044, 192_000), false, 1_000_229},
		{"wav, 0", wavFile("RIFF", 0, 192_000), false, 1e6},
		{"wav, all ones", wavFile("RIFF", math.MaxUint32, 192_000), false, 1e6},
		{"wav, all ones but the header", wavFile("RIFF", math.MaxUint32-36, 192_000), false, 1e6},
		{"wav, of SoX", wavFile("RIFF", 0x7ffff000, 192_000), false, 1e6},
		{"wav, greatest of 31 bits", wavFile("RIFF", 0x7fffffff, 192_000), false, 1e6},
		{"wav, of arecord", wavFile("RIFF", 0x80000000, 192_000), false, 1e6},
		{"rf64", wavFile("RF64", math.MaxUint32, 96_000, ds64(192_000)), true, 1e6},
		{"rf64, complete", wavFile("RF64", math.MaxUint32, 192_000, ds64(192_000)), false, 1e6},
		{"rf64, 0", wavFile("RF64", math.MaxUint32, 192_000, ds64(0)), false, 1e6},
		{"rf64, all ones", wavFile("RF64", math.MaxUint32, 192_000, ds64(math.MaxUint64)), false, 1e6},
		{"rf64, all ones in 32 bits", wavFile("RF64", math.MaxUint32, 192_000, ds64(math.MaxUint32)), false, 1e6},
		{"mkv", mkv[:len(mkv)/2], true, 10e6},
		{"mkv, by a byte", mkv[:len(mkv)-1], true, 10e6},
		{"mkv, Info cut off", infoBehind()[:2000], true, 0},
		{"mkv, complete", mkv, false, 10e6},
		{"mkv, of a stream", live[:len(live)/2], false, 10e6},
		{"mp4, its index tells", cat(ftyp, movieBox(1000, 10_000, video), 100_000, "mdat", kilo), false, 10e6},
		{"mp4, fragments that cannot be cut", oddFragments()[:len(oddFragments())-1000], true, 0},
		{"mp4, fragments that cannot be cut, complete", oddFragments(), false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tl, _ := probeBytes(t, tt.file)
			seq := tl.Sequences[0]
			if seq.Mode != jobs.ModeObject || seq.Truncated != tt.truncated || seq.Duration != tt.want {
				t.Errorf("got %s, truncated %v, %d, want an object, %v, %d", seq.Mode, seq.Truncated, seq.Duration, tt.truncated, tt.want)
			}
		})
	}
}

// oddFragments has absolute data offsets, so that it stays one object.
func oddFragments() []byte {
	traf := bx("traf", bx("tfhd", tfhdBaseOffset, 1, int64(0)), bx("tfdt", 0, 0), bx("trun", 0, 25))
	return cat(ftyp, movieBox(1000, 0, trackBox(1, "vide", 25000, 0, 0), extends), bx("moof", bx("mfhd", 0, 1), traf), bx("mdat", kilo))
}

func TestMediaOfAnMP4(t *testing.T) {
	sound := trackBox(1, "soun", 48000, 480_000, 10)
	for want, tracks := range map[string][]byte{"video": cat(sound, trackBox(2, "vide", 25, 250, 10)), "audio": sound, "": trackBox(1, "text", 1, 1, 1)} {
		tl, _ := probeBytes(t, cat(ftyp, movieBox(1000, 10_000, tracks), bx("mdat", kilo)))
		if got := tl.Sequences[0].Media; got != want {
			t.Errorf("media %q, want %q", got, want)
		}
	}
}

// A large file is not read but at the places that matter.
func TestALargeFileIsNotRead(t *testing.T) {
	film := make([]byte, 8<<20)
	table := bx("stbl", bx("stts", 0, 1, 1, 1), film)
	track := bx("trak", bx("mdia", bx("mdhd", 0, 0, 0, 1000, 10_000, 0), bx("hdlr", 0, 0, "vide"), bx("minf", table)))
	tl, origin := probeBytes(t, cat(ftyp, bx("mdat", film), movieBox(1000, 10_000, track, track)))
	if d := tl.Sequences[0].Duration; d != 10e6 || origin.Read() > 10*readAhead {
		t.Errorf("duration %d after reading %d bytes", d, origin.Read())
	}
}

func TestFragments(t *testing.T) {
	b := fragmentedFile(7)
	tl, _ := probeBytes(t, b)
	seq := tl.Sequences[0]
	head := len(b) - len(cat(fragmentBox(1, 0, 25, 1000, true)))*7
	size := int64(len(b)-head) / 7
	init := &jobs.ByteRange{URI: "/clip", Length: int64(head)}
	want := []jobs.Segment{
		{Index: 0, ByteRange: jobs.ByteRange{URI: "/clip", Offset: int64(head), Length: 2 * size}, Start: 0, Duration: 2e6, Init: init},
		{Index: 1, ByteRange: jobs.ByteRange{URI: "/clip", Offset: int64(head) + 2*size, Length: 2 * size}, Start: 2e6, Duration: 2e6, Init: init},
		{Index: 2, ByteRange: jobs.ByteRange{URI: "/clip", Offset: int64(head) + 4*size, Length: 2 * size}, Start: 4e6, Duration: 2e6, Init: init},
		{Index: 3, ByteRange: jobs.ByteRange{URI: "/clip", Offset: int64(head) + 6*size, Length: size}, Start: 6e6, Duration: 1e6, Init: init},
	}
	if !reflect.DeepEqual(seq.Segments, want) || seq.Duration != 7e6 || seq.Mode != jobs.ModeSegments || seq.Object != nil {
		t.Errorf("got  %+v\nwant %+v", seq.Segments, want)
	}
}

// The durations that we read from run tables must be those that another reader finds.
func TestFragmentsAgainstAnotherReader(t *testing.T) {
	rows := cat(trunDuration|trunSize|trunFlags|trunTime, 3, 1000, 5, 0, 0, 1001, 5, nonSync, 0, 1002, 5, nonSync, 0)
	traf := bx("traf", bx("tfhd", 0x020000, 1), bx("tfdt", 0, 77), bx("trun", rows))
	moof := bx("moof", bx("mfhd", 0, 1), traf)
	decoded, err := mp4.DecodeBox(0, bytes.NewReader(moof))
	if err != nil {
		t.Fatal(err)
	}
	other := decoded.(*mp4.MoofBox).Traf
	f := fragment{}
	f.traf(traf[8:], &movie{}, track{id: 1})
	if want := int64(other.Trun.Duration(0)); f.duration != want || f.start != int64(other.Tfdt.BaseMediaDecodeTime()) || !f.key || !f.has {
		t.Errorf("got %+v, want duration %d", f, want)
	}
}

func TestStrangeFragmentsAreOneObject(t *testing.T) {
	head := cat(ftyp, movieBox(1000, 10_000, trackBox(1, "vide", 25000, 0, 0), extends))
	good := fragmentBox(1, 0, 25, 1000, true)
	moof := func(boxes ...any) []byte { return cat(bx("moof", bx("traf", boxes...)), bx("mdat", kilo)) }
	tests := map[string][]byte{
		"absolute offsets":       cat(head, moof(bx("tfhd", 1, 1, int64(0)), bx("tfdt", 0, 0), bx("trun", 0, 1))),
		"no tfdt":                cat(head, moof(bx("tfhd", 0x020008, 1, 1000), bx("trun", 0, 1))),
		"no duration":            cat(head, moof(bx("tfhd", 0x020000, 1), bx("tfdt", 0, 0), bx("trun", 0, 1))),
		"short table":            cat(head, moof(bx("tfhd", 0x020000, 1), bx("tfdt", 0, 0), bx("trun", trunDuration, 9, 1))),
		"a billion samples":      cat(head, moof(bx("tfhd", 0x020008, 1, 1000), bx("tfdt", 0, 0), bx("trun", 0, 1<<30))),
		"time goes back":         cat(head, fragmentBox(1, 250_000, 25, 1000, true), good),
		"time beyond all years":  cat(head, good, fragmentBox(1, math.MaxInt64, 25, 1000, true)),
		"samples in moov":        cat(ftyp, movieBox(1000, 10_000, trackBox(1, "vide", 25000, 0, 9), extends), good),
		"mdat before the first":  cat(head, bx("mdat", kilo), good),
		"another moov":           cat(head, good, head, good),
		"no track of that id":    cat(head, fragmentBox(2, 0, 25, 1000, true)),
		"only text":              cat(ftyp, movieBox(1000, 10_000, trackBox(1, "text", 25000, 0, 0), extends), good),
		"moov behind":            cat(ftyp, good, movieBox(1000, 10_000, trackBox(1, "vide", 25000, 0, 0), extends)),
		"nothing but a moof":     cat(head, bx("moof")),
		"fragments without moov": cat(ftyp, good, good),
	}
	for name, b := range tests {
		t.Run(name, func(t *testing.T) {
			tl, _ := probeBytes(t, b)
			if seq := tl.Sequences[0]; seq.Mode != jobs.ModeObject || seq.Segments != nil {
				t.Errorf("got %+v", seq)
			}
		})
	}
}

func TestBytesThatAreNoBoxes(t *testing.T) {
	b := fragmentedFile(4)
	tl, _ := probeBytes(t, append(append([]byte(nil), b...), strings.Repeat("\x00\x00\x00\x02junk", 100)...))
	last := tl.Sequences[0].Segments[1]
	if last.Offset+last.Length != int64(len(b)+800) || len(tl.Findings) != 1 || tl.Findings[0].Code != "segment.corrupt" || tl.Findings[0].Severity != jobs.Fail {
		t.Errorf("%+v, findings %+v", last, tl.Findings)
	}
}

// indexed puts a segment index in front of the fragments of a file.
func indexed(b []byte, change func(rows []int)) []byte {
	moof := bytes.Index(b, []byte("moof")) - 4
	size := (len(b) - moof) / 7
	rows := []int{}
	for i := range 7 {
		sap := 0
		if i%2 == 0 {
			sap = 1<<31 | 1<<28
		}
		rows = append(rows, size, 25000, sap)
	}
	change(rows)
	var table []byte
	for _, r := range rows {
		table = append(table, cat(r)...)
	}
	sidx := bx("sidx", 0, 1, 25000, 0, 0, 7, table)
	return cat(b[:moof], sidx, b[moof:])
}

func TestSegmentIndex(t *testing.T) {
	plain := fragmentedFile(7)
	walked, _ := probeBytes(t, plain)
	long := indexed(plain, func([]int) {})
	tests := []struct {
		name string
		file []byte
		same bool
	}{
		{"good", long, true},
		{"unknown access points", indexed(plain, func(r []int) { r[2] = 1 << 31 }), true},
		{"wrong sizes", indexed(plain, func(r []int) { r[0] += 5 }), true},
		{"of another index", indexed(plain, func(r []int) { r[0] |= 1 << 31 }), true},
		{"no duration", indexed(plain, func(r []int) { r[1] = 0 }), true},
		{"fewer access points", indexed(plain, func(r []int) { r[8] = 0 }), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tl, _ := probeBytes(t, tt.file)
			got, want := tl.Sequences[0].Segments, walked.Sequences[0].Segments
			if same := len(got) == len(want) && got[3].Start == want[3].Start && got[3].Length == want[3].Length; same != tt.same || len(tl.Findings) > 0 {
				t.Errorf("got %+v\nwalk %+v", got, want)
			}
			shift := int64(len(tt.file) - len(plain))
			if got[0].Offset != want[0].Offset+shift || got[0].Init.Length != want[0].Init.Length {
				t.Errorf("first segment %+v, want it %d later than %+v", got[0], shift, want[0])
			}
		})
	}
}

func TestTransportStreamStructure(t *testing.T) {
	for _, from := range []int64{0, 1<<33 - 3*clock} {
		for _, stream := range []byte{streamH264, streamHEVC, streamMPEG2} {
			b := transportFile(stream, 10, from)
			tl, origin := probeBytes(t, b)
			seq := tl.Sequences[0]
			if seq.Mode != jobs.ModeSegments || seq.Duration != 10e6 || len(seq.Segments) < 8 {
				t.Fatalf("stream type %#x: %s of %d with %d segments", stream, seq.Mode, seq.Duration, len(seq.Segments))
			}
			at, end := jobs.Micros(0), int64(0)
			for i, s := range seq.Segments {
				if s.Start != at || s.Offset != end || s.Start%1e6 != 0 || s.Init == nil || s.Init.Length != 2*plainPacket || s.Init.Offset != 0 {
					t.Errorf("segment %d: %+v with %+v", i, s, s.Init)
				}
				at, end = s.Start+s.Duration, s.Offset+s.Length
				if s.Tail != min(tsTail, int64(len(b))-end) {
					t.Errorf("segment %d: tail %d", i, s.Tail)
				}
			}
			if end != int64(len(b)) || origin.Read() == 0 {
				t.Errorf("segments end at %d of %d", end, len(b))
			}
		}
	}
}

func TestStrangeTransportStreamsAreOneObject(t *testing.T) {
	good := transportFile(streamH264, 4, 0)
	build := func(stream byte, fn func(b *tsBuilder)) []byte {
		b := tsBuilder{stream: stream}
		fn(&b)
		return b.out
	}
	pictures := func(b *tsBuilder, step int64, key bool) {
		for i := range int64(40) {
			b.picture(i*step, key && i%10 == 0, 100_000)
		}
	}
	tests := map[string][]byte{
		"no tables":     build(streamH264, func(b *tsBuilder) { pictures(b, 9000, true) }),
		"no video":      build(0x0f, func(b *tsBuilder) { b.tables(); pictures(b, 9000, true) }),
		"no key frames": build(streamH264, func(b *tsBuilder) { b.tables(); pictures(b, 9000, false) }),
		"clock jumps":   build(streamH264, func(b *tsBuilder) { b.tables(); pictures(b, 3600*clock, true) }),
		"clock stands":  build(streamH264, func(b *tsBuilder) { b.tables(); pictures(b, 0, true) }),
		"tables apart": build(streamH264, func(b *tsBuilder) {
			b.packet(pidPAT, true, false, sectionBytes(tablePAT, 0, 1, 0xe0|pmtPID>>8, pmtPID&0xff))
			pictures(b, 9000, true)
		}),
		"two programmes": build(streamH264, func(b *tsBuilder) {
			b.packet(pidPAT, true, false, sectionBytes(tablePAT, 0, 1, 0xf0, 0, 0, 2, 0xf0, 1))
			pictures(b, 9000, true)
		}),
		"small": good[: minTS/plainPacket*plainPacket : len(good)],
	}
	for name, b := range tests {
		t.Run(name, func(t *testing.T) {
			tl, _ := probeBytes(t, b)
			if seq := tl.Sequences[0]; seq.Mode != jobs.ModeObject || seq.Segments != nil || seq.Duration != 0 {
				t.Errorf("got %s of %d with %d segments", seq.Mode, seq.Duration, len(seq.Segments))
			}
		})
	}
}

// Bytes that were lost or put in move the grid; the packets behind them are found again.
func TestTransportStreamOffTheGrid(t *testing.T) {
	good := transportFile(streamH264, 6, 0)
	cut := len(good)*7/12/plainPacket*plainPacket + 77
	b := cat(good[:cut], strings.Repeat("G", 1001), good[cut+500:])
	tl, _ := probeBytes(t, b)
	seq := tl.Sequences[0]
	if seq.Mode != jobs.ModeSegments || len(seq.Segments) < 5 || seq.Duration != 6e6 {
		t.Errorf("%s of %d with %d segments", seq.Mode, seq.Duration, len(seq.Segments))
	}
}

func TestStepIsAWholeNumberOfPacketsWithinBounds(t *testing.T) {
	for size, want := range map[int64]int64{minTS: minTSStep, 1 << 30: 4194280, 1 << 40: maxTSStep} {
		if got := stepOf(size); got != want {
			t.Errorf("step of %d is %d, want %d", size, got, want)
		}
	}
}

func TestUnreachable(t *testing.T) {
	broken := errors.New("connection reset")
	for _, want := range []error{storage.ErrNotFound, storage.ErrDenied, broken} {
		origin := &fake.Origin{Errors: map[string]error{"/clip": want}}
		if _, err := Timeline(context.Background(), origin, "/clip"); !errors.Is(err, want) {
			t.Errorf("error %v, want %v", err, want)
		}
	}
}

func TestUnknownSize(t *testing.T) {
	for name, b := range map[string][]byte{
		"mp4": cat(ftyp, movieBox(1000, 10_000, trackBox(1, "vide", 25000, 250_000, 250)), bx("mdat", kilo)), "fragments": fragmentedFile(4),
		"ts": transportFile(streamH264, 4, 0), "wav": wavFile("RIFF", 0, 100), "nothing": nil,
	} {
		origin := &fake.Origin{Objects: map[string]string{"/clip": string(b)}, NoSize: true}
		tl, err := Timeline(context.Background(), origin, "/clip")
		if err != nil || len(tl.Findings) > 0 {
			t.Errorf("%s: %v, findings %+v", name, err, tl.Findings)
		}
		if seq := tl.Sequences[0]; seq.Mode == jobs.ModeObject && seq.Object.Size != -1 {
			t.Errorf("%s: %+v", name, seq.Object)
		}
	}
}

// checkSegments asserts what holds for every timeline of a file.
func checkSegments(t *testing.T, tl jobs.Timeline, size int64) {
	t.Helper()
	seq := tl.Sequences[0]
	if len(tl.Sequences) != 1 || (seq.Mode == jobs.ModeObject) != (seq.Object != nil) || (seq.Mode == jobs.ModeSegments) != (len(seq.Segments) > 0) || seq.Duration < 0 {
		t.Fatalf("timeline %+v", tl)
	}
	at, end := jobs.Micros(0), int64(0)
	for i, s := range seq.Segments {
		// Only a last segment whose end is lost goes on beyond the file.
		beyond := s.Offset+s.Length+s.Tail > size && (i < len(seq.Segments)-1 || s.Offset >= size || s.Length > maxSegmentBytes || s.Tail > 0)
		if s.Index != i || s.Start != at || s.Duration <= 0 || s.Offset < end || s.Length <= 0 || s.Tail < 0 || beyond {
			t.Fatalf("segment %d: %+v", i, s)
		}
		if s.Init == nil || s.Init.Length <= 0 || s.Init.Offset < 0 || s.Init.Offset+s.Init.Length > size {
			t.Fatalf("segment %d: initialisation section %+v", i, s.Init)
		}
		at, end = s.Start+s.Duration, s.Offset+s.Length
	}
	if len(seq.Segments) > 0 && at != seq.Duration {
		t.Fatalf("duration %d, want %d", seq.Duration, at)
	}
	if _, err := json.Marshal(tl); err != nil {
		t.Fatal(err)
	}
}

func fuzz(f *testing.F, seeds ...[]byte) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tl, origin := probeBytes(t, b)
		checkSegments(t, tl, int64(len(b)))
		if n := len(origin.Asked()); n > 100+len(b) {
			t.Fatalf("%d requests for %d bytes", n, len(b))
		}
	})
}

func FuzzMP4(f *testing.F) {
	video := trackBox(1, "vide", 25000, 250_000, 250)
	fuzz(f, cat(ftyp, movieBox(1000, 10_000, video), bx("mdat", kilo)), cat(ftyp, bx("mdat", kilo), movieBox(1000, 10_000, video)),
		fragmentedFile(5), indexed(fragmentedFile(7), func([]int) {}), cat(ftyp, bx("moov", bx("trak", bx("mdia", bx("minf", bx("stbl", bx("stbl"))))))))
}

func FuzzMatroska(f *testing.F) {
	fuzz(f, matroska(info(10_000), el(idCluster, kilo)),
		infoBehind())
}

func FuzzWAV(f *testing.F) {
	fuzz(f, wavFile("RIFF", 19200, 400), wavFile("RF64", math.MaxUint32, 400, chunk("ds64", 28, make([]byte, 28))))
}

// FuzzTS puts the input into the middle and the end of a stream that is long enough to be cut.
func FuzzTS(f *testing.F) {
	good := transportFile(streamH264, 2, 0)
	b := tsBuilder{stream: streamH264}
	b.tables()
	b.picture(9000, true, 1000)
	f.Add(b.out, 0)
	f.Add([]byte("junk"), 1<<20)
	f.Add(b.out, 12345)
	f.Fuzz(func(t *testing.T, insert []byte, at int) {
		at = max(0, at) % len(good)
		data := cat(good[:at], insert, good[at:], insert)
		tl, _ := probeBytes(t, data)
		checkSegments(t, tl, int64(len(data)))
	})
}
