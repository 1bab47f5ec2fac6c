package source

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/producer/source/internal/fake"
	"aircheck/storage"
)

const playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nseg0.ts\n"

func TestOpenTellsKindsApart(t *testing.T) {
	const manifest = "\ufeff\n<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\">"
	tests := []struct {
		input, content string
		want           jobs.SourceKind // "" is an error of class Permanent
		segments       int
	}{
		{"/x/main.m3u8", playlist, jobs.SourceHLS, 1},
		{"/x/MAIN.M3U8", "", jobs.SourceHLS, 0},
		{"/x/live", playlist, jobs.SourceHLS, 1},
		{"/x/live.php", "\ufeff" + playlist, jobs.SourceHLS, 1},
		{"https://h/live.m3u8?token=1.mp4", "garbage", jobs.SourceHLS, 0},
		{"https://h/play?list=a.m3u8", "no playlist", jobs.SourceFile, 0},
		{"s3://b/clip.mp4", "no film", jobs.SourceFile, 0},
		{"/x/empty.mp4", "", jobs.SourceFile, 0},
		{"/x/page.html", "<html></html>", jobs.SourceFile, 0},
		{"/x/stream.mpd", "", jobs.SourceDASH, 0},
		{"/x/stream", manifest, jobs.SourceDASH, 0},
		{"rtmp://h/live", playlist, "", 0},
		{"", playlist, "", 0},
	}
	for _, tt := range tests {
		tl, err := Open(context.Background(), &fake.Origin{Objects: map[string]string{tt.input: tt.content}}, tt.input)
		if tt.want == "" {
			if jobs.ClassOf(err) != jobs.Permanent {
				t.Errorf("%s: error %v of class %q, want Permanent", tt.input, err, jobs.ClassOf(err))
			}
			continue
		}
		if err != nil || tl.Kind != tt.want {
			t.Errorf("%s: kind %q, %v, want %q", tt.input, tl.Kind, err, tt.want)
			continue
		}
		n := 0
		for _, s := range tl.Sequences {
			n += len(s.Segments)
		}
		if n != tt.segments {
			t.Errorf("%s: %d segments, want %d", tt.input, n, tt.segments)
		}
		if tt.want == jobs.SourceFile && len(tl.Findings) == 0 && (tl.Sequences[0].Object == nil || tl.Sequences[0].Object.URI != tt.input) {
			t.Errorf("%s: %+v", tt.input, tl.Sequences[0])
		}
	}
}

// TestOpenSaysWhatIsNoMediaAtAll: a login page and an empty object are one finding that says so, under whatever name; what only resembles a page is read.
func TestOpenSaysWhatIsNoMediaAtAll(t *testing.T) {
	const page = "a web page (HTML)"
	for _, tt := range []struct{ input, content, code, want string }{
		{"/x/a.m3u8", "", "playlist.invalid", "the playlist is empty"},
		{"/x/a.mpd", "", "playlist.invalid", "the manifest is empty"},
		{"/x/a.mp4", "", "segment.corrupt", "it is empty"},
		{"https://h/a.m3u8", "\ufeff\r\n <!DOCTYPE html><title>Log in</title>", "playlist.invalid", "the playlist is " + page},
		{"https://h/a.mpd", "<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN'>", "playlist.invalid", "the manifest is " + page},
		{"https://h/play", "<HTML><body>", "segment.corrupt", "it is " + page},
		{"/x/b.m3u8", "html", "playlist.invalid", "does not begin"},
		{"/x/b", "<htm", "", ""},
	} {
		tl, err := Open(t.Context(), &fake.Origin{Objects: map[string]string{tt.input: tt.content}}, tt.input)
		if err != nil {
			t.Fatal(err)
		}
		if tt.code == "" {
			if len(tl.Findings) != 0 || len(tl.Sequences) != 1 {
				t.Errorf("%s: %+v", tt.input, tl)
			}
			continue
		}
		if len(tl.Findings) == 0 || len(tl.Sequences) != 0 || tl.Findings[0].Code != tt.code || tl.Findings[0].Severity != jobs.Fail || !strings.Contains(tl.Findings[0].Message, tt.want) {
			t.Errorf("%s: %+v, want %s: %s", tt.input, tl, tt.code, tt.want)
		}
		if told := strings.Contains(tt.want, "is "); told && len(tl.Findings) != 1 {
			t.Errorf("%s: %d findings of one cause", tt.input, len(tl.Findings))
		}
	}
}

func TestOpenSaysWhatCannotBeReached(t *testing.T) {
	network := errors.New("no route to host")
	for _, tt := range []struct {
		cause error
		class jobs.Class
	}{{storage.ErrNotFound, jobs.Permanent}, {storage.ErrDenied, jobs.Permanent}, {network, jobs.Transient}} {
		for _, input := range []string{"https://h/a.m3u8", "https://h/a.mp4", "https://h/a.mpd"} {
			_, err := Open(context.Background(), &fake.Origin{Errors: map[string]error{input: tt.cause}}, input)
			if !errors.Is(err, tt.cause) || jobs.ClassOf(err) != tt.class || !strings.Contains(err.Error(), input) {
				t.Errorf("%s: %v of class %q, want %v of class %q", input, err, jobs.ClassOf(err), tt.cause, tt.class)
			}
		}
	}
}

func TestOpenStopsWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Open(ctx, &fake.Origin{Objects: map[string]string{"/x/a.mp4": "x"}}, "/x/a.mp4")
	if jobs.ClassOf(err) != jobs.Cancelled {
		t.Errorf("error %v of class %q", err, jobs.ClassOf(err))
	}
}

func TestPathsAreAbsolute(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("clip.bin", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	tl, err := Open(context.Background(), &fake.Origin{Dir: dir}, "./clip.bin")
	if err != nil || tl.Sequences[0].Object.URI != filepath.Join(dir, "clip.bin") {
		t.Errorf("%+v, %v", tl, err)
	}
}
