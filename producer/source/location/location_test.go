package location

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aircheck/storage"
)

func TestResolve(t *testing.T) {
	tests := []struct {
		name, base, ref, want string // want "" is refused
	}{
		{"neighbour", "/media/a/main.m3u8", "seg0.ts", "/media/a/seg0.ts"},
		{"below", "/media/a/main.m3u8", "v1/seg0.ts", "/media/a/v1/seg0.ts"},
		{"there and back", "/media/a/main.m3u8", "v1/../seg0.ts", "/media/a/seg0.ts"},
		{"spaces as ffmpeg writes them", "/media/a/main.m3u8", "my film #1.ts", "/media/a/my film #1.ts"},
		{"spaces as RFC 3986 writes them", "/media/a/main.m3u8", "my%20film.ts", "/media/a/my film.ts"},
		{"query of a downloaded playlist", "/media/a/main.m3u8", "seg0.ts?token=1", "/media/a/seg0.ts"},
		{"absolute inside", "/media/a/main.m3u8", "/media/a/seg0.ts", "/media/a/seg0.ts"},
		{"file URL inside", "/media/a/main.m3u8", "file:///media/a/seg0.ts", "/media/a/seg0.ts"},
		{"colon that is no scheme", "/media/a/main.m3u8", "12:30.ts", "/media/a/12:30.ts"},
		{"up and out", "/media/a/main.m3u8", "../../../../etc/passwd", ""},
		{"up by one", "/media/a/main.m3u8", "../b/seg0.ts", ""},
		{"up and out, encoded", "/media/a/main.m3u8", "..%2f..%2fetc/passwd", ""},
		{"directory with the same beginning", "/media/a/main.m3u8", "/media/ab/seg0.ts", ""},
		{"absolute outside", "/media/a/main.m3u8", "/etc/passwd", ""},
		{"file URL outside", "/media/a/main.m3u8", "file:///etc/passwd", ""},
		{"file URL without slashes", "/media/a/main.m3u8", "file:/etc/passwd", ""},
		{"network path", "/media/a/main.m3u8", "//etc/passwd", ""},
		{"NUL", "/media/a/main.m3u8", "seg%00.ts", ""},
		{"other scheme", "/media/a/main.m3u8", "gopher://host/x", ""},
		{"ffmpeg protocol is a name", "/media/a/main.m3u8", "concat:/etc/passwd", "/media/a/concat:/etc/passwd"},
		{"ffmpeg protocol with dots", "/media/a/main.m3u8", "concat:/../../../etc/passwd", ""},
		{"empty", "/media/a/main.m3u8", "", ""},
		{"web from local", "/media/a/main.m3u8", "https://host/x.ts?sig=1", "https://host/x.ts?sig=1"},
		{"s3 from local", "/media/a/main.m3u8", "s3://bucket/x.ts", "s3://bucket/x.ts"},

		{"web relative", "https://u:p@host/a/main.m3u8?sig=1", "v/seg0.ts?x=2", "https://u:p@host/a/v/seg0.ts?x=2"},
		{"web absolute path", "https://host/a/main.m3u8", "/b/seg0.ts", "https://host/b/seg0.ts"},
		{"web above the root", "https://host/a/main.m3u8", "../../../seg0.ts", "https://host/seg0.ts"},
		{"web other host", "https://host/a/main.m3u8", "//cdn/seg0.ts", "https://cdn/seg0.ts"},
		{"web with spaces", "https://host/a/main.m3u8", "my film.ts", "https://host/a/my%20film.ts"},
		{"file from web", "https://host/a/main.m3u8", "file:///etc/passwd", ""},
		{"s3 from web", "https://host/a/main.m3u8", "s3://bucket/x.ts", ""},
		{"web without host", "/media/a/main.m3u8", "http:///x.ts", ""},

		{"s3 relative", "s3://bucket/a/main.m3u8", "v/seg%200.ts?x", "s3://bucket/a/v/seg%200.ts"},
		{"s3 up", "s3://bucket/a/b/main.m3u8", "../seg0.ts", "s3://bucket/a/seg0.ts"},
		{"s3 above the root", "s3://bucket/a/main.m3u8", "../../../seg0.ts", "s3://bucket/seg0.ts"},
		{"s3 absolute path", "s3://bucket/a/main.m3u8", "/seg0.ts", "s3://bucket/seg0.ts"},
		{"s3 odd key", "s3://bucket/a/main.m3u8", "100%25 #1.ts", "s3://bucket/a/100%25%20%231.ts"},
		{"s3 above an empty key", "s3://bucket/main.m3u8", "..", ""},
		{"other scheme from web", "https://host/a/main.m3u8", "seg:1.ts", ""},
		{"s3 other bucket", "s3://bucket/a/main.m3u8", "s3://other/x.ts", "s3://other/x.ts"},
		{"file from s3", "s3://bucket/a/main.m3u8", "file:///etc/passwd", ""},
		{"s3 without key", "s3://bucket/a/main.m3u8", "s3://other", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base, err := Parse(tt.base)
			if err != nil {
				t.Fatal(err)
			}
			got, err := base.Resolve(tt.ref)
			if tt.want == "" {
				if !errors.Is(err, ErrRefused) {
					t.Fatalf("got %s, %v, want it refused", got.URI(), err)
				}
				return
			}
			if err != nil || got.URI() != tt.want {
				t.Fatalf("got %q, %v, want %q", got.URI(), err, tt.want)
			}
		})
	}
}

// The root is the directory of the input, not of the manifest in the middle: a variant may use what lies beside its folder.
func TestResolveKeepsTheRootOfTheInput(t *testing.T) {
	base, _ := Parse("/media/a/main.m3u8")
	variant, err := base.Resolve("v1/media.m3u8")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := variant.Resolve("../shared/seg0.ts"); err != nil || got.URI() != "/media/a/shared/seg0.ts" {
		t.Errorf("got %q, %v", got.URI(), err)
	}
	if _, err := variant.Resolve("../../b/seg0.ts"); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v, want it refused", err)
	}
}

func TestParse(t *testing.T) {
	wd, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"clip.mp4":                  filepath.Join(wd, "clip.mp4"),
		"a:b.mp4":                   filepath.Join(wd, "a:b.mp4"),
		"/x/../y.mp4":               "/y.mp4",
		"file:///x/y.mp4":           "/x/y.mp4",
		"http://h/a.m3u8?x=1":       "http://h/a.m3u8?x=1",
		"s3://b/dir/a film.mkv":     "s3://b/dir/a film.mkv",
		"rtmp://h/live":             "",
		"http://":                   "",
		"s3://bucket":               "",
		"":                          "",
		"https://u:secret@h:bad/x":  "",
		"rtmps://u:secret@h/live?k": "",
	} {
		got, err := Parse(in)
		if want == "" {
			if err == nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("Parse(%q) = %q, %v, want an error without the password", in, got.URI(), err)
			}
			continue
		}
		if err != nil || got.URI() != want {
			t.Errorf("Parse(%q) = %q, %v, want %q", in, got.URI(), err, want)
		}
	}
}

func TestDisplayHidesCredentials(t *testing.T) {
	for in, want := range map[string]string{
		"https://u:p@h/a?X-Amz-Signature=1#f": "https://h/a",
		"//u:p@h/a?token=1":                   "//h/a",
		"v1/seg0.ts?token=1":                  "v1/seg0.ts",
		"http://h":                            "http://h",
		"http://h?token=1":                    "http://h",
	} {
		if got := Display(in); got != want {
			t.Errorf("Display(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzResolve(f *testing.F) {
	for _, s := range []string{"../../etc/passwd", "..%2f..%2fx", "file:///etc/passwd", "a/b.ts", "//x/y", "%2e%2e/%2e%2e/x", "file:x", "s3://b/k"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		for _, input := range []string{"/media/a/main.m3u8", "https://host/a/main.m3u8", "s3://bucket/a/main.m3u8"} {
			base, err := Parse(input)
			if err != nil {
				t.Fatal(err)
			}
			got, err := base.Resolve(ref)
			if err != nil {
				continue
			}
			scheme := storage.Scheme(got.URI())
			if !slices.Contains(base.allowed(), scheme) || scheme == "file" {
				t.Fatalf("%s: %q leads to %q", input, ref, got.URI())
			}
			if scheme == "" && (base.root == "" || got.URI() != "/media/a" && !strings.HasPrefix(got.URI(), "/media/a/")) {
				t.Fatalf("%s: %q leads to %q", input, ref, got.URI())
			}
		}
	})
}

func TestMoved(t *testing.T) {
	for _, tt := range []struct{ from, to, want string }{
		{"https://h/a/x.m3u8", "https://edge/b/y.m3u8?t=1", "https://edge/b/y.m3u8?t=1"},
		{"http://h/a/x.m3u8", "", "http://h/a/x.m3u8"},
		{"http://h/a/x.m3u8", "file:///etc/passwd", "http://h/a/x.m3u8"},
		{"http://h/a/x.m3u8", "http:///x", "http://h/a/x.m3u8"},
		{"/media/x.m3u8", "https://edge/y.m3u8", "/media/x.m3u8"},
	} {
		l, err := Parse(tt.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.Moved(tt.to).URI(); got != tt.want {
			t.Errorf("%s moved to %q: %s, want %s", tt.from, tt.to, got, tt.want)
		}
	}
}
