package fetch

import (
	"encoding/binary"
	"slices"
)

// scheme is how samples are encrypted (ISO/IEC 23001-7 sections 8.2 and 9): what a TrackEncryptionBox or an entry of the sample group "seig" says.
type scheme struct {
	method      string // cenc or cbcs; another one cannot be decrypted
	kid         kid
	protected   bool
	ivSize      int    // bytes of IV with every sample: 0, 8 or 16
	constant    []byte // IV of all samples when ivSize is 0
	crypt, skip int    // pattern in blocks of 16 bytes; skip 0: no pattern
}

// protectedTrack is what an initialisation section says of one track.
type protectedTrack struct {
	entries []*scheme // by sample description; nil for one that is not protected
	groups  []*scheme // of the sample group "seig"
	size    uint32    // default of a sample
	entry   uint32    // default sample description, from 1
}

// protection is what an initialisation section says of encryption, and what is to be changed in it once the media are decrypted. Nothing moves: what FFmpeg must not
// see any more becomes a free box, so all offsets stay true.
type protection struct {
	tracks  map[uint32]*protectedTrack
	patches []patch
}

// patch writes four bytes of a type.
type patch struct {
	at   int
	kind string
}

func apply(b []byte, patches []patch) {
	for _, p := range patches {
		copy(b[p.at:p.at+4], p.kind)
	}
}

// free turns a box into a free one.
func (x box) free() patch { return patch{x.start + 4, "free"} }

// maxTracks bounds the tracks of an initialisation section that are looked at.
const maxTracks = 64

// protectionOf reads an initialisation section; nil when nothing in it is protected. What it cannot read it takes for unprotected: the decoder will say what it
// thinks of it.
func protectionOf(b []byte) *protection {
	p := &protection{tracks: map[uint32]*protectedTrack{}}
	protects := false
	for _, moov := range boxes(b, 0, len(b)) {
		if moov.kind != "moov" {
			continue
		}
		for _, x := range boxes(b, moov.body, moov.end) {
			switch x.kind {
			case "trak":
				protects = p.track(b, x) || protects
			case "pssh":
				p.patches = append(p.patches, x.free())
			}
		}
		if mvex, ok := moov.child(b, "mvex"); ok {
			p.defaults(b, mvex)
		}
	}
	if !protects {
		return nil
	}
	return p
}

// track reads one trak; true when it is protected.
func (p *protection) track(b []byte, trak box) bool {
	tkhd, ok := trak.child(b, "tkhd")
	stbl, okay := trak.descend(b, "mdia", "minf", "stbl")
	if !ok || !okay || len(p.tracks) >= maxTracks {
		return false
	}
	f := fields{b: b[tkhd.body:tkhd.end]}
	version, _ := f.full()
	f.bytes(8 << (version & 1)) // creation and modification time
	id := f.u32()
	stsd, ok := stbl.child(b, "stsd")
	if f.short || !ok || stsd.end-stsd.body < 8 {
		return false
	}
	t := &protectedTrack{}
	protects := false
	for _, entry := range boxes(b, stsd.body+8, stsd.end) {
		s := p.entry(b, entry)
		t.entries = append(t.entries, s)
		protects = protects || s != nil
	}
	for _, x := range boxes(b, stbl.body, stbl.end) {
		if x.kind == "sgpd" && protects && len(t.entries) > 0 {
			t.groups = append(t.groups, groupsOf(b[x.body:x.end], t.method())...)
		}
	}
	p.tracks[id] = t
	return protects
}

// method is that of the first protected entry: sample groups say nothing about it.
func (t *protectedTrack) method() string {
	for _, s := range t.entries {
		if s != nil {
			return s.method
		}
	}
	return ""
}

// entry reads one sample description; nil when it is not protected.
func (p *protection) entry(b []byte, entry box) *scheme {
	children := map[string]int{"encv": 78, "enca": 28, "enct": 8, "encs": 8}[entry.kind]
	if children == 0 || entry.end-entry.body < children {
		return nil
	}
	if entry.kind == "enca" { // QuickTime's versions of a sound description are longer
		children += map[uint16]int{1: 16, 2: 36}[binary.BigEndian.Uint16(b[entry.body+8:])]
	}
	for _, sinf := range boxes(b, entry.body+children, entry.end) {
		if sinf.kind != "sinf" {
			continue
		}
		frma, ok := sinf.child(b, "frma")
		if !ok || frma.end-frma.body < 4 {
			continue
		}
		p.patches = append(p.patches, patch{entry.start + 4, string(b[frma.body : frma.body+4])}, sinf.free())
		return schemeOf(b, sinf)
	}
	return &scheme{protected: true}
}

func schemeOf(b []byte, sinf box) *scheme {
	s := &scheme{protected: true}
	if schm, ok := sinf.child(b, "schm"); ok && schm.end-schm.body >= 8 {
		s.method = string(b[schm.body+4 : schm.body+8])
	}
	tenc, ok := sinf.descend(b, "schi", "tenc")
	if !ok {
		s.method = ""
		return s
	}
	f := fields{b: b[tenc.body:tenc.end]}
	version, _ := f.full()
	f.u8()
	s.read(&f, version > 0)
	if f.short {
		s.method = ""
	}
	return s
}

// read reads what TrackEncryptionBox and CencSampleEncryptionInformationGroupEntry have in common.
func (s *scheme) read(f *fields, pattern bool) {
	if n := f.u8(); pattern {
		s.crypt, s.skip = n>>4, n&15
	}
	s.protected = f.u8() != 0
	s.ivSize = f.u8()
	copy(s.kid[:], f.bytes(16))
	if s.protected && s.ivSize == 0 {
		s.constant = slices.Clone(f.bytes(f.u8()))
	}
}

// maxGroups bounds the sample groups of one box: each key of a rotation is one.
const maxGroups = 1 << 16

// groupsOf reads a SampleGroupDescriptionBox of type "seig" (ISO/IEC 23001-7 section 6); nil for another type.
func groupsOf(b []byte, method string) []*scheme {
	f := fields{b: b}
	version, _ := f.full()
	if string(f.bytes(4)) != "seig" || version < 1 {
		return nil
	}
	length := int(f.u32())
	if version >= 2 {
		f.u32() // default_group_description_index: 0, as far as anybody writes it for seig
	}
	var list []*scheme
	for n := f.u32(); n > 0 && !f.short && len(list) < maxGroups; n-- {
		size := length
		if length == 0 {
			size = int(f.u32())
		}
		e := fields{b: f.bytes(size)}
		s := &scheme{method: method}
		e.u8()
		s.read(&e, true)
		if e.short {
			s.method, s.protected = "", true
		}
		list = append(list, s)
	}
	return list
}

// defaults reads the TrackExtendsBoxes.
func (p *protection) defaults(b []byte, mvex box) {
	for _, x := range boxes(b, mvex.body, mvex.end) {
		if x.kind != "trex" {
			continue
		}
		f := fields{b: b[x.body:x.end]}
		f.full()
		t := p.tracks[f.u32()]
		entry := f.u32()
		f.u32() // default_sample_duration
		if size := f.u32(); t != nil && !f.short {
			t.entry, t.size = entry, size
		}
	}
}

// kids lists the keys that the sample descriptions name, each once and in the order of their bytes.
func (p *protection) kids() []kid {
	var list []kid
	for _, t := range p.tracks {
		for _, s := range t.entries {
			if s != nil && s.protected && !slices.Contains(list, s.kid) {
				list = append(list, s.kid)
			}
		}
	}
	slices.SortFunc(list, func(a, b kid) int { return slices.Compare(a[:], b[:]) })
	return list
}

// lacking lists those of kids that there is no key for.
func (p *protection) lacking(keys *Keys) []kid {
	return slices.DeleteFunc(p.kids(), func(k kid) bool { return keys.of(k) != nil })
}
