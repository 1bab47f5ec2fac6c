//go:build cgo

package decode

//#include "glue.h"
import "C"

import (
	"cmp"
	"errors"
	"math/bits"
	"slices"

	"github.com/asticode/go-astiav"

	"aircheck/jobs/measurement"
	"aircheck/worker/measure"
)

// Audio restarts. Common decoders carry state that never dies out (AAC's noise generator, AC-3's dither), so a decoder that runs on gives
// samples that depend on where it began. Ours begins anew in every unit, after this much of the unit before: 0.5 s for the K filter
// to settle to below 1e-12 (BS.1770's high pass has a time constant of 4 ms), and 0.1 s for the codec's overlap and bit reservoir.
const preRollMillis = 600

// maxDriftMillis is how far a packet's timestamp may stand from the count of samples before the clock is set anew: more than the rounding of a
// millisecond time base, less than a lost frame of any codec (AAC 21 ms, MP3 24 ms, Opus 20 ms).
const maxDriftMillis = 10

// audioRun is one unit of one audio track.
type audioRun struct {
	track   *track
	unit    int
	preRoll []*packet
	packets []*packet
	// The unit owns the samples of [fromMillis, toMillis) of the track's clock, but none before from; toMillis < 0 means all that its packets give.
	from, fromMillis, toMillis int64
	// anchored: the clock is set by the first packet of the unit itself, not of the pre-roll (ModeSegments: packets own their samples).
	anchored bool
}

// first is the time of the first packet that is the unit's own.
func (r *audioRun) first() int64 {
	if len(r.packets) == 0 {
		return noTime
	}
	return r.packets[0].time()
}

// audioRunner decodes audio units one after the other.
type audioRunner struct{ frame *astiav.Frame }

func (a *audioRunner) close() {
	if a.frame != nil {
		a.frame.Free()
		a.frame = nil
	}
}

// decoding is the state of one run.
type decoding struct {
	w      *window
	run    *audioRun
	kernel *measure.Audio
	rate   int64
	chans  int
	next   int64 // clock of the next sample
	set    bool
	warm   []*astiav.Frame // pre-roll that waits for the clock (anchored runs)
	failed error           // of the output
	errors int
	from   int64 // first and last owned sample; to < 0: all
	to     int64
	packet *packet
	done   bool
}

// decodeAudio measures one unit; it frees neither packets nor pre-roll.
func (w *window) decodeAudio(run *audioRun) error {
	a := w.audio
	if a.frame == nil {
		a.frame = astiav.AllocFrame()
	}
	cc, err := newDecoder(run.track, nil)
	if err != nil {
		w.complain(run.unit, run.track, 1, err.Error())
		return nil
	}
	defer cc.Free()
	d := &decoding{w: w, run: run}
	defer d.close()
	for i, p := range append(slices.Clip(run.preRoll), run.packets...) {
		d.packet = p
		if err := d.send(cc, a.frame, p.Packet, i >= len(run.preRoll)); err != nil {
			return err
		}
	}
	if err := d.send(cc, a.frame, nil, true); err != nil {
		return err
	}
	return d.finish()
}

func (d *decoding) close() {
	if d.kernel != nil {
		d.kernel.Close()
	}
	for _, f := range d.warm {
		f.Free()
	}
}

// send decodes one packet, nil to drain. own: it belongs to the unit and not to its pre-roll.
func (d *decoding) send(cc *astiav.CodecContext, f *astiav.Frame, p *astiav.Packet, own bool) error {
	takeComplaints()
	err := cc.SendPacket(p)
	said := takeComplaints()
	var failed error
	for failed == nil {
		f.Unref()
		if cc.ReceiveFrame(f) != nil {
			break // needs more input, is drained, or could not be decoded: it has said so
		}
		failed = d.samples(f, own)
		more := takeComplaints()
		said.errors += more.errors
		said.message = cmp.Or(said.message, more.message)
	}
	more := takeComplaints()
	if err == nil && said.errors+more.errors == 0 {
		return failed
	}
	if own && p != nil {
		d.errors++
		message := cmp.Or(said.message, more.message)
		if message == "" && err != nil {
			message = err.Error()
		}
		d.w.complain(d.run.unit, d.run.track, 1, message)
	}
	return failed
}

// samples takes one decoded frame.
func (d *decoding) samples(f *astiav.Frame, own bool) error {
	info := frameInfo(f)
	n := int64(info.nb_samples)
	// A decoder with a delay still gives pre-roll when the first own packet is sent.
	own = own && (info.pts == noTime || int64(info.pts) >= d.run.first())
	if n <= 0 || info.channels <= 0 || info.sample_rate <= 0 || d.done {
		return nil
	}
	if d.w.hear != nil {
		return d.w.hear(d.run.track, f, own)
	}
	if d.kernel == nil {
		if err := d.open(f, int64(info.sample_rate), int(info.channels)); err != nil {
			d.w.complain(d.run.unit, d.run.track, 1, err.Error())
			d.done = true
			return nil
		}
	}
	if int64(info.sample_rate) != d.rate || int(info.channels) != d.chans {
		d.w.complain(d.run.unit, d.run.track, 1, "sample rate or channels change inside a unit")
		return nil
	}
	if own {
		d.count(f, &info)
	}
	return d.place(f, &info, own)
}

// count records a frame of the unit; the first one says what the audio really is.
func (d *decoding) count(f *astiav.Frame, info *C.ac_frame) {
	t := d.w.unitTrack(d.run.unit, d.run.track)
	if t.Frames == 0 {
		t.Format = d.w.format(audioFormat(d.run.track, f, info))
	}
	t.Frames++
}

func (d *decoding) open(f *astiav.Frame, rate int64, chans int) error {
	kernel, err := measure.NewAudio(measure.AudioConfig{Rate: int(rate), Channels: chans, Weights: channelWeights(f, chans)})
	if err != nil {
		return err
	}
	d.kernel, d.rate, d.chans = kernel, rate, chans
	d.from, d.to = d.run.from, -1
	if d.run.fromMillis > 0 {
		d.from = d.run.fromMillis * rate / 1000
	}
	if d.run.toMillis >= 0 {
		d.to = d.run.toMillis * rate / 1000
	}
	return nil
}

// place sets the clock and feeds the kernel.
func (d *decoding) place(f *astiav.Frame, info *C.ac_frame, own bool) error {
	if d.run.anchored && !own {
		if !d.set {
			d.warm = append(d.warm, f.Clone())
		}
		return nil
	}
	at := d.next
	if int64(info.pts) != noTime {
		at = rescale(int64(info.pts), d.run.track.num*d.rate, d.run.track.den)
	}
	drift := at - d.next
	if !d.set || drift > d.rate*maxDriftMillis/1000 || drift < -d.rate*maxDriftMillis/1000 {
		if err := d.restart(at); err != nil {
			return err
		}
	}
	skipEnd := 0
	if own && d.packet != nil && d.packet.skipEnd < int(info.nb_samples) {
		skipEnd = d.packet.skipEnd
	}
	d.next += int64(info.nb_samples)
	return d.write(f, info, skipEnd)
}

// restart sets the clock; pre-roll that has waited is played first, up to that moment.
func (d *decoding) restart(at int64) error {
	if d.set {
		d.kernel.Flush(d.emit)
	}
	warm := d.warm
	d.warm, d.set, d.next = nil, true, at
	first := at
	for _, f := range warm {
		first -= int64(f.NbSamples())
	}
	if err := d.kernel.Reset(first); err != nil { // a timestamp beyond all reason: the unit's samples cannot be placed
		d.w.complain(d.run.unit, d.run.track, 1, err.Error())
		d.done = true
		warm = nil
	}
	d.kernel.Own(d.start(at))
	var failed error
	for _, f := range warm {
		info := frameInfo(f)
		failed = errors.Join(failed, d.write(f, &info, 0))
		f.Free()
	}
	return failed
}

// start is the first sample that counts: with an anchored clock nothing before the unit's first packet does.
func (d *decoding) start(at int64) int64 {
	if d.run.anchored {
		return max(at, d.from)
	}
	return d.from
}

// write feeds the kernel with a frame but for its last samples.
func (d *decoding) write(f *astiav.Frame, info *C.ac_frame, skipEnd int) error {
	if d.done {
		return nil
	}
	samples, err := samplesOf(f, info)
	if err == nil {
		samples.N -= skipEnd
		err = d.kernel.Write(samples, d.emit)
	}
	if err != nil {
		d.w.complain(d.run.unit, d.run.track, 1, err.Error())
	}
	return d.failed
}

// emit writes one finished slot, if it is the unit's.
func (d *decoding) emit(s *measurement.Slot) {
	if d.failed != nil || d.to >= 0 && s.Index >= d.to*measurement.SlotsPerSecond/d.rate {
		return
	}
	s.Track, s.Unit = int32(d.run.track.ordinal), int32(d.run.unit)
	s.Errors, d.errors = int32(d.errors), 0
	d.failed = d.w.out.Slot(s)
}

func (d *decoding) finish() error {
	if d.kernel != nil && d.set && !d.done {
		d.kernel.Flush(d.emit)
	}
	return d.failed
}

func audioFormat(t *track, f *astiav.Frame, info *C.ac_frame) measurement.Format {
	m := t.base
	m.SampleRate, m.Channels = int(info.sample_rate), int(info.channels)
	m.Layout = layoutName(f)
	m.Weights = channelWeights(f, m.Channels)
	return m
}

// rescale is v*num/den rounded to nearest, ties up, without overflow.
func rescale(v, num, den int64) int64 {
	neg := v < 0
	u := uint64(v)
	if neg {
		u = -u
	}
	hi, lo := bits.Mul64(u, uint64(num))
	lo, carry := bits.Add64(lo, uint64(den)/2, 0)
	hi += carry
	if hi >= uint64(den) {
		hi %= uint64(den) // a timestamp of millions of years: any answer will do, a crash will not
	}
	q, _ := bits.Div64(hi, lo, uint64(den))
	if neg {
		return -int64(q &^ (1 << 63))
	}
	return int64(q &^ (1 << 63))
}
