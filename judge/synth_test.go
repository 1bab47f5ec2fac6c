package judge

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// synth is a made-up measurement of one decode unit, as a worker would write it whatever the window.
type synth struct {
	unit   measurement.Unit
	frames []measurement.Frame
	slots  []measurement.Slot
	// at is where the unit starts on the timeline, for cutting objects.
	at jobs.Micros
}

// taken is the measurement of a window: some units in a row.
type taken struct {
	header measurement.Header
	frames []measurement.Frame
	slots  []measurement.Slot
}

func (t *taken) Header() measurement.Header { return t.header }

// Frames hands out one row again and again, as a reader may.
func (t *taken) Frames(fn func(*measurement.Frame) error) error {
	var row measurement.Frame
	for i := range t.frames {
		row = t.frames[i]
		if err := fn(&row); err != nil {
			return err
		}
		row = measurement.Frame{}
	}
	return nil
}

func (t *taken) Slots(fn func(*measurement.Slot) error) error {
	var row measurement.Slot
	for i := range t.slots {
		row = t.slots[i]
		row.Ch = slices.Clone(row.Ch)
		if err := fn(&row); err != nil {
			return err
		}
		for i := range row.Ch {
			row.Ch[i] = measurement.Channel{K: -1}
		}
	}
	return nil
}

func videoFormat(rate int64) measurement.Format {
	return measurement.Format{
		Kind: measurement.Video, Codec: "h264", TimeBaseNum: 1, TimeBaseDen: 90000, WrapBits: 33, Width: 64, Height: 36, ChromaWidth: 32,
		ChromaHeight: 18, Depth: 8, PixFmt: "yuv420p", RateNum: rate, RateDen: 1,
	}
}

func audioFormat(rate int) measurement.Format {
	return measurement.Format{
		Kind: measurement.Audio, Codec: "aac", TimeBaseNum: 1, TimeBaseDen: 90000, WrapBits: 33, SampleRate: rate, Channels: 2, Layout: "stereo",
		Weights: []float64{1, 1},
	}
}

// pictureRow is a picture that moves and is not black; black ones are blacked.
func pictureRow(n int64, pts, duration int64) measurement.Frame {
	const area, blocks = 64 * 36, 4 * 3
	f := measurement.Frame{
		PTS: pts, Duration: duration, PktSize: 1000, SumY: 100 * area, SumY2: 12000 * area, MinY: 20, MaxY: 230, MaxBlock: 64 * 180,
		MinBlock: 64 * 40, SumCb: 128 * area / 4, SumCr: 128 * area / 4, Hash: uint64(n), HasPair: true,
		Pair: measurement.Pair{SADY: 9 * area, TI2: 900 * area, MaxBlock: 9000, Changed: blocks, Blocks: blocks, BlockMean: 500 * area / 64},
	}
	for i := range f.Grid {
		f.Grid[i] = uint8(100 + (int64(i)*7+n*13)%20) // moves, and does not flash
	}
	return f
}

// sampled adds what a worker measures on every fourth picture of a unit: of a sharp picture without borders that moves, or of a black one.
func sampled(f *measurement.Frame, k int64) {
	const area = 64 * 36
	switch {
	case k%4 == 0 && f.SumY <= 16*area:
		f.Texture = &measurement.Texture{Top: 18, Bottom: 18, Left: 32, Right: 32, SolidBlocks: 8}
	case k%4 == 0:
		f.Texture = &measurement.Texture{Edge: [2]int64{60 * area / 16, 60 * area / 16}, Slope: [2]int64{40 * area / 16, 40 * area / 16}, Edges: [2]int32{area / 16, area / 16}}
		for i := range f.Texture.ColEdge {
			f.Texture.ColEdge[i], f.Texture.RowEdge[i] = 8*area/measurement.EdgePhases, 8*area/measurement.EdgePhases
		}
	case k%4 == 2 && f.SumY > 16*area && f.Pair.SADY > 0:
		f.Comb = &measurement.Comb{Alpha: [2]int64{20 * area, 20 * area}, Delta: 5 * area, Gamma: [2]int64{4 * area, 4 * area}}
	}
}

func black16(f *measurement.Frame) {
	const area = 64 * 36
	f.SumY, f.SumY2, f.MinY, f.MaxY, f.MaxBlock, f.MinBlock = 16*area, 256*area, 16, 16, 64*16, 64*16
	f.CntLE = [4]int64{area, area, area, area}
	f.Pair = measurement.Pair{Blocks: 12}
	f.Hash = 1
	for i := range f.Grid {
		f.Grid[i] = 16
	}
}

func soundRow(index int64, rate int, offset, samples int32, level float64) measurement.Slot {
	sq := level * level * float64(samples) / 2
	c := measurement.Channel{
		K: sq, Sq: sq, Peak: float32(level), TruePeak: float32(level), LoudFirst: offset, LoudLast: offset + samples - 1,
	}
	if level < 0.001 {
		c.LoudFirst, c.LoudLast = -1, -1
	}
	if level == 0 {
		c.Zeros = samples
	}
	// The channels are equally loud and not alike.
	return measurement.Slot{Index: index, Offset: offset, Samples: samples, Ch: []measurement.Channel{c, c}, LR: sq / 2, Diff: float32(level)}
}

// script is a stream to be made: what is in it when, and what is wrong with it.
type script struct {
	segments int
	length   jobs.Micros // of a segment
	rate     int64       // frames/s
	audio    int         // samples/s; 0 for none
	video    bool
	start    int64 // ticks of 1/90000 s
	black    []run
	freeze   []run
	silence  []run
	damaged  []run
	dropped  []run // frames lost
	astray   []run // frames whose timestamps are beyond reason
	back     []run // frames whose timestamps are five seconds early
	// promise is how much more an object declares than there is; its last window says that it stops.
	promise jobs.Micros
	// short is how much of the last segment is missing, in per cent.
	short    int
	state    map[int]measurement.UnitState
	disc     map[int]bool
	splices  map[int][]measurement.Splice // what a segment announces
	wrap     bool
	variable bool
	rng      *rand.Rand
	// draw changes a picture; file says that timestamps do not turn over.
	draw func(f *measurement.Frame, at jobs.Micros)
	file bool
}

func within(runs []run, t jobs.Micros) bool {
	for _, r := range runs {
		if t >= r.From && t < r.To {
			return true
		}
	}
	return false
}

const tick = 90000

func toTicks(t jobs.Micros) int64 { return int64(t) * 9 / 100 }

// clock is the raw timestamp at a time in a segment.
func (c *script) clock(segment int, t jobs.Micros) int64 {
	ticks := c.start + toTicks(t)
	group := int64(0)
	for i := range segment + 1 {
		if c.disc[i] {
			group++
		}
	}
	ticks += group * 1234567
	return ticks
}

func (c *script) raw(ticks int64) int64 {
	if c.wrap {
		return ticks & (1<<33 - 1)
	}
	return ticks
}

// unit makes the measurement of one segment.
func (c *script) unit(i int) synth {
	from := jobs.Micros(i) * c.length
	u := synth{at: from, unit: measurement.Unit{Index: i, State: measurement.UnitOK, Splices: c.splices[i]}}
	if st := c.state[i]; st != "" {
		u.unit.State = st
		if st != measurement.UnitTruncated {
			return u
		}
	}
	if c.video {
		c.pictures(&u, i, from)
	}
	if c.audio > 0 {
		c.sound(&u, i, from)
	}
	return u
}

func (c *script) pictures(u *synth, i int, from jobs.Micros) {
	t := measurement.UnitTrack{Kind: measurement.Video, Format: 0, StartsWithKey: true, Closed: true}
	first := c.clock(i, from)
	shift := c.raw(first) - first
	step := tick / c.rate
	n := int64(c.length) * c.rate / 1e6
	var at int64
	for k := range n {
		time := from + jobs.Micros(k*1e6/c.rate)
		at = first + k*step
		if c.variable && k > 0 {
			at += (int64(c.rng.IntN(3)) - 1) * step / 3
		}
		if within(c.dropped, time) && k > 0 {
			continue
		}
		if u.unit.State == measurement.UnitTruncated && k > n/2 || i == c.segments-1 && k*100 >= n*int64(100-c.short) {
			break
		}
		f := pictureRow(int64(i)*1000+k, at+shift, step)
		f.Unit = int32(i)
		if within(c.back, time) && k > 0 {
			f.PTS -= 5 * tick
		}
		if len(u.frames) == 0 {
			f.Flags |= measurement.FlagKey | measurement.FlagUnitFirst
			f.HasPair = false
			t.FirstPTS = f.PTS
			f.Fine = make([]uint16, measurement.GridW*measurement.GridH)
		}
		switch {
		case within(c.black, time):
			black16(&f)
		case within(c.freeze, time):
			f.Pair = measurement.Pair{Blocks: 12}
			f.Fine = make([]uint16, measurement.GridW*measurement.GridH)
			f.Grid = [measurement.GridW * measurement.GridH]uint8{}
			f.Hash = 77
		}
		if c.draw != nil {
			c.draw(&f, time)
		}
		sampled(&f, k)
		if within(c.damaged, time) {
			f.DecodeErrors = 4
			f.ConcealedMB = 3
			t.Errors++
			t.Example = "concealing 3 DC, 3 AC, 3 MV errors"
		}
		if within(c.astray, time) && k > 0 {
			f.PTS = at + 1<<60
			u.frames = append(u.frames, f)
			t.Frames++
			continue
		}
		u.frames = append(u.frames, f)
		t.Frames++
		t.EndPTS = f.PTS + step
	}
	t.Packets = t.Frames
	if t.Frames > 0 {
		u.frames[len(u.frames)-1].Flags |= measurement.FlagUnitLast
		u.unit.Tracks = append(u.unit.Tracks, t)
	}
}

// sound makes the slots of a segment whose borders do not stand on the grid of slots.
func (c *script) sound(u *synth, i int, from jobs.Micros) {
	first := c.clock(i, from)
	base := c.raw(first)
	length := toTicks(c.length)
	if u.unit.State == measurement.UnitTruncated {
		length /= 2
	} else if i == c.segments-1 {
		length = length * int64(100-c.short) / 100
	}
	t := measurement.UnitTrack{Kind: measurement.Audio, Format: 1, FirstPTS: base, EndPTS: base + length, Packets: 10, Frames: 10}
	sample := func(ticks int64) int64 { return ticks * int64(c.audio) / tick }
	perSlot := int64(c.audio / measurement.SlotsPerSecond)
	for at, end := sample(base), sample(base+length); at < end; {
		index := at / perSlot
		offset := at % perSlot
		n := min(perSlot-offset, end-at)
		time := from + jobs.Micros((at-sample(base))*1e6/int64(c.audio))
		level := 0.1 + 0.05*float64((index*7)%5)
		if within(c.silence, time) {
			level = 0
		}
		s := soundRow(index, c.audio, int32(offset), int32(n), level)
		s.Unit = int32(i)
		u.slots = append(u.slots, s)
		at += n
	}
	u.unit.Tracks = append(u.unit.Tracks, t)
}

// sequenceDef is what the producer would say about the stream.
func (c *script) sequenceDef(id string) jobs.Sequence {
	q := jobs.Sequence{ID: id, Mode: jobs.ModeSegments, Media: "video", Duration: jobs.Micros(c.segments) * c.length}
	if !c.video {
		q.Media = "audio"
	}
	disc := 0
	for i := range c.segments {
		if c.disc[i] {
			disc++
		}
		q.Segments = append(q.Segments, jobs.Segment{
			Index: i, Start: jobs.Micros(i) * c.length, Duration: c.length, Discontinuity: disc, Gap: c.state[i] == measurement.UnitGap,
		})
	}
	return q
}

func (c *script) units() []synth {
	units := make([]synth, c.segments)
	for i := range units {
		units[i] = c.unit(i)
	}
	return units
}

func (c *script) formats() []measurement.Format {
	v := videoFormat(c.rate)
	if c.file {
		v.WrapBits = 0
	}
	return []measurement.Format{v, audioFormat(c.audio)}
}

// windowsOf cuts a row of segments at random, or into one when rng is nil.
func windowsOf(q *jobs.Sequence, rng *rand.Rand) []jobs.Window {
	var list []jobs.Window
	for at := 0; at < len(q.Segments); {
		n := len(q.Segments)
		if rng != nil {
			n = at + 1 + rng.IntN(4)
		}
		n = min(n, len(q.Segments))
		last := q.Segments[n-1]
		list = append(list, jobs.Window{
			Sequence: q.ID, Index: len(list), First: at, Last: n, Start: q.Segments[at].Start, End: last.Start + last.Duration,
			Head: at == 0, Foot: n == len(q.Segments),
		})
		at = n
	}
	return list
}

// take makes a window's measurement of the units that it owns. A window numbers its formats by its own.
func take(w jobs.Window, units []synth, formats []measurement.Format, flip bool) *taken {
	t := &taken{header: measurement.Header{V: 1, Measure: 1, Sequence: w.Sequence, Window: w.Index, Formats: formats}}
	if flip {
		t.header.Formats = []measurement.Format{formats[1], formats[0]}
	}
	for _, u := range units {
		unit := u.unit
		unit.Tracks = slices.Clone(unit.Tracks)
		for i := range unit.Tracks {
			if flip {
				unit.Tracks[i].Format = 1 - unit.Tracks[i].Format
			}
		}
		t.header.Units = append(t.header.Units, unit)
		t.frames = append(t.frames, u.frames...)
		t.slots = append(t.slots, u.slots...)
	}
	return t
}

func checkOf(sequences ...jobs.Sequence) *jobs.Check {
	p, err := LoadProfile(DefaultProfile, nil)
	if err != nil {
		panic(fmt.Sprint("the default profile does not load: ", err))
	}
	return &jobs.Check{V: 1, ID: "test", Profile: p, Timeline: jobs.Timeline{Kind: jobs.SourceHLS, Sequences: sequences}}
}
