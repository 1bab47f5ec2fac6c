package page

import (
	"bytes"
	"fmt"
	"html/template"
	"math"
	"os"
	"path/filepath"
	"testing"

	"aircheck/internal/browser"
	"aircheck/jobs"
)

// file writes a page of its own to a disk and gives its address.
func file(t *testing.T, html string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(name, []byte(html), 0o644); err != nil {
		t.Fatal(err)
	}
	return "file://" + name
}

// open opens a check in a browser and waits until its script is through.
func open(t *testing.T, d CheckData, look browser.Look, fragment string) *browser.Page {
	t.Helper()
	p := browser.Open(t, file(t, render(t, d))+fragment, look)
	p.Wait("document.documentElement.dataset.ready")
	return p
}

// wave makes a curve that goes up and down.
func wave(name, unit string, n int, middle, swing float64) jobs.Curve {
	c := jobs.Curve{Name: name, Unit: unit}
	for i := range n {
		v := middle + swing*math.Sin(float64(i)/7)
		c.Low, c.High, c.Mean = append(c.Low, num(v-swing/4)), append(c.High, num(v+swing/4)), append(c.Mean, num(v))
	}
	return c
}

// picture is a drawing as a data URL, so that a page needs no file for it.
func picture(width, height int, text string) template.URL {
	var b bytes.Buffer
	fmt.Fprintf(&b, "data:image/svg+xml,%%3Csvg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d'%%3E", width, height)
	for x := 0; x < width; x += 160 {
		for y := 0; y < height; y += 90 {
			fmt.Fprintf(&b, "%%3Crect x='%d' y='%d' width='158' height='88' fill='hsl(%d 30%%25 45%%25)'/%%3E", x, y, (x+7*y)%360)
		}
	}
	fmt.Fprintf(&b, "%%3Ctext x='20' y='50' fill='white'%%3E%s%%3C/text%%3E%%3C/svg%%3E", text)
	return template.URL(b.String())
}

// full is a check with curves and pictures.
func full(t testing.TB) CheckData {
	d := sample(t)
	d.Profile = &jobs.Profile{Name: "ebu-r128", Thresholds: map[string]float64{"audio.loudness.target": -23, "audio.true_peak.max": -1}}
	d.Curves = &jobs.Curves{V: 1, Renditions: []jobs.RenditionCurves{
		{Rendition: "v0", Step: 0.2, Curves: []jobs.Curve{wave("luma", "code", 100, 110, 60), wave("motion", "code", 100, 8, 6), wave("blockiness", "code", 100, 1, 0.8), wave("bit_rate", "kbit/s", 100, 2400, 900)}},
		{Rendition: "v1", Step: 0.2, Curves: []jobs.Curve{wave("luma", "code", 100, 90, 60), wave("bit_rate", "kbit/s", 100, 900, 300)}},
		{Rendition: "a0", Step: 0.2, Curves: []jobs.Curve{wave("loudness_momentary", "LUFS", 100, -23, 9), wave("loudness_short_term", "LUFS", 100, -24, 4), wave("loudness_integrated", "LUFS", 100, -23, 0.5), wave("peak", "dBFS", 100, -9, 6)}},
	}}
	for i := 40; i < 55; i++ {
		c := d.Curves.Renditions[2].Curves[0]
		c.Low[i], c.High[i], c.Mean[i] = nil, nil, nil
	}
	key := "video.black/v0/3000000"
	pic := func(role string, at jobs.Seconds) jobs.Picture {
		return jobs.Picture{Role: role, Rendition: "v0", At: at, File: role + ".jpg", Width: 640, Height: 360}
	}
	d.Evidence = &jobs.Evidence{V: 1,
		Strip: &jobs.Strip{Rendition: "v0", Step: 1, Count: 20, Width: 160, Height: 90, Columns: 5, Rows: 4, Sheets: []string{"sheet.jpg"}},
		Items: []jobs.Proof{
			{Finding: key, Pictures: []jobs.Picture{pic("before", 2.5), pic("first", 3), pic("worst", 4), pic("after", 6)}},
			{Finding: "audio.silence/a0/5000000", Sounds: []jobs.Sound{{Rendition: "a0", Start: 4, End: 9, File: "sound.png", Width: 640, Height: 160}}},
		},
	}
	d.File = func(name string) template.URL {
		if name == "sheet.jpg" {
			return picture(800, 360, "")
		}
		return picture(640, 360, name)
	}
	d.Waivers = map[string]jobs.Waiver{"audio.silence/a0/5000000": {ID: "w", Reason: "a minute's silence", Person: "Ada"}}
	return d
}

// TestShots takes pictures of the pages for people to look at: AIRCHECK_SHOTS names where.
func TestShots(t *testing.T) {
	dir := os.Getenv("AIRCHECK_SHOTS")
	if dir == "" {
		t.Skip("AIRCHECK_SHOTS names no directory")
	}
	if name := os.Getenv("AIRCHECK_PAGE"); name != "" {
		p := browser.Open(t, "file://"+name, browser.Look{Width: 1280, Height: 900, Dark: os.Getenv("AIRCHECK_DARK") != ""})
		p.Wait("document.documentElement.dataset.ready")
		p.Shot(filepath.Join(dir, "page.png"), true)
		return
	}
	looks := map[string]browser.Look{"light": browser.Desktop(), "dark": {Width: 1280, Height: 900, Dark: true}, "phone": browser.Phone()}
	for name, look := range looks {
		open(t, full(t), look, "").Shot(filepath.Join(dir, "check-"+name+".png"), true)
		p := open(t, full(t), look, "#f=video.black%2Fv0%2F3000000")
		p.Wait("!document.getElementById('detail').hidden")
		p.Shot(filepath.Join(dir, "check-"+name+"-selected.png"), true)
	}
}
