package measurement

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew, and frozen ones that are missing")

// An object that an earlier release wrote, and what is in it. They are never written anew while jobs.Version stays: archives are full of their like.
const (
	frozenObject = "testdata/measurement-v1.parquet"
	frozenRows   = "testdata/measurement-v1.json"
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
	if !bytes.HasPrefix(object, []byte("PAR1")) || !strings.Contains(string(object), "aircheck version 1") {
		t.Error("the object does not say that aircheck wrote it")
	}
}
