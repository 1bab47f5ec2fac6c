package judge

import (
	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// Clock is how the timestamps of one unit of a rendition lie on the timeline. The zero Clock places nothing.
type Clock struct {
	unit  *unitPlace
	shift []shift
}

// Clock finds the clock of a unit; false when the rendition has no media there.
func (p *Place) Clock(unit int) (Clock, bool) {
	for i := range p.units {
		if u := &p.units[i]; u.unit == unit {
			return Clock{u, p.shift}, true
		}
	}
	return Clock{}, false
}

// Time places a timestamp of the unit, in ticks of its track.
func (c Clock) Time(pts int64) jobs.Micros { return shifted(c.shift, c.unit.time(pts)) }

// Slot places the cell of a slot of sound, which counts in hundredths of a second of the track's raw clock.
func (c Clock) Slot(index int64) jobs.Micros {
	return shifted(c.shift, slotGrid(&c.unit.placedTrack, index))
}

// Length is a number of ticks as time.
func (c Clock) Length(ticks int64) jobs.Micros { return c.unit.Base.micros(ticks) }

// Track is the ordinal of the rendition's track among those of its kind in the sequence.
func (p *Place) Track() int { return p.key.track }

// ChannelWeight is the weight of a channel in BS.1770.
func ChannelWeight(f *measurement.Format, channel int) float64 { return channelWeight(f, channel) }
