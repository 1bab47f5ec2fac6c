package origin

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// headerTimeout bounds how long a client may take to say what it wants.
const headerTimeout = 10 * time.Second

// Origin serves channels over HTTP; it is an http.Handler, and may stand behind several listeners. Paths:
//
//	/NAME/master.m3u8, /NAME/manifest.mpd, /NAME/TRACK/index.m3u8, /NAME/TRACK/init.mp4, /NAME/TRACK/NUMBER.EXT, /NAME/TRACK/NUMBER.PART.EXT, /time
//
// It is safe for concurrent use.
type Origin struct {
	clock Clock

	mu      sync.Mutex
	streams map[string]*Stream
	faults  []Fault
	counts  map[string]int
}

// New makes an origin without channels.
func New(clock Clock) *Origin {
	return &Origin{clock: clock, streams: map[string]*Stream{}, counts: map[string]int{}}
}

// Add opens a channel; it replaces one of the same name.
func (o *Origin) Add(s Stream) error {
	if s.Name == "" || strings.ContainsAny(s.Name, "/?#% ") || s.Clip == nil {
		return fmt.Errorf("channel %q: want a name that is a path segment, and a clip", s.Name)
	}
	longest := s.Clip.Tracks[0].longest()
	if s.Window <= 0 {
		s.Window = defaultSegments * longest
	}
	if s.Start.IsZero() {
		s.Start = o.clock.Now().Add(-s.Window - longest)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.streams[s.Name] = &s
	return nil
}

// Counts says how many requests of each kind there were: "multivariant", "media", "blocking", "delta", "mpd", "init", "segment", "part", "time", and
// "unchanged" for those of playlists that were answered so.
func (o *Origin) Counts() map[string]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.counts)
}

func (o *Origin) count(kind string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.counts[kind]++
}

// look makes a request of a path; false when there is no such channel or track.
func (o *Origin) look(stream, track string) (*request, bool) {
	now := o.clock.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	r := &request{stream: o.streams[stream], faults: o.faults, now: now}
	if r.stream == nil {
		return r, false
	}
	if track != "" {
		r.track = r.stream.Clip.track(track)
	}
	return r, track == "" || r.track != nil
}

// ServeHTTP implements http.Handler.
func (o *Origin) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	path := strings.Split(strings.Trim(q.URL.Path, "/"), "/")
	switch {
	case q.Method != http.MethodGet && q.Method != http.MethodHead:
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
	case len(path) == 1 && path[0] == "time":
		o.count("time")
		fmt.Fprint(w, stamp(o.clock.Now()))
	case len(path) == 2:
		o.top(w, q, path)
	case len(path) == 3:
		o.inTrack(w, q, path)
	default:
		http.NotFound(w, q)
	}
}

// top answers what is about a channel as a whole.
func (o *Origin) top(w http.ResponseWriter, q *http.Request, path []string) {
	r, ok := o.look(path[0], "")
	switch {
	case ok && path[1] == "master.m3u8":
		o.count("multivariant")
		o.playlist(w, q, r, "application/vnd.apple.mpegurl", r.multivariant())
	case ok && path[1] == "manifest.mpd":
		o.count("mpd")
		o.playlist(w, q, r, "application/dash+xml", r.mpd())
	default:
		http.NotFound(w, q)
	}
}

func (o *Origin) inTrack(w http.ResponseWriter, q *http.Request, path []string) {
	r, ok := o.look(path[0], path[1])
	switch {
	case !ok:
		http.NotFound(w, q)
	case path[2] == "index.m3u8":
		o.mediaPlaylist(w, q, r)
	case path[2] == "init.mp4" && r.track.Container == FMP4:
		o.count("init")
		o.deliver(w, q, r, "video/mp4", r.track.Init, nil)
	default:
		o.segment(w, q, r, path[2])
	}
}

// mediaPlaylist answers at once, or when the segment and part are there that a blocking reload asks for (draft-pantos-hls-rfc8216bis section 6.2.5.2).
func (o *Origin) mediaPlaylist(w http.ResponseWriter, q *http.Request, r *request) {
	query := q.URL.Query()
	delta := query.Get("_HLS_skip") == "YES"
	switch msn, err := strconv.ParseInt(query.Get("_HLS_msn"), 10, 64); {
	case err != nil || r.stream.Parts == 0:
		o.count("media")
	default:
		o.count("blocking")
		part, err := strconv.Atoi(query.Get("_HLS_part"))
		if err != nil {
			part = -1
		}
		v := r.view()
		if msn > v.end+v.shift+2 {
			http.Error(w, "too far ahead", http.StatusBadRequest)
			return
		}
		if r = o.await(q.Context(), r, msn-v.shift, part); r == nil {
			return
		}
	}
	if delta {
		o.count("delta")
	}
	o.playlist(w, q, r, "application/vnd.apple.mpegurl", r.media(delta))
}

// await makes the request anew when a part of segment n is there, or all of it; nil when the client has gone. A stream that drifts is there later than it was due.
func (o *Origin) await(ctx context.Context, r *request, n int64, part int) *request {
	limit := r.now.Add(3 * time.Duration(r.track.target()) * time.Second)
	for {
		if o.clock.Wait(ctx, r.due(n, part)) != nil {
			return nil
		}
		next, ok := o.look(r.stream.Name, r.track.Name)
		if !ok || !next.now.Before(limit) || !next.due(n, part).After(next.now) {
			return next
		}
		r = next
	}
}

// due is when a part of segment n will be there, or all of it; not later than three target durations from now, as the section above asks.
func (r *request) due(n int64, part int) time.Time {
	length := r.stream.Clip.Length
	at := r.track.start(length, n) + r.track.duration(n)
	if part >= 0 && part < r.stream.Parts {
		at = r.track.start(length, n) + time.Duration(part+1)*r.partLength(n)
	}
	wait, most := at-r.at(r.now), 3*time.Duration(r.track.target())*time.Second
	if r.fault(Stale) != nil {
		wait = most
	}
	if f := r.fault(Back); f != nil {
		wait += time.Duration(max(f.Count, 1)) * r.track.duration(n)
	}
	return r.now.Add(min(max(wait, 0), most))
}

// playlist answers with a playlist, or that it is what the client has.
func (o *Origin) playlist(w http.ResponseWriter, q *http.Request, r *request, kind, text string) {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(text))
	tag := fmt.Sprintf(`"%x"`, hash.Sum64())
	fault := r.playlistFault()
	if fault == nil {
		w.Header().Set("ETag", tag)
		if q.Header.Get("If-None-Match") == tag {
			o.count("unchanged")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.Header().Set("Cache-Control", "no-cache")
	o.deliver(w, q, r, kind, []byte(text), fault)
}

// segment answers with a segment or a part of one.
func (o *Origin) segment(w http.ResponseWriter, q *http.Request, r *request, name string) {
	n, part, ok := r.parse(name)
	if !ok {
		http.NotFound(w, q)
		return
	}
	data := []byte(nil)
	switch {
	case part >= 0 && r.stream.Parts > 0:
		o.count("part")
		if r = o.await(q.Context(), r, n, part); r == nil {
			return
		}
		if ok = part < r.parts(n, r.at(r.now)); ok {
			whole := r.data(n)
			data = whole[len(whole)*part/r.stream.Parts : len(whole)*(part+1)/r.stream.Parts]
		}
	default:
		o.count("segment")
		if ok = part < 0 && r.available(n) && r.segmentFault(n, Gap) == nil && !r.tooEarly(n); ok {
			data = r.data(n)
		}
	}
	if !ok {
		http.NotFound(w, q)
		return
	}
	kind := map[Container]string{TS: "video/mp2t", FMP4: "video/iso.segment"}[r.track.Container]
	o.deliver(w, q, r, kind, data, r.segmentFault(n, NotFound, Unavailable, Hang, Slow, Truncate, WrongLength, Reset))
}

// tooEarly tells whether segment n is announced and is not there yet.
func (r *request) tooEarly(n int64) bool {
	f := r.segmentFault(n, Late)
	return f != nil && r.at(r.now) < r.track.start(r.stream.Clip.Length, n)+r.track.duration(n)+f.Delay
}

// parse reads NUMBER.EXT, nNUMBER.EXT with the numbers of an MPD, tTIME.EXT and NUMBER.PART.EXT; part is -1 for a whole segment.
func (r *request) parse(name string) (n int64, part int, ok bool) {
	base, ok := strings.CutSuffix(name, "."+string(r.track.Container))
	part = -1
	first, second, parted := strings.Cut(base, ".")
	var err error
	if parted {
		if part, err = strconv.Atoi(second); err != nil || part < 0 {
			return 0, 0, false
		}
	}
	kind, digits := byte(0), first
	if first != "" && (first[0] == 't' || first[0] == 'n') {
		kind, digits = first[0], first[1:]
	}
	n, err = strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > 1<<40 || !ok {
		return 0, 0, false
	}
	switch kind {
	case 't':
		n = r.numberAt(n)
	case 'n':
		n -= r.stream.First
	}
	return n, part, n >= 0
}

// Listen serves the origin on an address, 127.0.0.1:0 for a free port. Each listener is an origin of its own for whoever compares two. Stop ends it and
// waits for it.
func (o *Origin) Listen(address string) (base string, stop func() error, err error) {
	return Serve(address, o)
}

// Serve answers requests to an address with a handler until it is stopped, which may be done more than once.
func Serve(address string, handler http.Handler) (base string, stop func() error, err error) {
	var plain net.ListenConfig
	listener, err := plain.Listen(context.Background(), "tcp", address)
	if err != nil {
		return "", nil, fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	stop = sync.OnceValue(func() error {
		err := server.Close()
		if served := <-done; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	})
	return "http://" + listener.Addr().String(), stop, nil
}
