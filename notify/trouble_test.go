package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
)

// trouble takes an event about the fleet.
func (s *story) trouble(kind jobs.EventKind, stream string) {
	s.place++
	since := s.now.Add(-6 * time.Minute)
	e := jobs.Event{
		ID: fmt.Sprint(stream, "-", kind, s.place), Kind: kind, Time: s.now, Stream: stream, Check: stream + "-20260301T20", From: &since, Message: "look at <" + stream + ">",
	}
	s.desk.Take([]jobs.Event{e}, fmt.Sprint(s.place), s.now)
}

// titles moves the clock and gives the titles of what was sent.
func (s *story) titles(d time.Duration) (titles []string, messages []Message) {
	for end := s.now.Add(d); s.now.Before(end); {
		s.now = s.now.Add(500 * time.Millisecond)
		for _, one := range s.desk.Due(s.now) {
			titles, messages = append(titles, one.Message.Title()), append(messages, one.Message)
			s.desk.Done(one.Target.Name, one.Message.ID, nil, s.now)
		}
	}
	return titles, messages
}

func TestOneMessageForAFleetThatIsGone(t *testing.T) {
	t.Parallel()
	s := newStory(t, strings.Replace(oneTarget, "kind:", "codes: [\"video.*\"], kind:", 1))
	s.trouble(jobs.EventSilent, "news")
	s.want(s.later(10 * time.Second))
	s.trouble(jobs.EventSilent, "film")
	s.trouble(jobs.EventSilent, "brief")
	s.trouble(jobs.EventHeard, "brief") // before anybody was told
	got, messages := s.titles(time.Minute)
	s.want(got, "FAIL 2 streams: nothing is judged any more")
	s.want(messages[0].Lines(), "film: look at <film>", "news: look at <news>")
	s.trouble(jobs.EventHeard, "news")
	s.trouble(jobs.EventHeard, "never")
	got, messages = s.titles(time.Minute)
	s.want(got, "OVER news: no longer silent")
	if m := &messages[0]; m.URL != "https://aircheck.example/streams/news" || newCloudEvent(m).Type != "aircheck.stream.heard" {
		t.Errorf("url %q, type %q", m.URL, newCloudEvent(m).Type)
	}
	s.trouble(jobs.EventSilent, "news")
	got, _ = s.titles(time.Minute)
	s.want(got, "FAIL news: nothing is judged any more")
}

func TestTroubleIsForThoseWhoHearOfTheStream(t *testing.T) {
	t.Parallel()
	s := newStory(t, strings.Replace(oneTarget, "kind:", "streams: [\"film*\"], resolve: false, kind:", 1))
	s.trouble(jobs.EventSilent, "news")
	s.trouble(jobs.EventSilent, "film")
	got, _ := s.titles(time.Minute)
	s.want(got, "FAIL film: nothing is judged any more")
	s.trouble(jobs.EventHeard, "film")
	got, _ = s.titles(time.Minute)
	s.want(got)
}

func TestACheckThatWasGivenUpIsToldAndEndsNoFinding(t *testing.T) {
	t.Parallel()
	s := newStory(t, oneTarget)
	s.tell("opened video.black v0 10")
	s.want(s.later(5*time.Second), "opened fail video.black v0")
	s.trouble(jobs.EventGivenUp, "news")
	got, _ := s.titles(time.Minute)
	s.want(got, "FAIL news: the check was given up") // and not "OVER": nobody knows
}

func TestTroubleSurvivesTheProcess(t *testing.T) {
	t.Parallel()
	s := newStory(t, oneTarget)
	s.trouble(jobs.EventSilent, "news")
	saved, err := s.desk.Encode(maxState)
	if err != nil {
		t.Fatal(err)
	}
	if s.desk, err = NewDesk(config(t, oneTarget), saved, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	got, _ := s.titles(time.Minute)
	s.want(got, "FAIL news: nothing is judged any more")
}

func TestAlertsOfTroubleOpenAndCloseUnderOneName(t *testing.T) {
	t.Parallel()
	event := func(kind jobs.EventKind) jobs.Event {
		return jobs.Event{ID: "x", Kind: kind, Stream: "news", Check: "news-20260301T20", Message: "m"}
	}
	labels := func(kind jobs.EventKind) (name string, lasts time.Duration) {
		m := troubleMessage(kind, []jobs.Event{event(kind), event(kind)}, "", start)
		a := alerts(&m)
		b, err := json.Marshal(a[0].Labels)
		if err != nil || a[0].Labels["stream"] != "news" || a[0].Labels["check"] == "" {
			t.Errorf("labels %s, %v", b, err)
		}
		return string(b), a[0].EndsAt.Sub(start)
	}
	opened, lasts := labels(jobs.EventSilent)
	closed, ends := labels(jobs.EventHeard)
	if opened != closed || lasts != firing || ends != 0 {
		t.Errorf("opened %s for %s, closed %s after %s", opened, lasts, closed, ends)
	}
	if name, lasts := labels(jobs.EventGivenUp); name == opened || lasts != standing {
		t.Errorf("given up: %s for %s", name, lasts)
	}
}

// quietFeed counts how often silence was looked for.
type quietFeed struct {
	Feed
	looks int
	err   error
}

func (f *quietFeed) TellSilence(context.Context, time.Time) error { f.looks++; return f.err }

func TestSilenceIsNotToldBeforeTheFleetHadTimeToBegin(t *testing.T) {
	t.Parallel()
	feed, now := &quietFeed{}, start
	r := &turn{Runner: &Runner{Feed: feed, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}}
	pass := func(d time.Duration, want int) {
		t.Helper()
		for end := now.Add(d); now.Before(end); now = now.Add(pollEvery) {
			r.listen(t.Context())
		}
		if feed.looks != want {
			t.Errorf("after %s: %d looks, want %d", now.Sub(start), feed.looks, want)
		}
		feed.looks = 0
	}
	pass(warmUp, 0)
	pass(time.Minute, 6)
	feed.err = errors.New("redis is away")
	pass(pollEvery, 1)
	feed.err = nil
	pass(warmUp, 0)
	pass(silenceEvery, 1)
}
