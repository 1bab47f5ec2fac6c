package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
)

// DefaultRedisKey is what MinIO's documentation calls the key of its events.
const DefaultRedisKey = "minio_events"

const (
	// blockFor is how long one question for an event waits in Redis.
	blockFor = 2 * time.Second
	// redisPause follows an error, and two looks at a hash, which cannot be waited for.
	redisPause = 5 * time.Second
	// scanCount is how many fields of a hash are asked for at a time.
	scanCount = 500
)

// RedisSource reads what MinIO writes into Redis: a list (format "access"), or a hash with a field for each object (format "namespace").
//
// An event leaves the list only when it is in the store: it waits in a second list meanwhile, from where it is taken up again after a crash.
type RedisSource struct {
	client *redis.Client
	key    string
	desk   *Desk
	log    *slog.Logger
	seen   *seenFields // of a hash; nil: it has not been looked at
	most   int         // how many objects of a hash are remembered
}

// NewRedisSource connects to rawURL when it is first used. key is a list or a hash; empty means DefaultRedisKey.
func NewRedisSource(rawURL, key string, desk *Desk) (*RedisSource, error) {
	o, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, errors.New("address of the events' Redis: want redis://host:6379/0") // the error of the library may hold the password
	}
	if key == "" {
		key = DefaultRedisKey
	}
	return &RedisSource{client: redis.NewClient(o), key: key, desk: desk, log: desk.cfg.Log, most: maxSeen}, nil
}

// Run reads until ctx ends, and closes the connection.
func (s *RedisSource) Run(ctx context.Context) error {
	defer s.client.Close()
	told := false
	for ctx.Err() == nil {
		err := s.read(ctx)
		if err != nil && ctx.Err() == nil {
			if !told {
				s.log.Error("read events from Redis", "key", s.key, "error", err)
			}
			told = true
			pause(ctx, redisPause)
			continue
		}
		told = false
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// read takes what is there, of whatever type it is.
func (s *RedisSource) read(ctx context.Context) error {
	kind, err := s.client.Type(ctx, s.key).Result()
	if err != nil {
		return fmt.Errorf("ask for type: %w", err)
	}
	switch kind {
	case "hash":
		if err := s.scan(ctx); err != nil {
			return err
		}
		pause(ctx, redisPause)
		return nil
	case "list", "none":
		if err := s.leftovers(ctx); err != nil {
			return err
		}
		return s.list(ctx)
	}
	return fmt.Errorf("key %s is a %s, neither a list nor a hash", s.key, kind)
}

// waiting is the list of events that were taken and are not in the store yet. The braces keep both keys on one node of a Redis Cluster only if the key has them; MinIO knows no
// clusters.
func (s *RedisSource) waiting() string { return s.key + ":aircheck" }

// leftovers takes up what a process that died had in hand. Another that lives may have it in hand too: it is then written down once.
func (s *RedisSource) leftovers(ctx context.Context) error {
	entries, err := s.client.LRange(ctx, s.waiting(), 0, scanCount-1).Result()
	if err != nil {
		return fmt.Errorf("read events in hand: %w", err)
	}
	for _, e := range entries {
		if err := s.take(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// list takes events from the list until there are none for a while.
func (s *RedisSource) list(ctx context.Context) error {
	for {
		entry, err := s.client.BLMove(ctx, s.key, s.waiting(), "LEFT", "RIGHT", blockFor).Result()
		if errors.Is(err, redis.Nil) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("take event: %w", err)
		}
		if err := s.take(ctx, entry); err != nil {
			return err
		}
	}
}

// take writes an event down and lets go of it.
func (s *RedisSource) take(ctx context.Context, entry string) error {
	if err := s.hear(ctx, entry, func(Object) bool { return true }); err != nil {
		return err
	}
	if err := s.client.LRem(ctx, s.waiting(), 1, entry).Err(); err != nil {
		return fmt.Errorf("let go of event: %w", err)
	}
	return nil
}

// hear takes in the objects of an entry that are wanted. An entry that cannot be read never can be: it is told and dropped.
func (s *RedisSource) hear(ctx context.Context, entry string, wanted func(Object) bool) error {
	if len(entry) > maxBody {
		s.log.Error("event is dropped: it is too long", "key", s.key, "bytes", len(entry))
		return nil
	}
	objects, err := ParseAccess([]byte(entry))
	if err != nil {
		s.log.Error("event is dropped", "key", s.key, "error", err)
		return nil
	}
	for _, o := range objects {
		if !wanted(o) {
			continue
		}
		if _, err := s.desk.Take(ctx, o); err != nil {
			return err
		}
	}
	return nil
}
