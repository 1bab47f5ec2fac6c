package evidence

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"aircheck/jobs"
	"aircheck/judge"
)

const (
	// maxCells bounds the pictures of a film strip; an hour has one every 15 s.
	maxCells = 240
	// leastStep is the least distance of two cells.
	leastStep jobs.Micros = 1e6
	// cellWidth is that of a cell; least and greatest height are for pictures of any shape.
	cellWidth                   = 160
	leastHeight, greatestHeight = 40, 288
	// A sheet has 10 x 12 cells: 1600 x 1080 pixels, which every browser and television decodes.
	stripColumns, stripRows = 10, 12
	// stripShots is how many cells one look makes.
	stripShots = 30
	// enoughWidth is that of the least rendition from which cells are made: twice a cell.
	enoughWidth = 2 * cellWidth
	// sheetQuality is that of the sheets.
	sheetQuality = 75
	// cellSlack is how far a cell may lie from media: the grid is coarse, and a stream may begin and end a little off.
	cellSlack jobs.Micros = 250e3
)

// strip is a film strip in the making.
type strip struct {
	jobs.Strip
	step, duration jobs.Micros
	place          *judge.Place
	mu             sync.Mutex
	asked          int          // cells in which media lie
	cells          []*jobs.Shot // nil where nothing can be shown
}

// film makes the film strip; nil in a check without pictures.
func (w *work) film(ctx context.Context) (*jobs.Strip, error) {
	s := w.newStrip()
	if s == nil {
		return nil, nil
	}
	group, looking := errgroup.WithContext(ctx)
	group.SetLimit(max(1, w.Slots))
	for _, task := range w.stripTasks(s) {
		group.Go(func() error { return w.takeCells(looking, s, task) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if before, err := w.fuller(ctx, s); err != nil || before != nil {
		return before, err
	}
	for i := 0; i*stripColumns*stripRows < s.Count; i++ {
		body, err := s.sheet(i)
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("strip-%d.jpg", i)
		if err := w.Put(ctx, name, body); err != nil {
			return nil, err
		}
		s.Sheets = append(s.Sheets, name)
	}
	s.Track = "strip.vtt"
	return &s.Strip, w.Put(ctx, s.Track, s.track(w.report.Duration.Micros()))
}

// fuller is the strip of an earlier run where this one lacks cells that it asked for and the earlier one shows as many at least; nil where there is none.
func (w *work) fuller(ctx context.Context, s *strip) (*jobs.Strip, error) {
	shown := 0
	for _, c := range s.cells {
		if c != nil {
			shown++
		}
	}
	s.Shown = &shown
	if w.Before == nil || shown == s.asked {
		return nil, nil
	}
	before, err := w.Before(ctx)
	if err != nil || before == nil || before.Strip == nil {
		return nil, err
	}
	if had := before.Strip.Shown; had != nil && *had < shown {
		return nil, nil
	}
	return before.Strip, nil
}

// newStrip chooses the rendition and the grid.
func (w *work) newStrip() *strip {
	id := w.stripRendition()
	duration := w.report.Duration.Micros()
	if id == "" || duration <= 0 {
		return nil
	}
	s := &strip{place: w.places[id], duration: duration}
	s.step = max(leastStep, (duration+maxCells*leastStep-1)/(maxCells*leastStep)*leastStep)
	s.Rendition, s.Step, s.Count = id, s.step.At(), int((duration+s.step-1)/s.step)
	s.Width, s.Height = cellWidth, s.cellHeight()
	s.Columns, s.Rows = stripColumns, stripRows
	s.cells = make([]*jobs.Shot, s.Count)
	return s
}

// stripRendition is the smallest rendition that is large enough for cells, else the largest: a strip reads a good part of the bytes of what it is made from, and a cell
// of the best rendition looks no better.
func (w *work) stripRendition() string {
	best, width := "", 0
	for i := range w.report.Renditions {
		r := &w.report.Renditions[i]
		if r.Kind != "video" || !named(r.ID) || w.places[r.ID] == nil {
			continue
		}
		if width == 0 || better(r.Width, width) {
			best, width = r.ID, r.Width
		}
	}
	return best
}

// better tells whether a strip is rather made from a rendition of width a than of width b.
func better(a, b int) bool {
	if (a >= enoughWidth) != (b >= enoughWidth) {
		return a >= enoughWidth
	}
	return a != b && (a < b) == (a >= enoughWidth)
}

func (s *strip) cellHeight() int {
	f := s.place.Format()
	w, h := int64(f.Width), int64(f.Height)
	if f.SARNum > 0 && f.SARDen > 0 && f.SARNum < 1<<20 && f.SARDen < 1<<20 {
		w, h = w*f.SARNum, h*f.SARDen
	}
	if w <= 0 || h <= 0 {
		w, h = 16, 9
	}
	return int(min(max(leastHeight, (cellWidth*h/w+1)/2*2), greatestHeight))
}

// stripTask is a look at some cells.
type stripTask struct {
	task  jobs.Task
	cells []int // by position in Look.Shots
}

// middle is the moment of which a cell shows the key frame before: the beginning of a cell is often a hair before the key frame of a segment that begins with it, and the picture of a GOP
// earlier would be that of another scene.
func (s *strip) middle(cell int) jobs.Micros {
	from := jobs.Micros(cell) * s.step
	return min(from+s.step/2, max(from, s.duration-1))
}

// stripTasks cuts the strip into looks at key frames. A look at segments names only those in which a cell lies.
func (w *work) stripTasks(s *strip) []stripTask {
	var tasks []stripTask
	for i := range s.cells {
		m, ok := s.place.At(s.middle(i))
		if !ok || m.Beyond > cellSlack || m.Kind != "video" {
			continue
		}
		s.asked++
		n := len(tasks)
		if n == 0 || len(tasks[n-1].cells) >= stripShots {
			tasks = append(tasks, stripTask{task: w.stripTask(s, m)})
			n++
		}
		tasks[n-1].add(i, m, w.sequence(m.Sequence))
	}
	return tasks
}

func (w *work) stripTask(s *strip, m judge.Moment) jobs.Task {
	task := jobs.Task{V: jobs.Version, Check: w.check.ID, Window: jobs.Window{Sequence: m.Sequence}}
	task.Look = &jobs.Look{Kind: "video", Track: m.Track, Width: s.Width, Height: s.Height, Keys: true}
	if q := w.sequence(m.Sequence); q != nil && q.Mode == jobs.ModeObject {
		task.Object = q.Object
	}
	return task
}

func (t *stripTask) add(cell int, m judge.Moment, q *jobs.Sequence) {
	if q != nil && q.Mode != jobs.ModeObject {
		if m.Unit < 0 || m.Unit >= len(q.Segments) {
			return
		}
		if n := len(t.task.Segments); n == 0 || t.task.Segments[n-1].Index != m.Unit {
			t.task.Segments = append(t.task.Segments, q.Segments[m.Unit])
		}
	}
	t.cells = append(t.cells, cell)
	t.task.Look.Shots = append(t.task.Look.Shots, jobs.PictureID{Unit: m.Unit, PTS: m.PTS})
}

func (w *work) takeCells(ctx context.Context, s *strip, t stripTask) error {
	list, err := w.run(ctx, t.task)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range list {
		if shot := list[i].Shot; shot != nil && (t.task.Object != nil || holds(s.place, t.task.Look.Shots[shot.At].Unit, shot.PTS)) {
			s.cells[t.cells[shot.At]] = shot
		}
	}
	return nil
}

// sheet draws the i-th sheet; the last one is as high as it needs.
func (s *strip) sheet(i int) ([]byte, error) {
	first := i * stripColumns * stripRows
	n := min(s.Count-first, stripColumns*stripRows)
	rows := (n + stripColumns - 1) / stripColumns
	img := image.NewRGBA(image.Rect(0, 0, stripColumns*s.Width, rows*s.Height))
	for k := range n {
		s.draw(img, s.cells[first+k], k%stripColumns*s.Width, k/stripColumns*s.Height)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: sheetQuality}); err != nil {
		return nil, fmt.Errorf("encode film strip: %w", err)
	}
	return b.Bytes(), nil
}

// draw puts a cell where it belongs. Where nothing could be shown it is hatched: black would look like a picture that is black.
func (s *strip) draw(img *image.RGBA, c *jobs.Shot, left, top int) {
	const hatch = 16
	for y := range s.Height {
		for x := range s.Width {
			v := color.RGBA{R: 0x50, G: 0x50, B: 0x58, A: 0xff}
			if (x+y)%hatch < hatch/2 {
				v = color.RGBA{R: 0x70, G: 0x70, B: 0x78, A: 0xff}
			}
			if c != nil {
				p := c.Data[3*(y*s.Width+x):]
				v = color.RGBA{R: p[0], G: p[1], B: p[2], A: 0xff}
			}
			img.SetRGBA(left+x, top+y, v)
		}
	}
}

// track is the WebVTT file that names sheet and cell of each moment.
func (s *strip) track(duration jobs.Micros) []byte {
	var b strings.Builder
	b.WriteString("WEBVTT\n")
	for i := range s.Count {
		from := jobs.Micros(i) * s.step
		k := i % (stripColumns * stripRows)
		fmt.Fprintf(&b, "\n%s --> %s\n%s#xywh=%d,%d,%d,%d\n", clock(from), clock(min(from+s.step, max(duration, from+1000))),
			s.Sheets[i/(stripColumns*stripRows)], k%stripColumns*s.Width, k/stripColumns*s.Height, s.Width, s.Height)
	}
	return []byte(b.String())
}

// clock is a WebVTT timestamp.
func clock(t jobs.Micros) string {
	ms := int64(t) / 1000
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}
