//go:build cgo

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aircheck/internal/browser"
	"aircheck/report"
)

// pictureState counts the pictures of a page and those of them that are there.
const pictureState = `(() => { const list = [...document.querySelectorAll('#detail img')]; return list.length + ' ' + list.filter((i) => i.complete && i.naturalWidth > 0).length; })()`

// looks opens a page from a disk and looks at a finding: its pictures are there, its video goes to it, curves are drawn, and nothing is fetched.
func looks(t *testing.T, file string) {
	t.Helper()
	p := browser.Open(t, "file://"+file, browser.Desktop())
	p.Wait("document.documentElement.dataset.ready")
	p.Click("#findings tbody tr[data-key^='video.black'] a")
	p.Wait(pictureState + " === '4 4'")
	p.Wait("document.querySelector('video').currentTime > 0")
	if n := browser.Eval[int](p, "document.querySelectorAll('.lane.curve').length"); n < 4 {
		t.Errorf("%d curves are drawn", n)
	}
	if n := browser.Eval[int](p, "performance.getEntriesByType('resource').filter((r) => r.name.startsWith('http')).length"); n > 0 {
		t.Errorf("%d things came by the network", n)
	}
}

// TestPagesOfACheck: one file with everything in it, the page beside the pictures of --out, and the pages of a stored check.
func TestPagesOfACheck(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("decodes for long, which the race detector makes minutes; nothing in it runs side by side")
	}
	clip := damagedClip(t, "page.mp4")
	out := filepath.Join(t.TempDir(), "out")
	code, page, stderr := exec(t, nil, "check", clip, "--format", "html")
	if code != report.ExitFindings || !strings.HasPrefix(page, "<!doctype html>") {
		t.Fatalf("exit status %d, stderr %q, stdout %.50q", code, stderr, page)
	}
	single := filepath.Join(t.TempDir(), "single.html")
	if err := os.WriteFile(single, []byte(page), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Run("one file", func(t *testing.T) { looks(t, single) })
	if code, _, stderr := exec(t, nil, "check", clip, "--out", out); code != report.ExitFindings {
		t.Fatalf("exit status %d, stderr %q", code, stderr)
	}
	t.Run("out", func(t *testing.T) { looks(t, filepath.Join(out, "report.html")) })
	t.Run("stored", func(t *testing.T) { storedPages(t, out) })
}

// storedPages puts what --out wrote into a store.
func storedPages(t *testing.T, out string) {
	doc, err := os.ReadFile(filepath.Join(out, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	id, store := parsed(t, string(doc)).Check.ID, t.TempDir()
	if err := os.MkdirAll(filepath.Join(store, "checks"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(store, "checks", id), os.DirFS(out)); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"report": {"report", id, "--store", store, "--format", "html"}, "rejudge": {"rejudge", id, "--store", store, "--profile", "ebu-r128", "--format", "html"},
	} {
		_, page, stderr := exec(t, nil, args...)
		for _, want := range []string{"<!doctype html>", "data:image/jpeg;base64,", `"name":"luma"`, "video.black"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: no %q in the page (stderr %q)", name, want, stderr)
			}
		}
	}
}
