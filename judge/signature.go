package judge

import (
	"encoding/binary"
	"math"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	// pictureStep is the grid of time of the pictures that signatures are made of; those of sound are the cells of leastStep.
	pictureStep jobs.Micros = 500e3
	// maxTrace bounds how much of a check has signatures, in seconds of pictures: 25 MB of memory.
	maxTrace = 24 * 3600
	// maxTracePictures and maxTraceLevels are that in cells.
	maxTracePictures = maxTrace * 1e6 / int(pictureStep)
	maxTraceLevels   = maxTrace * 1e6 / int(leastStep)
	// pictureW and pictureH are the size of a picture in a signature.
	pictureW, pictureH = measurement.GridW / 2, measurement.GridH / 2
	// maxSigned bounds the signatures of a check.
	maxSigned = 2000
	// levelPoints is how many levels a signature has, from levelMargin before the finding to as much after it.
	levelPoints             = 24
	levelMargin jobs.Micros = 2e6
	// silent is the level of digital silence, and of where there is no sound.
	silent = math.MinInt8
)

// trace keeps what the signatures of findings are made of: a finding is known when it is over, and what was before it must still be there.
type trace struct {
	Pictures, Levels cellStore
	// Due is when the next picture is taken.
	Due jobs.Micros
}

func newTrace() trace {
	return trace{Pictures: cellStore{width: pictureW * pictureH}, Levels: cellStore{width: 1}}
}

// frame takes the picture that stands at the next due times, or only at the first of them.
func (t *trace) frame(f *videoFrame, shallow bool) {
	if t.Due < f.Start {
		t.Due = (f.Start + pictureStep - 1) / pictureStep * pictureStep
	}
	if shallow && t.Due < f.Start+pictureStep {
		f = &videoFrame{Frame: f.Frame, Start: f.Start, End: t.Due + 1}
	}
	for ; t.Due < f.End; t.Due += pictureStep {
		cell := int64(t.Due / pictureStep)
		if cell >= t.Pictures.next() {
			small := halved(&f.Grid)
			t.Pictures.add(cell, maxTracePictures, small[:])
		}
	}
}

// halved is the grid of a picture in half its size each way, four cells at a time: their sums stand beside each other in a word.
func halved(grid *[measurement.GridW * measurement.GridH]uint8) (small [pictureW * pictureH]byte) {
	const even, two = 0x00ff00ff00ff00ff, 0x0002000200020002
	for y := range pictureH {
		above := grid[2*y*measurement.GridW:][:2*measurement.GridW]
		row := small[y*pictureW:][:pictureW]
		for x := 0; x < pictureW; x += 4 {
			a, b := binary.LittleEndian.Uint64(above[2*x:]), binary.LittleEndian.Uint64(above[measurement.GridW+2*x:])
			sum := (a&even + a>>8&even + b&even + b>>8&even + two) >> 2 & even
			row[x], row[x+1], row[x+2], row[x+3] = byte(sum), byte(sum>>16), byte(sum>>32), byte(sum>>48)
		}
	}
	return small
}

// sound takes the level of a cell of leastStep: a mean square of all channels.
func (t *trace) sound(cell int64, meanSquare float64) {
	level := silent
	if db := 10 * math.Log10(meanSquare); db >= silent+1 {
		level = int(math.Round(min(db, math.MaxInt8)))
	}
	t.Levels.add(cell, maxTraceLevels, []byte{byte(int8(level))})
}

// picture is the one at a cell of pictureStep; empty where none is known.
func (t *trace) picture(cell int64) []byte {
	if p := t.Pictures.at(cell); p != nil {
		return append([]byte(nil), p...)
	}
	return []byte{}
}

// pictures are those of a finding: 1 s and 0.5 s before its start, its first, middle and last, 0.5 s and 1 s after its end. Those within are empty in a finding that is shorter
// than the grid.
func (t *trace) pictures(from, to jobs.Micros) [][]byte {
	const half = pictureStep / 2
	near := func(at jobs.Micros) int64 {
		if at < -half {
			return -1
		}
		return int64((at + half) / pictureStep)
	}
	first := int64((from + pictureStep - 1) / pictureStep)
	last := int64((to+pictureStep-1)/pictureStep) - 1
	list := [][]byte{t.picture(near(from - 1e6)), t.picture(near(from - 500e3)), {}, {}, {}, t.picture(near(to + 500e3)), t.picture(near(to + 1e6))}
	if first <= last {
		list[2], list[3], list[4] = t.picture(first), t.picture(min(max(first, near(from+(to-from)/2)), last)), t.picture(last)
	}
	return list
}

// levels are those around a finding.
func (t *trace) levels(from, to jobs.Micros) []int8 {
	list := make([]int8, levelPoints)
	span := to - from + 2*levelMargin
	for i := range list {
		at := from - levelMargin + span*jobs.Micros(i)/(levelPoints-1)
		list[i] = silent
		if v := t.Levels.at(int64(at / leastStep)); at >= 0 && v != nil {
			list[i] = int8(v[0])
		}
	}
	return list
}

// Signatures are those of the findings of the report that are more than information, at most 2000, of the worst first. They are there once the check is judged. What was not analysed has none.
func (j *Judge) Signatures(findings []jobs.Finding) []jobs.Signed {
	list := []jobs.Signed{}
	for _, s := range []jobs.Severity{jobs.Fail, jobs.Warn} {
		for i := range findings {
			if f := &findings[i]; f.Severity == s && len(list) < maxSigned {
				list = append(list, jobs.Signed{Finding: jobs.FindingKey(f), Signature: j.signature(f)})
			}
		}
	}
	return list
}

func (j *Judge) signature(f *jobs.Finding) jobs.Signature {
	s := jobs.Signature{Duration: max(0, f.End-f.Start)}
	if t := j.seen(measurement.Video, f.Rendition); t != nil {
		from, to := t.unmoved(f)
		s.Pictures = t.s.Chart.Trace.pictures(from, to)
	}
	if t := j.seen(measurement.Audio, f.Rendition); t != nil {
		from, to := t.unmoved(f)
		s.Levels = t.s.Chart.Trace.levels(from, to)
	}
	return s
}

// seen is the rendition of a finding, or the first of a kind where the finding is about another one.
func (j *Judge) seen(kind measurement.Kind, id string) *rendition {
	var first *rendition
	for i := range j.list {
		t := &j.list[i]
		if t.s.Kind != kind || t.s.Chart == nil {
			continue
		}
		if t.ID == id {
			return t
		}
		if first == nil {
			first = t
		}
	}
	return first
}

// unmoved are the times of a finding before the rendition was aligned.
func (t *rendition) unmoved(f *jobs.Finding) (from, to jobs.Micros) {
	from, to = f.Start.Micros(), max(f.Start, f.End).Micros()
	return from - shiftAt(t.shift, from), to - shiftAt(t.shift, to)
}
