package file

import (
	"context"
)

// probeMP4 walks the boxes of the file to moov, wherever it stands, and from there to the fragments if there are any.
func probeMP4(ctx context.Context, r *reader) (container, error) {
	var w layout
	for off, n := int64(0), 0; n < maxTopBoxes; n++ {
		x, ok, err := r.box(ctx, off, r.object.Size)
		if err != nil {
			return container{}, err
		}
		if !ok {
			break
		}
		if done := w.see(x); done {
			break
		}
		off = x.end
	}
	if w.moov.end == 0 || w.moov.end-w.moov.off > maxMoov {
		return container{}, nil
	}
	m, err := readMovie(ctx, r, w.moov)
	if err != nil {
		return container{}, err
	}
	if w.fragments(&m) {
		return w.cut(ctx, r, &m)
	}
	return container{media: m.media(), duration: m.length()}, nil
}

// layout is where the boxes of the top level stand.
type layout struct {
	ftyp, moov, sidx, moof box
	mdat                   bool // before the first moof
}

// see takes note of a box; done means that nothing behind it can change the plan.
func (w *layout) see(x box) (done bool) {
	switch {
	case x.kind == "ftyp" && w.ftyp.end == 0:
		w.ftyp = x
	case x.kind == "moov" && w.moov.end == 0:
		w.moov = x
		return w.mdat
	case x.kind == "sidx" && w.sidx.end == 0 && w.moov.end > 0:
		w.sidx = x
	case x.kind == "moof":
		w.moof = x
		return true
	case x.kind == "mdat":
		w.mdat = true
		return w.moov.end > 0
	}
	return false
}

// fragments tells whether the file is one of the usual fragmented kind: an empty moov with mvex, then fragments.
func (w *layout) fragments(m *movie) bool {
	if !m.fragmented || w.moof.end == 0 || w.mdat || w.moof.off < w.moov.end {
		return false
	}
	for _, t := range m.tracks {
		if t.samples {
			return false
		}
	}
	return true
}
