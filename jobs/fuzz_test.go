package jobs

import (
	"bytes"
	"os"
	"testing"
)

// seed adds the frozen files of a type and what is left of them halfway.
func seed(f *testing.F, files ...string) {
	for _, file := range files {
		b, err := os.ReadFile("testdata/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
}

// roundTrip demands that whatever is accepted is written in one way only: encoding what was decoded, and decoding that, changes nothing more.
func roundTrip[T any](t *testing.T, b []byte, decode func([]byte) (T, error), encode func(T) ([]byte, error)) {
	v, err := decode(b)
	if err != nil {
		if ClassOf(err) != Permanent {
			t.Fatalf("class %q of %v", ClassOf(err), err)
		}
		return
	}
	first, err := encode(v)
	if err != nil {
		t.Fatalf("what was decoded cannot be encoded: %v", err)
	}
	again, err := decode(first)
	if err != nil {
		t.Fatalf("what was encoded cannot be decoded: %v\n%s", err, first)
	}
	second, err := encode(again)
	if err != nil || !bytes.Equal(first, second) {
		t.Fatalf("encoded\n%s\nthen\n%s (%v)", first, second, err)
	}
}

func FuzzDecodeTask(f *testing.F) {
	seed(f, "task-v1.json", "task-object-v1.json")
	f.Fuzz(func(t *testing.T, b []byte) { roundTrip(t, b, DecodeTask, EncodeTask) })
}

func FuzzDecodeCheck(f *testing.F) {
	seed(f, "check-v1.json")
	f.Fuzz(func(t *testing.T, b []byte) { roundTrip(t, b, DecodeCheck, EncodeCheck) })
}

func FuzzDecodeOutcome(f *testing.F) {
	seed(f, "outcome-v1.json")
	f.Fuzz(func(t *testing.T, b []byte) { roundTrip(t, b, DecodeOutcome, EncodeOutcome) })
}

func FuzzDecodeFailure(f *testing.F) {
	seed(f, "failure-v1.json")
	f.Fuzz(func(t *testing.T, b []byte) { roundTrip(t, b, DecodeFailure, EncodeFailure) })
}

func FuzzDecodeInstalment(f *testing.F) {
	seed(f, "instalment-v1.json", "instalment-first-v1.json")
	f.Fuzz(func(t *testing.T, b []byte) { roundTrip(t, b, DecodeInstalment, EncodeInstalment) })
}
