package hls

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
	"aircheck/storage"
)

// master is what is known of the multivariant playlist, or of the media playlist that the stream consists of.
type master struct {
	known   bool
	single  bool // there is no multivariant playlist
	version storage.Info
	next    time.Time
	trouble trouble
	failed  int
	told    int // faults of it that were told
}

// refreshMaster reads the multivariant playlist when it is due. Its absence is a fault of the stream only while nothing else of it is known: players that
// have begun do not read it again.
func (l *Live) refreshMaster(ctx context.Context, update *live.Update) error {
	m, now := &l.master, l.cfg.Now()
	if m.single || now.Before(m.next) {
		return nil
	}
	top := child{loc: l.cfg.Location, label: "playlist"}
	got := l.fetch(ctx, top.loc.URI(), m.version, l.cfg.Patience)
	switch {
	case errors.Is(got.err, storage.ErrBadURI):
		return fmt.Errorf("follow: %w", got.err)
	case got.err != nil && ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(got.err, storage.ErrUnchanged):
		m.next = l.later(now, masterEvery)
		return nil
	case got.err == nil && !IsPlaylist(got.data):
		got.err = noPlaylist(got.data)
	}
	if got.err != nil {
		m.failed++
		m.next = l.later(now, backOff(m.failed, defaultTarget, 0))
		if !m.known {
			m.trouble.begin(now, now.Sub(m.trouble.start(now)).Seconds(), "playlist: "+reason(got.err))
			update.Faults = append(update.Faults, m.trouble.fault("playlist.unavailable", "", m.trouble.since))
		}
		return nil
	}
	m.known, m.failed, m.version, m.trouble = true, 0, got.version, trouble{}
	m.next = l.later(now, masterEvery)
	return l.adopt(&top, got, update)
}

// Why an answer is not used.
var (
	errNoPlaylist = errors.New("what the server sends is no playlist")
	errWebPage    = errors.New("what the server sends is no playlist: it is " + jobs.WebPage)
)

func noPlaylist(data []byte) error {
	if jobs.IsWebPage(data) {
		return errWebPage
	}
	return errNoPlaylist
}

// adopt takes over what the multivariant playlist names.
func (l *Live) adopt(top *child, got fetched, update *live.Update) error {
	top.base = top.loc.Moved(got.version.Location)
	top.list = Parse(got.data)
	if top.list.Master == nil {
		l.master.single = true
		l.master.next = l.cfg.Now().Add(masterEvery)
		if len(l.playlists) == 0 {
			l.playlists = append(l.playlists, newPlaylist("s0", top))
		}
		return nil
	}
	t := timeline{}
	children := t.children(top, top.list.Master)
	t.judge(top, "")
	for _, f := range t.out.Findings[min(l.master.told, len(t.out.Findings)):] {
		update.Faults = append(update.Faults, faultOf(f, l.cfg.Now()))
	}
	l.master.told = max(l.master.told, len(t.out.Findings))
	l.match(children)
	if len(l.playlists) == 0 {
		update.Faults = append(update.Faults, live.Fault{
			Code: "playlist.invalid", Key: "no variant", Number: -1, Since: l.cfg.Now(), Until: l.cfg.Now(), Message: "playlist: no variant that can be read",
		})
	}
	return nil
}

// faultOf is a finding about a playlist as a fault.
func faultOf(f jobs.Finding, now time.Time) live.Fault {
	fault := live.Fault{Code: f.Code, Key: f.Message, Number: -1, Since: now, Until: now, Message: f.Message}
	if f.Value != nil {
		fault.Value = float64(*f.Value)
	}
	return fault
}

// match finds the playlists that are known under their addresses, or where only the query or the token in it changed by their names, and adds the others.
func (l *Live) match(children []*child) {
	for _, c := range children {
		if p := l.find(c); p != nil {
			p.child.loc = c.loc
			continue
		}
		if len(l.playlists) < maxVariants {
			l.playlists = append(l.playlists, newPlaylist(fmt.Sprintf("s%d", len(l.playlists)), c))
		}
	}
}

func (l *Live) find(c *child) *playlist {
	for _, p := range l.playlists {
		if plain(p.child.loc.URI()) == plain(c.loc.URI()) {
			return p
		}
	}
	for _, p := range l.playlists {
		if p.child.name == c.name && p.child.media == c.media && p.child.attrs != nil && c.attrs != nil && *p.child.attrs == *c.attrs {
			return p
		}
	}
	return nil
}

// plain is an address without its query, where signatures and session tokens stand.
func plain(uri string) string {
	uri, _, _ = strings.Cut(uri, "?")
	return uri
}
