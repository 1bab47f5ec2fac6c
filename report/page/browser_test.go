package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

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

// A page that is ready says so, and what its timeline shows.
const (
	ready    = "document.documentElement.dataset.ready"
	zoomed   = "Number(document.querySelector('.axis .plot').dataset.to) - Number(document.querySelector('.axis .plot').dataset.from)"
	viewFrom = "Number(document.querySelector('.axis .plot').dataset.from)"
	cursor   = "Number(document.querySelector('.axis .plot').getAttribute('aria-valuenow'))"
	selected = "document.querySelector('#detail h2')?.textContent || ''"
)

// point is a place on the window.
type point struct{ X, Y float64 }

// spot finds a moment in the lane of a code, or in the axis where there is no code.
func spot(p *browser.Page, code string, at, duration float64) point {
	p.Wait(fmt.Sprintf("Boolean(%s)", laneOf(code)))
	return browser.Eval[point](p, fmt.Sprintf(`(() => { const e = %s; e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect(); return {X: b.left + b.width * %g / %g, Y: b.top + b.height / 2}; })()`, laneOf(code), at, duration))
}

func laneOf(code string) string {
	if code == "" {
		return "document.querySelector('.axis .plot')"
	}
	return fmt.Sprintf("[...document.querySelectorAll('.lane.found')].find((l) => l.textContent.includes(%q)).querySelector('.plot')", code)
}

// moved waits until something in a page is no longer what it was.
func moved[T comparable](t *testing.T, p *browser.Page, expression string, act func()) (before, after T) {
	t.Helper()
	before = browser.Eval[T](p, expression)
	act()
	was, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	p.Wait(fmt.Sprintf("(%s) !== %s", expression, was))
	return before, browser.Eval[T](p, expression)
}

func TestFileOpensFromDisk(t *testing.T) {
	t.Parallel()
	p := open(t, full(t), browser.Desktop(), "")
	if n := browser.Eval[int](p, "performance.getEntriesByType('resource').filter((r) => !r.name.startsWith('data:')).length"); n != 0 {
		t.Errorf("the page fetched %d things", n)
	}
	if drawn := browser.Eval[int](p, "document.querySelectorAll('.lane canvas').length"); drawn < 10 {
		t.Errorf("%d rows are drawn", drawn)
	}
	at := spot(p, "video.black", 4, 20)
	if _, heading := moved[string](t, p, selected, func() { p.ClickAt(at.X, at.Y) }); heading != "fail video.black" {
		t.Errorf("a click on a finding selects %q", heading)
	}
	if hash := browser.Eval[string](p, "decodeURIComponent(location.hash)"); hash != "#f=video.black/v0/3000000" {
		t.Errorf("the address has %q", hash)
	}
	if n := browser.Eval[int](p, "document.querySelectorAll('#detail img').length"); n != 4 {
		t.Errorf("%d pictures of the finding", n)
	}
	p.Click("#detail .enlarge")
	p.Wait("document.querySelector('dialog[open] img')")
	p.Type(kb.Escape)
	p.Wait("!document.querySelector('dialog')")
	if !browser.Eval[bool](p, "document.querySelector('tr.selected').textContent.includes('video.black')") {
		t.Error("the table does not show which finding is selected")
	}
}

func TestTimelineMoves(t *testing.T) {
	t.Parallel()
	p := open(t, full(t), browser.Desktop(), "")
	axis := spot(p, "", 10, 20)
	smaller := func(what string, act func()) {
		t.Helper()
		if before, after := moved[float64](t, p, zoomed, act); after >= before {
			t.Errorf("%s: %g s became %g s", what, before, after)
		}
	}
	smaller("wheel over the axis", func() { p.Wheel(axis.X, axis.Y, -200, false) })
	lane := spot(p, "video.black", 10, 20)
	smaller("Ctrl and wheel over a lane", func() { p.Wheel(lane.X, lane.Y, -200, true) })
	smaller("button", func() { p.Click("#timeline-tools [aria-label='Zoom in']") })
	if before, after := moved[float64](t, p, viewFrom, func() { p.Drag(lane.X, lane.Y, lane.X-100, lane.Y) }); after <= before {
		t.Errorf("dragging to the left went from %g to %g", before, after)
	}
	p.Click("#timeline-tools [aria-label='Show all of the time']")
	p.Wait(zoomed + " === 20")
	axis = spot(p, "", 10, 20)
	p.ClickAt(axis.X, axis.Y)
	smaller("plus", func() { p.Type("+") })
	if before, after := moved[float64](t, p, cursor, func() { p.Type(kb.ArrowRight) }); after <= before {
		t.Errorf("arrow right went from %g to %g", before, after)
	}
	moved[float64](t, p, cursor, func() { p.Type(kb.End) })
	if at := browser.Eval[float64](p, cursor); at != 20 {
		t.Errorf("End goes to %g", at)
	}
	if _, heading := moved[string](t, p, selected, func() { p.Type(kb.ArrowUp) }); heading != "fail segment.missing" {
		t.Errorf("arrow up at the end selects %q", heading)
	}
	if text := browser.Eval[string](p, "document.querySelector('.axis .plot').getAttribute('aria-valuetext')"); text == "" {
		t.Error("the cursor is not told to those who do not see it")
	}
}

// TestHints: the mouse is told why something was not analysed.
func TestHints(t *testing.T) {
	t.Parallel()
	p := open(t, full(t), browser.Desktop(), "")
	gap := browser.Eval[point](p, "(() => { const e = document.querySelector('.lane.gap .plot'); e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect(); return {X: b.left + b.width * 0.65, Y: b.top + 5}; })()")
	p.Hover(gap.X, gap.Y)
	p.Wait("document.querySelector('.lane.gap .plot').title === 'failed: segment 6 is missing'")
	black := spot(p, "video.black", 4, 20)
	p.Hover(black.X, black.Y)
	p.Wait(laneOf("video.black") + ".title === 'fail video.black: black for 2.52 s'")
}

func TestTouch(t *testing.T) {
	t.Parallel()
	p := open(t, full(t), browser.Phone(), "")
	lane := spot(p, "video.black", 10, 20)
	before := browser.Eval[float64](p, zoomed)
	p.Pinch(lane.X, lane.Y, 40, 120)
	p.Wait(fmt.Sprintf("%s < %g", zoomed, before))
	if wide := browser.Eval[int](p, "document.documentElement.scrollWidth"); wide > 360 {
		t.Errorf("a phone has to scroll sideways: the page is %d wide", wide)
	}
}

func TestTableFiltersAndSorts(t *testing.T) {
	t.Parallel()
	p := open(t, full(t), browser.Desktop(), "")
	rows := "[...document.querySelectorAll('#findings tbody tr[data-key] a')].map((a) => a.textContent).join(' ')"
	expect := func(want string) {
		t.Helper()
		p.Wait(fmt.Sprintf("(%s) === %q", rows, want))
	}
	expect("video.black segment.missing audio.silence playlist.invalid")
	p.Click("th[data-sort=severity] button")
	expect("playlist.invalid audio.silence segment.missing video.black")
	p.Click("th[data-sort=start] button")
	expect("playlist.invalid video.black audio.silence segment.missing")
	p.Click("th[data-sort=code] button")
	expect("audio.silence playlist.invalid segment.missing video.black")
	p.Click("#filter-text")
	p.Type("BLACK v0")
	expect("video.black")
	p.Type(strings.Repeat(kb.Backspace, 8) + "minute")
	expect("audio.silence")
	p.Type(strings.Repeat(kb.Backspace, 6))
	set := func(id, value string) {
		browser.Eval[bool](p, fmt.Sprintf("(() => { const s = document.getElementById(%q); s.value = %q; return s.dispatchEvent(new Event('change')); })()", id, value))
	}
	set("filter-severity", "3")
	expect("segment.missing video.black")
	set("filter-where", "v1")
	expect("segment.missing")
	if n := browser.Eval[string](p, "document.querySelector('#filter .count').textContent"); n != "1 of 4" {
		t.Errorf("the table says %q", n)
	}
	set("filter-code", "video.black")
	p.Wait("document.querySelector('#findings tbody').textContent.includes('No finding is like this')")
	set("filter-where", "")
	set("filter-code", "")
	set("filter-severity", "0")
	browser.Eval[bool](p, "(document.querySelector('#findings tbody a').focus(), true)")
	if _, heading := moved[string](t, p, selected, func() { p.Type(kb.ArrowDown) }); heading != "info playlist.invalid" {
		t.Errorf("arrow down in the table selects %q", heading)
	}
	if text := browser.Eval[string](p, "document.activeElement.textContent"); text != "playlist.invalid" {
		t.Errorf("the focus is on %q", text)
	}
}

// many is a check with thousands of findings.
func many(t testing.TB, n int) CheckData {
	d := full(t)
	d.Report.Duration = 3600
	list := d.Report.Findings[:0:0]
	codes := []string{"video.black", "video.freeze", "video.blockiness", "video.judder", "audio.click", "audio.silence", "timestamp.gap"}
	for i := range n {
		at := jobs.Seconds(i) * 3600 / jobs.Seconds(n)
		code := codes[i%len(codes)]
		rendition := "v" + strconv.Itoa(i%2)
		if strings.HasPrefix(code, "audio") {
			rendition = "a0"
		}
		list = append(list, jobs.Finding{Code: code, Severity: []jobs.Severity{jobs.Info, jobs.Warn, jobs.Fail}[i%3], Rendition: rendition, Start: at, End: at + 0.4, Value: num(float64(i) / 10), Unit: "s", Confidence: 0.9,
			Message: fmt.Sprintf("finding %d of many, with a message as long as they usually are", i)})
	}
	d.Report.Findings = list
	return d
}

// TestManyFindings holds the page to what the wall of a control room needs: thousands of findings within a second, and only as many elements as can be seen.
func TestManyFindings(t *testing.T) {
	const n = 5000
	address := file(t, render(t, many(t, n)))
	best := math.Inf(1)
	p := browser.Blank(t, browser.Desktop())
	for range 3 {
		p.Go("about:blank")
		p.Go(address)
		p.Wait(ready)
		best = min(best, browser.Eval[float64](p, "performance.getEntriesByName('aircheck')[0].duration"))
	}
	t.Logf("%d findings: drawn after %.0f ms", n, best)
	if best > 1000 {
		t.Errorf("%d findings take %.0f ms", n, best)
	}
	if rows := browser.Eval[int](p, "document.querySelectorAll('#findings tbody tr').length"); rows > 120 {
		t.Errorf("%d rows are in the page", rows)
	}
	browser.Eval[bool](p, "(document.getElementById('findings').scrollTop = 1e9, true)")
	p.Wait(fmt.Sprintf("document.querySelector('#findings tbody').textContent.includes('finding %d of')", n-2)) // the last of the least severe ones
	pan := browser.Eval[float64](p, `(async () => {
		const plot = document.querySelector('.axis .plot');
		plot.dispatchEvent(new KeyboardEvent('keydown', {key: '+', bubbles: true}));
		let longest = 0;
		for (let i = 0; i < 20; i++) {
			const began = performance.now();
			plot.dispatchEvent(new KeyboardEvent('keydown', {key: 'PageDown', bubbles: true}));
			plot.dispatchEvent(new KeyboardEvent('keydown', {key: i % 2 ? '-' : '+', bubbles: true}));
			await new Promise((f) => requestAnimationFrame(() => setTimeout(f, 0)));
			longest += performance.now() - began;
		}
		return longest / 20;
	})()`)
	t.Logf("a move takes %.1f ms", pan)
	if pan > 100 { // one sees it stutter
		t.Errorf("a move takes %.1f ms", pan)
	}
}

// TestShots takes pictures of the pages for people to look at: AIRCHECK_SHOTS names where.
func TestShots(t *testing.T) {
	dir := os.Getenv("AIRCHECK_SHOTS")
	if dir == "" {
		t.Skip("AIRCHECK_SHOTS names no directory")
	}
	if name := os.Getenv("AIRCHECK_PAGE"); name != "" {
		look := browser.Look{Width: 1280, Height: 1500, Dark: os.Getenv("AIRCHECK_DARK") != ""}
		if os.Getenv("AIRCHECK_PHONE") != "" {
			look = browser.Look{Width: 360, Height: 4000, Touch: true}
		}
		p := browser.Open(t, "file://"+name, look)
		p.Wait("document.documentElement.dataset.ready")
		p.Shot(filepath.Join(dir, "page.png"), true)
		return
	}
	p := browser.Open(t, file(t, render(t, full(t))), browser.Look{Width: 1280, Height: 900, Plain: true})
	p.Shot(filepath.Join(dir, "check-plain.png"), true)
	for name, look := range map[string]browser.Look{"light": browser.Desktop(), "phone": browser.Phone()} {
		p = browser.Open(t, file(t, renderCompare(t, pairOf(t))), look)
		p.Wait("document.documentElement.dataset.ready")
		p.Shot(filepath.Join(dir, "compare-"+name+".png"), true)
	}
	looks := map[string]browser.Look{"light": browser.Desktop(), "dark": {Width: 1280, Height: 900, Dark: true}, "phone": browser.Phone()}
	for name, look := range looks {
		open(t, full(t), look, "").Shot(filepath.Join(dir, "check-"+name+".png"), true)
		p := open(t, full(t), look, "#f=video.black%2Fv0%2F3000000")
		p.Wait("!document.getElementById('detail').hidden")
		p.Shot(filepath.Join(dir, "check-"+name+"-selected.png"), true)
	}
}
