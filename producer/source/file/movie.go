package file

import (
	"context"

	"aircheck/jobs"
)

// movie is what the moov box says (ISO/IEC 14496-12 section 8.2), without sample tables.
type movie struct {
	timescale, duration int64 // mvhd
	fragmentDuration    int64 // mehd
	fragmented          bool  // mvex
	tracks              []track
	defaults            map[int64]sampleDefaults // trex, by track
}

// track is one trak.
type track struct {
	id                  int64
	kind                string // handler: vide, soun …
	timescale, duration int64  // mdhd
	samples             bool   // the sample table in moov is not empty
}

// sampleDefaults are those of a track's samples (section 8.8.3).
type sampleDefaults struct{ duration, flags int64 }

// readMovie looks at the boxes of moov and skips the sample tables, so that it costs a few reads however long the film is.
func readMovie(ctx context.Context, r *reader, moov box) (movie, error) {
	m := movie{defaults: map[int64]sampleDefaults{}}
	_, err := r.boxes(ctx, moov.body, moov.end, func(x box) (bool, error) {
		var err error
		switch x.kind {
		case "mvhd":
			var f fields
			f, err = r.fields(ctx, x)
			m.timescale, m.duration = mediaTime(&f)
		case "trak":
			if len(m.tracks) == maxTracks {
				return true, nil
			}
			var t track
			t, err = readTrack(ctx, r, x)
			m.tracks = append(m.tracks, t)
		case "mvex":
			m.fragmented = true
			err = m.readExtends(ctx, r, x)
		}
		return false, err
	})
	return m, err
}

// fields reads the first bytes of a box: all fixed-size boxes that matter here are shorter.
func (r *reader) fields(ctx context.Context, x box) (fields, error) {
	b, err := r.at(ctx, x.body, int(min(x.end-x.body, 64)))
	return fields{b: b}, err
}

// mediaTime reads what mvhd and mdhd have in common: version, times, timescale and duration. A duration of all ones is unknown and becomes 0.
func mediaTime(f *fields) (timescale, duration int64) {
	version := f.u8()
	f.skip(3)
	f.sized(version)
	f.sized(version)
	timescale = f.u32()
	duration = f.sized(version)
	if version == 0 && duration == unknownSize || duration == 1<<63-1 {
		duration = 0
	}
	return timescale, duration
}

// readTrack reads a trak and its mdia.
func readTrack(ctx context.Context, r *reader, trak box) (track, error) {
	var t track
	_, err := r.boxes(ctx, trak.body, trak.end, func(x box) (bool, error) {
		switch x.kind {
		case "tkhd":
			f, err := r.fields(ctx, x)
			version := f.u8()
			f.skip(3)
			f.sized(version)
			f.sized(version)
			t.id = f.u32()
			return false, err
		case "mdia":
			return false, t.readMedia(ctx, r, x)
		}
		return false, nil
	})
	return t, err
}

func (t *track) readMedia(ctx context.Context, r *reader, mdia box) error {
	_, err := r.boxes(ctx, mdia.body, mdia.end, func(x box) (bool, error) {
		f, err := r.fields(ctx, x)
		if err != nil {
			return true, err
		}
		switch x.kind {
		case "mdhd":
			t.timescale, t.duration = mediaTime(&f)
		case "hdlr":
			f.skip(8)
			t.kind = string(f.b[:min(4, len(f.b))])
		case "minf":
			t.samples, err = hasSamples(ctx, r, x)
		}
		return false, err
	})
	return err
}

// hasSamples goes down minf and stbl to stts, the first table with a count in it.
func hasSamples(ctx context.Context, r *reader, minf box) (bool, error) {
	stbl, err := r.find(ctx, minf, "stbl")
	if err != nil {
		return false, err
	}
	stts, err := r.find(ctx, stbl, "stts")
	if err != nil {
		return false, err
	}
	f, err := r.fields(ctx, stts)
	f.skip(4)
	return f.u32() > 0, err
}

func (m *movie) readExtends(ctx context.Context, r *reader, mvex box) error {
	_, err := r.boxes(ctx, mvex.body, mvex.end, func(x box) (bool, error) {
		f, err := r.fields(ctx, x)
		switch x.kind {
		case "mehd":
			version := f.u8()
			f.skip(3)
			m.fragmentDuration = f.sized(version)
		case "trex":
			f.skip(4)
			id := f.u32()
			f.skip(4)
			d := sampleDefaults{duration: f.u32()}
			f.skip(4)
			d.flags = f.u32()
			m.defaults[id] = d
		}
		return false, err
	})
	return err
}

// length is the duration in which two fields agree: that of the movie, unless every track is shorter. A single wrong field does not make a
// film of twenty days.
func (m *movie) length() jobs.Micros {
	total, ok := ticks(max(m.duration, m.fragmentDuration), m.timescale)
	if !ok {
		total = 0
	}
	var longest jobs.Micros
	for _, t := range m.tracks {
		if d, ok := ticks(t.duration, t.timescale); ok {
			longest = max(longest, d)
		}
	}
	if longest == 0 || total == 0 {
		return max(total, longest)
	}
	return min(total, longest)
}

// media tells whether there is a picture.
func (m *movie) media() string {
	kind := ""
	for _, t := range m.tracks {
		switch t.kind {
		case "vide":
			return "video"
		case "soun":
			kind = "audio"
		}
	}
	return kind
}

// reference is the track whose key frames cut the file: the first with pictures, else the first with sound.
func (m *movie) reference() (track, bool) {
	for _, kind := range []string{"vide", "soun"} {
		for _, t := range m.tracks {
			if t.kind == kind && t.timescale > 0 {
				return t, true
			}
		}
	}
	return track{}, false
}
