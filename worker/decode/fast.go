//go:build cgo

package decode

import (
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// At jobs.DepthFast only the key frames of a unit are decoded, unless something about it or about the key frames next to it gives cause to decode all of it. What
// gives cause is a function of the unit, of the last key frame before it and of the first one behind it, so that it is the same in every cut. In doubt a unit is
// decoded: that costs time and no finding.
const (
	// A unit with more key frames than one in maxKeyShare packets is decoded: there is little to be saved.
	maxKeyShare = 4
	// A unit that is longer than that is decoded as it comes, instead of being held in memory. Twenty seconds at 60 frames a second.
	maxHeldPackets = maxRemembered
	maxHeldBytes   = 64 << 20
	// maxHistory bounds the packets that are kept of segments without key frames.
	maxHistory = 4 * maxRemembered
	// stillShare: a packet of a picture that repeats the one before has less than this part of the bytes of the unit's largest key frame. Skipped macroblocks take some
	// hundred bytes at 1080p, where a key frame takes fifty thousand.
	stillShare = 64
	// Or it has no more bytes than this and so many for every row of macroblocks: what MPEG-2 takes to say that nothing has changed, with some to spare.
	emptyPicture, emptyRow = 64, 16
	// stillMillis is how long such packets must follow each other to be suspicious. Half a second of black is the least that is ever reported.
	stillMillis = 200
	// darkShare of the samples at or below 37 (FFmpeg's blackdetect) make a key frame dark; the profiles ask for more.
	darkShare = 0.9
	// plainVariance is that of luma below which a picture has one colour.
	plainVariance = 25
	// sameMean and sameCell bound the difference of the cells of two key frames of a still, in 1/16 code values; the judge is stricter.
	sameMean, sameCell = 12, 64
	// maxApart is how far behind a unit's end the next key frame may be and count: a track that pauses for long ends the window.
	maxApartMillis = 5000
)

// fastUnit is one unit of a video track with what is next to it.
type fastUnit struct {
	packets []*packet // all of them, in order of decoding
	runUp   []*packet // what comes before the unit from a key frame on, for a unit that cannot be decoded alone
	before  *packet   // the last key frame before the unit; nil when there is none
	after   *packet   // the first key frame behind it
}

// keyPicture is a key frame that was decoded on its own.
type keyPicture struct {
	row    measurement.Frame
	format measurement.Format
	rows   int
	doubts bool // the decoder complained
}

func (w *window) fast() bool { return w.task.Depth == jobs.DepthFast }

// clone is the same packet with a reference of its own to the coded bytes.
func (p *packet) clone() *packet {
	c := *p
	c.Packet = p.Packet.Clone()
	c.picture = nil
	return &c
}

// complain files what was said about a packet, unless it is only being looked at.
func (c *videoChain) complain(unit int, t *track, n int, message string) {
	if c.probe != nil {
		c.probe.doubts = c.probe.doubts || n > 0
		return
	}
	c.w.complain(unit, t, n, message)
}

// emit writes a row, or keeps it when its packet is only being looked at.
func (c *videoChain) emit(row *measurement.Frame) error {
	if c.probe == nil {
		return c.w.out.Frame(row)
	}
	c.probe.row = *row
	c.probe.row.Fine = slices.Clone(row.Fine)
	c.probe.row.CC = slices.Clone(row.CC)
	c.probe.rows++
	return nil
}

// keyPicture decodes a key frame alone, with a new decoder; p remembers it.
func (c *videoChain) keyPicture(p *packet) (*keyPicture, error) {
	if p.picture != nil {
		return p.picture, nil
	}
	k := &keyPicture{}
	p.picture = k
	q, track := p.clone(), c.track
	q.owned = true
	c.track = p.track
	err := c.restart()
	c.probe = k
	if err == nil {
		err = c.send(q)
	}
	if err == nil {
		err = c.drain()
	}
	c.probe, c.track = nil, track
	r := &k.row
	k.doubts = k.doubts || k.rows != 1 || r.DecodeErrors != 0 || r.LogErrors != 0 || r.ConcealedMB != 0 || r.Flags&(measurement.FlagCorrupt|measurement.FlagSendError) != 0
	return k, err
}

// fastUnit measures a unit: its key frames, or all of it.
func (c *videoChain) fastUnit(u fastUnit) error {
	if !plausible(u.packets) {
		return c.wholeUnit(u)
	}
	keys, err := c.keyPictures(u)
	if err != nil {
		return err
	}
	if keys == nil || still(u.packets, keys[0].format.Height) {
		return c.wholeUnit(u)
	}
	return c.writeKeys(u, keys)
}

// wholeUnit decodes all of a unit. The packets stay the caller's.
func (c *videoChain) wholeUnit(u fastUnit) error {
	if err := c.restart(); err != nil {
		return err
	}
	if !u.packets[0].closed {
		for _, p := range u.runUp {
			q := p.clone()
			q.owned = false
			if err := c.send(q); err != nil {
				return err
			}
		}
	}
	for _, p := range u.packets {
		if err := c.send(p.clone()); err != nil {
			return err
		}
	}
	return c.drain()
}

// keyPictures decodes the key frames of a unit; nil says that they give cause to decode all of it.
func (c *videoChain) keyPictures(u fastUnit) ([]*keyPicture, error) {
	var keys []*keyPicture
	var last *keyPicture
	if u.before != nil {
		var err error
		if last, err = c.keyPicture(u.before); err != nil {
			return nil, err
		}
	}
	for _, p := range u.packets {
		if !p.key {
			continue
		}
		k, err := c.keyPicture(p)
		if err != nil || k.doubts || k.dark() || len(keys) > 0 && !equalFormats(&k.format, &keys[0].format) || k.like(last) {
			return nil, err
		}
		keys = append(keys, k)
		last = k
	}
	if u.after == nil {
		return keys, nil
	}
	k, err := c.keyPicture(u.after)
	if err != nil || k.rows == 1 && (k.dark() || k.like(last)) {
		return nil, err
	}
	return keys, nil
}

// dark tells whether the picture is nearly black, or of one colour.
func (k *keyPicture) dark() bool {
	n := float64(k.format.Width) * float64(k.format.Height)
	if n <= 0 {
		return true
	}
	scale := float64(int64(1) << max(0, k.format.Depth-8))
	mean := float64(k.row.SumY) / n
	variance := (float64(k.row.SumY2)/n - mean*mean) / (scale * scale)
	return float64(k.row.CntLE[2]) >= darkShare*n || variance <= plainVariance
}

// like tells whether two key frames may belong to one still.
func (k *keyPicture) like(o *keyPicture) bool {
	if o == nil || len(k.row.Fine) == 0 || len(k.row.Fine) != len(o.row.Fine) {
		return false
	}
	sum, greatest := 0, 0
	for i, v := range k.row.Fine {
		d := int(v) - int(o.row.Fine[i])
		d = max(d, -d)
		sum += d
		greatest = max(greatest, d)
	}
	return sum <= sameMean*len(k.row.Fine) && greatest <= sameCell
}

// plausible tells whether a unit's packets are what a moving picture without damage gives.
func plausible(packets []*packet) bool {
	keys := 0
	times := make([]int64, 0, len(packets))
	for _, p := range packets {
		if p.corrupt || p.pts == noTime {
			return false
		}
		if p.key {
			keys++
		}
		times = append(times, p.pts)
	}
	if !packets[0].key || keys*maxKeyShare > len(packets) {
		return false
	}
	slices.Sort(times)
	return regular(times)
}

// regular tells whether all distances of the times are near their median.
func regular(times []int64) bool {
	if len(times) < 2 {
		return false
	}
	steps := make([]int64, len(times)-1)
	for i := range steps {
		steps[i] = times[i+1] - times[i]
	}
	slices.Sort(steps)
	median := steps[len(steps)/2]
	return median > 0 && 2*steps[0] >= median && 2*steps[len(steps)-1] <= 3*median
}

// still tells whether packets in a row are too small for anything to move, for stillMillis.
func still(packets []*packet, height int) bool {
	t := packets[0].track
	most := emptyPicture + emptyRow*(height+15)/16
	first, end, largest := packets[0].pts, packets[0].pts, 0
	for _, p := range packets {
		first, end = min(first, p.pts), max(end, p.pts)
		if p.key {
			largest = max(largest, p.size)
		}
	}
	most = max(most, largest/stillShare)
	steps, run := int64(len(packets)-1), int64(0)
	for _, p := range packets {
		if p.key || p.size > most {
			run = 0
			continue
		}
		run++
		if run*rescale(end-first, 1000*t.num, t.den) >= stillMillis*steps {
			return true
		}
	}
	return false
}

// writeKeys writes the key frames of a unit as its rows: each stands until the next, the last one to the end of the unit.
func (c *videoChain) writeKeys(u fastUnit, keys []*keyPicture) error {
	first := u.packets[0]
	t := c.w.unitTrack(first.unit, first.track)
	t.Depth, t.Frames = jobs.DepthFast, len(keys)
	t.Format = c.w.format(keys[0].format)
	for i, k := range keys {
		row := k.row
		row.Track, row.Unit = int32(first.track.ordinal), int32(first.unit)
		row.Flags &^= measurement.FlagUnitFirst | measurement.FlagUnitLast
		row.Flags |= bit(i == 0, measurement.FlagUnitFirst) | bit(i == len(keys)-1, measurement.FlagUnitLast)
		if i == 0 { // pictures before an open key frame
			row.PTS = t.FirstPTS
		}
		end := t.EndPTS
		if i+1 < len(keys) {
			end = keys[i+1].row.PTS
		}
		row.Duration = max(0, end-row.PTS)
		if err := c.w.out.Frame(&row); err != nil {
			return err
		}
	}
	return nil
}

// near leaves out a key frame that stands too far behind the end of the unit.
func near(packets []*packet, after *packet) *packet {
	if len(packets) == 0 || after == nil || !after.placed() {
		return nil
	}
	end := int64(noTime)
	for _, p := range packets {
		if p.placed() {
			end = max(end, p.track.millis(p.time()+p.duration))
		}
	}
	if apart := after.track.millis(after.time()) - end; end == noTime || apart > maxApartMillis || apart < -maxApartMillis {
		return nil
	}
	return after
}

// lastKey is the position of the last key frame, or -1.
func lastKey(packets []*packet) int {
	for i := len(packets) - 1; i >= 0; i-- {
		if packets[i].key {
			return i
		}
	}
	return -1
}

// fastVideo measures the video tracks of a segment; before and after are its neighbours, or nil.
func (w *window) fastVideo(before, s, after *demuxed) error {
	for _, t := range s.tracks() {
		if t.kind != measurement.Video {
			continue
		}
		u := fastUnit{packets: s.of(t.id())}
		if before != nil {
			u.runUp = before.of(t.id())
			if at := lastKey(u.runUp); at >= 0 {
				u.runUp = u.runUp[at:]
				u.before = u.runUp[0]
			}
			if !u.packets[0].key {
				u.runUp = w.history[t.ordinal]
			}
		}
		if after != nil && after.state == measurement.UnitOK && after.disc == s.disc {
			if first := after.firstVideo(t.ordinal); first != nil && first.key {
				u.after = near(u.packets, first)
			}
		}
		if err := w.videoChain(t).fastUnit(u); err != nil {
			return err
		}
	}
	return nil
}

// record keeps the packets of a segment for those behind it that begin inside of a GOP: since the last segment that begins with a key frame.
func (w *window) record(s *demuxed) {
	for _, t := range s.tracks() {
		if t.kind != measurement.Video {
			continue
		}
		packets := s.of(t.id())
		if old := w.history[t.ordinal]; packets[0].key || len(old) > maxHistory {
			freeAll(old)
			delete(w.history, t.ordinal)
		}
		for _, p := range packets {
			w.history[t.ordinal] = append(w.history[t.ordinal], p.clone())
		}
	}
}

// forget drops what was recorded: what follows is not connected with it.
func (w *window) forget() {
	for i, list := range w.history {
		freeAll(list)
		delete(w.history, i)
	}
}

// hold keeps a packet of a unit until the unit is complete; a unit that is too long is decoded at once.
func (o *objectWindow) hold(v *objectVideo, p *packet) error {
	c := o.videoChain(p.track)
	if v.long {
		err := c.send(p.clone())
		o.remember(v, p)
		return err
	}
	v.unit = append(v.unit, p)
	v.held += p.size
	if len(v.unit) < maxHeldPackets && v.held < maxHeldBytes {
		return nil
	}
	v.long = true
	if err := c.restart(); err != nil {
		return err
	}
	if !v.unit[0].closed {
		for _, q := range v.gop {
			q = q.clone()
			q.owned = false
			if err := c.send(q); err != nil {
				return err
			}
		}
	}
	held := v.unit
	v.unit = nil
	for i, q := range held {
		if err := c.send(q.clone()); err != nil {
			freeAll(held[i:])
			return err
		}
		o.remember(v, q)
	}
	return nil
}

// endHeld measures the unit that is complete; next is the key frame that begins another, or nil.
func (o *objectWindow) endHeld(v *objectVideo, next *packet) error {
	if v.long {
		v.long, v.held = false, 0
		return o.drainVideo()
	}
	if len(v.unit) == 0 {
		return nil
	}
	u := fastUnit{packets: v.unit, runUp: v.gop, after: near(v.unit, next)}
	if len(v.gop) > 0 && v.gop[0].key {
		u.before = v.gop[0]
	}
	err := o.videoChain(v.unit[0].track).fastUnit(u)
	if at := lastKey(v.unit); at >= 0 {
		freeAll(v.gop)
		freeAll(v.unit[:at])
		v.gop = v.unit[at:]
	} else {
		freeAll(v.unit)
	}
	v.unit, v.held = nil, 0
	return err
}
