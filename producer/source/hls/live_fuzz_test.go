package hls_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"aircheck/internal/fakeorigin"
	"aircheck/jobs"
	"aircheck/producer/live"
	"aircheck/producer/source/hls"
	"aircheck/producer/source/location"
	"aircheck/storage"
)

// script is an origin that answers every request with the next of some playlists, and then with the last.
type script struct{ texts []string }

func (s *script) Stat(context.Context, string) (storage.Info, error) {
	return storage.Info{}, storage.ErrNotFound
}

func (s *script) Open(context.Context, string, int64, int64) (io.ReadCloser, error) {
	text := s.texts[0]
	if len(s.texts) > 1 {
		s.texts = s.texts[1:]
	}
	if text == "" {
		return nil, storage.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader([]byte(text))), nil
}

// scripted makes versions of a playlist of bytes: each takes five, and says where it begins, how long it is, what its segments are called and what else
// there is.
func scripted(data []byte) []string {
	var texts []string
	for ; len(data) >= 5 && len(texts) < 64; data = data[5:] {
		first, count, names, disc, what := int64(data[0]), int(data[1]%12), int64(data[2]%4), int(data[3]), data[4]
		if what == 255 {
			texts = append(texts, "")
			continue
		}
		if what&32 != 0 {
			first = math.MaxInt64 - first // the end of the numbers
		}
		var b strings.Builder
		fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:%d\n#EXT-X-DISCONTINUITY-SEQUENCE:%d\n", what%5, first, disc%7)
		if what&8 != 0 {
			fmt.Fprintf(&b, "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=36.0\n#EXT-X-PART-INF:PART-TARGET=0.5\n#EXT-X-SKIP:SKIPPED-SEGMENTS=%d\n", disc%5)
		}
		for i := range count {
			if (disc+i)%5 == 0 {
				b.WriteString("#EXT-X-DISCONTINUITY\n#EXT-X-CUE-OUT:30\n")
			}
			if what&16 != 0 {
				fmt.Fprintf(&b, "#EXT-X-CUE-IN\n#EXT-X-PART:DURATION=0.%d,URI=\"p\"\n#EXT-X-GAP\n", disc%10)
			}
			fmt.Fprintf(&b, "#EXTINF:%d,\n%d.ts\n", what%3, (first+int64(i))%1000*names)
		}
		if what&64 != 0 && what&128 != 0 {
			b.WriteString("#EXT-X-ENDLIST\n")
		}
		texts = append(texts, b.String())
	}
	return texts
}

// FuzzLive: whatever a playlist does from one version to the next, numbers grow, discontinuities do not shrink, faults are of rules, and the reader wants to
// come again in reasonable time.
func FuzzLive(f *testing.F) {
	f.Add([]byte{10, 5, 1, 0, 1, 11, 5, 1, 0, 1, 12, 5, 1, 0, 1})
	f.Add([]byte{100, 5, 1, 0, 1, 0, 2, 1, 0, 1, 0, 3, 1, 0, 1, 1, 4, 1, 0, 1})
	f.Add([]byte{10, 5, 1, 0, 33, 9, 5, 1, 0, 33, 0, 11, 1, 0, 33, 5, 5, 1, 1, 1})
	f.Add([]byte{10, 9, 1, 3, 25, 12, 9, 1, 3, 25, 14, 9, 2, 3, 25, 1, 1, 1, 1, 255, 14, 9, 2, 3, 220})
	f.Fuzz(func(t *testing.T, data []byte) {
		texts := scripted(data)
		if len(texts) == 0 {
			return
		}
		loc, err := location.Parse("http://127.0.0.1/live.m3u8")
		if err != nil {
			t.Fatal(err)
		}
		now := fakeorigin.Epoch
		reader := hls.NewLive(live.Config{Origin: &script{texts}, Location: loc, Now: func() time.Time { return now }})
		var last *live.Segment
		for range len(texts) + 3 {
			update, err := reader.Refresh(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range update.Sequences {
				for i := range s.Segments {
					checkNext(t, last, &s.Segments[i])
					last = &s.Segments[i]
				}
			}
			checkFaults(t, update.Faults)
			if update.Wait < 0 || update.Wait > time.Minute {
				t.Fatalf("wait %s", update.Wait)
			}
			now = now.Add(update.Wait + time.Millisecond)
		}
	})
}

func checkNext(t *testing.T, last, s *live.Segment) {
	t.Helper()
	if s.Number < 0 || s.Duration < 0 || s.Discontinuity < 0 || last != nil && (s.Number <= last.Number || s.Discontinuity < last.Discontinuity) {
		t.Fatalf("segment %+v after %+v", s, last)
	}
}

func checkFaults(t *testing.T, faults []live.Fault) {
	t.Helper()
	for _, f := range faults {
		if _, ok := jobs.RuleOf(f.Code); !ok && f.Code != "playlist.invalid" || f.Key == "" || f.Message == "" || f.Until.Before(f.Since) ||
			math.IsNaN(f.Value) || math.IsInf(f.Value, 0) || f.Value < 0 {
			t.Fatalf("fault %+v", f)
		}
	}
}
