package page

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"aircheck/jobs"
)

// unpack is what the script does with a packed row.
func unpack(t *testing.T, c modelCurve, packed string) []float64 {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		t.Fatal(err)
	}
	var list []float64
	for i := 0; i < len(b); i += 2 {
		v := math.NaN()
		if q := binary.LittleEndian.Uint16(b[i:]); q != noPoint {
			v = float64(q)*c.Scale + c.Base
		}
		list = append(list, v)
	}
	return list
}

// TestPackedCurvesAreTheCurves: to a part in 65,000 of their range, and what was not measured stays so.
func TestPackedCurvesAreTheCurves(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		c := jobs.Curve{Name: "luma", Unit: "code"}
		n, middle, swing := random.IntN(50)+1, random.NormFloat64()*1000, random.ExpFloat64()*100
		for range n {
			if random.IntN(4) == 0 {
				c.Low, c.High, c.Mean = append(c.Low, nil), append(c.High, nil), append(c.Mean, nil)
				continue
			}
			v := middle + random.NormFloat64()*swing
			c.Low, c.High, c.Mean = append(c.Low, num(v-swing)), append(c.High, num(v+swing)), append(c.Mean, num(v))
		}
		p, ok := packCurve(&c, 0)
		if !ok {
			continue // nothing was measured
		}
		for name, pair := range map[string]struct {
			packed string
			list   []*jobs.Number
		}{"low": {p.Low, c.Low}, "high": {p.High, c.High}, "mean": {p.Mean, c.Mean}} {
			got := unpack(t, p, pair.packed)
			if len(got) != n {
				t.Fatalf("%s: %d points of %d", name, len(got), n)
			}
			for i, want := range pair.list {
				if (want == nil) != math.IsNaN(got[i]) || want != nil && math.Abs(got[i]-float64(*want)) > p.Scale {
					t.Errorf("%s: point %d is %g, want %v", name, i, got[i], want)
				}
			}
		}
	}
}

// TestManyCurvesFitAPage: they lose their detail and neither their peaks nor their length.
func TestManyCurvesFitAPage(t *testing.T) {
	c := jobs.Curves{}
	for range 30 {
		c.Renditions = append(c.Renditions, jobs.RenditionCurves{Rendition: "v0", Step: 0.2, Curves: []jobs.Curve{wave("luma", "code", jobs.MaxCurvePoints, 100, 20)}})
	}
	c.Renditions[3].Curves[0].High[777] = num(250)
	packed := packCurves(&c)
	total := 0
	for _, r := range packed {
		p := r.Curves[0]
		high := unpack(t, p, p.High)
		total += 3 * len(high)
		if length := float64(len(high)) * r.Step; math.Abs(length-0.2*jobs.MaxCurvePoints) > r.Step {
			t.Errorf("a curve lasts %g s", length)
		}
	}
	if total > maxPoints || len(packed) != 30 {
		t.Errorf("%d points of %d curves", total, len(packed))
	}
	p := packed[3].Curves[0]
	if high := unpack(t, p, p.High); math.Abs(high[int(777*0.2/packed[3].Step)]-250) > 1 {
		t.Error("a peak is gone")
	}
}

func TestJoin(t *testing.T) {
	nan := math.NaN()
	tests := []struct{ in, want []float64 }{
		{nil, nil}, {[]float64{1}, []float64{1}}, {[]float64{1, 3}, []float64{3}}, {[]float64{nan, 3, 2, nan, nan, nan}, []float64{3, 2, nan}},
	}
	for _, tt := range tests {
		got := join(append([]float64(nil), tt.in...), math.Max)
		if len(got) != len(tt.want) {
			t.Errorf("join(%v) = %v", tt.in, got)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] && !(math.IsNaN(got[i]) && math.IsNaN(tt.want[i])) {
				t.Errorf("join(%v) = %v, want %v", tt.in, got, tt.want)
			}
		}
	}
}
