package page

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test -update writes it anew):\n%s\nwant:\n%s", name, got, want)
	}
}

// TestParts pins what stands in a page; the data and the digest of a report change for reasons of their own.
func TestParts(t *testing.T) {
	d := full(t)
	d.Player = &Player{Media: "film.mp4", Tracks: []Track{{Kind: "captions", Label: "English", Lang: "en", URL: "en.vtt"}}}
	html := []byte(render(t, d))
	compared := []byte(renderCompare(t, pairOf(t)))
	for name, part := range map[string]struct {
		page    []byte
		pattern string
	}{
		"head.html":     {html, `(?s)<header class="verdict.*?</header>`},
		"coverage.html": {html, `(?s)<section class="coverage".*?</section>`},
		"lanes.html":    {html, `(?s)<div class="lanes">.*?</section></div>`},
		"row.html":      {html, `<tr id="f=video.black[^\n]*</tr>`},
		"player.html":   {html, `(?s)<section class="player".*?</section>`},
		"loudness.html": {html, `(?s)<section aria-labelledby="loudness-title".*?</section>`},
		"outcome.html":  {compared, `(?s)<section class="outcome".*?</section>`},
		"changed.html":  {compared, `(?s)<section class="findings" aria-labelledby="changed-title".*?</section>`},
	} {
		found := regexp.MustCompile(part.pattern).Find(part.page)
		if found == nil {
			t.Errorf("%s is not in the page", name)
			continue
		}
		golden(t, name, append(found, '\n'))
	}
}
