//go:build cgo

package decode

import (
	"errors"
	"io"

	"github.com/asticode/go-astiav"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// maxKeySearch bounds the packets that are read from a place that a seek led to, in search of a key frame: more than the longest GOP has of all tracks together.
const maxKeySearch = 8192

// keyLook finds key frames without decoding anything else.
type keyLook struct {
	*window
	look    *jobs.Look
	painter *painter
	out     func(jobs.Looked) error
}

func (k *keyLook) run() error {
	if k.task.Object != nil {
		return k.inObject()
	}
	return k.inSegments()
}

// inSegments looks into the segments that are named by the shots, one after the other; the task may hold any segments.
func (k *keyLook) inSegments() error {
	place := map[int]int{}
	for at := range k.task.Segments {
		place[k.task.Segments[at].Index] = at
	}
	for first := 0; first < len(k.look.Shots); {
		end := first
		for end < len(k.look.Shots) && k.look.Shots[end].Unit == k.look.Shots[first].Unit {
			end++
		}
		if at, ok := place[k.look.Shots[first].Unit]; ok {
			if err := k.segment(at, first, end); err != nil {
				return err
			}
		}
		first = end
	}
	return nil
}

// segment answers the shots [first, end), all of one segment.
func (k *keyLook) segment(at, first, end int) error {
	s, err := k.demux(at)
	if err != nil {
		return err
	}
	defer s.free()
	if s.state != measurement.UnitOK {
		return nil
	}
	packets := s.of(*k.only)
	var last *packet
	var shot *jobs.Shot
	for i := first; i < end; i++ {
		p := keyAt(packets, k.look.Shots[i].PTS)
		if p == nil {
			continue
		}
		if p != last {
			last = p
			if shot, err = k.picture(p); err != nil {
				return err
			}
		}
		if err := k.answer(i, p, shot); err != nil {
			return err
		}
	}
	return nil
}

// keyAt is the last key frame at or before a time, else the first one.
func keyAt(packets []*packet, pts int64) *packet {
	var found *packet
	for _, p := range packets {
		if !p.key || p.pts == noTime {
			continue
		}
		if found == nil || p.pts <= pts && p.pts > found.pts {
			found = p
		}
	}
	return found
}

func (k *keyLook) answer(i int, p *packet, shot *jobs.Shot) error {
	if shot == nil {
		return nil
	}
	one := *shot
	one.At, one.PTS = i, p.pts
	return k.out(jobs.Looked{Shot: &one})
}

// picture decodes a key frame alone; nil when nothing comes of it.
func (k *keyLook) picture(p *packet) (*jobs.Shot, error) {
	cc, err := newDecoder(p.track, nil)
	if err != nil {
		return nil, nil // the report has said so
	}
	defer cc.Free()
	f := astiav.AllocFrame()
	defer f.Free()
	_ = cc.SendPacket(p.Packet)
	got := cc.ReceiveFrame(f)
	if got != nil {
		_ = cc.SendPacket(nil)
		got = cc.ReceiveFrame(f)
	}
	takeComplaints()
	if got != nil {
		return nil, nil
	}
	return k.painter.cell(f), nil
}

// inObject seeks to each moment.
func (k *keyLook) inObject() error {
	d, err := k.openObject()
	takeComplaints()
	if err != nil {
		var av astiav.Error
		if errors.As(err, &av) {
			return nil
		}
		return err
	}
	defer d.close()
	last, shot := int64(noTime), (*jobs.Shot)(nil)
	for i := range k.look.Shots {
		p, err := k.seekKey(d, k.look.Shots[i].PTS)
		if err != nil || p == nil {
			if err == nil {
				continue
			}
			return err
		}
		if p.pts != last {
			last = p.pts
			shot, err = k.picture(p)
		}
		if err == nil {
			err = k.answer(i, p, shot)
		}
		p.free()
		if err != nil {
			return err
		}
	}
	return nil
}

// seekBack is how far before a time a seek goes at most, in seconds: containers without an index of key frames lead to a packet near the time, and the key frame before it may be a GOP away.
const seekBack = 16

// seekKey reads the key frame at or before a time, or else the first one behind it; nil when the container does not lead to one.
func (k *keyLook) seekKey(d *demuxer, pts int64) (*packet, error) {
	var t *track
	for _, o := range d.tracks {
		if o != nil && o.id() == *k.only {
			t = o
		}
	}
	if t == nil {
		return nil, nil
	}
	base := t.stream.TimeBase()
	second := int64(base.Den()) / max(1, int64(base.Num()))
	var behind *packet
	for back := int64(0); back <= seekBack; back = max(1, 2*back) {
		_ = d.fc.SeekFrame(t.stream.Index(), pts-back*second, astiav.NewSeekFlags(astiav.SeekFlagBackward))
		takeComplaints()
		p, err := k.lastKey(d, pts)
		if err != nil {
			behind.free()
			return nil, err
		}
		if p == nil {
			continue // behind the last one
		}
		if p.pts <= pts {
			behind.free()
			return p, nil
		}
		if behind != nil && p.pts == behind.pts && back > 1 {
			p.free()
			break // there is none before
		}
		behind.free()
		behind = p
	}
	return behind, nil
}

// lastKey reads on to the last key frame at or before a time, or else the first one behind it.
func (k *keyLook) lastKey(d *demuxer, pts int64) (*packet, error) {
	if d.in.err != nil {
		return nil, d.in.err
	}
	var found *packet
	for range maxKeySearch {
		p, err := d.next()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			found.free()
			return nil, err
		}
		switch {
		case p.track.id() != *k.only || p.pts == noTime || !p.key && p.pts <= pts:
			p.free()
			continue
		case p.pts > pts && found != nil, !p.key:
			p.free()
			if found != nil {
				return found, nil
			}
			continue
		case p.encrypted:
			p.free()
			found.free()
			return nil, nil
		}
		found.free()
		found = p
		if p.pts >= pts {
			return found, nil
		}
	}
	return found, nil
}
