package queue

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"aircheck/jobs"
)

func hourOf(stream string, hour time.Time, minutes string) jobs.StreamHour {
	return jobs.StreamHour{Stream: stream, Hour: hour, Check: jobs.LiveID(stream, hour), Minutes: minutes + strings.Repeat("-", 60-len(minutes)), CPU: 1.5}
}

func TestHours(t *testing.T) {
	t.Parallel()
	server, _, c := newObserved(t)
	ctx, six := t.Context(), time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	late := hourOf("news", six, "---pw")
	late.Check = jobs.LiveID("news", six.Add(20*time.Minute))
	for _, h := range []jobs.StreamHour{
		hourOf("sport", six, "ppp"), hourOf("news", six.Add(time.Hour), "f"), hourOf("news", six, "p"), hourOf("news", six, "ppfpp"), late,
		hourOf("news", six.Add(-time.Hour), "p"), hourOf("news", six.Add(2*time.Hour), "p"),
	} {
		if err := c.TellHour(ctx, h); err != nil {
			t.Fatal(err)
		}
	}
	for check, spent := range map[string]time.Duration{late.Check: 250 * time.Millisecond, jobs.LiveID("sport", six): time.Second, "not-live": time.Second, "none-20261122T18": time.Second} {
		for range 2 {
			if err := c.CountCPU(ctx, check, spent); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := c.Hours(ctx, six, six.Add(2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, h := range got {
		told = append(told, fmt.Sprintf("%s %d %s %g %s", h.Stream, h.Hour.Hour(), h.Check, float64(h.CPU), strings.TrimRight(h.Minutes, "-")))
	}
	// What was told last of a check counts, and two checks of an hour are one hour.
	want := "news 18 news-20261122T1820 3.5 ppfpw, news 19 news-20261122T19 1.5 f, sport 18 sport-20261122T18 3.5 ppp"
	if s := strings.Join(told, ", "); s != want {
		t.Errorf("got %s\nwant %s", s, want)
	}
	if got, err := c.Hours(ctx, six, six); err != nil || len(got) > 0 {
		t.Errorf("of no time: %v, %v", got, err)
	}
	if got, err := c.Hours(ctx, time.Time{}, six.Add(2*time.Hour)); err != nil || len(got) != 4 {
		t.Errorf("since the year 1: %d hours, %v", len(got), err)
	}
	server.FastForward(HoursKept + time.Minute)
	if got, err := c.Hours(ctx, six, six.Add(2*time.Hour)); err != nil || len(got) > 0 {
		t.Errorf("a day later: %v, %v", got, err)
	}
}

func TestTellHourRefuses(t *testing.T) {
	t.Parallel()
	_, conn, c := newObserved(t)
	ctx, six := t.Context(), time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	short := hourOf("news", six, "")
	short.Minutes = "p"
	nobody := hourOf("", six, "p")
	for _, h := range []jobs.StreamHour{hourOf("news", six.Add(time.Second), "p"), short, nobody} {
		if err := c.TellHour(ctx, h); err == nil {
			t.Errorf("%+v was told", h)
		}
	}
	conn.client.HSet(ctx, hoursKey(six), "a", "{", "b", `{"check":"c","minutes":"p"}`, "news-20261122T18", `{"check":"news-20261122T18","hour":"2026-11-22T18:00:00Z","minutes":"p"}`)
	if got, err := c.Hours(ctx, six, six.Add(time.Hour)); err != nil || len(got) > 0 {
		t.Errorf("read %+v, %v", got, err)
	}
}

func TestRecentChecks(t *testing.T) {
	t.Parallel()
	_, conn, c := newObserved(t)
	ctx, at := t.Context(), time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	id := func(i int) string { return fmt.Sprintf("check%05d", i) }
	tell := func(i int) {
		t.Helper()
		if err := c.TellRecent(ctx, &jobs.Check{ID: id(i), Input: "<b>" + id(i), Created: at.Add(time.Duration(i) * time.Second)}); err != nil {
			t.Fatal(err)
		}
	}
	verdict := func(i int) {
		t.Helper()
		if err := c.TellVerdict(ctx, id(i), jobs.VerdictFail); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 5 {
		tell(i)
	}
	for _, i := range []int{0, 2, 9} { // of 9 nobody knows
		verdict(i)
	}
	tell(2) // comes late
	list, total, err := c.Recent(ctx, 1, 3)
	if err != nil || total != 5 || len(list) != 3 || list[0].ID != id(3) || list[1].Verdict != jobs.VerdictFail || list[1].Input != "<b>"+id(2) || list[2].Verdict != "" {
		t.Errorf("got %+v of %d, %v", list, total, err)
	}
	for _, page := range [][2]int{{5, 10}, {-1, 0}, {1 << 40, 1}} {
		if list, total, err := c.Recent(ctx, page[0], page[1]); err != nil || len(list) > 0 || total != 5 {
			t.Errorf("page %v: %v of %d, %v", page, list, total, err)
		}
	}
	if err := c.TellGivenUp(ctx, id(3), "a.mp4", "no space left", at); err != nil {
		t.Fatal(err)
	}
	if list, _, err := c.Recent(ctx, 1, 2); err != nil || !list[0].GivenUp || list[0].Verdict != "" || list[1].GivenUp {
		t.Errorf("a check that was given up: %+v, %v", list, err)
	}
	verdict(3) // judged after all
	if list, _, err := c.Recent(ctx, 1, 1); err != nil || list[0].GivenUp || list[0].Verdict != jobs.VerdictFail {
		t.Errorf("a check that was judged after all: %+v, %v", list, err)
	}
	pipe := conn.client.Pipeline()
	for i := 5; i < maxRecent; i++ {
		pipe.ZAdd(ctx, recentKey, redis.Z{Score: float64(at.Add(time.Duration(i) * time.Second).UnixMilli()), Member: id(i)})
		pipe.HSet(ctx, recentDocs, id(i), fmt.Sprintf(`{"id":%q}`, id(i)))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		tell(maxRecent + i)
	}
	list, total, err = c.Recent(ctx, maxRecent-1, 10)
	if err != nil || total != maxRecent || len(list) != 1 || list[0].ID != id(3) {
		t.Errorf("the oldest is %+v of %d, %v", list, total, err)
	}
	if n, m := conn.client.HLen(ctx, recentDocs).Val(), conn.client.HLen(ctx, recentVerdicts).Val(); n != maxRecent || m != 1 {
		t.Errorf("%d documents, %d verdicts, want that of the oldest only", n, m)
	}
}
