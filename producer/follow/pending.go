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

// maxPendingBytes bounds what is read back, and what is written: a few hundred segments of some hundred bytes are usual, and a row of an hour that comes at once
// after an outage has a megabyte.
const maxPendingBytes = 16 << 20

// pending is what a follower has seen and not yet written into an instalment. It is put before the segments are, so that the next follower knows
// what there is in the archive, and what there should be, when this one dies.
type pending struct {
	V     int               `json:"v"`
	Rows  []pendingRow      `json:"rows"`
	Items []json.RawMessage `json:"items"` // each a pendingItem
}

// left is what followers have left, as far as it can be read.
type left struct {
	rows  []pendingRow
	items []pendingItem
}

// pendingRow describes a sequence of the source, in the order of a check.
type pendingRow struct {
	Row       string        `json:"row"`
	Describes jobs.Sequence `json:"describes"`
}

type pendingItem struct {
	Row     string       `json:"row"`
	Period  time.Time    `json:"period"`
	Lost    bool         `json:"lost,omitempty"` // of followers that stored these too
	Segment live.Segment `json:"segment"`
}

// pending lists what is in no instalment. Segments that were made up for lost ones are left out: they come of their neighbours. Of rows with more than can be
// read back the oldest are kept: the next follower asks for what comes behind them.
func (s *state) pending() (pending, error) {
	out := pending{V: jobs.Version}
	share := maxPendingBytes / 2 / max(len(s.rows), 1)
	for _, r := range s.rows {
		out.Rows = append(out.Rows, pendingRow{Row: r.id, Describes: r.describes})
		bytes := 0
		for _, it := range r.items {
			if it.lost {
				continue
			}
			doc, err := json.Marshal(pendingItem{Row: r.id, Period: it.period.begin, Segment: it.Segment})
			if err != nil {
				return out, fmt.Errorf("encode pending segment %d: %w", it.Number, err)
			}
			if bytes += len(doc); bytes > share {
				break
			}
			out.Items = append(out.Items, doc)
		}
	}
	return out, nil
}

// periods are the beginnings of the periods of all that is in it.
func (l *left) periods() map[time.Time]bool {
	begins := map[time.Time]bool{}
	for i := range l.items {
		begins[l.items[i].Period.UTC()] = true
	}
	return begins
}

// putPending stores what is in no instalment; nothing is forgotten while a segment is on its way.
func (f *Follower) putPending(ctx context.Context, s *state) error {
	key, err := storage.StreamPending(f.cfg.Stream.Name, f.cfg.Owner)
	if err != nil {
		return err
	}
	list, err := s.pending()
	if err != nil {
		return err
	}
	doc, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("encode pending segments: %w", err)
	}
	if err := f.cfg.Archive.Store().Put(ctx, key, doc); err != nil {
		return fmt.Errorf("put pending segments: %w", err)
	}
	return nil
}

// takePending reads what all followers of the stream have left.
func (f *Follower) takePending(ctx context.Context) (all left, keys []string, err error) {
	prefix, err := storage.StreamPendingPrefix(f.cfg.Stream.Name)
	if err != nil {
		return left{}, nil, err
	}
	store := f.cfg.Archive.Store()
	err = store.List(ctx, prefix, func(info storage.Info) error {
		keys = append(keys, info.Key)
		return nil
	})
	if err != nil {
		return left{}, nil, fmt.Errorf("list pending segments: %w", err)
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
			return left{}, nil, fmt.Errorf("get pending segments: %w", err)
		}
		var p pending
		if err := json.Unmarshal(doc, &p); err != nil || p.V != jobs.Version {
			f.cfg.Log.Warn("pending segments cannot be read", "key", key, "error", err)
			continue
		}
		all.rows = append(all.rows, p.Rows...)
		f.takeItems(&all, p.Items, key)
	}
	return all, keys, nil
}

// takeItems adds the items of one object; those that nobody can read are left out.
func (f *Follower) takeItems(all *left, items []json.RawMessage, key string) {
	bad := 0
	for _, doc := range items {
		var it pendingItem
		if json.Unmarshal(doc, &it) != nil || it.Segment.Number < 0 {
			bad++
			continue
		}
		all.items = append(all.items, it)
	}
	if bad > 0 {
		f.cfg.Log.Warn("some pending segments cannot be read", "key", key, "segments", bad)
	}
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
