package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// Borders are judged in shares of the picture's size, in 1/10000, so that a change of resolution is no change of shape.
const (
	shareUnit = 10000
	// tightShare is how far a border may move and be the same: two lines of 360.
	tightShare = 60
	// evenShare is how far opposite borders may differ and be even.
	evenShare = 150
	// litMean is the mean luma that what is within the borders must have for them to be believed (8-bit scale).
	litMean = 40
	// litEdge is the share of the cells along the inside of a border that must be lit: text on black ends nowhere in a straight line.
	litEdge = 0.4
	// leastArea is the share of the picture that a picture must have.
	leastArea = 0.2
	// minObservations is the least number of pictures to go by, unevenHold how long uneven borders must hold.
	minObservations             = 4
	unevenHold      jobs.Micros = 10e6
	// recentPictures is how far back the first picture of a new shape is looked for: borders are measured in every fourth picture of a unit. rimStep is how far
	// the mean of the outermost cells may move between two pictures of one shape.
	recentPictures, rimStep = 8, 3
)

// letterbox finds changes of the black borders around the picture (after FFmpeg's cropdetect, with the borders of two seconds in place of the greatest picture).
type letterbox struct {
	// Shape is the one in force, Next one that may follow.
	Shape *shape `json:",omitempty"`
	Next  *shape `json:",omitempty"`
	// Recent are the last pictures, newest last.
	Recent []rim `json:",omitempty"`
	// Changes counts the shapes that followed the first, Seen the pictures whose borders could be believed.
	Changes, Seen int64
	// Told is the change that waits for its severity.
	Told *shapeChange `json:",omitempty"`

	table  *barTable
	hold   jobs.Micros
	change float64
	levels levels
	emit   emitter
}

// shape is what the borders leave of a picture.
type shape struct {
	// Share are the borders in 1/10000 of the picture's size, Edges in lines of a picture of Width by Height with pixels of the ratio SARNum:SARDen.
	Share, Edges   edges
	Width, Height  int
	SARNum, SARDen int64
	// From is when it was first seen, FrameEnd when that picture ended.
	From, FrameEnd jobs.Micros
	// Seen counts the pictures since, Tight those that have these borders; others are darker at their rim.
	Seen, Tight int64
}

// rim is the mean luma of the outermost cells of a picture.
type rim struct {
	Start, End jobs.Micros
	Mean       [4]int16
}

type shapeChange struct {
	Finding jobs.Finding
	Since   jobs.Micros
}

func newLetterbox(p *params, emit emitter) videoDetector {
	return &letterbox{
		table: newBarTable(), hold: seconds(p.or("video.letterbox_change.hold", 2)), change: p.or("video.letterbox_change.change", 2),
		levels: p.levels("video.letterbox_change"), emit: emit,
	}
}

func (d *letterbox) frame(f *videoFrame) {
	d.remember(f)
	if f.Texture == nil {
		return
	}
	if d.Told != nil && f.Start-d.Told.Since >= d.levels.longest() {
		d.tell(f.Start)
	}
	if o, ok := d.observe(f); ok {
		d.Seen++
		d.follow(o, f.End)
	}
}

// longest is the length from which nothing can become more severe.
func (l levels) longest() (m jobs.Micros) {
	for _, v := range l {
		m = max(m, v.length)
	}
	return m
}

// remember keeps the rims of the last pictures.
func (d *letterbox) remember(f *videoFrame) {
	if len(d.Recent) == recentPictures {
		copy(d.Recent, d.Recent[1:])
		d.Recent = d.Recent[:recentPictures-1]
	}
	d.Recent = append(d.Recent, rim{f.Start, f.End, rimOf(f.Frame)})
}

func rimOf(f *measurement.Frame) (mean [4]int16) {
	const w, h = measurement.GridW, measurement.GridH
	var sum [4]int
	for x := range w {
		sum[0] += int(f.Grid[x])
		sum[1] += int(f.Grid[(h-1)*w+x])
	}
	for y := range h {
		sum[2] += int(f.Grid[y*w])
		sum[3] += int(f.Grid[y*w+w-1])
	}
	return [4]int16{int16(sum[0] / w), int16(sum[1] / w), int16(sum[2] / h), int16(sum[3] / h)}
}

// observe returns the shape of one picture. Dark pictures, stills and test patterns say nothing about it.
func (d *letterbox) observe(f *videoFrame) (shape, bool) {
	e, w, h := edgesOf(f.Texture), sideLength(f.Format.Width), sideLength(f.Format.Height)
	if w <= 0 || h <= 0 || f.HasPair && f.Pair.Changed == 0 {
		return shape{}, false
	}
	a := area{e.Left, e.Top, w - e.Right, h - e.Bottom}
	whole, lit := int64(w)*int64(h), int64(a.width())*int64(a.height())
	if a.width() <= 0 || a.height() <= 0 || float64(lit) < leastArea*float64(whole) {
		return shape{}, false
	}
	scale := depthScale(f.Format)
	if f.SumY-16*scale*(whole-lit) < litMean*scale*lit || e != (edges{}) && !litAlong(f, a) {
		return shape{}, false
	}
	if _, isBars := d.table.find(f, e); isBars {
		return shape{}, false
	}
	part := func(lines, size int32) int32 { return int32(int64(lines) * shareUnit / int64(size)) }
	return shape{
		Share: edges{part(e.Top, h), part(e.Bottom, h), part(e.Left, w), part(e.Right, w)}, Edges: e, Width: f.Format.Width, Height: f.Format.Height,
		SARNum: f.Format.SARNum, SARDen: f.Format.SARDen, From: f.Start, FrameEnd: f.End, Seen: 1, Tight: 1,
	}, true
}

// litAlong tells whether the picture is lit along the inside of its borders.
func litAlong(f *videoFrame, a area) bool {
	r := lumaCells(f.Format, a)
	if r.count() == 0 {
		return false
	}
	lit := func(x, y, dx, dy, n int) bool {
		count := 0
		for range n {
			if f.Frame.Grid[y*measurement.GridW+x] > darkLuma {
				count++
			}
			x, y = x+dx, y+dy
		}
		return float64(count) >= litEdge*float64(n)
	}
	w, h := r.x1-r.x0, r.y1-r.y0
	return (a.Y0 == 0 || lit(r.x0, r.y0, 1, 0, w)) && (a.Y1 == sideLength(f.Format.Height) || lit(r.x0, r.y1-1, 1, 0, w)) &&
		(a.X0 == 0 || lit(r.x0, r.y0, 0, 1, h)) && (a.X1 == sideLength(f.Format.Width) || lit(r.x1-1, r.y0, 0, 1, h))
}

// follow takes the shape of a picture that ends at a time.
func (d *letterbox) follow(o shape, end jobs.Micros) {
	if d.Shape != nil && d.Shape.greatest(&o) < d.change {
		d.Next = nil
		return
	}
	n := d.Next
	if n == nil || o.Share.reachesBeyond(n.Share) {
		// It reaches further than what was taken for a border: that was a dark rim.
		if n != nil {
			o.Share, o.Edges = o.Share.least(n.Share), o.Edges.least(n.Edges)
		}
		o.From, o.FrameEnd = d.since(o.From, o.FrameEnd)
		next := o
		d.Next = &next
		return
	}
	n.Seen++
	if o.Share.tight(n.Share) {
		n.Tight++
	}
	if d.ripe(n, end) {
		d.accept(n)
	}
}

// ripe tells whether a shape has held for long enough to be believed.
func (d *letterbox) ripe(n *shape, at jobs.Micros) bool {
	held := at - n.From
	if held < d.hold || n.Seen < minObservations || 2*n.Tight < n.Seen || !n.plausible() {
		return false
	}
	return n.even() || held >= unevenHold
}

// accept makes the shape the one in force.
func (d *letterbox) accept(n *shape) {
	before := d.Shape
	d.Shape, d.Next = n, nil
	if before == nil {
		return
	}
	d.tell(n.From)
	d.Changes++
	f := jobs.Finding{
		Code: "video.letterbox_change", Start: n.From.At(), End: n.FrameEnd.At(), Value: jobs.Figure(before.greatest(n)), Threshold: jobs.Figure(d.change),
		Unit: "%", Confidence: 0.9, Message: fmt.Sprintf("the picture changes from %s to %s", before, n),
	}
	if !n.even() || !before.even() {
		f.Confidence = 0.6
	}
	d.Told = &shapeChange{f, n.From}
	if n.FrameEnd-n.From >= d.levels.longest() {
		d.tell(n.FrameEnd)
	}
}

// tell reports the change that waits, by how long its shape has held.
func (d *letterbox) tell(at jobs.Micros) {
	c := d.Told
	d.Told = nil
	if c == nil {
		return
	}
	if l, ok := d.levels.reached(at - c.Since); ok {
		c.Finding.Severity = l.severity
		d.emit(c.Finding)
	}
}

// since looks among the last pictures for the first that is like the newest at its rim.
func (d *letterbox) since(from, end jobs.Micros) (jobs.Micros, jobs.Micros) {
	n := len(d.Recent)
	for i := n - 2; i >= 0; i-- {
		if d.Recent[i].End != d.Recent[i+1].Start {
			break
		}
		for k, v := range d.Recent[i].Mean {
			if c := v - d.Recent[n-1].Mean[k]; c > rimStep || c < -rimStep {
				return from, end
			}
		}
		from, end = d.Recent[i].Start, d.Recent[i].End
	}
	return from, end
}

func (d *letterbox) gap(_, _ jobs.Micros) {
	d.Next = nil
	d.Recent = d.Recent[:0]
}

// finish also tells of a picture that never fills the frame in either direction.
func (d *letterbox) finish(at jobs.Micros) {
	d.tell(at)
	s := d.Shape
	if s == nil || d.Changes > 0 || !s.windowbox() || len(d.levels) == 0 {
		return
	}
	d.emit(jobs.Finding{
		Code: "video.letterbox_change", Severity: jobs.Info, Start: s.From.At(), End: max(s.FrameEnd, at).At(), Value: jobs.Figure(s.greatest(&shape{})),
		Threshold: jobs.Figure(d.change), Unit: "%", Confidence: 0.9, Message: fmt.Sprintf("the picture is never larger than %s", s),
	})
}

func (d *letterbox) unmeasured(code string) string {
	if code == "video.letterbox_change" && d.Seen == 0 {
		return "no picture that moves is bright enough to show its borders"
	}
	return ""
}

func letterboxThresholds() []Threshold {
	none := math.NaN()
	return []Threshold{
		{"video.letterbox_change.info", 2, 0, day, "s", "A change to borders that hold for this long is info."},
		{"video.letterbox_change.warn", none, 0, day, "s", "A change to borders that hold for this long is a warning."},
		{"video.letterbox_change.fail", none, 0, day, "s", "A change to borders that hold for this long is a failure."},
		{"video.letterbox_change.hold", 2, 0.5, 60, "s", "Borders must hold for this long before and after a change."},
		{"video.letterbox_change.change", 2, 0.5, 50, "%", "A border that moves by less than this share of the picture's size has not changed."},
	}
}
