package queue

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
)

// toldSince are the events behind a place, as "kind stream check".
func toldSince(t *testing.T, c *Client, after string) (list []string, last string) {
	t.Helper()
	events, last, err := c.Events(t.Context(), after)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		list = append(list, fmt.Sprintf("%s %s %s", e.Kind, e.Stream, e.Check))
		if e.Message == "" {
			t.Errorf("event %s says nothing", e.ID)
		}
	}
	return list, last
}

func TestSilenceOpensAndCloses(t *testing.T) {
	t.Parallel()
	_, _, c := newObserved(t)
	start := time.Date(2026, 11, 22, 18, 20, 0, 0, time.UTC)
	after := "0"
	tell := func(s StreamStatus) {
		t.Helper()
		if err := c.TellStream(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	look := func(at time.Duration, want ...string) {
		t.Helper()
		if err := c.TellSilence(t.Context(), start.Add(at)); err != nil {
			t.Fatal(err)
		}
		var got []string
		if got, after = toldSince(t, c, after); !slices.Equal(got, want) {
			t.Fatalf("after %s: told %q, want %q", at, got, want)
		}
	}
	tell(StreamStatus{Stream: "news", Check: "news-20261122T18", Time: start, Latency: 10})
	tell(StreamStatus{Stream: "slow", Check: "slow-20261122T18", Time: start, Latency: 10, Window: 600})
	tell(StreamStatus{Stream: "done", Check: "done-20261122T17", Time: start, Verdict: jobs.VerdictPass})
	tell(StreamStatus{Stream: "lost", Check: "lost-20261122T17", Time: start, GivenUp: true})
	tell(StreamStatus{Stream: "old", Check: "old-20261119T17", Time: start.Add(-48 * time.Hour)})
	look(silentAfter + 20*time.Second)
	look(silentAfter+21*time.Second, "silent news news-20261122T18")
	look(silentAfter + 10*time.Minute)
	look(silentAfter+11*time.Minute, "silent slow slow-20261122T18")
	tell(StreamStatus{Stream: "news", Check: "news-20261122T18", Time: start.Add(20 * time.Minute)})
	tell(StreamStatus{Stream: "slow", Check: "slow-20261122T18", Time: start.Add(20 * time.Minute), Verdict: jobs.VerdictPass})
	look(20*time.Minute, "heard news news-20261122T18", "heard slow slow-20261122T18")
	look(21 * time.Minute)
	look(40*time.Minute, "silent news news-20261122T18")
}

// A stream that nothing was judged of since a producer began, or since Redis was emptied, is silent like any other.
func TestSilenceOfWhatWasNeverHeard(t *testing.T) {
	t.Parallel()
	_, _, c := newObserved(t)
	start := time.Date(2026, 11, 22, 18, 20, 0, 0, time.UTC)
	after := "0"
	look := func(at time.Duration, want ...string) {
		t.Helper()
		if err := c.TellWanted(t.Context(), "", map[string]time.Duration{"news": 0, "slow": 10 * time.Minute, "gone": 0}, start.Add(at)); err != nil {
			t.Fatal(err)
		}
		if err := c.TellUnwanted(t.Context(), []string{"gone"}); err != nil {
			t.Fatal(err)
		}
		if err := c.TellSilence(t.Context(), start.Add(at)); err != nil {
			t.Fatal(err)
		}
		var got []string
		if got, after = toldSince(t, c, after); !slices.Equal(got, want) {
			t.Fatalf("after %s: told %q, want %q", at, got, want)
		}
	}
	look(0)
	look(silentAfter)
	look(silentAfter+time.Second, "silent news news-20261122T18")
	look(silentAfter + 10*time.Minute)
	look(silentAfter+11*time.Minute, "silent slow slow-20261122T18")
	if all, err := c.Streams(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("streams %v, %v: nothing was judged", all, err)
	}
	if err := c.TellStream(t.Context(), StreamStatus{Stream: "news", Check: "news-20261122T18", Time: start.Add(20 * time.Minute)}); err != nil {
		t.Fatal(err)
	}
	look(20*time.Minute, "heard news news-20261122T18")
	look(silentWithin + time.Hour)
}

// What no producer names any more is wanted no more, unless none says anything; what is wanted again is waited for again.
func TestSilenceOfWhatIsWantedNoMore(t *testing.T) {
	t.Parallel()
	_, _, c := newObserved(t)
	start := time.Date(2026, 11, 22, 18, 20, 0, 0, time.UTC)
	after := "0"
	look := func(at time.Duration, names []string, want ...string) {
		t.Helper()
		windows := map[string]time.Duration{}
		for _, name := range names {
			windows[name] = 0
		}
		if err := c.TellWanted(t.Context(), "", windows, start.Add(at)); err != nil {
			t.Fatal(err)
		}
		if err := c.TellSilence(t.Context(), start.Add(at)); err != nil {
			t.Fatal(err)
		}
		var got []string
		if got, after = toldSince(t, c, after); !slices.Equal(got, want) {
			t.Fatalf("after %s: told %q, want %q", at, got, want)
		}
	}
	if err := c.TellStream(t.Context(), StreamStatus{Stream: "old", Check: "old-20261120T18", Time: start.Add(-48 * time.Hour), Verdict: jobs.VerdictPass}); err != nil {
		t.Fatal(err)
	}
	look(0, []string{"news", "typo"})
	look(saidWithin+time.Second, []string{"news", "old"}) // from now on a producer without the mistyped name
	look(silentAfter+time.Second, nil, "silent news news-20261122T18")
	look(silentAfter+saidWithin+2*time.Second, nil, "silent old old-20261122T18") // all producers are away
	if names, err := c.redis.HKeys(t.Context(), wantedKey).Result(); err != nil || len(names) != 2 {
		t.Errorf("wanted %q, %v", names, err)
	}
}

// Whoever looks sees what is wanted and was never judged, once, and not what nobody wants any more; what is judged, or was when it fell silent, stays as it is.
func TestFollowedHasWhatWasNeverJudged(t *testing.T) {
	t.Parallel()
	_, _, c := newObserved(t)
	start := time.Date(2026, 11, 22, 18, 20, 0, 0, time.UTC)
	want := func(names ...string) {
		t.Helper()
		all, err := c.Followed(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, name := range slices.Sorted(maps.Keys(all)) {
			s := all[name]
			text := name + " " + s.Check
			if !s.Wanted.IsZero() {
				text += "since " + s.Wanted.Format("15:04") + s.Time.Format(" 15:04")
			}
			got = append(got, text)
		}
		if !slices.Equal(got, names) {
			t.Errorf("followed %q, want %q", got, names)
		}
	}
	tell := func(name string, at time.Duration, verdict jobs.Verdict) {
		t.Helper()
		if err := c.TellStream(t.Context(), StreamStatus{Stream: name, Check: name + "-20261122T18", Time: start.Add(at), Verdict: verdict}); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(at time.Duration, names ...string) {
		t.Helper()
		windows := map[string]time.Duration{}
		for _, name := range names {
			windows[name] = 0
		}
		if err := c.TellWanted(t.Context(), "", windows, start.Add(at)); err != nil {
			t.Fatal(err)
		}
	}
	tell("again", -time.Hour, jobs.VerdictPass)
	tell("mute", -time.Hour, "")
	ask(0, "again", "mute", "news", "typo")
	want("again since 18:20 18:20", "mute mute-20261122T18", "news since 18:20 18:20", "typo since 18:20 18:20")
	tell("news", time.Minute, "")
	tell("again", time.Minute, jobs.VerdictPass)
	ask(saidWithin+time.Second, "again", "mute", "news")
	want("again again-20261122T18", "mute mute-20261122T18", "news news-20261122T18")
	if names, err := c.redis.HKeys(t.Context(), wantedKey).Result(); err != nil || len(names) != 4 {
		t.Errorf("wanted %q, %v: looking changes nothing", names, err)
	}
}

func TestAdvice(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 18, 20, 0, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		status StreamStatus
		leader string
		after  time.Duration
		want   []string // all of it empty: nothing is said
	}{
		{"judged", StreamStatus{}, "host", QuietFor, nil},
		{"over", StreamStatus{Verdict: jobs.VerdictPass}, "", time.Hour, nil},
		{"given up", StreamStatus{GivenUp: true}, "", time.Hour, nil},
		{"silent", StreamStatus{}, "host", QuietFor + 1, []string{"since 18:20:00 UTC, although host follows it: see that workers run"}},
		{"silent, of nobody", StreamStatus{}, "", QuietFor + 1, []string{"since 18:20:00 UTC, and no producer follows it"}},
		{"wanted just now", StreamStatus{Wanted: at}, "", QuietFor, []string{"nothing was judged of it yet"}},
		{"its windows are long", StreamStatus{Wanted: at, Window: 60}, "", QuietFor + time.Minute, []string{"nothing was judged of it yet"}},
		{"never judged", StreamStatus{Wanted: at}, "host", QuietFor + 1, []string{"since 18:20:00 UTC, although host follows it", "whether the origin answers"}},
		{"never judged, of nobody", StreamStatus{Wanted: at}, "", QuietFor + 1, []string{"since 18:20:00 UTC, and no producer follows it"}},
		{"a long name", StreamStatus{Wanted: at}, strings.Repeat("h", 1<<20), QuietFor + 1, []string{"hhh… follows it"}},
	} {
		tt.status.Time = at
		got := tt.status.Advice(tt.leader, at.Add(tt.after))
		for _, want := range tt.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q lacks %q", tt.name, got, want)
			}
		}
		if (got == "") != (tt.want == nil) || len(got) > 1000 {
			t.Errorf("%s: %q", tt.name, cut(got, 1000))
		}
	}
}

func TestSilenceOfEachTimeIsItsOwnEvent(t *testing.T) {
	t.Parallel()
	s := silence{Stream: "news", Check: "news-20261122T18", Since: time.Unix(1_800_000_000, 0)}
	again := s
	again.Since = s.Since.Add(time.Minute)
	ids := map[string]bool{}
	for _, e := range []jobs.Event{s.event(jobs.EventSilent, s.Since, ""), s.event(jobs.EventHeard, s.Since, ""), again.event(jobs.EventSilent, s.Since, "")} {
		ids[e.ID] = true
	}
	if len(ids) != 3 || s.event(jobs.EventSilent, again.Since, "x").ID != s.event(jobs.EventSilent, s.Since, "").ID {
		t.Errorf("ids %v", ids)
	}
}

func TestGivenUpIsToldAndEndsTheStream(t *testing.T) {
	t.Parallel()
	_, _, c := newObserved(t)
	now := time.Date(2026, 11, 22, 18, 20, 0, 0, time.UTC)
	for _, s := range []StreamStatus{{Stream: "news", Check: "news-20261122T18", Time: now}, {Stream: "goeson", Check: "goeson-20261122T19", Time: now}} {
		if err := c.TellStream(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	for check, stream := range map[string]string{"news-20261122T18": "news", "goeson-20261122T18": "goeson", "0198c7a2": "/a.mp4"} {
		if err := c.TellGivenUp(t.Context(), check, stream, strings.Repeat("é", 1<<20), now); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := toldSince(t, c, "0"); len(got) != 3 {
		t.Errorf("told %q", got)
	}
	all, err := c.Streams(t.Context())
	if err != nil || len(all) != 2 || !all["news"].GivenUp || all["goeson"].GivenUp {
		t.Errorf("streams %+v, %v", all, err)
	}
}

// TestAnOutageIsOneCause: the follower of a stream whose origin is away for long says so ever more seldom, and that is no silence.
func TestAnOutageIsOneCause(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		lasts, since time.Duration
		want         bool
	}{
		{time.Hour, silentAfter + time.Second, true},
		{5 * time.Hour, 9*time.Minute + silentAfter, false},
		{5 * time.Hour, 18*time.Minute + silentAfter + time.Second, true},
		{48 * time.Hour, mostSeldom + silentAfter, false},
		{48 * time.Hour, mostSeldom + silentAfter + time.Second, true},
	} {
		s := StreamStatus{Stream: "news", Check: jobs.LiveID("news", begin), Time: begin.Add(tt.lasts)}
		if got := s.Quiet(s.Time.Add(tt.since), silentAfter); got != tt.want {
			t.Errorf("%s after an outage of %s: silent %t", tt.since, tt.lasts, got)
		}
	}
}

func TestSilenceSaysWhomToLookAt(t *testing.T) {
	t.Parallel()
	server, _, c := newObserved(t)
	start := time.Date(2026, 11, 22, 18, 20, 0, 0, time.UTC)
	for _, name := range []string{"news", "film"} {
		if err := c.TellStream(t.Context(), StreamStatus{Stream: name, Check: jobs.LiveID(name, start.Truncate(time.Hour)), Time: start}); err != nil {
			t.Fatal(err)
		}
	}
	if err := server.Set(leaderKey("film"), "host-a/12"); err != nil {
		t.Fatal(err)
	}
	if err := c.TellSilence(t.Context(), start.Add(silentAfter+time.Second)); err != nil {
		t.Fatal(err)
	}
	events, _, err := c.Events(t.Context(), "0")
	if err != nil || len(events) != 2 {
		t.Fatalf("%+v, %v", events, err)
	}
	for i, want := range []string{"although host-a/12 follows it", "no producer follows it"} {
		if !strings.Contains(events[i].Message, want) || !strings.Contains(events[i].Message, "since 18:20:00 UTC") {
			t.Errorf("%s: %q, want %q", events[i].Stream, events[i].Message, want)
		}
	}
}
