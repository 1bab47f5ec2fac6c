//go:build cgo

package decode

import (
	"slices"

	"aircheck/jobs/measurement"
)

// placed tells whether a packet has a time on the grid.
func (p *packet) placed() bool {
	if p.time() == noTime {
		return false
	}
	ms := p.track.millis(p.time())
	return ms > -maxMillis && ms < maxMillis
}

// order is the time by which containers interleave.
func (p *packet) order() int64 {
	if p.dts != noTime {
		return p.dts
	}
	return p.pts
}

// unwrap undoes the wrap of a transport stream's 33-bit clock: a packet stands where it is nearest to the one before it.
func (o *objectWindow) unwrap(p *packet) {
	if p.track.wrap == 0 || p.order() == noTime {
		return
	}
	period := int64(1) << p.track.wrap
	if !o.clocked {
		o.clocked, o.clock = true, p.order()
	}
	turns := floorDiv(o.clock-p.order()+period/2, period) * period
	if turns != 0 {
		for _, t := range []*int64{&p.pts, &p.dts} {
			if *t != noTime {
				*t += turns
			}
		}
		p.SetPts(p.pts)
		p.SetDts(p.dts)
	}
	o.clock = p.order()
}

// unwrap undoes the wrap of the 33-bit clock inside the segment, relative to its first timestamp.
func (s *demuxed) unwrap() {
	ref := int64(noTime)
	for _, p := range s.packets {
		if p.track.wrap == 0 || p.time() == noTime {
			continue
		}
		if ref == noTime {
			ref = p.time()
		}
		period := int64(1) << p.track.wrap
		for _, t := range []*int64{&p.pts, &p.dts} {
			switch {
			case *t == noTime:
			case *t-ref > period/2:
				*t -= period
			case ref-*t > period/2:
				*t += period
			}
		}
		p.SetPts(p.pts)
		p.SetDts(p.dts)
	}
}

// doubt takes from a transport stream's packet the timestamp that nothing in the stream said: until the first one of a track comes, libavformat counts
// from 0 when streams are not looked into.
func (d *demuxer) doubt(p *packet) {
	if d.format == "mpegts" && p.track.stream.StartTime() == noTime {
		p.stamp(noTime, noTime)
	}
}

// date gives sound before the first timestamp of its track the time that its durations leave it. Pictures stand in another order than they are
// sent, and stay without.
func (s *demuxed) date() {
	next := map[trackID]int64{} // the time of the packet behind, where it is known
	for _, p := range slices.Backward(s.packets) {
		id := p.track.id()
		if at, known := next[id]; p.time() == noTime && known && p.duration > 0 && p.track.kind == measurement.Audio {
			p.stamp(at-p.duration, at-p.duration)
		}
		if at := p.time(); at != noTime {
			next[id] = at
		}
	}
}

// stamp sets the timestamps of a packet.
func (p *packet) stamp(pts, dts int64) {
	p.pts, p.dts = pts, dts
	p.SetPts(pts)
	p.SetDts(dts)
}
