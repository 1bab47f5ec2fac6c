package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"aircheck/jobs"
	"aircheck/jobs/queue"
	"aircheck/judge"
)

func TestStreamName(t *testing.T) {
	for url, want := range map[string]string{
		"https://example.org/news/master.m3u8":              "news",
		"https://example.org/live/News-HD/index.m3u8?x=/y":  "news-hd",
		"https://example.org/news.mpd":                      "news",
		"https://tv.example.org/master.m3u8":                "tv-example-org",
		"https://tv.example.org/":                           "tv-example-org",
		"s3://media/__a b__/manifest.mpd":                   "a-b",
		"https://e.org/" + strings.Repeat("x", 99) + ".mpd": strings.Repeat("x", 48),
	} {
		if got := streamName(url); got != want || !jobs.ValidStreamName(got) {
			t.Errorf("%s is called %q, want %q", url, got, want)
		}
	}
}

func TestFollowRefusesWhatItCannotDo(t *testing.T) {
	streams := filepath.Join(t.TempDir(), "streams.yaml")
	if err := os.WriteFile(streams, []byte("streams:\n  - name: News\n    url: https://example.org/a.m3u8\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want string
		args []string
	}{
		{"give the URL", nil},
		{"give the URL", []string{"https://example.org/a.m3u8", "--streams", streams}},
		{"line 2", []string{"--streams", streams}},
		{"--name", []string{"https://example.org/a.m3u8", "--name", "NEWS"}},
		{"--window", []string{"https://example.org/a.m3u8", "--window", "10ms"}},
		{"--least", []string{"https://example.org/a.m3u8", "--least", "loud"}},
		{"--fail-on", []string{"https://example.org/a.m3u8", "--fail-on", "loud"}},
		{"--for", []string{"https://example.org/a.m3u8", "--for", "-1s"}},
		{"format", []string{"https://example.org/a.m3u8", "--format", "html"}},
		{"--redis without --store", []string{"https://example.org/a.m3u8", "--redis", "redis://127.0.0.1:1/0"}},
		{"--profile", []string{"https://example.org/a.m3u8", "--profile", "nonesuch"}},
	} {
		code, stdout, stderr := exec(t, nil, append([]string{"follow"}, c.args...)...)
		if code != 2 || stdout != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("follow %v: exit status %d, stdout %q, stderr %q; want 2 and something about %q", c.args, code, stdout, stderr, c.want)
		}
	}
}

// TestFollowLine: one line says when, what, where and for how long; a finding that is over when it is told has one line and no more.
func TestFollowLine(t *testing.T) {
	var out strings.Builder
	s := &screen{app: newApp(nil, &out, &out), meter: &meter{}, names: map[string]bool{"news": true}, open: map[string]jobs.Severity{}, judged: map[string]jobs.Seconds{}}
	at := time.Date(2026, 11, 22, 18, 1, 0, 0, time.Local)
	event := func(kind jobs.EventKind, start, end jobs.Seconds) *jobs.Event {
		from := at.Add(time.Duration(start) * time.Second)
		return &jobs.Event{Kind: kind, Time: at.Add(time.Minute), Stream: "news", Check: "news-20261122T18", From: &from, Latency: jobs.Figure(1.25), Finding: &jobs.Finding{
			Code: "video.black", Severity: jobs.Fail, Rendition: "v0", Start: start, End: end, Message: "the picture is \x1b black",
		}}
	}
	opened, closed := event(jobs.EventOpened, 8, 12), event(jobs.EventClosed, 8, 12)
	if !endsAtOnce(opened, closed) || endsAtOnce(opened, event(jobs.EventClosed, 9, 12)) {
		t.Error("what is over at once is not told from what goes on")
	}
	s.event(opened, true)
	s.event(closed, false)
	s.event(event(jobs.EventOpened, 20, 30), false)
	s.event(event(jobs.EventClosed, 20, 32), false)
	s.least = jobs.Fail
	quiet := event(jobs.EventOpened, 50, 51)
	quiet.Finding.Severity = jobs.Warn
	s.event(quiet, false)
	s.event(&jobs.Event{Kind: jobs.EventFinished, Time: at, Stream: "news", Check: "news-20261122T18", Judged: 60, Verdict: jobs.VerdictFail}, false)
	for _, e := range []jobs.Event{
		{Kind: jobs.EventSilent, Message: "see \x1bthe producer"}, {Kind: jobs.EventGivenUp, Message: "no \x1bspace"}, {Kind: jobs.EventHeard, Message: "judged \x1bagain"},
	} {
		e.Time, e.Stream, e.Check = at, "news", "news-20261122T18"
		s.event(&e, false)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, want := range []string{
		"found     fail video.black", "opened    fail video.black", "closed    fail video.black", "report    news  news-20261122T18: fail",
		`silent    news  news-20261122T18: see \x1bthe producer`, `given up  news  news-20261122T18: no \x1bspace`, `heard     news  news-20261122T18: judged \x1bagain`,
	} {
		if i >= len(lines) || !strings.Contains(lines[i], want) {
			t.Fatalf("line %d: want %q in\n%s", i, want, out.String())
		}
	}
	if len(lines) != 7 || !strings.HasPrefix(lines[0], "18:02:00  found") || !strings.Contains(lines[0], "from 18:01:08.0 for 4.0 s") || strings.Contains(lines[0], "\x1b") {
		t.Errorf("printed\n%s", out.String())
	}
	if s.finished != 1 || len(s.open) != 0 {
		t.Errorf("%d finished, %v open", s.finished, s.open)
	}
}

func TestFleetStatusText(t *testing.T) {
	at := time.Date(2026, 11, 22, 18, 1, 0, 0, time.UTC)
	s := &fleetStatus{
		Workers: 2, Slots: 4, Busy: 1, Queues: []queueStatus{{Queue: "live", Waiting: 3, Running: 1, Oldest: 0.5}},
		Latency: map[string]latencyStatus{"segment": {Count: 100, P50: 6, P95: 11.5, P99: 12}},
		Streams: []streamStatus{
			{StreamStatus: queue.StreamStatus{Stream: "news", Check: "news-20261122T18", Time: at, Judged: 60, Latency: 1.5, Open: map[jobs.Severity]int{jobs.Fail: 1, jobs.Info: 2}}, Leader: "host-1"},
			{StreamStatus: queue.StreamStatus{Stream: "sport", Check: "sport-20261122T17", Time: at, Judged: 3600, Verdict: jobs.VerdictPass}},
			{StreamStatus: queue.StreamStatus{Stream: "gone", Check: "gone-20261122T17", Time: at.Add(-3 * time.Minute), Judged: 60, Latency: 1.5}, Leader: "host-2"},
			{StreamStatus: queue.StreamStatus{Stream: "lost", Check: "lost-20261122T17", Time: at.Add(-time.Hour), Judged: 60, GivenUp: true}},
		},
	}
	var out strings.Builder
	if err := s.write(&out, at.Add(3*time.Second)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"news": "1.5 s", "sport": "pass", "gone": "no news", "lost": "given up"} {
		line := regexp.MustCompile("(?m)^" + name + " .*$").FindString(out.String())
		for _, state := range []string{"1.5 s", "pass", "no news", "given up"} {
			if strings.Contains(line, state) != (state == want) {
				t.Errorf("%s, want %s", line, want)
			}
		}
	}
	for _, want := range []string{
		"2 workers, 1 of 4 slots busy", "segment to finding  6.0 s  11.5 s  12.0 s  100", "window to finding   -", "1 fail, 2 info", "host-1", "1.5 s", "3s ago", "pass",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

// What is wanted and was never judged is listed, once, with since when and what to do: in text, and in JSON.
func TestFleetStatusOfWhatWasNeverJudged(t *testing.T) {
	server := miniredis.RunT(t)
	conn, err := queue.Open("redis://" + server.Addr() + "/0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	client, at := queue.NewClient(conn), time.Date(2026, 11, 22, 18, 1, 0, 0, time.UTC)
	hostile := "mute\x1b[31m\u202e"
	if err := client.TellWanted(t.Context(), "", map[string]time.Duration{"news": 0, hostile: 0}, at.Add(-3*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := client.TellStream(t.Context(), queue.StreamStatus{Stream: "news", Check: "news-20261122T18", Time: at, Judged: 60}); err != nil {
		t.Fatal(err)
	}
	s, err := readFleet(t.Context(), client, at)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Streams) != 2 || s.Streams[0].Stream != hostile || !s.Streams[0].Silent || s.Streams[1].Silent || s.Streams[1].Advice != "" {
		t.Fatalf("streams %+v", s.Streams)
	}
	var out strings.Builder
	if err := s.write(&out, at); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.ContainsAny(text, "\x1b\u202e") || strings.Count(text, "\nnews") != 1 ||
		!regexp.MustCompile(`(?m)^mute\S* +- +- +0:00:00.000 +no news +- +- +never, wanted since 2026-11-22T17:58:00Z$`).MatchString(text) ||
		!regexp.MustCompile(`(?m)^mute\S*: nothing was judged of it since 17:58:00 UTC, and no producer follows it: see that`).MatchString(text) {
		t.Errorf("printed\n%s", text)
	}
	doc, err := json.Marshal(s)
	if err != nil || strings.Count(string(doc), `"wanted":"2026-11-22T17:58:00Z"`) != 1 || strings.Count(string(doc), `"silent":true,"advice":"nothing`) != 1 {
		t.Errorf("%s, %v", doc, err)
	}
}

// Of many it is not said of each what to do.
func TestFleetStatusSaysWhatToDoOfSome(t *testing.T) {
	at := time.Date(2026, 11, 22, 18, 1, 0, 0, time.UTC)
	s := &fleetStatus{}
	for i := range 3 * mostAdvice {
		s.Streams = append(s.Streams, streamStatus{StreamStatus: queue.StreamStatus{Stream: fmt.Sprint("s", i), Time: at, Wanted: at}, Advice: "see to it"})
	}
	var out strings.Builder
	if err := s.write(&out, at); err != nil || strings.Count(out.String(), "see to it") != mostAdvice || !strings.Contains(out.String(), fmt.Sprintf("and %d more", 2*mostAdvice)) {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// TestTellLeftOut: what a command does not do of its file of streams is said.
func TestTellLeftOut(t *testing.T) {
	for text, want := range map[string]string{
		"streams:\n- {name: a, url: /a.m3u8}\n": "",
		"streams:\n- {name: a, url: /a.m3u8}\nschedule:\n- {name: n, cron: \"0 3 * * *\", check: /a.mp4}\n": "1 schedule and 0 events entries are left out here: 'aircheck producer' runs them",
		"streams: []\nevents:\n- {bucket: media}\n":                                                         "0 schedule and 1 events entries",
	} {
		path := filepath.Join(t.TempDir(), "streams.yaml")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		var errs bytes.Buffer
		a := &app{stderr: &errs}
		f := &liveFlags{streamsFile: path}
		f.profile = judge.DefaultProfile
		a.tellLeftOut(f)
		if got := errs.String(); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%q: said %q, want %q", text, got, want)
		}
	}
}

// TestMeterSaysWhatKeepsAStreamFromBeginning: not what is wrong with one that runs, and once a stream.
func TestMeterSaysWhatKeepsAStreamFromBeginning(t *testing.T) {
	var said []string
	m := &meter{say: func(stream, what string) { said = append(said, stream+": "+what) }}
	m.Faulted("a", "playlist.duration", "too long")
	m.Archived("b", 1)
	for _, stream := range []string{"a", "b", "a", "c"} {
		m.Faulted(stream, "segment.missing", "404")
	}
	if want := []string{"a: nothing was had yet: segment.missing: 404", "c: nothing was had yet: segment.missing: 404"}; !slices.Equal(said, want) || m.reason() != "404" {
		t.Errorf("said %q, want %q; reason %q", said, want, m.reason())
	}
}
