package wire

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"aircheck/jobs"
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

// Media comes in thousands of pieces of one size: they must not cost memory each.
func TestBodiesShareMemory(t *testing.T) {
	const size = 256 << 10
	var pipe bytes.Buffer
	c := &Conn{R: &pipe, W: &pipe}
	message := make([]byte, size)
	if err := c.Send(TypeBytes, message); err != nil {
		t.Fatal(err)
	}
	_, first, err := c.Receive()
	if err != nil {
		t.Fatal(err)
	}
	message[size-1] = 'x'
	if err := c.Send(TypeBytes, message[size/2:]); err != nil {
		t.Fatal(err)
	}
	_, second, err := c.Receive()
	if err != nil || !bytes.Equal(second, message[size/2:]) {
		t.Fatalf("got %d bytes, %v", len(second), err)
	}
	if &first[0] != &second[0] {
		t.Error("the second body has memory of its own")
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

// A task is larger than a message when a playlist has long URIs, and json escapes every & to six bytes.
func TestLongTasksComeThrough(t *testing.T) {
	var pipe bytes.Buffer
	c := &Conn{R: &pipe, W: &pipe}
	task := jobs.Task{V: 1, Check: "c", Segments: make([]jobs.Segment, 48)}
	for i := range task.Segments {
		task.Segments[i].URI = strings.Repeat("&", 7600)
	}
	if err := c.SendTask(task); err != nil {
		t.Fatal(err)
	}
	if pipe.Len() <= MaxMessage {
		t.Fatalf("a task of %d bytes tests nothing", pipe.Len())
	}
	got, err := c.ReceiveTask()
	if err != nil || !reflect.DeepEqual(got, task) {
		t.Errorf("got %d segments, %v", len(got.Segments), err)
	}
	task.Segments[0].URI = strings.Repeat("&", MaxTask)
	if err := c.SendTask(task); !errors.Is(err, ErrTooLong) || jobs.ClassOf(err) != jobs.Permanent {
		t.Errorf("a task beyond all bounds: %v", err)
	}
}
