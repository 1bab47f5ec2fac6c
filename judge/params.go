package judge

import "aircheck/jobs"

// params is read access to a profile's thresholds. A severity that a profile does not name never fires; a parameter that it does not name has
// the detector's own default.
type params struct {
	thresholds map[string]float64
	role       role
	// laddered: its pictures are compared with those of other renditions.
	laddered bool
	// undrawn: another judge draws the media.
	undrawn bool
}

// role says what a rendition is in the check for.
type role int

const (
	// roleExamined: the check has no reference.
	roleExamined role = iota
	// roleCompared: it is examined, and compared with the reference.
	roleCompared
	// roleReference: it is not examined.
	roleReference
)

func newParams(p jobs.Profile) *params { return &params{thresholds: p.Thresholds} }

// has tells whether the profile names the threshold.
func (p *params) has(name string) bool {
	_, ok := p.thresholds[name]
	return ok
}

// get returns the threshold, or 0 when the profile does not name it.
func (p *params) get(name string) float64 { return p.thresholds[name] }

// or returns the threshold, or def when the profile does not name it.
func (p *params) or(name string, def float64) float64 {
	if v, ok := p.thresholds[name]; ok {
		return v
	}
	return def
}
