package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/report"
	"aircheck/storage/mem"
	"aircheck/web/door"
)

// hostile is a text that is markup to whoever takes it for that, with a mark that turns the direction of what follows.
const hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202egnp.exe"

// madeReport is a report with findings, as a check of a live stream or of an input would have.
func madeReport(t testing.TB, id, input string, findings ...jobs.Finding) *report.Report {
	t.Helper()
	whole := []jobs.Interval{{End: 20, State: jobs.Analysed}}
	result := jobs.Result{
		Verdict: jobs.VerdictFail, Duration: 20, Findings: findings,
		Renditions: []jobs.Rendition{{ID: "v0", Kind: "video", Codec: "h264", Width: 640, Height: 360, Duration: 20}, {ID: "a0", Kind: "audio", Codec: "aac", Duration: 20}},
		Coverage:   []jobs.Coverage{{Rendition: "v0", Detector: "video.black", Intervals: whole}, {Rendition: "a0", Detector: "audio.silence", Intervals: whole}},
	}
	check := &jobs.Check{V: 1, ID: id, Input: input, Profile: jobs.Profile{Name: "default", Digest: "sha256:00"}}
	r, err := report.Build(check, result, "1.0.0", "5.1.9", report.Run{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func black(start, end jobs.Seconds) jobs.Finding {
	return jobs.Finding{Code: "video.black", Severity: jobs.Fail, Rendition: "v0", Start: start, End: end, Confidence: 1, Message: "the picture is black " + hostile}
}

// putReport stores a report; interim as the one so far.
func putReport(t testing.TB, a *archive.Archive, r *report.Report, interim bool) {
	t.Helper()
	doc, err := r.JSON()
	if err == nil && interim {
		err = a.PutInterim(t.Context(), r.Check.ID, doc)
	} else if err == nil {
		err = a.PutReport(t.Context(), r.Check.ID, doc)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func newArchive() *archive.Archive { return archive.New(mem.New(nil)) }

func testID(n int) string {
	return jobs.NewID(time.Unix(1_790_000_000+int64(n), 0), strings.NewReader("abcdefghij"))
}

// signed is a signature that is like no other.
func signed(f jobs.Finding) jobs.Signed {
	var pictures [][]byte
	for i := range 7 {
		p := make([]byte, 16*9)
		for k := range p {
			p[k] = byte((k*7 + i*31) % 200)
		}
		pictures = append(pictures, p)
	}
	return jobs.Signed{Finding: jobs.FindingKey(&f), Signature: jobs.Signature{Duration: f.End - f.Start, Pictures: pictures}}
}

// A check that will have no report does not look as if one had to wait for it.
func TestRecentChecksSayWhichWereGivenUp(t *testing.T) {
	t.Parallel()
	f := &fake{recent: []queue.RecentCheck{{ID: testID(1), Input: "a.mp4", GivenUp: true}, {ID: testID(2), Input: "b.mp4"}}}
	f.set(queue.StreamStatus{Stream: "news", Check: "news-20261122T18", Time: time.Now()})
	f.tell(jobs.Event{Stream: "news", Check: "news-20261122T17", Kind: jobs.EventGivenUp, Message: "no space left"})
	site, _, _ := newSiteOf(t, Config{Archive: newArchive(), source: f})
	for path, want := range map[string][]string{"/": {">given up<", ">running<"}, "/checks": {">given up<", ">running<"}, "/streams/news": {`<span class="sev s-fail">given up</span>`}} {
		body := get(site, path, nil).Body.String()
		for _, text := range want {
			if strings.Count(body, text) != 1 {
				t.Errorf("%s: %d times %s in\n%s", path, strings.Count(body, text), text, body)
			}
		}
	}
}

// tags are what a reader does not see, attributes and all: in them > is written &gt;.
var tags = regexp.MustCompile(`<[^>]*>`)

func TestHostileNamesAreText(t *testing.T) {
	t.Parallel()
	a, f := newArchive(), &fake{}
	id := testID(1)
	putReport(t, a, madeReport(t, id, "s3://bucket/"+hostile+".m3u8", black(1, 4)), false)
	f.recent = []queue.RecentCheck{{ID: id, Input: hostile, Created: time.Now(), Verdict: jobs.VerdictFail}}
	waiver := &jobs.Waiver{Code: "video.black", Stream: hostile, Check: id, Finding: black(1, 4), Reason: hostile, Person: hostile, Created: time.Now()}
	if err := a.PutWaiver(t.Context(), waiver); err != nil {
		t.Fatal(err)
	}
	// Redis may hold anything.
	f.set(queue.StreamStatus{Stream: hostile, Check: hostile, Time: time.Now(), Verdict: hostile})
	f.tell(jobs.Event{Stream: "news", Check: hostile, Kind: hostile, Finding: &jobs.Finding{Code: hostile, Rendition: hostile, Severity: hostile, Message: hostile}})
	f.set(queue.StreamStatus{Stream: "news", Check: hostile, Time: time.Now()})
	site, _, _ := newSiteOf(t, Config{Archive: a, source: f})
	for _, path := range []string{"/", "/checks", "/checks?q=" + url.QueryEscape(hostile), "/checks/" + id, "/waivers", "/streams/news", "/compare?a=" + url.QueryEscape(hostile) + "&b=x", "/compare?a=" + id + "&b=" + id} {
		w := get(site, path, nil)
		body := w.Body.String()
		if strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src=x") || strings.Contains(body, "\"'><img") {
			t.Errorf("%s holds markup of others", path)
		}
		if strings.ContainsRune(tags.ReplaceAllString(body, ""), '\u202e') {
			t.Errorf("%s turns the direction of a text", path)
		}
		if !strings.Contains(body, "alert") {
			t.Errorf("%s (%d) does not show the name", path, w.Code)
		}
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'self'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if strings.Contains(body, " style=\"") || strings.Contains(body, "onclick=") {
			t.Errorf("%s has script or style inline, which the policy forbids", path)
		}
	}
}

func TestCheckPages(t *testing.T) {
	t.Parallel()
	a := newArchive()
	done, live := testID(1), "news-20261122T18"
	putReport(t, a, madeReport(t, done, "/media/film.mp4", black(1, 4)), false)
	putReport(t, a, madeReport(t, live, "http://origin.example/news.m3u8", black(1, 4)), true)
	if err := a.PutEvidenceFile(t.Context(), done, "f0-first.jpg", []byte("picture")); err != nil {
		t.Fatal(err)
	}
	site, _, _ := newSiteOf(t, Config{Archive: a, source: &fake{}})
	for _, tt := range []struct {
		path string
		code int
		kind string
		has  string
	}{
		{"/checks/" + done, 200, "text/html", "film.mp4"},
		{"/checks/" + live, 200, "text/html", "/events?check="},
		{"/checks/" + testID(9), 404, "text/html", "is not here"},
		{"/checks/nonsense", 404, "text/html", "not the id"},
		{"/checks/" + done + "/report.json", 200, "application/json", "aircheck.report/v1"},
		{"/checks/" + done + "/report.junit", 200, "application/xml", "testsuite"},
		{"/checks/" + done + "/report.html", 200, "text/html", "film.mp4"},
		{"/checks/" + live + "/report.vtt", 200, "text/vtt", "WEBVTT"},
		{"/checks/" + done + "/report.exe", 404, "text/html", "no such form"},
		{"/checks/" + done + "/manifest.json", 404, "text/html", "no such form"},
		{"/checks/" + done + "/evidence/f0-first.jpg", 200, "image/jpeg", "picture"},
		{"/checks/" + done + "/evidence/f0-second.jpg", 404, "", ""},
		{"/checks/" + done + "/evidence/..%2freport.json", 404, "", ""},
		{"/checks/" + done + "/evidence/a.html", 404, "", ""},
		{"/checks?q=" + done, 303, "", ""},
		{"/compare?a=" + done + "&b=" + live, 200, "text/html", "film.mp4"},
		{"/compare?a=" + done + "&b=" + testID(9), 404, "text/html", "is not here"},
		{"/compare", 200, "text/html", "First check"},
		{"/streams/nobody", 404, "text/html", "Stream nobody was not followed in the last 26 hours."},
		{"/streams/Nobody", 404, "text/html", "no such stream"},
		{"/nowhere", 404, "", ""},
	} {
		w := get(site, tt.path, nil)
		if w.Code != tt.code || !strings.HasPrefix(w.Header().Get("Content-Type"), tt.kind) || !strings.Contains(w.Body.String(), tt.has) {
			t.Errorf("%s: %d %s, want %d %s with %q\n%.300s", tt.path, w.Code, w.Header().Get("Content-Type"), tt.code, tt.kind, tt.has, w.Body)
		}
	}
}

func TestUnfinishedCheck(t *testing.T) {
	t.Parallel()
	a, id := newArchive(), testID(1)
	if err := a.PutFailure(t.Context(), jobs.Failure{V: jobs.Version, Check: id, Attempts: 5, Message: hostile}); err != nil {
		t.Fatal(err)
	}
	site, _, _ := newSiteOf(t, Config{Archive: a, source: &fake{}})
	if w := get(site, "/checks/"+id, nil); w.Code != 200 || !strings.Contains(w.Body.String(), "could not be judged in 5 attempts") || strings.Contains(w.Body.String(), "<script>alert") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestCheckUnderWay(t *testing.T) {
	t.Parallel()
	a := newArchive()
	check := &jobs.Check{ID: testID(1), Input: hostile, Queue: "vod", Profile: jobs.Profile{Name: "default"}}
	check.Profile.Seal()
	check.Timeline = jobs.Timeline{Kind: jobs.SourceFile, Sequences: []jobs.Sequence{{ID: "s0", Mode: jobs.ModeObject, Duration: 2e6, Object: &jobs.Object{URI: "/a.mp4", Size: 1}}}}
	for i := range 2 {
		check.Windows = append(check.Windows, jobs.Window{Sequence: "s0", Index: i, Start: jobs.Micros(i) * 1e6, End: jobs.Micros(i+1) * 1e6, Head: i == 0, Foot: i == 1})
	}
	if err := a.Create(t.Context(), check); err != nil {
		t.Fatal(err)
	}
	if err := a.PutMeasurement(t.Context(), check.ID, check.Windows[0].ID(), []byte("x")); err != nil {
		t.Fatal(err)
	}
	site, _, _ := newSiteOf(t, Config{Archive: a, source: &fake{}})
	w := get(site, "/checks/"+check.ID, nil)
	if body := w.Body.String(); w.Code != 200 || !strings.Contains(body, "1 of 2 windows") || !strings.Contains(body, "data-reload") || strings.Contains(body, "<script>alert") {
		t.Errorf("%d %s", w.Code, body)
	}
}

// The page of a check that was given up says so, and an address that leads nowhere has a way back.
func TestPagesOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	a := newArchive()
	if err := a.PutFailure(t.Context(), jobs.Failure{V: jobs.Version, Check: testID(1), Message: hostile, Attempts: 5}); err != nil {
		t.Fatal(err)
	}
	site, _, _ := newSiteOf(t, Config{Archive: a, source: &fake{}})
	for path, want := range map[string]struct {
		code  int
		title string
	}{"/checks/" + testID(1): {200, "Given up"}, "/checks/" + testID(2): {404, "Not Found"}, "/nothing/at/all": {404, "Not Found"}} {
		w := get(site, path, nil)
		if body := w.Body.String(); w.Code != want.code || !strings.Contains(body, "<h1>"+want.title+"</h1>") || !strings.Contains(body, `<a class="brand" href="/">`) || strings.Contains(body, "<script>alert") {
			t.Errorf("%s: %d %s", path, w.Code, body)
		}
	}
	if w := post(site, "/nothing", nil, nil); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST to nothing: %d", w.Code)
	}
	locked, _, _ := newSite(t, "sesame")
	if w := get(locked, "/nothing", nil); w.Code != http.StatusUnauthorized {
		t.Errorf("without a password: %d", w.Code)
	}
}

func post(site http.Handler, path string, form url.Values, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w
}

func TestWaive(t *testing.T) {
	t.Parallel()
	a, id := newArchive(), testID(1)
	marked, plain := black(1, 4), black(8, 9)
	putReport(t, a, madeReport(t, id, "/media/film.mp4", marked, plain), false)
	if err := a.PutSignatures(t.Context(), id, []jobs.Signed{signed(marked)}); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 18, 30, 0, 0, time.UTC)
	site, _, _ := newSiteOf(t, Config{Archive: a, source: &fake{}, Now: func() time.Time { return now }})
	form := func(change ...string) url.Values {
		v := url.Values{"finding": {jobs.FindingKey(&marked)}, "reason": {"a break of the film"}, "expires": {"2026-12-31"}, "scope": {"stream"}}
		for i := 0; i < len(change); i += 2 {
			v.Set(change[i], change[i+1])
		}
		return v
	}
	for name, tt := range map[string]struct {
		path string
		form url.Values
		code int
	}{
		"no reason":         {"/checks/" + id + "/waive", form("reason", "  "), 400},
		"a novel":           {"/checks/" + id + "/waive", form("reason", strings.Repeat("x", maxReason+1)), 400},
		"yesterday":         {"/checks/" + id + "/waive", form("expires", "2026-11-21"), 400},
		"no date":           {"/checks/" + id + "/waive", form("expires", "soon"), 400},
		"no such finding":   {"/checks/" + id + "/waive", form("finding", "video.black/v0/1"), 400},
		"nothing to go by":  {"/checks/" + id + "/waive", form("finding", jobs.FindingKey(&plain)), 400},
		"no such check":     {"/checks/" + testID(5) + "/waive", form(), 404},
		"a path":            {"/checks/..%2f..%2fx/waive", form(), 404},
		"a form of 100 KB":  {"/checks/" + id + "/waive", form("more", strings.Repeat("x", 100_000)), 400},
		"no such waiver":    {"/waivers/" + testID(7) + "/end", nil, 404},
		"a path of waivers": {"/waivers/..%2fx/end", nil, 404},
	} {
		if w := post(site, tt.path, tt.form, nil); w.Code != tt.code {
			t.Errorf("%s: %d, want %d: %s", name, w.Code, tt.code, w.Body)
		}
	}
	if list, err := a.Waivers(t.Context()); err != nil || len(list) != 0 {
		t.Fatalf("%d waivers of bad forms, %v", len(list), err)
	}
	if w := post(site, "/checks/"+id+"/waive", form(), func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }); w.Code != 403 {
		t.Errorf("a form of another site: %d", w.Code)
	}
	if w := post(site, "/checks/"+id+"/waive", form(), nil); w.Code != 303 || w.Header().Get("Location") != "/checks/"+id {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	list, err := a.Waivers(t.Context())
	if err != nil || len(list) != 1 || list[0].Stream != "/media/film.mp4" || list[0].Person != "local" || list[0].Expires.Format(time.DateOnly) != "2027-01-01" || len(list[0].Signature.Pictures) != 7 {
		t.Fatalf("%+v, %v", list, err)
	}
	if w := get(site, "/checks/"+id, nil); !strings.Contains(w.Body.String(), "a break of the film") {
		t.Error("the page of the check does not show the waiver")
	}
	if w := get(site, "/waivers", nil); !strings.Contains(w.Body.String(), "a break of the film") || !strings.Contains(w.Body.String(), "<button>End</button>") {
		t.Error("the list does not show the waiver")
	}
	if w := post(site, "/waivers/"+list[0].ID+"/end", nil, nil); w.Code != 303 {
		t.Errorf("end it: %d %s", w.Code, w.Body)
	}
	body := get(site, "/waivers", nil).Body.String()
	if !strings.Contains(body, ">ended<") || strings.Contains(body, "<button>End</button>") || strings.Count(body, "end waiver") != 1 {
		t.Errorf("after its end:\n%s", body)
	}
	if w := get(site, "/checks/"+id, nil); strings.Contains(w.Body.String(), "a break of the film") {
		t.Error("a waiver that ended still greys the finding")
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/tokens.yaml"
	doc := "tokens:\n"
	for _, role := range []string{"viewer", "operator"} {
		doc += "  - {name: " + role + "-x, role: " + role + ", sha256: " + digestHex("secret-of-"+role) + "}\n"
	}
	if err := os.WriteFile(file, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	a, id := newArchive(), testID(1)
	putReport(t, a, madeReport(t, id, "/media/film.mp4", black(1, 4)), false)
	site, client, _ := newSiteOf(t, Config{Archive: a, source: &fake{}, Door: doorWith(t, door.Config{Tokens: file, Password: "sesame"})})
	if err := client.AnnounceQueues(t.Context()); err != nil {
		t.Fatal(err)
	}
	as := func(role string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer secret-of-"+role) }
	}
	if w := get(site, "/checks/"+id, nil); w.Code != 401 {
		t.Errorf("nobody sees a check: %d", w.Code)
	}
	viewer, operator := get(site, "/checks/"+id, as("viewer")), get(site, "/checks/"+id, as("operator"))
	if viewer.Code != 200 || strings.Contains(viewer.Body.String(), "/waive\"") || operator.Code != 200 || !strings.Contains(operator.Body.String(), "/waive\"") {
		t.Errorf("viewer %d, operator %d: only operators have the form", viewer.Code, operator.Code)
	}
	for path, want := range map[string][3]int{
		"/checks/" + id + "/waive":     {403, 400, 400},
		"/waivers/" + id + "/end":      {403, 404, 404},
		"/queues/api/queues/vod:pause": {403, 403, 204},
	} {
		for i, change := range []func(*http.Request){as("viewer"), as("operator"), withPassword("sesame")} {
			if w := post(site, path, nil, change); w.Code != want[i] {
				t.Errorf("%s as %d: %d, want %d", path, i, w.Code, want[i])
			}
		}
	}
	for who, want := range map[string]int{"viewer": 403, "operator": 403} {
		if w := get(site, "/queues/api/queues", as(who)); w.Code != want {
			t.Errorf("the queues for a %s: %d, want %d", who, w.Code, want)
		}
	}
	if w := get(site, "/login", nil); w.Code != 200 {
		t.Errorf("the form to log in: %d", w.Code)
	}
}
