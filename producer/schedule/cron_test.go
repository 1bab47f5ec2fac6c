package schedule

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func mustCron(t testing.TB, text, in string) Cron {
	t.Helper()
	c, err := ParseCron(text, zone(t, in))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ticks are the next n times, in the zone.
func ticks(c Cron, after time.Time, n int) string {
	var list []string
	for range n {
		after = c.Next(after)
		list = append(list, after.In(c.zone).Format("01-02T15:04-07"))
	}
	return strings.Join(list, " ")
}

func TestNext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		cron, zone, after, want string
	}{
		{"0 3 * * *", "UTC", "2026-11-22T03:00:00Z", "11-23T03:00+00 11-24T03:00+00"},
		{"*/20 9-10 * * mon-fri", "UTC", "2026-11-20T10:30:00Z", "11-20T10:40+00 11-23T09:00+00"},
		{"15,45 0 1 jan,jul *", "UTC", "2026-11-22T00:00:00Z", "01-01T00:15+00 01-01T00:45+00 07-01T00:15+00"},
		{"0 0 13 * 5", "UTC", "2026-11-12T12:00:00Z", "11-13T00:00+00 11-20T00:00+00"}, // the 13th, or a Friday
		{"0 0 * * 7", "UTC", "2026-11-22T00:00:00Z", "11-29T00:00+00"},
		{"0 0 * * 6-7", "UTC", "2026-11-23T00:00:00Z", "11-28T00:00+00 11-29T00:00+00 12-05T00:00+00"},
		{"0 0 * * 1-7/3", "UTC", "2026-11-23T00:00:00Z", "11-26T00:00+00 11-29T00:00+00 11-30T00:00+00"},
		{"0 0 29 2 *", "UTC", "2026-11-22T00:00:00Z", "02-29T00:00+00"},
		{"0 3 * * *", "Europe/Berlin", "2026-11-22T03:00:00Z", "11-23T03:00+01"},
		// Clocks go forward at 02:00 on March 29th, and back at 03:00 on October 25th.
		{"30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", "03-28T02:30+01 03-29T03:00+02 03-30T02:30+02"},
		{"30 2 * * *", "Europe/Berlin", "2026-10-24T00:00:00Z", "10-24T02:30+02 10-25T02:30+02 10-26T02:30+01"},
		{"0,30 2,3 * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", "03-29T03:00+02 03-29T03:30+02 03-30T02:00+02"},
		{"30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", "03-29T01:30+01 03-29T03:30+02"},
		{"30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", "10-25T02:30+02 10-25T02:30+01 10-25T03:30+01"},
		{"0 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", "03-29T03:00+02 03-29T04:00+02"},
		{"0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", "10-25T02:00+02 10-25T02:00+01 10-25T03:00+01"},
		{"0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", "11-04T01:00-02 11-05T00:00-02"}, // midnight does not exist
		{"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", "10-04T02:30+11 10-05T02:15+11"},
	} {
		after, err := time.Parse(time.RFC3339, tt.after)
		if err != nil {
			t.Fatal(err)
		}
		if got := ticks(mustCron(t, tt.cron, tt.zone), after, len(strings.Fields(tt.want))); got != tt.want {
			t.Errorf("%q in %s after %s: %s, want %s", tt.cron, tt.zone, tt.after, got, tt.want)
		}
	}
}

func TestParseCronRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "*/0 * * * *", "5-1 * * * *", "TZ=UTC * * * *", "TZ=x", "@daily",
		"@every 1s", "? * * * *", "x * * * *", "1--2 * * * *", "* * * * mon-7", "* * * * 9-7", "0 0 31 2 *", strings.Repeat("0,", 300) + "0 * * * *",
	} {
		if c, err := ParseCron(text, time.UTC); err == nil {
			t.Errorf("%q is taken: %s", text, ticks(c, time.Unix(0, 0), 1))
		}
	}
}

// TestEveryDayOnce: over all changes of the clocks of ten years, a time of day comes once on every day, at the time that the clock shows or at the end of the
// gap that swallows it, and each tick is behind the one before.
func TestEveryDayOnce(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{
		"Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo", "Pacific/Apia", "America/Havana", "UTC",
	} {
		for range 3 {
			hour, minute := random.IntN(24), random.IntN(60)
			if random.IntN(2) == 0 {
				hour = random.IntN(4) // where clocks change
			}
			everyDayOnce(t, name, hour, minute)
		}
	}
}

func everyDayOnce(t *testing.T, name string, hour, minute int) {
	t.Helper()
	c := mustCron(t, time.Date(2000, 1, 1, hour, minute, 0, 0, time.UTC).Format("4 15 * * *"), name)
	at := time.Date(2010, 1, 1, 0, 0, 0, 0, c.zone).Add(-time.Second)
	end := time.Date(2020, 1, 1, 0, 0, 0, 0, c.zone)
	days := map[string]int{}
	for {
		next := c.Next(at)
		if !next.After(at) {
			t.Fatalf("%s %s: %s follows %s", name, c, next, at)
		}
		if at = next; !at.Before(end) {
			break
		}
		local := at.In(c.zone)
		days[local.Format(time.DateOnly)]++
		if local.Hour() != hour || local.Minute() != minute {
			if start, _ := local.ZoneBounds(); !start.Equal(at) {
				t.Errorf("%s %s: tick at %s, which is no end of a gap", name, c, local)
			}
		}
	}
	for d := time.Date(2010, 1, 1, 12, 0, 0, 0, time.UTC); d.Before(end); d = d.AddDate(0, 0, 1) {
		day := d.Format(time.DateOnly)
		if skipped := name == "Pacific/Apia" && (day == "2011-12-30" || day == "2011-12-31"); days[day] != 1 && d.Year() < 2020 && !skipped {
			t.Errorf("%s %s: %d ticks on %s", name, c, days[day], day)
		}
	}
}

// TestHoursPassEvenly: where the hour is *, ticks are an hour apart whatever the clocks do, but where they move by half an hour.
func TestHoursPassEvenly(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Africa/Cairo"} {
		c := mustCron(t, "17 * * * *", name)
		at := c.Next(time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC))
		for at.Year() < 2020 {
			next := c.Next(at)
			if next.Sub(at) != time.Hour {
				t.Fatalf("%s: %s follows %s", name, next, at)
			}
			at = next
		}
	}
}

func FuzzParseCron(f *testing.F) {
	for _, s := range []string{"0 3 * * *", "*/5 1-7/2 1,15 jan-mar mon-fri", "TZ=x", "* * * * 1-7/3", "59 23 31 12 7", "0 0 30 2 *"} {
		f.Add(s)
	}
	berlin := zone(f, "Europe/Berlin")
	after := time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCron(s, berlin)
		if err != nil {
			return
		}
		if next := c.Next(after); !next.IsZero() && (!next.After(after) || next.Nanosecond() != 0) {
			t.Errorf("%q: %s after %s", s, next, after)
		}
	})
}
