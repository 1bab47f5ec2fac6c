package web

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/queue"
)

func TestStrip(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	hour := func(h int, minutes string) jobs.StreamHour {
		return jobs.StreamHour{Hour: begin.Add(time.Duration(h) * time.Hour), Minutes: minutes + strings.Repeat("-", hourMinutes-len(minutes))}
	}
	for _, tt := range []struct {
		name  string
		hours []jobs.StreamHour
		n     int // minutes from begin to the end of the strip
		want  string
		text  string
	}{
		{"nothing known", nil, 10, "--", "10 min not analysed"},
		{"clean", []jobs.StreamHour{hour(0, "pppppppppp")}, 10, "pp", "10 min clean"},
		{"a hole is not clean", []jobs.StreamHour{hour(0, "pppp-ppppp")}, 10, "-p", "5 min not analysed, 5 min clean"},
		{"worse covers all", []jobs.StreamHour{hour(0, "w-pppppppf")}, 10, "wf", "5 min fail, 5 min warn"},
		{"what is still on its way is left out of its cell", []jobs.StreamHour{hour(0, "ppppppp")}, 10, "pp", "10 min clean"},
		{"a stream that ended long ago ends in nothing", []jobs.StreamHour{hour(0, "ppppppp")}, 25, "p----", "20 min not analysed, 5 min clean"},
		{"a letter of another release is no verdict", []jobs.StreamHour{hour(0, "pppppxxxxxppppp")}, 15, "p-p", "5 min not analysed, 10 min clean"},
		{"over the hour", []jobs.StreamHour{hour(0, strings.Repeat("p", 60)), hour(1, "fffff")}, 65, strings.Repeat("p", 12) + "f", "5 min fail, 1 h clean"},
		{"too many letters are no longer hour", []jobs.StreamHour{{Hour: begin, Minutes: strings.Repeat("f", 90)}}, 80, strings.Repeat("f", 12) + "----", "1 h fail, 20 min not analysed"},
	} {
		s := makeStrip(minutesOf(tt.hours, begin.Add(time.Duration(tt.n)*time.Minute), tt.n), wallCellMinutes)
		if s.cells != tt.want || s.Text() != tt.text {
			t.Errorf("%s: %q %q, want %q %q", tt.name, s.cells, s.Text(), tt.want, tt.text)
		}
	}
}

func TestBarsTileTheStrip(t *testing.T) {
	t.Parallel()
	s := strip{cells: "ppwwf--pf", cell: 5}
	covered := make([]int, len(s.cells))
	for _, b := range s.Bars() {
		for run := range strings.SplitSeq(strings.Trim(b.D, "Mz"), "zM") {
			var from, top, n int
			if _, err := fmt.Sscanf(run, "%d %dh%d", &from, &top, &n); err != nil {
				t.Fatalf("%q: %v", run, err)
			}
			for i := from; i < from+n; i++ {
				covered[i]++
				if class, want := barTop(s.cells[i]); class != b.Class || want != top {
					t.Errorf("cell %d is drawn as %s from %d, want %s from %d", i, b.Class, top, class, want)
				}
			}
		}
	}
	for i, n := range covered {
		if n != 1 {
			t.Errorf("cell %d is drawn %d times", i, n)
		}
	}
}

func TestStateOfAStream(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 18, 30, 0, 0, time.UTC)
	open := func(s jobs.Severity) map[jobs.Severity]int { return map[jobs.Severity]int{s: 1} }
	for _, tt := range []struct {
		name   string
		status queue.StreamStatus
		want   state
	}{
		{"clean", queue.StreamStatus{Time: now}, statePass},
		{"info wakes nobody", queue.StreamStatus{Time: now, Open: open(jobs.Info)}, statePass},
		{"warn", queue.StreamStatus{Time: now, Open: open(jobs.Warn)}, stateWarn},
		{"fail", queue.StreamStatus{Time: now, Open: open(jobs.Fail)}, stateFail},
		{"what was open when it fell silent is no longer known", queue.StreamStatus{Time: now.Add(-5 * time.Minute), Open: open(jobs.Fail)}, stateSilent},
		{"a slow stream is not silent", queue.StreamStatus{Time: now.Add(-5 * time.Minute), Latency: 120}, statePass},
		{"a latency that nobody believes hides nothing for long", queue.StreamStatus{Time: now.Add(-3 * time.Hour), Latency: 1e12}, stateSilent},
		{"ended", queue.StreamStatus{Time: now.Add(-time.Hour), Verdict: jobs.VerdictFail}, stateEnded},
		{"given up a moment ago is not clean", queue.StreamStatus{Time: now, GivenUp: true}, stateEnded},
		{"between two hours", queue.StreamStatus{Time: now.Add(-time.Second), Verdict: jobs.VerdictPass}, statePass},
	} {
		if got := stateOf(&tt.status, now); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestGivenUpIsNotJustEnded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 18, 30, 0, 0, time.UTC)
	lost := makeRow("lost", &queue.StreamStatus{Time: now.Add(-time.Hour), GivenUp: true}, nil, now, 0)
	if lost.Word() != "given up" || !strings.Contains(lost.Hint(), "no report") {
		t.Errorf("%q, %q", lost.Word(), lost.Hint())
	}
	over := makeRow("over", &queue.StreamStatus{Time: now.Add(-time.Hour), Verdict: jobs.VerdictPass}, nil, now, 0)
	if over.Word() != "ended" || over.Hint() != "" {
		t.Errorf("%q, %q", over.Word(), over.Hint())
	}
}

// A stream that is wanted and was never judged stands on the wall from the first moment, is never clean, and says since when it is wanted and what to do; once it is
// judged it is the same line.
func TestWallHasWhatWasNeverJudged(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 18, 30, 0, 0, time.UTC)
	c := &clock{at: at}
	name := `<b>"mute"` + "\u202e"
	f := &fake{leaders: map[string]string{name: "host</td>\x1b"}}
	f.set(queue.StreamStatus{Stream: name, Time: at, Wanted: at})
	site, _, _ := newSiteOf(t, Config{source: f, Now: c.now})
	look := func(word string, texts ...string) {
		t.Helper()
		body := get(site, "/", nil).Body.String()
		if strings.Count(body, "<tr data-name=") != 1 {
			t.Errorf("not one line in\n%s", body)
		}
		body = strings.Replace(body, ` data-name="`+template.HTMLEscapeString(name), "", 1) // by which the script finds it; nobody sees that
		if !strings.Contains(body, ">"+word+"</span></td>") || strings.Contains(body, "<b>\"mute") || strings.ContainsAny(body, "\x1b\u202e") {
			t.Errorf("want %q in\n%s", word, body)
		}
		for _, text := range texts {
			if !strings.Contains(body, text) {
				t.Errorf("%q is missing in\n%s", text, body)
			}
		}
	}
	look("not analysed", "since 22 Nov 18:30", "Nothing was judged of it yet")
	c.at = at.Add(queue.QuietFor + time.Second)
	look("no news", "since 22 Nov 18:30", "although host&lt;/td&gt;", "whether the origin answers")
	c.at = c.at.Add(2 * time.Second)
	f.set(queue.StreamStatus{Stream: name, Check: "mute-20261122T18", Time: c.at, Open: map[jobs.Severity]int{jobs.Fail: 1}})
	look("fail")
	if body := get(site, "/", nil).Body.String(); strings.Contains(body, "since 22 Nov") || strings.Contains(body, "class=\"advice\"") {
		t.Errorf("it is judged:\n%s", body)
	}
}

func TestPageOfAStreamThatWasNeverJudged(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 18, 30, 0, 0, time.UTC)
	f := &fake{}
	f.set(queue.StreamStatus{Stream: "mute", Time: at.Add(-time.Hour), Wanted: at.Add(-time.Hour)})
	site, _, _ := newSiteOf(t, Config{source: f, Now: (&clock{at: at}).now})
	w := get(site, "/streams/mute", nil)
	for _, want := range []string{">no news<", "wanted since 22 Nov 17:30", "no producer follows it: see that"} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("%d, %q is missing in\n%s", w.Code, want, w.Body)
		}
	}
	if strings.Contains(w.Body.String(), "/checks/mute") {
		t.Errorf("there is no check\n%s", w.Body)
	}
}

func TestCostIsOfTheTimeThatWasAnalysed(t *testing.T) {
	t.Parallel()
	half := strings.Repeat("p", 30) + strings.Repeat("-", 30)
	hours := []jobs.StreamHour{{Minutes: half, CPU: 60}, {Minutes: half}, {Minutes: strings.Repeat("-", 60), CPU: 0}}
	if got := cpuAnHour(hours); got != 120 {
		t.Errorf("%g s an hour, want 120", got)
	}
	if got := cpuAnHour([]jobs.StreamHour{{Minutes: strings.Repeat("-", 60), CPU: 5}}); got != 0 {
		t.Errorf("%g s an hour of nothing", got)
	}
	r := makeRow("a", nil, hours, time.Now(), 0.05)
	if r.MoneyText() != "0.0017" {
		t.Errorf("costs %s", r.MoneyText())
	}
}

func TestOnlyWhatWasAnalysedIsClean(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 18, 30, 0, 0, time.UTC)
	minutes := func(hour int, letters string) jobs.StreamHour {
		return jobs.StreamHour{Hour: now.Truncate(time.Hour).Add(time.Duration(hour) * time.Hour), Minutes: letters + strings.Repeat("-", hourMinutes-len(letters))}
	}
	p, none := func(n int) string { return strings.Repeat("p", n) }, func(n int) string { return strings.Repeat("-", n) }
	for _, tt := range []struct {
		name  string
		hours []jobs.StreamHour
		open  jobs.Severity
		want  string
	}{
		{"nothing is known", nil, "", "not analysed"},
		{"nothing is known of the last hour", []jobs.StreamHour{minutes(-2, p(60))}, "", "not analysed"},
		{"it runs, and nothing can be analysed", []jobs.StreamHour{minutes(-1, none(60)), minutes(0, none(30))}, "", "not analysed"},
		{"what is open is said first", nil, jobs.Warn, "warn"},
		{"all of it", []jobs.StreamHour{minutes(-1, p(60)), minutes(0, p(29))}, "", "clean"},
		{"it began a moment ago", []jobs.StreamHour{minutes(0, none(26)+p(3))}, "", "clean"},
		{"the newest minutes are on their way", []jobs.StreamHour{minutes(-1, p(60)), minutes(0, p(20))}, "", "clean"},
		{"what failed and is over was analysed", []jobs.StreamHour{minutes(-1, p(60)), minutes(0, "fff"+p(26))}, "", "clean"},
		{"little is missing at a seam", []jobs.StreamHour{minutes(-1, p(56)), minutes(0, p(29))}, "", "clean"},
		{"a hole", []jobs.StreamHour{minutes(-1, p(50)), minutes(0, p(29))}, "", "incomplete"},
		{"an outage that is over", []jobs.StreamHour{minutes(-2, p(60)), minutes(0, none(27)+p(2))}, "", "incomplete"},
	} {
		s := &queue.StreamStatus{Time: now, Open: map[jobs.Severity]int{tt.open: 1}}
		r := makeRow("a", s, tt.hours, now, 0)
		if r.Word() != tt.want {
			t.Errorf("%s: %q with %d minutes unseen, want %q", tt.name, r.Word(), r.Unseen, tt.want)
		}
		if (r.State == stateUnseen) != (r.Hint() != "") {
			t.Errorf("%s: hint %q", tt.name, r.Hint())
		}
	}
}

// clock is a clock that stands until it is moved.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newTestBoard(f *fake, c *clock) *board {
	return newBoard(f, func(r row) (template.HTML, error) { return template.HTML(r.Name + " " + string(r.State)), nil }, 0, c.now)
}

func TestBoardTellsWhatChanged(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Date(2026, 11, 22, 18, 30, 0, 0, time.UTC)}
	f := manyStreams(5, c.at)
	b := newTestBoard(f, c)
	rows, totals, version, err := b.wall(t.Context())
	if err != nil || len(rows) != 5 || rows[0] != "channel-0003 fail" || totals.Fail != 1 || totals.Streams != 5 {
		t.Fatalf("%q, %+v, %v", rows, totals, err)
	}
	if _, news, _ := b.since(t.Context(), version); news || f.asked != 1 {
		t.Errorf("news at once: %t, asked %d times", news, f.asked)
	}
	c.at = c.at.Add(2 * time.Second)
	f.set(queue.StreamStatus{Stream: "channel-0001", Time: c.at, Open: map[jobs.Severity]int{jobs.Fail: 1}})
	f.set(queue.StreamStatus{Stream: "new", Time: c.at})
	news, ok, err := b.since(t.Context(), version)
	if err != nil || !ok || len(news.Rows) != 2 || news.Rows["channel-0001"] != "channel-0001 fail" || news.Totals.Fail != 2 {
		t.Errorf("%+v, %t, %v", news, ok, err)
	}
	if again, ok, _ := b.since(t.Context(), news.Version); ok {
		t.Errorf("told again: %+v", again)
	}
	c.at = c.at.Add(2 * time.Second)
	delete(f.streams, "new")
	if news, ok, _ = b.since(t.Context(), news.Version); !ok || len(news.Gone) != 1 || news.Gone[0] != "new" {
		t.Errorf("what is gone: %+v", news)
	}
	for _, version := range []uint64{0, 1 << 62} {
		if all, _, _ := b.since(t.Context(), version); len(all.Rows) != 5 {
			t.Errorf("from version %d: %d rows", version, len(all.Rows))
		}
	}
}

// listen reads the lines of a connection to /events until it ends.
func listen(t *testing.T, address string, header http.Header) (lines <-chan string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	response, err := http.DefaultClient.Do(r) //nolint:bodyclose // the goroutine below closes it
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %s", response.StatusCode, response.Header)
	}
	out := make(chan string, 100)
	go func() {
		defer close(out)
		defer response.Body.Close()
		s := bufio.NewScanner(response.Body)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			if s.Text() != "" {
				out <- s.Text()
			}
		}
	}()
	return out, cancel
}

func next(t *testing.T, lines <-chan string, prefix string) string {
	t.Helper()
	end := time.After(10 * time.Second)
	for {
		select {
		case line, ok := <-lines:
			if rest, fits := strings.CutPrefix(line, prefix); fits {
				return rest
			}
			if !ok {
				t.Fatalf("the connection ended before %q", prefix)
			}
		case <-end:
			t.Fatalf("no %q in ten seconds", prefix)
		}
	}
}

func event(n int, check, stream string) jobs.Event {
	return jobs.Event{
		ID: fmt.Sprintf("%s/%d", check, n), Kind: jobs.EventOpened, Check: check, Stream: stream, Time: time.Unix(1_700_000_000, 0).UTC(),
		Finding: &jobs.Finding{Code: "video.black", Severity: jobs.Fail, Rendition: "v0", Message: "line\nbreak </script>"},
	}
}

func TestEventsGoOnWhereTheyBroke(t *testing.T) {
	t.Parallel()
	f := &fake{}
	for i := range 3 {
		f.tell(event(i, "news-20261122T18", "news"))
	}
	address := serveSite(t, Config{source: f})
	lines, stop := listen(t, address+"events?check=news-20261122T18", http.Header{"Last-Event-Id": {"1-0"}})
	defer stop()
	var got jobs.Event
	for _, want := range []string{"news-20261122T18/1", "news-20261122T18/2"} {
		if err := json.Unmarshal([]byte(next(t, lines, "data: ")), &got); err != nil || got.ID != want {
			t.Fatalf("%+v, %v: want %s", got, err, want)
		}
	}
	if id := next(t, lines, "id: "); id != "3-0" {
		t.Errorf("place %s", id)
	}
	f.tell(event(0, "sports-20261122T18", "sports"))
	f.tell(event(3, "news-20261122T18", "news"))
	if err := json.Unmarshal([]byte(next(t, lines, "data: ")), &got); err != nil || got.ID != "news-20261122T18/3" || got.Finding.Message != "line\nbreak </script>" {
		t.Errorf("%+v, %v: events of others are not for this page", got, err)
	}
}

func TestEventsRefuse(t *testing.T) {
	t.Parallel()
	site, _, _ := newSiteOf(t, Config{source: &fake{}})
	for _, path := range []string{"/events?check=../x", "/events?stream=<b>", "/events?wall=x", "/events?after=a%0ab", "/events?after=1-0-0"} {
		if w := get(site, path, nil); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	f := &feed{}
	f.listeners.Store(maxListeners)
	if w := get(f, "/events", nil); w.Code != http.StatusServiceUnavailable || f.listeners.Load() != maxListeners {
		t.Errorf("one listener too many: %d", w.Code)
	}
}

func TestEventsOutliveTheDeadlinesOfTheServer(t *testing.T) {
	t.Parallel()
	f := &fake{}
	server := httptest.NewUnstartedServer(&feed{source: f, every: 10 * time.Millisecond})
	const deadline = 100 * time.Millisecond
	server.Config.ReadTimeout, server.Config.WriteTimeout = deadline, deadline
	server.Start()
	defer server.Close()
	lines, stop := listen(t, server.URL+"/events", nil)
	defer stop()
	next(t, lines, "retry: ")
	<-time.After(5 * deadline)
	f.tell(event(1, "news-20261122T18", "news"))
	next(t, lines, "data: ")
}

func TestEventsEndWithTheServer(t *testing.T) {
	t.Parallel()
	var lines <-chan string
	t.Run("served", func(t *testing.T) {
		address := serveSite(t, Config{source: manyStreams(3, time.Now())})
		lines, _ = listen(t, address+"events?wall=0", nil)
		next(t, lines, "event: wall")
	})
	for range lines { // ends, because the server did
	}
}

func TestVerdictOfAnHour(t *testing.T) {
	t.Parallel()
	hour := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, minutes string
		after         time.Duration // now, from the beginning of the hour
		want          string
	}{
		{"all of it", strings.Repeat("p", 60), 5 * time.Hour, "pass"},
		{"one minute of it", "p" + strings.Repeat("-", 59), 5 * time.Hour, "incomplete"},
		{"a hole", strings.Repeat("p", 30) + "-" + strings.Repeat("p", 29), 5 * time.Hour, "incomplete"},
		{"no beginning", "-" + strings.Repeat("p", 59), 5 * time.Hour, "incomplete"},
		{"no end, long ago", strings.Repeat("p", 55) + "-----", 5 * time.Hour, "incomplete"},
		{"the end is on its way", strings.Repeat("p", 55) + "-----", 62 * time.Minute, "pass"},
		{"running", strings.Repeat("p", 20) + strings.Repeat("-", 40), 25 * time.Minute, "pass"},
		{"running, and nothing comes any more", strings.Repeat("p", 20) + strings.Repeat("-", 40), 50 * time.Minute, "incomplete"},
		{"worse covers holes", "w" + strings.Repeat("-", 59), 5 * time.Hour, "warn"},
		{"nothing", strings.Repeat("-", 60), 5 * time.Hour, "none"},
	} {
		lines := hourLines([]jobs.StreamHour{{Hour: hour, Minutes: tt.minutes}}, hour.Add(tt.after))
		if len(lines) != 1 || lines[0].Worst != tt.want {
			t.Errorf("%s: %+v, want %s", tt.name, lines, tt.want)
		}
	}
}

func TestEventsEndWithTheToken(t *testing.T) {
	t.Parallel()
	var out atomic.Bool
	f := &fake{}
	server := httptest.NewServer(&feed{source: f, every: 5 * time.Millisecond, again: 10 * time.Millisecond, admit: func(*http.Request) bool { return !out.Load() }})
	defer server.Close()
	lines, stop := listen(t, server.URL+"/events", nil)
	defer stop()
	f.tell(event(1, "news-20261122T18", "news"))
	next(t, lines, "data: ")
	out.Store(true)
	for range lines { // ends, because the token is gone
	}
}

func TestEmptyWallWaitsForStreams(t *testing.T) {
	t.Parallel()
	site, _, _ := newSiteOf(t, Config{source: &fake{}})
	if w := get(site, "/", nil); w.Code != 200 || !strings.Contains(w.Body.String(), "data-reload") || !strings.Contains(w.Body.String(), "reload") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestLastDayOfAWaiver(t *testing.T) {
	t.Parallel()
	end, err := expiry("2027-01-31", time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if got := (waiverLine{Waiver: jobs.Waiver{Expires: end}}).Until(); got != "31 Jan 2027" {
		t.Errorf("until %s, want the day that was entered", got)
	}
}
