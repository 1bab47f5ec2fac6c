package hls

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"aircheck/producer/live"
)

const (
	// masterEvery is how often the multivariant playlist is read again: renditions come and go by the day, and addresses that carry a token expire by the hour.
	masterEvery = 5 * time.Minute
	// defaultTarget stands for a target duration that a playlist does not have: what Apple's authoring specification recommends for segments.
	defaultTarget = 6 * time.Second
	// shortestWait and longestWait bound the pause between two refreshes, whatever a playlist says of itself.
	shortestWait = 250 * time.Millisecond
	longestWait  = 30 * time.Second
	// jitter spreads the refreshes of many streams, as a part of each wait.
	jitter = 0.05
)

// Live follows the playlists of one stream: it implements live.Source by the rules of RFC 8216 section 6.3.4 and draft-pantos-hls-rfc8216bis.
type Live struct {
	cfg       live.Config
	master    master
	playlists []*playlist
	resume    map[string]live.Position
	whole     map[string]time.Time // troubles that were told of the stream as a whole, by code, with their beginnings
}

var _ live.Source = (*Live)(nil)

// NewLive makes a reader; it asks for nothing yet.
func NewLive(cfg live.Config) *Live {
	return &Live{cfg: cfg.WithDefaults(), whole: map[string]time.Time{}}
}

// Resume implements live.Source.
func (l *Live) Resume(newest map[string]live.Position) { l.resume = newest }

// Refresh implements live.Source: it reads the playlists that are due. The error is about an address that nobody can open, or the end of ctx.
func (l *Live) Refresh(ctx context.Context) (live.Update, error) {
	var update live.Update
	if err := l.refreshMaster(ctx, &update); err != nil {
		return live.Update{}, err
	}
	due := l.due()
	news := make([]loaded, len(due))
	var group errgroup.Group
	group.SetLimit(maxTogether)
	for i, p := range due {
		group.Go(func() error {
			news[i] = l.load(ctx, p)
			return nil
		})
	}
	_ = group.Wait() // what went wrong stands in news
	if err := ctx.Err(); err != nil && len(due) > 0 && errors.Is(news[0].err, err) {
		return live.Update{}, err
	}
	for _, p := range l.playlists {
		update.Sequences = append(update.Sequences, p.describe())
	}
	for i, p := range due {
		l.take(p, &news[i], &update)
	}
	now := l.cfg.Now()
	update.Faults = append(update.Faults, l.troubles()...)
	update.Wait, update.Ended = l.wait(now), l.ended()
	return update, nil
}

// due are the playlists to read now.
func (l *Live) due() []*playlist {
	var list []*playlist
	now := l.cfg.Now()
	for _, p := range l.playlists {
		if !p.ended && !p.next.After(now) {
			list = append(list, p)
		}
	}
	return list
}

// wait is the time to the next playlist that is due.
func (l *Live) wait(now time.Time) time.Duration {
	next := l.master.next
	for _, p := range l.playlists {
		if !p.ended && p.next.Before(next) {
			next = p.next
		}
	}
	return min(max(next.Sub(now), 0), longestWait)
}

func (l *Live) ended() bool {
	for _, p := range l.playlists {
		if !p.ended {
			return false
		}
	}
	return len(l.playlists) > 0
}

// later is when something is due after a wait, with the jitter that keeps streams from asking all at once.
func (l *Live) later(from time.Time, wait time.Duration) time.Time {
	wait = max(wait, shortestWait)
	return from.Add(wait + time.Duration(l.cfg.Rand()*jitter*float64(wait)))
}
