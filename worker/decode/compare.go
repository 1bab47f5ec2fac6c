//go:build cgo

package decode

//#include "compare.h"
//#include "glue.h"
import "C"

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"unsafe"

	"github.com/asticode/go-astiav"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
	"aircheck/worker/measure"
)

// shown is one decoded picture on its way out of a window; the frame is valid during the call only.
type shown struct {
	id    jobs.PictureID
	frame *astiav.Frame // in planes
	raw   *astiav.Frame // as it came out of the decoder
}

// ignores tells whether a packet is of no interest, and frees it then.
func (w *window) ignores(p *packet) bool {
	if w.only == nil || p.track.id() == *w.only {
		return false
	}
	p.free()
	return true
}

// Compare decodes two pieces of media side by side, as Measure decodes them, and compares the pairs of pictures that the task names. The pairs must be in order on both
// sides. A pair of which a picture does not come has no row.
func Compare(task jobs.Task, src, reference Source) (*jobs.Compared, error) {
	with := task.Compare
	if with == nil || len(with.Pairs) > jobs.MaxPairs {
		return nil, jobs.Classify(jobs.Permanent, errors.New("compare: no pairs, or too many"))
	}
	picture, other := make([]jobs.PictureID, len(with.Pairs)), make([]jobs.PictureID, len(with.Pairs))
	for i, p := range with.Pairs {
		picture[i], other[i] = p.Picture, p.Reference
	}
	var turn sync.Mutex // the sources may share one pipe
	left := play(task, with.Track, &turnSource{src, &turn}, picture)
	right := play(with.Task(task.Check), with.ReferenceTrack, &turnSource{reference, &turn}, other)
	c := &comparison{out: &jobs.Compared{FFmpeg: FFmpegVersion(), Formats: []jobs.ComparedFormat{}, Rows: []jobs.ComparedRow{}}, scaled: astiav.AllocFrame()}
	defer c.close()
	err := c.all(with.Pairs, left, right)
	if err = errors.Join(err, left.stop(), right.stop()); err != nil {
		return nil, err
	}
	return c.out, nil
}

// turnSource lets one of two decoders ask at a time.
type turnSource struct {
	Source
	turn *sync.Mutex
}

func (s *turnSource) Segment(at int) (Segment, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	return s.Source.Segment(at)
}

func (s *turnSource) ReadAt(p []byte, off int64) (int, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	return s.Source.ReadAt(p, off)
}

// player decodes one side in a goroutine of its own, which stop waits for.
type player struct {
	pictures chan wanted
	quit     chan struct{}
	done     chan struct{}
	err      error // read after done
	current  wanted
	ended    bool
}

// wanted is a picture with its place among the different ones that are wanted. Whoever receives it frees the frame.
type wanted struct {
	at    int
	frame *astiav.Frame
}

var errStopped = errors.New("nobody wants more pictures")

// play begins to decode a side. ids are the pictures that are wanted, in order; one that follows itself is shown once.
func play(task jobs.Task, track int, src Source, ids []jobs.PictureID) *player {
	p := &player{pictures: make(chan wanted), quit: make(chan struct{}), done: make(chan struct{}), current: wanted{at: -1}}
	at := map[jobs.PictureID]int{}
	for _, id := range slices.Compact(slices.Clone(ids)) {
		if _, twice := at[id]; !twice {
			at[id] = len(at)
		}
	}
	go func() {
		defer close(p.done)
		defer close(p.pictures)
		p.err = p.decode(task, track, src, at)
	}()
	return p
}

func (p *player) decode(task jobs.Task, track int, src Source, at map[jobs.PictureID]int) error {
	w := newWindow(task, src, nil)
	defer w.close()
	w.only = &trackID{measurement.Video, track}
	w.show = func(s shown) error {
		n, ok := at[s.id]
		if !ok {
			return nil
		}
		delete(at, s.id)
		frame := s.frame.Clone()
		if frame == nil {
			return errors.New("keep picture: out of memory")
		}
		select {
		case p.pictures <- wanted{n, frame}:
		case <-p.quit:
			frame.Free()
			return errStopped
		}
		if len(at) == 0 {
			return errStopped
		}
		return nil
	}
	if err := w.run(); !errors.Is(err, errStopped) {
		return err
	}
	return nil
}

// until returns the picture at a place, nil when it never comes.
func (p *player) until(at int) *astiav.Frame {
	for !p.ended && p.current.at < at {
		next, ok := <-p.pictures
		p.drop()
		p.current, p.ended = next, !ok
	}
	if p.ended || p.current.at != at {
		return nil
	}
	return p.current.frame
}

func (p *player) drop() {
	if p.current.frame != nil {
		p.current.frame.Free()
	}
	p.current = wanted{at: -1}
}

// stop ends the decoder and returns its error.
func (p *player) stop() error {
	close(p.quit)
	for left := range p.pictures {
		left.frame.Free()
	}
	<-p.done
	p.drop()
	return p.err
}

// comparison is the work on one task.
type comparison struct {
	out    *jobs.Compared
	kernel *measure.Comparer
	scaled *astiav.Frame
	scaler unsafe.Pointer
	format int
	seen   [2]C.ac_frame // what the format was made of
}

func (c *comparison) close() {
	if c.kernel != nil {
		c.kernel.Close()
	}
	c.scaled.Free()
	C.ac_scaler_free(c.scaler)
}

// all compares the pairs in order.
func (c *comparison) all(pairs []jobs.Pair, left, right *player) error {
	a, b := -1, -1
	for i := range pairs {
		if i == 0 || pairs[i].Picture != pairs[i-1].Picture {
			a++
		}
		if i == 0 || pairs[i].Reference != pairs[i-1].Reference {
			b++
		}
		f, r := left.until(a), right.until(b)
		if f == nil || r == nil {
			continue
		}
		if err := c.pair(i, f, r); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) pair(i int, f, r *astiav.Frame) error {
	of, to := frameInfo(f), frameInfo(r)
	if C.ac_same_format(f.UnsafePointer(), r.UnsafePointer()) == 0 {
		if e := C.ac_scale_like(f.UnsafePointer(), r.UnsafePointer(), c.scaled.UnsafePointer(), &c.scaler); e < 0 {
			return jobs.Classify(jobs.Permanent, fmt.Errorf("scale picture to the reference: %w", astiav.Error(e)))
		}
		f = c.scaled
	}
	if err := c.shape(&of, &to); err != nil {
		return err
	}
	in := frameInfo(f)
	x, y := picture(&in), picture(&to)
	d, err := c.kernel.Compare(&x, &y)
	if err != nil {
		return jobs.Classify(jobs.Permanent, err)
	}
	row := jobs.ComparedRow{Pair: i, Format: c.format, SSE: d.SSE}
	for k, s := range d.SSIM {
		row.SSIM[k] = int64(math.Round(min(max(s, -1), 1) * jobs.SSIMUnit))
	}
	c.out.Rows = append(c.out.Rows, row)
	return nil
}

// shape follows a change of format on either side.
func (c *comparison) shape(of, to *C.ac_frame) error {
	same := func(a, b *C.ac_frame) bool {
		return a.width == b.width && a.height == b.height && a.pix_fmt == b.pix_fmt
	}
	if c.kernel != nil && same(of, &c.seen[0]) && same(to, &c.seen[1]) {
		return nil
	}
	p := picture(to)
	f := jobs.ComparedFormat{Width: p.W, Height: p.H, ChromaWidth: p.ChromaW, ChromaHeight: p.ChromaH, Depth: p.Depth}
	if !same(of, to) {
		f.Scaled = fmt.Sprintf("%s to %s", sizeOf(of), sizeOf(to))
	}
	if c.kernel == nil || !c.kernel.Fits(&p) {
		kernel, err := measure.NewComparer(&p)
		if err != nil {
			return jobs.Classify(jobs.Permanent, err)
		}
		if c.kernel != nil {
			c.kernel.Close()
		}
		c.kernel = kernel
	}
	if c.format = slices.Index(c.out.Formats, f); c.format < 0 {
		c.format = len(c.out.Formats)
		c.out.Formats = append(c.out.Formats, f)
	}
	c.seen = [2]C.ac_frame{*of, *to}
	return nil
}

func sizeOf(f *C.ac_frame) string {
	return fmt.Sprintf("%s %dx%d", name(C.ac_pix_fmt_name(f.pix_fmt)), int(f.width), int(f.height))
}
