package judge

import "aircheck/jobs"

func syncThresholds() []Threshold { return nil }

// synchronise compares sound with pictures, once all renditions are finished and have their place on the timeline.
func (j *Judge) synchronise([]rendition, *jobs.Result) {}
