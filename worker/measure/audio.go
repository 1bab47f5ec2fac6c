package measure

// #cgo noescape ac_audio_put
// #cgo nocallback ac_audio_put
// #cgo noescape ac_audio_piece
// #cgo nocallback ac_audio_piece
// #include "audio.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"aircheck/jobs/measurement"
)

// Bounds of what is measured as audio.
const (
	MinRate     = 4000 // Hz: below, the shelf of the K filter would lie above half the rate
	MaxRate     = 768000
	MaxChannels = 64
	// maxSample bounds sample positions, so that slot arithmetic cannot overflow. It is 46 years at 768 kHz.
	maxSample = 1 << 50
	// maxWrite bounds the samples of one call; a decoder gives a few thousand.
	maxWrite = 1 << 24
)

// SampleFormat is how a sample lies in memory. Integers have full scale at 1; bytes are unsigned, as in WAV.
type SampleFormat int

// The sample formats of decoders, in the machine's byte order.
const (
	U8  SampleFormat = C.AC_U8
	S16 SampleFormat = C.AC_S16
	S32 SampleFormat = C.AC_S32
	F32 SampleFormat = C.AC_F32
	F64 SampleFormat = C.AC_F64
)

// Samples are N samples of every channel: Planes has one pointer a channel, or a single one to interleaved samples. They are read only during a call.
type Samples struct {
	Planes []unsafe.Pointer
	N      int
	Format SampleFormat
}

// AudioConfig says what an audio track is like.
type AudioConfig struct {
	Rate, Channels int
	// Weights are the BS.1770 channel weights. They do not enter the sums, which are kept by channel; a channel of weight 0 (LFE) stays out of the mono mix.
	// Nil, or all 0, means that every channel is mixed.
	Weights []float64
}

// Audio measures one audio track slot by slot. It is not safe for concurrent use and owns C memory until Close.
//
// Slots are cut on the track's clock and measured whole, so that it does not matter in which portions samples are written.
type Audio struct {
	c    *C.ac_audio
	rate int64

	pos       int64 // next sample
	start     int64 // first sample of the piece that is being collected
	own       int64 // first sample that counts
	slot      int64 // slot of start
	slotStart int64
	slotEnd   int64
}

// NewAudio returns an Audio that stands at sample 0.
func NewAudio(cfg AudioConfig) (*Audio, error) { return newAudio(cfg, avx2) }

func newAudio(cfg AudioConfig, best kernel) (*Audio, error) {
	if cfg.Rate < MinRate || cfg.Rate > MaxRate || cfg.Channels < 1 || cfg.Channels > MaxChannels {
		return nil, fmt.Errorf("measure audio of %d channels at %d Hz: out of range", cfg.Channels, cfg.Rate)
	}
	taps := lowPass(cfg.Rate)
	longest := cfg.Rate/measurement.SlotsPerSecond + 1
	c := C.ac_audio_new(C.int(cfg.Rate), C.int(cfg.Channels), C.int(longest), C.int(len(taps)), C.int(best))
	if c == nil {
		return nil, errors.New("measure audio: out of memory")
	}
	a := &Audio{c: c, rate: int64(cfg.Rate)}
	for i, t := range taps {
		unsafe.Slice(c.tap, len(taps))[i] = C.float(t)
	}
	shelf, rlb := kWeighting(cfg.Rate)
	c.shelf, c.rlb = cBiquad(shelf), cBiquad(rlb)
	a.setMix(cfg)
	a.seek(0)
	return a, nil
}

func cBiquad(f biquad) C.ac_biquad {
	return C.ac_biquad{C.double(f.b0), C.double(f.b1), C.double(f.b2), C.double(f.a1), C.double(f.a2)}
}

// setMix chooses the channels of the mono mix, which is their mean.
func (a *Audio) setMix(cfg AudioConfig) {
	mixed := unsafe.Slice(a.c.mixed, cfg.Channels)
	n := 0
	for i := range mixed {
		if i < len(cfg.Weights) && cfg.Weights[i] > 0 {
			mixed[i] = 1
			n++
		}
	}
	if n == 0 {
		for i := range mixed {
			mixed[i] = 1
		}
		n = cfg.Channels
	}
	a.c.mix_gain = C.float(1 / float64(n))
}

// Close frees the C memory.
func (a *Audio) Close() {
	C.ac_audio_free(a.c)
	a.c = nil
}

// Reset restarts with filters at rest: the next sample written is number first on the track's clock (which may be negative), and all samples count until Own says otherwise.
// Samples of an unfinished slot are dropped; Flush emits them.
func (a *Audio) Reset(first int64) error {
	if first < -maxSample || first > maxSample {
		return fmt.Errorf("measure audio from sample %d: out of range", first)
	}
	C.ac_audio_reset(a.c)
	a.seek(first)
	return nil
}

func (a *Audio) seek(first int64) {
	a.pos, a.start, a.own = first, first, first
	// The greatest k with k*rate/100 rounded down <= first.
	a.enter(floorDiv(measurement.SlotsPerSecond*(first+1)-1, a.rate))
}

// enter makes k the current slot.
func (a *Audio) enter(k int64) {
	a.slot = k
	a.slotStart = floorDiv(k*a.rate, measurement.SlotsPerSecond)
	a.slotEnd = floorDiv((k+1)*a.rate, measurement.SlotsPerSecond)
	for m := range a.c.ms {
		a.c.ms[m] = C.int32_t(floorDiv((10*k+int64(m))*a.rate, 10*measurement.SlotsPerSecond) - a.slotStart)
	}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Own says that samples before number from only warm up the filters: they count in no slot, and the slot that from lies in begins there. It must be called before
// sample from is written; a later call counts from the next sample on.
func (a *Audio) Own(from int64) { a.own = max(from, a.pos) }

// Position is the number of the next sample on the track's clock.
func (a *Audio) Position() int64 { return a.pos }

// Write takes samples and emits the slots that they complete. A slot belongs to emit's caller and may be kept; its Track, Unit and Errors are left to fill in.
func (a *Audio) Write(s Samples, emit func(*measurement.Slot)) error {
	interleaved := C.int(0)
	channels := int(a.c.channels)
	if len(s.Planes) == 1 && channels > 1 {
		interleaved = 1
	} else if len(s.Planes) != channels {
		return fmt.Errorf("measure audio: %d planes for %d channels", len(s.Planes), channels)
	}
	if s.Format < U8 || s.Format > F64 || s.N < 0 || s.N > maxWrite {
		return fmt.Errorf("measure audio: %d samples of format %d", s.N, s.Format)
	}
	from := unsafe.Slice(a.c.from, channels)
	copy(from, s.Planes)
	for done := 0; done < s.N; {
		n := int(min(int64(s.N-done), a.border()-a.pos))
		C.ac_audio_put(a.c, C.int(s.Format), interleaved, C.int(done), C.int(a.pos-a.start), C.int(n))
		done += n
		a.pos += int64(n)
		if a.pos == a.border() {
			a.finish(emit)
		}
	}
	return nil
}

// border is where the piece that is being collected ends at the latest.
func (a *Audio) border() int64 {
	if a.own > a.start && a.own < a.slotEnd {
		return a.own
	}
	return a.slotEnd
}

// Flush emits the slot that is unfinished, if any. It ends a unit: the filters keep their state, and samples written afterwards would make another part of the slot.
func (a *Audio) Flush(emit func(*measurement.Slot)) { a.finish(emit) }

// finish measures the piece that was collected and emits it when it counts.
func (a *Audio) finish(emit func(*measurement.Slot)) {
	n := int32(a.pos - a.start)
	if n == 0 {
		return
	}
	offset := int32(a.start - a.slotStart)
	counts := a.start >= a.own
	flag := C.int(0)
	if counts {
		flag = 1
	}
	C.ac_audio_piece(a.c, C.int(n), C.int(offset), flag)
	if counts {
		emit(a.give(offset, n))
	}
	a.start = a.pos
	if a.pos == a.slotEnd {
		a.enter(a.slot + 1)
	}
}

func (a *Audio) give(offset, n int32) *measurement.Slot {
	s := &measurement.Slot{
		Index: a.slot, Offset: offset, Samples: n,
		Ch: make([]measurement.Channel, a.c.channels),
		LR: float64(a.c.lr), Diff: float32(a.c.diff),
	}
	for i := range s.Env {
		s.Env[i], s.Low[i] = uint16(a.c.env[i]), int16(a.c.low[i])
	}
	for i, c := range unsafe.Slice(a.c.out, len(s.Ch)) {
		s.Ch[i] = giveChannel(&c)
	}
	return s
}

func giveChannel(c *C.ac_channel) measurement.Channel {
	return measurement.Channel{
		K: float64(c.k), Sq: float64(c.sq), Sum: float64(c.sum), R1: float64(c.r1), R2: float64(c.r2),
		Peak: float32(c.peak), TruePeak: float32(c.true_peak),
		ResPeak: float32(c.res_peak), ResSq: float64(c.res_sq),
		Zeros: int32(c.zeros), Clipped: int32(c.clipped), ClipRun: int32(c.clip_run), FlatRun: int32(c.flat_run),
		Flats: int32(c.flats), FlatTops: int32(c.flat_tops),
		LoudFirst: int32(c.loud_first), LoudLast: int32(c.loud_last),
	}
}
