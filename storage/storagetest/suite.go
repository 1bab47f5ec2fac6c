// Package storagetest is what every store must do, as ordinary test code: each backend runs the same suite.
package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"aircheck/storage"
)

// Run tests the stores that open gives; each test asks for a fresh, empty one.
func Run(t *testing.T, open func(t *testing.T) storage.Store) {
	t.Helper()
	tests := []struct {
		name string
		run  func(t *testing.T, s storage.Store)
	}{
		{"PutGet", testPutGet},
		{"Ranges", testRanges},
		{"Stat", testStat},
		{"NotFound", testNotFound},
		{"PutNew", testPutNew},
		{"PutNewRace", testPutNewRace},
		{"PutRace", testPutRace},
		{"ListOrder", testListOrder},
		{"ListPages", testListPages},
		{"ListStops", testListStops},
		{"Delete", testDelete},
		{"OddKeys", testOddKeys},
		{"BadKeys", testBadKeys},
		{"Cancelled", testCancelled},
		{"Large", testLarge},
		{"BodyKept", testBodyKept},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantIs(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func read(t *testing.T, s storage.Store, key string, off, n int64) []byte {
	t.Helper()
	body, err := s.Get(t.Context(), key, off, n)
	must(t, err)
	data, err := io.ReadAll(body)
	must(t, err)
	must(t, body.Close())
	return data
}

func wantBody(t *testing.T, s storage.Store, key string, want []byte) {
	t.Helper()
	if got := read(t, s, key, 0, -1); !bytes.Equal(got, want) {
		t.Errorf("%q holds %d bytes %.40q, want %d bytes %.40q", key, len(got), got, len(want), want)
	}
}

func testPutGet(t *testing.T, s storage.Store) {
	for _, body := range [][]byte{[]byte("first"), []byte("second, longer"), {}, []byte("third")} {
		must(t, s.Put(t.Context(), "a/b/c", body))
		wantBody(t, s, "a/b/c", body)
	}
	data, err := storage.ReadAll(t.Context(), s, "a/b/c", 5)
	if err != nil || string(data) != "third" {
		t.Errorf("ReadAll = %q, %v", data, err)
	}
	_, err = storage.ReadAll(t.Context(), s, "a/b/c", 4)
	wantIs(t, "ReadAll of more than allowed", err, storage.ErrTooLarge)
}

func testRanges(t *testing.T, s storage.Store) {
	body := []byte("0123456789")
	must(t, s.Put(t.Context(), "k", body))
	must(t, s.Put(t.Context(), "empty", nil))
	tests := []struct {
		key    string
		off, n int64
		want   string
	}{
		{"k", 0, -1, "0123456789"}, {"k", 0, 10, "0123456789"}, {"k", 0, 11, "0123456789"}, {"k", 0, 1, "0"},
		{"k", 3, 4, "3456"}, {"k", 3, -1, "3456789"}, {"k", 9, 1, "9"}, {"k", 9, 100, "9"}, {"k", 0, 0, ""}, {"k", 5, 0, ""},
		{"k", 10, -1, ""}, {"k", 10, 5, ""}, {"k", 11, -1, ""}, {"k", 1 << 40, 1, ""}, {"k", 5, 1<<63 - 1, "56789"}, {"k", 1<<63 - 1, 1<<63 - 1, ""},
		{"empty", 0, -1, ""}, {"empty", 0, 1, ""}, {"empty", 1, 1, ""},
	}
	for _, test := range tests {
		if got := read(t, s, test.key, test.off, test.n); string(got) != test.want {
			t.Errorf("get %q [%d, +%d) = %q, want %q", test.key, test.off, test.n, got, test.want)
		}
	}
	if _, err := s.Get(t.Context(), "k", -1, 2); err == nil || !storage.IsPermanent(err) {
		t.Errorf("get from -1: %v, want a permanent error", err)
	}
}

func testStat(t *testing.T, s storage.Store) {
	must(t, s.Put(t.Context(), "a/k", []byte("12345")))
	first, err := s.Stat(t.Context(), "a/k")
	must(t, err)
	if first.Key != "a/k" || first.Size != 5 || first.ETag == "" || first.Modified.IsZero() {
		t.Errorf("stat = %+v", first)
	}
	must(t, s.Put(t.Context(), "a/k", []byte("123456")))
	second, err := s.Stat(t.Context(), "a/k")
	must(t, err)
	if second.Size != 6 || second.ETag == first.ETag {
		t.Errorf("stat after replacing = %+v, before %+v", second, first)
	}
	body, err := s.Get(t.Context(), "a/k", 1, 2)
	must(t, err)
	if info, ok := storage.Describe(body); ok && (info.Size != 6 || info.ETag != second.ETag) {
		t.Errorf("body of %+v says it is of %+v", second, info)
	}
	must(t, body.Close())
}

func testNotFound(t *testing.T, s storage.Store) {
	must(t, s.Put(t.Context(), "dir/k", []byte("x")))
	for _, key := range []string{"absent", "dir", "dir/absent", "dir/k/below", "absent/deeper/still"} {
		_, err := s.Get(t.Context(), key, 0, -1)
		wantIs(t, "get "+key, err, storage.ErrNotFound)
		_, err = s.Get(t.Context(), key, 0, 0)
		wantIs(t, "get nothing of "+key, err, storage.ErrNotFound)
		_, err = s.Stat(t.Context(), key)
		wantIs(t, "stat "+key, err, storage.ErrNotFound)
	}
	must(t, s.List(t.Context(), "absent/", func(i storage.Info) error { return fmt.Errorf("listed %+v", i) }))
}

func testPutNew(t *testing.T, s storage.Store) {
	must(t, s.PutNew(t.Context(), "d/k", []byte("mine")))
	wantIs(t, "put new over itself", s.PutNew(t.Context(), "d/k", []byte("yours")), storage.ErrExists)
	wantBody(t, s, "d/k", []byte("mine"))
	must(t, s.Put(t.Context(), "d/k", []byte("replaced")))
	must(t, s.Delete(t.Context(), "d/k"))
	must(t, s.PutNew(t.Context(), "d/k", []byte("again")))
	wantBody(t, s, "d/k", []byte("again"))
	must(t, s.PutNew(t.Context(), "d/empty", nil))
	wantIs(t, "put new over an empty object", s.PutNew(t.Context(), "d/empty", []byte("x")), storage.ErrExists)
}

// testPutNewRace lets 16 writers, each with a body of its own, run for one key, several times over.
func testPutNewRace(t *testing.T, s storage.Store) {
	const writers, rounds = 16, 5
	for round := range rounds {
		key := fmt.Sprintf("race/%d", round)
		errs := make([]error, writers)
		together(writers, func(i int) { errs[i] = s.PutNew(t.Context(), key, raceBody(i)) })
		winner := -1
		for i, err := range errs {
			switch {
			case err == nil && winner < 0:
				winner = i
			case err == nil:
				t.Errorf("round %d: both %d and %d won", round, winner, i)
			case !errors.Is(err, storage.ErrExists):
				t.Errorf("round %d: writer %d: %v, want ErrExists", round, i, err)
			}
		}
		if winner < 0 {
			t.Fatalf("round %d: nobody won", round)
		}
		wantBody(t, s, key, raceBody(winner))
	}
}

func raceBody(i int) []byte { return bytes.Repeat([]byte{byte('a' + i)}, 1000+i) }

// testPutRace holds that a reader sees one whole body or another, never a mixture, while writers replace it.
func testPutRace(t *testing.T, s storage.Store) {
	must(t, s.Put(t.Context(), "dir/k", raceBody(0)))
	const writers, readers = 4, 4
	var failures atomic.Int64
	together(writers+readers, func(i int) {
		for range 10 {
			if i < writers {
				if err := s.Put(t.Context(), "dir/k", raceBody(i)); err != nil {
					t.Errorf("put: %v", err)
				}
				continue
			}
			data, err := storage.ReadAll(t.Context(), s, "dir/k", 1<<20)
			if err != nil || len(data) < 1000 || !bytes.Equal(data, raceBody(len(data)-1000)) {
				failures.Add(1)
				t.Logf("read %d bytes: %v", len(data), err)
			}
		}
	})
	if n := failures.Load(); n > 0 {
		t.Errorf("%d reads were not whole", n)
	}
}

// together runs n functions that start at the same moment, and waits for them.
func together(n int, fn func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	wg.Wait()
}

func list(t *testing.T, s storage.Store, prefix string) []string {
	t.Helper()
	var keys []string
	must(t, s.List(t.Context(), prefix, func(i storage.Info) error {
		if i.Size != int64(len(i.Key)) {
			t.Errorf("list %q: %q has %d bytes, want %d", prefix, i.Key, i.Size, len(i.Key))
		}
		keys = append(keys, i.Key)
		return nil
	}))
	return keys
}

// testListOrder holds the order of bytes where directories would sort otherwise: '-' and '.' before '/', upper case before lower.
func testListOrder(t *testing.T, s storage.Store) {
	keys := []string{"a-b", "a.b/c", "a/b", "a/c/d", "a/c.d", "a/c0", "ab", "B", "b/ü", "b/z", "checks/1/m", "checks/10/m"}
	for _, key := range keys {
		must(t, s.Put(t.Context(), key, []byte(key)))
	}
	slices.Sort(keys)
	for _, prefix := range []string{"", "a", "a/", "a/c", "a/c/", "a/c/d", "b/", "b/ü", "checks/1", "checks/1/", "z"} {
		var want []string
		for _, key := range keys {
			if len(key) >= len(prefix) && key[:len(prefix)] == prefix {
				want = append(want, key)
			}
		}
		if got := list(t, s, prefix); !slices.Equal(got, want) {
			t.Errorf("list %q = %q, want %q", prefix, got, want)
		}
	}
}

// testListPages lists more than one page of S3 (1000 keys). Put is spread over a few writers, which keeps the test cheap.
func testListPages(t *testing.T, s storage.Store) {
	const writers, each = 8, 126
	together(writers, func(w int) {
		for i := range each {
			key := fmt.Sprintf("p/%d/%03d", i%3, w*each+i)
			if err := s.Put(t.Context(), key, []byte(key)); err != nil {
				t.Errorf("put %q: %v", key, err)
			}
		}
	})
	got := list(t, s, "p/")
	if len(got) != writers*each || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Errorf("listed %d keys, sorted %v, want %d sorted and unique", len(got), slices.IsSorted(got), writers*each)
	}
}

func testListStops(t *testing.T, s storage.Store) {
	for _, key := range []string{"k1", "k2", "k3"} {
		must(t, s.Put(t.Context(), key, []byte(key)))
	}
	stop := errors.New("enough")
	var seen []string
	err := s.List(t.Context(), "k", func(i storage.Info) error {
		seen = append(seen, i.Key)
		if i.Key == "k2" {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || !slices.Equal(seen, []string{"k1", "k2"}) {
		t.Errorf("list = %v after %q, want fn's own error after k1, k2", err, seen)
	}
	// A callback may use the store, deleting what it is shown included.
	must(t, s.List(t.Context(), "k", func(i storage.Info) error { return s.Delete(t.Context(), i.Key) }))
	if left := list(t, s, ""); len(left) > 0 {
		t.Errorf("left after deleting all: %q", left)
	}
}

func testDelete(t *testing.T, s storage.Store) {
	must(t, s.Put(t.Context(), "d/e/k", []byte("x")))
	must(t, s.Put(t.Context(), "d/other", []byte("d/other")))
	for range 2 {
		must(t, s.Delete(t.Context(), "d/e/k"))
		_, err := s.Stat(t.Context(), "d/e/k")
		wantIs(t, "stat of deleted", err, storage.ErrNotFound)
	}
	must(t, s.Delete(t.Context(), "never/was"))
	must(t, s.Delete(t.Context(), "d")) // a directory to some backends, no object to any
	if left := list(t, s, "d"); !slices.Equal(left, []string{"d/other"}) {
		t.Errorf("left %q, want d/other", left)
	}
	must(t, s.Put(t.Context(), "d/e", []byte("a key where a directory was")))
}

func testOddKeys(t *testing.T, s storage.Store) {
	keys := []string{
		"with space/and more", "plus+plus", "per%20cent%", "q?a=b&c", "hash#tag", "quote'\"`", "<xml>&amp;", "~tilde", "...", "..a/.b",
		"ünïcödé/日本語/🎬", "*:|", "a=b;c,d", "$@!()[]{}^", string(bytes.Repeat([]byte("long/"), 100)) + "end",
	}
	for _, key := range keys {
		must(t, s.Put(t.Context(), key, []byte(key)))
		wantBody(t, s, key, []byte(key))
		info, err := s.Stat(t.Context(), key)
		if err != nil || info.Key != key {
			t.Errorf("stat %q = %+v, %v", key, info, err)
		}
	}
	slices.Sort(keys)
	if got := list(t, s, ""); !slices.Equal(got, keys) {
		t.Errorf("list = %q, want %q", got, keys)
	}
	for _, key := range keys {
		must(t, s.Delete(t.Context(), key))
	}
	if got := list(t, s, ""); len(got) > 0 {
		t.Errorf("left after delete: %q", got)
	}
}

func testBadKeys(t *testing.T, s storage.Store) {
	for _, key := range []string{"", "/abs", "dir/", "a//b", "../escape", "a/../../escape", ".", "a/./b", "nul\x00", "line\nbreak", "\xff\xfe"} {
		_, getErr := s.Get(t.Context(), key, 0, -1)
		_, statErr := s.Stat(t.Context(), key)
		for op, err := range map[string]error{
			"get": getErr, "stat": statErr, "put": s.Put(t.Context(), key, nil),
			"put new": s.PutNew(t.Context(), key, nil), "delete": s.Delete(t.Context(), key),
		} {
			wantIs(t, fmt.Sprintf("%s %q", op, key), err, storage.ErrBadKey)
		}
	}
	nothing := func(i storage.Info) error { return fmt.Errorf("listed %+v", i) }
	wantIs(t, "list ../", s.List(t.Context(), "../", nothing), storage.ErrBadKey)
	must(t, s.List(t.Context(), "", nothing))
}

func testCancelled(t *testing.T, s storage.Store) {
	must(t, s.Put(t.Context(), "k", []byte("x")))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Get(ctx, "k", 0, -1)
	wantIs(t, "get", err, context.Canceled)
	_, err = s.Stat(ctx, "k")
	wantIs(t, "stat", err, context.Canceled)
	wantIs(t, "put", s.Put(ctx, "k", []byte("y")), context.Canceled)
	wantIs(t, "put new", s.PutNew(ctx, "new", []byte("y")), context.Canceled)
	wantIs(t, "delete", s.Delete(ctx, "k"), context.Canceled)
	wantIs(t, "list", s.List(ctx, "", func(storage.Info) error { return nil }), context.Canceled)
	wantBody(t, s, "k", []byte("x"))
	_, err = s.Stat(t.Context(), "new")
	wantIs(t, "stat of what was never put", err, storage.ErrNotFound)
}

// testLarge puts 20 MiB: more than one part of a multipart upload (16 MiB).
func testLarge(t *testing.T, s storage.Store) {
	body := make([]byte, 20<<20+7)
	if _, err := rand.NewChaCha8([32]byte{1}).Read(body); err != nil {
		t.Fatal(err)
	}
	must(t, s.Put(t.Context(), "large/put", body))
	must(t, s.PutNew(t.Context(), "large/new", body))
	wantIs(t, "put new over a large object", s.PutNew(t.Context(), "large/put", body), storage.ErrExists)
	for _, key := range []string{"large/put", "large/new"} {
		wantBody(t, s, key, body)
		const border = 16 << 20
		if got := read(t, s, key, border-5, 10); !bytes.Equal(got, body[border-5:border+5]) {
			t.Errorf("%q across the border of parts = %x, want %x", key, got, body[border-5:border+5])
		}
	}
}

// testBodyKept holds that a store keeps no hand on the bytes that it was given.
func testBodyKept(t *testing.T, s storage.Store) {
	body := []byte("before")
	must(t, s.Put(t.Context(), "k", body))
	copy(body, "after!")
	wantBody(t, s, "k", []byte("before"))
}
