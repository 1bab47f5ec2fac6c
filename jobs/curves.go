package jobs

// CurvesVersion is that of the document.
const CurvesVersion = 1

// MaxCurvePoints bounds the points of a curve: when more are needed, each two become one and the step doubles. 8192 points are more than twice what a screen is wide.
const MaxCurvePoints = 8192

// Curves are what was measured over the time of a check, small enough to be drawn. They stand beside the report (checks/<id>/curves.json) and outside its digest; they
// are equal however the stream was cut.
type Curves struct {
	V          int               `json:"v"`
	Renditions []RenditionCurves `json:"renditions"`
}

// RenditionCurves are the curves of one rendition, all with the same step. Point i stands for [i*Step, (i+1)*Step).
type RenditionCurves struct {
	Rendition string  `json:"rendition"`
	Step      Seconds `json:"step"`
	Curves    []Curve `json:"curves"`
}

// Curve is one figure over time. Low and High are the least and the greatest value within a step; Mean may be absent. A step in which nothing was measured is nil.
type Curve struct {
	// Name is one of CurveNames.
	Name string    `json:"name"`
	Unit string    `json:"unit"`
	Low  []*Number `json:"low,omitempty"`
	High []*Number `json:"high,omitempty"`
	Mean []*Number `json:"mean,omitempty"`
}

// The names of curves. Those of loudness follow EBU Tech 3341; integrated is that of the programme up to the end of the step.
const (
	CurveLuma       = "luma"                // mean luma of a picture, code values of 8 bits
	CurveMotion     = "motion"              // mean absolute difference of luma to the picture before, code values of 8 bits
	CurveBlockiness = "blockiness"          // step of the block borders over those beside them, code values of 8 bits
	CurveMomentary  = "loudness_momentary"  // LUFS
	CurveShortTerm  = "loudness_short_term" // LUFS
	CurveIntegrated = "loudness_integrated" // LUFS
	CurvePeak       = "peak"                // dBFS, of all channels
	CurveBitRate    = "bit_rate"            // kbit/s
)
