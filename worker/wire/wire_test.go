package wire

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func TestMessagesComeThroughWhole(t *testing.T) {
	var pipe bytes.Buffer
	c := &Conn{R: &pipe, W: &pipe}
	long := bytes.Repeat([]byte("x"), MaxMessage+MaxMessage/2)
	if err := errors.Join(c.Send(TypeFail, nil), c.SendJSON(TypeDone, Done{Error: "no"}), c.SendBytes(TypeBytes, long)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		t Type
		n int
	}{{TypeFail, 0}, {TypeDone, len(`{"error":"no"}`)}, {TypeBytes, MaxMessage}, {TypeBytes, MaxMessage / 2}} {
		got, body, err := c.Receive()
		if err != nil || got != want.t || len(body) != want.n {
			t.Fatalf("got %q of %d bytes, %v; want %q of %d", got, len(body), err, want.t, want.n)
		}
	}
	if _, _, err := c.Receive(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last message: %v", err)
	}
	if err := c.Send(TypeBytes, long); !errors.Is(err, ErrTooLong) {
		t.Errorf("a message that is too long: %v", err)
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte("T\x02\x00\x00\x00{}"))
	f.Add([]byte("b\xff\xff\xff\xff"))
	f.Add([]byte("D\x05\x00\x00\x00{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &Conn{R: bytes.NewReader(b)}
		for {
			_, body, err := c.Receive()
			if err != nil {
				return
			}
			if len(body) > len(b) {
				t.Fatalf("%d bytes out of %d", len(body), len(b))
			}
		}
	})
}
