package fetch

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
	"aircheck/storage"
)

// shelf is an origin of named bytes that counts how often it is asked.
type shelf struct {
	objects map[string][]byte
	err     error
	etag    string
	opened  []string
	asked   int64 // bytes
}

func (s *shelf) Stat(context.Context, string) (storage.Info, error) { return storage.Info{}, s.err }

func (s *shelf) Open(_ context.Context, uri string, off, n int64) (io.ReadCloser, error) {
	s.opened = append(s.opened, uri)
	if s.err != nil {
		return nil, s.err
	}
	b, ok := s.objects[uri]
	if !ok {
		return nil, fmt.Errorf("get %s: %w", uri, storage.ErrNotFound)
	}
	b = b[min(off, int64(len(b))):]
	if n >= 0 {
		b = b[:min(n, int64(len(b)))]
	}
	s.asked += int64(len(b))
	return storage.NewBody(bytes.NewReader(b), storage.Info{Size: int64(len(s.objects[uri])), ETag: s.etag}, nil), nil
}

func encrypt(t *testing.T, plain, key, iv []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	b := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(b, b)
	return b
}

func TestSegment(t *testing.T) {
	key, iv := []byte("0123456789abcdef"), bytes.Repeat([]byte{7}, 16)
	locked := &jobs.Key{Method: "AES-128", URI: "key", IV: iv}
	origin := &shelf{objects: map[string][]byte{
		"init": []byte("INIT"), "seg": []byte("..segment.."), "key": key,
		"secret": encrypt(t, []byte("a secret segment"), key, iv), "secret-init": encrypt(t, []byte("INIT"), key, iv),
		"short-key": []byte("abc"), "odd": []byte("17 bytes of what?"),
	}}
	whole := func(uri string) jobs.ByteRange { return jobs.ByteRange{URI: uri, Length: -1} }
	initOf := func(uri string) *jobs.ByteRange { r := whole(uri); return &r }
	for _, c := range []struct {
		name    string
		segment jobs.Segment
		state   measurement.UnitState
		data    string
		detail  string
	}{
		{"plain", jobs.Segment{ByteRange: whole("seg")}, measurement.UnitOK, "..segment..", ""},
		{"range with tail and init", jobs.Segment{ByteRange: jobs.ByteRange{URI: "seg", Offset: 2, Length: 3}, Tail: 2, Init: initOf("init")}, measurement.UnitOK, "INITsegme", ""},
		{"gap", jobs.Segment{Gap: true, ByteRange: whole("seg")}, measurement.UnitGap, "", "EXT-X-GAP"},
		{"missing while live", jobs.Segment{Missing: "the origin answered 503", ByteRange: whole("seg")}, measurement.UnitMissing, "", "the origin answered 503"},
		{"absent", jobs.Segment{ByteRange: whole("nowhere")}, measurement.UnitMissing, "", "not found"},
		{"refused reference", jobs.Segment{}, measurement.UnitMissing, "", "no usable URI"},
		{"absent init", jobs.Segment{ByteRange: whole("seg"), Init: initOf("nowhere")}, measurement.UnitMissing, "", "initialisation section"},
		{"too large", jobs.Segment{ByteRange: jobs.ByteRange{URI: "seg", Length: 1 << 40}}, measurement.UnitUnavailable, "", "larger than aircheck reads"},
		{"one byte short", jobs.Segment{ByteRange: jobs.ByteRange{URI: "seg", Offset: 2, Length: 10}}, measurement.UnitOK, "segment..", "truncated"},
		{"short of its tail only", jobs.Segment{ByteRange: jobs.ByteRange{URI: "seg", Offset: 2, Length: 9}, Tail: 100}, measurement.UnitOK, "segment..", ""},
		{"range beyond the end", jobs.Segment{ByteRange: jobs.ByteRange{URI: "seg", Offset: 200, Length: 10}}, measurement.UnitMissing, "", "beyond the end"},
		{"decrypted", jobs.Segment{ByteRange: whole("secret"), Key: locked}, measurement.UnitOK, "a secret segment", ""},
		{"decrypted init", jobs.Segment{ByteRange: whole("secret"), Key: locked, Init: initOf("secret-init"), InitKey: locked}, measurement.UnitOK, "INITa secret segment", ""},
		{"plain init, encrypted segment", jobs.Segment{ByteRange: whole("secret"), Key: locked, Init: initOf("init")}, measurement.UnitOK, "INITa secret segment", ""},
		{"wrong IV breaks the padding or the text", jobs.Segment{ByteRange: whole("odd"), Key: locked}, measurement.UnitEncrypted, "", "not a multiple of 16"},
		{"no key", jobs.Segment{ByteRange: whole("secret"), Key: &jobs.Key{Method: "AES-128", URI: "nowhere", IV: iv}}, measurement.UnitEncrypted, "", "the key cannot be had"},
		{"key of the wrong size", jobs.Segment{ByteRange: whole("secret"), Key: &jobs.Key{Method: "AES-128", URI: "short-key", IV: iv}}, measurement.UnitEncrypted, "", "3 bytes"},
		{"unknown method", jobs.Segment{ByteRange: whole("secret"), Key: &jobs.Key{Method: "AES-256", URI: "key", IV: iv}}, measurement.UnitEncrypted, "", "AES-256"},
		{"bad padding", jobs.Segment{ByteRange: jobs.ByteRange{URI: "secret", Length: 16}, Key: locked}, measurement.UnitEncrypted, "", "may be wrong"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &Fetcher{Origin: origin}
			got, err := f.Segment(context.Background(), c.segment)
			if got.Truncated {
				got.Detail += "truncated"
			}
			if err != nil || got.State != c.state || string(got.Data) != c.data || !strings.Contains(got.Detail, c.detail) || (got.Detail == "") != (c.detail == "") {
				t.Errorf("got %s %q %q, %v; want %s %q with %q", got.State, got.Data, got.Detail, err, c.state, c.data, c.detail)
			}
		})
	}
}

func TestInitAndKeyAreReadOnce(t *testing.T) {
	key, iv := []byte("0123456789abcdef"), make([]byte, 16)
	origin := &shelf{objects: map[string][]byte{"init": []byte("I"), "key": key, "s": encrypt(t, []byte("x"), key, iv)}}
	f := &Fetcher{Origin: origin}
	s := jobs.Segment{ByteRange: jobs.ByteRange{URI: "s", Length: -1}, Init: &jobs.ByteRange{URI: "init", Length: -1}, Key: &jobs.Key{Method: "AES-128", URI: "key", IV: iv}}
	for range 3 {
		if got, err := f.Segment(context.Background(), s); err != nil || string(got.Data) != "Ix" {
			t.Fatalf("got %q, %v", got.Data, err)
		}
	}
	if got := strings.Join(origin.opened, " "); got != "init s key s s" {
		t.Errorf("opened %s", got)
	}
}

// An origin that cannot be asked is an error, never a missing segment; on the last try it costs the segment. What is refused for good costs the segment at once,
// and what is said of it names no URI.
func TestAnOriginThatDoesNotGive(t *testing.T) {
	reset, denied := errors.New("read http://secret.example: connection reset"), fmt.Errorf("get http://secret.example: %w", storage.ErrDenied)
	segment := jobs.Segment{ByteRange: jobs.ByteRange{URI: "s", Length: -1}}
	for _, c := range []struct {
		name string
		err  error
		last bool
		want error
	}{
		{"passing", reset, false, reset},
		{"passing, last try", reset, true, nil},
		{"denied", denied, false, nil},
		{"cancelled, last try", context.Canceled, true, context.Canceled},
	} {
		f := &Fetcher{Origin: &shelf{err: c.err}, LastTry: c.last}
		got, err := f.Segment(context.Background(), segment)
		if !errors.Is(err, c.want) || c.want != nil && err == nil {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if c.want == nil && (got.State != measurement.UnitUnavailable || got.Detail == "" || strings.Contains(got.Detail, "secret")) {
			t.Errorf("%s: got %s %q", c.name, got.State, got.Detail)
		}
	}
}

// An object that is replaced between two reads is not one object.
func TestAReplacedObjectIsAnError(t *testing.T) {
	origin := &shelf{objects: map[string][]byte{"o": []byte("0123456789")}, etag: "one"}
	o := NewObject(context.Background(), origin, jobs.Object{URI: "o", Size: 10, ETag: "one"})
	defer o.Close()
	if n, err := o.ReadAt(make([]byte, 4), 4); n != 4 || err != nil {
		t.Fatalf("read %d bytes, %v", n, err)
	}
	origin.etag = "two"
	if _, err := o.ReadAt(make([]byte, 4), 0); !errors.Is(err, errChanged) || jobs.ClassOf(err) != jobs.Permanent {
		t.Errorf("after the object was replaced: %v", err)
	}
}

// A window in the middle of a large object asks for what it reads and little more.
func TestRequestsAreBounded(t *testing.T) {
	origin := &shelf{objects: map[string][]byte{"o": make([]byte, 64<<20)}}
	o := NewObject(context.Background(), origin, jobs.Object{URI: "o", Size: 64 << 20})
	defer o.Close()
	p := make([]byte, 256<<10)
	for off := int64(8 << 20); off < 12<<20; off += int64(len(p)) {
		if n, err := o.ReadAt(p, off); n != len(p) || err != nil {
			t.Fatalf("read %d bytes at %d, %v", n, off, err)
		}
	}
	if origin.asked > 3*4<<20 || len(origin.opened) > 4 {
		t.Errorf("%d requests for %d bytes to read 4 MiB", len(origin.opened), origin.asked)
	}
}

// Reads in any order give the object's bytes, over few requests when they go forward in several places.
func TestObjectReads(t *testing.T) {
	data := make([]byte, 5<<20)
	r := rand.New(rand.NewSource(1))
	r.Read(data)
	origin := &shelf{objects: map[string][]byte{"o": data}}
	o := NewObject(context.Background(), origin, jobs.Object{URI: "o", Size: int64(len(data))})
	defer o.Close()
	read := func(off int64, n int) {
		t.Helper()
		p := make([]byte, n)
		got, err := o.ReadAt(p, off)
		want := data[min(off, int64(len(data))):min(off+int64(n), int64(len(data)))]
		if err != nil || !bytes.Equal(p[:got], want) {
			t.Fatalf("read %d at %d: %d bytes, %v", n, off, got, err)
		}
	}
	for i := range 100 { // two places in turn, as in a file whose tracks are not interleaved
		read(int64(i)*5000, 5000)
		read(3<<20+int64(i)*3000, 3000)
	}
	if len(origin.opened) != 2 {
		t.Errorf("%d requests for two places, want 2", len(origin.opened))
	}
	for range 200 {
		read(r.Int63n(6<<20), r.Intn(70000))
	}
	if _, err := o.ReadAt(make([]byte, 1), -1); jobs.ClassOf(err) != jobs.Permanent {
		t.Errorf("a negative offset gives %v", err)
	}
}
