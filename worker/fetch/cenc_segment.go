package fetch

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// maxSamples bounds the samples of one segment: an hour of sound has 170,000 frames.
const maxSamples = 1 << 20

var (
	errSamples = errors.New("more samples than a segment can have")
	errOverlap = errors.New("samples that lie within each other")
	errAux     = errors.New("the encryption information of its samples is missing or damaged")
	errScheme  = errors.New("its protection scheme is neither cenc nor cbcs")
)

// noKeyError names the key that lacks.
type noKeyError struct{ kid kid }

func (e *noKeyError) Error() string { return "aircheck has no key with KID " + e.kid.String() }

// decryption undoes the encryption of the samples of one segment in place (ISO/IEC 23001-7 section 9): schemes cenc (AES-CTR) and cbcs (AES-CBC with a pattern), whole samples and
// subsamples, keys that change within the segment.
type decryption struct {
	*protection
	stop    func() error // why to stop; nil: go on
	keys    *Keys
	b       []byte // the segment
	origin  int64  // offset of the segment in its file: what base-data-offset counts from
	blocks  map[kid]cipher.Block
	patches []patch
	samples int
	bytes   int64 // that were decrypted: no sample lies within another
	touched bool  // something was encrypted
}

// decrypt undoes the encryption of a segment, as far as there is of it; true when there was any. After an error, which may be
// that of ctx, nothing is said about the bytes.
func (p *protection) decrypt(ctx context.Context, b []byte, origin int64, keys *Keys) (bool, error) {
	d := &decryption{protection: p, stop: ctx.Err, keys: keys, b: b, origin: origin, blocks: map[kid]cipher.Block{}}
	for _, x := range boxes(b, 0, len(b)) {
		switch x.kind {
		case "moof":
			if err := d.moof(x); err != nil {
				return false, err
			}
		case "pssh":
			d.patches = append(d.patches, x.free())
		}
	}
	apply(b, d.patches)
	return d.touched, nil
}

func (d *decryption) moof(moof box) error {
	next := int64(moof.start) // where the data of a track begin that says nothing about it
	for _, x := range boxes(d.b, moof.body, moof.end) {
		switch x.kind {
		case "pssh":
			d.patches = append(d.patches, x.free())
		case "traf":
			f := d.traf(x, moof, next)
			if err := f.run(); err != nil {
				return err
			}
			next = f.next
		}
	}
	return nil
}

// fragment is one track's part of a movie fragment.
type fragment struct {
	*decryption
	track *protectedTrack
	entry uint32
	size  uint32
	base  int64 // what the data offsets count from, in the segment
	next  int64 // where the data of the next run begin
	runs  []box
	aux   *auxiliary
	// Sample groups: their descriptions here, and which samples belong to which.
	groups   []*scheme
	mapping  []mapped
	patched  []patch
	position int // of the next sample, behind what was taken from mapping
}

// mapped is how many samples follow each other with one group description.
type mapped struct{ count, index uint32 }

// piffSamples is the type of the uuid box that was the SampleEncryptionBox before there was one (PIFF 1.1 section 5.3.2.1).
const piffSamples = "\xa2\x39\x4f\x52\x5a\x9b\x4f\x14\xa2\x44\x6c\x42\x7c\x64\x8d\xf4"

func (d *decryption) traf(traf, moof box, next int64) *fragment {
	f := &fragment{decryption: d, base: next, next: next}
	var saiz, saio, senc *box
	for _, x := range boxes(d.b, traf.body, traf.end) {
		body := d.b[x.body:x.end]
		hide := true
		switch {
		case x.kind == "tfhd":
			f.header(body, int64(moof.start))
			hide = false
		case x.kind == "trun":
			f.runs = append(f.runs, x)
			hide = false
		case x.kind == "saiz":
			saiz = &x
		case x.kind == "saio":
			saio = &x
		case x.kind == "senc":
			senc = &x
		case x.kind == "uuid" && len(body) > 16 && string(body[:16]) == piffSamples:
			x := box{body: x.body + 16, end: x.end}
			senc = &x
		case x.kind == "sgpd" && f.track != nil && len(body) >= 8 && string(body[4:8]) == "seig":
			f.groups = append(f.groups, groupsOf(body, f.track.method())...)
		case x.kind == "sbgp" && len(body) >= 8 && string(body[4:8]) == "seig":
			f.mapping = append(f.mapping, mappingOf(body)...)
		default:
			hide = false
		}
		if hide {
			f.patched = append(f.patched, x.free())
		}
	}
	f.aux = d.auxiliary(senc, saiz, saio, int64(moof.start))
	return f
}

// header reads a TrackFragmentHeaderBox.
func (f *fragment) header(b []byte, moof int64) {
	r := fields{b: b}
	_, flags := r.full()
	f.track = f.tracks[r.u32()]
	if flags&0x20000 != 0 { // default-base-is-moof
		f.base = moof
	}
	if flags&1 != 0 {
		f.base = int64(min(r.u64(), 1<<62)) - f.origin
	}
	f.next = f.base
	if f.track != nil {
		f.entry, f.size = f.track.entry, f.track.size
	}
	if flags&2 != 0 {
		f.entry = r.u32()
	}
	if flags&8 != 0 {
		r.u32() // default_sample_duration
	}
	if flags&0x10 != 0 {
		f.size = r.u32()
	}
}

// mappingOf reads a SampleToGroupBox.
func mappingOf(b []byte) []mapped {
	f := fields{b: b}
	version, _ := f.full()
	f.u32()
	if version > 0 {
		f.u32()
	}
	var list []mapped
	for n := f.u32(); n > 0 && len(list) < maxGroups; n-- {
		m := mapped{f.u32(), f.u32()}
		if f.short {
			break
		}
		list = append(list, m)
	}
	return list
}

// scheme is that of the next sample; nil when it is not encrypted.
func (f *fragment) scheme() *scheme {
	for len(f.mapping) > 0 && uint64(f.position) >= uint64(f.mapping[0].count) { // what is behind is never asked for again
		f.position -= int(f.mapping[0].count)
		f.mapping = f.mapping[1:]
	}
	if len(f.mapping) > 0 {
		list, index := f.track.groups, f.mapping[0].index
		if index > 0x10000 { // ISO/IEC 14496-12 section 8.9.4: those of the fragment
			list, index = f.groups, index-0x10000
		}
		switch {
		case index == 0:
		case int(index) > len(list):
			return &scheme{protected: true}
		default:
			return list[index-1].orNil()
		}
	}
	if n := int(max(1, f.entry)) - 1; n < len(f.track.entries) {
		return f.track.entries[n].orNil()
	}
	return nil
}

func (s *scheme) orNil() *scheme {
	if s == nil || !s.protected {
		return nil
	}
	return s
}

// run decrypts the samples of all runs.
func (f *fragment) run() error {
	for _, x := range f.runs {
		if err := f.samplesOf(x); err != nil {
			return err
		}
	}
	f.decryption.patches = append(f.decryption.patches, f.patched...)
	return nil
}

// samplesOf decrypts the samples of one TrackRunBox.
func (f *fragment) samplesOf(trun box) error {
	r := fields{b: f.b[trun.body:trun.end]}
	_, flags := r.full()
	count := r.u32()
	if flags&1 != 0 {
		f.next = f.base + int64(int32(r.u32()))
	}
	if flags&4 != 0 {
		r.u32() // first_sample_flags
	}
	for range count {
		if f.samples++; f.samples > maxSamples {
			return errSamples
		}
		if err := f.stop(); err != nil {
			return err
		}
		size := f.size
		if flags&0x100 != 0 {
			r.u32()
		}
		if flags&0x200 != 0 {
			size = r.u32()
		}
		if flags&0x400 != 0 {
			r.u32()
		}
		if flags&0x800 != 0 {
			r.u32()
		}
		if r.short {
			return nil // the demuxer will not believe it either
		}
		if err := f.sample(f.next, size); err != nil {
			return err
		}
		f.next += int64(size)
	}
	return nil
}

// sample decrypts one sample, as far as the segment has it.
func (f *fragment) sample(at int64, size uint32) error {
	if f.track == nil {
		return nil
	}
	s := f.scheme()
	f.position++
	if s == nil {
		f.aux.skip()
		return nil
	}
	if s.method != "cenc" && s.method != "cbcs" {
		return errScheme
	}
	block, err := f.block(s.kid)
	if err != nil {
		return err
	}
	iv, parts, err := f.aux.next(s)
	if err != nil {
		return err
	}
	f.touched = true
	length := int64(len(f.b))
	if at < 0 || at >= length {
		return nil // the segment is truncated, or the run points elsewhere
	}
	end := min(at+int64(size), length)
	if f.bytes += end - at; f.bytes > length {
		return errOverlap
	}
	s.undo(block, iv, f.b[at:end], parts)
	return nil
}

func (d *decryption) block(id kid) (cipher.Block, error) {
	if b := d.blocks[id]; b != nil {
		return b, nil
	}
	key := d.keys.of(id)
	if key == nil {
		return nil, &noKeyError{id}
	}
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("use the key of KID %s: %w", id, err)
	}
	d.blocks[id] = b
	return b, nil
}

// part is a subsample: bytes in the clear, then bytes that are encrypted.
type part struct{ clear, protected int }

// undo decrypts a sample; without parts all of it is encrypted. A sample that is cut short is decrypted as far as it goes.
func (s *scheme) undo(block cipher.Block, iv [aes.BlockSize]byte, sample []byte, parts []part) {
	if parts == nil {
		parts = []part{{0, len(sample)}}
	}
	stream := cipher.NewCTR(block, iv[:])
	for _, p := range parts {
		sample = sample[min(p.clear, len(sample)):]
		b := sample[:min(p.protected, len(sample))]
		sample = sample[len(b):]
		if s.method == "cenc" {
			stream.XORKeyStream(b, b)
			continue
		}
		s.undoPattern(cipher.NewCBCDecrypter(block, iv[:]), b)
	}
}

// undoPattern decrypts crypt blocks, leaves skip blocks alone, and so on; a rest of less than a block is in the clear (ISO/IEC 23001-7 section 9.6).
func (s *scheme) undoPattern(c cipher.BlockMode, b []byte) {
	b = b[:len(b)/aes.BlockSize*aes.BlockSize]
	if s.skip == 0 || s.crypt == 0 {
		c.CryptBlocks(b, b)
		return
	}
	for len(b) > 0 {
		n := min(s.crypt*aes.BlockSize, len(b))
		c.CryptBlocks(b[:n], b[:n])
		b = b[min(n+s.skip*aes.BlockSize, len(b)):]
	}
}

// auxiliary gives the IV and the subsamples of one sample after the other.
type auxiliary struct {
	f          fields
	present    bool
	subsamples bool   // of a SampleEncryptionBox: all samples have them
	sizes      []byte // of a SampleAuxiliaryInformationSizesBox, one byte a sample, in the place of subsamples; nil when all are uniform
	uniform    int
	sized      bool
	parts      []part
}

// auxiliary finds the encryption information of a fragment: in its SampleEncryptionBox, or where SampleAuxiliaryInformationOffsetsBox points.
func (d *decryption) auxiliary(senc, saiz, saio *box, moof int64) *auxiliary {
	if senc != nil {
		a := &auxiliary{f: fields{b: d.b[senc.body:senc.end]}, present: true}
		_, flags := a.f.full()
		a.subsamples = flags&2 != 0
		a.f.u32() // sample_count: the runs know it
		return a
	}
	if saiz == nil || saio == nil {
		return &auxiliary{}
	}
	o := fields{b: d.b[saio.body:saio.end]}
	version, flags := o.full()
	o.bytes(8 * int(flags&1)) // type and parameter
	scattered := o.u32() != 1
	offset := uint64(0)
	if version == 0 {
		offset = uint64(o.u32())
	} else {
		offset = o.u64()
	}
	z := fields{b: d.b[saiz.body:saiz.end]}
	_, flags = z.full()
	z.bytes(8 * int(flags&1))
	a := &auxiliary{present: true, sized: true, uniform: z.u8()}
	if n := z.u32(); a.uniform == 0 {
		a.sizes = z.bytes(int(min(n, maxSamples)))
	}
	if at := moof + int64(min(offset, 1<<62)); scattered || o.short || z.short || at > int64(len(d.b)) {
		a.f.short = true
	} else {
		a.f.b = d.b[at:]
	}
	return a
}

// skip leaves out the information of a sample that is not encrypted, which has no IV.
func (a *auxiliary) skip() {
	switch {
	case a.sized:
		a.f.bytes(a.size())
	case a.subsamples:
		a.f.bytes(6 * a.f.u16())
	}
}

// size is that of the next sample's information.
func (a *auxiliary) size() int {
	if a.uniform > 0 || len(a.sizes) == 0 {
		return a.uniform
	}
	n := a.sizes[0]
	a.sizes = a.sizes[1:]
	return int(n)
}

// next reads the information of the next sample. The parts are valid until the next call; nil: all of the sample is encrypted.
func (a *auxiliary) next(s *scheme) (iv [aes.BlockSize]byte, parts []part, err error) {
	copy(iv[:], s.constant)
	if !a.present {
		if s.ivSize != 0 || len(s.constant) == 0 {
			err = errAux
		}
		return iv, nil, err
	}
	size, divided := 0, a.subsamples
	if a.sized {
		size = a.size()
		divided = size > s.ivSize
	}
	if s.ivSize > 0 {
		iv = [aes.BlockSize]byte{}
		if s.ivSize > len(iv) {
			return iv, nil, errAux
		}
		copy(iv[:], a.f.bytes(s.ivSize))
	}
	if divided {
		a.parts = a.parts[:0]
		for n := a.f.u16(); n > 0 && !a.f.short; n-- {
			a.parts = append(a.parts, part{a.f.u16(), int(a.f.u32())})
		}
		if len(a.parts) > 0 {
			parts = a.parts
		}
	}
	if a.f.short {
		err = errAux
	}
	return iv, parts, err
}
