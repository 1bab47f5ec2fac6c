//go:build cgo

package decode

import (
	"cmp"
	"errors"
	"io"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
	subtitles "aircheck/worker/captions"
)

// demuxed is one segment taken apart.
type demuxed struct {
	at      int // position in Task.Segments
	index   int // in the sequence
	disc    int
	state   measurement.UnitState
	detail  string
	short   bool // the object ends before the segment does
	bytes   int
	ts      *measurement.Transport
	packets []*packet // in the container's order
	untimed []*track  // those of which no packet has a timestamp
	tails   []tail    // of the sound that has
	demuxer *demuxer  // open for as long as packets refer to its tracks
	texts   *measurement.Captions
	splices []splice
	ignore  func(*packet) bool
}

func (s *demuxed) free() {
	for _, p := range s.packets {
		p.free()
	}
	if s.demuxer != nil {
		s.demuxer.close()
		s.demuxer = nil
	}
}

// tracks lists the tracks that have packets, in order of first appearance.
func (s *demuxed) tracks() []*track {
	var list []*track
	seen := map[trackID]bool{}
	for _, p := range s.packets {
		if !seen[p.track.id()] {
			seen[p.track.id()] = true
			list = append(list, p.track)
		}
	}
	return list
}

// firstVideo is the first video packet of a track, or nil.
func (s *demuxed) firstVideo(ordinal int) *packet {
	for _, p := range s.packets {
		if p.track.kind == measurement.Video && p.track.ordinal == ordinal {
			return p
		}
	}
	return nil
}

// bytesReader reads a segment from memory.
type bytesReader []byte

func (b bytesReader) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(b)) {
		return 0, io.EOF
	}
	return copy(p, b[off:]), nil
}

// demux fetches and demuxes Task.Segments[at]. Its error is the source's.
func (w *window) demux(at int) (*demuxed, error) {
	seg := w.task.Segments[at]
	s := &demuxed{at: at, index: seg.Index, disc: seg.Discontinuity, ignore: w.ignores}
	got, err := w.src.Segment(at)
	if err != nil {
		return nil, err
	}
	s.state, s.detail, s.short, s.bytes = got.State, got.Detail, got.Truncated, len(got.Data)-got.Init
	if s.state != measurement.UnitOK {
		return s, nil
	}
	if s.bytes == 0 {
		s.state, s.detail = measurement.UnitCorrupt, "the segment is empty"
		return s, nil
	}
	if texts, ok := subtitles.Read(got.Data[:got.Init], got.Data[got.Init:]); ok {
		s.texts = texts
		return s, nil
	}
	if jobs.IsWebPage(got.Data[got.Init:]) {
		s.state, s.detail = measurement.UnitCorrupt, "it is "+jobs.WebPage
		s.doubt(&got)
		return s, nil
	}
	s.demuxer, err = openDemuxer(bytesReader(got.Data), int64(len(got.Data)), selfContained)
	takeComplaints()
	if err != nil {
		s.state, s.detail = measurement.UnitCorrupt, err.Error()
		s.doubt(&got)
		return s, nil
	}
	if s.demuxer.format == "mpegts" {
		s.ts = transportOf(got.Data[got.Init:])
	}
	end := int64(len(got.Data))
	if seg.Tail > 0 && seg.Length >= 0 {
		end = min(int64(got.Init)+seg.Length, end)
	}
	s.splices = splicesOf(got.Data[:end], s.ts != nil) // with its PAT and PMT, which may lie in the initialisation section
	err = s.read(end, int64(seg.Duration))
	s.doubt(&got)
	return s, err
}

// read takes all packets that begin before end; declared is how long the segment should be, in microseconds.
func (s *demuxed) read(end, declared int64) error {
	began := map[trackID]int64{} // only the first frame of a PES packet says where it stands
	for {
		p, err := s.demuxer.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if p.pos < 0 {
			p.pos = began[p.track.id()]
		}
		began[p.track.id()] = p.pos
		s.demuxer.doubt(p)
		if s.ignore(p) {
			continue
		}
		if p.pos >= end {
			p.free()
			continue
		}
		p.unit = s.index
		s.packets = append(s.packets, p)
	}
	s.date(declared)
	s.unwrap()
	if len(s.packets) == 0 {
		s.state, s.detail = measurement.UnitCorrupt, "no audio or video in it"
		if s.ts != nil && s.ts.NoPSI {
			s.detail += ": the PAT or the PMT is missing"
		}
		return nil
	}
	for _, p := range s.packets {
		if p.encrypted {
			s.state, s.detail = measurement.UnitEncrypted, cmp.Or(s.detail, noKey)
			return nil
		}
	}
	return nil
}

// segments measures the window's segments in order.
func (w *window) segments() error {
	var before *demuxed // the segment before, for pre-roll; nil when nothing connects it
	defer func() {
		if before != nil {
			before.free()
		}
	}()
	defer func() {
		if w.next != nil {
			w.next.free()
		}
	}()
	for at := w.task.Context; at < len(w.task.Segments)-w.task.After; at++ {
		s, err := w.proceed(at)
		if err != nil {
			return err
		}
		if at == w.task.Context {
			if before, err = w.context(s); err != nil {
				s.free()
				return err
			}
		}
		if before != nil && (before.disc != s.disc || before.state != measurement.UnitOK) {
			err = w.drainVideo()
			before.free()
			before = nil
			w.forget()
		}
		err = errors.Join(err, w.segment(before, s))
		if before != nil {
			before.free()
		}
		before = s
		if err != nil {
			return err
		}
	}
	return w.drainVideo()
}

// proceed takes Task.Segments[at] apart, and at jobs.DepthFast the one behind it too.
func (w *window) proceed(at int) (*demuxed, error) {
	s := w.next
	w.next = nil
	if s == nil {
		var err error
		if s, err = w.demux(at); err != nil {
			return nil, err
		}
	}
	if !w.fast() || at+1 >= len(w.task.Segments) {
		return s, nil
	}
	var err error
	if w.next, err = w.demux(at + 1); err != nil {
		s.free()
		return nil, err
	}
	return s, nil
}

// segment measures one owned segment.
func (w *window) segment(before, s *demuxed) error {
	u := w.unit(s.index)
	u.State, u.Detail, u.Bytes, u.Captions, u.Size, u.Transport = s.state, s.detail, 0, s.texts, int64(s.bytes), s.ts
	if before == nil || s.state != measurement.UnitOK {
		if err := w.drainVideo(); err != nil {
			return err
		}
	}
	u.Splices = s.announced()
	for _, p := range s.packets {
		p.owned = true
		w.sawPacket(p)
	}
	for _, t := range s.untimed {
		w.unitTrack(s.index, t).Untimed = true
	}
	for _, l := range s.tails {
		w.unitTrack(s.index, l.track).Tail = max(0, l.ticks)
	}
	if s.state != measurement.UnitOK {
		return nil
	}
	if s.short {
		u.State, u.Detail = measurement.UnitTruncated, "the object ends before the segment does"
	}
	if err := w.measureVideo(before, s); err != nil {
		return err
	}
	for _, t := range s.tracks() {
		if t.kind != measurement.Audio {
			continue
		}
		run := &audioRun{track: t, unit: s.index, packets: s.of(t.id()), preRoll: before.lastOf(t), from: s.demuxer.firstSample(), toMillis: -1, anchored: true}
		if err := w.decodeAudio(run); err != nil {
			return err
		}
	}
	return nil
}

func (w *window) measureVideo(before, s *demuxed) error {
	if w.fast() {
		err := w.fastVideo(before, s, w.next)
		w.record(s)
		return err
	}
	return w.sendVideo(s)
}

// sendVideo decodes all video packets of a segment. A track that begins with a closed keyframe begins with a new decoder, another one as a window would
// that began here.
func (w *window) sendVideo(s *demuxed) error {
	past := newPast(s)
	for _, p := range s.packets {
		if p.track.kind != measurement.Video {
			continue
		}
		c := w.videoChain(p.track)
		if past.tracks[p.track.ordinal] == nil {
			if err := c.begin(p, w.runUpOf(s, p.track.ordinal)); err != nil {
				return err
			}
		}
		past.keep(p, c)
		if err := c.send(p); err != nil {
			past.free()
			return err
		}
	}
	w.remember(past)
	return nil
}

// drainVideo ends all chains: what follows is not connected with what was.
func (w *window) drainVideo() error {
	w.forgetPast()
	var errs []error
	for i := range maxVideoTracks {
		if c := w.video[i]; c != nil {
			errs = append(errs, c.drain())
		}
	}
	return errors.Join(errs...)
}

// of lists the packets of one track.
func (s *demuxed) of(id trackID) []*packet {
	var list []*packet
	for _, p := range s.packets {
		if p.track.id() == id {
			list = append(list, p)
		}
	}
	return list
}

// lastOf is the pre-roll that the segment before gives for a track: its last packets, if they are of the same codec.
func (s *demuxed) lastOf(t *track) []*packet {
	if s == nil {
		return nil
	}
	list := s.of(t.id())
	if len(list) == 0 || list[0].track.codec != t.codec || list[0].track.num != t.num || list[0].track.den != t.den {
		return nil
	}
	return lastMillis(list, t, preRollMillis)
}

// lastMillis cuts a list of packets down to those that begin in its last milliseconds.
func lastMillis(list []*packet, t *track, millis int64) []*packet {
	end := list[len(list)-1]
	if end.time() == noTime {
		return list[len(list)-1:]
	}
	from := end.time() + end.duration - millis*t.den/(1000*t.num)
	for i, p := range list {
		if p.time() == noTime || p.time() >= from {
			return list[i:]
		}
	}
	return nil
}
