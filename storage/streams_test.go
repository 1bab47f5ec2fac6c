package storage_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"aircheck/storage"
)

func TestStreamKeys(t *testing.T) {
	t.Parallel()
	hour := time.Date(2026, 11, 22, 19, 0, 0, 0, time.FixedZone("", 3600))
	minute := hour.Add(20 * time.Minute)
	tests := []struct {
		key  func() (string, error)
		want string // empty: refused
	}{
		{func() (string, error) { return storage.StreamPrefix("news") }, "streams/news/"},
		{func() (string, error) { return storage.StreamPeriod("news", hour) }, "streams/news/2026-11-22/18/"},
		{func() (string, error) { return storage.StreamPeriod("news", minute) }, "streams/news/2026-11-22/1820/"},
		{func() (string, error) { return storage.StreamSegment("news", hour, "s0", 12, "ts") }, "streams/news/2026-11-22/18/s0/12.ts"},
		{func() (string, error) { return storage.StreamInit("news", hour, "s0", "ab12", "mp4") }, "streams/news/2026-11-22/18/s0/init-ab12.mp4"},
		{func() (string, error) { return storage.StreamFile("news", minute, "v/low.m3u8") }, "streams/news/2026-11-22/1820/v/low.m3u8"},
		{func() (string, error) { return storage.StreamEnd("news") }, "streams/news/ended.json"},
		{func() (string, error) { return storage.StreamEnd("../x") }, ""},
		{func() (string, error) { return storage.StreamPending("news", "host-1") }, "streams/news/pending/host-1.json"},
		{func() (string, error) { return storage.StreamPrefix("..") }, ""},
		{func() (string, error) { return storage.StreamSegment("news", hour, "s0", -1, "ts") }, ""},
		{func() (string, error) { return storage.StreamSegment("news", hour, "s0", 1, "") }, ""},
		{func() (string, error) { return storage.StreamSegment("news", hour, "s0", 1, "t.s") }, ""},
		{func() (string, error) { return storage.StreamSegment("news", hour, "s0", 1, "longerthan8") }, ""},
		{func() (string, error) { return storage.StreamSegment("news", hour, "a/b", 1, "ts") }, ""},
		{func() (string, error) { return storage.StreamInit("news", hour, "s0", "../x", "ts") }, ""},
		{func() (string, error) { return storage.StreamPending("news", "a/b") }, ""},
	}
	for i, test := range tests {
		got, err := test.key()
		if got != test.want || (test.want == "") != errors.Is(err, storage.ErrBadKey) {
			t.Errorf("%d: key %q (%v), want %q", i, got, err, test.want)
		}
	}
	if _, err := storage.StreamFile("news", hour, "../x"); !errors.Is(err, storage.ErrBadKey) {
		t.Errorf("a file that climbs: %v", err)
	}
}

func TestParseStreamPeriod(t *testing.T) {
	t.Parallel()
	for _, begin := range []time.Time{time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC), time.Date(2026, 11, 22, 18, 20, 0, 0, time.UTC)} {
		key, err := storage.StreamSegment("news", begin, "s0", 5, "ts")
		if err != nil {
			t.Fatal(err)
		}
		if name, got, ok := storage.ParseStreamPeriod(key); !ok || name != "news" || !got.Equal(begin) {
			t.Errorf("%s: %q %v %t", key, name, got, ok)
		}
	}
	for _, key := range []string{
		"", "streams/news/pending/x.json", "streams/news/2026-11-22/18", "streams/news/2026-11-22/25/s0/1.ts", "streams/news/2026-11-22/1800/s0/1.ts",
		"checks/news/2026-11-22/18/s0/1.ts", "streams/ne.ws/2026-11-22/18/s0/1.ts", "streams/news/26-11-22/18/s0/1.ts",
	} {
		if name, begin, ok := storage.ParseStreamPeriod(key); ok {
			t.Errorf("%q is taken for a key of %q at %v", key, name, begin)
		}
	}
}

func TestAddresser(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for uri, want := range map[string]string{
		"s3://media/air%20check?region=x": "s3://media/air%20check/streams/a/1.ts", "s3://media": "s3://media/streams/a/1.ts",
		dir: filepath.Join(dir, "streams/a/1.ts"), "file://" + dir: filepath.Join(dir, "streams/a/1.ts"),
	} {
		address, err := storage.Addresser(uri)
		if err != nil {
			t.Fatalf("%s: %v", uri, err)
		}
		if got := address("streams/a/1.ts"); got != want {
			t.Errorf("%s: %q, want %q", uri, got, want)
		}
	}
	for _, uri := range []string{"mem:", "", "https://host/x"} {
		if _, err := storage.Addresser(uri); !errors.Is(err, storage.ErrBadURI) {
			t.Errorf("%q: %v", uri, err)
		}
	}
}
