package inject

import (
	"bytes"
	"context"
	"math"
	"slices"
	"strconv"
)

// content is what ffmpeg measures in a base: a defect is ground truth only where the content can show it.
type content struct {
	luma   []float64 // mean, by frame
	motion []float64 // mean difference to the frame before
	detail []float64 // mean of the Sobel gradient
	levels [2][]float64
	// stray is the share of samples outside of the legal range, by frame.
	stray []float64
}

// perSecond is the grid of levels: 10 ms.
const perSecond = 100

// floorLevel stands for digital silence, in dBFS.
const floorLevel = -120

func (c *content) measure(ctx context.Context, t *Tool, b *Base) error {
	if b.Video {
		out, err := t.FFmpeg(ctx, "", "-i", b.Path, "-an", "-vf", "signalstats=stat=brng,metadata=print:file=-", "-f", "null", "-")
		if err != nil {
			return err
		}
		c.luma, c.motion, c.stray = values(out, "YAVG"), values(out, "YDIF"), values(out, "BRNG")
		if out, err = t.FFmpeg(ctx, "", "-i", b.Path, "-an", "-vf", "sobel=planes=1,signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-", "-f", "null", "-"); err != nil {
			return err
		}
		c.detail = values(out, "YAVG")
	}
	if !b.Audio {
		return nil
	}
	out, err := t.FFmpeg(ctx, "", "-i", b.Path, "-vn", "-af", "asetnsamples=480:p=0,astats=metadata=1:reset=1,ametadata=print:file=-", "-f", "null", "-")
	if err != nil {
		return err
	}
	for ch := range c.levels {
		c.levels[ch] = values(out, "astats."+strconv.Itoa(ch+1)+".RMS_level")
	}
	return nil
}

// values collects the numbers after "…KEY=" of ffmpeg's metadata filter, in order; -inf is floorLevel.
func values(out []byte, key string) []float64 {
	var list []float64
	suffix := []byte(key)
	for line := range bytes.Lines(out) {
		name, value, ok := bytes.Cut(bytes.TrimSpace(line), []byte("="))
		if !ok || !bytes.HasSuffix(name, suffix) {
			continue
		}
		f, err := strconv.ParseFloat(string(value), 64)
		if err != nil || math.IsNaN(f) || f < floorLevel {
			f = floorLevel
		}
		list = append(list, f)
	}
	return list
}

// over is the quantile q of values within [from, to), clamped; NaN when there are none.
func over(list []float64, from, to int, q float64) float64 {
	from, to = max(from, 0), min(to, len(list))
	if from >= to {
		return math.NaN()
	}
	part := slices.Sorted(slices.Values(list[from:to]))
	return part[int(q*float64(len(part)-1))]
}

// level is the quantile q of the louder channel's level over [from, to) seconds, in dBFS.
func (c *content) level(from, to, q float64) float64 {
	a, b := int(from*perSecond), int(math.Ceil(to*perSecond))
	left, right := over(c.levels[0], a, b, q), over(c.levels[1], a, b, q)
	if math.IsNaN(left) || math.IsNaN(right) {
		return floorLevel
	}
	return max(left, right)
}

func round6(f float64) float64 { return math.Round(f*1e6) / 1e6 }
