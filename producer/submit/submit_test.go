package submit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/storage"
	"aircheck/storage/mem"
)

// fakeQueue notes what is enqueued, and whether the manifest was there by then.
type fakeQueue struct {
	mu       sync.Mutex
	archive  *archive.Archive
	expected int
	tasks    []jobs.Task
	queues   map[string]bool
	judged   int
	recent   []string
	failAt   int
	early    bool
}

func (q *fakeQueue) TellRecent(_ context.Context, check *jobs.Check) error {
	q.recent = append(q.recent, check.ID)
	return errors.New("no list")
}

func (q *fakeQueue) Expect(ctx context.Context, check string, n int) error {
	q.expected = n
	_, err := q.archive.Check(ctx, check)
	q.early = err != nil
	return nil
}

func (q *fakeQueue) EnqueueWindow(_ context.Context, task jobs.Task, queue string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.tasks)+1 == q.failAt {
		return errors.New("redis is gone")
	}
	q.tasks = append(q.tasks, task)
	q.queues[queue] = true
	return nil
}

func (q *fakeQueue) EnqueueJudge(context.Context, string, int) error { q.judged++; return nil }

// origin serves playlists from memory.
type origin map[string]string

func (o origin) Stat(_ context.Context, uri string) (storage.Info, error) {
	body, ok := o[uri]
	if !ok {
		return storage.Info{}, fmt.Errorf("%s: %w", uri, storage.ErrNotFound)
	}
	return storage.Info{Key: uri, Size: int64(len(body))}, nil
}

func (o origin) Open(_ context.Context, uri string, off, n int64) (io.ReadCloser, error) {
	body, ok := o[uri]
	if !ok {
		return nil, fmt.Errorf("%s: %w", uri, storage.ErrNotFound)
	}
	body = body[min(int(off), len(body)):]
	if n >= 0 {
		body = body[:min(int(n), len(body))]
	}
	return io.NopCloser(strings.NewReader(body)), nil
}

func playlist(segments int) string {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n")
	for i := range segments {
		fmt.Fprintf(&b, "#EXTINF:4,\ns%d.ts\n", i)
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	return b.String()
}

func newSubmitter(segments int) (*Submitter, *fakeQueue) {
	a := archive.New(mem.New(nil))
	q := &fakeQueue{archive: a, queues: map[string]bool{}}
	return &Submitter{
		Archive: a, Queue: q, Origin: origin{"s3://media/a.m3u8": playlist(segments)},
		Now: func() time.Time { return time.Unix(1_800_000_000, 0) },
	}, q
}

func options() Options {
	o := Options{Profile: jobs.Profile{Name: "default"}, Window: 8e6, Queue: "live"}
	o.Profile.Seal()
	return o
}

func TestSubmit(t *testing.T) {
	t.Parallel()
	s, q := newSubmitter(10)
	check, err := s.Submit(t.Context(), "s3://media/a.m3u8", options())
	if err != nil {
		t.Fatal(err)
	}
	if q.early {
		t.Error("something was enqueued before the manifest was there")
	}
	stored, err := s.Archive.Check(t.Context(), check.ID)
	if err != nil || stored.Input != "s3://media/a.m3u8" || !stored.Created.Equal(s.Now()) || stored.Queue != "live" || stored.WindowLength != 8e6 {
		t.Fatalf("manifest %+v, %v", stored, err)
	}
	if len(q.tasks) != 5 || q.expected != 5 || len(stored.Windows) != 5 || !q.queues["live"] || len(q.queues) != 1 {
		t.Errorf("%d tasks on %v, %d expected, %d windows; want five of each on live", len(q.tasks), q.queues, q.expected, len(stored.Windows))
	}
	if len(q.recent) != 1 || q.recent[0] != check.ID {
		t.Errorf("told of %v", q.recent) // and that the list is not there costs no check
	}
	for _, task := range q.tasks {
		if task.Check != check.ID || task.Epoch != 0 {
			t.Errorf("task %+v", task)
		}
	}
	if open, err := s.Archive.Open(t.Context()); err != nil || len(open) != 1 || open[0].ID != check.ID {
		t.Errorf("open %v, %v", open, err)
	}
}

func TestStreamWithoutSegmentsIsJudgedAtOnce(t *testing.T) {
	t.Parallel()
	s, q := newSubmitter(0)
	if _, err := s.Submit(t.Context(), "s3://media/a.m3u8", options()); err != nil {
		t.Fatal(err)
	}
	if q.judged != 1 || len(q.tasks) != 0 {
		t.Errorf("%d judges, %d tasks", q.judged, len(q.tasks))
	}
}

func TestNothingIsWrittenForAnInputThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s, _ := newSubmitter(1)
	for input, o := range map[string]Options{"s3://media/other.m3u8": options(), "s3://media/a.m3u8": {Queue: "fast"}} {
		if check, err := s.Submit(t.Context(), input, o); err == nil || check != nil {
			t.Errorf("%s: %v, %v", input, check, err)
		}
	}
	err := s.Archive.Store().List(t.Context(), "", func(info storage.Info) error { return errors.New(info.Key) })
	if err != nil {
		t.Errorf("something was written: %v", err)
	}
}

func TestCheckSurvivesAQueueThatFails(t *testing.T) {
	t.Parallel()
	s, q := newSubmitter(10)
	q.failAt = 3
	check, err := s.Submit(t.Context(), "s3://media/a.m3u8", options())
	if check == nil || err == nil || !strings.Contains(err.Error(), check.ID) {
		t.Fatalf("check %v, error %v; want both", check, err)
	}
	if open, err := s.Archive.Open(t.Context()); err != nil || len(open) != 1 {
		t.Errorf("open %v, %v: nobody will find the check", open, err)
	}
}

// TestOneIDIsOneCheck: whoever asks twice for an id gets the check that is there, also when another was faster between the look and the write.
func TestOneIDIsOneCheck(t *testing.T) {
	t.Parallel()
	s, q := newSubmitter(10)
	o := options()
	o.ID = jobs.DeriveID(s.Now(), "tick")
	for round := range 3 {
		check, created, err := s.SubmitOnce(t.Context(), "s3://media/a.m3u8", o)
		if err != nil || check.ID != o.ID || created != (round == 0) || len(q.tasks) != 5 {
			t.Errorf("round %d: %v, new %t, %d tasks, %v", round, check, created, len(q.tasks), err)
		}
	}
	if _, err := s.Submit(t.Context(), "s3://media/b.m3u8", o); jobs.ClassOf(err) != jobs.Permanent || !strings.Contains(err.Error(), "a check of s3://media/a.m3u8") {
		t.Errorf("the id of another input: %v", err)
	}
	for _, bad := range []string{"../x", "news-20261122T18"} {
		o.ID = bad
		if _, err := s.Submit(t.Context(), "s3://media/a.m3u8", o); jobs.ClassOf(err) != jobs.Permanent {
			t.Errorf("id %q: %v", bad, err)
		}
	}
}

func TestOfManyOneSubmits(t *testing.T) {
	t.Parallel()
	s, q := newSubmitter(10)
	o := options()
	o.ID = jobs.DeriveID(time.Time{}, "object")
	var group sync.WaitGroup
	news := make(chan bool, 8)
	for range cap(news) {
		group.Go(func() {
			_, created, err := s.SubmitOnce(t.Context(), "s3://media/a.m3u8", o)
			news <- created
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	close(news)
	n := 0
	for created := range news {
		if created {
			n++
		}
	}
	if n != 1 || len(q.tasks) != 5 {
		t.Errorf("%d new checks and %d tasks, want 1 and 5", n, len(q.tasks))
	}
}
