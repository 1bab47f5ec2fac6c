//go:build cgo

package decode

import (
	"cmp"
	"errors"
	"io"
	"math"

	"github.com/asticode/go-astiav"

	"aircheck/jobs/measurement"
)

// The canonical grid of objects, in milliseconds of the container's clock. A video unit begins at the first keyframe of a cell that has one; half a second
// keeps intra-only codecs from restarting their decoder at every frame. An audio unit is a cell of ten seconds.
const (
	videoCellMillis = 500
	audioCellMillis = 10_000
	audioCellUnits  = audioCellMillis / videoCellMillis
	// seekMargin is how far before its first unit a window starts to read: the audio pre-roll, and one second so that a keyframe whose DTS lies before
	// its PTS is not missed.
	seekMarginMillis = preRollMillis + 1000
)

// objectReader is the object behind ReadAt, bounded by its size.
type objectReader struct{ src Source }

func (o objectReader) ReadAt(p []byte, off int64) (int, error) { return o.src.ReadAt(p, off) }

// objectWindow is a part of the window being read: it owns the video units and audio cells that begin in it.
type objectWindow struct {
	*window
	part
	d        *demuxer
	videos   map[int]*objectVideo
	audios   map[int]*objectAudio
	seen     map[trackID]sighting // each track's latest packet
	count    int
	clock    int64 // of the latest packet on a clock that wraps; all such tracks of a transport stream share one
	clocked  bool
	reached  int64 // greatest of them so far
	lastTime int64 // greatest end of a packet in microseconds
}

// objectVideo follows one video track through the object.
type objectVideo struct {
	cell  int64     // of the current unit; before the first keyframe minInt64
	begun bool      // the current unit is owned
	done  bool      // a unit after the window has begun
	gop   []*packet // since the last keyframe, at jobs.DepthFast the last one before the unit, for units that need it
	// At jobs.DepthFast: what has come of the unit and its bytes, and whether it is too long to wait for its end.
	unit []*packet
	held int
	long bool
}

// object measures the window's part of an object.
func (w *window) object() error {
	parts := []part{{}}
	for i := 0; i < len(parts); i++ {
		d, err := w.openObject()
		takeComplaints()
		if err != nil {
			return w.unreadable(err)
		}
		if i == 0 {
			w.header.Duration = containerDuration(d.fc)
			parts = w.parts(d.format)
		}
		err = w.objectPart(d, parts[i])
		d.close()
		if err != nil {
			return err
		}
	}
	return nil
}

// objectPart measures what begins in one part; in the last one of the object it also says whether the object is whole.
func (w *window) objectPart(d *demuxer, p part) error {
	o := &objectWindow{window: w, d: d, part: p, videos: map[int]*objectVideo{}, audios: map[int]*objectAudio{}, seen: map[trackID]sighting{}}
	defer o.free()
	cut := o.truncation()
	if err := o.seek(); err != nil {
		return err
	}
	if err := o.read(); err != nil {
		return err
	}
	if o.foot {
		o.markTruncated(cut)
	}
	return nil
}

// unreadable records an object in which no media can be recognised; the reader's own errors are passed on.
func (w *window) unreadable(err error) error {
	var av astiav.Error
	if !errors.As(err, &av) {
		return err
	}
	u := w.unit(max(0, int(int64(w.task.Window.Start)/(videoCellMillis*1000))))
	u.State, u.Detail = measurement.UnitCorrupt, err.Error()
	return nil
}

// maxMillis bounds the grid: a timestamp more than a year from zero is damage, and belongs to whatever is being read when it turns up. It is decoded and
// measured with the rest; the judge cannot place it and says so.
const maxMillis = 366 * 24 * 3600 * 1000

// gridBorder rounds microseconds up to the video grid, in milliseconds, so that a cell lies in one window.
func gridBorder(us int64) int64 {
	const cell = videoCellMillis * 1000
	return (us + cell - 1) / cell * videoCellMillis
}

// millis converts ticks of a track to milliseconds, rounding down.
func (t *track) millis(ticks int64) int64 {
	us := rescale(ticks, t.num*1_000_000, t.den)
	ms := us / 1000
	if us < 0 && us%1000 != 0 {
		ms--
	}
	return ms
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// seek goes to a keyframe well before the window. Without an index it stays at the start, which is slow and right.
func (o *objectWindow) seek() error {
	if o.readFrom <= seekMarginMillis {
		return nil
	}
	target, t := o.readFrom-seekMarginMillis, o.seekTrack()
	if t == nil {
		return nil
	}
	// A container that cannot seek is read from its start.
	_ = o.d.fc.SeekFrame(t.stream.Index(), rescale(target, t.den, 1000*t.num), astiav.NewSeekFlags(astiav.SeekFlagBackward))
	takeComplaints()
	return o.d.in.err
}

// seekTrack is the track whose index is used: the first video, else the first audio.
func (o *objectWindow) seekTrack() *track {
	var audio *track
	for _, t := range o.d.tracks {
		switch {
		case t == nil:
		case t.kind == measurement.Video:
			return t
		case audio == nil:
			audio = t
		}
	}
	return audio
}

// read takes packets until every track has left the window.
func (o *objectWindow) read() error {
	for !o.finished() {
		p, err := o.d.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if o.ignores(p) {
			continue
		}
		if err := o.packet(p); err != nil {
			return err
		}
	}
	for i := range maxVideoTracks {
		if v := o.videos[i]; v != nil {
			if err := o.endHeld(v, nil); err != nil {
				return err
			}
		}
	}
	for i := range maxAudioTracks {
		if a := o.audios[i]; a != nil {
			if err := o.endCell(a, math.MaxInt64); err != nil {
				return err
			}
		}
	}
	return o.drainVideo()
}

// finished: all tracks have begun something that belongs to the next window, or have ended long ago.
func (o *objectWindow) finished() bool {
	any := false
	for _, t := range o.d.tracks {
		if t == nil {
			continue
		}
		any = true
		if !o.done(t) && !o.ended(t) {
			return false
		}
	}
	return any
}

// done: something of the track that belongs to the next window has begun.
func (o *objectWindow) done(t *track) bool {
	if o.only != nil && t.id() != *o.only {
		return true
	}
	if t.kind == measurement.Video {
		v := o.videos[t.ordinal]
		return v != nil && v.done
	}
	a := o.audios[t.ordinal]
	return a != nil && a.done
}

// ended: nothing has come of the track for so long that nothing more will.
func (o *objectWindow) ended(t *track) bool {
	last, ok := o.seen[t.id()]
	if !ok {
		last.millis = o.from
	}
	return o.to < math.MaxInt64 && o.reached > max(last.millis, o.to)+maxInterleave && o.count > last.count+minOthers
}

func (o *objectWindow) packet(p *packet) error {
	o.unwrap(p)
	if p.placed() {
		ms := p.track.millis(p.order())
		o.count++
		o.seen[p.track.id()] = sighting{ms, o.count}
		o.reached = max(o.reached, ms)
		o.lastTime = max(o.lastTime, 1000*p.track.millis(p.time()+p.duration))
	}
	if p.encrypted {
		defer p.free()
		u := o.unit(o.unitOf(p))
		u.State, u.Detail = measurement.UnitEncrypted, cmp.Or(o.lock.detail, noKey)
		p.unit = u.Index
		if o.owns(o.cellMillis(p)) {
			o.sawPacket(p)
		}
		return nil
	}
	if p.track.kind == measurement.Audio {
		return o.audioPacket(p)
	}
	return o.videoPacket(p)
}

func (o *objectWindow) owns(ms int64) bool { return ms >= o.from && ms < o.to }

// cellMillis is where the packet's cell begins.
func (o *objectWindow) cellMillis(p *packet) int64 {
	if !p.placed() {
		return max(0, o.from)
	}
	ms := p.track.millis(max(0, p.time()))
	if p.track.kind == measurement.Audio {
		return ms / audioCellMillis * audioCellMillis
	}
	return ms
}

func (o *objectWindow) unitOf(p *packet) int {
	return int(o.cellMillis(p) / videoCellMillis)
}

// maxInterleave is how far apart in time the packets of two tracks may stand in a container: a track from which nothing came for this long has ended.
// One timestamp may lie; minOthers packets of other tracks do not.
const (
	maxInterleave = 30_000
	minOthers     = 500
)

// sighting is when a track was seen: the packet's time in milliseconds, and its number among all packets.
type sighting struct {
	millis int64
	count  int
}

// videoPacket gives a packet to its unit.
func (o *objectWindow) videoPacket(p *packet) error {
	v := o.videos[p.track.ordinal]
	if v == nil {
		v = &objectVideo{cell: math.MinInt64}
		o.videos[p.track.ordinal] = v
	}
	if v.done {
		p.free()
		return nil
	}
	if p.key && p.placed() {
		if ms := p.track.millis(p.time()); floorDiv(ms, videoCellMillis) > v.cell || v.cell == math.MinInt64 {
			if err := o.endHeld(v, p); err != nil {
				p.free()
				return err
			}
			if err := o.videoUnit(v, p, ms); err != nil || v.done {
				p.free()
				return err
			}
		}
	}
	if !v.begun && o.head {
		v.begun = true // what stands before the first keyframe belongs to the first window
		v.cell = max(v.cell, 0)
	}
	if !v.begun {
		o.remember(v, p)
		return nil
	}
	p.owned, p.unit = true, int(max(0, v.cell))
	o.sawPacket(p)
	if o.fast() {
		return o.hold(v, p)
	}
	c := o.videoChain(p.track)
	c.number(p)
	o.remember(v, p.clone())
	return c.send(p)
}

// videoUnit begins a unit at a keyframe.
func (o *objectWindow) videoUnit(v *objectVideo, p *packet, ms int64) error {
	v.cell = floorDiv(ms, videoCellMillis)
	if ms >= o.to {
		v.done = true
		return nil
	}
	if ms < o.from {
		return nil
	}
	v.begun = true
	if o.fast() {
		return nil
	}
	runUp := v.gop // an open GOP needs the one before it
	v.gop = nil
	return o.videoChain(p.track).begin(p, runUp)
}

// remember keeps the packets since the last keyframe.
func (o *objectWindow) remember(v *objectVideo, p *packet) {
	if p.key {
		freeAll(v.gop)
		v.gop = v.gop[:0]
	}
	if len(v.gop) >= maxRemembered {
		p.free()
		return
	}
	v.gop = append(v.gop, p)
}

// maxRemembered bounds a GOP that is kept in memory: 20 s at 60 frames a second.
const maxRemembered = 1200

func freeAll(list []*packet) {
	for _, p := range list {
		p.free()
	}
}

func (o *objectWindow) free() {
	for _, v := range o.videos {
		freeAll(v.gop)
		freeAll(v.unit)
	}
	for _, a := range o.audios {
		freeAll(a.before)
		freeAll(a.packets)
	}
}
