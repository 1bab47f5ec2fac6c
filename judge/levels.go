package judge

import (
	"math"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// channelLevels measures every channel of a track for the summary; it judges nothing.
type channelLevels struct {
	Channels []channelLevel
	Samples  int64
	Labels   []string
	// Cell is for the chart of the track, which takes it every now and then.
	Cell cellLevel
}

// cellLevel is how loud a stretch of sound was, of all channels.
type cellLevel struct {
	Peak, Sq float64
	Samples  int64
}

// take begins a new cell.
func (d *channelLevels) take() cellLevel {
	c := d.Cell
	d.Cell = cellLevel{}
	return c
}

// channelLevel is what is known of a channel so far: sums over samples, and peaks in full scale.
type channelLevel struct {
	Sq, Sum        float64
	Peak, TruePeak float64
	Clipped        int64
}

func newChannelLevels(*params, emitter) audioDetector { return &channelLevels{} }

// slot adds to the channels that the track began with: where their number changes, that is a finding of its own and no figure can be one.
func (d *channelLevels) slot(s *audioSlot) {
	if d.Channels == nil {
		d.Channels = make([]channelLevel, len(s.Ch))
		d.Labels = channelLabels(s.Format.Layout, len(s.Ch))
	}
	d.Cell.Samples += int64(s.Samples) * int64(len(s.Ch))
	if len(s.Ch) != len(d.Channels) {
		for i := range s.Ch {
			d.Cell.add(&s.Ch[i])
		}
		return
	}
	d.Samples += int64(s.Samples)
	for i := range s.Ch {
		c, to := &s.Ch[i], &d.Channels[i]
		d.Cell.add(c)
		to.Sq += c.Sq
		to.Sum += c.Sum
		to.Peak = max(to.Peak, float64(c.Peak))
		to.TruePeak = max(to.TruePeak, float64(c.TruePeak))
		to.Clipped += int64(c.Clipped)
	}
}

func (l *cellLevel) add(c *measurement.Channel) {
	l.Sq += c.Sq
	if p := float64(c.Peak); p > l.Peak && p <= math.MaxFloat32 { // not infinite
		l.Peak = p
	}
}

func (d *channelLevels) gap(_, _ jobs.Micros) {}

func (d *channelLevels) finish(jobs.Micros) {}

func (d *channelLevels) summarize(rendition string, s *jobs.Summary) {
	if d.Samples <= 0 {
		return
	}
	n := float64(d.Samples)
	levels := jobs.AudioLevels{Rendition: rendition}
	for i := range d.Channels {
		c := &d.Channels[i]
		levels.Channels = append(levels.Channels, jobs.ChannelLevels{
			Channel: d.Labels[i], Peak: jobs.Figure(decibels(c.Peak)), TruePeak: jobs.Figure(decibels(c.TruePeak)),
			RMS: jobs.Figure(audible(10 * math.Log10(c.Sq/n))), DC: jobs.Figure(c.Sum / n), Clipped: jobs.Figure(100 * float64(c.Clipped) / n),
		})
	}
	s.Audio = append(s.Audio, levels)
}
