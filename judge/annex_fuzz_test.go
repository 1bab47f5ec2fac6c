package judge

import (
	"encoding/json"
	"testing"

	"aircheck/jobs"
)

// FuzzChart: a checkpoint may hold anything; what is read can be drawn, and comes back as it is.
func FuzzChart(f *testing.F) {
	c := newChart()
	for i := range 300 {
		c.put(chartLuma, jobs.Micros(i)*1e6, pointOf(float64(i), fineFigure))
		c.Trace.sound(int64(2*i), 0.1)
	}
	seed, err := json.Marshal(c)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte(`{"Step":0,"Cell":-1,"Trace":{"Levels":{"w":1,"runs":[{"f":9223372036854775807,"n":1}],"data":"AA=="}}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		c := newChart()
		if json.Unmarshal(doc, c) != nil {
			return
		}
		c.equip(nil)
		c.flush()
		for _, at := range []jobs.Micros{0, 1e6, maxTimeline} {
			c.put(chartPeak, at, point{N: 1})
			c.Trace.levels(at, at+1e6)
		}
		for _, k := range curvesOf("audio") {
			if told := k.tell(c.Figures[k.figure]); len(told.Mean) > jobs.MaxCurvePoints {
				t.Fatalf("%d points", len(told.Mean))
			}
		}
		if _, err := json.Marshal(c); err != nil {
			t.Fatal(err)
		}
	})
}
