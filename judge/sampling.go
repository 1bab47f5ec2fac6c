package judge

import "aircheck/jobs"

const (
	// sampleMisses is how many samples in a row end a stretch: a keyframe that is coded better or worse than the pictures around it does not.
	sampleMisses = 3
	// sampleGap ends a stretch in which nothing could be measured.
	sampleGap jobs.Micros = 1e6
)

// sampledRun is a run of samples that show a defect most of the time.
type sampledRun struct {
	Run run
	// Hits and Samples count the samples that show it, and all up to the last of these; Sum adds up what they measure, Worst is the greatest.
	Hits, Samples int
	Sum, Worst    float64
	// Misses counts the samples since.
	Misses int
}

// hit adds a sample that shows the defect.
func (s *sampledRun) hit(f *videoFrame, value float64) {
	s.Samples += s.Misses + 1
	s.Misses = 0
	s.Hits++
	s.Sum += value
	s.Worst = max(s.Worst, value)
	s.Run.To = f.End
}

// over tells whether a sample that does not show the defect ends the run.
func (s *sampledRun) over(at jobs.Micros) bool {
	s.Misses++
	return s.Misses >= sampleMisses || at-s.Run.To > sampleGap
}

func (s *sampledRun) mean() float64 { return s.Sum / float64(max(1, s.Hits)) }

// steady tells whether at least half of the samples showed it.
func (s *sampledRun) steady() bool { return 2*s.Hits >= s.Samples }
