package report

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"aircheck/internal/schema"
	"aircheck/jobs"
)

// fill sets every field of a value: whole lists get one element, numbers a half or one.
func fill(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), depth+1)
			}
		}
	case reflect.Pointer:
		if depth < 8 { // a profile has a profile
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), depth+2)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]any{"seconds": 1.5, "names": []string{"a"}}))
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Bool:
		v.SetBool(true)
	}
}

// fullReport has every member that a report can have.
func fullReport(t *testing.T) *Report {
	t.Helper()
	r := new(Report)
	fill(reflect.ValueOf(r).Elem(), 0)
	r.Schema, r.Verdict = Schema, jobs.VerdictFail
	r.Check.Profile.Digest, r.Check.Profile.Breaks.Digest = "sha256:00", "sha256:01"
	r.Check.Profile.Breaks.Breaks = nil
	r.Renditions[0].Kind, r.Renditions[0].FrameRate = "video", "25/1"
	r.Findings[0].Severity, r.Findings[0].Cause = jobs.Warn, "source"
	r.Coverage[0].Intervals[0].State, r.Coverage[0].Intervals[0].Depth = jobs.Analysed, jobs.DepthFast
	r.Summary.Markers[0].Kind = "break"
	doc, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if r.Digest, err = DigestOf(doc); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSchemaDescribesEveryMember: a member that is new in the code and not in the schema fails here.
func TestSchemaDescribesEveryMember(t *testing.T) {
	doc := document(t, fullReport(t))
	if err := schema.Strict(JSONSchema(), doc); err != nil {
		t.Errorf("%v\n%s", err, doc)
	}
}

func TestReportsAreValid(t *testing.T) {
	docs := map[string][]byte{
		"built": document(t, build(t, testCheck(), testResult(), Run{Timing: map[string]any{"seconds": 1.5}})),
		"a rendition without time": document(t, build(t, testCheck(), jobs.Result{
			Verdict: jobs.VerdictFail, Renditions: []jobs.Rendition{{ID: "v0", Kind: "video"}}, Coverage: []jobs.Coverage{{Rendition: "v0", Detector: "video.black"}},
		}, Run{})),
		"empty": document(t, build(t, testCheck(), jobs.Result{Verdict: jobs.VerdictIncomplete}, Run{})),
	}
	for _, text := range hostile() {
		r := hostileReport(t, text)
		for i := range r.Findings {
			r.Findings[i].Cause = "" // ours to choose from a list, never from outside
		}
		docs[text] = document(t, r)
	}
	goldens, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil || len(goldens) < 2 {
		t.Fatalf("%d golden reports, %v", len(goldens), err)
	}
	for _, name := range goldens {
		if docs[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	for name, doc := range docs {
		if err := schema.Strict(JSONSchema(), doc); err != nil {
			t.Errorf("%.60s: %v", name, err)
		}
	}
}

// TestSchemaRefuses: a schema that takes everything proves nothing.
func TestSchemaRefuses(t *testing.T) {
	good := string(document(t, build(t, testCheck(), testResult(), Run{})))
	if err := schema.Validate(JSONSchema(), []byte(strings.Replace(good, `"verdict"`, `"novelty": {"a": 1}, "verdict"`, 1))); err != nil {
		t.Errorf("consumers ignore what they do not know, the schema does not: %v", err)
	}
	for name, change := range map[string][2]string{
		"a verdict":      {`"verdict": "fail"`, `"verdict": "bad"`},
		"a severity":     {`"severity": "fail"`, `"severity": "fatal"`},
		"a schema":       {Schema, "aircheck.report/v9"},
		"no digest":      {`"digest": "sha256:`, `"digest2": "sha256:`},
		"a text as time": {`"start": 3,`, `"start": "3",`},
		"negative time":  {`"start": 3,`, `"start": -3,`},
		"confidence":     {`"confidence": 0.9`, `"confidence": 9`},
		"a state":        {`"state": "failed"`, `"state": "unknown"`},
		"null findings":  {`"findings": [`, `"findings": null, "x": [`},
	} {
		doc := strings.Replace(good, change[0], change[1], 1)
		if doc == good {
			t.Errorf("%s: nothing was changed", name)
		}
		if err := schema.Validate(JSONSchema(), []byte(doc)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// TestSchemaStandsInTheDocs: docs/report.schema.json is a copy, because what is embedded must lie beside the code.
func TestSchemaStandsInTheDocs(t *testing.T) {
	file := filepath.Join("..", "docs", "report.schema.json")
	if *update {
		if err := os.WriteFile(file, JSONSchema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	doc, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(doc, JSONSchema()) {
		t.Errorf("docs/report.schema.json differs from report/report.schema.json (%v): go test -update writes it anew", err)
	}
}
