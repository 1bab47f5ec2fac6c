package measurement

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"aircheck/jobs"
)

var update = flag.Bool("update", false, "write the golden files anew, and frozen ones that are missing")

// An object that an earlier release wrote, and what is in it. They are never written anew while jobs.MeasureVersion stays: archives are full of their like.
// Older objects, measurement-v1.parquet and so on, have other columns.
const (
	frozenObject = "testdata/measurement-v3.parquet"
	frozenRows   = "testdata/measurement-v3.json"
)

// content is a whole measurement.
type content struct {
	Header Header
	Frames []*Frame
	Slots  []*Slot
}

// TestFrozen reads yesterday's bytes and compares them with yesterday's rows.
func TestFrozen(t *testing.T) {
	if _, err := os.Stat(frozenObject); *update && errors.Is(err, fs.ErrNotExist) {
		frames, slots := finiteRows(2026, 6, 9)
		golden(t, frozenObject, write(t, fullHeader(), frames, slots))
		golden(t, frozenRows, append(toJSON(t, content{fullHeader(), frames, slots}), '\n'))
	}
	object, err := os.ReadFile(frozenObject)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := os.ReadFile(frozenRows)
	if err != nil {
		t.Fatal(err)
	}
	var want content
	if err := json.Unmarshal(rows, &want); err != nil {
		t.Fatal(err)
	}
	r := open(t, object, Options{})
	got := content{Header: r.Header()}
	got.Frames, got.Slots = readAll(t, r)
	if len(want.Frames) == 0 || len(want.Slots) == 0 || !bytes.Equal(toJSON(t, got), toJSON(t, want)) {
		t.Errorf("%s is not read as it was written: see %s", frozenObject, frozenRows)
	}
}

// TestOlder: an object with other columns says which measurements it holds, so that whoever opened it knows whether to measure again or to leave it to a newer
// release; its rows are not read.
func TestOlder(t *testing.T) {
	for version := 1; version < jobs.MeasureVersion; version++ {
		object, err := os.ReadFile(fmt.Sprintf("testdata/measurement-v%d.parquet", version))
		if err != nil {
			t.Fatal(err)
		}
		r := open(t, object, Options{})
		if h := r.Header(); h.Measure != version || h.Sequence != "s1" {
			t.Errorf("header %+v", h)
		}
		frames := r.Frames(func(*Frame) error { t.Error("a frame"); return nil })
		slots := r.Slots(func(*Slot) error { t.Error("a slot"); return nil })
		if !errors.Is(frames, jobs.ErrVersion) || !errors.Is(slots, jobs.ErrVersion) {
			t.Errorf("version %d: frames: %v, slots: %v", version, frames, slots)
		}
	}
}

// TestNewer: what a later release adds to the header is no reason to call its object damaged.
func TestNewer(t *testing.T) {
	header := []byte(`{"v":1,"measure":99,"ffmpeg":"","sequence":"s9","window":3,"formats":null,"units":[{"i":0,"state":"ok","mood":"good"}]}`)
	h, err := parseHeader(header, true)
	if err != nil || h.Measure != 99 || h.Sequence != "s9" || len(h.Units) != 1 {
		t.Errorf("%+v, %v", h, err)
	}
	if _, err := parseHeader(header, false); err == nil {
		t.Error("this release's own header has a field that it does not know, and nobody minds")
	}
}

func toJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSchema shows every change of the columns to whoever reviews it: queries depend on them.
func TestSchema(t *testing.T) {
	const file = "testdata/schema.txt"
	got := newSchema(frameColumns(), slotColumns()).String() + "\n"
	if *update {
		golden(t, file, []byte(got))
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the schema has changed; if that is meant, run go test -update\n%s", got)
	}
}

// TestEveryFieldHasAColumn fails when somebody adds a field to Frame, Slot or Channel and forgets the codec: it fills each field in turn by reflection, and
// demands that the object changes.
func TestEveryFieldHasAColumn(t *testing.T) {
	object := func(f Frame, s Slot) string {
		return string(write(t, Header{}, []*Frame{&f}, []*Slot{&s}))
	}
	frame := Frame{HasPair: true, Texture: new(Texture), Comb: new(Comb), Fine: make([]uint16, GridW*GridH), CC: make([]byte, 3)}
	slot := Slot{Ch: make([]Channel, 1)}
	plain := object(frame, slot)
	check := func(name string, v reflect.Value) {
		eachNumber(name, v, func(name string) {
			if object(frame, slot) == plain {
				t.Errorf("%s is not in the file", name)
			}
		})
	}
	check("Frame", reflect.ValueOf(&frame).Elem())
	check("Slot", reflect.ValueOf(&slot).Elem())
	if object(frame, slot) != plain {
		t.Error("the test has left something behind")
	}
}

// eachNumber sets every number below v to 1, calls fn and sets it back. Of arrays and slices it takes the last element.
func eachNumber(name string, v reflect.Value, fn func(name string)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			eachNumber(name+"."+v.Type().Field(i).Name, v.Field(i), fn)
		}
	case reflect.Pointer:
		eachNumber(name, v.Elem(), fn)
	case reflect.Array, reflect.Slice:
		eachNumber(name, v.Index(v.Len()-1), fn)
	case reflect.Bool: // HasPair: what else would say so is NULL
	default:
		old := reflect.ValueOf(v.Interface())
		v.Set(reflect.ValueOf(1).Convert(v.Type()))
		fn(name)
		v.Set(old)
	}
}

func golden(t *testing.T, file string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestMetadata says who wrote the object without a Parquet library, as an operator with a hex dump would.
func TestMetadata(t *testing.T) {
	object := write(t, fullHeader(), nil, nil)
	if !bytes.HasPrefix(object, []byte("PAR1")) || !strings.Contains(string(object), "aircheck version "+strconv.Itoa(jobs.MeasureVersion)) {
		t.Error("the object does not say that aircheck wrote it")
	}
}
