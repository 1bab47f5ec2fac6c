package hls

import (
	"fmt"
	"time"

	"aircheck/producer/live"
)

// trouble is something that lasts: a playlist that cannot be had, or that does not go on.
type trouble struct {
	since   time.Time // zero: there is none
	seen    time.Time // when it was first noticed
	until   time.Time
	value   float64
	message string
	told    bool // of this playlist alone
	news    bool // it went on since it was last told
}

// start is when the trouble began, or begins.
func (t *trouble) start(now time.Time) time.Time {
	if t.since.IsZero() {
		t.since = now
	}
	return t.since
}

func (t *trouble) begin(until time.Time, value float64, message string) {
	if t.seen.IsZero() {
		t.seen = until
	}
	t.until, t.value, t.message, t.news = until, value, message, true
}

// fault tells the trouble; one that goes on from one playlist to another goes on since the first.
func (t *trouble) fault(code, sequence string, since time.Time) live.Fault {
	return live.Fault{
		Code: code, Key: code + " " + since.UTC().Format(time.RFC3339Nano), Sequence: sequence, Number: -1, Since: since, Until: t.until, Value: t.value, Message: t.message,
	}
}

// troubles tells the lasting faults: once for the stream when all its playlists have the same one, because then it is one cause, and else of each playlist
// that has it while another has gone on since. Until that is known nothing is told; every other playlist is read within half a target duration.
func (l *Live) troubles() []live.Fault {
	var faults []live.Fault
	for _, code := range []string{"playlist.unavailable", "playlist.stale", "playlist.edge"} {
		faults = append(faults, l.trouble(code)...)
	}
	return faults
}

func (l *Live) trouble(code string) []live.Fault {
	var worst *trouble
	var faults []live.Fault
	in, going := 0, 0
	_, whole := l.whole[code]
	for _, p := range l.playlists {
		t := p.trouble(code)
		if !p.ended {
			going++
		}
		if t.since.IsZero() || p.ended {
			continue
		}
		in++
		if worst == nil || t.since.Before(worst.since) {
			worst = t
		}
		if !whole && t.news && (t.told || l.wentOn(p, code)) && len(l.playlists) > 1 {
			faults = append(faults, t.fault(code, p.id, t.since))
			t.told, t.news = true, false
		}
	}
	switch {
	case in == 0:
		delete(l.whole, code)
	case (in == going || whole) && len(faults) == 0 && worst.news && !l.anyTold(code):
		if !whole {
			l.whole[code] = worst.since
		}
		f := worst.fault(code, "", l.whole[code])
		if code == "playlist.unavailable" && worst.since.After(f.Since) { // one playlist after the other could not be had
			f.Value = max(f.Value, f.Until.Sub(f.Since).Seconds())
		}
		if going > 1 {
			f.Message = fmt.Sprintf("%s (all %d playlists)", f.Message, going)
		}
		faults = append(faults, f)
		worst.news = false
	}
	return faults
}

// anyTold tells whether a playlist's trouble was told of it alone: then it stays so.
func (l *Live) anyTold(code string) bool {
	for _, p := range l.playlists {
		if t := p.trouble(code); t.told && !t.since.IsZero() {
			return true
		}
	}
	return false
}

// wentOn tells whether another playlist than p is free of the trouble, and was so after p's was noticed.
func (l *Live) wentOn(p *playlist, code string) bool {
	for _, other := range l.playlists {
		last := map[string]time.Time{"playlist.unavailable": other.heard, "playlist.stale": other.progress, "playlist.edge": other.steady}[code]
		if other != p && !other.ended && other.trouble(code).since.IsZero() && last.After(p.trouble(code).seen) {
			return true
		}
	}
	return false
}

func (p *playlist) trouble(code string) *trouble {
	switch code {
	case "playlist.stale":
		return &p.stale
	case "playlist.edge":
		return &p.drift
	}
	return &p.unavailable
}
