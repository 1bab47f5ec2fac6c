package jobs

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write frozen files that are missing")

const checkID = "01hqv9y4m0abcdefghjk"

// sampleSegments sets every field that a segment can have, somewhere.
func sampleSegments() []Segment {
	at := time.Date(2026, 3, 1, 12, 0, 0, 500_000_000, time.UTC)
	init := &ByteRange{URI: "https://cdn.example/v/init.mp4", Length: 812}
	key := &Key{Method: "AES-128", URI: "https://keys.example/k?id=1&t=<x>", IV: []byte("0123456789abcdef")}
	initKey := &Key{Method: "AES-128", URI: "/keys/init.key"}
	drm := &Key{Method: "SAMPLE-AES", URI: "skd://key", Format: "com.apple.streamingkeydelivery"}
	return []Segment{
		{Index: 0, ByteRange: ByteRange{URI: "https://cdn.example/v/0.m4s", Length: -1}, Duration: 6_000_000, Init: init, InitKey: initKey, ProgramTime: &at},
		{Index: 1, ByteRange: ByteRange{URI: "s3://bucket/v/all.ts", Offset: 1880, Length: 940_000}, Tail: 376, Start: 6_000_000, Duration: 6_006_000, Key: key},
		{Index: 2, Start: 12_006_000, Duration: 6_000_000, Discontinuity: 1, Gap: true},
		{Index: 3, ByteRange: ByteRange{URI: "/media/Fußball 3.ts", Length: -1}, Start: 18_006_000, Duration: 5_994_000, Discontinuity: 2, Key: drm},
	}
}

func sampleTask() Task {
	return Task{
		V: Version, Check: checkID, Epoch: 2, LastTry: true, Segments: sampleSegments(), Context: 1,
		Window: Window{Sequence: "s0", Index: 1, First: 1, Last: 4, Start: 6_000_000, End: 24_000_000, Foot: true},
	}
}

func sampleObjectTask() Task {
	return Task{
		V: Version, Check: checkID, Window: Window{Sequence: "s1", Start: 0, End: 20_000_000, Head: true, Foot: true},
		Object: &Object{URI: "s3://bucket/film.mp4", Size: 1 << 33, ETag: `"d41d8cd9"`},
	}
}

func sampleCheck() *Check {
	c := &Check{
		V: Version, ID: checkID, Input: "https://cdn.example/master.m3u8?a=1&b=2", Created: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Queue: "vod",
		WindowLength: 60_000_000,
		Profile:      Profile{Name: "default", Thresholds: map[string]float64{"video.black.fail": 2, "audio.loudness.target": -23, "x.tiny": 1e-9}},
		Timeline: Timeline{
			Kind: SourceHLS,
			Sequences: []Sequence{
				{
					ID: "s0", Name: "v/1080p.m3u8", Mode: ModeSegments, Media: "video", Segments: sampleSegments(), Duration: 24_000_000,
					Truncated: true, Variant: &Variant{Bandwidth: 5_000_000, AverageBandwidth: 4_500_000, Codecs: "avc1.640028,mp4a.40.2", Width: 1920, Height: 1080, FrameRate: "25", Language: "de"},
				},
				{ID: "s1", Mode: ModeObject, Object: sampleObjectTask().Object, Duration: 20_000_000},
				{ID: "s2", Mode: ModeSegments},
			},
			Findings: []Finding{{
				Code: "playlist.target_duration", Severity: Warn, Rendition: "v0", Start: 6, End: 12.006, Value: Figure(6.006), Threshold: Figure(6), Unit: "s", Confidence: 1,
				Message: "segment 1 lasts 6.006 s & the playlist says 6 s",
			}},
		},
		Windows: []Window{
			{Sequence: "s0", Index: 0, First: 0, Last: 1, Start: 0, End: 6_000_000, Head: true},
			sampleObjectTask().Window,
			sampleTask().Window,
		},
	}
	c.Profile.Seal()
	return c
}

// sampleLadderCheck has the fields that came with the rules of ladders.
func sampleLadderCheck() *Check {
	c := sampleCheck()
	s := &c.Timeline.Sequences[0]
	s.Target, s.Variant.AudioGroup, s.Variant.Ladder, s.Variant.MinBuffer = 6e6, "aac", "1", 2e6
	return c
}

// sampleBreakCheck has a profile for ad breaks.
func sampleBreakCheck() *Check {
	c := sampleCheck()
	c.BreakProfile = &Profile{Name: "live-monitor", Thresholds: map[string]float64{"video.black.fail": 8}}
	c.BreakProfile.Seal()
	c.Timeline.Findings[0].Profile = c.BreakProfile.Name
	return c
}

// sampleCaptionsCheck has the field that came with captions.
func sampleCaptionsCheck() *Check {
	c := sampleCheck()
	c.Timeline.Sequences[0].Variant.InStream = "CC1,SERVICE3"
	return c
}

// sampleClockCheck has the clock of the media, as DASH has it.
func sampleClockCheck() *Check {
	c := sampleCheck()
	c.Timeline.Kind = SourceDASH
	c.Timeline.Sequences[0].Segments[0].Clock = &MediaClock{Zero: 90_000_000, At: 90_000_040, Exact: true}
	return c
}

// sampleInstalment is the second piece of a live check; sampleBeginning is the first.
func sampleInstalment() *Instalment {
	return &Instalment{
		V: Version, Check: checkID, Index: 1, Published: time.Date(2026, 3, 1, 12, 0, 24, 0, time.UTC), Last: true,
		Parts:   []Part{{Sequence: "s0", Segments: sampleSegments()}},
		Windows: []Window{{Sequence: "s0", Index: 1, First: 1, Last: 4, Start: 6_000_000, End: 24_000_000}},
		Findings: []Finding{{
			Code: "playlist.stale", Severity: Warn, Rendition: "s0", Start: 24, End: 30, Value: Figure(6), Unit: "s", Confidence: 1,
			Message: "not updated for 6 s", Cause: "delivery", Evidence: "one origin of two",
		}},
		Markers: []Marker{{Kind: "break", Source: "daterange", ID: "ad-1", Start: 12, End: 42, Text: "SCTE35-OUT <30 s>", Rendition: "s0"}},
	}
}

// sampleContinuation is a piece in which a fault goes on and a segment could not be had.
func sampleContinuation() *Instalment {
	longer := sampleInstalment().Findings[0]
	longer.End, longer.Value = 36, Figure(12)
	return &Instalment{
		V: Version, Check: checkID, Index: 2, Published: time.Date(2026, 3, 1, 12, 0, 36, 0, time.UTC),
		Parts: []Part{{Sequence: "s0", Segments: []Segment{{
			Index: 4, ByteRange: ByteRange{URI: "s3://bucket/v/4.ts", Length: -1}, Start: 24_000_000, Duration: 6_000_000, Discontinuity: 2, Missing: "the origin answers 503",
		}}}},
		Updates: []FindingUpdate{{Index: 1, Finding: longer}}, Follow: json.RawMessage(`{"rows":{}}`),
	}
}

func sampleBeginning() *Instalment {
	c := sampleCheck()
	c.Queue, c.Windows, c.Timeline.Findings, c.Timeline.Markers = "live", nil, nil, sampleInstalment().Markers
	c.Timeline.Sequences = c.Timeline.Sequences[:1]
	c.Timeline.Sequences[0].Segments, c.Timeline.Sequences[0].Duration = nil, 0
	return &Instalment{V: Version, Check: checkID, Begin: c, Published: time.Date(2026, 3, 1, 12, 0, 18, 0, time.UTC)}
}

// TestGrow: the pieces make the check that a manifest would hold.
func TestGrow(t *testing.T) {
	c := sampleBeginning().Begin
	all := sampleSegments()
	first := &Instalment{
		Check: checkID, Parts: []Part{{Sequence: "s0", Segments: all[:1]}},
		Windows: []Window{{Sequence: "s0", First: 0, Last: 1, Start: 0, End: 6_000_000, Head: true}},
	}
	second := sampleInstalment()
	second.Parts[0].Segments = all[1:]
	for _, i := range []*Instalment{first, second} {
		if err := c.Grow(i); err != nil {
			t.Fatal(err)
		}
	}
	want := sampleCheck().Timeline.Sequences[0]
	if got := c.Timeline.Sequences[0]; !reflect.DeepEqual(got, want) {
		t.Errorf("grown to\n%+v\nwant\n%+v", got, want)
	}
	if len(c.Windows) != 2 || len(c.Timeline.Findings) != 1 || len(c.Timeline.Markers) != 1 {
		t.Errorf("%d windows, %d findings, %d markers", len(c.Windows), len(c.Timeline.Findings), len(c.Timeline.Markers))
	}
	third := sampleContinuation()
	third.Updates[0].Index = 0
	if err := c.Grow(third); err != nil {
		t.Fatal(err)
	}
	if got := c.Timeline.Findings; len(got) != 1 || got[0].End != 36 {
		t.Errorf("findings %+v", got)
	}
	for name, bad := range map[string]*Instalment{
		"another check's":   {Check: "other"},
		"unknown finding":   {Check: checkID, Updates: []FindingUpdate{{Index: 1}}},
		"negative finding":  {Check: checkID, Updates: []FindingUpdate{{Index: -1}}},
		"unknown sequence":  {Check: checkID, Parts: []Part{{Sequence: "s7", Segments: all[:1]}}},
		"segments repeated": {Check: checkID, Parts: []Part{{Sequence: "s0", Segments: all[2:3]}}},
	} {
		if err := c.Grow(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// sampleReferenceCheck compares two objects.
func sampleReferenceCheck() *Check {
	c := &Check{
		V: Version, ID: checkID, Input: "film.mp4", Reference: "s3://bucket/master.mov", Created: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Queue: "vod",
		WindowLength: 60_000_000, Profile: Profile{Name: "default", Thresholds: map[string]float64{"reference.psnr.min": 30}},
		Timeline: Timeline{Kind: SourceFile, Sequences: []Sequence{
			{ID: "s0", Mode: ModeObject, Object: &Object{URI: "/film.mp4", Size: 1 << 20}, Duration: 20_000_000},
			{ID: "r0", Mode: ModeObject, Object: sampleObjectTask().Object, Duration: 20_000_000, Role: RoleReference},
		}},
		Windows: []Window{{Sequence: "s0", End: 20_000_000, Head: true, Foot: true}, {Sequence: "r0", End: 20_000_000, Head: true, Foot: true}},
	}
	c.Profile.Seal()
	return c
}

// sampleCompareTask is never put into the queue, so no file is frozen of it.
func sampleCompareTask() Task {
	t := sampleTask()
	return Task{Compare: &CompareWith{
		Window: t.Window, Segments: t.Segments, Context: t.Context, Object: sampleObjectTask().Object, Track: 1, ReferenceTrack: 2,
		Pairs: []Pair{{Picture: PictureID{Unit: 3, PTS: 4}, Reference: PictureID{Unit: 5, PTS: 6}}},
	}}
}

func sampleLookTask() Task {
	return Task{Look: &Look{
		Kind: "video", Track: 1, Shots: []PictureID{{Unit: 3, PTS: 4}}, Width: 160, Height: 90, Keys: true, From: 5, To: 6,
	}}
}

func sampleCompared() *Compared {
	return &Compared{
		V: Version, Measure: MeasureVersion, FFmpeg: "5.1.9", Key: "00112233445566778899aabbccddeeff",
		Formats: []ComparedFormat{{Width: 1280, Height: 720, ChromaWidth: 640, ChromaHeight: 360, Depth: 8, Scaled: "yuv420p 640x360 to yuv420p 1280x720"}, {Width: 8, Height: 8, Depth: 16}},
		Rows:    []ComparedRow{{Pair: 0, SSE: [3]int64{1, 2, 3}, SSIM: [3]int64{SSIMUnit, 0, -5}}, {Pair: 7, Format: 1, SSE: [3]int64{4, 5, 6}}},
	}
}

func sampleOutcome() Outcome {
	return Outcome{V: Version, Check: checkID, Sequence: "s0", Window: 7, Class: Crash, Message: "decoder died: signal 11 <core>", Attempts: 3}
}

func sampleFailure() Failure {
	return Failure{V: Version, Check: checkID, Message: "judge check: no room left on <disk>", Attempts: 5}
}

// samples pairs every encoded type with its file. The files are what a release before this one may have left in a queue or a store: they are written once, and while
// Version stays they must be read, and written back as they are.
func samples() map[string]struct {
	value  any
	encode func() ([]byte, error)
	decode func([]byte) (any, error)
} {
	type sample = struct {
		value  any
		encode func() ([]byte, error)
		decode func([]byte) (any, error)
	}
	task := func(t Task) sample {
		return sample{t, func() ([]byte, error) { return EncodeTask(t) }, func(b []byte) (any, error) { return DecodeTask(b) }}
	}
	return map[string]sample{
		"task-v1.json":        task(sampleTask()),
		"task-object-v1.json": task(sampleObjectTask()),
		"check-v1.json": {
			sampleCheck(), func() ([]byte, error) { return EncodeCheck(sampleCheck()) }, func(b []byte) (any, error) { return DecodeCheck(b) },
		},
		"check-reference-v1.json": {
			sampleReferenceCheck(), func() ([]byte, error) { return EncodeCheck(sampleReferenceCheck()) }, func(b []byte) (any, error) { return DecodeCheck(b) },
		},
		"check-captions-v1.json": {
			sampleCaptionsCheck(), func() ([]byte, error) { return EncodeCheck(sampleCaptionsCheck()) }, func(b []byte) (any, error) { return DecodeCheck(b) },
		},
		"check-breaks-v1.json": {
			sampleBreakCheck(), func() ([]byte, error) { return EncodeCheck(sampleBreakCheck()) }, func(b []byte) (any, error) { return DecodeCheck(b) },
		},
		"check-clock-v1.json": {
			sampleClockCheck(), func() ([]byte, error) { return EncodeCheck(sampleClockCheck()) }, func(b []byte) (any, error) { return DecodeCheck(b) },
		},
		"check-ladder-v1.json": {
			sampleLadderCheck(), func() ([]byte, error) { return EncodeCheck(sampleLadderCheck()) }, func(b []byte) (any, error) { return DecodeCheck(b) },
		},
		"instalment-v1.json": {
			sampleInstalment(), func() ([]byte, error) { return EncodeInstalment(sampleInstalment()) }, func(b []byte) (any, error) { return DecodeInstalment(b) },
		},
		"instalment-first-v1.json": {
			sampleBeginning(), func() ([]byte, error) { return EncodeInstalment(sampleBeginning()) }, func(b []byte) (any, error) { return DecodeInstalment(b) },
		},
		"instalment-continuation-v1.json": {
			sampleContinuation(), func() ([]byte, error) { return EncodeInstalment(sampleContinuation()) }, func(b []byte) (any, error) { return DecodeInstalment(b) },
		},
		"outcome-v1.json": {
			sampleOutcome(), func() ([]byte, error) { return EncodeOutcome(sampleOutcome()) }, func(b []byte) (any, error) { return DecodeOutcome(b) },
		},
		"failure-v1.json": {
			sampleFailure(), func() ([]byte, error) { return EncodeFailure(sampleFailure()) }, func(b []byte) (any, error) { return DecodeFailure(b) },
		},
	}
}

func TestFrozen(t *testing.T) {
	for name, sample := range samples() {
		t.Run(name, func(t *testing.T) {
			file := "testdata/" + name
			got, err := sample.encode()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(file); *update && errors.Is(err, fs.ErrNotExist) {
				if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			frozen, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			decoded, err := sample.decode(frozen)
			if err != nil {
				t.Fatalf("yesterday's bytes: %v", err)
			}
			if !reflect.DeepEqual(decoded, sample.value) {
				t.Errorf("decoded %+v\nwant %+v", decoded, sample.value)
			}
			if !bytes.Equal(got, bytes.TrimSuffix(frozen, []byte("\n"))) {
				t.Errorf("encoded\n%s\nwant\n%s", got, frozen)
			}
		})
	}
}

// TestSamplesSetEveryField keeps the frozen files worth having: a field that no sample sets could be renamed unnoticed.
func TestSamplesSetEveryField(t *testing.T) {
	set := map[string]bool{}
	for _, v := range []any{sampleTask(), sampleObjectTask(), *sampleCheck(), *sampleReferenceCheck(), *sampleCaptionsCheck(), *sampleClockCheck(), *sampleLadderCheck(), *sampleBreakCheck(), *sampleCompared(), sampleCompareTask(), sampleLookTask(), sampleOutcome(), sampleFailure(), *sampleInstalment(), *sampleBeginning(), *sampleContinuation()} {
		collect(set, reflect.ValueOf(v))
	}
	collect(set, reflect.ValueOf(*sampleFastCheck()))
	collect(set, reflect.ValueOf(sampleFastTask()))
	for field, isSet := range set {
		if !isSet {
			t.Errorf("no sample sets %s", field)
		}
	}
	if len(set) < 60 {
		t.Errorf("only %d fields seen", len(set))
	}
}

// collect notes for every field of every struct below v whether it is ever set.
func collect(set map[string]bool, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			collect(set, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			collect(set, v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			name := v.Type().Name() + "." + v.Type().Field(i).Name
			set[name] = set[name] || !v.Field(i).IsZero()
			collect(set, v.Field(i))
		}
	}
}

// TestEncodeSetsTheVersion: callers need not think of it.
func TestEncodeSetsTheVersion(t *testing.T) {
	task, check, outcome := sampleTask(), sampleCheck(), sampleOutcome()
	task.V, check.V, outcome.V = 0, 0, 99
	for _, encode := range []func() ([]byte, error){
		func() ([]byte, error) { return EncodeTask(task) },
		func() ([]byte, error) { return EncodeCheck(check) },
		func() ([]byte, error) { return EncodeOutcome(outcome) },
	} {
		if b, err := encode(); err != nil || !bytes.HasPrefix(b, []byte(`{"v":1,`)) {
			t.Errorf("%.40s (%v)", b, err)
		}
	}
	if check.V != 0 {
		t.Error("encoding changed the caller's check")
	}
}

// edited encodes v with one edit of its JSON as a tree, which no struct could express.
func edited(t *testing.T, v any, edit func(m map[string]any)) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	edit(m)
	if b, err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestDecodeIsStrict: what is not understood in full is refused, and for good.
func TestDecodeIsStrict(t *testing.T) {
	task, err := EncodeTask(sampleTask())
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string][]byte{
		"nothing":               nil,
		"null":                  []byte("null"),
		"an array":              []byte("[]"),
		"no version":            edited(t, sampleTask(), func(m map[string]any) { delete(m, "v") }),
		"a newer version":       edited(t, sampleTask(), func(m map[string]any) { m["v"] = Version + 1 }),
		"an unknown field":      edited(t, sampleTask(), func(m map[string]any) { m["priority"] = 1 }),
		"an unknown field deep": edited(t, sampleTask(), func(m map[string]any) { m["window"].(map[string]any)["last_one"] = true }),
		"a float for a time":    edited(t, sampleTask(), func(m map[string]any) { m["window"].(map[string]any)["start"] = 0.5 }),
		"a text for a number":   edited(t, sampleTask(), func(m map[string]any) { m["epoch"] = "1" }),
		"two values":            append(bytes.Clone(task), task...),
		"data after the value":  append(bytes.Clone(task), '}'),
		"cut short":             task[:len(task)-1],
		"too large":             append(bytes.Clone(task), bytes.Repeat([]byte(" "), MaxTaskBytes)...),
	}
	for name, b := range tests {
		_, err := DecodeTask(b)
		if err == nil || ClassOf(err) != Permanent {
			t.Errorf("%s: %v, class %q", name, err, ClassOf(err))
		}
	}
	if _, err := DecodeTask(append(task, " \n\t"...)); err != nil {
		t.Errorf("white space: %v", err)
	}
	var e *Error
	if _, err := DecodeTask(tests["a newer version"]); !errors.Is(err, ErrVersion) || !errors.As(err, &e) || e.Hint == "" {
		t.Errorf("a newer version: %v", err)
	}
}

func TestEncodeBoundsSize(t *testing.T) {
	task := sampleTask()
	task.Window.First, task.Window.Last, task.Context = 0, 1000, 0
	task.Window.Index, task.Window.Head = 0, true
	task.Segments = nil
	for i := range 1000 {
		task.Segments = append(task.Segments, Segment{Index: i, ByteRange: ByteRange{URI: "https://cdn.example/" + strings.Repeat("x", 1500), Length: -1}})
	}
	if _, err := EncodeTask(task); err == nil || ClassOf(err) != Permanent || !strings.Contains(err.Error(), "bytes") {
		t.Errorf("a task beyond its bound: %v", err)
	}
}

func TestOutcomeMessageIsCut(t *testing.T) {
	for name, message := range map[string]string{
		"long":          strings.Repeat("x", 1<<20),
		"long in runes": strings.Repeat("ü€", 1<<18),
		"not UTF-8":     strings.Repeat("\xffx", 1<<20),
		"all escapes":   strings.Repeat("\x01", 1<<20),
	} {
		o := sampleOutcome()
		o.Message = message
		b, err := EncodeOutcome(o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := DecodeOutcome(b)
		if err != nil || len(got.Message) > maxOutcomeMessage || len(got.Message) < maxOutcomeMessage-8 || !strings.HasSuffix(got.Message, "…") {
			t.Errorf("%s: %d bytes, %v", name, len(got.Message), err)
		}
	}
}
