package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"aircheck/jobs"
	"aircheck/jobs/queue"
	"aircheck/notify"
)

// fleet is a Redis with events, and a target that writes down what it is told.
type fleet struct {
	t      *testing.T
	redis  *miniredis.Miniredis
	client *queue.Client
	server *httptest.Server
	got    chan string

	mu   sync.Mutex
	down bool
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{t: t, redis: miniredis.RunT(t), got: make(chan string, 1000)}
	conn, err := queue.Open("redis://" + f.redis.Addr() + "/0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	f.client = queue.NewClient(conn)
	f.server = httptest.NewServer(http.HandlerFunc(f.take))
	t.Cleanup(f.server.Close)
	return f
}

func (f *fleet) take(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var e struct{ Data notify.Message }
	b, _ := io.ReadAll(r.Body)
	if err := json.Unmarshal(b, &e); err != nil {
		f.t.Error(err)
	}
	for _, i := range e.Data.Items {
		f.got <- fmt.Sprintf("%s %s", i.State, i.Finding.Code)
	}
}

func (f *fleet) setDown(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

func (f *fleet) tell(n int, kind jobs.EventKind, code string) {
	f.t.Helper()
	e := jobs.Event{
		ID: fmt.Sprint("news-20260301T20-", n), Kind: kind, Stream: "news", Check: "news-20260301T20",
		Finding: &jobs.Finding{Code: code, Severity: jobs.Fail, Rendition: "v0", Start: 1, End: 3},
	}
	if err := f.client.Publish(f.t.Context(), []jobs.Event{e}); err != nil {
		f.t.Fatal(err)
	}
}

// run starts a notifier; what it returns ends it and waits.
func (f *fleet) run(owner, group string, last bool) (stop func()) {
	f.t.Helper()
	path := filepath.Join(f.t.TempDir(), "notify.yaml")
	text := "targets: [{name: ops, kind: webhook, group: " + group + ", quiet: 0s, url: '" + f.server.URL + "'}]"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	watch := &notify.Watch{Path: path}
	r := &notify.Runner{
		Feed: f.client, Owner: owner, Last: last, Now: time.Now, Log: slog.New(slog.DiscardHandler), Sender: &notify.Sender{Env: os.Getenv, Now: time.Now},
		Config: func() (*notify.Config, bool) {
			c, changed, err := watch.Poll()
			if err != nil {
				f.t.Error(err)
			}
			return c, changed
		},
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			f.t.Error(err)
		}
	}
}

// leads waits until a process leads.
func (f *fleet) leads(owner string) {
	f.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		if v, err := f.redis.Get("aircheck:{notify}:leader"); err == nil && v == owner && f.redis.Exists("aircheck:{notify}:state") {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	f.t.Fatalf("%s does not lead", owner)
}

func (f *fleet) want(what string) {
	f.t.Helper()
	select {
	case got := <-f.got:
		if got != what {
			f.t.Fatalf("told %q, want %q", got, what)
		}
	case <-time.After(30 * time.Second):
		f.t.Fatalf("%q was not told", what)
	}
}

// TestRunner: what happened before anybody listened is old news; what a target does not take waits, also for another process.
func TestRunner(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.tell(1, jobs.EventOpened, "video.old")
	stop := f.run("first", "0s", false)
	f.leads("first")
	f.tell(2, jobs.EventOpened, "video.black")
	f.want("opened video.black")
	stopSecond := f.run("second", "0s", false)
	f.setDown(true)
	f.tell(3, jobs.EventOpened, "video.freeze")
	f.tell(3, jobs.EventOpened, "video.freeze") // told twice
	stop()
	f.leads("second") // at once, because the first one resigned
	f.setDown(false)
	f.want("opened video.freeze")
	f.tell(4, jobs.EventClosed, "video.black")
	f.want("closed video.black")
	stopSecond()
	select {
	case more := <-f.got:
		t.Errorf("also told %q", more)
	default:
	}
}

// TestLast: a process whose queue ends with it sends what it has collected before it goes.
func TestLast(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	stop := f.run("only", "1m", true)
	f.leads("only")
	f.tell(1, jobs.EventOpened, "video.black")
	f.tell(2, jobs.EventOpened, "video.freeze")
	f.tell(3, jobs.EventClosed, "video.freeze")
	stop()
	f.want("opened video.black")
	f.want("passed video.freeze")
	if len(f.got) > 0 {
		t.Errorf("also told %q", <-f.got)
	}
}
