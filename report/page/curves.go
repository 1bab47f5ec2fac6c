package page

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"

	"aircheck/jobs"
	"aircheck/report"
)

const (
	// maxPoints bounds the points of all curves in a page; more are joined by pairs. At 6 bytes each and base64 that is 2.4 MB, of which gzip leaves a third.
	maxPoints = 300_000
	// noPoint stands for what was not measured; the others are steps of 1/topPoint of the curve's range.
	noPoint  = math.MaxUint16
	topPoint = noPoint - 1
)

// modelCurves are the curves of one rendition.
type modelCurves struct {
	Rendition string       `json:"rendition"`
	Step      float64      `json:"step"`
	Curves    []modelCurve `json:"curves"`
}

// modelCurve is a curve whose points are 16-bit numbers, little-endian, as base64: point × Scale + Base, or noPoint.
type modelCurve struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Base  float64 `json:"base"`
	Scale float64 `json:"scale"`
	Low   string  `json:"low,omitempty"`
	High  string  `json:"high,omitempty"`
	Mean  string  `json:"mean,omitempty"`
}

// packCurves makes curves small. Those that no page knows are left out.
func packCurves(c *jobs.Curves) []modelCurves {
	if c == nil {
		return nil
	}
	joins := 0
	for n := countPoints(c); n > maxPoints; n /= 2 {
		joins++
	}
	var list []modelCurves
	for i := range c.Renditions {
		rc := &c.Renditions[i]
		if !(rc.Step > 0) {
			continue
		}
		out := modelCurves{Rendition: report.Printable(rc.Rendition), Step: float64(rc.Step) * math.Pow(2, float64(joins))}
		for k := range rc.Curves {
			if p, ok := packCurve(&rc.Curves[k], joins); ok {
				out.Curves = append(out.Curves, p)
			}
		}
		if len(out.Curves) > 0 {
			list = append(list, out)
		}
	}
	return list
}

func countPoints(c *jobs.Curves) int {
	n := 0
	for _, rc := range c.Renditions {
		for i := range rc.Curves {
			n += len(rc.Curves[i].Low) + len(rc.Curves[i].High) + len(rc.Curves[i].Mean)
		}
	}
	return n
}

func packCurve(c *jobs.Curve, joins int) (modelCurve, bool) {
	low, high, mean := points(c.Low), points(c.High), points(c.Mean)
	for range joins {
		low, high, mean = join(low, math.Min), join(high, math.Max), join(mean, middle)
	}
	least, most := math.Inf(1), math.Inf(-1)
	for _, v := range slices.Concat(low, high, mean) {
		if !math.IsNaN(v) {
			least, most = min(least, v), max(most, v)
		}
	}
	if least > most {
		return modelCurve{}, false
	}
	scale := (most/topPoint - least/topPoint)
	if !(scale > 0) {
		scale = 1
	}
	pack := func(v []float64) string { return packPoints(v, least, scale) }
	return modelCurve{
		Name: report.Printable(c.Name), Unit: report.Printable(c.Unit), Base: least, Scale: scale, Low: pack(low), High: pack(high), Mean: pack(mean),
	}, true
}

// points turns numbers into floats; what is absent or no number is NaN.
func points(list []*jobs.Number) []float64 {
	list = list[:min(len(list), jobs.MaxCurvePoints)]
	out := make([]float64, len(list))
	for i, n := range list {
		out[i] = math.NaN()
		if n != nil && !math.IsInf(float64(*n), 0) {
			out[i] = float64(*n)
		}
	}
	return out
}

// join makes one point of each two. A point that is not there leaves the other.
func join(v []float64, of func(a, b float64) float64) []float64 {
	out := v[:0]
	for i := 0; i < len(v); i += 2 {
		p := v[i]
		if i+1 < len(v) && !math.IsNaN(v[i+1]) {
			if p = v[i+1]; !math.IsNaN(v[i]) {
				p = of(v[i], p)
			}
		}
		out = append(out, p)
	}
	return out
}

func middle(a, b float64) float64 { return a/2 + b/2 }

func packPoints(v []float64, base, scale float64) string {
	b := make([]byte, 0, 2*len(v))
	for _, p := range v {
		q := uint16(noPoint)
		if !math.IsNaN(p) {
			q = uint16(min(max(math.Round((p-base)/scale), 0), topPoint))
		}
		b = binary.LittleEndian.AppendUint16(b, q)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// limitsOf finds the thresholds of a profile that are lines in a curve.
func limitsOf(p *jobs.Profile) []modelLimit {
	if p == nil {
		return nil
	}
	var list []modelLimit
	for _, l := range []struct{ threshold, curve, label string }{
		{"audio.loudness.target", jobs.CurveIntegrated, "target"},
		{"audio.short_term.max", jobs.CurveShortTerm, "max short-term"},
		{"audio.true_peak.max", jobs.CurvePeak, "max true peak"},
	} {
		if v, ok := p.Thresholds[l.threshold]; ok && jobs.Figure(v) != nil {
			list = append(list, modelLimit{l.curve, jobs.Number(v), l.label})
		}
	}
	return list
}
