package follow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"aircheck/jobs"
	"aircheck/producer/live"
	"aircheck/storage"
)

// maxEndBytes bounds what is read back: 200 renditions with some hundred bytes each.
const maxEndBytes = 1 << 20

// end is what the store remembers of a stream that said that it ends, so that its last segments are not checked again by whoever looks at it next, and so that
// it is known where it goes on when it does.
type end struct {
	V int `json:"v"`
	// Input is that of Stream: another address is another stream.
	Input string `json:"input"`
	// Rows are the newest segments, by the source's id.
	Rows map[string]live.Position `json:"rows"`
}

// loadEnd reads where the stream has ended; nil when it has not, or nobody knows.
func (f *Follower) loadEnd(ctx context.Context) (*end, error) {
	key, err := storage.StreamEnd(f.cfg.Stream.Name)
	if err != nil {
		return nil, err
	}
	doc, err := storage.ReadAll(ctx, f.cfg.Archive.Store(), key, maxEndBytes)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	var e end
	if err == nil {
		err = json.Unmarshal(doc, &e)
	} else if !storage.IsPermanent(err) {
		return nil, fmt.Errorf("get the end of stream %s: %w", f.cfg.Stream.Name, err)
	}
	if err != nil {
		f.cfg.Log.Warn("the end of the stream cannot be read", "stream", f.cfg.Stream.Name, "error", err)
		return nil, nil
	}
	if e.V != jobs.Version || e.Input != f.cfg.Stream.Input {
		return nil, nil
	}
	return &e, nil
}

// resume tells the source where to go on: behind what is in the store, or where the stream has ended.
func (r *run) resume(ctx context.Context) error {
	var err error
	if r.end, err = r.loadEnd(ctx); err != nil {
		return err
	}
	positions := r.ends(r.s.positions())
	if r.end != nil && len(r.s.periods) == 0 {
		r.s.endedAt(r.end.Rows)
	}
	r.cfg.Source.Resume(positions)
	return nil
}

// endedAt is for rows that have nothing behind the end of the stream: between that and what comes next nothing is lost.
func (s *state) endedAt(rows map[string]live.Position) {
	for _, r := range s.rows {
		if at, ok := rows[r.id]; ok && len(r.items) == 0 && r.newest != nil && r.newest.Number <= at.Number {
			r.newest, r.wrote = nil, nil
		}
	}
}

// ends adds to positions those of an end that is remembered.
func (r *run) ends(positions map[string]live.Position) map[string]live.Position {
	if r.end == nil {
		return positions
	}
	for id, at := range r.end.Rows {
		if now, ok := positions[id]; !ok || now.Number == at.Number {
			at.Ended = true
			positions[id] = at
		}
	}
	return positions
}

// putEnd remembers that the stream ends with what is about to be written.
func (r *run) putEnd(ctx context.Context) error {
	key, err := storage.StreamEnd(r.cfg.Stream.Name)
	if err != nil {
		return err
	}
	doc, err := json.Marshal(end{V: jobs.Version, Input: r.cfg.Stream.Input, Rows: r.ends(r.s.positions())})
	if err != nil {
		return fmt.Errorf("encode the end of a stream: %w", err)
	}
	if err := r.cfg.Archive.Store().Put(ctx, key, doc); err != nil {
		return fmt.Errorf("put the end of a stream: %w", err)
	}
	return nil
}

// forgetEnd is for a stream that goes on.
func (r *run) forgetEnd(ctx context.Context) {
	key, err := storage.StreamEnd(r.cfg.Stream.Name)
	if err == nil {
		err = r.cfg.Archive.Store().Delete(ctx, key)
	}
	if err != nil && ctx.Err() == nil {
		r.cfg.Log.Warn("forget the end of a stream", "stream", r.cfg.Stream.Name, "error", err)
		return
	}
	r.end = nil
}
