package events

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
)

const (
	// settle is how long an object must have been left alone: a file that is still being written is not there yet.
	settle = 30 * time.Second
	// maxSeen bounds the objects below a prefix, of which 8 bytes each are remembered.
	maxSeen = 2_000_000
)

// Lister lists what lies below an address, with the address of each object.
type Lister func(ctx context.Context, prefix string, fn func(address string, info storage.Info) error) error

// Poller lists prefixes again and again, for stores that send no notifications. What it has seen it remembers in the store.
type Poller struct {
	Desk *Desk
	List Lister
	Now  func() time.Time
}

// Run polls the prefixes of all rules that want it until ctx ends.
func (p *Poller) Run(ctx context.Context) error {
	var group sync.WaitGroup
	defer group.Wait()
	var running []Rule
	stop := func() {}
	defer func() { stop() }()
	for ctx.Err() == nil {
		rules := slices.DeleteFunc(slices.Clone(p.Desk.Rules()), func(r Rule) bool { return r.Poll <= 0 })
		if !slices.EqualFunc(rules, running, Rule.Equal) {
			stop()
			group.Wait()
			inner, cancel := context.WithCancel(ctx)
			running, stop = rules, cancel
			for _, r := range rules {
				group.Go(func() { p.follow(inner, r) })
			}
		}
		pause(ctx, lookEvery)
	}
	return nil
}

func (p *Poller) follow(ctx context.Context, r Rule) {
	for ctx.Err() == nil {
		if _, err := p.Poll(ctx, r); err != nil && ctx.Err() == nil {
			p.Desk.cfg.Log.Error("poll prefix", "bucket", r.Bucket, "prefix", r.Prefix, "error", err)
		}
		pause(ctx, r.Poll)
	}
}

// Poll lists a prefix once and tells how many objects are new. The first time all are old, unless the rule wants them.
func (p *Poller) Poll(ctx context.Context, r Rule) (found int, err error) {
	key, err := storage.EventsSeen(jobs.DeriveID(time.Time{}, "seen", r.Bucket, r.Prefix, strings.Join(r.Suffixes, "\x00")))
	if err != nil {
		return 0, err
	}
	seen, err := readSeen(ctx, p.Desk.cfg.Store, key)
	first := errors.Is(err, storage.ErrNotFound)
	if err != nil && !first {
		return 0, err
	}
	now, err := p.list(ctx, r)
	if err != nil {
		return 0, err
	}
	// What is remembered is what is there: an object that goes away and comes again is new. The first time that includes what is being written: it is
	// another version when it is finished.
	var remember []uint64
	for _, o := range now {
		mark := mark(o)
		_, known := slices.BinarySearch(seen, mark)
		settled := p.Now().Sub(o.modified) >= settle
		switch old := known || first && !r.Existing; {
		case old:
		case !settled:
			continue
		default:
			if _, err := p.Desk.Take(ctx, o.Object); err != nil {
				return found, err // nothing is remembered: all that is new is heard of again, and is one check each
			}
			found++
		}
		remember = append(remember, mark)
	}
	slices.Sort(remember)
	if remember = slices.Compact(remember); !first && slices.Equal(remember, seen) {
		return found, nil
	}
	if err := p.Desk.cfg.Store.Put(ctx, key, encodeSeen(remember)); err != nil {
		return found, fmt.Errorf("remember what was seen: %w", err)
	}
	return found, nil
}

// listed is an object with what tells its versions apart.
type listed struct {
	Object
	modified time.Time
}

// list gives the objects that the rule is about.
func (p *Poller) list(ctx context.Context, r Rule) (now []listed, err error) {
	base := Object{Bucket: r.Bucket, Key: r.Prefix}.Address()
	if r.Prefix == "" || strings.HasSuffix(r.Prefix, "/") {
		base = strings.TrimSuffix(base, "/") + "/"
	}
	root := Object{Bucket: r.Bucket}.Address()
	root = strings.TrimSuffix(root, "/") + "/"
	err = p.List(ctx, base, func(address string, info storage.Info) error {
		o := Object{Bucket: r.Bucket, Key: info.Key, ETag: info.ETag, Size: info.Size}
		if o.Address() != address { // a directory is listed with keys of its own
			o.Key = strings.TrimPrefix(address, root)
		}
		if !r.Matches(o) {
			return nil
		}
		if now = append(now, listed{o, info.Modified}); len(now) > maxSeen {
			return fmt.Errorf("more than %d objects: take a longer prefix", maxSeen)
		}
		return nil
	})
	return now, err
}

// mark is eight bytes that stand for a version of an object.
func mark(o listed) uint64 {
	version := o.ETag
	if version == "" {
		version = strconv.FormatInt(o.Size, 10) + "/" + strconv.FormatInt(o.modified.UnixNano(), 10)
	}
	sum := sha256.Sum256([]byte(strconv.Itoa(len(o.Key)) + ":" + o.Key + version))
	return binary.BigEndian.Uint64(sum[:])
}

func readSeen(ctx context.Context, store storage.Store, key string) ([]uint64, error) {
	doc, err := storage.ReadAll(ctx, store, key, 8*maxSeen)
	if err != nil {
		return nil, fmt.Errorf("read what was seen: %w", err)
	}
	list := make([]uint64, len(doc)/8)
	for i := range list {
		list[i] = binary.BigEndian.Uint64(doc[8*i:])
	}
	return list, nil
}

func encodeSeen(list []uint64) []byte {
	doc := make([]byte, 0, 8*len(list))
	for _, v := range list {
		doc = binary.BigEndian.AppendUint64(doc, v)
	}
	return doc
}
