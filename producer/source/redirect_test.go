package source_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	fake "aircheck/bench/origin"
	"aircheck/internal/fakeorigin"
	"aircheck/producer/source"
	"aircheck/storage/origin"
)

// redirecting serves channels under /edge and redirects what begins with /play there; with edges each answer leads to another one.
func redirecting(t *testing.T, o *fake.Origin, edges bool) string {
	edge := http.StripPrefix("/edge", o)
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, left, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		switch {
		case name == "play" && edges && asked%2 == 1:
			asked++
			http.Redirect(w, r, "/other/"+left, http.StatusFound)
		case name == "play":
			asked++
			http.Redirect(w, r, "/edge/"+left, http.StatusFound)
		case name == "other":
			http.StripPrefix("/other", o).ServeHTTP(w, r)
		default:
			edge.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestRedirectedReferences: what a playlist names is relative to where the playlist came from after redirects (RFC 3986 section 5.1.3), for HLS and DASH,
// whether they are live or not.
func TestRedirectedReferences(t *testing.T) {
	t.Parallel()
	for _, entry := range []string{"master.m3u8", "v0/index.m3u8", "manifest.mpd"} {
		for _, ended := range []bool{true, false} {
			clock := fake.NewVirtual(fakeorigin.Epoch)
			o := fake.New(clock)
			s := fake.Stream{Name: "news", Clip: fakeorigin.Synthetic(t, 10, 2*time.Second, "v0", "a0"), Timeline: true}
			if ended {
				s.Ended = fakeorigin.Epoch.Add(-time.Second)
			}
			if err := o.Add(s); err != nil {
				t.Fatal(err)
			}
			base := redirecting(t, o, false)
			tl, err := source.Open(t.Context(), origin.New(origin.Config{}), base+"/play/news/"+entry)
			if err != nil || len(tl.Sequences) == 0 {
				t.Fatalf("%s, ended %t: %d sequences, %v", entry, ended, len(tl.Sequences), err)
			}
			for _, q := range tl.Sequences {
				for _, seg := range q.Segments {
					if !strings.HasPrefix(seg.URI, base+"/edge/news/") {
						t.Fatalf("%s, ended %t: segment at %s", entry, ended, seg.URI)
					}
				}
			}
		}
	}
}

// TestRedirectedLive: a live reader asks where it was told to, takes references from where the answer came from, and thinks no segment changed when
// the next answer comes from another edge.
func TestRedirectedLive(t *testing.T) {
	t.Parallel()
	for _, entry := range []string{"master.m3u8", "v0/index.m3u8", "manifest.mpd"} {
		clock := fake.NewVirtual(fakeorigin.Epoch)
		o := fake.New(clock)
		if err := o.Add(fake.Stream{Name: "news", Clip: fakeorigin.Synthetic(t, 10, 2*time.Second, "v0", "a0"), Timeline: true}); err != nil {
			t.Fatal(err)
		}
		base := redirecting(t, o, true)
		src, _, err := source.OpenLive(t.Context(), origin.New(origin.Config{}), base+"/play/news/"+entry, clock.Now)
		if err != nil {
			t.Fatal(err)
		}
		edges := map[string]int{}
		for range 20 {
			u, err := src.Refresh(t.Context())
			if err != nil || len(u.Faults) > 0 {
				t.Fatalf("%s: %+v, %v", entry, u.Faults, err)
			}
			for _, q := range u.Sequences {
				for _, seg := range q.Segments {
					place, _, _ := strings.Cut(strings.TrimPrefix(seg.At.URI, base+"/"), "/news/")
					edges[place]++
				}
			}
			clock.Advance(max(u.Wait, 100*time.Millisecond))
		}
		if edges["edge"]+edges["other"] < 20 || edges["play"] > 0 || entry != "master.m3u8" && edges["other"] == 0 {
			t.Errorf("%s: segments at %v", entry, edges)
		}
	}
}
