package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"aircheck/storage"
	"aircheck/storage/mem"
	"aircheck/storage/storagetest"
)

var errBroken = errors.New("broken pipe")

// breaking serves object "k" in bodies that end after cut bytes with the given error.
type breaking struct {
	data      []byte
	cut       int64
	with      error // io.EOF: an end that looks real
	described bool
	opened    int
	etag      func(opened int) string
}

func (b *breaking) store() *storagetest.Fake {
	return &storagetest.Fake{
		GetFunc: func(_ context.Context, _ string, off, n int64) (io.ReadCloser, error) {
			b.opened++
			length := storage.SpanLength(int64(len(b.data)), off, n)
			from := min(off, int64(len(b.data)))
			var r io.Reader = bytes.NewReader(b.data[from : from+length])
			if length > b.cut {
				r = io.MultiReader(io.LimitReader(r, b.cut), iotest.ErrReader(b.with))
			}
			if !b.described {
				return io.NopCloser(r), nil
			}
			return storage.NewBody(r, storage.Info{Key: "k", Size: int64(len(b.data)), ETag: b.etag(b.opened)}, nil), nil
		},
		StatFunc: func(context.Context, string) (storage.Info, error) {
			return storage.Info{Key: "k", Size: int64(len(b.data))}, nil
		},
	}
}

func sameTag(int) string { return "v1" }

func someBytes(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(data)
	return data
}

func TestResume(t *testing.T) {
	t.Parallel()
	data := someBytes(100)
	for _, with := range []error{errBroken, io.EOF, io.ErrUnexpectedEOF} {
		for _, described := range []bool{true, false} {
			for _, span := range [][2]int64{{0, -1}, {0, 100}, {0, 200}, {10, -1}, {10, 50}, {90, 50}, {100, 1}, {300, -1}, {5, 0}} {
				t.Run(fmt.Sprintf("%v/described=%v/%v", with, described, span), func(t *testing.T) {
					t.Parallel()
					b := &breaking{data: data, cut: 20, with: with, described: described, etag: sameTag}
					s := storage.Resume(b.store(), storage.Resumption{})
					body, err := s.Get(t.Context(), "k", span[0], span[1])
					if err != nil {
						t.Fatal(err)
					}
					got, err := io.ReadAll(body)
					from := min(span[0], 100)
					want := data[from : from+storage.SpanLength(100, span[0], span[1])]
					if err != nil || !bytes.Equal(got, want) {
						t.Errorf("read %d bytes, %v, want %d", len(got), err, len(want))
					}
					if err := body.Close(); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

func TestResumeIsBounded(t *testing.T) {
	t.Parallel()
	b := &breaking{data: someBytes(100), cut: 1, with: errBroken, described: true, etag: sameTag}
	body, err := storage.Resume(b.store(), storage.Resumption{Tries: 3}).Get(t.Context(), "k", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(body)
	if !errors.Is(err, errBroken) || !bytes.Equal(got, b.data[:4]) || b.opened != 4 {
		t.Errorf("read %x, %v from %d bodies, want the four bytes of four bodies and their error", got, err, b.opened)
	}
	if n, again := body.Read(make([]byte, 1)); n != 0 || again == nil {
		t.Errorf("reading on gives %d, %v", n, again)
	}
}

// TestResumeProgressEarnsTries reads through many more breaks than tries, each after more than 1 MiB.
func TestResumeProgressEarnsTries(t *testing.T) {
	t.Parallel()
	b := &breaking{data: someBytes(12<<20 + 5), cut: 1<<20 + 1, with: errBroken, described: true, etag: sameTag}
	body, err := storage.Resume(b.store(), storage.Resumption{Tries: 1}).Get(t.Context(), "k", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(body)
	if err != nil || !bytes.Equal(got, b.data) {
		t.Errorf("read %d bytes, %v, want %d", len(got), err, len(b.data))
	}
}

func TestResumeNoticesReplacement(t *testing.T) {
	t.Parallel()
	b := &breaking{data: someBytes(100), cut: 60, with: errBroken, described: true, etag: func(n int) string { return fmt.Sprint(n) }}
	body, err := storage.Resume(b.store(), storage.Resumption{}).Get(t.Context(), "k", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(body)
	if !errors.Is(err, storage.ErrChanged) || storage.IsPermanent(err) || len(got) != 60 {
		t.Errorf("read %d bytes, %v, want 60 and ErrChanged, which may pass", len(got), err)
	}
}

// TestResumePermanent does not open again what is gone.
func TestResumePermanent(t *testing.T) {
	t.Parallel()
	b := &breaking{data: someBytes(100), cut: 60, with: fmt.Errorf("gone: %w", storage.ErrDenied), described: true, etag: sameTag}
	body, _ := storage.Resume(b.store(), storage.Resumption{}).Get(t.Context(), "k", 0, -1)
	if _, err := io.ReadAll(body); !errors.Is(err, storage.ErrDenied) || b.opened != 1 {
		t.Errorf("%v after %d bodies, want ErrDenied after 1", err, b.opened)
	}
}

// TestResumeCompleteInSpiteOfError does not care how a connection ends that has given all.
func TestResumeCompleteInSpiteOfError(t *testing.T) {
	t.Parallel()
	opened := 0
	source := storage.Source{Open: func(context.Context, int64, int64) (io.ReadCloser, error) {
		opened++
		return io.NopCloser(iotest.DataErrReader(io.MultiReader(bytes.NewReader([]byte("1234")), iotest.ErrReader(errBroken)))), nil
	}}
	body, err := storage.Resumption{}.Open(t.Context(), source, 0, 4)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(body); string(got) != "1234" || err != nil || opened != 1 {
		t.Errorf("read %q, %v from %d bodies", got, err, opened)
	}
}

func TestResumeObeysContext(t *testing.T) {
	t.Parallel()
	b := &breaking{data: someBytes(100), cut: 60, with: errBroken, described: true, etag: sameTag}
	ctx, cancel := context.WithCancel(t.Context())
	body, _ := storage.Resume(b.store(), storage.Resumption{}).Get(ctx, "k", 0, -1)
	if _, err := io.ReadFull(body, make([]byte, 30)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(body); !errors.Is(err, context.Canceled) || b.opened != 1 {
		t.Errorf("%v after %d bodies, want cancelled after 1", err, b.opened)
	}
}

// hanging gives some bytes and then nothing until its context ends, as a connection does.
type hanging struct {
	ctx  context.Context
	data *bytes.Reader
}

func (h hanging) Read(p []byte) (int, error) {
	if n, err := h.data.Read(p); err == nil {
		return n, nil
	}
	<-h.ctx.Done()
	return 0, h.ctx.Err()
}

func (hanging) Close() error { return nil }

func TestResumeStall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data := []byte("0123456789")
		opened := 0
		source := storage.Source{Open: func(ctx context.Context, off, _ int64) (io.ReadCloser, error) {
			opened++
			return hanging{ctx: ctx, data: bytes.NewReader(data[off:min(off+4, 10)])}, nil
		}}
		rules := storage.Resumption{Tries: 2, Stall: time.Second}
		body, err := rules.Open(t.Context(), source, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		got, err := io.ReadAll(body)
		if string(got) != "0123456789" || err != nil || opened != 3 || time.Since(start) != 2*time.Second {
			t.Errorf("read %q, %v from %d bodies in %s, want all from 3 in 2s", got, err, opened, time.Since(start))
		}
		_ = body.Close()

		body, _ = rules.Open(t.Context(), source, 0, -1)
		got, err = io.ReadAll(body)
		if !errors.Is(err, storage.ErrStalled) || errors.Is(err, context.Canceled) || len(got) != 10 {
			t.Errorf("read %q, %v, want all that came and ErrStalled, not a cancellation", got, err)
		}
		_ = body.Close()
	})
}

func TestResumeClosed(t *testing.T) {
	t.Parallel()
	inner := mem.New(nil)
	_ = inner.Put(t.Context(), "k", []byte("x"))
	body, err := storage.Resume(inner, storage.Resumption{}).Get(t.Context(), "k", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	if info, ok := storage.Describe(body); !ok || info.Size != 1 {
		t.Errorf("described as %+v, %v", info, ok)
	}
	_ = body.Close()
	if _, err := body.Read(make([]byte, 1)); err == nil || err == io.EOF {
		t.Errorf("reading a closed body: %v", err)
	}
	if err := body.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
}
