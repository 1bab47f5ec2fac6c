//go:build cgo

package decode

import (
	"errors"
	"slices"

	"github.com/asticode/go-astiav"

	"aircheck/jobs/measurement"
)

const (
	noKey = "encrypted (ISO/IEC 23001-7), and aircheck has no key"
	// wrongKey is also what the worker says whose AES-128 gives no padding.
	wrongKey = "what came out of decryption is no media, the key or its IV may be wrong"
)

// How much is decoded to see whether a decryption gave media, of each track. A key that does not fit spoils every packet whose payload was encrypted; damage on the
// way rarely spoils most of them in a row. Packets below triedBytes may lie in the clear altogether: common encryption leaves some 100 bytes of every NAL unit alone.
const (
	triedVideo = 12
	triedAudio = 12
	triedBytes = 200
)

// doubt takes back that a segment is media when it was decrypted and the decoders say otherwise, and that it is none when it is known to be encrypted. It is a matter of the
// segment alone, so every cut comes to the same.
func (s *demuxed) doubt(got *Segment) {
	switch {
	case got.Decrypted && (s.state == measurement.UnitCorrupt || s.state == measurement.UnitOK && garbled(s.packets)):
		s.state, s.detail = measurement.UnitEncrypted, wrongKey
	case s.state == measurement.UnitCorrupt && got.Detail != "":
		s.state, s.detail = measurement.UnitEncrypted, got.Detail
	}
}

// garbled tells whether most of the first packets of a track cannot be decoded.
func garbled(packets []*packet) bool {
	var seen []trackID
	for _, p := range packets {
		id := p.track.id()
		if slices.Contains(seen, id) {
			continue
		}
		if p.track.kind == measurement.Video && !p.key {
			continue // what needs pictures that are not here complains too
		}
		seen = append(seen, id)
		if p.track.spoiled(samples(packets, p)) {
			return true
		}
	}
	return false
}

// samples are the packets of a track from one on that are tried; for pictures without those that are shown before it, which may need what came earlier.
func samples(packets []*packet, first *packet) []*packet {
	var list []*packet
	limit := triedAudio
	if first.track.kind == measurement.Video {
		limit = triedVideo
	}
	for _, p := range packets[slices.Index(packets, first):] {
		if p.track.id() != first.track.id() || p.Packet == nil || p.time() < first.time() {
			continue
		}
		if list = append(list, p); len(list) == limit {
			break
		}
	}
	return list
}

// spoiled tells whether a decoder complains of most bytes of a list: of still pictures the small ones may pass, whatever the key.
func (t *track) spoiled(list []*packet) bool {
	cc, err := newDecoder(t, nil)
	if err != nil {
		return false // nobody can tell
	}
	defer cc.Free()
	f := astiav.AllocFrame()
	defer f.Free()
	tried, bad := 0, 0
	for _, p := range list {
		complained := t.complains(cc, f, p)
		if p.size < triedBytes && t.kind == measurement.Video {
			continue
		}
		if tried += p.size; complained {
			bad += p.size
		}
	}
	return 2*bad > tried
}

// complains decodes one packet.
func (t *track) complains(cc *astiav.CodecContext, f *astiav.Frame, p *packet) bool {
	takeComplaints()
	err := cc.SendPacket(p.Packet)
	for {
		f.Unref()
		received := cc.ReceiveFrame(f)
		if errors.Is(received, astiav.ErrEagain) || errors.Is(received, astiav.ErrEof) {
			break
		}
		if received != nil {
			err = received
			break
		}
	}
	said := takeComplaints()
	return err != nil || said.errors > 0 || said.concealed > 0
}

// lock is what is known of an object's encryption.
type lock struct {
	asked  bool
	key    []byte // that fits; nil: none does, or none is needed
	detail string // why not
}

// openObject opens the window's object, with its key where there is one.
func (w *window) openObject() (*demuxer, error) {
	open := func(key []byte) (*demuxer, error) {
		return openKeyed(objectReader{w.src}, max(0, w.task.Object.Size), indexed, key)
	}
	keys, may := w.src.(KeySource)
	d, err := open(w.lock.key)
	if err != nil || w.lock.asked || !may || d.format != "mov" {
		return d, err
	}
	w.lock.asked = true
	if w.lock.key, w.lock.detail, err = keys.Key(); err != nil || w.lock.key == nil {
		if err != nil {
			d.close()
		}
		return d, err
	}
	d.close()
	if d, err = open(w.lock.key); err != nil {
		return d, err
	}
	fits, err := d.fits()
	d.close()
	if err != nil {
		return nil, err
	}
	if !fits {
		w.lock.key, w.lock.detail = nil, wrongKey
	}
	return open(w.lock.key)
}

// maxTried bounds the packets that are read to try a key.
const maxTried = 200

// fits reads the first packets and tells whether they are media.
func (d *demuxer) fits() (bool, error) {
	var list []*packet
	defer func() { freeAll(list) }()
	for len(list) < maxTried {
		p, err := d.next()
		if d.in.err != nil {
			return false, d.in.err
		}
		if err != nil {
			break // what cannot be read is for the measurement to tell
		}
		list = append(list, p)
	}
	return !garbled(list), nil
}
