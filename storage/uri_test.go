package storage_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"aircheck/storage"
)

func TestScheme(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"": "", "a/b.m3u8": "", "/a": "", "./http://x": "", "take:2.mp4": "", "C:x": "", "1http://x": "", "a b://x": "",
		"http://h/p": "http", "HTTPS://h": "https", "s3://b/k": "s3", "file:///p": "file", "file:/p": "file", "mem:": "mem", "ftp://h": "ftp",
	} {
		if got := storage.Scheme(uri); got != want {
			t.Errorf("Scheme(%q) = %q, want %q", uri, got, want)
		}
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"/a/b?c":                           "/a/b?c",
		"http://h/p":                       "http://h/p",
		"http://h:8080/p":                  "http://h:8080/p",
		"http://[::1]:80/p":                "http://[::1]:80/p",
		"http://user:secret@h:1/p/q":       "http://h:1/p/q",
		"https://secret@h":                 "https://h",
		"https://h/p?token=secret&x=1":     "https://h/p?…",
		"https://h/p?a=1#secret":           "https://h/p?…",
		"https://h/p#secret":               "https://h/p",
		"https://h?secret":                 "https://h?…",
		"http://user:sec/ret@h/p":          "http://…",
		"http://user:sec?ret@h/p":          "http://…",
		"http://u:secret@more@h/p":         "http://h/p",
		"s3://key:secret@bucket/k":         "s3://bucket/k",
		"s3://bucket/k?endpoint=http://x/": "s3://bucket/k?…",
		"file:///a/b":                      "file:///a/b",
	} {
		if got := storage.Redact(uri); got != want {
			t.Errorf("Redact(%q) = %q, want %q", uri, got, want)
		}
	}
}

// FuzzRedact holds that no password is left that a URL parser would find, nor one that it stumbles over.
func FuzzRedact(f *testing.F) {
	for _, s := range []string{"s", "/", "?", "#", "@", ":", "%40", "]", " "} {
		f.Add("http", s)
	}
	f.Fuzz(func(t *testing.T, scheme, odd string) {
		uri := scheme + "://user:" + odd + "hunter2" + odd + "@host/p"
		if storage.Scheme(uri) != "http" && storage.Scheme(uri) != "s3" {
			return
		}
		if u, err := url.Parse(uri); err == nil {
			if password, _ := u.User.Password(); !strings.Contains(password, "hunter2") {
				return
			}
		}
		if got := storage.Redact(uri); strings.Contains(got, "hunter2") {
			t.Errorf("Redact(%q) = %q", uri, got)
		}
	})
}

func TestParseS3(t *testing.T) {
	t.Parallel()
	tests := []struct{ uri, bucket, key, query string }{
		{"s3://b/k", "b", "k", ""},
		{"s3://b", "b", "", ""},
		{"s3://b/", "b", "", ""},
		{"s3://b/a/b c.mp4", "b", "a/b c.mp4", ""},
		{"s3://b/a%20b.mp4", "b", "a b.mp4", ""},
		{"s3://b/100%.mp4", "b", "100%.mp4", ""},
		{"s3://b/a#1.mp4", "b", "a#1.mp4", ""},
		{"s3://b/what%3F", "b", "what?", ""},
		{"s3://b/k?endpoint=http%3A%2F%2Fh%3A1&region=r", "b", "k", "endpoint=http%3A%2F%2Fh%3A1&region=r"},
		{"s3:///k", "", "", "refused"},
		{"s3://u:p@b/k", "", "", "refused"},
		{"s3://b:1/k", "", "", "refused"},
		{"http://b/k", "", "", "refused"},
		{"s3://b/" + strings.Repeat("k", 20000), "", "", "refused"},
	}
	for _, test := range tests {
		bucket, key, query, err := storage.ParseS3(test.uri)
		if test.query == "refused" {
			if !errors.Is(err, storage.ErrBadURI) || !storage.IsPermanent(err) {
				t.Errorf("ParseS3(%.40q) = %v, want a permanent ErrBadURI", test.uri, err)
			}
			continue
		}
		if err != nil || bucket != test.bucket || key != test.key || query.Encode() != test.query {
			t.Errorf("ParseS3(%q) = %q, %q, %q, %v", test.uri, bucket, key, query.Encode(), err)
		}
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	tests := []struct{ base, ref, want string }{
		{"http://h/a/m.m3u8", "s.ts", "http://h/a/s.ts"},
		{"http://h/a/m.m3u8?t=1", "s.ts?u=2", "http://h/a/s.ts?u=2"},
		{"http://h/a/m.m3u8", "/s.ts", "http://h/s.ts"},
		{"http://h/a/m.m3u8", "//cdn/s.ts", "http://cdn/s.ts"},
		{"http://u:p@h/a/m.m3u8", "s.ts", "http://u:p@h/a/s.ts"},
		{"http://h/a/m.m3u8", "https://c/s.ts", "https://c/s.ts"},
		{"http://h/a/m.m3u8", "a:b.ts", ""}, // RFC 3986, 4.2: such a reference must be written ./a:b.ts
		{"http://h/a/m.m3u8", "./a:b.ts", "http://h/a/a:b.ts"},
		{"http://h/a/m.m3u8", "file:///etc/passwd", ""},
		{"http://h/a/m.m3u8", "s3://b/s.ts", "s3://b/s.ts"},
		{"s3://b/d/m.m3u8", "s.ts", "s3://b/d/s.ts"},
		{"s3://b/d/m.m3u8", "../e/s.ts", "s3://b/e/s.ts"},
		{"s3://b/d/m.m3u8", "../../../s.ts", "s3://b/s.ts"},
		{"s3://b/d/m.m3u8", "/s.ts", "s3://b/s.ts"},
		{"s3://b/d/m.m3u8", "a%20b.ts?x=1", "s3://b/d/a%20b.ts"},
		{"s3://b/d e/m.m3u8", "a b.ts", "s3://b/d%20e/a%20b.ts"},
		{"s3://b/m.m3u8", "100%.ts", "s3://b/100%25.ts"},
		{"s3://b/m.m3u8", "//c/s.ts", ""},
		{"s3://b/m.m3u8", "file:///etc/passwd", ""},
		{"/d/m.m3u8", "s.ts", "/d/s.ts"},
		{"d/m.m3u8", "v/s%201.ts", "d/v/s 1.ts"},
		{"m.m3u8", "s.ts", "s.ts"},
		{"m.m3u8", "take:2.ts", "take:2.ts"},
		{"/d/m.m3u8", "http://h/s.ts", "http://h/s.ts"},
		{"/d/m.m3u8", "/abs/s.ts", "/abs/s.ts"},
		{"/d/m.m3u8", "../s.ts?x#y", "/s.ts"},
		{"/d/m.m3u8", "file:///e/s.ts", "file:///e/s.ts"},
		{"file:///d/m%20m.m3u8", "s 1.ts", "file:///d/s%201.ts"},
		{"/d/m.m3u8", "ftp://h/s.ts", ""},
		{"/d/m.m3u8", "data://x", ""},
		{"/d/m.m3u8", strings.Repeat("x", 20000), ""},
	}
	for _, test := range tests {
		got, err := storage.Resolve(test.base, test.ref)
		if got != test.want || (err != nil) != (test.want == "") {
			t.Errorf("Resolve(%q, %.40q) = %q, %v, want %q", test.base, test.ref, got, err, test.want)
		}
		if err != nil && !errors.Is(err, storage.ErrBadURI) {
			t.Errorf("Resolve(%q, %.40q): %v, want ErrBadURI", test.base, test.ref, err)
		}
	}
}

// FuzzResolve holds that a playlist from the network never leads to the disk.
func FuzzResolve(f *testing.F) {
	for _, ref := range []string{"s.ts", "file:///x", "FILE:/x", "/x", "//x", "..", "s3://b/k", "\\x", " file:///x", "%66ile:///x", ""} {
		f.Add(ref)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		for _, base := range []string{"http://h/a/m.m3u8", "s3://b/a/m.m3u8"} {
			got, err := storage.Resolve(base, ref)
			if err != nil {
				continue
			}
			if s := storage.Scheme(got); s != "http" && s != "https" && s != "s3" {
				t.Errorf("Resolve(%q, %q) = %q", base, ref, got)
			}
		}
	})
}
