package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"sync/atomic"
	"time"

	"aircheck/jobs"
)

// Server-sent events, as of the HTML standard, section 9.2.
const (
	// tellEvery is how often news are looked for and sent: what happens within a second is one message.
	tellEvery = time.Second
	// heartbeat keeps proxies from closing a connection on which nothing happens; they wait for half a minute and more.
	heartbeat = 15 * time.Second
	// maxListeners bounds the connections that are open for news. A browser opens one a page.
	maxListeners = 500
	// retryAfter is when a browser comes again after its connection broke.
	retryAfter = 3 * time.Second
	// sendTimeout is how long one message may take to leave: who does not read is let go.
	sendTimeout = 20 * time.Second
)

// eventSource is where events of checks are read; *queue.Client is one.
type eventSource interface {
	LastEvent(ctx context.Context) (string, error)
	Events(ctx context.Context, after string) (events []jobs.Event, last string, err error)
}

// place is the form of a place in the stream of events: that of Redis.
var place = regexp.MustCompile(`^[0-9]{1,20}(-[0-9]{1,20})?$`)

// feed serves /events. With ?wall=VERSION it tells what changed on the wall; with ?check= or ?stream= what happened to the findings of one.
type feed struct {
	board  *board
	source eventSource
	// every is tellEvery.
	every time.Duration
	// admit tells whether who made a request may still hear of anything; nil: everybody may.
	admit func(*http.Request) bool
	// again is heartbeat: how often admit is asked.
	again     time.Duration
	listeners atomic.Int32
}

// listener is one connection.
type listener struct {
	feed *feed
	r    *http.Request
	w    http.ResponseWriter
	out  *http.ResponseController

	check, stream string
	after         string // place of the last event that was read
	wall          bool
	version       uint64
	told          time.Time // when something was sent last
	admitted      time.Time // when admit was asked last
}

// ServeHTTP implements http.Handler.
func (f *feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.listeners.Add(1) > maxListeners {
		f.listeners.Add(-1)
		w.Header().Set("Retry-After", "60")
		http.Error(w, "too many pages are listening", http.StatusServiceUnavailable)
		return
	}
	defer f.listeners.Add(-1)
	l, err := f.listen(w, r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if l.after == "" {
		if l.after, err = f.source.LastEvent(r.Context()); err != nil {
			http.Error(w, "the queue cannot be reached", http.StatusServiceUnavailable)
			return
		}
	}
	// The server's deadline for reading a request would end this one, too: the connection is read on to notice when the client goes.
	if err := l.out.SetReadDeadline(time.Time{}); err != nil {
		http.Error(w, "this connection cannot be kept open", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("X-Accel-Buffering", "no") // nginx would keep news until a buffer is full
	w.WriteHeader(http.StatusOK)
	if l.send(fmt.Sprintf("retry: %d\n\n", retryAfter.Milliseconds())) != nil {
		return
	}
	l.run(r.Context())
}

func (f *feed) listen(w http.ResponseWriter, r *http.Request) (*listener, error) {
	query := r.URL.Query()
	l := &listener{feed: f, r: r, w: w, out: http.NewResponseController(w), check: query.Get("check"), stream: query.Get("stream")}
	if l.check != "" && !jobs.ValidID(l.check) || l.stream != "" && !jobs.ValidStreamName(l.stream) {
		return nil, fmt.Errorf("no such check or stream")
	}
	l.after = r.Header.Get("Last-Event-ID")
	if l.after == "" {
		l.after = query.Get("after")
	}
	if l.after != "" && !place.MatchString(l.after) {
		return nil, fmt.Errorf("no such place among the events")
	}
	if text := query.Get("wall"); text != "" {
		version, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("no such version of the wall")
		}
		l.wall, l.version = true, version
	}
	return l, nil
}

// run tells news until the client or the server goes. What cannot be read now is read at the next look: a page that shows nothing new for a moment is better than
// one that lost its connection because Redis was restarted.
func (l *listener) run(ctx context.Context) {
	tick := time.NewTicker(l.feed.every)
	defer tick.Stop()
	l.told, l.admitted = time.Now(), time.Now()
	for {
		if !l.mayStay() {
			return
		}
		if err := l.tell(ctx); err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// mayStay asks at each heartbeat whether the token or session still opens the door: whoever loses it hears no more.
func (l *listener) mayStay() bool {
	if l.feed.admit == nil || time.Since(l.admitted) < l.feed.again {
		return true
	}
	l.admitted = time.Now()
	return l.feed.admit(l.r)
}

// tell sends what is new; an error is about the connection.
func (l *listener) tell(ctx context.Context) error {
	if l.wall {
		if err := l.tellWall(ctx); err != nil {
			return err
		}
	}
	if !l.wall || l.check != "" || l.stream != "" {
		if err := l.tellEvents(ctx); err != nil {
			return err
		}
	}
	if time.Since(l.told) >= heartbeat {
		return l.send(": still here\n\n")
	}
	return nil
}

func (l *listener) tellWall(ctx context.Context) error {
	news, ok, err := l.feed.board.since(ctx, l.version)
	if err != nil || !ok {
		return nil
	}
	if err := l.message("wall", news); err != nil {
		return err
	}
	l.version = news.Version
	return nil
}

func (l *listener) tellEvents(ctx context.Context) error {
	events, last, err := l.feed.source.Events(ctx, l.after)
	if err != nil {
		return nil
	}
	moved := last != l.after
	for i := range events {
		if l.check != "" && events[i].Check != l.check || l.stream != "" && events[i].Stream != l.stream {
			continue
		}
		if err := l.message("finding", &events[i]); err != nil {
			return err
		}
	}
	l.after = last
	if moved {
		// The place comes last and alone: a connection that breaks before it goes on from the place before, and an event is told twice rather than never.
		return l.send("id: " + last + "\n\n")
	}
	return nil
}

// message sends one event. JSON has no line breaks, so it is one line of data.
func (l *listener) message(kind string, data any) error {
	doc, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode news: %w", err)
	}
	return l.send("event: " + kind + "\ndata: " + string(doc) + "\n\n")
}

// send writes and flushes. The server's own deadline for a whole answer does not fit one that has no end.
func (l *listener) send(text string) error {
	if err := l.out.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	if _, err := l.w.Write([]byte(text)); err != nil {
		return fmt.Errorf("send news: %w", err)
	}
	if err := l.out.Flush(); err != nil {
		return fmt.Errorf("send news: %w", err)
	}
	l.told = time.Now()
	return nil
}
