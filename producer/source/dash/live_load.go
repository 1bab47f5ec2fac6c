package dash

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"aircheck/producer/live"
	"aircheck/producer/source/location"
	"aircheck/storage"
)

// load asks for the manifest, and keeps the one that it has when that fails or nothing has changed.
func (l *Live) load(ctx context.Context, u *live.Update) {
	began := l.cfg.Now()
	data, err := l.fetch(ctx, l.loc.URI(), maxManifest)
	switch {
	case ctx.Err() != nil:
		return
	case errors.Is(err, storage.ErrUnchanged):
		l.answered()
	case err != nil:
		l.unanswered(began, err, u)
		return
	default:
		m := Parse(data)
		if broken := m.broken(); broken != "" {
			l.unanswered(began, errors.New(broken), u)
			return
		}
		l.answered()
		l.read(&m, began, u)
	}
	l.next = l.later(began, l.period())
}

// period is the pause between two requests for the manifest: @minimumUpdatePeriod, but not more often than segments can come. A manifest without it never
// changes (ISO/IEC 23009-1 section 5.3.1.2) but for becoming static.
func (l *Live) period() time.Duration {
	if l.mpd == nil {
		return l.target() / 2
	}
	if l.mpd.UpdatePeriod < 0 {
		return longestWait
	}
	return max(micro(l.mpd.UpdatePeriod), l.target()/2)
}

func (l *Live) fetch(ctx context.Context, uri string, most int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Patience)
	defer cancel()
	var body io.ReadCloser
	var err error
	manifest := uri == l.loc.URI()
	if c, conditional := l.cfg.Origin.(storage.Conditional); conditional && manifest {
		body, err = c.OpenIfChanged(ctx, uri, l.version)
	} else {
		body, err = l.cfg.Origin.Open(ctx, uri, 0, -1)
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, most+1))
	if err != nil {
		return nil, err
	}
	if manifest {
		l.version, _ = storage.Describe(body)
	}
	return data, nil
}

func (l *Live) answered() {
	if !l.down.since.IsZero() {
		for _, t := range l.tracks {
			t.edge = edge{} // measured anew after an outage
		}
	}
	l.failed, l.down = 0, trouble{}
}

// unanswered tells that the manifest cannot be had, and waits longer each time.
func (l *Live) unanswered(began time.Time, err error, u *live.Update) {
	l.failed++
	if l.loc.URI() != l.cfg.Location.URI() && l.failed > 1 {
		l.loc, l.version = l.cfg.Location, storage.Info{} // the address that the manifest gave away leads nowhere
	}
	now := l.cfg.Now()
	l.next = l.later(now, l.target()/2<<min(l.failed-1, 10))
	value := 0.0 // of one that failed once: the next may succeed, however long this one took
	if l.down.since.IsZero() {
		l.down.since = began
	} else {
		value = now.Sub(l.down.since).Seconds()
	}
	u.Faults = append(u.Faults, l.down.fault("playlist.unavailable", "", now, value, "manifest: cannot be had: "+reason(err)))
}

// reason says why something could not be had, without its address.
func reason(err error) string {
	var slow interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return "no answer in time"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the answer was cut off"
	}
	if inner := errors.Unwrap(err); inner != nil {
		return clip(inner.Error())
	}
	return clip(err.Error())
}

// broken says why players can do nothing with a manifest; empty when they can.
func (m *MPD) broken() string {
	switch {
	case len(m.Periods) > 0 && !m.Cut:
		return ""
	case len(m.Faults) == 0:
		return "it has no Period"
	}
	return strings.TrimPrefix(words(&m.Faults[0]), "manifest ")
}

// read takes over a new manifest.
func (l *Live) read(m *MPD, now time.Time, u *live.Update) {
	if l.mpd != nil {
		l.compare(m, now, u)
	}
	l.mpd, l.fresh = m, true
	l.rebase(l.loc.Moved(l.version.Location))
	l.clock.direct(m, now)
	for _, ref := range m.Locations[:min(1, len(m.Locations))] {
		if loc, err := l.base.Resolve(ref); err == nil && loc.URI() != l.loc.URI() {
			l.loc, l.version = loc, storage.Info{}
		}
	}
}

// rebase takes references from where the manifest came from. A balancer may redirect each request to another edge, which gives no segment another address.
func (l *Live) rebase(to location.Location) {
	if l.base.URI() != to.URI() {
		for _, t := range l.tracks {
			for i := range t.known {
				t.known[i].address = ""
			}
		}
	}
	l.base = to
}

// compare holds what must not change between two versions of a manifest against each other.
func (l *Live) compare(m *MPD, now time.Time, u *live.Update) {
	was := l.mpd
	if was.Start != nil && m.Start != nil && !was.Start.Equal(*m.Start) {
		u.Faults = append(u.Faults, live.Fault{
			Code: "playlist.changed", Key: "start " + m.Start.String(), Number: -1, Since: now, Until: now,
			Message: fmt.Sprintf("manifest line %d: @availabilityStartTime changed from %s to %s", m.Line, was.Start.Format(time.RFC3339), m.Start.Format(time.RFC3339)),
		})
	}
}

func words(f *Fault) string {
	if f.Line > 0 {
		return fmt.Sprintf("manifest line %d: %s", f.Line, f.Message)
	}
	return "manifest: " + f.Message
}

// trouble is something that lasts.
type trouble struct{ since time.Time }

func (t *trouble) fault(code, sequence string, now time.Time, value float64, message string) live.Fault {
	return live.Fault{
		Code: code, Key: code + " " + sequence + " " + t.since.UTC().Format(time.RFC3339Nano), Sequence: sequence, Number: -1, Since: t.since, Until: now, Value: value, Message: message,
	}
}

// clock is the time of the stream's origin.
type clock struct {
	skew  time.Duration // to be added to our own
	asked time.Time
}

func (c *clock) at(now time.Time) time.Time { return now.Add(c.skew) }

// direct takes the time that stands in the manifest (urn:mpeg:dash:utc:direct:2014).
func (c *clock) direct(m *MPD, now time.Time) {
	for _, t := range m.Timing {
		if strings.HasPrefix(t.Scheme, "urn:mpeg:dash:utc:direct:") {
			if at, err := parseTime(t.Value); err == nil {
				c.skew = at.Sub(now)
				return
			}
		}
	}
}

// maxClock bounds the answer of a server for the time.
const maxClock = 1 << 10

// learnTime asks the server for the time that the manifest names, where segments appear by the clock (ISO/IEC 23009-1 section 5.8.4.11). Without an answer, and
// for the schemes that need more than a GET, our own clock stands.
func (l *Live) learnTime(ctx context.Context) {
	now := l.cfg.Now()
	if !l.clock.asked.IsZero() && now.Sub(l.clock.asked) < clockEvery {
		return
	}
	for _, t := range l.mpd.Timing {
		if !strings.HasPrefix(t.Scheme, "urn:mpeg:dash:utc:http-iso:") && !strings.HasPrefix(t.Scheme, "urn:mpeg:dash:utc:http-xsdate:") {
			continue
		}
		l.clock.asked = now
		loc, err := l.base.Resolve(strings.TrimSpace(t.Value))
		if err != nil {
			continue
		}
		data, err := l.fetch(ctx, loc.URI(), maxClock)
		if err != nil {
			continue
		}
		if at, err := parseTime(string(data)); err == nil {
			after := l.cfg.Now()
			l.clock.skew = at.Sub(now.Add(after.Sub(now) / 2))
			return
		}
	}
}

// tellFaults passes on what is wrong with the manifest itself: what lies somewhere once, and the rest with each version as long as it lasts.
func (l *Live) tellFaults(now time.Time, u *live.Update) {
	lasting := map[string]time.Time{}
	for i := range l.mpd.Faults {
		f := &l.mpd.Faults[i]
		placed := f.End > f.Start && l.mpd.Start != nil
		key := f.key(placed)
		if _, twice := lasting[key]; twice {
			continue
		}
		since, known := l.told[key]
		if !known {
			since, known = now, placed && f.Rep != nil && l.altered(f)
		}
		lasting[key] = since
		out := live.Fault{Code: f.Code, Key: key, Number: -1, Since: since, Until: now, Value: max(0, f.Value), Message: words(f)}
		if f.Rep != nil {
			out.Sequence = f.Rep.sequence
		}
		if placed {
			if known {
				continue
			}
			out.Since, out.Until = l.mpd.Start.Add(micro(f.Start)), l.mpd.Start.Add(micro(f.End))
		}
		u.Faults = append(u.Faults, out)
	}
	l.told = lasting
}

// key is what a fault has in common with itself in the next version of the manifest. The words of some hold a position, a line or a count, which slide with the window.
func (f *Fault) key(placed bool) string {
	about := cmp.Or(f.About, f.Message)
	switch {
	case placed && f.Rep != nil && f.About != "":
		return fmt.Sprint(f.Code, " ", f.Rep.sequence)
	case placed && f.Rep != nil:
		about = f.Rep.sequence
	case placed:
		about = ""
	}
	return fmt.Sprint(f.Code, " ", f.Start, " ", about)
}

// altered tells whether a fault lies where a published segment was given another end, which is told.
func (l *Live) altered(f *Fault) bool {
	for _, t := range l.tracks {
		if t.describes.ID == f.Rep.sequence && (slices.Contains(t.altered, f.Start) || slices.Contains(t.altered, f.End)) {
			return true
		}
	}
	return false
}

const (
	// markedFor is how long a marker is remembered as told after it has left the manifest: an older copy may bring it back.
	markedFor = time.Hour
	// maxMarked bounds the markers that are remembered beside those of the present manifest.
	maxMarked = 10_000
)

// tellMarkers tells the events that are new, or longer than they were.
func (l *Live) tellMarkers(now time.Time, u *live.Update) {
	if l.mpd.Start == nil {
		return
	}
	for _, q := range l.mpd.Periods {
		for k := range q.Events {
			e := &q.Events[k]
			key := fmt.Sprint(q.Start, e.Scheme, e.Value, e.ID, e.Start, e.Duration)
			if q.Start < 0 {
				continue
			}
			_, told := l.marked[key]
			if l.marked[key] = now; told {
				continue
			}
			m := live.Marker{Marker: e.marker(), Start: l.mpd.Start.Add(micro(addMicros(q.Start, e.Start)))}
			if d := e.length(); d > 0 {
				m.End = m.Start.Add(micro(d))
			}
			if m.ID == "" {
				m.ID = fmt.Sprint(addMicros(q.Start, e.Start).Seconds())
			}
			u.Markers = append(u.Markers, m)
		}
	}
	full := len(l.marked) > maxMarked
	maps.DeleteFunc(l.marked, func(_ string, seen time.Time) bool { return full && seen.Before(now) || now.Sub(seen) > markedFor })
}
