package queue

import (
	"context"
	"errors"
	"testing"
	"time"

	"aircheck/jobs"
)

// Pictures are asked for once, tried again while that may help, and given up without a trace in the check.
func TestEvidenceIsTriedAndGivenUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		class jobs.Class
		tries int
		last  bool // the final one was told that it is the last
	}{
		{"what may pass", jobs.Transient, evidenceTries, true},
		{"what does not", jobs.Permanent, 1, false},
		{"a hang", jobs.Timeout, 2, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn := open(t, embedded(t))
			client, check := NewClient(conn), newCheck()
			for range 3 {
				if err := client.EnqueueEvidence(t.Context(), check); err != nil {
					t.Fatal(err)
				}
			}
			calls := make(chan bool, 16)
			h := handler{evidence: func(_ context.Context, id string, last bool) error {
				if id != check {
					t.Errorf("evidence of %q", id)
				}
				calls <- last
				return jobs.Classify(c.class, errors.New("no pictures"))
			}}
			_, drain, _ := consume(t, conn, h, ConsumerConfig{Policy: Policy{FirstDelay: time.Millisecond, MaxDelay: time.Millisecond}})
			eventually(t, 30*time.Second, "given up", func() bool {
				for _, s := range must(client.Stats(t.Context()))(t) {
					if s.Queue == Evidence {
						return s.Archived == 1 && s.Pending+s.Active+s.Retry == 0
					}
				}
				return false
			})
			drain()
			close(calls)
			n, last := 0, false
			for last = range calls {
				n++
			}
			if n != c.tries || last != c.last {
				t.Errorf("%d tries, the last one told so: %t; want %d, %t", n, last, c.tries, c.last)
			}
		})
	}
}

// A request for a first frame goes where first frames are made, and none is swallowed by one that is over, whether it was done or given up.
func TestAFirstFrameCanBeAskedForAgain(t *testing.T) {
	t.Parallel()
	conn := open(t, embedded(t))
	client, check := NewClient(conn), newCheck()
	results := make(chan error, 4)
	results <- nil
	results <- jobs.Classify(jobs.Permanent, errors.New("no pictures"))
	results <- nil
	calls := make(chan struct{}, 16)
	h := handler{
		evidence: func(context.Context, string, bool) error {
			t.Error("the evidence of the whole check was made")
			return nil
		},
		frames: func(_ context.Context, id string, _ bool) error {
			if id != check {
				t.Errorf("first frames of %q", id)
			}
			calls <- struct{}{}
			return <-results
		},
	}
	_, drain, _ := consume(t, conn, h, ConsumerConfig{})
	defer drain()
	for n := range 3 {
		if err := client.EnqueueFirstFrame(t.Context(), check, "video.black/v0/0"); err != nil {
			t.Fatal(err)
		}
		select {
		case <-calls:
		case <-time.After(30 * time.Second):
			t.Fatalf("request %d was swallowed", n)
		}
		eventually(t, 30*time.Second, "over", func() bool {
			for _, s := range must(client.Stats(t.Context()))(t) {
				if s.Queue == Evidence {
					return s.Archived+s.Completed+s.Pending+s.Active+s.Retry == 0
				}
			}
			return false
		})
	}
}
