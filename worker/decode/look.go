//go:build cgo

package decode

import (
	"errors"

	"github.com/asticode/go-astiav"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// See answers a look: it decodes the task's units as Measure does and hands what was asked for to out, picture by picture, as it comes. What is not there is not
// answered; an error means that the source or out failed, or that the task makes no sense.
func See(task jobs.Task, src Source, out func(jobs.Looked) error) error {
	look := task.Look
	if look == nil {
		return jobs.Classify(jobs.Permanent, errors.New("look: nothing is asked for"))
	}
	if err := look.Validate(); err != nil {
		return jobs.Classify(jobs.Permanent, err)
	}
	if err := load(); err != nil {
		return err
	}
	w := newWindow(task, src, nil)
	defer w.close()
	kind := measurement.Kind(look.Kind)
	w.only = &trackID{kind, look.Track}
	painter := newPainter(look)
	defer painter.close()
	switch {
	case kind == measurement.Audio:
		return w.listen(look, out)
	case look.Keys:
		k := &keyLook{window: w, look: look, painter: painter, out: out}
		return k.run()
	}
	return w.watch(look, painter, out)
}

// watch decodes the window until all pictures are there.
func (w *window) watch(look *jobs.Look, p *painter, out func(jobs.Looked) error) error {
	v := &viewer{look: look, painter: p, out: out}
	defer v.drop()
	w.show = v.show
	err := w.run()
	if errors.Is(err, errStopped) {
		return nil
	}
	if err != nil {
		return err
	}
	for v.next < len(look.Shots) && v.held != nil {
		if err := v.deliver(); err != nil {
			return err
		}
	}
	return nil
}

// viewer picks, from the pictures in their order, those that are on the screen at the times that are wanted: each stays until the next.
type viewer struct {
	look    *jobs.Look
	painter *painter
	out     func(jobs.Looked) error
	next    int           // shot that is looked for
	held    *astiav.Frame // the newest picture so far; nil when there was none
	id      jobs.PictureID
}

func (v *viewer) drop() {
	if v.held != nil {
		v.held.Free()
		v.held = nil
	}
}

// show takes the next picture.
func (v *viewer) show(s shown) error {
	for v.next < len(v.look.Shots) && after(s.id, v.look.Shots[v.next]) {
		if v.held == nil || v.id.Unit != v.look.Shots[v.next].Unit {
			if err := v.hold(s); err != nil { // nothing comes before it
				return err
			}
		}
		if err := v.deliver(); err != nil {
			return err
		}
	}
	if v.next >= len(v.look.Shots) {
		return errStopped
	}
	return v.hold(s)
}

// after tells whether a picture comes behind a moment.
func after(id, moment jobs.PictureID) bool {
	return id.Unit > moment.Unit || id.Unit == moment.Unit && id.PTS > moment.PTS
}

func (v *viewer) hold(s shown) error {
	f := s.raw.Clone()
	if f == nil {
		return errors.New("keep picture: out of memory")
	}
	v.drop()
	v.held, v.id = f, s.id
	return nil
}

// deliver answers the next shot with the picture that is held, if it is of the same unit.
func (v *viewer) deliver() error {
	at := v.next
	v.next++
	if v.id.Unit != v.look.Shots[at].Unit {
		return nil
	}
	shot, err := v.painter.photo(v.held)
	if err != nil || shot == nil {
		return err
	}
	shot.At, shot.PTS = at, v.id.PTS
	return v.out(jobs.Looked{Shot: shot})
}
