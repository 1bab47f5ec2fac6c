package evidence

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"aircheck/jobs"
	"aircheck/judge"
)

const (
	// maxPhotos bounds the full-size pictures of one look, and so the answer that is held in memory: 16 of 1080p have some 6 MB, and 42 MB when they are noise. It is within what a Look
	// may ask for at any Options.Edge.
	maxPhotos = 16
	// gapSegments and gapCells are how many units may lie between two wanted ones that are decoded in one look: opening an object anew costs about as much as two seconds.
	gapSegments, gapCells = 1, 4
)

// photoLook is one piece of work: pictures of neighbouring units of one track.
type photoLook struct {
	photos []*photo
	side   jobs.Side
}

// photoLooks groups the pictures by unit, so that each unit is fetched and decoded once unless more than maxPhotos are wanted of it.
func (w *work) photoLooks() []photoLook {
	all := slices.SortedFunc(maps.Values(w.photos), func(a, b *photo) int {
		return cmp.Or(cmp.Compare(a.moment.Sequence, b.moment.Sequence), cmp.Compare(a.moment.Track, b.moment.Track),
			cmp.Compare(a.moment.Unit, b.moment.Unit), cmp.Compare(a.moment.PTS, b.moment.PTS))
	})
	var looks []photoLook
	for len(all) > 0 {
		p, n := all[0], 1
		for n < min(len(all), maxPhotos) && all[n].of(p) && all[n].moment.Unit == p.moment.Unit {
			n++
		}
		if k := len(looks); k > 0 && looks[k-1].takes(all[:n], w.gap(p.moment.Sequence)) {
			looks[k-1].photos = append(looks[k-1].photos, all[:n]...)
			looks[k-1].side.Last = p.moment.Unit + 1
		} else {
			looks = append(looks, photoLook{slices.Clone(all[:n]), jobs.Side{
				Sequence: p.moment.Sequence, Track: p.moment.Track, First: p.moment.Unit, Last: p.moment.Unit + 1,
			}})
		}
		all = all[n:]
	}
	return looks
}

// of tells whether two pictures are of one rendition.
func (p *photo) of(o *photo) bool {
	return p.moment.Sequence == o.moment.Sequence && p.moment.Track == o.moment.Track && p.key.rendition == o.key.rendition
}

func (w *work) gap(sequence string) int {
	if q := w.sequence(sequence); q != nil && q.Mode == jobs.ModeObject {
		return gapCells
	}
	return gapSegments
}

func (w *work) sequence(id string) *jobs.Sequence {
	for i := range w.check.Timeline.Sequences {
		if q := &w.check.Timeline.Sequences[i]; q.ID == id {
			return q
		}
	}
	return nil
}

// takes tells whether the pictures of a unit belong to the look before it.
func (l *photoLook) takes(unit []*photo, gap int) bool {
	last := l.photos[len(l.photos)-1]
	return last.of(unit[0]) && unit[0].moment.Unit-last.moment.Unit <= gap && len(l.photos)+len(unit) <= maxPhotos
}

// takePhotos makes the pictures of a look.
func (w *work) takePhotos(ctx context.Context, l photoLook) error {
	look := &jobs.Look{Kind: "video", Track: l.side.Track, Width: w.options.Edge, Height: w.options.Edge}
	for _, p := range l.photos {
		look.Shots = append(look.Shots, jobs.PictureID{Unit: p.moment.Unit, PTS: p.moment.PTS})
	}
	task, err := jobs.LookTask(w.check, l.side, look)
	if err != nil {
		return err
	}
	list, err := w.run(ctx, task)
	if err != nil {
		return err
	}
	for i := range list {
		if s := list[i].Shot; s != nil {
			if err := w.keepPhoto(ctx, l.photos[s.At], s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *work) keepPhoto(ctx context.Context, p *photo, s *jobs.Shot) error {
	place := w.places[p.key.rendition]
	at, ok := place.Time(p.moment.Unit, s.PTS)
	if !ok || !holds(place, p.moment.Unit, s.PTS) {
		return nil
	}
	name := fmt.Sprintf("%s-%012d.jpg", p.key.rendition, int64(at))
	if err := w.Put(ctx, name, s.Data); err != nil {
		return err
	}
	p.at, p.file, p.width, p.height = at, name, s.Width, s.Height
	return nil
}

// unitSlack is how far outside of the media of its unit a picture may seem to stand: packets and pictures may differ by a reordering.
const unitSlack jobs.Micros = 1e6

// holds tells whether a timestamp is one of the unit that was measured. Another one is that of other media: a live segment is gone, and what has taken its place, under the same name, is
// of another time.
func holds(place *judge.Place, unit int, pts int64) bool {
	at, ok := place.Time(unit, pts)
	from, to, there := place.Unit(unit)
	return ok && there && at >= from-unitSlack && at <= to+unitSlack
}
