package evidence

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
)

const (
	// soundWidth is that of the picture of a sound: 12 s of it have a column every 12.5 ms.
	soundWidth = 960
	// waveHeight is for the waveforms of all channels, one above the other; specHeight for the spectrogram.
	waveHeight, specHeight = 128, 160
	soundHeight            = waveHeight + specHeight
	// The spectrogram shows what is between loudest and floor, in dB of a full-scale sine, up to topHertz.
	floorDB, topHertz = -100, 20_000
)

// The colours of the palette: first those of the waveform, then a ramp for the spectrogram.
const (
	inkBack = iota
	inkLine // middle of a channel
	inkWave
	inkFull // a column that reaches full scale
	inkMark // where the finding begins and ends
	inkRamp
	rampSize = 128
)

// soundPalette is dark violet over red to pale yellow, which is monotone in brightness: it reads the same in grey and to people who do not see red or green.
func soundPalette() color.Palette {
	p := color.Palette{
		color.RGBA{0x14, 0x14, 0x1c, 0xff}, color.RGBA{0x3c, 0x3c, 0x48, 0xff}, color.RGBA{0x6f, 0xb7, 0xe8, 0xff},
		color.RGBA{0xff, 0x8a, 0x3d, 0xff}, color.RGBA{0xff, 0xff, 0xff, 0xff},
	}
	stops := [][3]float64{{8, 6, 20}, {80, 18, 110}, {190, 55, 85}, {245, 140, 40}, {252, 250, 190}}
	for i := range rampSize {
		x := float64(i) / (rampSize - 1) * float64(len(stops)-1)
		k := min(int(x), len(stops)-2)
		var c [3]uint8
		for j := range c {
			c[j] = uint8(math.Round(stops[k][j] + (x-float64(k))*(stops[k+1][j]-stops[k][j])))
		}
		p = append(p, color.RGBA{c[0], c[1], c[2], 0xff})
	}
	return p
}

// drawSound draws the waveforms of the channels above the spectrogram of all of them. start and end are where the finding lies, as shares of the width.
func drawSound(channels [][]int16, rate int, start, end float64) ([]byte, error) {
	img := image.NewPaletted(image.Rect(0, 0, soundWidth, soundHeight), soundPalette())
	if len(channels) > 0 && len(channels[0]) > 0 {
		lane := waveHeight / len(channels)
		for c, samples := range channels {
			drawWave(img, samples, c*lane, lane)
		}
		drawSpectrogram(img, channels, rate)
	}
	for _, share := range []float64{start, end} {
		if share > 0 && share < 1 {
			drawMark(img, int(share*soundWidth))
		}
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, img); err != nil {
		return nil, fmt.Errorf("encode picture of sound: %w", err)
	}
	return b.Bytes(), nil
}

// drawWave draws least and greatest sample of each column.
func drawWave(img *image.Paletted, samples []int16, top, height int) {
	y := func(v int16) int { return top + (height-1)*(math.MaxInt16-int(v))/(2*math.MaxInt16+1) }
	for x := range soundWidth {
		img.SetColorIndex(x, y(0), inkLine)
		from, to := x*len(samples)/soundWidth, (x+1)*len(samples)/soundWidth
		low, high := int16(math.MaxInt16), int16(math.MinInt16)
		for _, v := range samples[from:max(to, min(from+1, len(samples)))] {
			low, high = min(low, v), max(high, v)
		}
		ink := uint8(inkWave)
		if low <= -math.MaxInt16 || high == math.MaxInt16 {
			ink = inkFull
		}
		for k := y(high); k <= y(low); k++ {
			img.SetColorIndex(x, k, ink)
		}
	}
}

// drawMark draws a broken line.
func drawMark(img *image.Paletted, x int) {
	const dash = 6
	for y := range soundHeight {
		if y%dash < dash/2 {
			img.SetColorIndex(x, y, inkMark)
		}
	}
}

// drawSpectrogram draws the mean power of all channels: the sum of channels would hide those whose phases are opposed.
func drawSpectrogram(img *image.Paletted, channels [][]int16, rate int) {
	f := newSpectrum()
	power := make([]float64, spectrumSize/2)
	top := min(topHertz, float64(rate)/2)
	for x := range soundWidth {
		clear(power)
		middle := (2*x + 1) * len(channels[0]) / (2 * soundWidth)
		for _, c := range channels {
			f.add(power, c, middle-spectrumSize/2)
		}
		for y := range specHeight {
			from := bin(hertzAt(y, top), rate)
			to := max(from+1, bin(hertzAt(y+1, top), rate))
			loudest := 0.0
			for _, v := range power[min(from, len(power)-1):min(to, len(power))] {
				loudest = max(loudest, v)
			}
			img.SetColorIndex(x, soundHeight-1-y, shade(loudest/float64(len(channels))))
		}
	}
}

// hertzAt is the frequency at a row: half of the rows show the lowest quarter, where speech and hum are.
func hertzAt(y int, top float64) float64 {
	share := float64(y) / specHeight
	return share * share * top
}

func bin(hertz float64, rate int) int { return int(hertz*spectrumSize/float64(rate) + 0.5) }

// shade is the colour of a power.
func shade(power float64) uint8 {
	db := 10 * math.Log10(max(power, 1e-12))
	return inkRamp + uint8(min(max(0, 1-db/floorDB), 1)*(rampSize-1)+0.5)
}
