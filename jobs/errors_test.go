package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestClassOf(t *testing.T) {
	permanent := Classify(Permanent, io.ErrUnexpectedEOF)
	tests := []struct {
		name string
		err  error
		want Class
	}{
		{"none", nil, ""},
		{"nobody's", io.EOF, Transient},
		{"classified", permanent, Permanent},
		{"wrapped", fmt.Errorf("fetch segment 3: %w", fmt.Errorf("read: %w", permanent)), Permanent},
		{"joined", errors.Join(io.EOF, fmt.Errorf("close: %w", permanent)), Permanent},
		{"the outermost wins", Classify(Crash, fmt.Errorf("decode: %w", permanent)), Crash},
		{"cancelled", fmt.Errorf("wait: %w", context.Canceled), Cancelled},
		{"classified before cancelled", Classify(Timeout, context.Canceled), Timeout},
		{"deadline", context.DeadlineExceeded, Transient},
	}
	for _, test := range tests {
		if got := ClassOf(test.err); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

func TestClassifyKeepsTheCause(t *testing.T) {
	err := Classify(Undecodable, io.ErrUnexpectedEOF)
	if !errors.Is(err, io.ErrUnexpectedEOF) || err.Error() != io.ErrUnexpectedEOF.Error() {
		t.Errorf("%v", err)
	}
	if Classify(Permanent, nil) != nil {
		t.Error("no error became one")
	}
}
