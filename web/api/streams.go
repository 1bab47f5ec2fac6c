package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"aircheck/jobs"
	"aircheck/web/door"
)

const (
	// maxWait bounds how long a list of events waits, in seconds: proxies give up on a request after a minute.
	maxWait = 50
	// lookEvery is how often news are looked for.
	lookEvery = 500 * time.Millisecond
	// heartbeat keeps proxies from closing a connection on which nothing happens.
	heartbeat = 15 * time.Second
	// sendTimeout lets those go who do not read.
	sendTimeout = 20 * time.Second
	eventStream = "text/event-stream"
	// maxHours bounds the hours that are asked for at once; they are remembered for a day.
	maxHours = 48 * time.Hour
	day      = 24 * time.Hour
)

func (c *call) allStreams() ([]StreamStatus, error) {
	ctx, now := c.r.Context(), c.cfg.Now()
	all, err := c.cfg.Queue.Followed(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	list, names := make([]StreamStatus, 0, len(all)), make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	leaders, err := c.cfg.Queue.Leaders(ctx, names)
	if err != nil {
		return nil, unavailable(err)
	}
	for _, name := range names {
		s := all[name]
		list = append(list, StreamStatus{StreamStatus: s, Leader: leaders[name], Silent: s.Silent(now), Advice: s.Advice(leaders[name], now)})
	}
	return list, nil
}

// unavailable is an error of Redis to a caller.
func unavailable(err error) error {
	if jobs.ClassOf(err) == jobs.Cancelled {
		return err
	}
	return jobs.Classify(jobs.Transient, err)
}

func (c *call) streams() (*answer, error) {
	list, err := c.allStreams()
	if err != nil {
		return nil, err
	}
	return ok(StreamList{Streams: list})
}

func (c *call) stream() (*answer, error) {
	list, err := c.allStreams()
	if err != nil {
		return nil, err
	}
	name := c.r.PathValue("name")
	for _, s := range list {
		if s.Stream == name {
			return ok(s)
		}
	}
	return nil, problemf(KindNotFound, "no stream is called %q, or nothing was heard of it for two days", name)
}

// moment reads a time from the query.
func (c *call) moment(name string, fallback time.Time) (time.Time, error) {
	text := c.r.URL.Query().Get(name)
	if text == "" {
		return fallback, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, problemf(KindInvalid, "%s is %q, want a time such as 2026-11-22T18:00:00Z", name, text)
	}
	return t, nil
}

func (c *call) hours() (*answer, error) {
	name, now := c.r.PathValue("name"), c.cfg.Now().UTC()
	if !jobs.ValidStreamName(name) {
		return nil, problemf(KindNotFound, "no stream is called %q", name)
	}
	if err := c.query("from", "to"); err != nil {
		return nil, err
	}
	from, err := c.moment("from", now.Add(-day))
	if err != nil {
		return nil, err
	}
	to, err := c.moment("to", now)
	if err != nil {
		return nil, err
	}
	if length := to.Sub(from); length <= 0 || length > maxHours {
		return nil, problemf(KindInvalid, "from and to are %s apart, want more than 0 and at most %s", length, maxHours)
	}
	all, err := c.cfg.Fleet.Hours(c.r.Context(), from, to)
	if err != nil {
		return nil, unavailable(err)
	}
	list := HourList{Stream: name, Hours: []jobs.StreamHour{}}
	for _, h := range all {
		if h.Stream == name {
			list.Hours = append(list.Hours, h)
		}
	}
	slices.SortFunc(list.Hours, func(a, b jobs.StreamHour) int { return a.Hour.Compare(b.Hour) })
	return ok(list)
}

// cursorForm is that of a place in the stream of events, which is Redis's.
var cursorForm = regexp.MustCompile(`^[0-9]{1,20}(-[0-9]{1,20})?$`)

// follower is a request that hears of events.
type follower struct {
	*call
	after         string
	stream, check string
}

func (c *call) events() (*answer, error) {
	if err := c.query("after", "wait", "stream", "check"); err != nil {
		return nil, err
	}
	wait, err := c.number("wait", 0, 0, maxWait)
	if err != nil {
		return nil, err
	}
	q := c.r.URL.Query()
	f := &follower{call: c, after: q.Get("after"), stream: q.Get("stream"), check: q.Get("check")}
	if last := c.r.Header.Get("Last-Event-ID"); last != "" {
		f.after = last
	}
	if f.after != "" && !cursorForm.MatchString(f.after) {
		return nil, problemf(KindInvalid, "after is %q, want the cursor of an answer, or 0", f.after)
	}
	select {
	case c.listeners <- struct{}{}:
		defer func() { <-c.listeners }()
	default:
		return nil, problemf(KindBusy, "%d connections wait for events already", cap(c.listeners))
	}
	if f.after == "" {
		if f.after, err = c.cfg.Queue.LastEvent(c.r.Context()); err != nil {
			return nil, unavailable(err)
		}
	}
	c.unhurried()
	if strings.Contains(c.r.Header.Get("Accept"), eventStream) {
		return nil, f.tell()
	}
	return f.list(time.Duration(wait) * time.Second)
}

// next reads what is new and wanted.
func (f *follower) next(ctx context.Context) ([]jobs.Event, error) {
	events, after, err := f.cfg.Queue.Events(ctx, f.after)
	if err != nil {
		return nil, unavailable(err)
	}
	f.after = after
	wanted := []jobs.Event{}
	for _, e := range events {
		if (f.stream == "" || e.Stream == f.stream) && (f.check == "" || e.Check == f.check) {
			wanted = append(wanted, e)
		}
	}
	return wanted, nil
}

// list waits for news and answers with them, or with none.
func (f *follower) list(wait time.Duration) (*answer, error) {
	ctx := f.r.Context()
	end, tick := time.NewTimer(wait), time.NewTicker(lookEvery)
	defer end.Stop()
	defer tick.Stop()
	for {
		before := f.after
		events, err := f.next(ctx)
		if err != nil {
			return nil, err
		}
		if len(events) > 0 || wait == 0 {
			return ok(EventList{Events: events, Cursor: f.after})
		}
		if f.after != before {
			continue // there may be more, which are wanted
		}
		select {
		case <-tick.C:
		case <-end.C:
			return ok(EventList{Events: events, Cursor: f.after})
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-f.work.Done():
			return ok(EventList{Events: events, Cursor: f.after})
		}
	}
}

// tell sends events as they come, until the caller or the server has enough. An error before the first byte is one of the request; later the connection ends, and the
// caller comes again with the cursor it has.
func (f *follower) tell() error {
	ctx, rc := f.r.Context(), http.NewResponseController(f.w)
	h := f.w.Header()
	h.Set("Content-Type", eventStream)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would wait for more
	message := fmt.Sprintf("retry: 3000\nid: %s\n: hello\n\n", f.after)
	tick, told, admitted := time.NewTicker(lookEvery), f.cfg.Now(), f.cfg.Now()
	defer tick.Stop()
	for {
		if now := f.cfg.Now(); now.Sub(admitted) >= heartbeat {
			if _, refusal := f.cfg.Door.Admit(f.r, door.Viewer); refusal != nil {
				return nil // the token was removed or has expired
			}
			admitted = now
		}
		if message == "" && f.cfg.Now().Sub(told) >= heartbeat {
			message = ": still here\n\n"
		}
		if message != "" {
			_ = rc.SetWriteDeadline(time.Now().Add(sendTimeout)) // of the connection, whose clock is the system's
			if _, err := f.w.Write([]byte(message)); err != nil || rc.Flush() != nil {
				return nil
			}
			told = f.cfg.Now()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		case <-f.work.Done():
			return nil
		}
		events, err := f.next(ctx)
		if err != nil {
			f.cfg.Log.Warn("read events", "error", err)
			return nil
		}
		message = framed(events, f.after)
	}
}

// framed writes events as the HTML standard, section 9.2, has them. The cursor stands with the last one only: whoever loses the connection before gets all of
// them again.
func framed(events []jobs.Event, cursor string) string {
	var b strings.Builder
	for i := range events {
		doc, err := json.Marshal(&events[i]) // one line: JSON has no line breaks of its own
		if err != nil {
			continue
		}
		if i == len(events)-1 {
			fmt.Fprintf(&b, "id: %s\n", cursor)
		}
		fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", events[i].Kind, doc)
	}
	return b.String()
}
