package measurement

import (
	"math"
	"math/rand/v2"
)

// randomFrame fills every field; what may be absent is absent in half of the cases.
func randomFrame(r *rand.Rand) *Frame {
	f := &Frame{
		Track: r.Int32N(3), Unit: r.Int32(), PTS: int64(r.Uint64()), Duration: r.Int64(), Flags: r.Int32N(512), PictType: int8(r.IntN(256) - 128),
		PktSize: int32(r.Uint32()), DecodeErrors: r.Int32N(16), LogErrors: r.Int32(), ConcealedMB: r.Int32(),
		SumY: r.Int64(), SumY2: r.Int64(), MinY: r.Int32N(256), MaxY: r.Int32N(256),
		CntLE: [4]int64{r.Int64(), r.Int64(), r.Int64(), r.Int64()}, CntLo: r.Int64(), CntHi: r.Int64(), CntLo103: r.Int64(), CntHi103: r.Int64(),
		SumCb: r.Int64(), SumCr: r.Int64(), SumCb2: r.Int64(), SumCr2: r.Int64(), MinCb: r.Int32(), MaxCb: r.Int32(), MinCr: r.Int32(), MaxCr: r.Int32(),
		CntChroma: r.Int64(), MaxBlock: r.Int32(), MinBlock: r.Int32(), Hash: r.Uint64(), HasPair: r.IntN(2) == 0,
	}
	fill(r, f.Grid[:])
	fill(r, f.GridCb[:])
	fill(r, f.GridCr[:])
	if r.IntN(2) == 0 {
		f.Fine = make([]uint16, GridW*GridH)
		for i := range f.Fine {
			f.Fine[i] = uint16(r.Uint32())
		}
	}
	if r.IntN(2) == 0 {
		f.CC = make([]byte, r.IntN(MaxCC+1))
		fill(r, f.CC)
	}
	if f.HasPair {
		f.Pair = Pair{
			SADY: r.Int64(), SADCb: r.Int64(), SADCr: r.Int64(), TI2: r.Int64(), MaxBlock: r.Int32(), Changed: r.Int32(), Blocks: r.Int32(),
			BlockMean: r.Int64(), Broken: r.Int32(), Control: r.Int32(), BrokenNew: r.Int32(), ControlNew: r.Int32(),
		}
	}
	if r.IntN(2) == 0 {
		f.Texture = &Texture{
			Edge: [2]int64{r.Int64(), r.Int64()}, Slope: [2]int64{r.Int64(), r.Int64()}, Edges: [2]int32{r.Int32(), r.Int32()}, Top: r.Int32(), Bottom: r.Int32(), Left: r.Int32(), Right: r.Int32(),
			SolidBlocks: r.Int32(), Gamut: r.Int64(), Grey: r.Int32(), Green: r.Int32(),
		}
		for i := range f.Texture.ColEdge {
			f.Texture.ColEdge[i], f.Texture.RowEdge[i] = r.Int64(), r.Int64()
		}
	}
	if r.IntN(2) == 0 {
		f.Comb = &Comb{
			Alpha: [2]int64{r.Int64(), r.Int64()}, Delta: r.Int64(), Gamma: [2]int64{r.Int64(), r.Int64()}, Combed: r.Int64(), CombedBlock: r.Int32(),
		}
	}
	return f
}

func fill(r *rand.Rand, b []uint8) {
	for i := range b {
		b[i] = uint8(r.Uint32())
	}
}

// randomFloat returns any float64 but a NaN: infinities, subnormals and the negative zero too.
func randomFloat(r *rand.Rand) float64 {
	if v := math.Float64frombits(r.Uint64()); !math.IsNaN(v) {
		return v
	}
	return math.Copysign(0, -1)
}

func randomFloat32(r *rand.Rand) float32 {
	if v := math.Float32frombits(r.Uint32()); v == v {
		return v
	}
	return float32(math.Inf(-1))
}

func randomSlot(r *rand.Rand) *Slot {
	s := &Slot{
		Track: r.Int32N(3), Unit: r.Int32(), Index: int64(r.Uint64()), Offset: r.Int32N(480), Samples: r.Int32N(481), Errors: r.Int32(),
		LR: randomFloat(r), Diff: randomFloat32(r), Ch: make([]Channel, r.IntN(17)),
	}
	for i := range s.Env {
		s.Env[i], s.Low[i] = uint16(r.Uint32()), int16(r.Uint32())
	}
	for i := range s.Ch {
		s.Ch[i] = Channel{
			K: randomFloat(r), Sq: randomFloat(r), Sum: randomFloat(r), R1: randomFloat(r), R2: randomFloat(r), Peak: randomFloat32(r),
			TruePeak: randomFloat32(r), ResPeak: randomFloat32(r), ResSq: randomFloat(r), Zeros: r.Int32(), Clipped: r.Int32(), ClipRun: r.Int32(),
			FlatRun: r.Int32(), Flats: r.Int32(), FlatTops: r.Int32(), LoudFirst: r.Int32N(481) - 1, LoudLast: r.Int32N(481) - 1,
		}
	}
	return s
}

// clip makes seconds of what a worker measures in 25 frames and stereo sound a second, with numbers as large as 1080p gives them.
func clip(seconds int) (frames []*Frame, slots []*Slot) {
	r := rand.New(rand.NewPCG(1, 2))
	base := randomFrame(r)
	for i := range seconds * 25 {
		frames = append(frames, plausibleFrame(r, base, i))
	}
	for i := range seconds * SlotsPerSecond {
		slots = append(slots, plausibleSlot(r, i))
	}
	return frames, slots
}

func plausibleFrame(r *rand.Rand, base *Frame, i int) *Frame {
	const samples = 1920 * 1080
	near := func(v int64) int64 { return v + r.Int64N(v/16+1) }
	f := &Frame{
		Unit: int32(i / 50), PTS: int64(i) * 3600, Duration: 3600, PictType: int8(1 + i%3), PktSize: int32(near(20000)),
		SumY: near(110 * samples), SumY2: near(15000 * samples), MinY: 14 + r.Int32N(4), MaxY: 230 + r.Int32N(8),
		CntLE: [4]int64{near(1000), near(9000), near(20000), near(90000)}, CntLo: r.Int64N(50), CntHi: r.Int64N(50),
		SumCb: near(120 * samples / 4), SumCr: near(130 * samples / 4), SumCb2: near(15000 * samples / 4), SumCr2: near(15000 * samples / 4),
		MinCb: 60 + r.Int32N(20), MaxCb: 180 + r.Int32N(20), MinCr: 60 + r.Int32N(20), MaxCr: 180 + r.Int32N(20), CntChroma: r.Int64N(4),
		MaxBlock: int32(near(14000)), MinBlock: int32(near(1000)), Hash: r.Uint64(), HasPair: i%50 != 0,
	}
	for k := range f.Grid {
		f.Grid[k] = base.Grid[k]/2 + uint8(r.IntN(6))
	}
	for k := range f.GridCb {
		f.GridCb[k], f.GridCr[k] = 120+base.GridCb[k]/16+uint8(r.IntN(2)), 120+base.GridCr[k]/16+uint8(r.IntN(2))
	}
	if i%50 == 0 || i%50 == 49 {
		f.Fine = make([]uint16, GridW*GridH)
		for k := range f.Fine {
			f.Fine[k] = uint16(f.Grid[k])*16 + uint16(r.IntN(16))
		}
	}
	if f.HasPair {
		f.Pair = Pair{
			SADY: near(3 * samples), SADCb: near(samples / 4), SADCr: near(samples / 4), TI2: near(100 * samples), MaxBlock: int32(near(9000)),
			Changed: int32(near(3000)), Blocks: 8040, BlockMean: near(2 * samples), Broken: r.Int32N(3),
		}
	}
	if i%4 == 0 {
		f.Texture = &Texture{Edge: [2]int64{near(12 * samples)}, Slope: [2]int64{0, near(900 * samples)}, SolidBlocks: r.Int32N(40)}
		for k := range f.Texture.ColEdge {
			f.Texture.ColEdge[k], f.Texture.RowEdge[k] = near(samples/8), near(samples/8)
		}
		f.Comb = &Comb{
			Alpha: [2]int64{near(samples), near(samples)}, Delta: near(samples), Gamma: [2]int64{near(samples), near(samples)},
			Combed: r.Int64N(9000), CombedBlock: r.Int32N(60),
		}
	}
	return f
}

func plausibleSlot(r *rand.Rand, i int) *Slot {
	s := &Slot{Unit: int32(i / 200), Index: int64(i), Samples: 480, LR: r.Float64() * 20, Diff: r.Float32() / 4, Ch: make([]Channel, 2)}
	for k := range s.Env {
		s.Env[k], s.Low[k] = uint16(8000+r.IntN(8000)), int16(r.IntN(16000)-8000)
	}
	for k := range s.Ch {
		s.Ch[k] = Channel{
			K: r.Float64() * 20, Sq: r.Float64() * 20, Sum: r.Float64() - 0.5, R1: r.Float64() * 20, R2: r.Float64() * 20, Peak: r.Float32(),
			TruePeak: r.Float32(), ResPeak: r.Float32() / 8, ResSq: r.Float64(), Zeros: r.Int32N(3), FlatRun: r.Int32N(3), LoudLast: 479,
		}
	}
	return s
}
