package jobs

import (
	"bytes"
	"reflect"
	"testing"
)

func TestComparedTravels(t *testing.T) {
	want := sampleCompared()
	b, err := EncodeCompared(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeCompared(b)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v", got, err)
	}
}

func TestHostileComparedIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Compared){
		"negative error":      func(c *Compared) { c.Rows[0].SSE[1] = -1 },
		"similarity above 1":  func(c *Compared) { c.Rows[0].SSIM[0] = SSIMUnit + 1 },
		"similarity below -1": func(c *Compared) { c.Rows[0].SSIM[0] = -SSIMUnit - 1 },
		"rows out of order":   func(c *Compared) { c.Rows[1].Pair = 0 },
		"pair beyond all":     func(c *Compared) { c.Rows[1].Pair = MaxPairs },
		"unknown format":      func(c *Compared) { c.Rows[1].Format = 2 },
		"negative format":     func(c *Compared) { c.Rows[1].Format = -1 },
		"picture of no size":  func(c *Compared) { c.Formats[0].Width = 0 },
		"depth":               func(c *Compared) { c.Formats[0].Depth = 63 },
		"too many rows":       func(c *Compared) { c.Rows = make([]ComparedRow, MaxPairs+1) },
	} {
		c := sampleCompared()
		spoil(c)
		if _, err := EncodeCompared(c); ClassOf(err) != Permanent {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := DecodeCompared(bytes.Repeat([]byte("["), MaxComparedBytes+1)); ClassOf(err) != Permanent {
		t.Errorf("too long: %v", err)
	}
}

func FuzzDecodeCompared(f *testing.F) {
	b, err := EncodeCompared(sampleCompared())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"v":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := DecodeCompared(b)
		if err != nil {
			return
		}
		again, err := EncodeCompared(c)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if d, err := DecodeCompared(again); err != nil || len(d.Rows) != len(c.Rows) {
			t.Fatalf("%v, %+v", err, d)
		}
	})
}

func TestCompareTask(t *testing.T) {
	c := sampleCheck()
	c.Timeline.Sequences = append(c.Timeline.Sequences, Sequence{ID: "r0", Role: RoleReference, Mode: ModeObject, Object: sampleObjectTask().Object, Duration: 20_000_000})
	work := &Compare{
		Picture:   Side{Sequence: "s0", Track: 1, First: 1, Last: 3},
		Reference: Side{Sequence: "r0", First: 4, Last: 9},
		Pairs:     []Pair{{Picture: PictureID{1, 90}, Reference: PictureID{4, 7}}},
	}
	task, err := CompareTask(c, work)
	if err != nil {
		t.Fatal(err)
	}
	if task.Window.First != 1 || task.Window.Last != 3 || task.Window.Head || task.Context != ContextOf(c.Timeline.Sequences[0].Segments, 1) ||
		len(task.Segments) != task.Context+2 || task.Compare.Track != 1 {
		t.Errorf("the rendition's half is %+v", task)
	}
	other := task.Compare.Task(task.Check)
	if other.Object == nil || other.Window.Start != 2_000_000 || other.Window.End != 4_500_000 || other.Window.Head || other.Window.Sequence != "r0" {
		t.Errorf("the reference's half is %+v", other)
	}
	if _, err := EncodeTask(task); ClassOf(err) != Permanent {
		t.Errorf("a comparison went into the queue: %v", err)
	}
	for name, bad := range map[string]Side{
		"no such sequence": {Sequence: "r1", First: 0, Last: 1}, "no units": {Sequence: "s0", First: 1, Last: 1},
		"too many segments": {Sequence: "s0", First: 1, Last: 5}, "negative": {Sequence: "r0", First: -1, Last: 1},
	} {
		if _, err := CompareTask(c, &Compare{Picture: work.Picture, Reference: bad}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestKeyNamesTheWork: what is compared with what decides, and nothing else does.
func TestKeyNamesTheWork(t *testing.T) {
	one := Compare{Picture: Side{Sequence: "s0", Last: 1}, Reference: Side{Sequence: "r0", Last: 1}, Pairs: []Pair{{}}}
	keys := map[string]bool{one.Key(): true}
	two := one
	if two.Key() != one.Key() || len(one.Key()) != 32 {
		t.Errorf("keys %q and %q", one.Key(), two.Key())
	}
	two.Picture.Track = 1
	three := one
	three.Pairs = []Pair{{Picture: PictureID{PTS: 1}}}
	for _, c := range []Compare{two, three} {
		if keys[c.Key()] {
			t.Errorf("%+v shares its key", c)
		}
		keys[c.Key()] = true
	}
}

func TestReferenceSequences(t *testing.T) {
	good := sampleReferenceCheck()
	if _, err := EncodeCheck(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Check){
		"id of the input":       func(c *Check) { c.Timeline.Sequences[1].ID = "s1" },
		"reference first":       func(c *Check) { s := c.Timeline.Sequences; s[0], s[1] = s[1], s[0] },
		"unknown role":          func(c *Check) { c.Timeline.Sequences[0].Role = "judge" },
		"id of a later one":     func(c *Check) { c.Timeline.Sequences[1].ID = "r1" },
		"reference without end": func(c *Check) { c.Reference = string(bytes.Repeat([]byte("x"), maxURI+1)) },
	} {
		c := sampleReferenceCheck()
		spoil(c)
		if _, err := EncodeCheck(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
