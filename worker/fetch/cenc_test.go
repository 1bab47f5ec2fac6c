package fetch

import (
	"bytes"
	"context"
	"crypto/cipher"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

const (
	testKID = "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
	testKey = "00112233445566778899aabbccddeeff"
)

func keysOf(t testing.TB, given ...string) *Keys {
	t.Helper()
	k := new(Keys)
	for _, text := range given {
		if err := k.Add(text); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// guarded is a track of three samples as mp4ff encrypts it, and the same in the clear.
type guarded struct{ init, segment, clear []byte }

// guard makes a track of pictures (NAL units, with subsamples) or of sound (whole samples).
func guard(t testing.TB, scheme string, video bool, ivSize int) guarded {
	t.Helper()
	check := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	init := mp4.CreateEmptyInit()
	if video {
		sps, err := hex.DecodeString("6764001eacd940a02ff9610000030001000003003c8f162d96")
		check(err)
		check(init.AddEmptyTrack(90000, "video", "und").SetAVCDescriptor("avc1", [][]byte{sps}, [][]byte{{0x68, 0xeb, 0xec, 0xb2, 0x2c}}, true))
	} else {
		check(init.AddEmptyTrack(48000, "audio", "und").SetAACDescriptor(2, 48000))
	}
	fragment, err := mp4.CreateFragment(1, mp4.DefaultTrakID)
	check(err)
	var clear bytes.Buffer
	for i := range 3 {
		sample := bytes.Repeat([]byte{byte(i), 0x5a, byte(7 * i)}, 100+40*i)
		if video { // one NAL unit of a slice
			sample = append([]byte{0, 0, byte((len(sample) + 1) >> 8), byte(len(sample) + 1), 0x65}, sample...)
		}
		clear.Write(sample)
		fragment.AddFullSample(mp4.FullSample{Sample: mp4.Sample{Flags: mp4.SyncSampleFlags, Dur: 1000, Size: uint32(len(sample))}, DecodeTime: uint64(1000 * i), Data: sample})
	}
	key, err := hex.DecodeString(testKey)
	check(err)
	kid, err := hex.DecodeString(testKID)
	check(err)
	iv := bytes.Repeat([]byte{9}, ivSize)
	data, err := mp4.InitProtect(init, key, iv, scheme, mp4.UUID(kid), nil)
	check(err)
	_, err = mp4.EncryptFragment(fragment, key, iv, data)
	check(err)
	var head, body bytes.Buffer
	check(init.Encode(&head))
	check(fragment.Encode(&body))
	return guarded{head.Bytes(), body.Bytes(), clear.Bytes()}
}

// media is the payload of a segment.
func media(b []byte) []byte {
	for _, x := range boxes(b, 0, len(b)) {
		if x.kind == "mdat" {
			return b[x.body:x.end]
		}
	}
	return nil
}

func (g *guarded) origin() *shelf {
	return &shelf{objects: map[string][]byte{"init": g.init, "seg": g.segment}}
}

var wholeInit = &jobs.ByteRange{URI: "init", Length: -1}

// TestCommonEncryption: what mp4ff encrypts comes out as it was, and nothing is left in the boxes that speaks of encryption.
func TestCommonEncryption(t *testing.T) {
	for _, tt := range []struct {
		scheme string
		video  bool
		iv     int
	}{{"cenc", true, 8}, {"cenc", true, 16}, {"cenc", false, 8}, {"cenc", false, 16}, {"cbcs", false, 16}} {
		name := fmt.Sprintf("%s video %v iv %d", tt.scheme, tt.video, tt.iv)
		g := guard(t, tt.scheme, tt.video, tt.iv)
		if bytes.Equal(media(g.segment), g.clear) {
			t.Fatalf("%s: nothing is encrypted", name)
		}
		f := Fetcher{Origin: g.origin(), Keys: keysOf(t, testKID+":"+testKey)}
		for _, key := range []*jobs.Key{nil, {Method: tt.scheme, Format: "urn:mpeg:dash:mp4protection:2011"}, {Method: "SAMPLE-AES-CTR", Format: "com.widevine"}} {
			s := jobs.Segment{ByteRange: jobs.ByteRange{URI: "seg", Length: -1}, Init: wholeInit, Key: key}
			got, err := f.Segment(context.Background(), s)
			if err != nil || got.State != measurement.UnitOK || !got.Decrypted || got.Init != len(g.init) {
				t.Fatalf("%s: %s %q, %v", name, got.State, got.Detail, err)
			}
			if !bytes.Equal(media(got.Data[got.Init:]), g.clear) {
				t.Errorf("%s: other media came out", name)
			}
			for _, word := range []string{"encv", "enca", "sinf", "senc", "saiz", "saio"} {
				if bytes.Contains(got.Data, []byte(word)) {
					t.Errorf("%s: %s is left", name, word)
				}
			}
			if file, err := mp4.DecodeFile(bytes.NewReader(got.Data)); err != nil || len(file.Segments) == 0 {
				t.Errorf("%s: mp4ff cannot read it: %v", name, err)
			}
		}
	}
}

// TestTruncatedUnderEncryption: what there is of a segment is decrypted.
func TestTruncatedUnderEncryption(t *testing.T) {
	g := guard(t, "cenc", true, 8)
	p := protectionOf(g.init)
	for cut := len(g.segment); cut >= 0; cut -= 37 {
		b := bytes.Clone(g.segment[:cut])
		if _, err := p.decrypt(t.Context(), b, 0, keysOf(t, testKID+":"+testKey)); err != nil && !errors.Is(err, errAux) {
			t.Fatalf("%d bytes: %v", cut, err)
		}
		if got := media(b); !bytes.HasPrefix(g.clear, got) {
			t.Errorf("%d bytes: %d bytes of other media came out", cut, len(got))
		}
	}
}

// TestLackingKeysAreNamed: a segment that the manifest declares is not read; another one goes on to the decoder as it is.
func TestLackingKeysAreNamed(t *testing.T) {
	g := guard(t, "cbcs", false, 16)
	for _, keys := range []*Keys{nil, keysOf(t, "ffffffffffffffffffffffffffffffff:"+testKey)} {
		origin := g.origin()
		f := Fetcher{Origin: origin, Keys: keys}
		s := jobs.Segment{ByteRange: jobs.ByteRange{URI: "seg", Length: -1}, Init: wholeInit, Key: &jobs.Key{Method: "cbcs", Format: "com.widevine"}}
		got, err := f.Segment(context.Background(), s)
		if want := "protected by Widevine (cbcs), for which aircheck has no key with KID " + testKID; err != nil || got.State != measurement.UnitEncrypted || got.Detail != want {
			t.Errorf("declared: %s %q, %v", got.State, got.Detail, err)
		}
		if strings.Join(origin.opened, " ") != "init" {
			t.Errorf("opened %v", origin.opened)
		}
		s.Key = nil
		got, err = f.Segment(context.Background(), s)
		if err != nil || got.State != measurement.UnitOK || got.Decrypted || !strings.Contains(got.Detail, testKID) || !bytes.Equal(got.Data[got.Init:], g.segment) || !bytes.Equal(got.Data[:got.Init], g.init) {
			t.Errorf("not declared: %s %q, %v", got.State, got.Detail, err)
		}
	}
}

// TestGivenKeyOfAURI: it is taken instead of asking a key server.
func TestGivenKeyOfAURI(t *testing.T) {
	key, err := hex.DecodeString(testKey)
	if err != nil {
		t.Fatal(err)
	}
	iv := make([]byte, 16)
	origin := &shelf{objects: map[string][]byte{"s": encrypt(t, []byte("clear text"), key, iv)}}
	const uri = "https://keys.example/k?id=a=b"
	f := Fetcher{Origin: origin, Keys: keysOf(t, uri+"="+testKey)}
	s := jobs.Segment{ByteRange: jobs.ByteRange{URI: "s", Length: -1}, Key: &jobs.Key{Method: "AES-128", URI: uri, IV: iv}}
	if got, err := f.Segment(context.Background(), s); err != nil || string(got.Data) != "clear text" || len(origin.opened) != 1 {
		t.Errorf("%q, %v after %v", got.Data, err, origin.opened)
	}
}

// TestPatterns: crypt and skip blocks in turn, a rest of less than a block in the clear (ISO/IEC 23001-7 section 9.6).
func TestPatterns(t *testing.T) {
	for _, tt := range []struct{ crypt, skip, size, want int }{{1, 9, 160, 1}, {1, 9, 170, 1}, {1, 9, 176, 2}, {5, 5, 112, 5}, {5, 5, 250, 10}, {0, 0, 50, 3}, {10, 0, 50, 3}, {1, 9, 15, 0}} {
		c := &counter{}
		(&scheme{method: "cbcs", crypt: tt.crypt, skip: tt.skip}).undoPattern(c, make([]byte, tt.size))
		if c.blocks != tt.want {
			t.Errorf("%+v: %d blocks", tt, c.blocks)
		}
	}
}

type counter struct{ blocks int }

func (c *counter) BlockSize() int               { return 16 }
func (c *counter) CryptBlocks(_, source []byte) { c.blocks += len(source) / 16 }

// TestKeysAreNeverPrinted, and neither is what somebody mistyped.
func TestKeysAreNeverPrinted(t *testing.T) {
	k := keysOf(t, testKID+":"+testKey, "A0A1A2A3-A4A5-A6A7-A8A9-AAABACADAEA0:"+testKey, "skd://x="+testKey)
	inJSON, err := json.Marshal(k)
	for _, got := range []string{fmt.Sprint(k), fmt.Sprintf("%+v %#v %s", k, k, k), string(inJSON), k.LogValue().String()} {
		if strings.Contains(got, "0011") || strings.Contains(got, "17 34") || !strings.Contains(got, "3 keys") || err != nil {
			t.Errorf("printed %s", got)
		}
	}
	for _, bad := range []string{testKey, testKID + ":" + testKey + "00", testKID + ":secret", "secret:" + testKey, "u=secret", "=" + testKey, ""} {
		err := new(Keys).Add(bad)
		if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "0011") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	file := new(Keys)
	if err := file.Read(strings.NewReader("# keys\n\n " + testKID + ":" + testKey + " \n")); err != nil || file.String() != "1 keys" {
		t.Errorf("%v, %v", file, err)
	}
	if err := file.Read(strings.NewReader("\nu=secret\n")); err == nil || !strings.HasPrefix(err.Error(), "line 2: ") || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}

// TestKeyOfAnObject: one key for all tracks, or a word why not.
func TestKeyOfAnObject(t *testing.T) {
	g := guard(t, "cenc", false, 8)
	for name, tt := range map[string]struct {
		object []byte
		keys   *Keys
		found  bool
		detail string
	}{
		"key":     {g.init, keysOf(t, testKID+":"+testKey), true, ""},
		"no key":  {g.init, keysOf(t, "u="+testKey), false, testKID},
		"no keys": {g.init, nil, false, ""},
		"no MP4":  {[]byte("RIFF....WAVEfmt ....data"), keysOf(t, testKID+":"+testKey), false, ""},
		"endless": {append([]byte{0x7f, 0xff, 0xff, 0xff, 'm', 'o', 'o', 'v'}, g.init...), keysOf(t, testKID+":"+testKey), false, ""},
	} {
		o := NewObject(t.Context(), &shelf{objects: map[string][]byte{"o": tt.object}}, jobs.Object{URI: "o", Size: int64(len(tt.object))})
		key, detail, err := o.Key(tt.keys)
		o.Close()
		if err != nil || (key != nil) != tt.found || !strings.Contains(detail, tt.detail) || (detail == "") != (tt.detail == "") {
			t.Errorf("%s: found %v, %q, %v", name, key != nil, detail, err)
		}
	}
}

// FuzzCommonEncryption: whatever the bytes are, nothing grows, nothing panics, and no work is without end.
// TestOverlappingSamples: runs that point to the same bytes again and again are refused, before they cost more than the segment has bytes.
func TestOverlappingSamples(t *testing.T) {
	s := &scheme{method: "cbcs", protected: true, constant: make([]byte, 16), kid: kid{}}
	keys := keysOf(t, strings.Repeat("0", 32)+":"+testKey)
	track := &protectedTrack{entries: []*scheme{s}}
	d := &decryption{protection: &protection{}, keys: keys, b: make([]byte, 1000), blocks: map[kid]cipher.Block{}}
	f := &fragment{decryption: d, track: track, aux: &auxiliary{}}
	for i, want := range []error{nil, nil, errOverlap} {
		if err := f.sample(0, 500); !errors.Is(err, want) {
			t.Fatalf("sample %d: %v", i, err)
		}
	}
}

// TestSampleGroups: samples have the scheme of the group that they are in, in their order.
func TestSampleGroups(t *testing.T) {
	a, b := &scheme{method: "a", protected: true}, &scheme{method: "b", protected: true}
	f := &fragment{track: &protectedTrack{entries: []*scheme{a}}, groups: []*scheme{b}, mapping: []mapped{{2, 0x10001}, {0, 1}, {1, 0}, {2, 0x10001}}}
	for i, want := range []*scheme{b, b, a, b, b, a, a} {
		if got := f.scheme(); got != want {
			t.Errorf("sample %d has scheme %v", i, got)
		}
		f.position++
	}
}

func FuzzCommonEncryption(f *testing.F) {
	for _, g := range []guarded{guard(f, "cenc", true, 8), guard(f, "cenc", false, 16), guard(f, "cbcs", false, 16)} {
		f.Add(g.init, g.segment)
	}
	keys := keysOf(f, testKID+":"+testKey, strings.Repeat("0", 32)+":"+testKey)
	f.Fuzz(func(t *testing.T, init, segment []byte) {
		p := protectionOf(init)
		if p == nil {
			return
		}
		apply(bytes.Clone(init), p.patches)
		before := len(segment)
		if _, err := p.decrypt(t.Context(), segment, 0, keys); err == nil && len(segment) != before {
			t.Error("the segment has another length")
		}
	})
}

// TestDecryptionStops: the window's time is that of decryption too, which hostile boxes can make long.
func TestDecryptionStops(t *testing.T) {
	g := guard(t, "cenc", true, 8)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := protectionOf(g.init).decrypt(ctx, g.segment, 0, keysOf(t, testKID+":"+testKey)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	f := Fetcher{Keys: keysOf(t, testKID+":"+testKey), guard: protectionOf(g.init)}
	if err := f.undo(ctx, &Segment{Data: g.segment}, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
