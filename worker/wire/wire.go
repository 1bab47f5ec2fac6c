// Package wire is what a worker and its decoder child say to each other over a pair of pipes.
//
// A message is one type byte, a 32-bit little-endian length and that many bytes. The child asks and the parent answers, one question at a time: the child
// holds no credentials and opens neither files nor sockets, so every byte of media comes through here.
package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// Type tells messages apart.
type Type byte

const (
	TypeTask    Type = 'T' // parent: a piece of jobs.Task as JSON; an empty one ends it and begins the window
	TypeSegment Type = 'S' // child: SegmentRequest; the parent answers SegmentReply, then Bytes until Size is reached
	TypeRead    Type = 'R' // child: ReadRequest; the parent answers one Bytes message, shorter only at the end of the object
	TypeReply   Type = 's' // parent: SegmentReply, KeyReply
	TypeBytes   Type = 'b' // parent: bytes asked for; child: a piece of the measurement object
	TypeKey     Type = 'K' // child: KeyRequest; the parent answers KeyReply
	TypeFail    Type = 'x' // parent: it cannot give what was asked for; the child gives the window up without an answer of its own
	TypeDone    Type = 'D' // child: Done; ends a window
)

// MaxMessage bounds one message; larger things are sent in pieces.
const MaxMessage = 1 << 20

// MaxTask bounds a task as JSON: jobs.MaxTaskBytes, should every byte of it need escaping.
const MaxTask = 8 << 20

// MaxSegment bounds one segment with its initialisation section: the whole of it is held in memory while it is demuxed. An hour of 8K video in one segment is not a
// segment, and 60 s at 60 Mbit/s is 450 MB.
const MaxSegment = 512 << 20

// SegmentRequest asks for a segment by its place in Task.Segments.
type SegmentRequest struct {
	At int `json:"at"`
	// Reference asks for one of Task.Compare.Segments instead.
	Reference bool `json:"reference,omitempty"`
}

// SegmentReply says what the parent got. With State ok, Init+Size bytes follow: the initialisation section and then the segment with its tail.
type SegmentReply struct {
	State  measurement.UnitState `json:"state"`
	Detail string                `json:"detail,omitempty"`
	Init   int                   `json:"init,omitempty"`
	Size   int                   `json:"size,omitempty"`
	// Truncated: the object ends before the segment's byte range does.
	Truncated bool `json:"truncated,omitempty"`
	// Decrypted: the bytes are what came out of a decryption whose key nothing has proved right.
	Decrypted bool `json:"decrypted,omitempty"`
}

// ReadRequest asks for bytes of the task's object.
type ReadRequest struct {
	Offset int64 `json:"offset"`
	Length int   `json:"length"` // at most MaxMessage
	// Reference asks for bytes of Task.Compare.Object instead.
	Reference bool `json:"reference,omitempty"`
}

// KeyRequest asks whether there is a key for the task's object, whose samples are encrypted one by one.
type KeyRequest struct {
	// Reference asks about Task.Compare.Object instead.
	Reference bool `json:"reference,omitempty"`
}

// KeyReply answers: the content key of 16 bytes, for the one window; empty when there is none.
type KeyReply struct {
	Key []byte `json:"key,omitempty"`
	// Detail says what lacks.
	Detail string `json:"detail,omitempty"`
}

// Done ends a window: with an empty Error the measurement is complete.
type Done struct {
	Error string     `json:"error,omitempty"`
	Class jobs.Class `json:"class,omitempty"`
}

// ErrTooLong is a message above MaxMessage: the other side is broken.
var ErrTooLong = errors.New("message too long")

// Conn reads and writes messages. It is for one goroutine a direction.
type Conn struct {
	R   io.Reader
	W   io.Writer
	buf []byte
	in  []byte // the latest body received; never larger than MaxMessage
}

// Send writes one message in one call of the writer, so that it reaches the pipe whole.
func (c *Conn) Send(t Type, body []byte) error {
	if len(body) > MaxMessage {
		return fmt.Errorf("send %c: %w", t, ErrTooLong)
	}
	c.buf = append(c.buf[:0], byte(t), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(c.buf[1:], uint32(len(body)))
	c.buf = append(c.buf, body...)
	_, err := c.W.Write(c.buf)
	return err
}

// SendJSON sends v encoded as JSON.
func (c *Conn) SendJSON(t Type, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode message %c: %w", t, err)
	}
	return c.Send(t, b)
}

// SendBytes sends b in as many messages as it takes.
func (c *Conn) SendBytes(t Type, b []byte) error {
	for len(b) > 0 {
		n := min(len(b), MaxMessage)
		if err := c.Send(t, b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// SendTask sends a task in pieces and begins its window.
func (c *Conn) SendTask(task jobs.Task) error {
	b, err := json.Marshal(task)
	if err != nil {
		return fmt.Errorf("encode task: %w", err)
	}
	if len(b) > MaxTask {
		return jobs.Classify(jobs.Permanent, fmt.Errorf("send task of %d bytes: %w", len(b), ErrTooLong))
	}
	if err := c.SendBytes(TypeTask, b); err != nil {
		return err
	}
	return c.Send(TypeTask, nil)
}

// ReceiveTask reads the pieces of the next task; io.EOF means that there is none.
func (c *Conn) ReceiveTask() (jobs.Task, error) {
	var task jobs.Task
	var all []byte
	for {
		t, piece, err := c.Receive()
		switch {
		case err != nil:
			return task, err
		case t != TypeTask:
			return task, fmt.Errorf("want a task, got message %q", t)
		case len(piece) == 0:
			if err := json.Unmarshal(all, &task); err != nil {
				return task, fmt.Errorf("decode task: %w", err)
			}
			return task, nil
		case len(all)+len(piece) > MaxTask:
			return task, fmt.Errorf("receive task: %w", ErrTooLong)
		}
		all = append(all, piece...)
	}
}

// Receive reads one message; the body is the caller's until the next call, because all of a window's media passes through here and fresh memory for it
// would cost as much as reading it. io.EOF means that the other side closed between two messages.
func (c *Conn) Receive() (Type, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(c.R, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.LittleEndian.Uint32(head[1:])
	if n > MaxMessage {
		return 0, nil, fmt.Errorf("receive %q: %w", head[0], ErrTooLong)
	}
	if int(n) > cap(c.in) {
		c.in = make([]byte, n)
	}
	body := c.in[:n]
	if _, err := io.ReadFull(c.R, body); err != nil {
		return 0, nil, fmt.Errorf("receive body of %q: %w", head[0], io.ErrUnexpectedEOF)
	}
	return Type(head[0]), body, nil
}
