package judge

import (
	"fmt"
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// brokenShare is how many blocks of 100 must break the picture beyond what is usual. Clean clips have none in most pictures, and 1.7 in the worst.
	brokenShare = 0.6
	// brokenLeast is the same as a number of blocks, for small pictures.
	brokenLeast = 4
	// usualFactor raises it by what the stream has all the time: graphics have sides of their own, which break the controls as well, and so has poor coding without a loop filter.
	usualFactor = 2
	// usualPairs is how many pairs say what is usual; the worst tenth of them does not count.
	usualPairs = 32
	// settlePairs is how many pairs a stream or a scene is given to show what is usual in it. A run that begins within them is damage only if the picture from before comes back.
	settlePairs = 8
	sceneSettle = 3
	// A cut changes this share of the blocks, and the picture this many times as much as usual; at the border of two units, the cells by this many code values.
	sceneShare, sceneFactor, sceneCells = 0.8, 3, 12
	// comeBack is how near the picture after a run must come to that before it, as a share of the change at its beginning.
	comeBack = 0.4
	// corruptLeast and corruptEvery are how many pictures must be broken, and one of how many: keyframes and golden frames of a poor coding break one now and then.
	corruptLeast, corruptEvery = 3, 6
	// glaring is the share of broken blocks, in per cent, from which fewer pictures are info; a single one only if what broke does not stay for longer than graphicLeast, as a
	// graphic does that appears with edges on the grid.
	glaring                  = 2
	graphicLeast jobs.Micros = 500e3
	// flatShare is how many flat blocks a picture must have gained for each broken one, to be one with a mosaic over a part of it.
	flatShare = 0.6
	// blockySpan is within what time three samples must show gross blocks for a stream in which broken blocks are info, because those of the codec show anyway. Poor coding may show
	// them in its key frames only, which come once a second or two.
	blockySpan jobs.Micros = 5e6
	// plainContrast is how many code values the cells of a picture must differ from their mean, on average, to show something.
	plainContrast = 2
	// holdMost is how long damage that stands still is followed when no more of it is new.
	holdMost jobs.Micros = 10e6
)

// corruption finds blocks that break the picture: wrong residuals, references that are missing, fill. It compares the sides of blocks with a control that lies where no codec
// puts sides, and with what is usual in the stream (detectors.md 2.3).
type corruption struct {
	Run *corruptRun `json:",omitempty"`
	// Usual is of the last pairs, without those of runs.
	Usual usualTrack
	// Standing is the share of broken blocks in the last picture that was fine, whether they were new or not.
	Standing float64
	Scene    sceneTrack
	// Grey and Green are the blocks filled with one or the other.
	Grey, Green fillTrack
	Told        toldTrack
	// Flat is how many blocks of the last sample before the run had no variance.
	Flat int32 `json:",omitempty"`
	// Intra is how many pictures in a row were coded without reference, up to intraRow.
	Intra int `json:",omitempty"`
	// Gross holds the times of the last three samples in which the blocks of the codec show grossly; Seen counts them up to three.
	Gross [3]jobs.Micros
	Seen  int

	share  float64
	levels levels
	told   levels
	emit   emitter
}

// corruptRun is a run of pictures that are broken.
type corruptRun struct {
	run
	Count  int
	Frames int
	Last   jobs.Micros // end of the last picture that broke anew
	Peak   float64     // per cent
	Usual  float64
	Blocky bool
	Filled float64 // greatest share of filled blocks beyond what is usual, in per cent
	Least  float64 `json:",omitempty"` // from which share on they count
	// Before is what the picture looked like before a cut with which the run began, Jump by how much the cut changed it, and Near how near to it the pictures have come since
	// that are fine.
	Before     *cells
	Jump, Near int64
	Early      bool // there was nothing before
	// Ways are those of the last pairs after a cut.
	Ways usualTrack `json:",omitzero"`
	// Samples with broken blocks, and those of them in which so many more were flat.
	Samples, Mosaic int `json:",omitempty"`
}

func newCorruption(p *params, emit emitter) videoDetector {
	return &corruption{
		share: p.or("video.corruption.share", brokenShare), levels: p.levels("video.corruption"), told: p.levels("video.decode_error"), emit: emit,
		Told: toldTrack{concealed: p.or("video.decode_error.concealed", 5)},
	}
}

func (d *corruption) frame(f *videoFrame) {
	d.Told.frame(f)
	d.Scene.frame(f)
	d.intra(f)
	filled, least := d.filled(f)
	d.expire(f)
	if f.Texture != nil && d.Run == nil && !d.Told.recent(f.Start) {
		d.blocky(f)
	}
	if d.Run != nil {
		d.Run.Frames++
	} else if f.Texture != nil {
		d.Flat = f.Texture.SolidBlocks
	}
	if broken := f.HasPair && f.Pair.Blocks > 0 && d.pair(f); !broken && d.Run != nil {
		d.Run.compare(f)
	}
	if filled > 0 {
		r := d.extend(f)
		r.Filled, r.Least = max(r.Filled, filled), least
	}
	d.Run.flat(f, d.Flat)
	d.Scene.keep(f)
}

// filled is the share of blocks that decoders have filled, and from which share on they count, in per cent; 0 when there are too few.
func (d *corruption) filled(f *videoFrame) (share, least float64) {
	var grey, green int32
	if f.Texture != nil {
		grey, green = f.Texture.Grey, f.Texture.Green
	}
	share, least = d.Grey.frame(f, grey, fillShare, d.Scene.Since), fillShare
	if zero := d.Green.frame(f, green, greenShare, d.Scene.Since); zero > 0 {
		share, least = share+zero, greenShare
	}
	if share > 0 && plain(f) {
		return 0, 0 // nothing but grey or green is told as video.solid_color
	}
	return share, least
}

// flat looks whether the blocks that break are the cells of a mosaic: before is how many had no variance without it. What damage leaves has some.
func (r *corruptRun) flat(f *videoFrame, before int32) {
	if r == nil || f.Texture == nil || !f.HasPair || f.Pair.Broken < brokenLeast {
		return
	}
	r.Samples++
	if float64(f.Texture.SolidBlocks-before) >= flatShare*float64(f.Pair.Broken) {
		r.Mosaic++
	}
}

// blocky follows whether the stream is one whose blocks show anyway.
func (d *corruption) blocky(f *videoFrame) {
	if f.blocks().first >= blockinessGross {
		d.Gross = [3]jobs.Micros{d.Gross[1], d.Gross[2], f.Start}
		d.Seen = min(d.Seen+1, len(d.Gross))
	}
}

// poor tells whether the last samples showed the blocks of the codec.
func (d *corruption) poor(at jobs.Micros) bool {
	return d.Seen == len(d.Gross) && at-d.Gross[0] <= blockySpan
}

// pair looks at the blocks of a pair and tells whether the picture is broken.
func (d *corruption) pair(f *videoFrame) bool {
	p := &f.Pair
	fresh, all := percent(p.BrokenNew-p.ControlNew, p.Blocks), percent(p.Broken-p.Control, p.Blocks)
	usual := d.Usual.most()
	if fresh >= d.share+usualFactor*usual && p.BrokenNew-p.ControlNew >= brokenLeast && !d.keyOfMany(f) && !plain(f) {
		r := d.extend(f)
		r.Count++
		r.Last = f.End
		r.Peak, r.Usual = max(r.Peak, fresh), usual
		r.learn(f, d)
		return true
	}
	// What was there from the beginning is no damage that stays, so that what is usual is learnt meanwhile.
	if r := d.Run; r != nil && (!r.Early || d.Told.recent(f.Start)) {
		if all >= d.Standing+max(d.share, usual) && f.End-r.Last <= holdMost {
			r.To = f.End
			return true
		}
		return false
	}
	d.Standing = all
	if !stands(f) { // whatever is usual does not show while nothing moves
		d.Usual.add(p)
	}
	return false
}

// learn takes a broken picture for what is usual, at once where there was nothing before, and else when the run turns out to be a scene.
func (r *corruptRun) learn(f *videoFrame, d *corruption) {
	switch {
	case d.Told.recent(f.Start): // damage is nothing usual
	case r.Early:
		d.Usual.add(&f.Pair)
	case r.Before != nil:
		r.Ways.add(&f.Pair)
	}
}

// usualTrack holds the shares of broken blocks and of broken controls of the last pairs in per cent.
type usualTrack struct {
	Pairs [usualPairs]float64
	Next  int
	Count int
}

func (t *usualTrack) add(p *measurement.Pair) {
	t.Pairs[t.Next] = percent(p.BrokenNew, p.Blocks) + percent(p.ControlNew, p.Blocks)
	t.Next = (t.Next + 1) % usualPairs
	t.Count = min(t.Count+1, usualPairs)
}

// most is what nine of ten of the pairs do not exceed.
func (t *usualTrack) most() float64 {
	if t.Count == 0 {
		return 0
	}
	list := t.Pairs
	slices.Sort(list[:t.Count])
	return max(0, list[t.Count*9/10])
}

// plain tells whether a picture shows one colour all over: what breaks there is coded noise, and what is filled is no part of it.
func plain(f *videoFrame) bool {
	return cellContrast(&f.Grid) < plainContrast*int64(len(f.Grid))
}

// intraPicture is measurement.Frame.PictType of one coded without reference. A poor coding breaks it, once a GOP; what is damaged in it is seen in the next.
const intraPicture = 1

// intraRow is how many pictures in a row are coded without reference where all are, as codecs of archives do. There each is like the one before, and counts.
const intraRow = settlePairs

func (d *corruption) intra(f *videoFrame) {
	if f.PictType != intraPicture {
		d.Intra = 0
		return
	}
	d.Intra = min(d.Intra+1, intraRow)
}

// keyOfMany tells whether a picture coded without reference stands among others that have one.
func (d *corruption) keyOfMany(f *videoFrame) bool {
	return f.PictType == intraPicture && d.Intra < intraRow
}

func percent(n, of int32) float64 { return 100 * float64(n) / float64(max(1, of)) }

func (d *corruption) extend(f *videoFrame) *corruptRun {
	if d.Run == nil {
		d.Run = &corruptRun{run: run{From: f.Start}, Frames: 1, Last: f.End, Blocky: d.poor(f.Start)}
		d.Run.Early = d.Scene.Pairs < settlePairs
		if d.Scene.Since < sceneSettle {
			d.Run.Before, d.Run.Jump, d.Run.Near = d.Scene.Before, d.Scene.Jump, d.Scene.Jump
		}
	}
	d.Run.To = f.End
	return d.Run
}

// expire ends a run that nothing joins any more.
func (d *corruption) expire(f *videoFrame) {
	if r := d.Run; r != nil && f.Start-r.To > damageMerge {
		d.end(f.Start)
	}
}

func (d *corruption) gap(from, to jobs.Micros) {
	d.Told.lost(from, to)
	if d.Run != nil {
		d.Run.Before = nil // what is lost after a cut that broke the picture is reason enough
	}
	d.end(from)
	d.Scene = sceneTrack{Pairs: d.Scene.Pairs}
	d.Grey, d.Green = fillTrack{}, fillTrack{}
}

func (d *corruption) finish(at jobs.Micros) { d.end(at) }

// end closes the run, at the latest at the time given.
func (d *corruption) end(at jobs.Micros) {
	// Few broken pictures beside what the decoder complains about, or beside a hole, are no second finding.
	r := d.Run
	d.Run = nil
	if r == nil {
		return
	}
	holds := r.holds(d.Told.overlaps(r))
	if !holds && r.scene() && r.Ways.Count > 0 {
		d.Usual = r.Ways
	}
	if !holds || !r.often() && r.Filled == 0 && d.Told.near(r) {
		return
	}
	r.To = min(r.To, at)
	l, ok := d.levels.reached(r.length())
	doubtful := r.Blocky || !r.often() && (r.Filled == 0 || r.Least == fillShare && r.Filled < sureShare && !d.Told.overlaps(r))
	told := !doubtful && d.Told.tells(r, d.told, l.severity)
	if doubtful || told {
		l, ok = d.levels.mild().reached(r.length())
	}
	if !ok {
		return
	}
	f := r.finding(l)
	f.Code, f.Unit = "video.corruption", "%"
	f.Value, f.Threshold = jobs.Figure(r.Peak), jobs.Figure(d.share+usualFactor*r.Usual)
	if r.Count == 0 {
		f.Value, f.Threshold = jobs.Figure(r.Filled), jobs.Figure(r.Least)
	}
	f.Confidence, f.Message = r.confidence(), r.message(d.share)
	if told {
		f.Confidence = 1
		f.Message += "; the decoder complains, too: see video.decode_error"
	}
	d.emit(f)
}

// often tells whether enough pictures are broken.
func (r *corruptRun) often() bool { return r.Count >= corruptLeast && r.Count*corruptEvery >= r.Frames }

// holds tells whether a run is more than the ways of a scene; told says that the decoder complains about it.
func (r *corruptRun) holds(told bool) bool {
	if !r.often() && !r.glares() && r.Filled == 0 || r.Early {
		return false
	}
	if 2*r.Mosaic >= r.Samples && r.Mosaic > 0 && r.Filled == 0 && !told {
		return false
	}
	return !r.scene() || told && r.often()
}

// scene tells whether the run began with a cut and the picture from before has not come back.
func (r *corruptRun) scene() bool {
	return r.Before != nil && (r.Jump == 0 || float64(r.Near) > comeBack*float64(r.Jump))
}

func (r *corruptRun) glares() bool {
	return r.Peak >= glaring && (r.Count > 1 || r.length() < graphicLeast)
}

// compare looks whether the picture comes back to what it was.
func (r *corruptRun) compare(f *videoFrame) {
	if r.Before != nil {
		r.Near = min(r.Near, r.Before.distance(f.Frame))
	}
}

func (r *corruptRun) confidence() jobs.Number {
	if r.Filled > 0 {
		return 0.9
	}
	return jobs.Number(min(0.95, 0.5+0.02*float64(r.Count)+0.05*r.Peak))
}

func (r *corruptRun) message(share float64) string {
	if r.Count == 0 {
		return fmt.Sprintf("up to %.0f %% of the picture are at once the grey or green that decoders fill in for what is lost, for %.2f s; %g %% count", r.Filled, r.length().Seconds(),
			r.Least)
	}
	return fmt.Sprintf("%d pictures within %.2f s are broken: up to %.1f %% of their blocks have edges that do not continue; usual are %.1f %%, and %.1f %% more count",
		r.Count, r.length().Seconds(), r.Peak, r.Usual, share)
}

func corruptionThresholds() []Threshold {
	return []Threshold{
		{"video.corruption.info", 0, 0, day, "s", "Broken pictures for this long are info."},
		{"video.corruption.warn", 0.2, 0, day, "s", "Broken pictures for this long are a warning."},
		{"video.corruption.fail", 1, 0, day, "s", "Broken pictures for this long are a failure."},
		{"video.corruption.share", brokenShare, 0.1, 100, "%", "A picture is broken when this share of its blocks has edges that do not continue, beyond twice what is usual in the stream."},
	}
}
