package file

import (
	"context"
)

// maxRun bounds the samples of one track in one fragment.
const maxRun = 1 << 20

// fragment is one moof with the mdat that belongs to it, as the reference track sees it.
type fragment struct {
	off      int64 // of the first box after the mdat before it
	moof     box
	has      bool  // the reference track is in it
	start    int64 // tfdt, ticks
	duration int64 // ticks
	key      bool  // its first sample is a sync sample
}

// readFragment reads a moof (ISO/IEC 14496-12 section 8.8.4 and following). A fragment with absolute data offsets cannot be cut out of its file: its duration
// is -1, which makes the file irregular.
func readFragment(ctx context.Context, r *reader, m *movie, ref track, moof box) (fragment, error) {
	f := fragment{off: moof.off, moof: moof}
	if moof.end-moof.body > maxMoof {
		return fragment{has: true, duration: -1}, nil
	}
	b, err := r.at(ctx, moof.body, int(moof.end-moof.body))
	if err != nil {
		return f, err
	}
	children(b, func(kind string, body []byte) {
		if kind == "traf" {
			f.traf(body, m, ref)
		}
	})
	return f, nil
}

// Flags of tfhd and trun (sections 8.8.7 and 8.8.8).
const (
	tfhdBaseOffset  = 0x01
	tfhdDescription = 0x02
	tfhdDuration    = 0x08
	tfhdSize        = 0x10
	tfhdFlags       = 0x20

	trunOffset     = 0x001
	trunFirstFlags = 0x004
	trunDuration   = 0x100
	trunSize       = 0x200
	trunFlags      = 0x400
	trunTime       = 0x800

	// nonSync is sample_is_non_sync_sample (section 8.8.3.1).
	nonSync = 0x10000
)

// traf reads one track fragment.
func (f *fragment) traf(b []byte, m *movie, ref track) {
	var id int64
	var def sampleDefaults
	timed, first := false, true
	children(b, func(kind string, body []byte) {
		v := fields{b: body}
		switch kind {
		case "tfhd":
			flags := v.u32() & 0xffffff
			id = v.u32()
			def = trackDefaults(&v, flags, m.defaults[id])
			if flags&tfhdBaseOffset != 0 {
				f.has, f.duration = true, -1
			}
		case "tfdt":
			version := v.u8()
			v.skip(3)
			if id == ref.id {
				f.start, timed = v.sized(version), !v.short
			}
		case "trun":
			if id == ref.id && f.duration >= 0 {
				f.run(&v, def, first)
				first = false
			}
		}
	})
	if id == ref.id {
		f.has = true
		if !timed {
			f.duration = -1
		}
	}
}

func trackDefaults(v *fields, flags int64, def sampleDefaults) sampleDefaults {
	if flags&tfhdBaseOffset != 0 {
		v.skip(8)
	}
	if flags&tfhdDescription != 0 {
		v.skip(4)
	}
	if flags&tfhdDuration != 0 {
		def.duration = v.u32()
	}
	if flags&tfhdSize != 0 {
		v.skip(4)
	}
	if flags&tfhdFlags != 0 {
		def.flags = v.u32()
	}
	return def
}

// run adds the samples of one trun; first says that its first sample is the first of the fragment.
func (f *fragment) run(v *fields, def sampleDefaults, first bool) {
	flags := v.u32() & 0xffffff
	count := v.u32()
	if flags&trunOffset != 0 {
		v.skip(4)
	}
	sync := def.flags
	if flags&trunFirstFlags != 0 {
		sync = v.u32()
	}
	if count > maxRun {
		f.duration = -1
		return
	}
	if flags&(trunDuration|trunFlags) == 0 {
		f.duration += count * def.duration
	} else {
		sync = f.samples(v, flags, count, def, sync)
	}
	if v.short || f.duration > maxTicks {
		f.duration = -1
	}
	if first {
		f.key = count > 0 && sync&nonSync == 0
	}
}

// samples reads the rows of a trun and returns the flags of the first.
func (f *fragment) samples(v *fields, flags, count int64, def sampleDefaults, sync int64) int64 {
	for i := int64(0); i < count && !v.short; i++ {
		d := def.duration
		if flags&trunDuration != 0 {
			d = v.u32()
		}
		f.duration += d
		if flags&trunSize != 0 {
			v.skip(4)
		}
		if flags&trunFlags != 0 {
			if row := v.u32(); i == 0 && flags&trunFirstFlags == 0 {
				sync = row
			}
		}
		if flags&trunTime != 0 {
			v.skip(4)
		}
	}
	return sync
}
