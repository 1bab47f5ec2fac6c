//go:build cgo

package decode

import (
	"math"
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

// date gives what has no timestamp of its own the time that durations leave it: sound before the first timestamp of its track, and, counted from 0, all of a
// track that has none. declared is how long the segment should be, in microseconds, for pictures that do not say how long they stand.
func (s *demuxed) date(declared int64) {
	s.dateBack()
	for _, t := range s.tracks() {
		list := s.of(t.id())
		timed := slices.ContainsFunc(list, func(p *packet) bool { return p.time() != noTime })
		switch {
		case !timed:
			s.untimed = append(s.untimed, t)
			lengthen(list, declared)
			about(list, 0)
		case t.kind == measurement.Audio:
			s.tails = append(s.tails, tailOf(list))
		case list[0].time() == noTime:
			about(list, headOf(list))
		}
	}
}

// dateBack dates sound before the first timestamp of its track. Pictures stand in another order than they are sent: see about.
func (s *demuxed) dateBack() {
	next := map[trackID]int64{} // the time of the packet behind, where it is known
	for _, p := range slices.Backward(s.packets) {
		id := p.track.id()
		if at, known := next[id]; p.time() == noTime && known && p.track.kind == measurement.Audio {
			if d := p.length(); d > 0 {
				p.stamp(at-d, at-d)
			}
		}
		if at := p.time(); at != noTime {
			next[id] = at
		}
	}
}

// tail is how much of a track's sound comes behind the end of its last packet with a timestamp.
type tail struct {
	track *track
	ticks int64
}

// tailOf measures it by the last packet: those of one PES packet last equally long.
func tailOf(list []*packet) tail {
	n := 0
	for n < len(list) && list[len(list)-1-n].time() == noTime {
		n++
	}
	last := list[len(list)-1]
	timed := list[len(list)-1-n]
	return tail{last.track, int64(n+1)*last.length() - timed.duration}
}

// about gives each packet without a timestamp the time that it has when from is that of the first one: right for key frames behind which no picture is shown
// that comes before them, and near it for all. Which picture stands where is known when they are decoded.
func about(list []*packet, from int64) {
	for _, p := range list {
		if p.time() == noTime {
			p.about = from
		}
		from = plus(from, max(1, p.duration))
	}
}

// headOf is where a row of pictures begins of which the first have no timestamps: as long before its end as all of them last.
func headOf(list []*packet) int64 {
	first, end, length := int64(math.MaxInt64), int64(noTime), int64(0)
	for _, p := range list {
		length = plus(length, max(1, p.duration))
		if at := p.time(); at != noTime {
			first, end = min(first, at), max(end, plus(at, p.duration))
		}
	}
	return min(first, plus(end, -length))
}

// plus is a+b, clamped to ±(2^63-1): timestamps and durations may be any numbers, and a sum is never taken for noTime.
func plus(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < -math.MaxInt64-b:
		return -math.MaxInt64
	}
	return max(a+b, -math.MaxInt64)
}

// lengthen gives the packets of a track without timestamps their durations; pictures share the declared one where they do not say.
func lengthen(list []*packet, declared int64) {
	t := list[0].track
	share := rescale(max(0, declared), t.den, 1e6*t.num) / int64(len(list))
	for _, p := range list {
		p.duration = p.length()
		if p.duration == 0 && t.kind == measurement.Video {
			p.duration = share
		}
	}
}

// length is the duration of a packet, 0 where neither the container nor the packet itself says.
func (p *packet) length() int64 {
	if p.duration > 0 || p.track.codec != "aac" || p.Packet == nil {
		return p.duration
	}
	return adtsDuration(p.Data(), p.track)
}

// adtsRates are the sampling rates that an ADTS header can name (ISO/IEC 14496-3, table 1.18).
var adtsRates = [...]int64{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// adtsDuration is how long the sound of an ADTS frame lasts (ISO/IEC 14496-3, 1.A.2): libavformat does not say so before anything is decoded, because spectral
// band replication may double the rate; the time stays the same.
func adtsDuration(b []byte, t *track) int64 {
	const header, samples = 7, 1024
	if len(b) < header || b[0] != 0xff || b[1]&0xf6 != 0xf0 {
		return 0
	}
	i := int(b[2] >> 2 & 0x0f)
	if i >= len(adtsRates) {
		return 0
	}
	return rescale(samples*int64(1+b[6]&3), t.den, adtsRates[i]*t.num)
}

// stamp sets the timestamps of a packet.
func (p *packet) stamp(pts, dts int64) {
	p.pts, p.dts = pts, dts
	p.SetPts(pts)
	p.SetDts(dts)
}
