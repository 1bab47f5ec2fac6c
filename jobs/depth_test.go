package jobs

import (
	"reflect"
	"testing"
)

// sampleFastCheck and sampleFastTask are at DepthFast: the task has the segment behind its window.
func sampleFastCheck() *Check {
	c := sampleCheck()
	c.Depth = DepthFast
	return c
}

func sampleFastTask() Task {
	t := sampleTask()
	t.Depth, t.After = DepthFast, 1
	last := t.Segments[len(t.Segments)-1]
	last.Index++
	last.Start += last.Duration
	t.Segments = append(t.Segments, last)
	return t
}

func TestDepthTravels(t *testing.T) {
	b, err := EncodeCheck(sampleFastCheck())
	if err != nil {
		t.Fatal(err)
	}
	check, err := DecodeCheck(b)
	if err != nil || !reflect.DeepEqual(check, sampleFastCheck()) {
		t.Errorf("%+v, %v", check, err)
	}
	task := sampleFastTask()
	if b, err = EncodeTask(task); err != nil {
		t.Fatal(err)
	}
	if got, err := DecodeTask(b); err != nil || !reflect.DeepEqual(got, task) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDepthIsHeldToItsBounds(t *testing.T) {
	for name, change := range map[string]func(*Task){
		"unknown":              func(t *Task) { t.Depth = "deep" },
		"behind a full window": func(t *Task) { t.Depth = "" },
		"too many":             func(t *Task) { t.After = 2 },
		"one too few":          func(t *Task) { t.Segments = t.Segments[:len(t.Segments)-1] },
	} {
		task := sampleFastTask()
		change(&task)
		if _, err := EncodeTask(task); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, change := range map[string]func(*Check){
		"unknown":          func(c *Check) { c.Depth = "deep" },
		"with a reference": func(c *Check) { c.Reference = "x.mp4" },
	} {
		check := sampleFastCheck()
		change(check)
		if _, err := EncodeCheck(check); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
