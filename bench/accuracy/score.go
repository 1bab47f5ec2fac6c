package accuracy

import (
	"aircheck/jobs"
)

// Score is how well one code is found.
type Score struct {
	Code  string `json:"code"`
	Clips int    `json:"clips"`
	// TP and FN count labelled defects, FP clips with a finding of the code that nothing explains.
	TP int `json:"tp"`
	FP int `json:"fp"`
	FN int `json:"fn"`
	// Severities counts the defects found by the worst severity that they were given.
	Severities map[jobs.Severity]int `json:"severities,omitempty"`
	Precision  float64               `json:"precision"`
	Recall     float64               `json:"recall"`
	F1         float64               `json:"f1"`

	Counterpart *Counterpart `json:"counterpart,omitempty"`
}

// Counterpart is a filter of ffmpeg on the same clips.
type Counterpart struct {
	Filter string `json:"filter"`
	// Threshold is the one with the best F1 on these very clips, for filters that only give a score.
	Threshold *float64 `json:"best_threshold,omitempty"`
	TP        int      `json:"tp"`
	FP        int      `json:"fp"`
	FN        int      `json:"fn"`
	F1        float64  `json:"f1"`
}

// f1 is the harmonic mean of precision and recall; 1 when there was nothing to find and nothing was found.
func f1(tp, fp, fn int) float64 {
	if tp+fp+fn == 0 {
		return 1
	}
	return 2 * float64(tp) / float64(2*tp+fp+fn)
}

func ratio(part, rest int) float64 {
	if part+rest == 0 {
		return 1
	}
	return float64(part) / float64(part+rest)
}

// add counts an outcome.
func (s *Score) add(o outcome) {
	s.Clips++
	for _, h := range o.hits {
		if h == "" {
			s.FN++
			continue
		}
		s.TP++
		if s.Severities == nil {
			s.Severities = map[jobs.Severity]int{}
		}
		s.Severities[h]++
	}
	if len(o.strays) > 0 {
		s.FP++
	}
}

// finish computes the ratios.
func (s *Score) finish() {
	s.Precision, s.Recall, s.F1 = round4(ratio(s.TP, s.FP)), round4(ratio(s.TP, s.FN)), round4(f1(s.TP, s.FP, s.FN))
}

func round4(f float64) float64 { return float64(int(f*1e4+0.5)) / 1e4 }

// Clean is what was said about clips without defects.
type Clean struct {
	Clips        int     `json:"clips"`
	RealHours    float64 `json:"real_hours"`
	RecodedHours float64 `json:"recoded_hours"`
	DrawnHours   float64 `json:"drawn_hours"`
	Fails        int     `json:"false_fails"`
	Warns        int     `json:"false_warns"`
	Infos        int     `json:"infos"`
}

func (c *Clean) hours() float64 { return c.RealHours + c.RecodedHours + c.DrawnHours }

// FailsPerHour and WarnsPerHour are over all codes together; 0 when no time was examined.
func (c *Clean) FailsPerHour() float64 { return c.perHour(c.Fails) }

// WarnsPerHour is like FailsPerHour.
func (c *Clean) WarnsPerHour() float64 { return c.perHour(c.Warns) }

func (c *Clean) perHour(n int) float64 {
	if h := c.hours(); h > 0 {
		return float64(n) / h
	}
	return 0
}

// Trouble is one thing that went wrong, for who wants to look at it.
type Trouble struct {
	// Kind is "missed", "false" (of the clip's own code), "other" (a warning or failure of another code) or "clean" (of a clip without defects).
	Kind    string `json:"kind"`
	Code    string `json:"code"`
	Variant string `json:"variant,omitempty"`
	Clip    string `json:"clip"`
	Text    string `json:"text"`
}
