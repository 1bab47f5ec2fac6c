//go:build cgo

package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"io"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"aircheck/internal/need"
	"aircheck/report"
)

const (
	testKID  = "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
	testKey  = "00112233445566778899aabbccddeeff"
	wrongKey = "ffeeddccbbaa99887766554433221100"
)

func ffmpeg(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := osexec.CommandContext(t.Context(), need.Tool(t, "ffmpeg"), append([]string{"-nostdin", "-v", "error", "-y"}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %v: %v: %s", args, err, out)
	}
}

// scrambled is a directory with an HLS stream of fragmented MP4, pictures and sound, in the clear.
func scrambled(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	ffmpeg(t, dir, "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=8", "-f", "lavfi", "-i", "anoisesrc=a=0.1:d=8", "-c:v", "libx264", "-g", "50", "-sc_threshold", "0", "-bf", "2",
		"-pix_fmt", "yuv420p", "-c:a", "aac", "clear.mp4")
	for _, kind := range []string{"v", "a"} {
		ffmpeg(t, dir, "-i", "clear.mp4", "-map", "0:"+kind, "-c", "copy", "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4",
			"-hls_fmp4_init_filename", kind+"_init.mp4", "-hls_segment_filename", kind+"_%d.m4s", kind+".m3u8")
	}
	put(t, dir, "master.m3u8", []byte(master))
	return dir
}

const master = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a\",URI=\"a.m3u8\"\n" +
	"#EXT-X-STREAM-INF:BANDWIDTH=3000000,CODECS=\"avc1.64000c,mp4a.40.2\",RESOLUTION=320x180,AUDIO=\"a\"\nv.m3u8\n"

func put(t *testing.T, dir, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// segmentsOf lists the segments of a kind, of which there are fewer than ten.
func segmentsOf(t *testing.T, dir, kind string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, kind+"_*.m4s"))
	if err != nil || len(list) < 4 {
		t.Fatalf("%d segments, %v", len(list), err)
	}
	for i := range list {
		list[i] = filepath.Base(list[i])
	}
	return list
}

// underCENC encrypts the stream in from into a directory of its own, with mp4ff.
func underCENC(t *testing.T, from, scheme, tag string) string {
	t.Helper()
	dir := t.TempDir()
	key, err := hex.DecodeString(testKey)
	if err != nil {
		t.Fatal(err)
	}
	kid, err := hex.DecodeString(testKID)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "master.m3u8", []byte(master))
	for _, kind := range []string{"v", "a"} {
		init, err := mp4.DecodeFile(bytes.NewReader(get(t, from, kind+"_init.mp4")))
		if err != nil {
			t.Fatal(err)
		}
		iv := bytes.Repeat([]byte{3}, aes.BlockSize)
		data, err := mp4.InitProtect(init.Init, key, iv, scheme, mp4.UUID(kid), nil)
		if err != nil {
			t.Fatal(err)
		}
		putBox(t, dir, kind+"_init.mp4", init.Init)
		for _, name := range segmentsOf(t, from, kind) {
			file, err := mp4.DecodeFile(bytes.NewReader(get(t, from, name)))
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range file.Segments {
				for _, f := range s.Fragments {
					if iv, err = mp4.EncryptFragment(f, key, iv, data); err != nil {
						t.Fatal(err)
					}
				}
			}
			putBox(t, dir, name, file)
		}
		playlist := strings.Replace(string(get(t, from, kind+".m3u8")), "#EXT-X-MAP", tag+"#EXT-X-MAP", 1)
		put(t, dir, kind+".m3u8", []byte(playlist))
	}
	return dir
}

func putBox(t *testing.T, dir, name string, box interface{ Encode(w io.Writer) error }) {
	t.Helper()
	var b bytes.Buffer
	if err := box.Encode(&b); err != nil {
		t.Fatal(err)
	}
	put(t, dir, name, b.Bytes())
}

// underAES128 encrypts the stream in from whole segment by whole segment, behind a key server that does not exist.
func underAES128(t *testing.T, from string) string {
	t.Helper()
	dir := t.TempDir()
	key, err := hex.DecodeString(testKey)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "master.m3u8", []byte(master))
	for _, kind := range []string{"v", "a"} {
		put(t, dir, kind+"_init.mp4", get(t, from, kind+"_init.mp4"))
		for _, name := range segmentsOf(t, from, kind) {
			b := get(t, from, name)
			pad := aes.BlockSize - len(b)%aes.BlockSize
			b = append(b, bytes.Repeat([]byte{byte(pad)}, pad)...)
			iv := make([]byte, aes.BlockSize)
			cipher.NewCBCEncrypter(block, iv).CryptBlocks(b, b)
			put(t, dir, name, b)
		}
		tag := "#EXT-X-KEY:METHOD=AES-128,URI=\"gone.key\",IV=0x00000000000000000000000000000000\n"
		first := strings.Index(string(get(t, from, kind+".m3u8")), "#EXTINF")
		playlist := string(get(t, from, kind+".m3u8"))
		put(t, dir, kind+".m3u8", []byte(playlist[:first]+tag+playlist[first:]))
	}
	return dir
}

// checked is the report of a check with keys, all that was said included.
func checked(t *testing.T, input string, keys ...string) (*report.Report, string) {
	t.Helper()
	args := []string{"check", input, "--format", "json", "--window", "3s"}
	for _, k := range keys {
		args = append(args, "--key", k)
	}
	var out, complaints bytes.Buffer
	run(t.Context(), args, nil, &out, &complaints)
	return parsed(t, out.String()), out.String() + complaints.String()
}

func told(r *report.Report) string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, f.Code+" "+f.Rendition+" "+f.Message)
	}
	return strings.Join(list, "\n")
}

// TestEncryptedStreams: with the right key a report equals that of the clear stream; without one the stream is said to be protected; with a wrong one, that it may be wrong.
func TestEncryptedStreams(t *testing.T) {
	t.Parallel()
	clear := scrambled(t)
	want, _ := checked(t, filepath.Join(clear, "master.m3u8"))
	ffmpeg(t, clear, "-i", "clear.mp4", "-c", "copy", "-encryption_scheme", "cenc-aes-ctr", "-encryption_key", testKey, "-encryption_kid", testKID, "enc.mp4")
	whole, _ := checked(t, filepath.Join(clear, "clear.mp4"))
	ctr := "#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,AAAA\",KEYFORMAT=\"urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed\"\n"
	fps := "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://x\",KEYFORMAT=\"com.apple.streamingkeydelivery\"\n"
	aes128 := underAES128(t, clear)
	server := filepath.Join(aes128, "gone.key")
	for name, tt := range map[string]struct {
		input, key string
		clear      *report.Report
	}{
		"cenc, declared": {filepath.Join(underCENC(t, clear, "cenc", ctr), "master.m3u8"), testKID + ":", want},
		"cenc":           {filepath.Join(underCENC(t, clear, "cenc", ""), "master.m3u8"), testKID + ":", want},
		"cbcs, declared": {filepath.Join(underCENC(t, clear, "cbcs", fps), "master.m3u8"), testKID + ":", want},
		"AES-128":        {filepath.Join(aes128, "master.m3u8"), server + "=", want},
		"whole file":     {filepath.Join(clear, "enc.mp4"), testKID + ":", whole},
	} {
		t.Run(name, func(t *testing.T) {
			r, all := checked(t, tt.input, tt.key+testKey)
			if told(r) != told(tt.clear) || r.Verdict != tt.clear.Verdict {
				t.Errorf("decrypted:\n%s %s\nclear:\n%s %s", r.Verdict, told(r), tt.clear.Verdict, told(tt.clear))
			}
			if !slices.Equal(r.Renditions, tt.clear.Renditions) {
				t.Errorf("renditions %+v, in the clear %+v", r.Renditions, tt.clear.Renditions)
			}
			if strings.Contains(all, testKey) {
				t.Error("the key is in the output")
			}
			r, _ = checked(t, tt.input)
			if got := told(r); !strings.Contains(got, "segment.encrypted") || strings.Contains(got, "may be wrong") || r.Verdict != "incomplete" {
				t.Errorf("without a key: %s\n%s", r.Verdict, got)
			}
			r, _ = checked(t, tt.input, tt.key+wrongKey)
			if got := told(r); !strings.Contains(got, "no media, the key or its IV may be wrong") || strings.Contains(got, "decode_error") || r.Verdict != "incomplete" {
				t.Errorf("with a wrong key: %s\n%s", r.Verdict, got)
			}
		})
	}
}

// TestKeyFlags: what is wrong with a key is said without it.
func TestKeyFlags(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "bad.keys", []byte("# ours\n"+testKID+":"+testKey+"\nsecret\n"))
	for _, args := range [][]string{{"--key", "secret:" + testKey}, {"--keys-file", filepath.Join(dir, "bad.keys")}, {"--keys-file", filepath.Join(dir, "none.keys")}} {
		var out, complaints bytes.Buffer
		status := run(t.Context(), append([]string{"check", "x.mp4"}, args...), nil, &out, &complaints)
		if said := complaints.String(); status != report.ExitUsage || strings.Contains(said, "secret") || strings.Contains(said, testKey) {
			t.Errorf("%v: status %d, %s", args[0], status, said)
		}
	}
}
