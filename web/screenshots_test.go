package web

import (
	"flag"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"aircheck/internal/browser"
	"aircheck/internal/need"
	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/report"
	"aircheck/storage/file"
)

var update = flag.Bool("update", false, "take the screenshots of the documentation anew")

// images is where the documentation has its pictures.
const images = "../docs/images"

// TestScreenshots makes sure that the pictures of the README are there; with -update it takes them: of the demo's damaged ladder, checked under two profiles, and of a wall
// of made-up streams.
func TestScreenshots(t *testing.T) {
	if *update {
		takeScreenshots(t)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"wall", "check", "compare"} {
		if !strings.Contains(string(readme), "docs/images/"+name+".png") {
			t.Errorf("README.md does not show %s.png", name)
		}
		f, err := os.Open(filepath.Join(images, name+".png"))
		if err != nil {
			t.Fatal(err)
		}
		config, err := png.DecodeConfig(f)
		_ = f.Close()
		if err != nil || config.Width < 1000 || config.Height < 500 {
			t.Errorf("%s.png: %d x %d, %v", name, config.Width, config.Height, err)
		}
	}
}

func takeScreenshots(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		need.Missing(t, "needs ffmpeg")
	}
	dir := t.TempDir()
	bin, media, data := filepath.Join(dir, "aircheck"), filepath.Join(dir, "demo", "media"), filepath.Join(dir, "demo", "data")
	run := func(name string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		if name == bin {
			cmd.Dir = dir // so that names in the pictures are short
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
	}
	if given := os.Getenv("AIRCHECK_BIN"); given != "" {
		bin = given
	} else {
		run("go", "build", "-buildvcs=false", "-o", bin, "../cmd/aircheck")
	}
	run("../deploy/demo-media.sh", media)
	for _, profile := range []string{"default", "ebu-r128"} {
		run(bin, "up", "--once", "--fail-on", "never", "--data", data, "--profile", profile, "demo/media/master.m3u8")
	}
	store, err := file.Open(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	checks, err := filepath.Glob(data + "/checks/*/report.json")
	if err != nil || len(checks) != 2 {
		t.Fatalf("%d reports, %v", len(checks), err)
	}
	first, second := filepath.Base(filepath.Dir(checks[0])), filepath.Base(filepath.Dir(checks[1]))
	f := someStreams(time.Now())
	f.recent = []queue.RecentCheck{
		{ID: second, Input: "s3://deliveries/2026-11/feature-film.mov", Created: time.Now(), Verdict: jobs.VerdictWarn},
		{ID: first, Input: "demo/media/master.m3u8", Created: time.Now().Add(-time.Minute), Verdict: jobs.VerdictFail},
	}
	address := serveSite(t, Config{Archive: archive.New(store), source: f, Price: 0.05})
	p := browser.Open(t, address, browser.Look{Width: 1280, Height: 860})
	p.Wait(`document.getElementById("link").textContent === "live"`)
	p.Shot(images+"/wall.png", false)
	p.Go(address + "checks/" + first + "#f=" + blackIn(t, checks[0]))
	p.Wait(`document.readyState === "complete" && performance.now() > 2000`) // canvases and pictures come after the page
	p.Shot(images+"/check.png", true)
	p.Look(browser.Look{Width: 1280, Height: 900})
	p.Go(address + "compare?a=" + first + "&b=" + second)
	p.Wait(`document.readyState === "complete" && performance.now() > 1000`)
	p.Shot(images+"/compare.png", false)
}

// blackIn is the key of the first black picture of a stored report.
func blackIn(t *testing.T, path string) string {
	t.Helper()
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := report.Parse(doc)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(r.Findings, func(f jobs.Finding) bool { return f.Code == "video.black" })
	if i < 0 {
		t.Fatal("the demo has no black picture")
	}
	return jobs.FindingKey(&r.Findings[i])
}

// someStreams is manyStreams with names as people give them.
func someStreams(now time.Time) *fake {
	names := []string{"arts", "business", "cartoons", "cinema-1", "cinema-2", "classics", "cooking", "documentary", "drama", "history", "kids", "local-north", "local-south", "music", "nature", "news", "news-24", "parliament", "regional", "science", "sports-1", "sports-2", "travel", "weather"}
	f, all := &fake{}, manyStreams(len(names), now)
	rename := map[string]string{}
	for i, name := range names {
		rename[fmt.Sprintf("channel-%04d", i)] = name
	}
	for old, s := range all.streams {
		s.Stream = rename[old]
		f.set(s)
	}
	for _, h := range all.hours {
		h.Stream = rename[h.Stream]
		f.hours = append(f.hours, h)
	}
	return f
}
