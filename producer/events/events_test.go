package events

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
	"aircheck/storage/mem"
)

// place is a bucket called media, a store, and what was submitted. It is its own origin.
type place struct {
	media, store storage.Store
	desk         *Desk

	mu        sync.Mutex
	now       time.Time
	submitted []string // "id address", once for each call
	fail      error
}

func (p *place) Now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *place) Stat(ctx context.Context, uri string) (storage.Info, error) {
	_, key, _, err := storage.ParseS3(uri)
	if err != nil {
		return storage.Info{}, err
	}
	return p.media.Stat(ctx, key)
}

func (p *place) Open(context.Context, string, int64, int64) (io.ReadCloser, error) {
	return nil, errors.New("nothing is read here")
}

func (p *place) submit(_ context.Context, _ Rule, address, id string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return p.fail
	}
	p.submitted = append(p.submitted, id+" "+address)
	return nil
}

// checks are the distinct submissions, by address.
func (p *place) checks() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := slices.Clone(p.submitted)
	slices.Sort(list)
	list = slices.Compact(list)
	for i := range list {
		_, list[i], _ = strings.Cut(list[i], " ")
	}
	slices.Sort(list)
	return list
}

func newPlace(t *testing.T, rules ...Rule) *place {
	t.Helper()
	p := &place{now: time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)}
	p.media, p.store = mem.New(p.Now), mem.New(p.Now)
	p.desk = NewDesk(Config{Store: p.store, Origin: p, Submit: p.submit, Now: p.Now})
	if len(rules) == 0 {
		rules = []Rule{{Bucket: "media", Prefix: "in/"}}
	}
	p.desk.Set(rules)
	return p
}

func (p *place) put(t *testing.T, key, body string) {
	t.Helper()
	if err := p.media.Put(t.Context(), key, []byte(body)); err != nil {
		t.Fatal(err)
	}
}

func (p *place) work(t *testing.T, left int) {
	t.Helper()
	if n, err := p.desk.Work(t.Context()); err != nil || n != left {
		t.Fatalf("%d events are left, want %d, %v", n, left, err)
	}
}

func note(event, bucket, key, etag string) string {
	return fmt.Sprintf(`{"EventName":"s3:ObjectCreated:Put","Records":[{"eventVersion":"2.0","eventSource":"minio:s3","eventName":%q,`+
		`"s3":{"bucket":{"name":%q},"object":{"key":%q,"size":5,"eTag":%q,"sequencer":"17"}}}]}`, event, bucket, key, etag)
}

func TestParseNotification(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		note("s3:ObjectCreated:Put", "media", "in/my+film%20%231.mp4", `\"abc\"`): "media in/my film #1.mp4 abc",
		note("ObjectCreated:CompleteMultipartUpload", "media", "a.mp4", "abc-2"):  "media a.mp4 abc-2",
		note("s3:ObjectRemoved:Delete", "media", "a.mp4", ""):                     "",
		`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"media"}`:         "",
		`{"Records":[]}`: "",
		`{"Type":"SubscriptionConfirmation","SubscribeURL":"http://169.254.1.1/"}`: "error: messages of SNS",
		`{"Type":"Notification","Message":"{}"}`:                                   "error: messages of SNS",
		`{}`:                                                                       "error: no Records",
		`[]`:                                                                       "error: read notification",
		`{"Records":[`:                                                             "error: read notification",
		note("s3:ObjectCreated:Put", "media", "%zz", "x"):           "error: no bucket and key",
		note("s3:ObjectCreated:Put", "", "a", "x"):                  "error: no bucket and key",
		`{"Records":[` + strings.Repeat(`{},`, maxRecords) + `{}]}`: "error: at most 1000",
	} {
		list, err := ParseNotification([]byte(body))
		got := ""
		for _, o := range list {
			got += o.Bucket + " " + o.Key + " " + strings.Trim(o.ETag, `\"`)
		}
		if message, ok := strings.CutPrefix(want, "error: "); ok {
			if err == nil || !strings.Contains(err.Error(), message) {
				t.Errorf("%.80s: %v, want %q", body, err, message)
			}
		} else if err != nil || got != want {
			t.Errorf("%.80s: %q, %v, want %q", body, got, err, want)
		}
	}
}

func FuzzParseAccess(f *testing.F) {
	f.Add(note("s3:ObjectCreated:Put", "media", "a.mp4", "x"))
	f.Add(`[{"Event":[{"eventName":"s3:ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}],"EventTime":"2026"}]`)
	f.Add(" [")
	f.Fuzz(func(t *testing.T, body string) {
		list, err := ParseAccess([]byte(body))
		for _, o := range list {
			if err != nil || o.Bucket == "" || o.Key == "" {
				t.Errorf("%+v, %v", o, err)
			}
		}
	})
}

func TestRules(t *testing.T) {
	t.Parallel()
	media := Rule{Bucket: "media", Prefix: "in/"}
	for _, tt := range []struct {
		rule        Rule
		bucket, key string
		want        bool
	}{
		{media, "media", "in/a.MP4", true},
		{media, "media", "in/a.m3u8", false},
		{media, "media", "out/a.mp4", false},
		{media, "other", "in/a.mp4", false},
		{media, "media", "in/mp4", false},
		{media, "media", "in/../../private/a.mp4", false},
		{media, "media", "in/a..b.mp4", true},
		{Rule{Bucket: "/media", Prefix: "in/"}, "/media", "in/../../home/a.mp4", false},
		{Rule{Bucket: "media", Suffixes: []string{"master.m3u8", ".mxf"}}, "media", "x/Master.m3u8", true},
		{Rule{Bucket: "media", Suffixes: []string{"master.m3u8", ".mxf"}}, "media", "x/v0.m3u8", false},
	} {
		if got := tt.rule.Matches(Object{Bucket: tt.bucket, Key: tt.key}); got != tt.want {
			t.Errorf("%+v matches %s/%s: %t", tt.rule, tt.bucket, tt.key, got)
		}
	}
	if got := (Object{Bucket: "media", Key: "my film #1.mp4"}).Address(); got != "s3://media/my%20film%20%231.mp4" {
		t.Errorf("address %s", got)
	}
	if got := (Object{Bucket: "/srv/in", Key: "a b.mp4"}).Address(); got != "/srv/in/a b.mp4" {
		t.Errorf("address %s", got)
	}
}

// TestDuplicatesInAnyOrder: however often and in whatever order notifications of the versions of some objects come, what is there in the end is checked once, and
// nothing but what was there at some time is checked.
func TestDuplicatesInAnyOrder(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 3))
	p := newPlace(t)
	var heard []Object
	for range 200 {
		key := fmt.Sprintf("in/%d.mp4", random.IntN(4))
		if random.IntN(3) > 0 || len(heard) == 0 {
			p.put(t, key, fmt.Sprint("version ", random.IntN(3)))
			info, err := p.media.Stat(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			heard = append(heard, Object{Bucket: "media", Key: key, ETag: info.ETag, Size: info.Size})
		}
		// The newest, or one from before.
		o := heard[len(heard)-1]
		if random.IntN(2) == 0 {
			o = heard[random.IntN(len(heard))]
		}
		if _, err := p.desk.Take(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if random.IntN(5) == 0 {
			p.work(t, 0)
		}
	}
	for _, o := range heard { // each comes at least once
		if _, err := p.desk.Take(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	p.work(t, 0)
	versions := map[string]bool{}
	for _, s := range p.submitted {
		versions[s] = true
	}
	distinct := map[string]bool{}
	for _, o := range heard {
		distinct[o.Key+" "+o.ETag] = true
	}
	if len(versions) > len(distinct) {
		t.Errorf("%d checks of %d versions", len(versions), len(distinct))
	}
	for i := range 4 {
		o := Object{Bucket: "media", Key: fmt.Sprintf("in/%d.mp4", i)}
		info, err := p.media.Stat(t.Context(), o.Key)
		if err != nil {
			t.Fatal(err)
		}
		if !versions[ID(o, info)+" "+o.Address()] {
			t.Errorf("the last version of %s was not checked", o.Key)
		}
	}
}

// TestNothingIsLost: what cannot be submitted now is tried again, also by another process, and for a day.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.put(t, "in/a.mp4", "x")
	for range 2 {
		if wanted, err := p.desk.Take(t.Context(), Object{Bucket: "media", Key: "in/a.mp4", ETag: "1"}); !wanted || err != nil {
			t.Fatal(wanted, err)
		}
	}
	if wanted, err := p.desk.Take(t.Context(), Object{Bucket: "media", Key: "in/a.txt"}); wanted || err != nil {
		t.Error("what no rule is about is taken in", err)
	}
	p.fail = jobs.Classify(jobs.Transient, errors.New("redis is gone"))
	p.work(t, 1)
	p.fail = nil
	after := NewDesk(p.desk.cfg)
	after.Set(p.desk.Rules())
	p.desk = after
	p.work(t, 0)
	if got := p.checks(); !slices.Equal(got, []string{"s3://media/in/a.mp4"}) {
		t.Errorf("checks %q", got)
	}
	for _, key := range []string{"in/gone.mp4", "in/b.mp4"} {
		if _, err := p.desk.Take(t.Context(), Object{Bucket: "media", Key: key}); err != nil {
			t.Fatal(err)
		}
	}
	p.put(t, "in/b.mp4", "x")
	p.fail = errors.New("not now")
	p.work(t, 1) // what is gone is gone
	p.now = p.now.Add(25 * time.Hour)
	p.work(t, 0)
}

func TestWebhook(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.put(t, "in/a.mp4", "x")
	good := note("s3:ObjectCreated:Put", "media", "in/a.mp4", "1")
	server := httptest.NewServer(&Webhook{Desk: p.desk, Secret: "hunter2"})
	defer server.Close()
	for _, tt := range []struct {
		what, method, body string
		header             [2]string
		want               int
	}{
		{"no secret", "POST", good, [2]string{}, 401},
		{"wrong secret", "POST", good, [2]string{"Authorization", "Bearer hunter3"}, 401},
		{"wrong scheme", "POST", good, [2]string{"Authorization", "Basic hunter2"}, 401},
		{"bearer", "POST", good, [2]string{"Authorization", "Bearer hunter2"}, 200},
		{"as MinIO sends a bare token", "POST", good, [2]string{"Authorization", "hunter2"}, 200},
		{"header", "POST", good, [2]string{SecretHeader, "hunter2"}, 200},
		{"MinIO's question", "HEAD", "", [2]string{SecretHeader, "hunter2"}, 200},
		{"nothing", "POST", "", [2]string{SecretHeader, "hunter2"}, 200},
		{"other method", "DELETE", "", [2]string{SecretHeader, "hunter2"}, 405},
		{"no JSON", "POST", "hello", [2]string{SecretHeader, "hunter2"}, 400},
		{"too long", "POST", good + strings.Repeat(" ", maxBody), [2]string{SecretHeader, "hunter2"}, 413},
		{"SNS", "POST", `{"Type":"SubscriptionConfirmation"}`, [2]string{SecretHeader, "hunter2"}, 400},
		{"other bucket", "POST", note("s3:ObjectCreated:Put", "other", "in/a.mp4", "1"), [2]string{SecretHeader, "hunter2"}, 200},
	} {
		request, err := http.NewRequestWithContext(t.Context(), tt.method, server.URL+"/events", strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		if tt.header[0] != "" {
			request.Header.Set(tt.header[0], tt.header[1])
		}
		answer, err := server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != tt.want {
			t.Errorf("%s: %d, want %d", tt.what, answer.StatusCode, tt.want)
		}
	}
	if p.work(t, 0); len(p.submitted) != 1 {
		t.Errorf("submitted %q, want one: three notifications of one version were one event", p.submitted)
	}
	// Without a configured secret nobody is let in.
	w := httptest.NewRecorder()
	(&Webhook{Desk: p.desk}).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(good)))
	if w.Code != http.StatusUnauthorized {
		t.Errorf("without a secret: %d", w.Code)
	}
}

// broken is a store that takes nothing.
type broken struct{ storage.Store }

func (broken) PutNew(context.Context, string, []byte) error { return errors.New("the disk is full") }

func TestWebhookWithoutStore(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	cfg := p.desk.cfg
	cfg.Store = broken{p.store}
	desk := NewDesk(cfg)
	desk.Set(p.desk.Rules())
	w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(note("ObjectCreated:Put", "media", "in/a.mp4", "1")))
	r.Header.Set(SecretHeader, "x")
	if (&Webhook{Desk: desk, Secret: "x"}).ServeHTTP(w, r); w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestPoll: what is there at the first look is old, what is still being written waits, a new version is new, and a restart forgets nothing.
func TestPoll(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.put(t, "in/old.mp4", "x")
	rule := p.desk.Rules()[0]
	rule.Poll = time.Minute
	poll := func(want int) {
		t.Helper()
		poller := &Poller{Desk: p.desk, Now: p.Now, List: func(ctx context.Context, prefix string, fn func(string, storage.Info) error) error {
			_, key, _, err := storage.ParseS3(prefix)
			if err != nil {
				return err
			}
			return p.media.List(ctx, key, func(i storage.Info) error { return fn("s3://media/"+i.Key, i) })
		}}
		if n, err := poller.Poll(t.Context(), rule); err != nil || n != want {
			t.Errorf("%d new objects, want %d, %v", n, want, err)
		}
		p.work(t, 0)
	}
	poll(0)
	p.put(t, "in/new.mp4", "x")
	p.put(t, "out/new.mp4", "x")
	poll(0) // nobody knows whether it is finished
	p.now = p.now.Add(time.Minute)
	poll(1)
	poll(0)
	p.put(t, "in/old.mp4", "another version")
	p.now = p.now.Add(time.Minute)
	poll(1)
	if err := p.media.Delete(t.Context(), "in/new.mp4"); err != nil {
		t.Fatal(err)
	}
	poll(0)
	p.put(t, "in/new.mp4", "x")
	p.now = p.now.Add(time.Minute)
	poll(1) // it came again
	if got := p.checks(); !slices.Equal(got, []string{"s3://media/in/new.mp4", "s3://media/in/new.mp4", "s3://media/in/old.mp4"}) {
		t.Errorf("checks %q", got)
	}
	rule.Prefix, rule.Existing = "out/", true
	p.desk.Set([]Rule{rule})
	poll(1)
}
