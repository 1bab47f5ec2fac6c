package origin

import (
	"time"
)

// Stream is one channel.
type Stream struct {
	Name string // the first segment of its paths
	Clip *Clip
	// Window is how much media a playlist shows. Defaults to six segments.
	Window time.Duration
	// Start is when the first segment began; defaults to a window before the channel was added, so that the window is full.
	Start time.Time
	// First is the media sequence number of the first segment.
	First int64
	// Jumps leaves the timestamps as they are in the clip: each repetition begins with EXT-X-DISCONTINUITY.
	Jumps bool
	// NoProgramTime leaves out EXT-X-PROGRAM-DATE-TIME.
	NoProgramTime bool
	// Parts makes the channel one of low latency: each segment comes in so many parts, and playlists can be waited for and be asked for as a delta.
	Parts int
	// Timeline makes the MPD list its segments in a SegmentTimeline, addressed by $Time$; else they are numbered.
	Timeline bool
	// Breaks are announced in the playlists.
	Breaks []Break
	// Ended is when the last segment ended; zero for a channel without an end.
	Ended time.Time
}

// Break is an advertisement: from the first segment that begins in it to the first that begins after it.
type Break struct {
	ID      string
	From    time.Time
	Length  time.Duration
	AsDates bool // by EXT-X-DATERANGE; else by EXT-X-CUE-OUT and its kin
	// Unplanned cues do not say how long the break will be.
	Unplanned bool
}

// defaultSegments is the window of a channel that does not say: what Apple's authoring specification asks for at least.
const defaultSegments = 6

// request is what one request is answered from.
type request struct {
	stream *Stream
	track  *Track // nil for what is about all
	faults []Fault
	now    time.Time
}

func (r *request) trackName() string {
	if r.track == nil {
		return ""
	}
	return r.track.Name
}

// at is the time on the channel's timeline, which a drift slows down.
func (r *request) at(now time.Time) time.Duration {
	if e := r.stream.Ended; !e.IsZero() && now.After(e) {
		now = e
	}
	at := now.Sub(r.stream.Start)
	for i := range r.faults {
		f := &r.faults[i]
		if f.Kind != Drift || !f.concerns(r.stream.Name, r.trackName()) || now.Before(f.From) {
			continue
		}
		end := now
		if !f.Until.IsZero() && f.Until.Before(now) {
			end = f.Until
		}
		at -= end.Sub(f.From) * time.Duration(f.Rate) / 1000
	}
	return at
}

// view is what a playlist shows: segments [first, end), numbered with shift.
type view struct {
	first, end int64
	shift      int64
	at         time.Duration // up to when it shows parts
	removed    int64         // discontinuities before first
	lowest     int64         // the first segment that there ever was under these numbers
}

// view works out what the playlist of a track shows now.
func (r *request) view() view {
	now := r.now
	if f := r.fault(Stale); f != nil {
		now = f.From
	}
	v := r.window(now, 0)
	if f := r.fault(Back); f != nil {
		v.end = max(v.end-int64(max(f.Count, 1)), 1)
		v = r.between(v.end, 0, 0)
		v.at = r.track.start(r.stream.Clip.Length, v.end)
	}
	v.shift = r.stream.First
	if f := r.fault(Jump); f != nil {
		v.shift += int64(f.Count)
	}
	if f := r.fault(Restart); f != nil {
		base := r.complete(f.From)
		if v.end > base {
			v = r.window(now, base)
			v.shift = -base
		}
	}
	return v
}

func (r *request) complete(now time.Time) int64 {
	return r.track.complete(r.stream.Clip.Length, r.at(now))
}

func (r *request) window(now time.Time, lowest int64) view {
	v := r.between(r.complete(now), lowest, r.shown())
	v.at = r.at(now)
	return v
}

// shown is how many segments a shrunken window has; 0 when it has its usual length.
func (r *request) shown() int64 {
	if f := r.fault(RemoveEarly); f != nil {
		return int64(max(f.Count, 1))
	}
	return 0
}

// between is the window that ends before segment end.
func (r *request) between(end, lowest, count int64) view {
	length := r.stream.Clip.Length
	edge := r.track.start(length, end)
	first := end
	for first > lowest && edge-r.track.start(length, first-1) <= r.stream.Window && (count == 0 || end-first < count) {
		first--
	}
	v := view{first: first, end: end, lowest: lowest}
	if r.stream.Jumps {
		v.removed = r.jumps(lowest, first)
	}
	if f := r.fault(Discontinuity); f != nil {
		at := *r
		at.now, at.faults = f.From, nil
		v.removed = at.between(at.complete(f.From), lowest, 0).removed
	}
	return v
}

// jumps counts the discontinuities before segment first, itself not counted, since lowest.
func (r *request) jumps(lowest, first int64) int64 {
	if first <= lowest {
		return 0
	}
	a, _ := r.track.split(lowest)
	b, _ := r.track.split(first - 1)
	return b - a
}

// jump tells whether a discontinuity stands before segment n.
func (r *request) jump(n, lowest int64) bool {
	_, place := r.track.split(n)
	return r.stream.Jumps && place == 0 && n > lowest
}

// available tells whether the origin still, or already, has segment n: from its end on, and after it left the window for as long as RFC 8216 section 6.2.2
// asks.
func (r *request) available(n int64) bool {
	length := r.stream.Clip.Length
	at := r.at(r.now)
	end := r.track.start(length, n) + r.track.duration(n)
	return n >= 0 && end <= at && at-end <= 2*r.stream.Window+2*r.track.longest()
}

// partLength is how long a part of segment n is.
func (r *request) partLength(n int64) time.Duration {
	return r.track.duration(n) / time.Duration(r.stream.Parts)
}

// parts is how many parts of segment n there are at a time of the channel.
func (r *request) parts(n int64, at time.Duration) int {
	gone := at - r.track.start(r.stream.Clip.Length, n)
	if gone <= 0 {
		return 0
	}
	return int(min(int64(gone/r.partLength(n)), int64(r.stream.Parts)))
}

// data are the bytes of segment n.
func (r *request) data(n int64) []byte {
	length, source := r.stream.Clip.Length, r.track
	if f := r.segmentFault(n, Swap); f != nil {
		if other := r.stream.Clip.track(f.Other); other != nil {
			source = other
		}
	}
	if f := r.segmentFault(n, Content); f != nil && f.Clip != nil {
		if other := f.Clip.track(r.track.Name); other != nil {
			return r.injected(other, f.Clip, n)
		}
	}
	data := source.render(length, n, r.stream.Jumps)
	if r.segmentFault(n, Change) != nil {
		data = append(append([]byte(nil), data...), padding(r.track.Container)...)
	}
	return data
}

// injected is the segment of another clip, moved to where segment n belongs.
func (r *request) injected(other *Track, clip *Clip, n int64) []byte {
	place := n % int64(len(other.Pieces))
	at := r.track.start(r.stream.Clip.Length, n)
	loop, _ := r.track.split(n)
	if r.stream.Jumps {
		at -= time.Duration(loop) * r.stream.Clip.Length
	}
	return other.move(other.Pieces[place].Data, at-other.Pieces[place].at, loop)
}

// padding is what a reader skips: a null packet, or an empty box.
func padding(c Container) []byte {
	if c != TS {
		return []byte{0, 0, 0, 8, 'f', 'r', 'e', 'e'}
	}
	p := make([]byte, packetSize)
	p[0], p[1], p[2], p[3] = syncByte, 0x1f, 0xff, 0x10
	for i := 4; i < packetSize; i++ {
		p[i] = 0xff
	}
	return p
}
