package events

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
)

// rememberEvery is how often what was seen of a hash is written down: 16 MB for the largest. What is heard of again after a crash comes to the same checks.
const rememberEvery = time.Minute

// seenFields is what is known of a hash: marks of all of its fields and of what they hold, in order.
type seenFields struct {
	marks []uint64
	// first: nobody has looked at the hash before.
	first  bool
	stored time.Time
	dirty  bool
}

// scan looks through a hash, which holds the last event of each object for as long as the object exists. At the first look at all, what is there is old, but for
// rules that want what exists; later, also after a restart, what changed since is new.
func (s *RedisSource) scan(ctx context.Context) error {
	key, err := storage.EventsSeen(jobs.DeriveID(time.Time{}, "hash", s.key))
	if err != nil {
		return err
	}
	if s.seen == nil {
		marks, err := readSeen(ctx, s.desk.cfg.Store, key)
		first := errors.Is(err, storage.ErrNotFound)
		if err != nil && !first {
			return err
		}
		s.seen = &seenFields{marks: marks, first: first, dirty: first}
	}
	if err := s.look(ctx); err != nil {
		return err
	}
	now := s.desk.cfg.Now()
	if !s.seen.dirty || !s.seen.first && now.Sub(s.seen.stored) < rememberEvery {
		return nil
	}
	if err := s.desk.cfg.Store.Put(ctx, key, encodeSeen(s.seen.marks)); err != nil {
		return fmt.Errorf("remember what was seen: %w", err)
	}
	s.seen.first, s.seen.dirty, s.seen.stored = false, false, now
	return nil
}

// look takes in what is new in the hash. One with more objects than can be remembered is refused before anything is heard of: what is beyond would be new at every look.
func (s *RedisSource) look(ctx context.Context) error {
	size, err := s.client.HLen(ctx, s.key).Result()
	if err != nil {
		return fmt.Errorf("count events: %w", err)
	}
	if size > int64(s.most) {
		return fmt.Errorf("look through events: %d objects are more than %d: give aircheck a list, or a hash of its own", size, s.most)
	}
	marks := make([]uint64, 0, size)
	for cursor, more := uint64(0), true; more; more = cursor != 0 {
		fields, next, err := s.client.HScan(ctx, s.key, cursor, "", scanCount).Result()
		if err != nil {
			return fmt.Errorf("look through events: %w", err)
		}
		for i := 0; i+1 < len(fields); i += 2 {
			mark := fieldMark(fields[i], fields[i+1])
			if marks = append(marks, mark); len(marks) > 2*s.most { // some come twice, and some while it is read
				return fmt.Errorf("look through events: more than %d objects: give aircheck a list, or a hash of its own", s.most)
			}
			if _, known := slices.BinarySearch(s.seen.marks, mark); known {
				continue
			}
			if err := s.hear(ctx, fields[i+1], s.isNew); err != nil {
				return err
			}
		}
		cursor = next
	}
	slices.Sort(marks)
	if marks = slices.Compact(marks); !slices.Equal(marks, s.seen.marks) {
		s.seen.marks, s.seen.dirty = marks[:min(len(marks), s.most)], true
	}
	return nil
}

// isNew tells whether an object counts as new: at the first look only where its rule wants what exists.
func (s *RedisSource) isNew(o Object) bool {
	rule := ruleOf(s.desk.Rules(), o)
	return !s.seen.first || rule != nil && rule.Existing
}

// fieldMark is eight bytes that stand for a field and what it holds.
func fieldMark(field, value string) uint64 {
	sum := sha256.Sum256([]byte(strconv.Itoa(len(field)) + ":" + field + value))
	return binary.BigEndian.Uint64(sum[:])
}
