package inject

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strconv"
)

// content is what ffmpeg measures in a base: a defect is ground truth only where the content can show it.
type content struct {
	Luma   []float64 `json:"luma"`   // mean, by frame
	Motion []float64 `json:"motion"` // mean difference to the frame before
	Detail []float64 `json:"detail"` // mean of the Sobel gradient
	// Stray is the share of samples outside of the legal range, by frame.
	Stray []float64 `json:"stray"`
	// Levels are of both channels by 10 ms, in dBFS.
	Levels [2][]float64 `json:"levels"`
}

// load measures the content, or takes what an earlier run has measured in the file beside the base.
func (c *content) load(ctx context.Context, t *Tool, b *Base) error {
	name := b.Path + ".json"
	if body, err := os.ReadFile(name); err == nil && json.Unmarshal(body, c) == nil {
		return nil
	}
	if err := c.measure(ctx, t, b); err != nil {
		return err
	}
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return os.WriteFile(name, body, 0o600)
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
		c.Luma, c.Motion, c.Stray = values(out, "YAVG"), values(out, "YDIF"), values(out, "BRNG")
		if out, err = t.FFmpeg(ctx, "", "-i", b.Path, "-an", "-vf", "sobel=planes=1,signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-", "-f", "null", "-"); err != nil {
			return err
		}
		c.Detail = values(out, "YAVG")
	}
	if !b.Audio {
		return nil
	}
	out, err := t.FFmpeg(ctx, "", "-i", b.Path, "-vn", "-af", "asetnsamples=480:p=0,astats=metadata=1:reset=1,ametadata=print:file=-", "-f", "null", "-")
	if err != nil {
		return err
	}
	for ch := range c.Levels {
		c.Levels[ch] = values(out, "astats."+strconv.Itoa(ch+1)+".RMS_level")
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
	left, right := over(c.Levels[0], a, b, q), over(c.Levels[1], a, b, q)
	if math.IsNaN(left) || math.IsNaN(right) {
		return floorLevel
	}
	return max(left, right)
}

func round6(f float64) float64 { return math.Round(f*1e6) / 1e6 }
