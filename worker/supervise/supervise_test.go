package supervise

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
	"aircheck/worker/wire"
)

// The test binary plays the decoder child when it is called with "fake-child MODE".
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "fake-child" {
		fakeChild(os.Args[2], os.Args[3])
		return
	}
	os.Exit(m.Run())
}

// fakeChild answers windows; for the first one of its life in the folder it misbehaves as mode says.
func fakeChild(mode, dir string) {
	conn := &wire.Conn{R: os.Stdin, W: os.Stdout}
	for {
		if _, err := conn.ReceiveTask(); err != nil {
			return
		}
		first := os.Mkdir(filepath.Join(dir, "misbehaved"), 0o755) == nil
		if first {
			switch mode {
			case "crash":
				_ = syscall.Kill(os.Getpid(), syscall.SIGSEGV)
				select {}
			case "hang":
				select {}
			case "garbage":
				_, _ = os.Stdout.Write([]byte("what is this\n\xff\xff\xff\xff\xff\xff"))
				select {}
			}
		}
		if mode == "read" {
			_ = conn.SendJSON(wire.TypeRead, wire.ReadRequest{Offset: 2, Length: 4})
			t, body, _ := conn.Receive()
			if t == wire.TypeFail {
				_ = conn.SendJSON(wire.TypeDone, wire.Done{Error: "no media"})
				continue
			}
			_ = conn.SendBytes(wire.TypeBytes, body)
		} else {
			_ = conn.SendBytes(wire.TypeBytes, []byte("measured"))
		}
		_ = conn.SendJSON(wire.TypeDone, wire.Done{})
	}
}

type origin struct{ err error }

func (o origin) Stat(context.Context, string) (storage.Info, error) { return storage.Info{}, o.err }

func (o origin) Open(_ context.Context, _ string, off, _ int64) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("0123456789"[off:])), o.err
}

func newSlots(t *testing.T, mode string, cfg Config) *Slots {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Command = []string{self, "fake-child", mode, t.TempDir()}
	cfg.Logger = slog.New(slog.DiscardHandler)
	if cfg.Origin == nil {
		cfg.Origin = origin{}
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// A misbehaving child costs its window, is named for what it did, and the slot works again at once.
func TestAMisbehavingChildCostsOneWindow(t *testing.T) {
	for _, c := range []struct {
		mode string
		want jobs.Class
		text string
	}{
		{"crash", jobs.Crash, "segmentation violation"},
		{"hang", jobs.Timeout, "killed after"},
		{"garbage", jobs.Crash, "message too long"},
	} {
		t.Run(c.mode, func(t *testing.T) {
			s := newSlots(t, c.mode, Config{Slots: 1, Deadline: 2 * time.Second})
			_, err := s.Measure(context.Background(), jobs.Task{})
			if jobs.ClassOf(err) != c.want || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("got %v (%s), want %s with %q", err, jobs.ClassOf(err), c.want, c.text)
			}
			start := time.Now()
			object, err := s.Measure(context.Background(), jobs.Task{})
			if err != nil || string(object) != "measured" {
				t.Fatalf("the next window: %q, %v", object, err)
			}
			if d := time.Since(start); d > time.Second {
				t.Errorf("the slot took %s to work again", d)
			}
		})
	}
}

func TestACrashDoesNotTouchTheOtherSlot(t *testing.T) {
	s := newSlots(t, "crash", Config{Slots: 2})
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { _, errs[i] = s.Measure(context.Background(), jobs.Task{}) })
	}
	wg.Wait()
	crashed := 0
	for _, err := range errs {
		switch jobs.ClassOf(err) {
		case "":
		case jobs.Crash:
			crashed++
		default:
			t.Errorf("unexpected: %v", err)
		}
	}
	if crashed != 1 {
		t.Errorf("%d windows crashed, want 1", crashed)
	}
}

func TestReadsAreServedFromTheObject(t *testing.T) {
	s := newSlots(t, "read", Config{Slots: 1})
	object, err := s.Measure(context.Background(), jobs.Task{Object: &jobs.Object{URI: "x", Size: 10}})
	if err != nil || string(object) != "2345" {
		t.Errorf("got %q, %v", object, err)
	}
}

// An origin that refuses is neither a crash nor a finding: its error comes through, and the child lives on.
func TestAFailingOriginIsTheWindowsError(t *testing.T) {
	down := errors.New("the origin is down")
	s := newSlots(t, "read", Config{Slots: 1, Origin: origin{err: down}})
	for range 2 {
		_, err := s.Measure(context.Background(), jobs.Task{Object: &jobs.Object{URI: "x", Size: 10}})
		if !errors.Is(err, down) || jobs.ClassOf(err) != jobs.Transient {
			t.Errorf("got %v (%s)", err, jobs.ClassOf(err))
		}
	}
}

func TestCancellationEndsTheWindow(t *testing.T) {
	s := newSlots(t, "hang", Config{Slots: 1})
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err := s.Measure(ctx, jobs.Task{})
	if jobs.ClassOf(err) != jobs.Cancelled {
		t.Errorf("got %v (%s)", err, jobs.ClassOf(err))
	}
}

func TestClosedSlotsRefuse(t *testing.T) {
	s := newSlots(t, "ok", Config{Slots: 1})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Measure(context.Background(), jobs.Task{}); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}
