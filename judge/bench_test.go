package judge

import (
	"math"
	"math/rand/v2"
	"runtime"
	"syscall"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// BenchmarkJudge folds a programme of 25 pictures a second with stereo sound in windows of a minute, with all detectors; the budget is 10,000 times real time.
// With a reference, that is a second programme of the same length, which counts as no media of its own.
func BenchmarkJudge(b *testing.B) {
	p := newProgramme(120)
	b.Run("alone", func(b *testing.B) { p.benchmark(b, false) })
	b.Run("reference", func(b *testing.B) { p.benchmark(b, true) })
}

// maxUnitAllocations is how often a unit of two seconds may allocate, for what is booked of it: 50 pictures and 200 slots would be 250 times more or none.
const maxUnitAllocations = 60

func TestNothingIsAllocatedForARow(t *testing.T) {
	p := newProgramme(120)
	for _, reference := range []bool{false, true} {
		check := p.check(reference)
		j, err := New(check)
		if err != nil {
			t.Fatal(err)
		}
		p.minute(t, j, check, 0)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p.minute(t, j, check, 1)
		runtime.ReadMemStats(&after)
		units := len(p.windows[1].header.Units) * len(check.Timeline.Sequences)
		if n := int(after.Mallocs - before.Mallocs); n > maxUnitAllocations*units {
			t.Errorf("%d allocations for %d units, reference %t", n, units, reference)
		}
	}
}

// programme is a film of scenes with sound as workers measure it, in windows of a minute.
type programme struct {
	script  *script
	windows []*taken
}

func newProgramme(seconds int) *programme {
	c := &script{segments: seconds / 2, length: 2e6, rate: 25, audio: 48000, video: true, start: 126000}
	p := &programme{script: c}
	units := c.units()
	rng := rand.New(rand.NewPCG(1, 2))
	t := 0
	for i := range units {
		for k := range units[i].frames {
			filmRow(&units[i].frames[k], t, rng)
			t++
		}
		for k := range units[i].slots {
			soundtrackRow(&units[i].slots[k], rng)
		}
	}
	formats := c.formats()
	formats[0].Width, formats[0].Height, formats[0].ChromaWidth, formats[0].ChromaHeight = 1920, 1080, 960, 540
	for _, w := range p.check(false).Windows {
		p.windows = append(p.windows, take(w, units[w.First:w.Last], formats, false))
	}
	return p
}

// filmRow makes picture n of a film in 1080p of a row: moving, with a little noise, and a cut every seven seconds.
func filmRow(f *measurement.Frame, n int, rng *rand.Rand) {
	const samples = 1920 * 1080
	near := func(v int64) int64 { return v + rng.Int64N(v/16+1) }
	scenery(&f.Grid, float64(n)/25, 1, rng)
	for i := range f.GridCb {
		f.GridCb[i], f.GridCr[i] = 100+f.Grid[4*i]/8, 140-f.Grid[4*i]/8
	}
	f.SumY, f.SumY2, f.MinY, f.MaxY = near(110*samples), near(15000*samples), 14+rng.Int32N(4), 230+rng.Int32N(8)
	f.CntLE, f.CntLo, f.CntHi = [4]int64{near(1000), near(9000), near(20000), near(90000)}, rng.Int64N(50), rng.Int64N(50)
	f.SumCb, f.SumCr, f.SumCb2, f.SumCr2 = near(120*samples/4), near(130*samples/4), near(15000*samples/4), near(17000*samples/4)
	f.MinCb, f.MaxCb, f.MinCr, f.MaxCr = 60, 190, 64, 200
	f.MaxBlock, f.MinBlock, f.Hash = int32(near(14000)), int32(near(1000)), rng.Uint64()
	for i := range f.Fine {
		f.Fine[i] = uint16(f.Grid[i]) * 16
	}
	if f.HasPair {
		f.Pair = measurement.Pair{
			SADY: near(3 * samples), SADCb: near(samples / 4), SADCr: near(samples / 4), TI2: near(100 * samples), MaxBlock: int32(near(9000)),
			Changed: int32(near(3000)), Blocks: 8160, BlockMean: near(2 * samples), Broken: rng.Int32N(30), Control: rng.Int32N(30),
		}
	}
	if t := f.Texture; t != nil {
		*t = measurement.Texture{Edge: [2]int64{near(4 * samples), near(4 * samples)}, Slope: [2]int64{near(samples), near(samples)}, Edges: [2]int32{9000, 9000}, SolidBlocks: rng.Int32N(40)}
		for i := range t.ColEdge {
			t.ColEdge[i], t.RowEdge[i] = near(4*samples/measurement.EdgePhases), near(4*samples/measurement.EdgePhases)
		}
	}
	if f.Comb != nil {
		*f.Comb = measurement.Comb{Alpha: [2]int64{near(4 * samples), near(4 * samples)}, Delta: near(samples), Gamma: [2]int64{near(samples), near(samples)}, Combed: rng.Int64N(9000)}
	}
}

// soundtrackRow makes a slot of music: loud, never at its limits, and different on both sides.
func soundtrackRow(s *measurement.Slot, rng *rand.Rand) {
	level := 0.15 + 0.1*rng.Float64()
	sq := level * level * float64(s.Samples) / 2
	for i := range s.Ch {
		s.Ch[i] = measurement.Channel{
			K: sq * (0.9 + 0.2*rng.Float64()), Sq: sq, Sum: rng.Float64() - 0.5, R1: sq * 0.97, R2: sq * 0.9, Peak: float32(level), TruePeak: float32(level * 1.01),
			ResPeak: float32(level / 9), ResSq: sq / 3, Zeros: rng.Int32N(3), FlatRun: rng.Int32N(3), LoudFirst: s.Offset, LoudLast: s.Offset + s.Samples - 1,
		}
	}
	s.LR, s.Diff = sq*0.6, float32(level/2)
	for m := range s.Env {
		s.Env[m] = uint16(65535 * level * (0.5 + 0.5*rng.Float64()))
		s.Low[m] = int16(32767 * level * math.Sin(rng.Float64()*6))
	}
}

// check has the programme as its input, and with a reference a second time.
func (p *programme) check(reference bool) *jobs.Check {
	check := checkOf(p.script.sequenceDef("s0"))
	if reference {
		r := p.script.sequenceDef("r0")
		r.Role = jobs.RoleReference
		check.Reference = "reference"
		check.Timeline.Sequences = append(check.Timeline.Sequences, r)
	}
	const minute = 30 // segments
	for _, q := range check.Timeline.Sequences {
		for i := 0; i*minute < p.script.segments; i++ {
			last := min((i+1)*minute, p.script.segments)
			check.Windows = append(check.Windows, jobs.Window{Sequence: q.ID, Index: i, First: i * minute, Last: last, Start: q.Segments[i*minute].Start, End: q.Segments[last-1].Start + q.Segments[last-1].Duration})
		}
	}
	return check
}

// minute folds window i of every sequence.
func (p *programme) minute(t testing.TB, j *Judge, check *jobs.Check, i int) {
	for _, w := range check.Windows {
		if w.Index != i {
			continue
		}
		p.windows[i].header.Sequence = w.Sequence
		if err := j.Window(w, bare{p.windows[i]}); err != nil {
			t.Fatal(err)
		}
	}
}

// benchmark counts the processor's time, which other work on the machine disturbs least.
func (p *programme) benchmark(b *testing.B, reference bool) {
	check := p.check(reference)
	b.ReportAllocs()
	start := processorTime(b)
	for b.Loop() {
		j, err := New(check)
		if err != nil {
			b.Fatal(err)
		}
		for i := range p.windows {
			p.minute(b, j, check, i)
		}
	}
	media := time.Duration(b.N*p.script.segments) * 2 * time.Second
	b.ReportMetric(media.Seconds()/(processorTime(b)-start).Seconds(), "x-real-time")
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// bare hands out rows without copying them.
type bare struct{ *taken }

func (t bare) Frames(fn func(*measurement.Frame) error) error {
	for i := range t.frames {
		if err := fn(&t.frames[i]); err != nil {
			return err
		}
	}
	return nil
}

func (t bare) Slots(fn func(*measurement.Slot) error) error {
	for i := range t.slots {
		if err := fn(&t.slots[i]); err != nil {
			return err
		}
	}
	return nil
}
