package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
	"aircheck/storage/mem"
	"aircheck/storage/storagetest"
)

func TestCurvesComeBack(t *testing.T) {
	t.Parallel()
	a, ctx, id := New(mem.New(nil)), t.Context(), jobs.NewID(time.Now(), nil)
	if _, err := a.Curves(ctx, id); !errors.Is(err, storage.ErrNotFound) {
		t.Fatalf("curves of nothing: %v", err)
	}
	c := &jobs.Curves{Renditions: []jobs.RenditionCurves{{Rendition: "v0", Step: 0.2, Curves: []jobs.Curve{
		{Name: jobs.CurveLuma, Unit: "code values", Low: []*jobs.Number{jobs.Figure(1), nil}, High: []*jobs.Number{jobs.Figure(2.5), nil}},
	}}}}
	for range 2 { // the second replaces the first
		if err := a.PutCurves(ctx, id, c); err != nil {
			t.Fatal(err)
		}
	}
	got, err := a.Curves(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	want := *c
	want.V = jobs.CurvesVersion
	if !reflect.DeepEqual(got, &want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDecodeCurvesRefuses(t *testing.T) {
	t.Parallel()
	points := strings.TrimSuffix(strings.Repeat("1,", jobs.MaxCurvePoints+1), ",")
	for name, doc := range map[string]string{
		"another version": `{"v":2,"renditions":[]}`,
		"no step":         `{"v":1,"renditions":[{"rendition":"v0","step":0,"curves":[]}]}`,
		"too many points": fmt.Sprintf(`{"v":1,"renditions":[{"rendition":"v0","step":1,"curves":[{"name":"luma","mean":[%s]}]}]}`, points),
		"no JSON":         `{"v":1`,
	} {
		if _, err := DecodeCurves([]byte(doc)); err == nil || jobs.ClassOf(err) != jobs.Permanent {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSignaturesComeBack(t *testing.T) {
	t.Parallel()
	a, ctx, id := New(mem.New(nil)), t.Context(), jobs.NewID(time.Now(), nil)
	want := []jobs.Signed{{Finding: "video.black/v0/0", Signature: jobs.Signature{Duration: 2, Pictures: [][]byte{{1, 2}, {}}, Levels: []int8{-128, -20}}}}
	if err := a.PutSignatures(ctx, id, want); err != nil {
		t.Fatal(err)
	}
	got, err := a.Signatures(ctx, id)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := a.PutSignatures(ctx, id, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := a.Signatures(ctx, id); err != nil || len(got) != 0 {
		t.Errorf("of no findings: %+v, %v", got, err)
	}
	many := `{"v":1,"signatures":[` + strings.TrimSuffix(strings.Repeat("{},", MaxSignatures+1), ",") + `]}`
	if _, err := DecodeSignatures([]byte(many)); err == nil {
		t.Error("too many signatures were read")
	}
}

func TestEvidenceComesBack(t *testing.T) {
	t.Parallel()
	a, ctx, id := New(mem.New(nil)), t.Context(), jobs.NewID(time.Now(), nil)
	if err := a.PutEvidenceFile(ctx, id, "strip-0.jpg", []byte("picture")); err != nil {
		t.Fatal(err)
	}
	e := &jobs.Evidence{Check: id, Items: []jobs.Proof{{Finding: "video.black/v0/0"}}}
	if err := a.PutEvidence(ctx, e); err != nil {
		t.Fatal(err)
	}
	got, err := a.Evidence(ctx, id)
	if err != nil || got.V != jobs.EvidenceVersion || len(got.Items) != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	body, size, err := a.EvidenceFile(ctx, id, "strip-0.jpg")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(body)
	if err != nil || string(text) != "picture" || size != 7 {
		t.Errorf("read %q of %d bytes, %v", text, size, err)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"../report.json", "a/b.jpg", "noending", ".jpg", ""} {
		if _, _, err := a.EvidenceFile(ctx, id, name); !errors.Is(err, storage.ErrBadKey) {
			t.Errorf("file %q: %v", name, err)
		}
	}
	if _, _, err := a.EvidenceFile(ctx, id, "none.jpg"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := a.PutEvidenceFile(ctx, id, "large.jpg", make([]byte, MaxEvidenceFileBytes+1)); !errors.Is(err, storage.ErrTooLarge) {
		t.Errorf("a file without bound: %v", err)
	}
}

func waiverOf(created time.Time, code string) *jobs.Waiver {
	return &jobs.Waiver{Code: code, Person: "Ada <ada@example.org>", Reason: "a film of 1927 is silent", Created: created}
}

func TestWaiversAndTheirLog(t *testing.T) {
	t.Parallel()
	a, ctx, now := New(mem.New(nil)), t.Context(), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	first, second := waiverOf(now, "audio.silence"), waiverOf(now.Add(time.Minute), "video.black")
	for _, w := range []*jobs.Waiver{first, second} {
		if err := a.PutWaiver(ctx, w); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.EndWaiver(ctx, first.ID, "Bob", now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := a.EndWaiver(ctx, first.ID, "Carol", now.Add(2*time.Hour)); err != nil {
		t.Fatal(err) // it ended already
	}
	list, err := a.Waivers(ctx)
	if err != nil || len(list) != 2 || list[0].ID != second.ID || list[1].EndedBy != "Bob" || !list[1].Ended.Equal(now.Add(time.Hour)) {
		t.Errorf("waivers %+v, %v", list, err)
	}
	log, err := a.AuditLog(ctx, 10)
	if err != nil || len(log) != 3 {
		t.Fatalf("log %+v, %v", log, err)
	}
	for i, want := range []jobs.AuditEntry{
		{Person: "Bob", Action: ActionEndWaiver, Object: first.ID},
		{Person: second.Person, Action: ActionWaive, Object: second.ID},
		{Person: first.Person, Action: ActionWaive, Object: first.ID},
	} {
		if e := log[i]; e.Person != want.Person || e.Action != want.Action || e.Object != want.Object {
			t.Errorf("entry %d is %+v, want %+v", i, e, want)
		}
	}
	if log, err := a.AuditLog(ctx, 1); err != nil || len(log) != 1 || log[0].Person != "Bob" {
		t.Errorf("the newest entry is %+v, %v", log, err)
	}
	if err := a.EndWaiver(ctx, jobs.NewID(now, nil), "Bob", now); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("end of no waiver: %v", err)
	}
}

func TestOneDamagedWaiverHidesNoOther(t *testing.T) {
	t.Parallel()
	store := mem.New(nil)
	a, ctx, now := New(store), t.Context(), time.Now()
	if err := a.PutWaiver(ctx, waiverOf(now, "video.black")); err != nil {
		t.Fatal(err)
	}
	for key, body := range map[string]string{"waivers/x.json": "{", "waivers/y.json": `{"id":"z"}`, "waivers/readme.txt": "", "waivers-log/x.json": "["} {
		if err := store.Put(ctx, key, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := a.Waivers(ctx); err != nil || len(list) != 1 {
		t.Errorf("waivers %+v, %v", list, err)
	}
	if log, err := a.AuditLog(ctx, 10); err != nil || len(log) != 1 {
		t.Errorf("log %+v, %v", log, err)
	}
}

// For a report no waiver is read that is of another code; one that an earlier release stored says its code nowhere else.
func TestWaiversForFindingsOfSomeCodes(t *testing.T) {
	t.Parallel()
	store, now := mem.New(nil), time.Now()
	read := 0
	a := New(&storagetest.Fake{Store: store, GetFunc: func(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
		read++
		return store.Get(ctx, key, off, n)
	}})
	for i, code := range []string{"audio.silence", "video.black", "video.freeze", "video.black", "odd/code"} {
		if err := a.PutWaiver(t.Context(), waiverOf(now.Add(time.Duration(i)*time.Second), code)); err != nil {
			t.Fatal(err)
		}
	}
	old := waiverOf(now.Add(-time.Hour), "video.black")
	old.ID = jobs.NewID(old.Created, nil)
	doc, err := encode("waiver", old, maxWaiverBytes)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Put(t.Context(), "waivers/"+old.ID+".json", doc); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		codes []string
		want  string
		read  int
	}{
		{nil, "", 0},
		{[]string{"sync.offset"}, "odd/code video.black", 2}, // those without a mark
		{[]string{"video.black", "video.black"}, "odd/code video.black video.black video.black", 4},
		{[]string{"video.freeze", "audio.silence"}, "odd/code video.freeze audio.silence video.black", 4},
	} {
		var findings []jobs.Finding
		for _, code := range tt.codes {
			findings = append(findings, jobs.Finding{Code: code})
		}
		read = 0
		list, err := a.WaiversFor(t.Context(), findings)
		var codes []string
		for _, w := range list {
			codes = append(codes, w.Code)
		}
		if got := strings.Join(codes, " "); err != nil || got != tt.want || read != tt.read {
			t.Errorf("%v: %q with %d reads, %v, want %q with %d", tt.codes, got, read, err, tt.want, tt.read)
		}
	}
}

func TestPutWaiverRefuses(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, spoil := range map[string]func(*jobs.Waiver){
		"no person":   func(w *jobs.Waiver) { w.Person = "" },
		"no reason":   func(w *jobs.Waiver) { w.Reason = "" },
		"no code":     func(w *jobs.Waiver) { w.Code = "" },
		"no time":     func(w *jobs.Waiver) { w.Created = time.Time{} },
		"a long text": func(w *jobs.Waiver) { w.Reason = strings.Repeat("é", maxReasonLength+1) },
		"a bad id":    func(w *jobs.Waiver) { w.ID = "../../x" },
	} {
		store := mem.New(nil)
		a, w := New(store), waiverOf(now, "video.black")
		spoil(w)
		if err := a.PutWaiver(t.Context(), w); err == nil || jobs.ClassOf(err) != jobs.Permanent {
			t.Errorf("%s: %v", name, err)
		}
		if list, err := a.Waivers(t.Context()); err != nil || len(list) > 0 {
			t.Errorf("%s: stored %+v, %v", name, list, err)
		}
	}
}
