package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"aircheck/jobs"
)

func digestHex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func TestMediaServesTheHourOfTheCheckAlone(t *testing.T) {
	t.Parallel()
	a := newArchive()
	for key, body := range map[string]string{
		"streams/news/2026-11-22/18/s0/1.ts": "0123456789", "streams/news/2026-11-22/18/index.m3u8": "#EXTM3U", "streams/news/2026-11-22/19/s0/1.ts": "other hour",
		"streams/news/2026-11-22/18/recording.json": "{}", "streams/sports/2026-11-22/18/s0/1.ts": "other stream", "checks/news-20261122T18/report.json": "{}",
		"streams/news/2026-11-22/18/s0/1.html": "<script>",
	} {
		if err := a.Store().Put(t.Context(), key, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	site, _, _ := newSiteOf(t, Config{Archive: a, source: &fake{}})
	for path, want := range map[string]struct {
		code int
		kind string
	}{
		"/media/news-20261122T18/s0/1.ts": {200, "video/mp2t"}, "/media/news-20261122T18/index.m3u8": {200, hlsType},
		"/media/news-20261122T18/recording.json": {404, ""}, "/media/news-20261122T18/s0/2.ts": {404, ""}, "/media/news-20261122T18/s0/1.html": {404, ""},
		"/media/news-20261122T18/..%2f19%2fs0%2f1.ts": {404, ""}, "/media/news-20261122T18/..%2f..%2f..%2fsports%2f2026-11-22%2f18%2fs0%2f1.ts": {404, ""},
		"/media/" + testID(1) + "/s0/1.ts": {404, ""}, "/media/news-20261122T18/%5c..%5c1.ts": {404, ""}, "/media/news-20261122T18/s0//1.ts": {301, ""},
		"/media/news-20261122T18/" + soFar: {404, ""},
	} {
		if w := get(site, path, nil); w.Code != want.code && !(want.code == 301 && w.Code == 307) || want.kind != "" && w.Header().Get("Content-Type") != want.kind {
			t.Errorf("%s: %d %s, want %d %s", path, w.Code, w.Header().Get("Content-Type"), want.code, want.kind)
		}
	}
}

func TestMediaRanges(t *testing.T) {
	t.Parallel()
	a := newArchive()
	if err := a.Store().Put(t.Context(), "streams/news/2026-11-22/18/s0/1.ts", []byte("0123456789")); err != nil {
		t.Fatal(err)
	}
	site, _, _ := newSiteOf(t, Config{Archive: a, source: &fake{}})
	for spec, want := range map[string]struct {
		code       int
		body, span string
	}{
		"":                             {200, "0123456789", ""},
		"bytes=0-3":                    {206, "0123", "bytes 0-3/10"},
		"bytes=7-":                     {206, "789", "bytes 7-9/10"},
		"bytes=7-99":                   {206, "789", "bytes 7-9/10"},
		"bytes=-4":                     {206, "6789", "bytes 6-9/10"},
		"bytes=-40":                    {206, "0123456789", "bytes 0-9/10"},
		"bytes=10-":                    {416, "", "bytes */10"},
		"bytes=-0":                     {416, "", "bytes */10"},
		"bytes=3-1":                    {200, "0123456789", ""},
		"bytes=0-1,3-4":                {200, "0123456789", ""},
		"bytes=a-b":                    {200, "0123456789", ""},
		"items=0-1":                    {200, "0123456789", ""},
		"bytes=--1":                    {200, "0123456789", ""},
		"bytes=0-99999999999999999999": {200, "0123456789", ""},
	} {
		w := get(site, "/media/news-20261122T18/s0/1.ts", func(r *http.Request) {
			if spec != "" {
				r.Header.Set("Range", spec)
			}
		})
		if w.Code != want.code || w.Body.String() != want.body || w.Header().Get("Content-Range") != want.span {
			t.Errorf("%q: %d %q %q, want %+v", spec, w.Code, w.Body, w.Header().Get("Content-Range"), want)
		}
	}
}

func FuzzRange(f *testing.F) {
	for _, s := range []string{"bytes=0-1", "bytes=-5", "bytes=5-", "bytes=1-0", "bytes=9223372036854775807-", "x"} {
		f.Add(s, int64(10))
	}
	f.Fuzz(func(t *testing.T, text string, size int64) {
		if size < 0 {
			return
		}
		from, n, ok := parseRange(text, size)
		if ok && (from < 0 || n < 0 || n > 0 && (from >= size || n > size-from)) {
			t.Errorf("parseRange(%q, %d) = %d, %d", text, size, from, n)
		}
	})
}

func TestPlayable(t *testing.T) {
	t.Parallel()
	for input, want := range map[string]bool{
		"https://origin.example/a.m3u8": true, "http://10.0.0.1:8080/a.mp4?t=1": true, "/media/a.mp4": false, "s3://b/k": false, "javascript:alert(1)": false,
		"https://user:secret@origin.example/a": false, "https://a;script-src 'unsafe-inline'/x": false, "data:text/html,x": false, "https:///x": false, "https://*/x": false,
		"http://a\nb/x": false,
	} {
		if got := playable(input); (got != nil) != want {
			t.Errorf("playable(%q) = %v", input, got)
		}
	}
	h := http.Header{}
	u, err := url.Parse("https://origin.example:8443/a/b.m3u8?token=secret")
	if err != nil {
		t.Fatal(err)
	}
	setPolicy(h, u)
	if got := h.Get("Content-Security-Policy"); !strings.Contains(got, "media-src 'self' https://origin.example:8443 blob:;") || strings.Contains(got, "secret") {
		t.Error(got)
	}
}

func TestPlaylistSoFar(t *testing.T) {
	t.Parallel()
	segment := func(i int, uri string) jobs.Segment {
		return jobs.Segment{Index: i, ByteRange: jobs.ByteRange{URI: uri, Length: -1}, Start: jobs.Micros(i) * 2e6, Duration: 2_000_000}
	}
	period := "streams/news/2026-11-22/18/"
	at := "s3://bucket/prefix/" + period
	init := &jobs.ByteRange{URI: at + "s1/init-abc.mp4", Length: -1}
	list := []jobs.Segment{segment(0, at+"s1/1.m4s"), segment(1, at+"s1/2.m4s"), segment(2, "https://elsewhere.example/x.m4s"), segment(3, at+"s1/4.m4s"), segment(4, at+"s1/5.m4s\"\n#EXT")}
	for i := range list {
		list[i].Init = init
	}
	list[1].Discontinuity, list[2].Discontinuity, list[3].Discontinuity, list[4].Discontinuity = 1, 1, 1, 1
	list[3].Missing = "the origin answered 404"
	timeline := &jobs.Timeline{Sequences: []jobs.Sequence{
		{ID: "s0", Mode: jobs.ModeSegments, Media: "video", Variant: &jobs.Variant{Height: 180}, Segments: []jobs.Segment{segment(0, at+"s0/1.m4s")}},
		{ID: "s1", Mode: jobs.ModeSegments, Media: "video", Variant: &jobs.Variant{Height: 720}, Segments: list},
		{ID: "s2", Mode: jobs.ModeSegments, Media: "audio", Segments: []jobs.Segment{segment(0, at+"s2/1.m4s")}},
	}}
	want := `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI="s1/init-abc.mp4"
#EXTINF:2.000000,
s1/1.m4s
#EXT-X-DISCONTINUITY
#EXTINF:2.000000,
s1/2.m4s
#EXT-X-GAP
#EXTINF:2.000000,
gap.ts
#EXT-X-GAP
#EXTINF:2.000000,
gap.ts
#EXT-X-GAP
#EXTINF:2.000000,
gap.ts
#EXT-X-ENDLIST
`
	if got, ok := playlistOf(timeline, period); !ok || string(got) != want {
		t.Errorf("%t\n%s", ok, got)
	}
	list[0].Key = &jobs.Key{Method: "AES-128"}
	if _, ok := playlistOf(timeline, period); ok {
		t.Error("an encrypted stream has a playlist without its key")
	}
	if _, ok := playlistOf(&jobs.Timeline{}, period); ok {
		t.Error("nothing has a playlist")
	}
}
