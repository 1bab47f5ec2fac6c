//go:build cgo

package decode

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
