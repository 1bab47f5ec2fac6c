package backfill

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"aircheck/storage"
	"aircheck/storage/mem"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// at reads a constant.
func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestDateOf(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"vod/2026/11/22/03/master.m3u8":       "2026-11-22T03:00:00Z",
		"vod/2026/11/22/03/15/master.m3u8":    "2026-11-22T03:15:00Z",
		"vod/2026/11/22/03/00123.mp4":         "2026-11-22T03:00:00Z",
		"vod/2026/11/22/12345.mp4":            "2026-11-22T00:00:00Z",
		"vod/2026-11-22/x.mp4":                "2026-11-22T00:00:00Z",
		"news-2026-11-22T03:15:20.mp4":        "2026-11-22T03:15:20Z",
		"news_20261122_0315.mp4":              "2026-11-22T03:15:00Z",
		"news-20261122031520.mp4":             "2026-11-22T03:15:20Z",
		"news-2026112203.mp4":                 "2026-11-22T03:00:00Z",
		"2020-01-01/news-2026-11-22.mp4":      "2026-11-22T00:00:00Z", // the last one
		"2026-11-22/99/x.mp4":                 "2026-11-22T00:00:00Z", // no hour
		"streams/news/2026-11-22/1820/s0/1.x": "2026-11-22T18:20:00Z",
		"id-120261122.mp4":                    "",
		"id-202611229.mp4":                    "",
		"2026-02-31/x.mp4":                    "",
		"nothing.mp4":                         "",
		"":                                    "",
	} {
		got, ok := dateOf(key, time.UTC)
		if ok != (want != "") || ok && got.Format(time.RFC3339) != want {
			t.Errorf("%q: %s, %t, want %q", key, got, ok, want)
		}
	}
	if got, _ := dateOf("2026-07-01/03.mp4", zone(t, "Europe/Berlin")); !got.Equal(at("2026-07-01T01:00:00Z")) {
		t.Errorf("in Berlin: %s", got)
	}
}

func FuzzDateOf(f *testing.F) {
	for _, s := range []string{"vod/2026/11/22/03/x", "20261122031520", "2026-11-22T", "20269999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, ok := dateOf(s, time.UTC); ok && (got.Year() < 2000 || got.Year() > 2099) {
			t.Errorf("%q: %s", s, got)
		}
	})
}

func TestStreamsOf(t *testing.T) {
	t.Parallel()
	keys := []string{
		"a/2026-11-22/master.m3u8", "a/2026-11-22/v0/index.m3u8", "a/2026-11-22/v0/seg1.ts", "a/2026-11-22/other.m3u8", "a/2026-11-22/init.mp4",
		"b/2026-11-22.mp4", "b/2026-11-23.mp4", "c/one.m3u8", "c/two.m3u8", "d/recording.json", "d/index.m3u8", "d/s0/1.ts",
	}
	want := []string{"a/2026-11-22/master.m3u8", "b/2026-11-22.mp4", "b/2026-11-23.mp4", "c/one.m3u8", "c/two.m3u8", "d/recording.json"}
	if got := streamsOf(keys); !slices.Equal(got, want) {
		t.Errorf("streams %q, want %q", got, want)
	}
}

func TestLayout(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"s3://b/{yyyy}/{mm}/x.m3u8":             "{dd} is missing",
		"s3://b/{yyyy}/x.m3u8":                  "{mm} is missing: a layout says the year {yyyy}, the month {mm} and the day {dd}; minutes are {MM}",
		"s3://b/{yyyy}/{mm}/{dd}/{MM}.m3u8":     "minutes and no hours",
		"s3://b/{yyyy}/{mm}/{dd}/{foo}.m3u8":    "the places are",
		"s3://b/{yyyy}{mm}{dd}/*/*/*/*/x.m3u8":  "at most 3 stars",
		"*{yyyy}{mm}{dd}":                       "a part of a name",
		"s3://b/{yyyy}/{mm}/{dd}/{hh}.m3u8":     "",
		"https://h/{yyyy}-{mm}-{dd}T{hh}{MM}/x": "",
	} {
		_, err := ParseLayout(text, time.UTC)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	l, err := ParseLayout("/v/{yyyy}/{mm}/{dd}/{hh}.mp4", zone(t, "Europe/Berlin"))
	if err != nil {
		t.Fatal(err)
	}
	times, err := l.times(at("2026-10-24T22:30:00Z"), at("2026-10-25T03:00:00Z"), 100)
	var places []string
	for _, one := range times {
		places = append(places, strings.TrimPrefix(l.At(one), "/v/2026/10/25/"))
	}
	// 02:00 comes twice and is one place; half an hour touches its place.
	if got := strings.Join(places, " "); err != nil || got != "00.mp4 01.mp4 02.mp4 03.mp4" {
		t.Errorf("places %q, %v", got, err)
	}
	if _, err := l.times(at("2020-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z"), 100); err == nil {
		t.Error("there is no bound")
	}
}

func TestMatches(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, address string
		want             bool
	}{
		{"s3://b/x/*.mp4", "s3://b/x/a.mp4", true},
		{"s3://b/x/*.mp4", "s3://b/x/y/a.mp4", false},
		{"s3://b/*/m.m3u8", "s3://b/news/m.m3u8", true},
		{"s3://b/*/m.m3u8", "s3://b/news/m.m3u8x", false},
		{"s3://b/[a]*", "s3://b/[a]b", true},
		{"s3://b/a*b*c", "s3://b/abbc", true},
		{"s3://b/a", "s3://b/ab", false},
	} {
		if got := matches(tt.pattern, tt.address); got != tt.want {
			t.Errorf("%q stands for %q: %t", tt.pattern, tt.address, got)
		}
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	now, berlin := at("2026-11-22T19:00:00Z"), zone(t, "Europe/Berlin")
	for s, want := range map[string]string{
		"now": "2026-11-22T19:00:00Z", "-24h": "2026-11-21T19:00:00Z", "-7d": "2026-11-15T19:00:00Z", "2026-11-01": "2026-10-31T23:00:00Z",
		"2026-11-01T12:00": "2026-11-01T11:00:00Z", "2026-11-01T12:00:00Z": "2026-11-01T12:00:00Z", "2026-07-01 12:00": "2026-07-01T10:00:00Z",
	} {
		if got, err := ParseTime(s, now, berlin); err != nil || !got.Equal(at(want)) {
			t.Errorf("%q: %s, %v, want %s", s, got.UTC(), err, want)
		}
	}
	for _, s := range []string{"", "yesterday", "-", "--1h", "24h", "-1w", "2026-13-01", "-99999999999d"} {
		if got, err := ParseTime(s, now, berlin); err == nil {
			t.Errorf("%q is %s", s, got)
		}
	}
}

// things is an origin of whatever lies in a store, under its keys.
type things struct{ storage.Store }

func (o things) Stat(ctx context.Context, uri string) (storage.Info, error) {
	return o.Store.Stat(ctx, strings.TrimPrefix(uri, "/"))
}

func (o things) Open(ctx context.Context, uri string, off, n int64) (io.ReadCloser, error) {
	return o.Get(ctx, strings.TrimPrefix(uri, "/"), off, n)
}

func finder(t *testing.T, keys ...string) *Finder {
	t.Helper()
	store := mem.New(nil)
	for _, k := range keys {
		if err := store.Put(t.Context(), k, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	return &Finder{
		Archive: store, Address: func(key string) string { return "/" + key }, Origin: things{store},
		List: func(ctx context.Context, prefix string, fn func(string) error) error {
			return store.List(ctx, strings.TrimPrefix(prefix, "/"), func(i storage.Info) error { return fn("/" + i.Key) })
		},
	}
}

func inputs(items []Item) string {
	var list []string
	for _, i := range items {
		list = append(list, i.Input)
	}
	return strings.Join(list, " ")
}

func TestFindArchive(t *testing.T) {
	t.Parallel()
	var keys []string
	for _, period := range []string{"17", "18", "1820", "1855", "19", "21"} {
		for i := range 5 {
			keys = append(keys, fmt.Sprintf("streams/news/2026-11-22/%s/s0/%d.ts", period, i))
		}
		if period != "21" { // not over yet
			keys = append(keys, "streams/news/2026-11-22/"+period+"/recording.json")
		}
	}
	keys = append(keys, "streams/newsroom/2026-11-22/18/recording.json")
	f := finder(t, keys...)
	w := Where{Stream: "news", From: at("2026-11-22T18:30:00Z"), To: at("2026-11-22T23:00:00Z"), Zone: time.UTC}
	items, err := f.Find(t.Context(), w)
	const day = "/streams/news/2026-11-22/"
	want := day + "18/recording.json " + day + "1820/recording.json " + day + "1855/recording.json " + day + "19/recording.json"
	if err != nil || inputs(items) != want || items[1].Live != "news-20261122T1820" || !items[1].Begin.Equal(at("2026-11-22T18:20:00Z")) {
		t.Errorf("found %s, %v", inputs(items), err)
	}
	w.Every = 2 * time.Hour
	if items, err = f.Find(t.Context(), w); err != nil || len(items) != 1 {
		t.Errorf("every two hours: %s, %v", inputs(items), err)
	}
	w.To = w.From
	if _, err := f.Find(t.Context(), w); err == nil {
		t.Error("no time at all is no error")
	}
}

func TestFindLaidOut(t *testing.T) {
	t.Parallel()
	f := finder(t, "vod/2026/11/22/03/master.m3u8", "vod/2026/11/22/05/master.m3u8", "vod/2026/11/23/03/master.m3u8", "vod/2026/11/22/05/v0/seg.ts",
		"files/2026-11-22/a.mp4", "files/2026-11-22/b.mp4", "files/2026-11-22/deep/c.mp4", "files/2026-11-23/d.mp4", "files/undated.mp4")
	find := func(w Where) string {
		t.Helper()
		w.From, w.To, w.Zone = at("2026-11-22T00:00:00Z"), at("2026-11-23T00:00:00Z"), time.UTC
		items, err := f.Find(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		return inputs(items)
	}
	layout := func(s string) *Layout {
		l, err := ParseLayout(s, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		return &l
	}
	for _, tt := range []struct {
		w    Where
		want string
	}{
		{Where{Layout: layout("/vod/{yyyy}/{mm}/{dd}/{hh}/master.m3u8")}, "/vod/2026/11/22/03/master.m3u8 /vod/2026/11/22/05/master.m3u8"},
		{Where{Layout: layout("/files/{yyyy}-{mm}-{dd}/*.mp4")}, "/files/2026-11-22/a.mp4 /files/2026-11-22/b.mp4"},
		{Where{Prefix: "/vod/"}, "/vod/2026/11/22/03/master.m3u8 /vod/2026/11/22/05/master.m3u8"},
		{Where{Prefix: "/files/"}, "/files/2026-11-22/a.mp4 /files/2026-11-22/b.mp4 /files/2026-11-22/deep/c.mp4"},
		{Where{Prefix: "/nothing/"}, ""},
	} {
		if got := find(tt.w); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.w, got, tt.want)
		}
	}
}

// bucket is an origin whose addresses begin with s3://media/.
type bucket struct{ things }

func (o bucket) Stat(ctx context.Context, uri string) (storage.Info, error) {
	return o.things.Stat(ctx, strings.TrimPrefix(uri, "s3://media/"))
}

func (o bucket) Open(ctx context.Context, uri string, off, n int64) (io.ReadCloser, error) {
	return o.things.Open(ctx, strings.TrimPrefix(uri, "s3://media/"), off, n)
}
