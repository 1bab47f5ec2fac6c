package notify

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
)

var start = time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)

func config(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const oneTarget = `
base_url: https://aircheck.example/
targets:
  - {name: ops, kind: webhook, url: "https://hook.example/x"}
`

// story drives a desk with a clock of its own.
type story struct {
	t     *testing.T
	desk  *Desk
	now   time.Time
	place int
}

func newStory(t *testing.T, text string) *story {
	t.Helper()
	d, err := NewDesk(config(t, text), nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return &story{t: t, desk: d, now: start}
}

// tell takes one event; what is "kind code rendition start [severity]" of stream news.
func (s *story) tell(what string) {
	s.t.Helper()
	f := strings.Fields(what)
	var at float64
	if _, err := fmt.Sscan(f[3], &at); err != nil {
		s.t.Fatal(err)
	}
	severity := jobs.Fail
	if len(f) > 4 {
		severity = jobs.Severity(f[4])
	}
	s.place++
	e := jobs.Event{
		ID: fmt.Sprintf("news-20260301T20-%d", s.place), Kind: jobs.EventKind(f[0]), Time: s.now, Stream: "news", Check: "news-20260301T20",
		Finding: &jobs.Finding{Code: f[1], Severity: severity, Rendition: f[2], Start: jobs.Seconds(at), End: jobs.Seconds(at + 2)},
	}
	s.desk.Take([]jobs.Event{e}, fmt.Sprint(s.place), s.now)
}

// later moves the clock in steps of half a second and gives what was sent meanwhile; everything succeeds.
func (s *story) later(d time.Duration) []string {
	var sent []string
	for end := s.now.Add(d); s.now.Before(end); {
		s.now = s.now.Add(500 * time.Millisecond)
		for _, one := range s.desk.Due(s.now) {
			sent = append(sent, short(&one.Message))
			s.desk.Done(one.Target.Name, one.Message.ID, nil, s.now)
		}
	}
	return sent
}

func short(m *Message) string {
	parts := []string{}
	for _, i := range m.Items {
		part := fmt.Sprintf("%s %s %s", i.State, i.Finding.Severity, i.Finding.Code)
		if len(i.Renditions) > 0 {
			part += " " + strings.Join(i.Renditions, "+")
		}
		if i.Again > 0 {
			part += fmt.Sprintf(" again %d", i.Again)
		}
		parts = append(parts, part)
	}
	if m.Verdict != "" {
		parts = append(parts, "report "+string(m.Verdict))
	}
	return strings.Join(parts, ", ")
}

func (s *story) want(got []string, want ...string) {
	s.t.Helper()
	if !slices.Equal(got, want) {
		s.t.Fatalf("told %q, want %q", got, want)
	}
}

func TestOneMessageForOneDefect(t *testing.T) {
	s := newStory(t, oneTarget)
	s.tell("opened video.black v0 10")
	s.want(s.later(time.Second))
	s.tell("opened video.black v1 10.04")
	s.tell("opened audio.silence a0 10")
	s.tell("opened audio.clipping a0 10 info")
	s.want(s.later(3*time.Second), "opened fail audio.silence a0, opened fail video.black v0+v1")
	s.tell("updated video.black v0 10")
	s.want(s.later(time.Minute))
	s.tell("closed video.black v0 10")
	s.tell("closed video.black v1 10.04")
	s.tell("withdrawn audio.silence a0 10")
	s.tell("closed audio.clipping a0 10 info")
	s.want(s.later(5*time.Second), "withdrawn fail audio.silence a0, closed fail video.black v0+v1")
}

func TestWorseIsTold(t *testing.T) {
	s := newStory(t, strings.Replace(oneTarget, "kind:", "severity: warn, kind:", 1))
	s.tell("opened video.freeze v0 10 info")
	s.want(s.later(time.Minute))
	s.tell("updated video.freeze v0 10 warn")
	s.want(s.later(5*time.Second), "opened warn video.freeze v0")
	s.tell("updated video.freeze v0 10 fail")
	s.want(s.later(5*time.Second), "opened fail video.freeze v0")
	s.tell("updated video.freeze v0 10 fail")
	s.want(s.later(5 * time.Second))
}

func TestShortDefects(t *testing.T) {
	s := newStory(t, oneTarget)
	s.tell("opened video.black v0 10")
	s.tell("closed video.black v0 10")
	s.tell("opened video.freeze v0 10")
	s.tell("withdrawn video.freeze v0 10")
	s.want(s.later(time.Minute), "passed fail video.black v0")
}

func TestFlapping(t *testing.T) {
	s := newStory(t, oneTarget)
	var sent []string
	for i := range 12 { // every 20 s for four minutes
		s.tell(fmt.Sprintf("opened video.black v0 %d", 20*i))
		sent = append(sent, s.later(10*time.Second)...)
		s.tell(fmt.Sprintf("closed video.black v0 %d", 20*i))
		sent = append(sent, s.later(10*time.Second)...)
	}
	s.want(sent, "opened fail video.black v0", "closed fail video.black v0")
	s.want(s.later(2*time.Minute), "passed fail video.black v0 again 10")
	s.want(s.later(time.Hour))

	// One that lasts is told when the quiet is over, and closed.
	s.tell("opened video.black v0 1000")
	s.want(s.later(10*time.Second), "opened fail video.black v0")
	s.tell("closed video.black v0 1000")
	s.tell("opened video.black v0 1010")
	s.want(s.later(time.Minute), "closed fail video.black v0")
	s.want(s.later(5*time.Minute), "opened fail video.black v0")
	s.tell("closed video.black v0 1010")
	s.want(s.later(time.Minute), "closed fail video.black v0")
}

// TestWhatIsHeldBackIsNotLost: neither by another one that opens when the quiet ends, nor by one that is withdrawn.
func TestWhatIsHeldBackIsNotLost(t *testing.T) {
	s := newStory(t, oneTarget)
	s.tell("opened video.black v0 10")
	s.tell("closed video.black v0 10")
	s.want(s.later(4*time.Second), "passed fail video.black v0")
	s.tell("opened video.black v1 60") // lasts
	s.want(s.later(297 * time.Second))
	s.tell("opened video.black v2 300")
	s.tell("closed video.black v2 300")
	s.want(s.later(4*time.Second), "opened fail video.black v1, passed fail video.black v2")
	s.tell("closed video.black v1 60")
	s.want(s.later(4*time.Second), "closed fail video.black v1")

	s = newStory(t, oneTarget)
	s.tell("opened video.black v0 10")
	s.tell("closed video.black v0 10")
	s.want(s.later(4*time.Second), "passed fail video.black v0")
	s.tell("opened video.black v0 60")
	s.tell("closed video.black v0 60")
	s.want(s.later(4 * time.Second))
	s.tell("opened video.black v0 90")
	s.want(s.later(4 * time.Second))
	s.tell("withdrawn video.black v0 90")
	s.want(s.later(10*time.Minute), "passed fail video.black v0")
}

// TestItGoesOn: an end that was told too early, and a finding that became part of another one or went on in the check of the next hour.
func TestItGoesOn(t *testing.T) {
	s := newStory(t, oneTarget)
	s.tell("opened video.black v0 10")
	s.tell("closed video.black v0 10")
	s.tell("updated video.black v0 10")
	s.want(s.later(10*time.Second), "opened fail video.black v0")
	s.tell("closed video.black v0 10")
	s.tell("updated video.black v0 10")
	s.want(s.later(10 * time.Second))
	s.tell("opened video.black v0 9")
	s.tell("withdrawn video.black v0 10")
	s.want(s.later(10 * time.Minute))
	s.tell("closed video.black v0 9")
	s.now = s.now.Add(4 * time.Second)
	list := s.desk.Due(s.now)
	if len(list) != 1 || short(&list[0].Message) != "closed fail video.black v0" || list[0].Message.Items[0].Keys[0] != "news-20260301T20/video.black/v0/10000000" {
		t.Errorf("the end is told as %+v", list)
	}
}

func TestMilderBeforeItIsTold(t *testing.T) {
	s := newStory(t, oneTarget)
	s.tell("opened video.black v0 10 fail")
	s.tell("updated video.black v0 10 info")
	s.want(s.later(time.Minute))
}

func TestAWorseOneIsNotHeldBack(t *testing.T) {
	s := newStory(t, strings.Replace(oneTarget, "kind:", "severity: warn, kind:", 1))
	s.tell("opened video.freeze v0 10 warn")
	s.want(s.later(5*time.Second), "opened warn video.freeze v0")
	s.tell("opened video.freeze v0 20 warn")
	s.want(s.later(5 * time.Second))
	s.tell("updated video.freeze v0 20 fail")
	s.want(s.later(5*time.Second), "opened fail video.freeze v0")
}

func TestReports(t *testing.T) {
	s := newStory(t, oneTarget)
	tell := func(check string, verdict jobs.Verdict) {
		s.place++
		e := jobs.Event{ID: check + "-end", Kind: jobs.EventFinished, Stream: "news", Check: check, Verdict: verdict}
		s.desk.Take([]jobs.Event{e}, fmt.Sprint(s.place), s.now)
	}
	tell("01hf8z3k2mq4x7c9tbva", jobs.VerdictFail)
	tell("01hf8z3k2mq4x7c9tbvb", jobs.VerdictWarn)
	s.want(s.later(time.Second), "report fail")
	s.tell("opened video.black v0 10")
	s.want(s.later(5*time.Second), "opened fail video.black v0")
	tell("news-20260301T20", jobs.VerdictFail) // live: its findings were told; what is open is over
	s.want(s.later(5*time.Second), "closed fail video.black v0")
}

func TestChoice(t *testing.T) {
	s := newStory(t, `
defaults: {severity: warn, resolve: false}
targets:
  - {name: pictures, kind: webhook, url: "https://hook.example/x", codes: ["video.*"]}
  - {name: others, kind: webhook, url: "https://hook.example/x", streams: ["sport-*"]}
  - {name: routed, kind: webhook, url: "https://hook.example/x"}
`)
	s.desk.Route = func(string) []string { return []string{"pictures", "others"} }
	s.tell("opened video.black v0 10")
	s.tell("opened audio.silence a0 10")
	s.want(s.later(5*time.Second), "opened fail video.black v0")
	s.tell("closed video.black v0 10")
	s.want(s.later(5 * time.Second))
}

// TestRestart: at any moment the desk can be put away and taken up again, and events may come twice.
func TestRestart(t *testing.T) {
	play := func(restart bool) []string {
		s := newStory(t, oneTarget)
		var sent []string
		for i := range 60 {
			switch i % 6 {
			case 0:
				s.tell(fmt.Sprintf("opened video.black v0 %d", i))
			case 1:
				s.tell(fmt.Sprintf("opened video.black v1 %d", i-1))
			case 3:
				s.tell(fmt.Sprintf("closed video.black v0 %d", i-3))
			case 4:
				s.tell(fmt.Sprintf("closed video.black v1 %d", i-4))
			}
			sent = append(sent, s.later(20*time.Second)...)
			if restart {
				b, err := s.desk.Encode(maxState)
				if err != nil {
					t.Fatal(err)
				}
				if s.desk, err = NewDesk(config(t, oneTarget), b, slog.New(slog.DiscardHandler)); err != nil {
					t.Fatal(err)
				}
			}
		}
		return sent
	}
	if whole, cut := play(false), play(true); !reflect.DeepEqual(whole, cut) || len(whole) < 4 {
		t.Errorf("told %q, with restarts %q", whole, cut)
	}
}

func TestTries(t *testing.T) {
	s := newStory(t, strings.TrimSpace(oneTarget)+"\n  - {name: good, kind: webhook, url: \"https://hook.example/y\"}\n")
	s.tell("opened video.black v0 10")
	tries, good := 0, 0
	for end := s.now.Add(25 * time.Hour); s.now.Before(end); s.now = s.now.Add(time.Second) {
		for _, d := range s.desk.Due(s.now) {
			var err error
			if d.Target.Name == "ops" {
				tries++
				err = errors.New("connection refused")
			} else {
				good++
			}
			s.desk.Done(d.Target.Name, d.Message.ID, err, s.now)
		}
	}
	counts := s.desk.Counts()
	if good != 1 || tries < 280 || tries > 320 || counts["ops"].Lost != 1 || counts["ops"].Waiting != 0 || counts["good"].Sent != 1 {
		t.Errorf("%d tries, %d of the good target, counts %+v", tries, good, counts)
	}
	s.tell("opened video.freeze v0 10")
	s.now = s.now.Add(4 * time.Second)
	for _, d := range s.desk.Due(s.now) {
		s.desk.Done(d.Target.Name, d.Message.ID, refused{errors.New("400")}, s.now)
	}
	if c := s.desk.Counts()["ops"]; c.Waiting != 0 || c.Lost != 2 {
		t.Errorf("what is refused is not tried again: %+v", c)
	}
}

// TestFlood: whatever comes, memory is bounded and a dead target loses the oldest.
func TestFlood(t *testing.T) {
	s := newStory(t, oneTarget)
	for i := range 3000 {
		s.place++
		e := jobs.Event{
			ID: fmt.Sprint("e", i), Kind: jobs.EventOpened, Stream: fmt.Sprint("s", i), Check: "c",
			Finding: &jobs.Finding{Code: "video.black", Severity: jobs.Fail, Rendition: "v0"},
		}
		s.desk.Take([]jobs.Event{e}, fmt.Sprint(i), s.now)
	}
	s.now = s.now.Add(time.Minute)
	s.desk.Due(s.now)
	if c := s.desk.Counts()["ops"]; c.Waiting != maxQueued || c.Lost != 2000 {
		t.Errorf("%+v", c)
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"targets: [{nam: x}]":               `line 1: there is no key "nam" here; did you mean "name"?`,
		"hello":                             "line 1: the file is no mapping of names to values, got \"hello\"",
		"targets: hello":                    "line 1: want a list, got \"hello\"",
		"targets:\n- x":                     "line 2: want a mapping of names to values, got \"x\"",
		"defaults: {group: soon}":           "line 1: want a time with its unit, such as 30s or 5m, got \"soon\"",
		"defaults: {resolve: perhaps}":      "line 1: want true or false, got \"perhaps\"",
		"base_url: [a]":                     "line 1: want a text",
		"targets: [{secret: hunter2}]":      "line 1: want env or file",
		"targets: [{name: X, kind: slack}]": "target 1: name \"X\"",
		"targets: [{name: x, kind: slak, url: 'http://a'}]":                                                        `did you mean "slack"?`,
		"targets: [{name: x, kind: slack}]":                                                                        "url is missing",
		"targets: [{name: x, kind: slack, url: 'file:///a'}]":                                                      "want http:// or https://",
		"targets: [{name: x, kind: webhook, url: 'https://a:b@c/'}]":                                               "leave user and password out",
		"targets: [{name: x, kind: exec, command: [page]}]":                                                        "absolute path",
		"targets: [{name: x, kind: email, email: {server: m, from: a@b.c, to: [a@b.c]}}]":                          "want host:port",
		"targets: [{name: x, kind: email, email: {server: 'm:25', from: a@b.c, to: [a@b.c], tls: none, user: u}}]": "not sent without tls",
		"targets: [{name: x, kind: email, email: {server: 'm:25', from: \"a@b.c\\r\\nBcc: d@e.f\", to: [a@b.c]}}]": "is no address",
		"defaults: {severity: bad}":                                                                                "want info, warn or fail",
		"defaults: {quiet: 48h}":                                                                                   "outside of 0 to 24h",
		"targets: [{name: x, kind: slack, url: 'http://a'}, {name: x, kind: slack, url: 'http://a'}]":              `two targets are called "x"`,
		"targets: [{name: x, kind: slack, url: 'http://a', codes: ['[']}]":                                         "is no pattern",
		"targets: [{name: x, kind: slack, url: 'http://a', url_from: {env: A}}]":                                   "one is enough",
	} {
		_, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", text, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "unmarshal") || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: %v speaks of Go, or tells a secret", text, err)
		}
	}
	if c, err := Parse(nil); err != nil || len(c.Targets) != 0 {
		t.Errorf("an empty file: %v, %v", c, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(oneTarget))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := Parse(b); err == nil {
			for _, target := range c.Targets {
				if target.Group == nil || target.Quiet == nil || target.Severity.Rank() == 0 || target.Timeout <= 0 {
					t.Errorf("a target without settings: %+v", target)
				}
			}
		}
	})
}

func TestWhatBecameWorseIsToldThoughEndsAreNot(t *testing.T) {
	s := newStory(t, strings.Replace(oneTarget, "kind:", "severity: warn, resolve: false, kind:", 1))
	s.tell("opened video.freeze v0 10 warn")
	s.want(s.later(5*time.Second), "opened warn video.freeze v0")
	s.tell("updated video.freeze v0 10 fail")
	s.tell("closed video.freeze v0 10 fail")
	s.want(s.later(5*time.Second), "passed fail video.freeze v0")
	s.tell("opened video.black v0 20 warn")
	s.want(s.later(5*time.Second), "opened warn video.black v0")
	s.tell("updated video.black v0 20 fail")
	s.tell("withdrawn video.black v0 20 fail")
	s.want(s.later(time.Minute))
}

// seamed takes an event of an hour's check about a defect that lasts over the full hour.
func (s *story) seamed(kind jobs.EventKind, hour int, judged jobs.Seconds) {
	s.place++
	check := fmt.Sprintf("news-20260301T%d", hour)
	e := jobs.Event{
		ID: fmt.Sprint(check, "-", s.place), Kind: kind, Time: s.now, Stream: "news", Check: check, Judged: judged,
		Finding: &jobs.Finding{Code: "video.black", Severity: jobs.Fail, Rendition: "v0", Start: 0, End: 3599.9},
	}
	s.desk.Take([]jobs.Event{e}, fmt.Sprint(s.place), s.now)
}

func TestADefectOverTheFullHourIsNotOver(t *testing.T) {
	s := newStory(t, oneTarget)
	s.seamed("opened", 20, 3500)
	s.want(s.later(time.Minute), "opened fail video.black v0")
	s.now = start.Add(time.Hour + 10*time.Second)
	s.seamed("closed", 20, 3600) // the report of the hour
	s.want(s.later(20 * time.Second))
	s.tell("opened audio.silence a0 3") // another message may not take it along
	s.want(s.later(20*time.Second), "opened fail audio.silence a0")
	s.seamed("opened", 21, 20)
	s.want(s.later(10 * time.Minute))
	s.seamed("closed", 21, 4000) // long before what was judged
	s.want(s.later(5*time.Second), "closed fail video.black v0")
}

func TestADefectThatEndsWithItsHourIsOver(t *testing.T) {
	s := newStory(t, oneTarget)
	s.seamed("opened", 20, 3500)
	s.want(s.later(time.Minute), "opened fail video.black v0")
	s.now = start.Add(time.Hour + 10*time.Second)
	s.seamed("closed", 20, 3600)
	s.want(s.later(seamWithin - time.Second))
	s.want(s.later(5*time.Second), "closed fail video.black v0")
}
