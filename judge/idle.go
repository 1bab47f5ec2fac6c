package judge

import "aircheck/jobs"

// idle stands for a detector that is not there yet.
type idle struct{}

func (*idle) frame(*videoFrame)    {}
func (*idle) slot(*audioSlot)      {}
func (*idle) gap(_, _ jobs.Micros) {}
func (*idle) finish(jobs.Micros)   {}
