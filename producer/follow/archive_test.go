package follow

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/producer/live"
	"aircheck/producer/source"
	"aircheck/storage"
	"aircheck/storage/file"
	"aircheck/storage/origin"
)

// fileBed archives into a directory, whose paths are addresses.
func fileBed(t *testing.T, c *channel, dir string) *bed {
	t.Helper()
	store, err := file.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := newBed(t, c)
	b.store, b.arch = store, archive.New(store)
	return b
}

// TestRecordingIsTheCheck: the recording opens to the timeline of the live check, faults of delivery included; and so does the playlist beside it when
// there were none, but for program times, which it writes as it can.
func TestRecordingIsTheCheck(t *testing.T) {
	for _, faults := range []bool{false, true} {
		t.Run(fmt.Sprint(faults), func(t *testing.T) {
			dir := t.TempDir()
			var manifest *jobs.Check
			synctest.Test(t, func(t *testing.T) { manifest = archived(t, dir, faults) })
			o := origin.New(origin.Config{})
			_, begin, _ := jobs.ParseLiveID(manifest.ID)
			open := func(name string) jobs.Timeline {
				key, err := storage.StreamFile("news", begin, name)
				if err != nil {
					t.Fatal(err)
				}
				tl, err := source.Open(t.Context(), o, dir+"/"+key)
				if err != nil {
					t.Fatal(err)
				}
				return tl
			}
			sameTimeline(t, "recording", open("recording.json"), manifest.Timeline)
			if !faults {
				playlist := open("index.m3u8")
				playlist.Findings = slices.DeleteFunc(playlist.Findings, func(f jobs.Finding) bool {
					return f.Code == "playlist.iframes_missing" // they are not archived
				})
				if len(playlist.Findings) == 0 {
					playlist.Findings = nil
				}
				sameTimeline(t, "playlist", playlist, manifest.Timeline)
			}
		})
	}
}

// sameTimeline compares line by line, as JSON: times have zones that say the same. What a gap would have been is nobody's business.
func sameTimeline(t *testing.T, what string, got, want jobs.Timeline) {
	t.Helper()
	lines := func(tl jobs.Timeline) []string {
		for i := range tl.Sequences {
			for k := range tl.Sequences[i].Segments {
				if s := &tl.Sequences[i].Segments[k]; s.Gap {
					s.URI, s.Init, s.InitKey, s.Key = "", nil, nil, nil
				}
				if s := &tl.Sequences[i].Segments[k]; s.ProgramTime != nil {
					utc := s.ProgramTime.UTC()
					s.ProgramTime = &utc
				}
			}
		}
		doc, err := json.MarshalIndent(tl, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(string(doc), "\n")
	}
	a, b := lines(got), lines(want)
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("%s, line %d: %q, want %q", what, i, a[i:min(i+12, len(a))], b[i])
		}
	}
	if len(a) != len(b) {
		t.Errorf("%s: %d lines, want %d", what, len(a), len(b))
	}
}

// archived follows a ladder with sound, initialisation sections, keys, gaps and breaks to its end.
func archived(t *testing.T, dir string, faults bool) *jobs.Check {
	c := newChannel("s0", "s1", "s2")
	c.last = 30
	c.edit = func(row string, s *live.Segment) {
		s.Duration = jobs.Micros(1_999_999 + s.Number%3)
		at := c.start.Add(time.Duration(s.Number)*2*time.Second - time.Duration(min(s.Number%3, 1))*time.Microsecond) // what the durations add up to
		s.ProgramTime = &at
		s.Discontinuity = 100 + s.Number/12
		if row != "s2" {
			s.Init = &jobs.ByteRange{URI: fmt.Sprintf("http://origin/%s/init-%d.mp4", row, s.Discontinuity), Length: -1}
		}
		if row == "s1" && s.Number >= 6 && s.Number < 20 {
			s.Key = &jobs.Key{Method: "AES-128", URI: "https://keys.example/k", IV: []byte("0123456789abcdef")}
		}
		if s.Number == 9 {
			s.Gap, s.At, s.Init, s.Key = true, jobs.ByteRange{Length: -1}, nil, nil
		}
	}
	c.describe = map[string]jobs.Sequence{
		"s0": {Name: "hi/video.m3u8", Media: "video", Variant: &jobs.Variant{Bandwidth: 5e6, AverageBandwidth: 4e6, Codecs: "avc1.64001f,mp4a.40.2", Width: 1280, Height: 720, FrameRate: "25.000", AudioGroup: "aac"}},
		"s1": {Name: "lo.m3u8", Media: "video", Variant: &jobs.Variant{Bandwidth: 1e6, AverageBandwidth: 1e6, Codecs: "avc1.64001f,mp4a.40.2", Width: 640, Height: 360, FrameRate: "25.000", AudioGroup: "aac"}},
		"s2": {Name: "audio group aac, English, en", Media: "audio", Variant: &jobs.Variant{Language: "en", AudioGroup: "aac"}},
	}
	if faults {
		c.fails[c.uri("s0", 5)] = func(time.Time) error { return storage.ErrNotFound }
		c.slow[c.uri("s2", 8)] = 3 * time.Second
		c.marks = []live.Marker{{Marker: jobs.Marker{Kind: "break", Source: "daterange", ID: "ad"}, Start: c.start.Add(5 * time.Second)}}
	}
	b := fileBed(t, c, dir)
	f := b.follower("a", b.store)
	address, err := storage.Addresser(dir)
	if err != nil {
		t.Fatal(err)
	}
	f.cfg.Address = address
	if err := b.runFor(f, time.Hour); err != nil {
		t.Fatal(err)
	}
	check, err := f.cfg.Archive.Check(t.Context(), jobs.LiveID("news", c.start.Truncate(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	return check
}

func TestExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("s0")
		b := newBed(t, c)
		b.c.last = 0
		_ = b.runFor(b.follower("a", b.store), 4*time.Hour+10*time.Second)
		for _, id := range []string{jobs.LiveID("news", c.start), jobs.LiveID("news", c.start.Add(2*time.Hour))} {
			if err := b.arch.Close(t.Context(), id); err != nil { // they have their reports, the second hour has not
				t.Fatal(err)
			}
		}
		if err := b.store.Put(t.Context(), "streams/news/notes.txt", nil); err != nil {
			t.Fatal(err)
		}
		count := func() map[string]int {
			n := map[string]int{}
			err := b.store.List(context.Background(), "streams/news/", func(i storage.Info) error {
				parts := strings.Split(i.Key, "/")
				n[strings.Join(parts[2:min(4, len(parts)-1)], "/")]++
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		keeper := &Keeper{Archive: b.arch, Address: address}
		live, err := b.arch.Growing(t.Context(), jobs.LiveID("news", c.start))
		if err != nil {
			t.Fatal(err)
		}
		backfill := *live.Check // of the first hour, in the queue
		backfill.ID, backfill.Queue = jobs.DeriveID(c.start, "backfill"), "backfill"
		seal(&backfill)
		if err := b.arch.Create(t.Context(), &backfill); err != nil {
			t.Fatal(err)
		}
		before := count()
		var many []string // more than one look deletes, in the hour that the backfill reads
		for i := range maxDeletes {
			many = append(many, fmt.Sprintf("streams/news/2000-01-01/00/more/%d", i))
			if err := b.store.Put(t.Context(), many[i], nil); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := keeper.Expire(t.Context(), "news", time.Hour, time.Now()); err != nil {
			t.Fatal(err)
		}
		if after := count(); after["2000-01-01/00"] != before["2000-01-01/00"]+maxDeletes || after["2000-01-01/02"] != 0 {
			t.Errorf("under a check that is queued: %v, then %v", before, after)
		}
		for _, key := range many {
			if err := b.store.Delete(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.arch.Close(t.Context(), backfill.ID); err != nil {
			t.Fatal(err)
		}
		n, err := keeper.Expire(t.Context(), "news", time.Hour, time.Now())
		after := count()
		if err != nil || n == 0 || after["2000-01-01/00"] != 0 || n != before["2000-01-01/00"] {
			t.Errorf("deleted %d, %v: %v, then %v", n, err, before, after)
		}
		for _, kept := range []string{"2000-01-01/01", "2000-01-01/03", "2000-01-01/04", "pending", ""} {
			if after[kept] == 0 || after[kept] != before[kept] {
				t.Errorf("%q: %d objects, then %d", kept, before[kept], after[kept])
			}
		}
	})
}
