package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/klauspost/compress/zstd"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/storage"
	"aircheck/worker/fold"
)

// growth is a check as far as its instalments go. It only ever grows, so a worker may keep it whoever else looks at the check.
type growth struct {
	archive.Growing
	// windows are those of each sequence, by their index.
	windows map[string][]dueWindow
}

// dueWindow is a window with what is known of its publication.
type dueWindow struct {
	jobs.Window
	// published is when the segment was first seen that ends at edge, the last of its instalment.
	published time.Time
	edge      jobs.Micros
}

// watched is a check between two looks.
type watched struct {
	*growth
	// fold is what was folded since something was told; nil when that is nothing.
	fold *fold.Fold
	// snapshot is what it begins from; nil: from the first window.
	snapshot *fold.Snapshot
	// next is the index of the next window to fold, by sequence; nil: nothing is loaded.
	next map[string]int
	// told are the findings that were told.
	told []told
	// events counts what was told.
	events   int
	finished bool
	// Since something was told: the windows that were folded, whether there is other news, and when it was.
	fresh  []dueWindow
	news   bool
	toldAt time.Time
	// annexAt is when curves and signatures were written last.
	annexAt time.Time
	// more: there are windows left to fold.
	more bool
	// unreadable are windows whose results nobody can read: their sequences stop there until the judge has them measured again.
	unreadable map[jobs.WindowID]bool
	bytes      int
	// grades are what was written about the segments of each sequence, by this worker.
	grades map[string]*grades
}

func (w *watched) check() *jobs.Check { return w.growth.Check }

// due are the windows of a sequence that are not folded.
func (w *watched) due(sequence string) []dueWindow {
	all := w.windows[sequence]
	return all[min(w.next[sequence], len(all)):]
}

// add takes the next instalment.
func (g *growth) add(i *jobs.Instalment) error {
	if err := g.Add(i); err != nil {
		return err
	}
	edges := map[string]jobs.Micros{}
	for _, w := range i.Windows {
		edges[w.Sequence] = max(edges[w.Sequence], w.End)
	}
	for _, w := range i.Windows {
		if w.Index != len(g.windows[w.Sequence]) {
			return jobs.Classify(jobs.Permanent, fmt.Errorf("instalment %d: window %d of %s where %d is due", i.Index, w.Index, w.Sequence, len(g.windows[w.Sequence])))
		}
		g.windows[w.Sequence] = append(g.windows[w.Sequence], dueWindow{Window: w, published: i.Published, edge: edges[w.Sequence]})
	}
	return nil
}

// errAgain says that the look has to begin anew.
var errAgain = errors.New("what was folded is of no use")

// begin makes the fold if there is none. A state that cannot be used, as that of another release, is made anew from the measurements: then all windows are due
// again, and the error is errAgain.
func (w *watched) begin() (err error) {
	if w.fold != nil {
		return nil
	}
	if w.snapshot == nil {
		w.fold, err = fold.New(w.check())
		return jobs.Classify(jobs.Permanent, err)
	}
	if w.fold, err = fold.Restore(w.check(), *w.snapshot); err == nil {
		return nil
	}
	w.fold, w.snapshot, w.fresh = nil, nil, nil
	clear(w.next)
	return errAgain
}

// spoil forgets a fold that met a result which nobody can read, and the window: the next look begins with what is stored, and stops before it.
func (w *watched) spoil(id jobs.WindowID) error {
	if w.unreadable == nil {
		w.unreadable = map[jobs.WindowID]bool{}
	}
	w.unreadable[id] = true
	w.fold, w.snapshot, w.fresh, w.next = nil, nil, nil, nil
	return errAgain
}

// ripe tells whether it is time to judge: every sequence has begun, and none lags behind that may be there in a moment.
func (w *watched) ripe(now time.Time) bool {
	lags := w.more
	for _, q := range w.check().Timeline.Sequences {
		if len(w.windows[q.ID]) == 0 {
			continue
		}
		if w.next[q.ID] == 0 && w.unreadable[w.windows[q.ID][0].ID()] {
			continue // it begins when the judge has that measured again
		}
		if w.next[q.ID] == 0 {
			return w.news && len(w.fresh) == 0 // faults are told before there is a picture
		}
		lags = lags || len(w.due(q.ID)) > 0
	}
	patience := time.Duration(w.check().WindowLength) * time.Microsecond
	return !lags || w.news || now.Sub(w.toldAt) >= patience
}

// complete tells whether all windows that are known are folded.
func (w *watched) complete() bool {
	for sequence := range w.windows {
		if len(w.due(sequence)) > 0 {
			return false
		}
	}
	return true
}

// edge is how far a sequence is folded.
func (w *watched) edge(sequence string) jobs.Micros {
	if n := w.next[sequence]; n > 0 && n <= len(w.windows[sequence]) {
		return w.windows[sequence][n-1].End
	}
	return 0
}

// judged is how far the slowest sequence is folded that is not done with all of its windows; else how far the furthest is.
func (w *watched) judged() jobs.Micros {
	var furthest jobs.Micros
	slowest := jobs.Micros(-1)
	for _, q := range w.check().Timeline.Sequences {
		edge := w.edge(q.ID)
		furthest = max(furthest, edge)
		if len(w.due(q.ID)) > 0 && (slowest < 0 || edge < slowest) {
			slowest = edge
		}
	}
	if slowest >= 0 {
		return slowest
	}
	return furthest
}

// segmentBytes is about what a segment takes in memory.
const segmentBytes = 300

func (w *watched) timelineBytes() int {
	n := 0
	for i := range w.check().Timeline.Sequences {
		n += len(w.check().Timeline.Sequences[i].Segments)
	}
	return n * segmentBytes
}

// header is the first line of a stored state; the snapshot of the judge follows.
type header struct {
	V        int            `json:"v"`
	Check    string         `json:"check"`
	Next     map[string]int `json:"next"`
	FFmpeg   []string       `json:"ffmpeg,omitempty"`
	Told     []told         `json:"told,omitempty"`
	Events   int            `json:"events"`
	Finished bool           `json:"finished,omitempty"`
}

// maxStateBytes bounds a state that is read back.
const maxStateBytes = 1 << 30

// encode writes the state.
func (w *watched) encode(s fold.Snapshot) ([]byte, error) {
	h := header{V: jobs.Version, Check: w.check().ID, Next: w.next, FFmpeg: s.FFmpeg, Told: w.told, Events: w.events, Finished: w.finished}
	return h.encode(s.Judge)
}

func (h *header) encode(snapshot []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, fmt.Errorf("compress state: %w", err)
	}
	err = json.NewEncoder(z).Encode(h)
	if err == nil {
		_, err = z.Write(snapshot)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		return nil, fmt.Errorf("encode state of check %s: %w", h.Check, err)
	}
	return b.Bytes(), nil
}

// decodeState reads a state.
func decodeState(doc []byte) (h header, snapshot []byte, err error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxStateBytes))
	if err != nil {
		return h, nil, fmt.Errorf("decompress state: %w", err)
	}
	defer z.Close()
	plain, err := z.DecodeAll(doc, nil)
	if err != nil {
		return h, nil, fmt.Errorf("decompress state: %w", err)
	}
	line, snapshot, _ := bytes.Cut(plain, []byte("\n"))
	if err := json.Unmarshal(line, &h); err != nil {
		return h, nil, fmt.Errorf("decode state: %w", err)
	}
	if h.V != jobs.Version {
		return h, nil, fmt.Errorf("decode state: %w %d", jobs.ErrVersion, h.V)
	}
	return h, snapshot, nil
}

// load reads the stored state of a check. One that cannot be read counts as none.
func (o *Observer) load(ctx context.Context, id string, w *watched) error {
	w.next = map[string]int{}
	doc, err := o.Archive.JudgeState(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		w.next = nil
		return err
	}
	h, snapshot, err := decodeState(doc)
	if err != nil || h.Check != id {
		o.log().Warn("begin to judge anew", "check", id, "error", err)
		return nil
	}
	if h.Next != nil {
		w.next = h.Next
	}
	w.told, w.events, w.finished = h.Told, h.Events, h.Finished
	w.snapshot = &fold.Snapshot{FFmpeg: h.FFmpeg, Judge: snapshot}
	return nil
}
