package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"aircheck/jobs"
	"aircheck/storage"
)

const (
	// lookEvery is how often the store is asked for notifications that others took in, or that failed before.
	lookEvery = 10 * time.Second
	// giveUpAfter is how long a notification is tried: a store or an origin that is away for longer is noticed otherwise.
	giveUpAfter = 24 * time.Hour
	// submissions run at the same time.
	submissions = 4
	// maxBatch bounds the notifications of one look.
	maxBatch = 10_000
	maxEvent = 64 << 10 // bytes
)

// Config sets up a Desk. Store, Origin and Submit are required.
type Config struct {
	Store  storage.Store
	Origin storage.Origin
	// Submit starts the check of an address under an id, unless there is one of that id.
	Submit func(ctx context.Context, r Rule, address, id string) error
	Now    func() time.Time
	Log    *slog.Logger
}

// Desk takes in what was heard and has it checked.
type Desk struct {
	cfg  Config
	wake chan struct{}

	mu    sync.Mutex
	rules []Rule
}

// NewDesk makes a Desk without rules.
func NewDesk(cfg Config) *Desk {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Desk{cfg: cfg, wake: make(chan struct{}, 1)}
}

// Set says what is checked from now on.
func (d *Desk) Set(rules []Rule) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rules = rules
}

// Rules are those in force.
func (d *Desk) Rules() []Rule {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rules
}

// Take writes down that an object is there, if a rule is about it. Once it has returned, the object will be checked whatever happens to this process.
func (d *Desk) Take(ctx context.Context, o Object) (wanted bool, err error) {
	if ruleOf(d.Rules(), o) == nil {
		return false, nil
	}
	// The name is that of the version, so that what is heard twice is written once.
	key, err := storage.Event(jobs.DeriveID(time.Time{}, o.Bucket, o.Key, o.ETag, strconv.FormatInt(o.Size, 10)))
	if err != nil {
		return false, err
	}
	o.Seen = d.cfg.Now().UTC()
	doc, err := json.Marshal(o)
	if err != nil {
		return false, fmt.Errorf("encode event: %w", err)
	}
	if err := d.cfg.Store.PutNew(ctx, key, doc); err != nil && !errors.Is(err, storage.ErrExists) {
		return false, fmt.Errorf("take in event: %w", err)
	}
	select {
	case d.wake <- struct{}{}:
	default:
	}
	return true, nil
}

// Run deals with what was taken in, by this process or another, until ctx ends.
func (d *Desk) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if _, err := d.Work(ctx); err != nil && ctx.Err() == nil {
			d.cfg.Log.Error("look for new objects", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-d.wake:
		case <-tick.C:
		}
	}
}

// errEnough stops a listing.
var errEnough = errors.New("enough")

// Work deals with all that is there now and tells how many are left for another time.
func (d *Desk) Work(ctx context.Context) (left int, err error) {
	var keys []string
	err = d.cfg.Store.List(ctx, storage.EventPrefix, func(i storage.Info) error {
		if keys = append(keys, i.Key); len(keys) >= maxBatch {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return 0, fmt.Errorf("list events: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(submissions)
	stays := make([]bool, len(keys))
	for i, key := range keys {
		group.Go(func() error {
			done := d.deal(ctx, key)
			if done {
				if err := d.cfg.Store.Delete(ctx, key); err != nil {
					return fmt.Errorf("put event away: %w", err)
				}
			}
			stays[i] = !done
			return nil
		})
	}
	err = group.Wait()
	for _, s := range stays {
		if s {
			left++
		}
	}
	return left, err
}

// deal tells whether there is nothing left to do about a notification.
func (d *Desk) deal(ctx context.Context, key string) bool {
	doc, err := storage.ReadAll(ctx, d.cfg.Store, key, maxEvent)
	if errors.Is(err, storage.ErrNotFound) {
		return true // another producer was faster
	}
	if err != nil {
		d.cfg.Log.Warn("read event", "error", err)
		return false
	}
	var o Object
	if err := json.Unmarshal(doc, &o); err != nil {
		d.cfg.Log.Error("event cannot be read and is dropped", "key", key, "error", err)
		return true
	}
	rule := ruleOf(d.Rules(), o)
	if rule == nil {
		return d.cfg.Now().Sub(o.Seen) > giveUpAfter // a producer with older rules; its own will deal with it
	}
	err = d.submit(ctx, *rule, o)
	log := d.cfg.Log.With("object", storage.Redact(o.Address()))
	switch {
	case err == nil:
		return true
	case ctx.Err() != nil:
		return false
	case jobs.ClassOf(err) == jobs.Permanent || storage.IsPermanent(err):
		log.Error("new object is not checked", "error", err)
		return true
	case d.cfg.Now().Sub(o.Seen) > giveUpAfter:
		log.Error("new object is not checked: it was tried for a day", "error", err)
		return true
	}
	log.Warn("new object will be tried again", "error", err)
	return false
}

// submit looks at what lies there now: of several notifications about versions that came in any order, the check of the last one is the one that counts, and those
// of one version are one check.
func (d *Desk) submit(ctx context.Context, r Rule, o Object) error {
	address := o.Address()
	info, err := d.cfg.Origin.Stat(ctx, address)
	if err != nil {
		return err
	}
	return d.cfg.Submit(ctx, r, address, ID(o, info))
}

// ID is the id of the check of an object as it lies there.
func ID(o Object, info storage.Info) string {
	version := info.ETag
	if version == "" {
		version = strconv.FormatInt(info.Size, 10) + "/" + strconv.FormatInt(info.Modified.UnixNano(), 10)
	}
	return jobs.DeriveID(time.Time{}, "object", o.Bucket, o.Key, version)
}
