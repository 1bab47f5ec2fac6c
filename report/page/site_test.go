package page

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"aircheck/internal/browser"
	"aircheck/internal/need"
	"aircheck/jobs"
)

// testSite serves one check page as a site does: assets as files, a strict policy, events.
type testSite struct {
	t      *testing.T
	url    string
	mu     sync.Mutex
	data   CheckData
	told   chan struct{} // a value is an event
	posted chan map[string]string
	end    chan struct{}
}

func serve(t *testing.T, d CheckData) *testSite {
	t.Helper()
	s := &testSite{t: t, data: d, told: make(chan struct{}, 1), posted: make(chan map[string]string, 1), end: make(chan struct{})}
	assets, err := Assets()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /checks/c0ffee", s.page)
	mux.HandleFunc("GET /events", s.events)
	mux.HandleFunc("POST /checks/c0ffee/waive", s.waive)
	for name, kind := range map[string]string{StyleName: "text/css", ScriptName: "text/javascript"} {
		mux.HandleFunc("GET /static/"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write(assets[name])
		})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(s.end) }) // before the server waits for its connections
	s.url = server.URL + "/checks/c0ffee"
	return s
}

func (s *testSite) page(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data.Site = &Site{Asset: func(name string) (string, error) { return "/static/" + name, nil }, Nav: []Link{{Text: "Wall", URL: "/"}, {Text: "Checks", URL: "/checks", Current: true}}, User: "ada"}
	w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := WriteCheck(w, s.data); err != nil {
		s.t.Error(err)
	}
}

func (s *testSite) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	for {
		_ = http.NewResponseController(w).Flush()
		select {
		case <-s.told:
			fmt.Fprint(w, "event: finding\ndata: {}\n\n")
		case <-r.Context().Done():
			return
		case <-s.end:
			return
		}
	}
}

func (s *testSite) waive(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.t.Error(err)
	}
	form := map[string]string{}
	for name := range r.PostForm {
		form[name] = r.PostForm.Get(name)
	}
	s.posted <- form
	http.Redirect(w, r, "/checks/c0ffee", http.StatusSeeOther)
}

func (s *testSite) change(f func(d *CheckData)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.data)
}

// TestLivePageGrows: news arrive, and the reader stays where they are.
func TestLivePageGrows(t *testing.T) {
	t.Parallel()
	d := full(t)
	d.Live, d.Events = true, "/events"
	s := serve(t, d)
	p := browser.Open(t, s.url+"#f=video.black%2Fv0%2F3000000", browser.Desktop())
	p.Wait(ready)
	p.Click("#timeline-tools [aria-label='Zoom in']")
	p.Wait(zoomed + " === 10")
	p.Click("#filter-text")
	p.Type("video")
	from := browser.Eval[float64](p, viewFrom)
	s.change(func(d *CheckData) {
		d.Report.Duration = 40
		d.Report.Verdict = jobs.VerdictIncomplete
		d.Report.Findings = append(d.Report.Findings, jobs.Finding{Code: "video.freeze", Severity: jobs.Fail, Rendition: "v0", Start: 25, End: 31, Confidence: 1, Message: "it stands still"})
	})
	s.told <- struct{}{}
	p.Wait("document.querySelector('#findings tbody').textContent.includes('it stands still')")
	if got := browser.Eval[string](p, "document.querySelector('.word').textContent"); got != "INCOMPLETE" {
		t.Errorf("the verdict is %s", got)
	}
	p.Wait(zoomed + " === 10")
	if got := browser.Eval[float64](p, viewFrom); got != from {
		t.Errorf("the view moved from %g to %g", from, got)
	}
	p.Wait(selected + " === 'fail video.black'")
	if got := browser.Eval[string](p, "document.activeElement.id + ' ' + document.activeElement.value + ' ' + document.querySelector('#filter .count').textContent"); got != "filter-text video 2 of 5" {
		t.Errorf("the filter is %q", got)
	}
	if p.Type("x"); browser.Eval[string](p, "document.getElementById('filter-text').value") != "videox" {
		t.Error("one cannot go on typing")
	}
}

// TestWaiveForm: the form posts what the site needs.
func TestWaiveForm(t *testing.T) {
	t.Parallel()
	d := full(t)
	d.CanWaive, d.WaiveURL = true, "/checks/c0ffee/waive"
	s := serve(t, d)
	p := browser.Open(t, s.url+"#f=video.black%2Fv0%2F3000000", browser.Desktop())
	p.Wait(ready)
	p.Click(".waiving summary")
	p.Click(".waiving [name=reason]")
	p.Type("it is meant <so>")
	p.Click(".waiving button")
	form := <-s.posted
	for name, want := range map[string]string{"finding": "video.black/v0/3000000", "reason": "it is meant <so>", "expires": "", "scope": "stream"} {
		if form[name] != want {
			t.Errorf("%s is %q, want %q", name, form[name], want)
		}
	}
	p.Wait("location.hash === '' && " + ready) // where the answer leads to; going on before would break that off
	p.Go(s.url + "#f=audio.silence%2Fa0%2F5000000")
	p.Wait(ready + " && " + selected)
	if browser.Eval[bool](p, "document.querySelector('.waiving') !== null") {
		t.Error("what is waived can be waived again")
	}
}

// TestPlayerGoesThere: with a real file in a page from a disk.
func TestPlayerGoesThere(t *testing.T) {
	t.Parallel()
	ffmpeg := need.Tool(t, "ffmpeg")
	clip := filepath.Join(t.TempDir(), "a clip with #, % and é.webm")
	out, err := exec.Command(ffmpeg, "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=20", "-c:v", "libvpx", "-g", "25", "-b:v", "200k", "-deadline", "realtime", "-cpu-used", "8", clip).CombinedOutput()
	if err != nil {
		t.Fatalf("make clip: %v: %s", err, out)
	}
	d := full(t)
	d.Player = &Player{Media: fileURL(clip)}
	p := open(t, d, browser.Desktop(), "")
	p.Wait("document.querySelector('video').readyState >= 1")
	at := spot(p, "segment.missing", 13, 20)
	p.ClickAt(at.X, at.Y)
	p.Wait("document.querySelector('video').currentTime === 12 && !document.querySelector('video').seeking")
	axis := spot(p, "", 5, 20)
	p.ClickAt(axis.X, axis.Y)
	p.Wait("Math.abs(document.querySelector('video').currentTime - 5) < 0.1")
	p.Wait("!document.querySelector('.lanes .playhead').hidden")
	browser.Eval[bool](p, "document.querySelector('video').play().then(() => true)")
	p.Wait("document.querySelector('video').currentTime > 5.3")
	head := "new DOMMatrix(getComputedStyle(document.querySelector('.lanes .playhead')).transform).e"
	moved[float64](t, p, head, func() {})
	lane := browser.Eval[point](p, "(() => { const b = document.querySelector('.overview').getBoundingClientRect(); return {X: b.left + b.width * 0.75, Y: b.top + 5}; })()")
	p.ClickAt(lane.X, lane.Y)
	p.Wait("Math.abs(document.querySelector('video').currentTime - 15) < 1")
}

// TestPlayerThatCannot says so, and the rest of the page goes on.
func TestPlayerThatCannot(t *testing.T) {
	t.Parallel()
	d := full(t)
	d.Player = &Player{Media: fileURL(filepath.Join(t.TempDir(), "gone.mp4"))}
	p := open(t, d, browser.Desktop(), "")
	p.Wait("document.getElementById('player').textContent.includes('The file cannot be played: it is not where it was')")
	at := spot(p, "video.black", 4, 20)
	p.ClickAt(at.X, at.Y)
	p.Wait(selected + " === 'fail video.black'")
	for _, text := range p.Wrong() {
		if !strings.Contains(text, "ERR_FILE_NOT_FOUND") {
			t.Error(text)
		}
	}
}
