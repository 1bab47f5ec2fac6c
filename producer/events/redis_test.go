package events

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

func TestRedis(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"list", "hash"} {
		p := newPlace(t)
		rule := p.desk.Rules()[0]
		rule.Existing = true
		p.desk.Set([]Rule{rule})
		server := miniredis.RunT(t)
		for _, key := range []string{"in/a.mp4", "in/b.mp4", "in/left.mp4"} {
			p.put(t, key, "x")
		}
		record := func(key string) string {
			return `{"eventName":"s3:ObjectCreated:Put","s3":{"bucket":{"name":"media"},"object":{"key":"` + key + `","eTag":"1"}}}`
		}
		if kind == "list" {
			for _, e := range []string{record("in/a.mp4"), record("in/b.mp4"), record("in/a.mp4")} {
				_, _ = server.RPush(DefaultRedisKey, `[{"Event":[`+e+`],"EventTime":"2026-11-22T18:00:00Z"}]`)
			}
			_, _ = server.RPush(DefaultRedisKey, "not JSON")
			_, _ = server.RPush(DefaultRedisKey+":aircheck", `[{"Event":[`+record("in/left.mp4")+`]}]`) // by one that died
		} else {
			for _, key := range []string{"in/a.mp4", "in/b.mp4", "in/left.mp4"} {
				server.HSet(DefaultRedisKey, "media/"+key, `{"Records":[`+record(key)+`]}`)
			}
		}
		s, err := NewRedisSource("redis://"+server.Addr(), "", p.desk)
		if err != nil {
			t.Fatal(err)
		}
		if kind == "list" {
			if err := s.leftovers(t.Context()); err != nil {
				t.Fatal(err)
			}
			for range 4 {
				entry, err := s.client.BLMove(t.Context(), s.key, s.waiting(), "LEFT", "RIGHT", time.Second).Result()
				if err != nil {
					t.Fatal(err)
				}
				if err := s.take(t.Context(), entry); err != nil {
					t.Fatal(err)
				}
			}
			if server.Exists(DefaultRedisKey) || server.Exists(s.waiting()) {
				t.Error("events are left")
			}
		} else if err := errors.Join(s.scan(t.Context()), s.scan(t.Context())); err != nil {
			t.Fatal(err)
		}
		_ = s.client.Close()
		p.work(t, 0)
		if got := p.checks(); len(got) != 3 || len(p.submitted) != 3 {
			t.Errorf("%s: checks %q, submitted %d times", kind, got, len(p.submitted))
		}
	}
	if _, err := NewRedisSource("redis://:hunter2@[", "", newPlace(t).desk); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("an address that is none: %v", err)
	}
}

// TestHashIsHeardOnce: of a hash, what was there at the first look is old, and what did not change is not heard again, whoever looks and however large it is.
func TestHashIsHeardOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	server := miniredis.RunT(t)
	put := func(key, tag string) {
		p.put(t, key, tag)
		server.HSet(DefaultRedisKey, "media/"+key, fmt.Sprintf(
			`{"Records":[{"eventName":"s3:ObjectCreated:Put","s3":{"bucket":{"name":"media"},"object":{"key":%q,"eTag":%q}}}]}`, key, tag))
	}
	look := func(what string, want int) {
		t.Helper()
		s, err := NewRedisSource("redis://"+server.Addr(), "", p.desk) // after a restart
		if err == nil {
			err = errors.Join(s.scan(t.Context()), s.scan(t.Context()))
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = s.client.Close()
		p.work(t, 0)
		if len(p.submitted) != want {
			t.Errorf("%s: submitted %d times, want %d", what, len(p.submitted), want)
		}
		p.submitted = nil
	}
	for i := range 2000 {
		put(fmt.Sprintf("in/%d.mp4", i), "1")
	}
	look("the first look", 0)
	put("in/new.mp4", "1")
	look("a new object", 1)
	look("nothing new", 0)
	put("in/7.mp4", "2")
	look("another version", 1)
	server.HDel(DefaultRedisKey, "media/in/8.mp4")
	look("one is gone", 0)
	put("in/8.mp4", "1")
	look("it came again", 1)
}

// TestHashThatIsTooLarge: of a hash that cannot be remembered nothing is heard, rather than the same things again and again; a smaller one is heard of as before.
func TestHashThatIsTooLarge(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	server := miniredis.RunT(t)
	put := func(key string) {
		p.put(t, key, "1")
		server.HSet(DefaultRedisKey, "media/"+key, fmt.Sprintf(
			`{"Records":[{"eventName":"s3:ObjectCreated:Put","s3":{"bucket":{"name":"media"},"object":{"key":%q,"eTag":"1"}}}]}`, key))
	}
	s, err := NewRedisSource("redis://"+server.Addr(), "", p.desk)
	if err != nil {
		t.Fatal(err)
	}
	defer s.client.Close()
	s.most = 3
	put("in/0.mp4")
	if err := s.scan(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < 5; i++ {
		put(fmt.Sprintf("in/%d.mp4", i))
	}
	for range 3 {
		if err := s.scan(t.Context()); err == nil || !strings.Contains(err.Error(), "more than 3") {
			t.Errorf("five objects where three are remembered: %v", err)
		}
		if p.work(t, 0); len(p.submitted) != 0 {
			t.Errorf("submitted %d times", len(p.submitted))
		}
		p.submitted = nil
	}
	for _, gone := range []string{"in/0.mp4", "in/4.mp4"} {
		server.HDel(DefaultRedisKey, "media/"+gone)
	}
	for _, want := range []int{3, 0} {
		if err := s.scan(t.Context()); err != nil {
			t.Fatal(err)
		}
		if p.work(t, 0); len(p.submitted) != want {
			t.Errorf("submitted %d times, want %d", len(p.submitted), want)
		}
		p.submitted = nil
	}
}
