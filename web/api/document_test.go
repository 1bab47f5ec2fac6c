package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"aircheck/web/door"
)

// described is the document, as a client sees it.
type described struct {
	doc      object
	compiler *jsonschema.Compiler
}

const documentURL = "http://fleet.example/openapi.json"

func describe(t *testing.T, b *bench) *described {
	t.Helper()
	w := b.ask(door.Viewer, get, "/openapi.json", "", nil)
	if w.Code != 200 {
		t.Fatalf("document: %d %s", w.Code, w.Body)
	}
	doc, err := jsonschema.UnmarshalJSON(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	d := &described{doc: doc.(object), compiler: jsonschema.NewCompiler()}
	d.compiler.AssertFormat()
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	if err := d.compiler.AddResource(documentURL, doc); err != nil {
		t.Fatal(err)
	}
	return d
}

// at follows keys into the document.
func (d *described) at(keys ...string) (object, bool) {
	at := d.doc
	for _, key := range keys {
		next, ok := at[key].(object)
		if !ok {
			return nil, false
		}
		at = next
	}
	return at, true
}

func pointer(keys ...string) string {
	var b strings.Builder
	for _, key := range keys {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(key))
	}
	return "#" + b.String()
}

// holds validates an answer against what the document says of the operation.
func (d *described) holds(t *testing.T, rt route, w *httptest.ResponseRecorder) {
	t.Helper()
	status, method := strconv.Itoa(w.Code), strings.ToLower(rt.method)
	response, ok := d.at("paths", rt.path, method, "responses", status)
	if !ok {
		t.Errorf("%s answers with %s, which the document does not know: %s", rt.id, status, w.Body)
		return
	}
	content, ok := response["content"].(object)
	if !ok {
		if w.Body.Len() > 0 {
			t.Errorf("%s answers %s with a body, which the document does not know", rt.id, status)
		}
		return
	}
	media, _, err := mime.ParseMediaType(w.Header().Get("Content-Type"))
	if _, ok := content[media].(object); err != nil || !ok {
		t.Errorf("%s answers %s with the type %q, which the document does not know: %v", rt.id, status, media, content)
		return
	}
	if !strings.HasSuffix(media, "json") {
		return
	}
	schema, err := d.compiler.Compile(documentURL + pointer("paths", rt.path, method, "responses", status, "content", media, "schema"))
	if err != nil {
		t.Errorf("%s: %v", rt.id, err)
		return
	}
	body, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.Body.Bytes()))
	if err == nil {
		err = schema.Validate(body)
	}
	if err != nil {
		t.Errorf("%s %s: %v\n%s", rt.id, status, err, w.Body)
	}
}

func TestDocumentIsOpenAPI(t *testing.T) {
	t.Parallel()
	d := describe(t, newBench(t))
	text, err := os.ReadFile("testdata/openapi-3.1/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	official, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("oas.json", official); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("oas.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(d.doc); err != nil {
		t.Error(err)
	}
	broken := object{"openapi": "3.1.0", "info": object{"title": "x"}}
	if schema.Validate(broken) == nil {
		t.Error("the schema holds for anything")
	}
	schemas, _ := d.at("components", "schemas")
	for name := range schemas {
		if _, err := d.compiler.Compile(documentURL + pointer("components", "schemas", name)); err != nil {
			t.Errorf("schema %s: %v", name, err)
		}
	}
}

// exercise is a request and the status that it has.
type exercise struct {
	path, body string
	status     int
	change     func(*http.Request)
}

func accept(media string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Accept", media) }
}

// exercises are requests of every operation, those that go well first.
func exercises(of string) map[string][]exercise {
	const none = "06ccd9v6m09h3ky1zj2q"
	return map[string][]exercise{
		"submitCheck": {
			{body: `{"input":"s3://media/a.mp4"}`, status: 201}, {body: `{"input":"s3://media/a.mp4","widnow":"60s"}`, status: 422}, {status: 415},
			{body: strings.Repeat(" ", maxBody) + "{}", status: 413},
		},
		"listChecks":      {{status: 200}, {path: "?limit=2&offset=1", status: 200}, {path: "?limit=0", status: 422}, {path: "?limti=3", status: 422}},
		"getCheck":        {{status: 200}, {path: "/checks/" + none, status: 404}, {path: "/checks/..%2f..%2fx", status: 404}},
		"rejudgeCheck":    {{body: `{"profile":"ebu-r128"}`, status: 200}, {body: `{"profile":"ebu-r128"}`, change: accept("text/csv"), status: 200}, {path: "/checks/" + other + "/rejudge", body: `{}`, status: 409}},
		"verifyCheck":     {{status: 200}, {path: "/checks/x/verify", status: 404}},
		"estimateCheck":   {{body: `{"input":"s3://media/a.mp4"}`, status: 200}, {body: `{}`, status: 422}},
		"getReport":       {{status: 200}, {path: of + "?format=junit", status: 200}, {path: of + "?format=pdf", status: 406}, {path: "/checks/" + other + "/report", status: 409}, {path: "/checks/" + none + "/report", status: 404}, {path: "/checks/" + other + "/report?interim=true", status: 200}},
		"getCurves":       {{status: 200}, {path: "/checks/" + other + "/curves", status: 404}},
		"getSignatures":   {{status: 200}, {path: "/checks/" + other + "/signatures", status: 404}},
		"getEvidence":     {{status: 200}, {path: "/checks/" + other + "/evidence", status: 404}},
		"getEvidenceFile": {{status: 200}, {path: "/checks/" + check + "/evidence/none.jpg", status: 404}, {path: "/checks/" + check + "/evidence/..%2freport.json", status: 404}},
		"listStreams":     {{status: 200}},
		"getStream":       {{status: 200}, {path: "/streams/none", status: 404}},
		"getHours":        {{status: 200}, {path: of + "?from=2026-11-22T00:00:00Z&to=2026-11-22T01:00:00Z", status: 200}, {path: of + "?from=now", status: 422}, {path: of + "?from=2020-01-01T00:00:00Z", status: 422}},
		"getEvents":       {{status: 200}, {path: "/events?after=0&stream=news", status: 200}, {path: "/events?after=now", status: 422}, {path: "/events?wait=1000", status: 422}},
		"beginBackfill":   {{body: `{"target":"news","from":"-7d"}`, status: 202}, {body: `{"target":"news","from":"-7d","dry_run":true}`, status: 200}, {body: `{"target":"news"}`, status: 422}},
		"listBackfills":   {{status: 200}},
		"getBackfill":     {{path: "/backfills/" + none, status: 404}},
		"stopBackfill":    {{path: "/backfills/" + none, status: 404}},
		"listSchedules":   {{status: 200}, {path: "/schedules?runs=3", status: 200}, {path: "/schedules?runs=x", status: 422}},
		"listWaivers":     {{status: 200}, {path: "/waivers?active=maybe", status: 422}},
		"waive":           {{body: `{"check":"` + check + `","finding":"video.black/v0/3000000","reason":"the artist wants it"}`, status: 201}, {body: `{"check":"x"}`, status: 422}, {body: `{"check":"` + check + `","finding":"video.black/v0/1","reason":"x"}`, status: 404}, {body: `{"check":"` + check + `","finding":"video.black/v0/3000000","reason":"x","expires":"2020-01-01T00:00:00Z"}`, status: 422}},
		"getWaiver":       {{path: "/waivers/" + none, status: 404}},
		"endWaiver":       {{path: "/waivers/" + none, status: 404}},
		"getAudit":        {{status: 200}, {path: "/audit?limit=100000", status: 422}},
		"listProfiles":    {{status: 200}},
		"getProfile":      {{status: 200}, {path: "/profiles/default?set=video.black.fail=3s", status: 200}, {path: "/profiles/etc%2fpasswd", status: 404}},
		"listDetectors":   {{status: 200}},
		"getDetector":     {{status: 200}, {path: "/detectors/video.none", status: 404}},
		"listRules":       {{status: 200}},
		"getFleet":        {{status: 200}},
		"getVersion":      {{status: 200}},
		"getIdentity":     {{status: 200}},
		"getDocument":     {{status: 200}},
	}
}

// filled is the path of a route with something that exists in it.
func filled(rt route) string {
	return strings.NewReplacer("{id}", check, "{file}", "first-0.jpg", "{name}", map[bool]string{true: "default", false: "news"}[rt.tag == "catalogue"], "{code}", "video.black").Replace(rt.path)
}

// TestEveryRequestIsAsTheDocumentSays sends requests of every operation and holds the answers against the document, with a validator that is not ours.
func TestEveryRequestIsAsTheDocumentSays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	d := describe(t, b)
	seen := 0
	for _, rt := range routes() {
		if _, ok := d.at("paths", rt.path, strings.ToLower(rt.method)); !ok {
			t.Errorf("the document has no %s %s", rt.method, rt.path)
		}
		list := exercises(filled(rt))[rt.id]
		if len(list) == 0 {
			t.Errorf("no request of %s is tested", rt.id)
		}
		for _, e := range list {
			path := e.path
			switch {
			case path == "":
				path = filled(rt)
			case strings.HasPrefix(path, "?"):
				path = filled(rt) + path
			}
			w := b.ask(door.Operator, rt.method, path, e.body, e.change)
			if w.Code != e.status {
				t.Errorf("%s %s %.200s: %d, want %d: %s", rt.method, path, e.body, w.Code, e.status, w.Body)
			}
			d.holds(t, rt, w)
			if strings.Contains(w.Body.String(), "<script") && strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
				t.Errorf("%s shows markup of others", rt.id)
			}
		}
		seen++
	}
	operations := 0
	paths, _ := d.at("paths")
	for _, item := range paths {
		operations += len(item.(object))
	}
	if operations != seen {
		t.Errorf("the document has %d operations, the mux %d", operations, seen)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	d := describe(t, b)
	for _, rt := range routes() {
		op, _ := d.at("paths", rt.path, strings.ToLower(rt.method))
		if op["x-role"] != rt.role.String() || !strings.Contains(op["description"].(string), rt.role.String()) {
			t.Errorf("the document does not say who may do %s", rt.id)
		}
		if rt.method != get && rt.role < door.Operator {
			t.Errorf("a viewer may %s", rt.id)
		}
		for role, want := range map[door.Role]int{0: http.StatusUnauthorized, rt.role - 1: http.StatusForbidden} {
			if role < door.Viewer {
				role, want = 0, http.StatusUnauthorized
			}
			w := b.ask(role, rt.method, filled(rt), "", nil)
			d.holds(t, rt, w)
			if w.Code != want || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s as %s: %d %v, want %d", rt.id, role, w.Code, w.Header(), want)
			}
			if want == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s asks for nothing", rt.id)
			}
		}
	}
}

func TestNowhere(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for request, want := range map[string]int{
		"GET /nowhere": 404, "GET /": 404, "GET /checks/a/b/c/d": 404, "PUT /checks": 405, "DELETE /version": 405, "POST /checks/" + check: 405, "HEAD /version": 200,
	} {
		method, path, _ := strings.Cut(request, " ")
		w := b.ask(door.Viewer, method, path, "", nil)
		if w.Code != want || (want == 405) != (w.Header().Get("Allow") != "") {
			t.Errorf("%s: %d %v, want %d", request, w.Code, w.Header(), want)
		}
	}
	if w := b.ask(0, get, "/nowhere", "", nil); w.Code != 401 {
		t.Errorf("nobody learns what there is: %d", w.Code)
	}
}

func TestBodiesAreStrict(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		``: "empty", `{`: "ends in the middle", `[]`: "array", `"x"`: "string", `{"input":1}`: "input: is a JSON number, want string, line 1",
		"{\n \"input\":\"a\",\n \"set\":[1]}": "line 3", `{"input":"a"}{}`: "more than one", `{"inptu":"a"}`: `unknown field "inptu"`, `{"input" "a"}`: "line 1, column",
	} {
		var r CheckRequest
		if p := strictly([]byte(body), &r); p == nil || !strings.Contains(p.Detail, want) || p.Status != 422 {
			t.Errorf("%q: %v, want %q", body, p, want)
		}
	}
	var r CheckRequest
	if p := strictly([]byte(`{"input":"a","profile":"dpp","window":"30s","set":["a=1"]}`), &r); p != nil || r.Profile != "dpp" || r.Window != "30s" {
		t.Errorf("%+v, %v", r, p)
	}
}

func FuzzStrictly(f *testing.F) {
	f.Add([]byte(`{"input":"a","profile":"dpp"}`))
	f.Add([]byte(`{"input":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var r CheckRequest
		p := strictly(body, &r)
		if p == nil && !json.Valid(body) {
			t.Errorf("%q is no JSON", body)
		}
		if p != nil && (p.Detail == "" || p.Status != 422) {
			t.Errorf("%q: %+v", body, p)
		}
	})
}

func TestSchemasKnowTheirNames(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	d := describe(t, b)
	schemas, _ := d.at("components", "schemas")
	for _, name := range []string{"Report", "ReportCheck", "Finding", "CheckRequest", "Problem", "Waiver"} {
		if _, ok := schemas[name]; !ok {
			t.Errorf("no schema %s", name)
		}
	}
	request, _ := d.at("components", "schemas", "CheckRequest")
	if request["additionalProperties"] != false || fmt.Sprint(request["required"]) != "[input]" {
		t.Errorf("CheckRequest %v", request)
	}
	report, _ := d.at("components", "schemas", "Report")
	if _, ok := report["additionalProperties"]; ok {
		t.Error("consumers of reports have to take what they do not know")
	}
	properties, _ := d.at("components", "schemas", "Report", "properties")
	var names []string
	for name := range properties {
		names = append(names, name)
	}
	for _, want := range []string{"schema", "check", "verdict", "findings", "coverage", "digest"} {
		if !slices.Contains(names, want) {
			t.Errorf("a report has no %s: %v", want, names)
		}
	}
}

// update rewrites docs/openapi.json.
var update = flag.Bool("update", false, "rewrite docs/openapi.json")

func TestDocumentInTheDocs(t *testing.T) {
	t.Parallel()
	const path = "../../docs/openapi.json"
	doc, err := document(routes(), "dev")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, doc, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, doc) {
		t.Errorf("%s is not what the server says: go test ./web/api -run TestDocumentInTheDocs -update", path)
	}
}
