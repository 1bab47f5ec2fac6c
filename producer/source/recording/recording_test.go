package recording

import (
	"context"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/producer/source/internal/fake"
	"aircheck/producer/source/location"
)

func sample() *Recording {
	segment := func(i int, uri string) jobs.Segment {
		return jobs.Segment{Index: i, ByteRange: jobs.ByteRange{URI: uri, Length: -1}, Start: jobs.Micros(i) * 6e6, Duration: 6e6}
	}
	list := []jobs.Segment{
		segment(0, "s0/0.ts"), segment(1, ""), segment(2, "../../secret.ts"), segment(3, "file:///etc/passwd"), segment(4, "s3://other/bucket.ts"),
	}
	list[0].Init = &jobs.ByteRange{URI: "s0/init-a.mp4", Length: -1}
	list[0].Key = &jobs.Key{Method: "AES-128", URI: "https://keys.example/k", IV: []byte("0123456789abcdef")}
	list[4].Key = &jobs.Key{Method: "SAMPLE-AES", URI: "skd://x", Format: "com.apple.streamingkeydelivery"}
	list[1].Missing = "its origin failed"
	return &Recording{
		Stream: "news", Begin: time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC), Check: "news-20261122T18",
		Timeline: jobs.Timeline{Kind: jobs.SourceHLS, Sequences: []jobs.Sequence{{ID: "s0", Mode: jobs.ModeSegments, Segments: list, Duration: 30e6}}},
	}
}

// TestTimeline: addresses lead to where those of a playlist may, and nowhere else.
func TestTimeline(t *testing.T) {
	t.Parallel()
	doc, err := Encode(sample())
	if err != nil || !IsRecording(doc[:200]) {
		t.Fatalf("%q, %v", doc, err)
	}
	for base, want := range map[string][]string{
		"https://host/streams/news/2026-11-22/18/": {"s0/0.ts", "", "https://host/streams/news/secret.ts", "", ""},
		"s3://media/streams/news/2026-11-22/18/":   {"s0/0.ts", "", "s3://media/streams/news/secret.ts", "", "s3://other/bucket.ts"},
		"/srv/streams/news/2026-11-22/18/":         {"s0/0.ts", "", "", "", "s3://other/bucket.ts"},
	} {
		loc, err := location.Parse(base + Name)
		if err != nil {
			t.Fatal(err)
		}
		tl, err := Timeline(context.Background(), &fake.Origin{Objects: map[string]string{base + Name: string(doc)}}, loc)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range tl.Sequences[0].Segments {
			if w := want[i]; s.URI != w && s.URI != base+w {
				t.Errorf("%s: segment %d at %q, want %q", base, i, s.URI, w)
			}
		}
		first, last := tl.Sequences[0].Segments[0], tl.Sequences[0].Segments[4]
		if first.Init.URI != base+"s0/init-a.mp4" || first.Key.URI != "https://keys.example/k" || last.Key.URI != "skd://x" || tl.Sequences[0].Segments[1].Missing == "" {
			t.Errorf("%s: %+v, %+v", base, first, last)
		}
	}
}

func TestDecodeIsStrict(t *testing.T) {
	t.Parallel()
	doc, err := Encode(sample())
	if err != nil {
		t.Fatal(err)
	}
	for what, bad := range map[string]string{
		"empty": "", "data behind": string(doc) + "{}", "unknown field": strings.Replace(string(doc), `"stream"`, `"straem"`, 1),
		"another schema": strings.Replace(string(doc), "recording/v1", "recording/v2", 1), "segment out of place": strings.Replace(string(doc), `"i":1`, `"i":7`, 1),
		"endless": strings.Replace(string(doc), `"duration":6000000`, `"duration":-1`, 1),
	} {
		if _, err := Decode([]byte(bad)); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if r, err := Decode(doc); err != nil || r.Check != "news-20261122T18" {
		t.Errorf("%+v, %v", r, err)
	}
}

func FuzzDecode(f *testing.F) {
	doc, err := Encode(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(doc)
	f.Add([]byte(`{"schema":"aircheck.recording/v1","timeline":{"kind":"hls","sequences":[]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Decode(b)
		if err != nil {
			return
		}
		loc, err := location.Parse("https://host/a/" + Name)
		if err != nil {
			t.Fatal(err)
		}
		resolve(&r.Timeline, loc)
		if err := r.Timeline.Validate(); err != nil {
			t.Errorf("resolved to what is not valid: %v", err)
		}
	})
}
