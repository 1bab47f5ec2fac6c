package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/queue"
	"aircheck/report"
	"aircheck/web/api"
	"aircheck/worker/fold"
)

// served is an API on a store, a queue and an origin, as `aircheck web` makes it.
type served struct {
	*watching
	app    *app
	api    *api.API
	origin string
}

const vodPlaylist = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\ns0.ts\n#EXTINF:4,\ns1.ts\n#EXT-X-ENDLIST\n"

func newServed(t *testing.T, flags *apiFlags, live *liveFlags) *served {
	t.Helper()
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "empty.m3u8"):
			fmt.Fprint(w, "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-ENDLIST\n")
		case strings.HasSuffix(r.URL.Path, ".m3u8"):
			fmt.Fprint(w, vodPlaylist)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(origin.Close)
	s := &served{watching: newWatching(t), origin: origin.URL}
	s.app = newApp(s.env, &bytes.Buffer{}, &bytes.Buffer{})
	log := slog.New(slog.DiscardHandler)
	d, err := s.app.door(&doorFlags{}, log)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := queue.Open(strings.TrimPrefix(s.env[1], "AIRCHECK_REDIS="))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s.api, err = s.app.api(d, s.archive, conn, strings.TrimPrefix(s.env[0], "AIRCHECK_STORE="), flags, live, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.api.Close() })
	return s
}

// ask sends a request and decodes the answer into v, if it is JSON.
func (s *served) ask(t *testing.T, method, path, body string, v any, change func(*http.Request)) int {
	t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1:8080"+api.Prefix+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	s.api.ServeHTTP(w, r)
	if v != nil {
		if err := json.Unmarshal(w.Body.Bytes(), v); err != nil {
			t.Errorf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
	return w.Code
}

func keyed(key string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Idempotency-Key", key) }
}

func TestSubmitByRequest(t *testing.T) {
	t.Parallel()
	s := newServed(t, &apiFlags{}, nil)
	local := filepath.Join(t.TempDir(), "a.m3u8")
	if err := os.WriteFile(local, []byte(vodPlaylist), 0o600); err != nil {
		t.Fatal(err)
	}
	closed := closedPort(t)
	for body, want := range map[string]struct {
		status int
		detail string
	}{
		`{"input":"` + local + `"}`:                                                {422, "--allow-local-inputs"},
		`{"input":"file://` + local + `"}`:                                         {422, "--allow-local-inputs"},
		`{"input":"` + s.origin + `/a.m3u8","reference":"` + local + `"}`:          {422, "reference"},
		`{"input":"` + s.origin + `/a.m3u8","profile":"` + local + `"}`:            {422, "is none of default"},
		`{"input":"` + s.origin + `/a.m3u8","break_profile":"` + local + `"}`:      {422, "break_profile"},
		`{"input":"` + s.origin + `/a.m3u8","profile_yaml":"base: ` + local + `"}`: {422, "profile"},
		`{"input":"` + s.origin + `/a.m3u8","set":["video.black.fial=3s"]}`:        {422, "video.black.fial"},
		`{"input":"` + s.origin + `/a.m3u8","window":"1h"}`:                        {422, "--window"},
		`{"input":"` + s.origin + `/a.m3u8","queue":"judge"}`:                      {422, "judge"},
		`{"input":"` + s.origin + `/a.m3u8","id":"nightly"}`:                       {422, "id"},
		`{"input":"` + s.origin + `/a.m3u8","depth":"deep"}`:                       {422, "depth"},
		`{"input":"` + s.origin + `/none.mp4"}`:                                    {422, "none.mp4"},
		`{"input":"http://mia:hunter2@` + closed + `/a.m3u8"}`:                     {502, "refused"},
		`{"input":"gopher://host/a.m3u8"}`:                                         {422, "gopher"},
	} {
		var p api.Problem
		if code := s.ask(t, http.MethodPost, "/checks", body, &p, nil); code != want.status || !strings.Contains(p.Detail, want.detail) || strings.Contains(p.Detail, "hunter2") {
			t.Errorf("%s: %d %q, want %d and something about %q", body, code, p.Detail, want.status, want.detail)
		}
	}
	var made api.Submitted
	body := `{"input":"` + s.origin + `/a.m3u8?token=secret","profile":"dpp","window":"4s","queue":"live","profile_yaml":"video: {black: {fail: 9s}}"}`
	if code := s.ask(t, http.MethodPost, "/checks", body, &made, nil); code != 201 || made.Windows != 2 {
		t.Fatalf("%d %+v", code, made)
	}
	check, err := s.archive.Check(t.Context(), made.ID)
	if err != nil || check.Queue != "live" || check.WindowLength != 4e6 || check.Profile.Thresholds["video.black.fail"] != 9 || strings.Contains(check.Input, "secret") {
		t.Errorf("manifest %+v, %v", check, err)
	}
	var status api.CheckStatus
	if code := s.ask(t, http.MethodGet, "/checks/"+made.ID, "", &status, nil); code != 200 || status.State != "measuring" || *status.Sequences[0].Waiting != 2 {
		t.Errorf("%d %+v", code, status)
	}
	var list api.CheckList
	if code := s.ask(t, http.MethodGet, "/checks", "", &list, nil); code != 200 || list.Total != 1 || list.Checks[0].ID != made.ID {
		t.Errorf("%d %+v", code, list)
	}
	for _, path := range []string{"/report", "/report?interim=true"} {
		if code := s.ask(t, http.MethodGet, "/checks/"+made.ID+path, "", nil, nil); code != 409 {
			t.Errorf("%s of a check that goes on: %d", path, code)
		}
	}
	for _, path := range []string{"/verify", "/rejudge"} {
		if code := s.ask(t, http.MethodPost, "/checks/"+made.ID+path, `{"profile":"dpp"}`, nil, nil); code != 409 {
			t.Errorf("%s of a check that goes on: %d", path, code)
		}
	}
	s = newServed(t, &apiFlags{localInputs: true}, nil)
	if code := s.ask(t, http.MethodPost, "/checks", `{"input":"`+local+`"}`, nil, nil); code != 201 {
		t.Errorf("a path where paths are allowed: %d", code)
	}
	if code := s.ask(t, http.MethodPost, "/checks", `{"input":"a.m3u8"}`, nil, nil); code != 422 {
		t.Errorf("a path from nowhere: %d", code)
	}
}

func TestSubmitOnceByKey(t *testing.T) {
	t.Parallel()
	s := newServed(t, &apiFlags{}, nil)
	submit := func(body, key string) (int, string) {
		var made api.Submitted
		code := s.ask(t, http.MethodPost, "/checks", body, &made, keyed(key))
		return code, made.ID
	}
	body := `{"input":"` + s.origin + `/a.m3u8"}`
	first, id := submit(body, "night 1")
	again, same := submit(body, "night 1")
	if first != 201 || again != 200 || id != same {
		t.Errorf("%d %s, then %d %s", first, id, again, same)
	}
	if code, other := submit(body, "night 2"); code != 201 || other == id {
		t.Errorf("another key: %d %s", code, other)
	}
	for _, different := range []string{
		`{"input":"` + s.origin + `/b.m3u8"}`, `{"input":"` + s.origin + `/a.m3u8","profile":"dpp"}`, `{"input":"` + s.origin + `/a.m3u8","depth":"fast"}`,
		`{"input":"` + s.origin + `/a.m3u8","queue":"live"}`, `{"input":"` + s.origin + `/a.m3u8","break_profile":"dpp"}`,
	} {
		if code, _ := submit(different, "night 1"); code != 409 {
			t.Errorf("%s with a key that was used: %d, want 409", different, code)
		}
	}
}

// TestRequestsAnswerAsCommandsDo holds what the API says against what the commands print.
func TestRequestsAnswerAsCommandsDo(t *testing.T) {
	t.Parallel()
	s := newServed(t, &apiFlags{}, nil)
	id := s.check.ID // has nothing to measure
	folded, err := fold.Stored(t.Context(), s.archive, s.check)
	if err != nil {
		t.Fatal(err)
	}
	r, err := folded.Report(version, report.Run{})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.archive.PutReport(t.Context(), id, doc); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		command            []string
		method, path, body string
		list               string // what a list stands in
	}{
		{[]string{"version", "--format", "json"}, "GET", "/version", "", ""},
		{[]string{"status", id, "--format", "json"}, "GET", "/checks/" + id, "", ""},
		{[]string{"status", "--format", "json"}, "GET", "/fleet", "", ""},
		{[]string{"report", id, "--format", "json"}, "GET", "/checks/" + id + "/report", "", ""},
		{[]string{"verify", id, "--format", "json"}, "POST", "/checks/" + id + "/verify", "", ""},
		{[]string{"rejudge", id, "--profile", "ebu-r128", "--format", "json"}, "POST", "/checks/" + id + "/rejudge", `{"profile":"ebu-r128"}`, ""},
		{[]string{"estimate", s.origin + "/a.m3u8", "--window", "4s", "--format", "json"}, "POST", "/estimate", `{"input":"` + s.origin + `/a.m3u8","window":"4s"}`, ""},
		{[]string{"detectors", "--format", "json"}, "GET", "/detectors", "", "detectors"},
	} {
		code, stdout, stderr := exec(t, s.env, tt.command...)
		var command, request any
		if err := json.Unmarshal([]byte(stdout), &command); err != nil || code != 0 && code != 4 {
			t.Errorf("%v: exit status %d, %v, stderr %s", tt.command, code, err, stderr)
			continue
		}
		if status := s.ask(t, tt.method, tt.path, tt.body, &request, nil); status != 200 {
			t.Errorf("%s: %d %v", tt.path, status, request)
			continue
		}
		if tt.list != "" {
			request = request.(map[string]any)[tt.list]
		}
		if one, ok := command.(map[string]any); ok && tt.path == "/estimate" {
			delete(one, "input") // whoever asked by request knows it
		}
		if !alike(command, request) {
			t.Errorf("%v:\ncommand %v\nrequest %v", tt.command, command, request)
		}
	}
}

// alike compares JSON; what one side leaves out may be empty on the other.
func alike(a, b any) bool {
	one, ok1 := a.(map[string]any)
	other, ok2 := b.(map[string]any)
	if !ok1 || !ok2 {
		return reflect.DeepEqual(a, b)
	}
	keys := map[string]bool{}
	for k := range one {
		keys[k] = true
	}
	for k := range other {
		keys[k] = true
	}
	for k := range keys {
		if x, y := one[k], other[k]; !alike(x, y) && !(void(x) && void(y)) {
			return false
		}
	}
	return true
}

func void(v any) bool {
	list, ok := v.([]any)
	return v == nil || v == 0.0 || v == "" || ok && len(list) == 0
}

func TestBackfillByRequest(t *testing.T) {
	t.Parallel()
	s := newServed(t, &apiFlags{}, nil)
	body := func(more string) string {
		return `{"layout":"` + s.origin + `/{yyyy}/{mm}/{dd}/a.m3u8","from":"2026-11-01","to":"2026-11-04","rate":0` + more + `}`
	}
	var dry api.BackfillAnswer
	if code := s.ask(t, http.MethodPost, "/backfills", body(`,"dry_run":true`), &dry, nil); code != 200 || dry.Plan.Total.Checks != 3 || dry.Backfill != nil {
		t.Fatalf("dry run: %d %+v", code, dry)
	}
	if open, err := s.archive.Open(t.Context()); err != nil || len(open) != 1 {
		t.Errorf("a dry run submitted %v, %v", open, err)
	}
	var begun api.BackfillAnswer
	if code := s.ask(t, http.MethodPost, "/backfills", body(""), &begun, nil); code != 202 || begun.Backfill == nil {
		t.Fatalf("%d %+v", code, begun)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	var now api.Backfill
	for now.State = "running"; now.State == "running"; <-tick.C {
		if code := s.ask(t, http.MethodGet, "/backfills/"+begun.Backfill.ID, "", &now, nil); code != 200 {
			t.Fatalf("%d %+v", code, now)
		}
	}
	if now.State != "done" || now.Progress.Submitted != 3 || now.Progress.Left != 0 || now.Person != "local" {
		t.Errorf("%+v", now)
	}
	if code := s.ask(t, http.MethodPost, "/backfills", body(""), &dry, nil); code != 200 || dry.Plan.Total.Present != 3 {
		t.Errorf("the same again: %d %+v", code, dry.Plan.Total)
	}
	for more, want := range map[string]int{
		`,"timezone":"Mars"`: 422, `,"queue":"judge"`: 422, `,"every":"often"`: 422, `,"max_open":-1`: 422, `,"core_speed":-1`: 422, `,"target":"news"`: 422,
	} {
		if code := s.ask(t, http.MethodPost, "/backfills", body(more), nil, nil); code != want {
			t.Errorf("%s: %d, want %d", more, code, want)
		}
	}
	for _, place := range []string{`"target":"/etc/"`, `"target":"file:///etc/"`, `"layout":"/srv/{yyyy}/a.m3u8"`} {
		if code := s.ask(t, http.MethodPost, "/backfills", `{`+place+`,"from":"-1d"}`, nil, nil); code != 422 {
			t.Errorf("%s: %d, want 422", place, code)
		}
	}
}

func TestScheduleByRequest(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "streams.yaml")
	text := "streams: []\nschedule:\n  - name: nightly\n    cron: '0 3 * * *'\n    check: s3://media/{yyyy}/news.mp4\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newServed(t, &apiFlags{}, &liveFlags{streamsFile: path, profileFlags: profileFlags{profile: "default"}})
	var list api.ScheduleList
	if code := s.ask(t, http.MethodGet, "/schedules?runs=2", "", &list, nil); code != 200 || len(list.Schedules) != 1 || len(list.Schedules[0].Next) != 2 || list.Schedules[0].Name != "nightly" {
		t.Errorf("%d %+v", code, list)
	}
	s = newServed(t, &apiFlags{}, nil)
	if code := s.ask(t, http.MethodGet, "/schedules", "", nil, nil); code != 404 {
		t.Errorf("a server that knows of no schedule: %d, want 404: that is not an empty one", code)
	}
}

func TestTokensCommand(t *testing.T) {
	t.Parallel()
	code, line, stderr := exec(t, nil, "tokens", "new", "--name", "ci", "--role", "operator", "--expires", "30d")
	secret := strings.TrimSpace(stderr[strings.LastIndexByte(strings.TrimSpace(stderr), '\n')+1:])
	if code != 0 || !strings.HasPrefix(secret, "aircheck_") || strings.Contains(line, secret) {
		t.Fatalf("exit status %d, stdout %q, stderr %q", code, line, stderr)
	}
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	if err := os.WriteFile(path, []byte("tokens:\n"+line), 0o600); err != nil {
		t.Fatal(err)
	}
	a := newApp(nil, &bytes.Buffer{}, &bytes.Buffer{})
	d, err := a.door(&doorFlags{tokens: path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "http://fleet.example/", nil)
	r.Header.Set("Authorization", "Bearer "+secret)
	if p, refusal := d.Admit(r, 2); refusal != nil || p.Name != "ci" {
		t.Errorf("%+v, %v", p, refusal)
	}
	for _, bad := range [][]string{{"--role", "root"}, {"--name", "a b"}, {}, {"--name", "x", "--expires", "2020-01-01"}, {"--name", "x", "--expires", "-1h"}, {"--name", "x", "--expires", "soon"}, {"--name", "x", "--expires", "5xd"}} {
		if code, stdout, _ := exec(t, nil, append([]string{"tokens", "new"}, bad...)...); code != report.ExitUsage || stdout != "" {
			t.Errorf("%v: exit status %d, %q", bad, code, stdout)
		}
	}
	if _, err := a.door(&doorFlags{tokens: filepath.Join(t.TempDir(), "none")}, nil); err == nil {
		t.Error("a file that is not there")
	}
	if !jobs.ValidID(keyID("ci", "night 1")) || keyID("ci", "x") == keyID("cix", "") {
		t.Error("ids of keys")
	}
}
