package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
	"aircheck/web/door"
)

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := func(k string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Idempotency-Key", k) }
	}
	const body = `{"input":"s3://media/a.mp4"}`
	first := b.ask(door.Operator, post, "/checks", body, key("night 1"))
	again := b.ask(door.Operator, post, "/checks", body, key("night 1"))
	if first.Code != 201 || again.Code != 200 || first.Body.String() != again.Body.String() || first.Header().Get("Location") != Prefix+"/checks/"+check {
		t.Errorf("%d %s, then %d %s; %v", first.Code, first.Body, again.Code, again.Body, first.Header())
	}
	if b.fleet.person != "operator-bot" {
		t.Errorf("submitted by %q", b.fleet.person)
	}
	if w := b.ask(door.Admin, post, "/checks", body, key("night 1")); w.Code != 201 {
		t.Errorf("the key of somebody else: %d", w.Code)
	}
	if w := b.ask(door.Operator, post, "/checks", `{"input":"s3://media/a.mp4","tick":"x"}`, key("night 1")); w.Code != 422 {
		t.Errorf("a key and a tick: %d", w.Code)
	}
	if w := b.ask(door.Operator, post, "/checks", body, key(strings.Repeat("k", maxKey+1))); w.Code != 422 {
		t.Errorf("a long key: %d", w.Code)
	}
}

func TestConditionalReport(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path := "/checks/" + check + "/report"
	first := b.ask(door.Viewer, get, path, "", nil)
	tag := first.Header().Get("ETag")
	if first.Code != 200 || tag == "" || first.Header().Get("Aircheck-Report") != "final" {
		t.Fatalf("%d %v", first.Code, first.Header())
	}
	for condition, want := range map[string]int{tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200} {
		w := b.ask(door.Viewer, get, path, "", func(r *http.Request) { r.Header.Set("If-None-Match", condition) })
		if w.Code != want || (want == 304) != (w.Body.Len() == 0) {
			t.Errorf("If-None-Match %s: %d, %d bytes, want %d", condition, w.Code, w.Body.Len(), want)
		}
	}
	if w := b.ask(door.Viewer, get, path+"?format=csv", "", nil); w.Header().Get("ETag") == tag {
		t.Error("two formats have one ETag")
	}
	w := b.ask(door.Viewer, get, "/checks/"+other+"/report?interim=true", "", nil)
	if w.Header().Get("ETag") != "" || w.Header().Get("Aircheck-Report") != "interim" {
		t.Errorf("an interim report: %v", w.Header())
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for accepted, want := range map[string]string{
		"": "application/json", "*/*": "application/json", "application/json": "application/json", "text/csv": "text/csv", "text/csv;q=0.1, application/xml": "application/xml",
		"text/html,*/*;q=0.8": "text/html", "application/*": "application/json", "text/vtt": "text/vtt", "image/png": "", "text/csv;q=0": "",
	} {
		w := b.ask(door.Viewer, get, "/checks/"+check+"/report", "", func(r *http.Request) {
			if accepted != "" {
				r.Header.Set("Accept", accepted)
			}
		})
		if media, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";"); w.Code == 200 && media != want || (w.Code == 406) != (want == "") {
			t.Errorf("Accept %q: %d %s, want %q", accepted, w.Code, media, want)
		}
		if want == "text/html" && !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
			t.Error("a page with a script of its own is shown as one of the site's")
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, tt := range []struct {
		err    error
		status int
		kind   Kind
	}{
		{NewProblem(KindConflict, "x"), 409, KindConflict},
		{jobs.Classify(jobs.Permanent, errors.New("no such host")), 422, KindInvalid},
		{jobs.Classify(jobs.Transient, errors.New("redis is gone")), 503, KindUnavailable},
		{fmt.Errorf("get: %w", storage.ErrNotFound), 404, KindNotFound},
		{fmt.Errorf("wait: %w", context.DeadlineExceeded), 503, KindUnavailable},
		{errors.New("nobody knows"), 500, KindInternal},
	} {
		b.fleet.err = tt.err
		w := b.ask(door.Operator, post, "/checks", `{"input":"s3://media/a.mp4"}`, nil)
		var p Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != tt.status || p.Status != tt.status || p.Type != typePrefix+string(tt.kind) || p.Title == "" {
			t.Errorf("%v: %d %s, %v", tt.err, w.Code, w.Body, err)
		}
		if (tt.status == 503) != (w.Header().Get("Retry-After") != "") {
			t.Errorf("%v: %v", tt.err, w.Header())
		}
	}
	b.fleet.err = jobs.Classify(jobs.Permanent, errors.New("open https://mia:secret@host/x: \x1b[31mdenied"))
	w := b.ask(door.Operator, post, "/checks", `{"input":"s3://media/a.mp4"}`, nil)
	if s := w.Body.String(); strings.Contains(s, "secret") || strings.Contains(s, `\u001b`) {
		t.Errorf("a problem tells too much: %s", s)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seen, offset := 0, 0
	for range 5 {
		var l CheckList
		w := b.ask(door.Viewer, get, fmt.Sprintf("/checks?limit=2&offset=%d", offset), "", nil)
		if err := json.Unmarshal(w.Body.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		seen += len(l.Checks)
		if offset = l.Next; offset == 0 {
			break
		}
	}
	if seen != 3 {
		t.Errorf("%d checks seen, want 3", seen)
	}
}

func TestWaiverLife(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.ask(door.Operator, post, "/waivers", `{"check":"`+check+`","finding":"video.black/v0/3000000","reason":" <b>wanted</b> ","expires":"2027-01-01T00:00:00Z"}`, nil)
	var made jobs.Waiver
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != 201 || made.Person != "operator-bot" || made.Code != "video.black" || len(made.Signature.Pictures) != 1 {
		t.Fatalf("%d %s, %v", w.Code, w.Body, err)
	}
	path := w.Header().Get("Location")[len(Prefix):]
	count := func(query string) int {
		var l WaiverList
		w := b.ask(door.Viewer, get, "/waivers"+query, "", nil)
		if err := json.Unmarshal(w.Body.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		return len(l.Waivers)
	}
	if count("") != 1 || count("?active=true") != 1 {
		t.Error("the waiver is not listed")
	}
	if w := b.ask(door.Viewer, http.MethodDelete, path, "", nil); w.Code != 403 {
		t.Errorf("a viewer ends a waiver: %d", w.Code)
	}
	w = b.ask(door.Admin, http.MethodDelete, path, "", nil)
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != 200 || made.EndedBy != "admin-bot" {
		t.Errorf("%d %s, %v", w.Code, w.Body, err)
	}
	if count("") != 1 || count("?active=1") != 0 {
		t.Error("a waiver that ended is gone, or still in force")
	}
	var log AuditList
	if err := json.Unmarshal(b.ask(door.Viewer, get, "/audit", "", nil).Body.Bytes(), &log); err != nil || len(log.Entries) != 2 {
		t.Errorf("log %+v, %v", log, err)
	}
}

func event(n int, stream string) jobs.Event {
	return jobs.Event{
		ID: fmt.Sprintf("%s-20261122T12/%d", stream, n), Kind: jobs.EventOpened, Time: noon, Stream: stream, Check: stream + "-20261122T12",
		Finding: &jobs.Finding{Code: "video.black", Severity: jobs.Fail, Message: "a\nb"},
	}
}

func TestEventsByList(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.queue.publish(event(1, "news"))
	b.queue.publish(event(2, "sports"))
	list := func(path string) (l EventList) {
		t.Helper()
		w := b.ask(door.Viewer, get, path, "", nil)
		if err := json.Unmarshal(w.Body.Bytes(), &l); err != nil || w.Code != 200 {
			t.Fatalf("%d %s, %v", w.Code, w.Body, err)
		}
		return l
	}
	if l := list("/events"); len(l.Events) != 0 || l.Cursor != "2-0" {
		t.Errorf("without a cursor only what is new is told: %+v", l)
	}
	if l := list("/events?after=0"); len(l.Events) != 2 {
		t.Errorf("from the beginning: %+v", l)
	}
	if l := list("/events?after=0&stream=news"); len(l.Events) != 1 || l.Events[0].Stream != "news" {
		t.Errorf("of one stream: %+v", l)
	}
	if l := list("/events?after=0&check=sports-20261122T12"); len(l.Events) != 1 || l.Events[0].Stream != "sports" {
		t.Errorf("of one check: %+v", l)
	}
	done := make(chan EventList)
	go func() { done <- list("/events?after=2-0&wait=20&stream=news") }()
	b.queue.publish(event(3, "sports"))
	b.queue.publish(event(4, "news"))
	if l := <-done; len(l.Events) != 1 || l.Cursor != "4-0" {
		t.Errorf("waited for: %+v", l)
	}
}

func TestEventsByStream(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.queue.publish(event(1, "news"))
	server := httptest.NewServer(b)
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, get, server.URL+Prefix+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+b.tokens[door.Viewer])
	r.Header.Set("Accept", eventStream)
	r.Header.Set("Last-Event-ID", "0")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.Header.Get("Content-Type") != eventStream {
		t.Fatalf("%d %v", response.StatusCode, response.Header)
	}
	lines := bufio.NewScanner(response.Body)
	got := map[string]int{}
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		if field == "data" {
			var e jobs.Event
			if err := json.Unmarshal([]byte(value), &e); err != nil || e.Finding.Message != "a\nb" {
				t.Errorf("%q: %v", value, err)
			}
		}
		got[field+" "+value]++
		if got["event opened"] == 1 && got["id 1-0"] == 1 && field == "" {
			b.queue.publish(event(2, "news"))
		}
		if got["id 2-0"] == 1 && field == "data" {
			break
		}
	}
	if got["id 1-0"] != 1 || got["id 2-0"] != 1 || got["event opened"] != 2 {
		t.Errorf("%v, %v", got, lines.Err())
	}
	// The server ends while somebody listens.
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	for lines.Scan() {
	}
	if len(b.listeners) != 0 {
		t.Errorf("%d still listen", len(b.listeners))
	}
}

func TestBackfillLife(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	began := make(chan struct{})
	b.fleet.run = func(ctx context.Context, told func(BackfillProgress)) error {
		told(BackfillProgress{Submitted: 1, Left: 2})
		began <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	const body = `{"target":"news","from":"-7d"}`
	var paths []string
	for range maxBackfills {
		w := b.ask(door.Operator, post, "/backfills", body, nil)
		if w.Code != 202 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		<-began
		paths = append(paths, w.Header().Get("Location")[len(Prefix):])
	}
	if w := b.ask(door.Operator, post, "/backfills", body, nil); w.Code != 503 {
		t.Errorf("one more: %d", w.Code)
	}
	state := func(path string) (one Backfill) {
		t.Helper()
		w := b.ask(door.Viewer, get, path, "", nil)
		if err := json.Unmarshal(w.Body.Bytes(), &one); err != nil || w.Code != 200 {
			t.Fatalf("%d %s, %v", w.Code, w.Body, err)
		}
		return one
	}
	if one := state(paths[0]); one.State != "running" || one.Progress.Submitted != 1 || one.Person != "operator-bot" {
		t.Errorf("%+v", one)
	}
	if w := b.ask(door.Operator, http.MethodDelete, paths[0], "", nil); w.Code != 200 {
		t.Errorf("stop: %d", w.Code)
	}
	if err := b.Close(); err != nil { // it stops the others, and waits
		t.Error(err)
	}
	for _, path := range paths {
		if one := state(path); one.State != "failed" || !strings.Contains(one.Error, "stopped") {
			t.Errorf("%+v", one)
		}
	}
}

// A stream that is wanted and was never judged is listed with since when, that it is silent, and what to do.
func TestStreamsThatWereNeverJudged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.ask(door.Viewer, get, "/streams", "", nil)
	var list StreamList
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || len(list.Streams) != 3 {
		t.Fatalf("%v\n%s", err, w.Body)
	}
	just, mute, news := list.Streams[0], list.Streams[1], list.Streams[2]
	if just.Stream != hostile || just.Silent || !just.Wanted.Equal(noon) || !strings.Contains(just.Advice, "yet") {
		t.Errorf("wanted just now: %+v", just)
	}
	if mute.Stream != "mute" || !mute.Silent || !mute.Wanted.Equal(noon.Add(-time.Hour)) || mute.Check != "" || !strings.Contains(mute.Advice, "see that 'aircheck producer' runs") {
		t.Errorf("never judged: %+v", mute)
	}
	if news.Silent || news.Advice != "" || !news.Wanted.IsZero() {
		t.Errorf("judged: %+v", news)
	}
	if strings.Contains(w.Body.String(), "<script") {
		t.Errorf("markup in\n%s", w.Body)
	}
}

func TestBrokenRedis(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.queue.broken = errors.New("connection refused")
	for _, path := range []string{"/streams", "/streams/news", "/events"} {
		if w := b.ask(door.Viewer, get, path, "", nil); w.Code != 503 {
			t.Errorf("%s: %d, want 503: what cannot be seen is not empty", path, w.Code)
		}
	}
}

func TestKindsAreExplained(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/API.md")
	if err != nil {
		t.Fatal(err)
	}
	titles := map[string]Kind{}
	for _, k := range kinds() {
		p := NewProblem(k, "x")
		if other, taken := titles[p.Title]; taken || p.Title == "" || k != KindInternal && p.Status == 500 && k != KindNoAccess {
			t.Errorf("%s: title %q (also of %s), status %d", k, p.Title, other, p.Status)
		}
		titles[p.Title] = k
		if !strings.Contains(string(guide), "`"+string(k)+"`") {
			t.Errorf("docs/API.md does not say what to do about %s", k)
		}
	}
}
