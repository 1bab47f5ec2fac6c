package origin

import (
	"slices"
	"time"
)

// Kind is a way to misbehave.
type Kind string

// How requests are answered wrongly.
const (
	NotFound    Kind = "notfound"    // 404
	Unavailable Kind = "unavailable" // 503
	Hang        Kind = "hang"        // no answer at all, until the client gives up
	Slow        Kind = "slow"        // Rate bytes a second
	Truncate    Kind = "truncate"    // the first half, as if it were all
	WrongLength Kind = "length"      // the first half, although the length of all was told
	Reset       Kind = "reset"       // the connection breaks in the middle
	Late        Kind = "late"        // 404 until Delay after the playlist names it
)

// What is wrong with playlists.
const (
	Stale         Kind = "stale"         // it stays as it is
	Back          Kind = "back"          // the version of Count segments ago, as from another cache
	Restart       Kind = "restart"       // numbers begin with 0 again, and nothing older is there
	Jump          Kind = "jump"          // all numbers grow by Count
	Discontinuity Kind = "discontinuity" // EXT-X-DISCONTINUITY-SEQUENCE stays as it is
	ChangeEntry   Kind = "entry"         // segments are said to be shorter by a tenth than before
	RemoveEarly   Kind = "remove"        // the window shrinks to Count segments, at least one
	Gap           Kind = "gap"           // segments are marked EXT-X-GAP, and are not there
	Drift         Kind = "drift"         // the media run Rate thousandths slower than the clock
	BadParts      Kind = "parts"         // parts are longer than PART-TARGET
)

// What is wrong with segments.
const (
	Change  Kind = "change"  // other bytes under the same name, of other length
	Swap    Kind = "swap"    // the content of track Other
	Content Kind = "content" // the content of Clip: black, frozen, silent
)

// Kinds lists all of them but Content, which needs a clip.
func Kinds() []Kind {
	return []Kind{
		NotFound, Unavailable, Hang, Slow, Truncate, WrongLength, Reset, Late,
		Stale, Back, Restart, Jump, Discontinuity, ChangeEntry, RemoveEarly, Gap, Drift, BadParts, Change, Swap,
	}
}

// Fault is one misbehaviour. Its zero fields leave it general: every channel, every track, all the time.
type Fault struct {
	Kind          Kind
	Stream, Track string
	// From and Until, exclusive, by the origin's clock. A zero From is when the fault was injected, a zero Until never. What is wrong with the content, and
	// gaps, concern the segments that begin in that time; everything else concerns the requests of that time.
	From, Until time.Time
	// Only are the numbers of the segments concerned; all when there are none.
	Only []int64
	// Playlists says that it is playlists and manifests that are answered wrongly, not segments.
	Playlists bool
	Rate      int
	Count     int
	Delay     time.Duration
	Other     string
	Clip      *Clip
}

func (f *Fault) active(now time.Time) bool {
	return !now.Before(f.From) && (f.Until.IsZero() || now.Before(f.Until))
}

func (f *Fault) concerns(stream, track string) bool {
	return (f.Stream == "" || f.Stream == stream) && (f.Track == "" || f.Track == track)
}

func (f *Fault) has(n int64) bool { return len(f.Only) == 0 || slices.Contains(f.Only, n) }

// Inject makes the origin misbehave from now on, or from the fault's From.
func (o *Origin) Inject(f Fault) {
	if f.From.IsZero() {
		f.From = o.clock.Now()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.faults = append(slices.Clip(o.faults), f)
}

// Mend ends all faults.
func (o *Origin) Mend() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.faults = nil
}

// fault finds what of one kind concerns a track now; nil when nothing does.
func (r *request) fault(kind Kind) *Fault {
	for i := range r.faults {
		f := &r.faults[i]
		if f.Kind == kind && f.concerns(r.stream.Name, r.trackName()) && f.active(r.now) {
			return f
		}
	}
	return nil
}

// segmentFault finds what concerns segment n: how it is delivered while a fault is active, what is in it when it began in that time.
func (r *request) segmentFault(n int64, kinds ...Kind) *Fault {
	for i := range r.faults {
		f := &r.faults[i]
		when := r.now
		if slices.Contains([]Kind{Content, Swap, Gap}, f.Kind) {
			when = r.stream.Start.Add(r.track.start(r.stream.Clip.Length, n))
		}
		if slices.Contains(kinds, f.Kind) && !f.Playlists && f.concerns(r.stream.Name, r.trackName()) && f.active(when) && f.has(n) {
			return f
		}
	}
	return nil
}

// playlistFault finds what concerns the delivery of a playlist.
func (r *request) playlistFault() *Fault {
	for i := range r.faults {
		f := &r.faults[i]
		if f.Playlists && f.concerns(r.stream.Name, r.trackName()) && f.active(r.now) {
			return f
		}
	}
	return nil
}
