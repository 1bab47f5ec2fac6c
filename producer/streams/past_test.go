package streams

import (
	"strings"
	"testing"
	"time"

	"aircheck/producer/schedule"
)

const goodPast = `
schedule:
  - name: nightly
    cron: "0 3 * * *"
    timezone: Europe/Berlin
    catch_up: all
    backfill: {stream: news, from: -24h, only_missing: true, every: 6h}
    profile: ebu-r128
  - {name: film, cron: "*/30 * * * mon-fri", check: "s3://vod/{yyyy}/{mm}/{dd}.mp4", queue: live}
events:
  - {bucket: media, prefix: in/, suffix: [.mp4, .mxf], profile: ebu-r128}
  - {bucket: /srv/in, suffix: .mov, poll: 1m, existing: true}
`

func TestParsePast(t *testing.T) {
	t.Parallel()
	f, err := Parse([]byte(goodPast), nil)
	if err != nil || len(f.Schedule) != 2 || len(f.Events) != 2 {
		t.Fatalf("%+v, %v", f, err)
	}
	nightly, film := f.Schedule[0], f.Schedule[1]
	next := nightly.Cron.Next(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)).UTC().Format(time.RFC3339)
	if nightly.Name != "nightly" || nightly.CatchUp != schedule.CatchUpAll || next != "2026-11-23T02:00:00Z" || nightly.Profile != "ebu-r128" || nightly.Line != 3 {
		t.Errorf("entry %+v, next %s", nightly, next)
	}
	if b := nightly.Backfill; b.Target != "news" || b.From != "-24h" || b.To != "now" || b.Every != 6*time.Hour || !b.OnlyMissing || b.Zone.String() != "Europe/Berlin" {
		t.Errorf("backfill %+v", b)
	}
	if film.CatchUp != schedule.CatchUpLast || film.Check != "s3://vod/{yyyy}/{mm}/{dd}.mp4" || film.Backfill != nil || film.Queue != "live" {
		t.Errorf("entry %+v", film)
	}
	if e := f.Events[1]; e.Bucket != "/srv/in" || e.Suffixes[0] != ".mov" || e.Poll != time.Minute || !e.Existing || len(f.Events[0].Suffixes) != 2 {
		t.Errorf("events %+v", f.Events)
	}
}

func TestParsePastSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	const entry = "schedule:\n- name: a\n  cron: 0 3 * * *\n"
	for in, want := range map[string]string{
		"schedule: 5": "line 1: schedule is no list",
		entry:         `line 2: schedule entry "a": want one of check and backfill`,
		entry + "  check: a.mp4\n  backfill: {stream: b, from: -1h}": `line 2: schedule entry "a": want one of check and backfill`,
		entry + "  chec: a.mp4":                                                `line 4: "chec" is no key of a schedule entry; did you mean "check"?`,
		entry + "  check: ftp://x":                                             "line 4: check:",
		entry + "  check: a.mp4\n  catch_up: some":                             `line 5: catch_up: "some"; want none, last or all`,
		entry + "  check: a.mp4\n  timezone: Mars":                             `line 5: timezone "Mars"`,
		entry + "  check: a.mp4\n  queue: fast":                                "line 5: queue:",
		entry + "  backfill: {stream: b}":                                      `line 2: schedule entry "a": backfill: from:`,
		entry + "  backfill: {stream: b, from: -1h, to: -2h}":                  "there is no time",
		entry + "  backfill: {prefix: b, from: -1h}":                           `line 4: prefix "b"`,
		entry + "  backfill: {layout: '/x/{yyyy}', from: -1h}":                 "{mm} is missing",
		entry + "  check: a.mp4\n- name: a\n  cron: 0 4 * * *\n  check: b.mp4": `line 5: name "a" is taken by the entry of line 2`,
		"schedule:\n- name: a\n  check: a.mp4":                                 "without a cron expression",
		"schedule:\n- cron: 0 3 * * *\n  check: a.mp4":                         "line 2: a schedule entry without a name",
		"schedule:\n- {name: a, cron: 0 25 * * *, check: a.mp4}":               `line 2: schedule entry "a": cron "0 25 * * *"`,
		"events:\n- prefix: in/":                                               "line 2: an events entry without a bucket",
		"events:\n- bucket: s3://media":                                        `line 2: bucket "s3://media"`,
		"events:\n- bucket: /srv/in":                                           "sends no notifications: give poll",
		"events:\n- {bucket: a, poll: 1s}":                                     "line 2: poll: 1s is outside",
		"events:\n- {bucket: a, existing: maybe}":                              "line 2: existing: want true or false",
	} {
		_, err := Parse([]byte(in), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}
