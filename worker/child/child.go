//go:build cgo

// Package child is the decoder child's main loop: it takes windows from its parent one after the other until the pipe closes.
package child

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
	"aircheck/worker/decode"
	"aircheck/worker/wire"
)

// Run serves windows until r ends. This is where the child is to be locked down (no files, no network, bounded memory): everything that it
// needs is open by now.
func Run(r io.Reader, w io.Writer) error {
	runtime.LockOSThread() // one thread decodes; moving between two pictures costs more than it brings
	defer runtime.UnlockOSThread()
	if err := decode.Install(); err != nil {
		return err
	}
	conn := &wire.Conn{R: r, W: w}
	for {
		task, err := conn.ReceiveTask()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := window(conn, task); err != nil {
			return err
		}
	}
}

// window measures one window; its error means that the pipe is broken.
func window(conn *wire.Conn, task jobs.Task) error {
	err := measure(conn, task)
	var gone *wireError
	if errors.As(err, &gone) {
		return err
	}
	done := wire.Done{}
	if err != nil {
		done.Error, done.Class = err.Error(), jobs.ClassOf(err)
	}
	return conn.SendJSON(wire.TypeDone, done)
}

func measure(conn *wire.Conn, task jobs.Task) error {
	if task.Compare != nil {
		return compare(conn, task)
	}
	if task.Look != nil {
		return look(conn, task)
	}
	out := measurement.NewWriter(pieces{conn})
	header, err := decode.Measure(task, &source{conn: conn}, out)
	if err != nil {
		return err
	}
	if err := out.Close(header); err != nil {
		return fmt.Errorf("encode measurement: %w", err)
	}
	return nil
}

// compare answers a comparison with the bytes of a jobs.Compared.
func compare(conn *wire.Conn, task jobs.Task) error {
	c, err := decode.Compare(task, &source{conn: conn}, &source{conn: conn, reference: true})
	if err != nil {
		return err
	}
	object, err := jobs.EncodeCompared(c)
	if err != nil {
		return err
	}
	_, err = pieces{conn}.Write(object)
	return err
}

// look answers a look, line by line as pictures come.
func look(conn *wire.Conn, task jobs.Task) error {
	lines := json.NewEncoder(pieces{conn})
	return decode.See(task, &source{conn: conn}, func(l jobs.Looked) error { return lines.Encode(l) })
}

// pieces sends what is written as parts of the measurement object.
type pieces struct{ conn *wire.Conn }

func (p pieces) Write(b []byte) (int, error) {
	if err := p.conn.SendBytes(wire.TypeBytes, b); err != nil {
		return 0, &wireError{err}
	}
	return len(b), nil
}

// wireError marks a broken pipe: there is nobody left to answer.
type wireError struct{ err error }

func (e *wireError) Error() string { return e.err.Error() }
func (e *wireError) Unwrap() error { return e.err }

// source asks the parent for media.
type source struct {
	conn      *wire.Conn
	reference bool // the other half of a comparison
}

func (s *source) Segment(at int) (decode.Segment, error) {
	if err := s.conn.SendJSON(wire.TypeSegment, wire.SegmentRequest{At: at, Reference: s.reference}); err != nil {
		return decode.Segment{}, &wireError{err}
	}
	body, err := s.answer(wire.TypeReply)
	if err != nil {
		return decode.Segment{}, err
	}
	var reply wire.SegmentReply
	if err := json.Unmarshal(body, &reply); err != nil {
		return decode.Segment{}, &wireError{err}
	}
	total := reply.Init + reply.Size
	if reply.Init < 0 || reply.Size < 0 || total > wire.MaxSegment {
		return decode.Segment{}, &wireError{wire.ErrTooLong}
	}
	seg := decode.Segment{State: reply.State, Detail: reply.Detail, Truncated: reply.Truncated, Decrypted: reply.Decrypted, Init: reply.Init, Data: make([]byte, 0, total)}
	for len(seg.Data) < total {
		piece, err := s.answer(wire.TypeBytes)
		if err != nil {
			return decode.Segment{}, err
		}
		seg.Data = append(seg.Data, piece...)
	}
	return seg, nil
}

func (s *source) Key() ([]byte, string, error) {
	if err := s.conn.SendJSON(wire.TypeKey, wire.KeyRequest{Reference: s.reference}); err != nil {
		return nil, "", &wireError{err}
	}
	body, err := s.answer(wire.TypeReply)
	if err != nil {
		return nil, "", err
	}
	var reply wire.KeyReply
	if err := json.Unmarshal(body, &reply); err != nil {
		return nil, "", &wireError{err}
	}
	return reply.Key, reply.Detail, nil
}

func (s *source) ReadAt(p []byte, off int64) (int, error) {
	n := min(len(p), wire.MaxMessage)
	if err := s.conn.SendJSON(wire.TypeRead, wire.ReadRequest{Offset: off, Length: n, Reference: s.reference}); err != nil {
		return 0, &wireError{err}
	}
	body, err := s.answer(wire.TypeBytes)
	if err != nil {
		return 0, err
	}
	got := copy(p, body)
	if got < n {
		return got, io.EOF
	}
	return got, nil
}

// answer receives one message of the wanted type; a refusal of the parent becomes an error of its class.
func (s *source) answer(want wire.Type) ([]byte, error) {
	t, body, err := s.conn.Receive()
	switch {
	case err != nil:
		return nil, &wireError{err}
	case t == wire.TypeFail:
		return nil, errRefused
	case t != want:
		return nil, &wireError{fmt.Errorf("want message %q, got %q", want, t)}
	}
	return body, nil
}

// errRefused ends a window whose media the parent could not get; the parent knows why.
var errRefused = errors.New("the worker could not get the media")
