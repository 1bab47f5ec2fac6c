package judge

import (
	"math"

	"aircheck/jobs/measurement"
)

// displayPeak is the luminance that counts as 1, in cd/m2: that of the display of ITU-R BT.1702, for which 20 cd/m2 are the 10 % of WCAG.
const displayPeak = 200

// curve turns luma of the 8-bit scale into relative luminance, and that into the steps that count.
type curve struct {
	steps stepTable
	grey  bool // the pictures have no colour

	key   curveKey
	known bool
}

type curveKey struct {
	transfer string
	full     bool
	grey     bool
	step     float64
}

// of makes the curve that of a format; false where its luminance is not known.
func (c *curve) of(f *measurement.Format, step float64) bool {
	key := curveKey{f.Transfer, f.FullRange, f.ChromaWidth <= 0 || f.ChromaHeight <= 0, step}
	if c.key == key {
		return c.known
	}
	light := lightOf(f.Transfer)
	*c = curve{key: key, known: light != nil, grey: key.grey}
	if light == nil {
		return false
	}
	var l [256]float64
	for i := range l {
		l[i] = light(signal(float64(i), f.FullRange))
	}
	for i := range l {
		up, down := stepsFrom(&l, i, step)
		c.steps.set(i, up, down)
	}
	return true
}

// stepsFrom finds the nearest code values that differ enough from one: the darker of the two must be dark.
func stepsFrom(l *[256]float64, i int, step float64) (up, down int16) {
	const rounding = 1e-9
	up, down = 256, -1
	for j := i + 1; j < 256 && l[i] < darkState; j++ {
		if l[j]-l[i] >= step-rounding {
			up = int16(j)
			break
		}
	}
	for j := i - 1; j >= 0; j-- {
		if l[i]-l[j] >= step-rounding && l[j] < darkState {
			down = int16(j)
			break
		}
	}
	return up, down
}

// signal is a code value of luma as a signal, 0..1.
func signal(code float64, full bool) float64 {
	if full {
		return code / 255
	}
	return min(1, max(0, (code-16)/219))
}

// lightOf returns what turns a signal into relative luminance: of SDR by the curve of sRGB, which WCAG names, of PQ and HLG by that of ITU-R BT.2100. It is nil
// for a transfer whose display nobody defines.
func lightOf(transfer string) func(float64) float64 {
	switch transfer {
	case "smpte2084":
		return pqLight
	case "arib-std-b67":
		return hlgLight
	case "linear", "log100", "log316", "log", "log_sqrt", "smpte428":
		return nil
	}
	return srgbLight
}

func srgbLight(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// pqLight is the EOTF of SMPTE ST 2084.
func pqLight(v float64) float64 {
	const m1, m2, c1, c2, c3 = 2610.0 / 16384, 2523.0 / 4096 * 128, 3424.0 / 4096, 2413.0 / 4096 * 32, 2392.0 / 4096 * 32
	p := math.Pow(v, 1/m2)
	return 10000 / displayPeak * math.Pow(max(p-c1, 0)/(c2-c3*p), 1/m1)
}

// hlgLight is the inverse OETF of HLG and the OOTF of a display of 1000 cd/m2.
func hlgLight(v float64) float64 {
	const a, b, c = 0.17883277, 0.28466892, 0.55991073
	scene := v * v / 3
	if v > 0.5 {
		scene = (math.Exp((v-c)/a) + b) / 12
	}
	return 1000 / displayPeak * math.Pow(scene, 1.2)
}

// redMatrix turns the means of cells into WCAG's measure of red.
type redMatrix struct {
	light [256]float64 // of R, G, B signals in 1/255
	steps stepTable

	kr, kb float64
	full   bool
	key    redKey
	known  bool
}

type redKey struct {
	transfer, space string
	full, small     bool
	grey, made      bool
}

// of makes the matrix that of a format; false where red is not defined: grey pictures, HDR, and RGB of wider primaries.
func (m *redMatrix) of(f *measurement.Format) bool {
	key := redKey{f.Transfer, f.ColorSpace, f.FullRange, f.Height < redHD, f.ChromaWidth <= 0 || f.ChromaHeight <= 0, true}
	if m.key == key {
		return m.known
	}
	*m = redMatrix{key: key, full: f.FullRange}
	switch f.Transfer {
	case "smpte2084", "arib-std-b67", "linear", "log100", "log316", "log", "log_sqrt", "smpte428":
		return false
	}
	switch f.ColorSpace {
	case "bt709":
		m.kr, m.kb = 0.2126, 0.0722
	case "bt470bg", "smpte170m", "fcc":
		m.kr, m.kb = 0.299, 0.114
	case "smpte240m":
		m.kr, m.kb = 0.212, 0.087
	case "", "unknown", "reserved", "unspecified":
		m.kr, m.kb = 0.2126, 0.0722
		if key.small {
			m.kr, m.kb = 0.299, 0.114
		}
	default:
		return false
	}
	for i := range m.light {
		m.light[i] = srgbLight(float64(i) / 255)
	}
	m.steps = redSteps()
	m.known = !key.grey
	return m.known
}

// redHD is from how many lines untagged pictures are taken for BT.709.
const redHD = 720

// redCells are the cells of chroma as codes of red: seven bits of (R-G-B)*320 in steps of redScale/127, and one that says whether the red is saturated.
func (d *flash) redCells(f *videoFrame) []uint8 {
	for i, cr := range f.GridCr {
		if cr < leastRedCr {
			d.cells[i] = 0
			continue
		}
		x, y := i%measurement.ChromaW*2, i/measurement.ChromaW*2
		top, below := y*measurement.GridW+x, (y+1)*measurement.GridW+x
		luma := float64(int(f.Grid[top])+int(f.Grid[top+1])+int(f.Grid[below])+int(f.Grid[below+1])) / 4
		d.cells[i] = d.red.code(luma, float64(f.GridCb[i]), float64(cr))
	}
	return d.cells[:]
}

// leastRedCr is the least Cr at which red can outweigh green and blue: R > G+B in light needs R' well above G'.
const leastRedCr = 140

func (m *redMatrix) code(y, cb, cr float64) uint8 {
	l, b, r := (y-16)/219, (cb-128)/224, (cr-128)/224
	if m.full {
		l, b, r = y/255, (cb-128)/255, (cr-128)/255
	}
	red := l + 2*(1-m.kr)*r
	blue := l + 2*(1-m.kb)*b
	green := (l - m.kr*red - m.kb*blue) / (1 - m.kr - m.kb)
	lr, lg, lb := m.linear(red), m.linear(green), m.linear(blue)
	sum := lr + lg + lb
	if sum <= 0 {
		return 0
	}
	code := uint8(max(0, lr-lg-lb)*127) << 1
	if lr >= redSaturation*sum {
		code |= 1
	}
	return code
}

func (m *redMatrix) linear(v float64) float64 {
	return m.light[int(min(1, max(0, v))*255+0.5)]
}

// redSteps are the steps between codes of red: more than 20 of 320, and the state with more red is saturated.
func redSteps() stepTable {
	const step = 20 * 127 / redScale // 7.9: the next whole step is more than 20
	t := stepTable{odd: true}
	for i := range mirror {
		v := i >> 1
		up, down := int16(256), int16(-1)
		if v+step+1 <= 127 {
			up = int16((v + step + 1) << 1)
		}
		if i&1 == 1 && v-step-1 >= 0 {
			down = int16((v-step-1)<<1 | 1)
		}
		t.set(i, up, down)
	}
	return t
}
