package follow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
	"aircheck/storage"
)

// maxPendingBytes bounds what is read back: a few hundred segments of some hundred bytes.
const maxPendingBytes = 16 << 20

// pending is what a follower has seen and not yet written into an instalment. It is put before the segments are, so that the next follower knows
// what there is in the archive, and what there should be, when this one dies.
type pending struct {
	V     int           `json:"v"`
	Rows  []pendingRow  `json:"rows"`
	Items []pendingItem `json:"items"`
}

// pendingRow describes a sequence of the source, in the order of a check.
type pendingRow struct {
	Row       string        `json:"row"`
	Describes jobs.Sequence `json:"describes"`
}

type pendingItem struct {
	Row     string       `json:"row"`
	Period  time.Time    `json:"period"`
	Lost    bool         `json:"lost,omitempty"`
	Segment live.Segment `json:"segment"`
}

// pending lists what is in no instalment.
func (s *state) pending() pending {
	out := pending{V: jobs.Version}
	for _, r := range s.rows {
		out.Rows = append(out.Rows, pendingRow{Row: r.id, Describes: r.describes})
		for _, it := range r.items {
			out.Items = append(out.Items, pendingItem{Row: r.id, Period: it.period.begin, Lost: it.lost, Segment: it.Segment})
		}
	}
	return out
}

// periods are the beginnings of the periods of all that is in it.
func (p *pending) periods() map[time.Time]bool {
	begins := map[time.Time]bool{}
	for i := range p.Items {
		begins[p.Items[i].Period.UTC()] = true
	}
	return begins
}

// putPending stores what is in no instalment; nothing is forgotten while a segment is on its way.
func (f *Follower) putPending(ctx context.Context, s *state) error {
	key, err := storage.StreamPending(f.cfg.Stream.Name, f.cfg.Owner)
	if err != nil {
		return err
	}
	doc, err := json.Marshal(s.pending())
	if err != nil {
		return fmt.Errorf("encode pending segments: %w", err)
	}
	if err := f.cfg.Archive.Store().Put(ctx, key, doc); err != nil {
		return fmt.Errorf("put pending segments: %w", err)
	}
	return nil
}

// takePending reads what all followers of the stream have left.
func (f *Follower) takePending(ctx context.Context) (all pending, keys []string, err error) {
	prefix, err := storage.StreamPendingPrefix(f.cfg.Stream.Name)
	if err != nil {
		return pending{}, nil, err
	}
	store := f.cfg.Archive.Store()
	err = store.List(ctx, prefix, func(info storage.Info) error {
		keys = append(keys, info.Key)
		return nil
	})
	if err != nil {
		return pending{}, nil, fmt.Errorf("list pending segments: %w", err)
	}
	for _, key := range keys {
		doc, err := storage.ReadAll(ctx, store, key, maxPendingBytes)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if errors.Is(err, storage.ErrTooLarge) { // what was under way is lost, and not the stream with it
			f.cfg.Log.Warn("pending segments are left out", "key", key, "error", err)
			continue
		}
		if err != nil {
			return pending{}, nil, fmt.Errorf("get pending segments: %w", err)
		}
		var p pending
		if err := json.Unmarshal(doc, &p); err != nil || p.V != jobs.Version {
			f.cfg.Log.Warn("pending segments cannot be read", "key", key, "error", err)
			continue
		}
		all.Rows, all.Items = append(all.Rows, p.Rows...), append(all.Items, p.Items...)
	}
	return all, keys, nil
}

// dropPending deletes what others left, when it has been adopted and stored under this follower's name; all of it when nothing is left to do.
func (f *Follower) dropPending(ctx context.Context, keys []string, own bool) {
	mine, err := storage.StreamPending(f.cfg.Stream.Name, f.cfg.Owner)
	if err != nil {
		return
	}
	for _, key := range keys {
		if key == mine && !own {
			continue
		}
		if err := f.cfg.Archive.Store().Delete(ctx, key); err != nil && ctx.Err() == nil {
			f.cfg.Log.Warn("delete pending segments", "key", key, "error", err)
		}
	}
}
