package dash

import (
	"context"
	"fmt"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
	"aircheck/producer/source/location"
	"aircheck/storage"
)

const (
	// defaultTarget stands for a segment duration that a manifest does not tell.
	defaultTarget = 6 * time.Second
	// shortestWait and longestWait bound the pause between two refreshes, whatever a manifest says of itself.
	shortestWait = 250 * time.Millisecond
	longestWait  = 30 * time.Second
	// jitter spreads the refreshes of many streams, as a part of each wait.
	jitter = 0.05
	// joinTargets is how far from the edge a player joins, in segments.
	joinTargets = 3
	// clockEvery is how often the time is asked for again where the manifest names a server for it.
	clockEvery = 10 * time.Minute
)

// Live follows a dynamic manifest: it implements live.Source by the rules of ISO/IEC 23009-1 section 5.4 and Annex A.
type Live struct {
	cfg     live.Config
	loc     location.Location // where the manifest is asked for, after Location elements
	base    location.Location // where the newest manifest came from, after redirects
	version storage.Info
	mpd     *MPD
	fresh   bool // the manifest has not been looked at since it came
	tracks  []*track
	known   map[string]*track // by the keys of its representations
	resume  map[string]live.Position
	next    time.Time // when the manifest is due
	failed  int       // requests in a row
	down    trouble
	stale   trouble
	unread  trouble // renditions that are too many
	clock   clock
	told    map[string]time.Time // lasting faults of the manifest: since when
	marked  map[string]time.Time // markers that were told: when they were last in the manifest
}

var _ live.Source = (*Live)(nil)

// NewLive makes a reader; it asks for nothing yet.
func NewLive(cfg live.Config) *Live {
	return &Live{cfg: cfg.WithDefaults(), loc: cfg.Location, known: map[string]*track{}, told: map[string]time.Time{}, marked: map[string]time.Time{}}
}

// Resume implements live.Source.
func (l *Live) Resume(newest map[string]live.Position) { l.resume = newest }

// Refresh implements live.Source: it reads the manifest when that is due, and tells what became available since. The error is the end of ctx.
func (l *Live) Refresh(ctx context.Context) (live.Update, error) {
	var u live.Update
	if !l.cfg.Now().Before(l.next) {
		l.load(ctx, &u)
	}
	if err := ctx.Err(); err != nil {
		return live.Update{}, err
	}
	now := l.cfg.Now()
	if l.mpd != nil {
		if l.learnTime(ctx); ctx.Err() != nil {
			return live.Update{}, ctx.Err()
		}
		l.take(ctx, now, &u)
	}
	l.judgeStale(now, &u)
	u.Ended = l.ended(now)
	u.Wait = l.wait(now)
	l.fresh = false
	return u, nil
}

// take matches the representations of the manifest with the tracks that are known, and tells what is new of each.
func (l *Live) take(ctx context.Context, now time.Time, u *live.Update) {
	rows := l.mpd.rows()
	taken := map[*track]bool{}
	u.Sequences = make([]live.Sequence, 0, len(rows))
	news := map[*track][]live.Segment{}
	unread := 0
	for _, r := range rows {
		t := l.trackOf(r, taken)
		if t == nil {
			unread++
			continue
		}
		news[t] = l.news(ctx, t, r, now, u)
	}
	l.judgeUnread(unread, now, u)
	for _, t := range l.tracks {
		u.Sequences = append(u.Sequences, live.Sequence{Describes: t.describes, Target: t.target, Segments: news[t]})
	}
	if l.fresh {
		l.tellFaults(now, u)
		l.tellMarkers(now, u)
	}
}

// maxTracks bounds the sequences of a stream over its whole life: periods that come may bring new ones.
const maxTracks = 200

// judgeUnread tells of renditions beyond the limit as long as there are any: what is not examined must not look clean.
func (l *Live) judgeUnread(count int, now time.Time, u *live.Update) {
	if count == 0 {
		l.unread = trouble{}
		return
	}
	if l.unread.since.IsZero() {
		l.unread.since = now
	}
	message := fmt.Sprintf("manifest: %d renditions are not examined: the stream has had %d others since it is followed", count, maxTracks)
	u.Faults = append(u.Faults, l.unread.fault(codeInvalid, "", now, 0, message))
}

// trackOf finds the track that a row goes on for, or makes one.
func (l *Live) trackOf(r *row, taken map[*track]bool) *track {
	var t *track
	for which := range 2 {
		for _, rep := range r.reps {
			if t != nil {
				break
			}
			if k := l.known[rep.keys[which]]; k != nil && !taken[k] {
				t = k
			}
		}
	}
	if t == nil {
		if len(l.tracks) == maxTracks {
			return nil
		}
		t = newTrack(jobs.SequenceID(len(l.tracks)), r, l.mpd)
		if at, ok := l.resume[t.describes.ID]; ok {
			t.resume(at)
		}
		l.tracks = append(l.tracks, t)
	}
	taken[t] = true
	for _, rep := range r.reps {
		rep.sequence = t.describes.ID
		for _, key := range rep.keys {
			if l.known[key] == nil && len(l.known) < 10*maxTracks {
				l.known[key] = t
			}
		}
	}
	return t
}

// ended tells whether no more segments will come.
func (l *Live) ended(now time.Time) bool {
	m := l.mpd
	switch {
	case m == nil:
		return false
	case !m.Dynamic:
		return true
	case !m.final():
		return false
	}
	complete := len(l.tracks) > 0
	for _, t := range l.tracks {
		complete = complete && t.complete(m)
	}
	return complete || l.clock.at(now).After(m.Start.Add(micro(m.Duration)+defaultTarget))
}

// final tells whether a dynamic manifest says when it ends, and that it changes no more.
func (m *MPD) final() bool {
	return m.Dynamic && m.Duration >= 0 && m.Start != nil && m.UpdatePeriod < 0 && len(m.Periods) > 0
}

// complete tells whether all that a manifest announces of a track was told.
func (t *track) complete(m *MPD) bool {
	return m.final() && t.begun && t.end >= m.Duration-jobs.FromDuration(t.target)/2
}

// wait is the time to the next refresh: when the manifest is due, or when the next segment is by the clock.
func (l *Live) wait(now time.Time) time.Duration {
	wait := l.next.Sub(now)
	for _, t := range l.tracks {
		if t.byClock && !t.due.IsZero() {
			wait = min(wait, t.due.Sub(l.clock.at(now)))
		}
	}
	return min(max(wait, shortestWait), longestWait)
}

// later is when something is due after a wait, with the jitter that keeps streams from asking all at once.
func (l *Live) later(from time.Time, wait time.Duration) time.Time {
	wait = min(max(wait, shortestWait), longestWait)
	return from.Add(wait + time.Duration(l.cfg.Rand()*jitter*float64(wait)))
}

// target is the longest segment of the tracks.
func (l *Live) target() time.Duration {
	var longest time.Duration
	for _, t := range l.tracks {
		longest = max(longest, t.target)
	}
	if longest == 0 {
		return defaultTarget
	}
	return longest
}
