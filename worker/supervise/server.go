package supervise

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"aircheck/jobs"
	"aircheck/worker/fetch"
	"aircheck/worker/wire"
)

// maxAhead is the size of a segment above which the next one is not fetched ahead: two of them and the child's copy would be too much memory.
const maxAhead = 64 << 20

// server answers one child's questions about one task.
type server struct {
	conn    *wire.Conn
	task    jobs.Task
	fetcher fetch.Fetcher
	object  *fetch.Object
	buf     []byte
	// failed is the error that made us refuse an answer: it is the window's error.
	failed error
	// ahead is the segment that is fetched while the child works on the one before it.
	ahead *prefetch
	// reference answers about the other half of a comparison; nil in a measurement.
	reference *server
}

// prefetch is one segment on its way.
type prefetch struct {
	at     int
	done   chan struct{}
	cancel context.CancelFunc
	seg    fetch.Segment
	err    error
}

func (s *server) close() {
	if s.reference != nil {
		s.reference.close()
	}
	if s.ahead != nil {
		s.ahead.cancel()
		<-s.ahead.done
	}
	if s.object != nil {
		s.object.Close()
	}
}

// refuse tells the child to give up, and remembers why.
func (s *server) refuse(err error) error {
	s.failed = err
	return s.conn.Send(wire.TypeFail, nil)
}

func (s *server) segment(ctx context.Context, body []byte) error {
	var req wire.SegmentRequest
	if err := json.Unmarshal(body, &req); err != nil {
		return err
	}
	if req.Reference && s.reference != nil {
		err := s.reference.serve(ctx, req)
		s.failed = errors.Join(s.failed, s.reference.failed)
		return err
	}
	return s.serve(ctx, req)
}

// serve answers with a segment of this half.
func (s *server) serve(ctx context.Context, req wire.SegmentRequest) error {
	if req.At < 0 || req.At >= len(s.task.Segments) {
		return fmt.Errorf("segment %d of %d asked for", req.At, len(s.task.Segments))
	}
	seg, err := s.fetch(ctx, req.At)
	if err != nil {
		return s.refuse(err)
	}
	if next := req.At + 1; req.At >= s.task.Context && next < len(s.task.Segments) && len(seg.Data) <= maxAhead {
		s.start(ctx, next)
	}
	reply := wire.SegmentReply{State: seg.State, Detail: seg.Detail, Truncated: seg.Truncated, Decrypted: seg.Decrypted, Init: seg.Init, Size: len(seg.Data) - seg.Init}
	if err := s.conn.SendJSON(wire.TypeReply, reply); err != nil {
		return err
	}
	return s.conn.SendBytes(wire.TypeBytes, seg.Data)
}

// fetch takes the segment that is on its way, or reads it now.
func (s *server) fetch(ctx context.Context, at int) (fetch.Segment, error) {
	if p := s.ahead; p != nil {
		s.ahead = nil
		if p.at != at {
			p.cancel()
		}
		<-p.done
		p.cancel()
		if p.at == at {
			return p.seg, p.err
		}
	}
	return s.fetcher.Segment(ctx, s.task.Segments[at])
}

// start reads a segment in the background; fetch and close wait for it, so that the fetcher is never used twice at once.
func (s *server) start(ctx context.Context, at int) {
	ctx, cancel := context.WithCancel(ctx)
	p := &prefetch{at: at, done: make(chan struct{}), cancel: cancel}
	s.ahead = p
	go func() {
		defer close(p.done)
		p.seg, p.err = s.fetcher.Segment(ctx, s.task.Segments[at])
	}()
}

// key answers whether there is a key for the object of this half, or of the other.
func (s *server) key(ctx context.Context, cfg *Config, body []byte) error {
	var req wire.KeyRequest
	if err := json.Unmarshal(body, &req); err != nil {
		return err
	}
	half := s
	if req.Reference && s.reference != nil {
		half = s.reference
	}
	if half.task.Object == nil {
		return errors.New("a key asked for, and the task has no object")
	}
	half.openObject(ctx, cfg)
	key, detail, err := half.object.Key(cfg.Keys)
	if err != nil {
		err = half.refuse(err)
		s.failed = errors.Join(s.failed, half.failed)
		return err
	}
	return s.conn.SendJSON(wire.TypeReply, wire.KeyReply{Key: key, Detail: detail})
}

func (s *server) openObject(ctx context.Context, cfg *Config) {
	if s.object == nil {
		s.object = fetch.NewObject(ctx, cfg.Origin, *s.task.Object)
	}
}

func (s *server) read(ctx context.Context, cfg *Config, body []byte) error {
	var req wire.ReadRequest
	if err := json.Unmarshal(body, &req); err != nil {
		return err
	}
	if req.Reference && s.reference != nil {
		err := s.reference.give(ctx, cfg, req)
		s.failed = errors.Join(s.failed, s.reference.failed)
		return err
	}
	return s.give(ctx, cfg, req)
}

// give answers with bytes of this half's object.
func (s *server) give(ctx context.Context, cfg *Config, req wire.ReadRequest) error {
	if s.task.Object == nil || req.Length < 0 || req.Length > wire.MaxMessage || req.Offset < 0 {
		return fmt.Errorf("read of %d bytes at %d asked for", req.Length, req.Offset)
	}
	s.openObject(ctx, cfg)
	if cap(s.buf) < req.Length {
		s.buf = make([]byte, req.Length)
	}
	n, err := s.object.ReadAt(s.buf[:req.Length], req.Offset)
	if err != nil {
		return s.refuse(err)
	}
	return s.conn.Send(wire.TypeBytes, s.buf[:n])
}
