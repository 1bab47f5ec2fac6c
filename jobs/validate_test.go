package jobs

import (
	"math"
	"strings"
	"testing"
)

// TestTaskValidation breaks one thing at a time in a good task.
func TestTaskValidation(t *testing.T) {
	tests := map[string]func(t *Task){
		"check id":                   func(t *Task) { t.Check = "../other" },
		"no check id":                func(t *Task) { t.Check = "" },
		"sequence id":                func(t *Task) { t.Window.Sequence = "s0/../s1" },
		"epoch":                      func(t *Task) { t.Epoch = -1 },
		"window index":               func(t *Task) { t.Window.Index = -1 },
		"head in the middle":         func(t *Task) { t.Window.Head = true },
		"no head at the start":       func(t *Task) { t.Window.Index = 0 },
		"first below 0":              func(t *Task) { t.Window.First = -1 },
		"no segments":                func(t *Task) { t.Window.Last = t.Window.First },
		"ends before it begins":      func(t *Task) { t.Window.Last = 0 },
		"time runs backwards":        func(t *Task) { t.Window.End = t.Window.Start - 1 },
		"time below 0":               func(t *Task) { t.Window.Start = -1 },
		"time without end":           func(t *Task) { t.Window.End = math.MaxInt64 },
		"a segment too few":          func(t *Task) { t.Segments = t.Segments[:3] },
		"context below 0":            func(t *Task) { t.Context = -1 },
		"context counted wrong":      func(t *Task) { t.Context = 0 },
		"context before the start":   func(t *Task) { t.Window.First, t.Window.Last = 0, 3 },
		"segments out of order":      func(t *Task) { t.Segments[1], t.Segments[2] = t.Segments[2], t.Segments[1] },
		"segments and object":        func(t *Task) { t.Object = sampleObjectTask().Object },
		"neither":                    func(t *Task) { t.Segments = nil },
		"negative offset":            func(t *Task) { t.Segments[1].Offset = -1 },
		"negative length":            func(t *Task) { t.Segments[1].Length = -2 },
		"range beyond counting":      func(t *Task) { t.Segments[1].Offset, t.Segments[1].Length = math.MaxInt64, math.MaxInt64 },
		"negative tail":              func(t *Task) { t.Segments[1].Tail = -1 },
		"negative duration":          func(t *Task) { t.Segments[1].Duration = -1 },
		"endless duration":           func(t *Task) { t.Segments[1].Duration = math.MaxInt64 },
		"negative start":             func(t *Task) { t.Segments[1].Start = -1 },
		"negative discontinuity":     func(t *Task) { t.Segments[1].Discontinuity = -1 },
		"URI too long":               func(t *Task) { t.Segments[0].URI = strings.Repeat("x", maxURI+1) },
		"URI with a zero byte":       func(t *Task) { t.Segments[0].URI = "/etc/passwd\x00.ts" },
		"init key's IV":              func(t *Task) { t.Segments[0].InitKey.IV = []byte{1} },
		"init with negative length":  func(t *Task) { t.Segments[0].Init.Length = -3 },
		"key method":                 func(t *Task) { t.Segments[1].Key.Method = "" },
		"key method NONE":            func(t *Task) { t.Segments[1].Key.Method = "NONE" },
		"short IV":                   func(t *Task) { t.Segments[1].Key.IV = t.Segments[1].Key.IV[:15] },
		"no IV":                      func(t *Task) { t.Segments[1].Key.IV = nil },
		"key URI with the key in it": func(t *Task) { t.Segments[1].Key.URI = "data:application/octet-stream;base64,AAAA" },
		"key URI of a foreign kind":  func(t *Task) { t.Segments[1].Key.URI = "gopher://keys.example/1" },
		"key URI of any kind":        func(t *Task) { t.Segments[1].Key.URI = "javascript:alert(1)" },
	}
	for name, breakIt := range tests {
		task := sampleTask()
		breakIt(&task)
		if _, err := EncodeTask(task); err == nil || ClassOf(err) != Permanent {
			t.Errorf("%s: %v, class %q", name, err, ClassOf(err))
		}
	}
}

// TestBrokenPlaylistIsNoError: what the producer makes of references that nobody may follow must reach the worker, who reports the segments as missing.
func TestBrokenPlaylistIsNoError(t *testing.T) {
	task := sampleTask()
	task.Segments[0].URI, task.Segments[0].Init.URI = "", ""
	task.Segments[1].URI, task.Segments[1].Key.URI = "", ""
	task.Segments[3].Key = &Key{Method: "unknown"}
	if _, err := EncodeTask(task); err != nil {
		t.Error(err)
	}
}

func TestObjectTaskValidation(t *testing.T) {
	tests := map[string]func(t *Task){
		"no URI":        func(t *Task) { t.Object.URI = "" },
		"negative size": func(t *Task) { t.Object.Size = -1 },
		"segments":      func(t *Task) { t.Segments = sampleSegments() },
		"segment range": func(t *Task) { t.Window.Last = 1 },
		"context":       func(t *Task) { t.Context = 1 },
	}
	for name, breakIt := range tests {
		task := sampleObjectTask()
		breakIt(&task)
		if _, err := EncodeTask(task); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestKeyURIs(t *testing.T) {
	for _, uri := range []string{
		"https://k.example/1", "HTTP://k.example/1", "s3://bucket/key.bin", "file:///keys/1", "file:/keys/1", "/keys/1", "keys/key 1.bin", "../key.bin", "k?x=a:b",
	} {
		task := sampleTask()
		task.Segments[1].Key.URI = uri
		if _, err := EncodeTask(task); err != nil {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// TestCheckValidation breaks one thing at a time in a good check.
func TestCheckValidation(t *testing.T) {
	tests := map[string]func(c *Check){
		"id":                         func(c *Check) { c.ID = "x" },
		"no input":                   func(c *Check) { c.Input = "" },
		"queue":                      func(c *Check) { c.Queue = "default" },
		"window length":              func(c *Check) { c.WindowLength = -1 },
		"profile not sealed":         func(c *Check) { c.Profile.Digest = "" },
		"profile changed":            func(c *Check) { c.Profile.Thresholds["video.black.fail"] = 3 },
		"profile not a number":       func(c *Check) { c.Profile.Thresholds["x.tiny"] = math.NaN(); c.Profile.Seal() },
		"kind of source":             func(c *Check) { c.Timeline.Kind = "dash2" },
		"sequences out of order":     func(c *Check) { c.Timeline.Sequences[0].ID = "s1" },
		"mode":                       func(c *Check) { c.Timeline.Sequences[0].Mode = "" },
		"object among segments":      func(c *Check) { c.Timeline.Sequences[0].Object = sampleObjectTask().Object },
		"object mode without object": func(c *Check) { c.Timeline.Sequences[1].Object = nil },
		"segment out of place":       func(c *Check) { c.Timeline.Sequences[0].Segments[2].Index = 7 },
		"negative duration":          func(c *Check) { c.Timeline.Sequences[0].Duration = -1 },
		"negative bandwidth":         func(c *Check) { c.Timeline.Sequences[0].Variant.Bandwidth = -1 },
		"no windows":                 func(c *Check) { c.Windows = nil },
		"window of no sequence":      func(c *Check) { c.Windows[0].Sequence = "s9" },
		"window of an empty one":     func(c *Check) { c.Windows[0].Sequence = "s2" },
		"window twice":               func(c *Check) { c.Windows = append(c.Windows, c.Windows[2]) },
		"last window missing":        func(c *Check) { c.Windows = c.Windows[:2] },
		"first window missing":       func(c *Check) { c.Windows = c.Windows[1:] },
		"gap between windows":        func(c *Check) { c.Windows[2].First = 2 },
		"windows overlap":            func(c *Check) { c.Windows[0].Last = 2 },
		"gap in time":                func(c *Check) { c.Windows[0].End-- },
		"segments left over":         func(c *Check) { c.Windows[2].Last = 3 },
		"segments that are not":      func(c *Check) { c.Windows[2].Last = 5 },
		"no foot":                    func(c *Check) { c.Windows[2].Foot = false },
		"foot too early":             func(c *Check) { c.Windows[0].Foot = true },
		"window numbers":             func(c *Check) { c.Windows[2].Index = 2 },
		"segments of an object":      func(c *Check) { c.Windows[1].Last = 1 },
	}
	if _, err := EncodeCheck(sampleCheck()); err != nil {
		t.Fatal(err)
	}
	for name, breakIt := range tests {
		c := sampleCheck()
		breakIt(c)
		if _, err := EncodeCheck(c); err == nil || ClassOf(err) != Permanent {
			t.Errorf("%s: %v, class %q", name, err, ClassOf(err))
		}
	}
}

func TestOutcomeValidation(t *testing.T) {
	tests := map[string]func(o *Outcome){
		"check":    func(o *Outcome) { o.Check = "x" },
		"sequence": func(o *Outcome) { o.Sequence = "v0" },
		"window":   func(o *Outcome) { o.Window = -1 },
		"class":    func(o *Outcome) { o.Class = "odd" },
		"no class": func(o *Outcome) { o.Class = "" },
		"attempts": func(o *Outcome) { o.Attempts = -1 },
	}
	for name, breakIt := range tests {
		o := sampleOutcome()
		breakIt(&o)
		if _, err := EncodeOutcome(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, class := range []Class{Transient, Permanent, Undecodable, Crash, Timeout, Cancelled} {
		o := sampleOutcome()
		o.Class = class
		if _, err := EncodeOutcome(o); err != nil {
			t.Errorf("%s: %v", class, err)
		}
	}
}
