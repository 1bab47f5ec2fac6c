package jobs

import (
	"bytes"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestNewIDSortsByTime(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var ids []string
	for _, d := range []time.Duration{0, time.Millisecond, 31 * time.Millisecond, 32 * time.Millisecond, time.Second, time.Hour, 365 * 24 * time.Hour, 2e5 * time.Hour} {
		// The random part falls while the time rises: it must not matter.
		ids = append(ids, NewID(start.Add(d), bytes.NewReader(bytes.Repeat([]byte{byte(31 - len(ids))}, idRandomLength))))
	}
	if !slices.IsSorted(ids) {
		t.Errorf("ids do not sort by time: %q", ids)
	}
}

func TestNewIDIsValidAnywhere(t *testing.T) {
	seen := map[string]bool{}
	for _, at := range []time.Time{{}, time.Unix(0, 0), time.Unix(-1, 0), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)} {
		for _, random := range []io.Reader{nil, iotest.ErrReader(errors.New("no entropy")), strings.NewReader("short"), strings.NewReader(strings.Repeat("\xff", 10))} {
			id := NewID(at, random)
			if !ValidID(id) || url.PathEscape(id) != id || strings.ToLower(id) != id {
				t.Errorf("id %q at %v", id, at)
			}
			seen[id] = true
		}
	}
	// The first three times are all before or at 1970 and share their time part; all but the last reader are filled up from crypto/rand.
	if len(seen) != 5*3+3 {
		t.Errorf("%d different ids", len(seen))
	}
}

func TestValidID(t *testing.T) {
	good := NewID(time.Unix(1e9, 0), nil)
	for _, bad := range []string{
		"", good[1:], good + "0", strings.ToUpper(good[:19]) + "A", "../../../etc/passwd0", good[:19] + "/", good[:19] + "{", good[:19] + "l", good[:18] + "é",
	} {
		if ValidID(bad) {
			t.Errorf("%q is taken for an id", bad)
		}
	}
}

func TestLiveIDs(t *testing.T) {
	hour := time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)
	at := hour.In(time.FixedZone("", 3600))
	longest := strings.Repeat("x", maxStreamName)
	for _, name := range []string{"news", "0", "a-b_c", "a-20261122", longest} {
		id := LiveID(name, at)
		got, when, ok := ParseLiveID(id)
		if !ok || got != name || !when.Equal(hour) || !ValidID(id) || !ValidStreamName(name) {
			t.Errorf("%q: parsed as %q at %v, %t", id, got, when, ok)
		}
	}
	if got := LiveID("news", at); got != "news-20261122T18" {
		t.Errorf("id %q", got)
	}
	minute := hour.Add(20 * time.Minute)
	if _, when, ok := ParseLiveID(LiveID("news", minute)); LiveID("news", minute) != "news-20261122T1820" || !ok || !when.Equal(minute) {
		t.Errorf("id %q, %v, %t", LiveID("news", minute), when, ok)
	}
	for _, bad := range []string{
		"news-20261122T1800", "news-20261122T1860", "", "news", "-20261122T18", "news-20261122t18", "news-20261122T24", "news-20261322T18", "news-20261122T1", "news-20261122T018", "News-20261122T18",
		"../x-20261122T18", "a/b-20261122T18", "-a-20261122T18", "_a-20261122T18", longest + "x-20261122T18", "n\u00e9-20261122T18", "news-20261122T18 ",
	} {
		if _, _, ok := ParseLiveID(bad); ok || ValidID(bad) {
			t.Errorf("%q is taken for an id", bad)
		}
	}
}

func TestSequenceIDs(t *testing.T) {
	for _, i := range []int{0, 1, 10, 999} {
		if !ValidSequenceID(SequenceID(i)) {
			t.Errorf("%q is refused", SequenceID(i))
		}
	}
	for _, bad := range []string{"", "s", "0", "s-1", "s+1", "s01", "s1000", "s1 ", "S1", "s1e1", "v0", "s99999999999999999999"} {
		if ValidSequenceID(bad) {
			t.Errorf("%q is taken for a sequence's id", bad)
		}
	}
}

// TestTaskIDsDiffer: in the queue, equal ids are one task.
func TestTaskIDsDiffer(t *testing.T) {
	seen := map[string]bool{}
	n := 0
	for _, check := range []string{"01hqv9y4m0abcdefghjk", "01hqv9y4m0abcdefghjm"} {
		for _, sequence := range []string{"s0", "s1", "s11"} {
			for _, window := range []int{0, 1, 11, 111} {
				for _, epoch := range []int{0, 1, 11} {
					id := TaskID(check, sequence, window, epoch)
					if strings.ContainsAny(id, "{}:* ") {
						t.Errorf("id %q is not safe in a Redis key", id)
					}
					seen[id] = true
					n++
				}
			}
		}
	}
	if len(seen) != n {
		t.Errorf("%d different ids for %d tasks", len(seen), n)
	}
	if got, want := TaskID("01hqv9y4m0abcdefghjk", "s1", 12, 3), "01hqv9y4m0abcdefghjk-s1-12-3"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestDeriveID(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	id := DeriveID(at, "news", "default")
	if !ValidID(id) || id != DeriveID(at.In(time.FixedZone("x", 3600)), "news", "default") || id[:10] != NewID(at, nil)[:10] {
		t.Errorf("id %q", id)
	}
	seen := map[string]string{}
	for what, id := range map[string]string{
		"later": DeriveID(at.Add(time.Hour), "news", "default"), "other": DeriveID(at, "sport", "default"), "cut elsewhere": DeriveID(at, "newsd", "efault"),
		"one part": DeriveID(at, "newsdefault"), "no time": DeriveID(time.Time{}, "news", "default"), "first": id,
	} {
		if seen[id] != "" || !ValidID(id) {
			t.Errorf("%s: %q is not valid, or that of %s too", what, id, seen[id])
		}
		seen[id] = what
	}
}
