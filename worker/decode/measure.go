//go:build cgo

// Package decode turns coded media into measurements. It runs in the decoder child and is the only importer of go-astiav.
//
// The unit of decoding is canonical: where decoders are restarted depends on the media and the timeline alone, never on the window. In a row of
// segments the unit is the segment; in an object it is the stretch from the first keyframe of a half-second cell to the next such keyframe for video,
// and ten seconds for audio. So a unit's measurement is the same in every cut, and a window is a batch of units.
package decode

import (
	"errors"
	"fmt"
	"sort"

	"github.com/asticode/go-astiav"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// Segment is one segment as the source gives it: initialisation section, segment and tail in one piece.
type Segment struct {
	State  measurement.UnitState
	Detail string
	Init   int // Data[:Init] is the initialisation section
	Data   []byte
	// Truncated: the object ends before the segment does; Data is what there is.
	Truncated bool
	// Decrypted: Data is what came out of a decryption whose key nothing has proved right.
	Decrypted bool
}

// Source gives media. Its errors end the window and are passed through.
type Source interface {
	// Segment reads Task.Segments[at].
	Segment(at int) (Segment, error)
	// ReadAt reads the task's object.
	ReadAt(p []byte, off int64) (int, error)
}

// KeySource is a Source that may have keys.
type KeySource interface {
	// Key is the content key of the object, if its samples are encrypted; nil when there is none, and detail may say what lacks.
	Key() (key []byte, detail string, err error)
}

// Output takes rows; it copies what it keeps.
type Output interface {
	Frame(*measurement.Frame) error
	Slot(*measurement.Slot) error
}

// window is the state of one call of Measure.
type window struct {
	task    jobs.Task
	src     Source
	out     Output
	header  measurement.Header
	units   map[int]*measurement.Unit
	video   map[int]*videoChain // by track ordinal
	bases   map[trackID]measurement.Format
	audio   *audioRunner
	seq     int64
	next    *demuxed          // the segment behind the present one, at jobs.DepthFast
	history map[int][]*packet // of segments before the present one, at jobs.DepthFast
	past    []pastSegment     // the latest ones, for the run-up of those behind them; else
	err     error             // first error of out
	lock    lock              // of the object
	// only is the one track that counts, nil for all; show takes its pictures instead of the kernel, nil for a measurement. See Compare.
	only *trackID
	show func(shown) error
	// hear takes decoded sound instead of the kernel; nil for a measurement. See See.
	hear func(t *track, f *astiav.Frame, own bool) error
}

// Measure decodes and measures one window. A broken stream is part of the header's units; an error means that the source or the output failed, or
// that the task makes no sense.
//
// A process measures one window at a time: decoders complain to FFmpeg's log, which is one for all of them.
func Measure(task jobs.Task, src Source, out Output) (measurement.Header, error) {
	if err := load(); err != nil {
		return measurement.Header{}, err
	}
	w := newWindow(task, src, out)
	defer w.close()
	if err := w.run(); err != nil {
		return measurement.Header{}, err
	}
	w.listUnits()
	return w.header, nil
}

func newWindow(task jobs.Task, src Source, out Output) *window {
	return &window{
		task: task, src: src, out: out,
		units: map[int]*measurement.Unit{}, video: map[int]*videoChain{}, history: map[int][]*packet{}, bases: map[trackID]measurement.Format{}, audio: &audioRunner{},
		header: measurement.Header{
			V: jobs.Version, Measure: jobs.MeasureVersion, FFmpeg: FFmpegVersion(),
			Sequence: task.Window.Sequence, Window: task.Window.Index,
		},
	}
}

// run decodes the window.
func (w *window) run() error {
	var err error
	switch {
	case w.task.Object != nil:
		err = w.object()
	case w.task.Context >= 0 && w.task.Context <= len(w.task.Segments):
		err = w.segments()
	default:
		err = jobs.Classify(jobs.Permanent, fmt.Errorf("context %d of %d segments", w.task.Context, len(w.task.Segments)))
	}
	return errors.Join(err, w.err)
}

func (w *window) close() {
	w.forget()
	w.forgetPast()
	for _, c := range w.video {
		c.close()
	}
	w.audio.close()
}

// unit finds or makes the record of a unit.
func (w *window) unit(index int) *measurement.Unit {
	u := w.units[index]
	if u == nil {
		u = &measurement.Unit{Index: index, State: measurement.UnitOK}
		w.units[index] = u
	}
	return u
}

// unitTrack finds or makes the record of one track in a unit.
func (w *window) unitTrack(index int, t *track) *measurement.UnitTrack {
	u := w.unit(index)
	for i := range u.Tracks {
		if u.Tracks[i].Kind == t.kind && u.Tracks[i].Track == t.ordinal {
			return &u.Tracks[i]
		}
	}
	w.bases[t.id()] = t.base
	u.Tracks = append(u.Tracks, measurement.UnitTrack{Kind: t.kind, Track: t.ordinal, Format: -1})
	return &u.Tracks[len(u.Tracks)-1]
}

// format finds or adds a format. Formats are numbered in order of first appearance; readers compare what they say, not their numbers.
func (w *window) format(f measurement.Format) int {
	for i := range w.header.Formats {
		if equalFormats(&w.header.Formats[i], &f) {
			return i
		}
	}
	w.header.Formats = append(w.header.Formats, f)
	return len(w.header.Formats) - 1
}

func equalFormats(a, b *measurement.Format) bool {
	x, y := *a, *b
	if len(x.Weights) != len(y.Weights) {
		return false
	}
	x.Weights, y.Weights = nil, nil
	return fmt.Sprintf("%+v", x) == fmt.Sprintf("%+v", y)
}

// sawPacket counts an owned packet.
func (w *window) sawPacket(p *packet) {
	t := w.unitTrack(p.unit, p.track)
	at := p.dated()
	switch {
	case at == noTime && (t.Packets == 0 || t.Untimed):
		t.Untimed = true
		t.EndPTS += p.duration
	case at == noTime:
	case t.Packets == 0 || t.Untimed:
		t.FirstPTS, t.EndPTS, t.Untimed = at, at+p.duration, false
	default:
		t.FirstPTS, t.EndPTS = min(t.FirstPTS, at), max(t.EndPTS, at+p.duration)
	}
	if t.Packets == 0 && p.track.kind == measurement.Video {
		t.StartsWithKey, t.Closed = p.key, p.closed
	}
	if p.track.kind == measurement.Video && w.task.Object == nil {
		sawVideo(t, p)
	}
	t.Packets++
	t.Bytes += int64(p.size)
	w.unit(p.unit).Bytes += int64(p.size)
}

// sawVideo notes where keyframes stand in a segment, and what the parameter sets there say.
func sawVideo(t *measurement.UnitTrack, p *packet) {
	if t.Codecs == "" && p.Packet != nil && (t.Packets == 0 || p.key) {
		t.Codecs = codecsOf(p.track.codec, p.track.extra, p.Data())
	}
	if t.Packets == 0 && !p.key && p.Packet != nil {
		t.StartsIntra = intra(p.track.codec, p.track.extra, p.Data())
	}
	at := p.dated()
	if !p.key || at == noTime {
		return
	}
	switch {
	case t.Keys == 0:
		t.FirstKey = at
	case at > t.LastKey:
		t.KeyGap = max(t.KeyGap, at-t.LastKey)
	}
	t.LastKey = at
	t.Keys++
}

// complain files what was said about a packet that gave no frame.
func (w *window) complain(unit int, t *track, n int, message string) {
	if n == 0 {
		return
	}
	u := w.unitTrack(unit, t)
	u.Errors += n
	if u.Example == "" {
		u.Example = message
	}
}

// listUnits orders the units and gives every track a format, even when nothing of it could be decoded.
func (w *window) listUnits() {
	for _, u := range w.units {
		judgeUnit(u)
		for i := range u.Tracks {
			if t := &u.Tracks[i]; t.Format < 0 {
				t.Format = w.format(w.bases[trackID{t.Kind, t.Track}])
			}
		}
		sort.Slice(u.Tracks, func(i, j int) bool {
			a, b := &u.Tracks[i], &u.Tracks[j]
			if a.Kind != b.Kind {
				return a.Kind == measurement.Video
			}
			return a.Track < b.Track
		})
		w.header.Units = append(w.header.Units, *u)
	}
	sort.Slice(w.header.Units, func(i, j int) bool { return w.header.Units[i].Index < w.header.Units[j].Index })
}

// judgeUnit calls a unit corrupt when it has packets and nothing could be decoded from any of them.
func judgeUnit(u *measurement.Unit) {
	if u.State != measurement.UnitOK || u.Captions != nil {
		return
	}
	for _, t := range u.Tracks {
		if t.Frames > 0 {
			return
		}
	}
	u.State = measurement.UnitCorrupt
	u.Detail = "nothing in it could be decoded"
	if len(u.Tracks) == 0 {
		u.Detail = "no audio or video in it"
	}
}
