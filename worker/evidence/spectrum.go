package evidence

import (
	"math"
	"math/bits"
	"math/cmplx"
)

// spectrumSize is the number of samples that one column of a spectrogram looks at: 21 ms at 48 kHz, lines 47 Hz apart.
const spectrumSize = 1024

// spectrum transforms pieces of sound with a Hann window (radix-2 FFT, decimation in time).
type spectrum struct {
	window  [spectrumSize]float64
	twiddle [spectrumSize / 2]complex128
	work    [spectrumSize]complex128
	scale   float64 // of the squared magnitude, so that a full-scale sine has 1
}

func newSpectrum() *spectrum {
	f := &spectrum{}
	sum := 0.0
	for i := range f.window {
		f.window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/spectrumSize)
		sum += f.window[i]
	}
	for i := range f.twiddle {
		f.twiddle[i] = cmplx.Rect(1, -2*math.Pi*float64(i)/spectrumSize)
	}
	amplitude := 2 / (sum * math.MaxInt16)
	f.scale = amplitude * amplitude
	return f
}

// add adds the power of the samples from at on; what lies outside is silence.
func (f *spectrum) add(power []float64, samples []int16, at int) {
	const unused = 64 - 10 // bits of a 64-bit word beyond those of an index below spectrumSize
	for i := range f.work {
		v := 0.0
		if k := at + i; k >= 0 && k < len(samples) {
			v = float64(samples[k]) * f.window[i]
		}
		f.work[bits.Reverse64(uint64(i))>>unused] = complex(v, 0)
	}
	for size := 2; size <= spectrumSize; size *= 2 {
		half, step := size/2, spectrumSize/size
		for start := 0; start < spectrumSize; start += size {
			for k := range half {
				a, b := f.work[start+k], f.work[start+k+half]*f.twiddle[k*step]
				f.work[start+k], f.work[start+k+half] = a+b, a-b
			}
		}
	}
	for i := range power {
		re, im := real(f.work[i]), imag(f.work[i])
		power[i] += (re*re + im*im) * f.scale
	}
}
