// Package e2e takes streams through a real fleet: the built program in processes of its own, a real redis-server, a real S3 server. What is asserted
// is the promise of the design: whatever dies on the way, every check ends, with the report that a check in one process gives.
package e2e

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"aircheck/internal/redisserver"
	"aircheck/internal/s3server"
	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/storage/open"
)

// anyVerdict are the exit statuses of a check that came to a verdict.
var anyVerdict = []int{0, 3, 4}

// window is far shorter than the default of a minute, so that there are hundreds of tasks to lose; that the digests are the same shows that it does not
// matter.
const window = "1s"

// finish is how long a run may take after what went wrong. A healthy one takes ten seconds on two idle cores; recovery adds at most as much.
const finish = 2 * time.Minute

// site is what all runs share: the program, the streams on an S3 server, and what a check in one process says of each.
type site struct {
	bin    string
	s3     s3server.Server
	inputs []string
	want   map[string]judged // by input
}

func newSite(t *testing.T) *site {
	t.Helper()
	tool(t, "redis-server")
	s := &site{s3: s3server.Start(t), bin: binary(t), want: map[string]judged{}}
	dir := t.TempDir()
	makeMedia(t, dir)
	store, err := open.Store(t.Context(), "s3://media", s.s3.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	if err := upload(t.Context(), dir, store); err != nil {
		t.Fatal(err)
	}
	local := &fleet{site: s, env: s.environment()}
	verdicts := map[string]int{}
	for _, stream := range streams() {
		input := "s3://media/" + stream.name + "/" + stream.entry
		s.inputs = append(s.inputs, input)
		s.want[input] = parseReport(t, local.run(t, anyVerdict, "check", "--format", "json", input))
		verdicts[s.want[input].Verdict]++
	}
	// The streams must differ, or equal digests would say little.
	if verdicts["pass"] == 0 || verdicts["fail"] < 4 {
		t.Fatalf("verdicts %v: the media are not what they were meant to be", verdicts)
	}
	return s
}

func (s *site) environment() []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}
	for _, name := range []string{"AIRCHECK_S3_ENDPOINT", "AIRCHECK_S3_ACCESS_KEY", "AIRCHECK_S3_SECRET_KEY", "AIRCHECK_S3_REGION"} {
		env = append(env, name+"="+s.s3.Getenv(name))
	}
	return env
}

// fleet is one run: a Redis and a place in the store of its own.
type fleet struct {
	*site
	env     []string
	redis   *redis.Client
	archive *archive.Archive
}

func (s *site) newFleet(t *testing.T, name string) *fleet {
	t.Helper()
	server := redisserver.Start(t)
	place := "s3://aircheck/" + name
	store, err := open.Store(t.Context(), place, s.s3.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{site: s, archive: archive.New(store), redis: redis.NewClient(&redis.Options{Addr: server.Addr})}
	t.Cleanup(func() { _ = f.redis.Close() })
	f.env = append(s.environment(), "AIRCHECK_STORE="+place, "AIRCHECK_REDIS="+server.URL(), "AIRCHECK_WINDOW="+window)
	return f
}

// submitAll submits all streams and returns the input of each check.
func (f *fleet) submitAll(t *testing.T) map[string]string {
	t.Helper()
	ids := strings.Fields(f.run(t, []int{0}, append([]string{"submit"}, f.inputs...)...))
	if len(ids) != len(f.inputs) {
		t.Fatalf("%d ids for %d inputs", len(ids), len(f.inputs))
	}
	checks := map[string]string{}
	for i, id := range ids {
		checks[id] = f.inputs[i]
	}
	return checks
}

// progress counts the windows that are done, and all.
func (f *fleet) progress(t *testing.T, checks map[string]string) (done, all int) {
	t.Helper()
	for id := range checks {
		check, err := f.archive.Check(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		results, err := f.archive.Results(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		done, all = done+len(results), all+len(check.Windows)
	}
	return done, all
}

// someDone waits until the fleet is in the middle of its work.
func (f *fleet) someDone(t *testing.T, checks map[string]string) {
	t.Helper()
	eventually(t, finish, "a sixth of the windows is done", func() bool {
		done, all := f.progress(t, checks)
		return done >= all/6
	})
	if done, all := f.progress(t, checks); done >= all {
		t.Fatalf("all %d windows are done before anything could go wrong", all)
	}
}

// allAgree waits for all reports and compares them with those of a check in one process.
func (f *fleet) allAgree(t *testing.T, checks map[string]string) {
	t.Helper()
	began := time.Now()
	eventually(t, finish, "every check has its report", func() bool {
		open, err := f.archive.Open(t.Context())
		return err == nil && len(open) == 0
	})
	t.Logf("all checks ended after another %s", time.Since(began).Round(100*time.Millisecond))
	for id, input := range checks {
		got := parseReport(t, f.run(t, anyVerdict, "report", "--format", "json", id))
		if got != f.want[input] {
			t.Errorf("%s: the fleet says %+v, a check in one process %+v", input, got, f.want[input])
		}
		f.run(t, []int{0}, "verify", id)
	}
}

func TestFleet(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	s := newSite(t)
	t.Run("a worker is killed", s.workerIsKilled)
	t.Run("redis is emptied", s.redisIsEmptied)
	t.Run("a worker is stopped", s.workerIsStopped)
}

func (s *site) workerIsKilled(t *testing.T) {
	f := s.newFleet(t, "killed")
	checks := f.submitAll(t)
	producer := f.start(t, "producer", "producer", "--interval", "500ms")
	first := f.start(t, "worker 1", "worker", "--slots", "2")
	f.start(t, "worker 2", "worker", "--slots", "1")
	f.someDone(t, checks)
	f.killInTheMiddle(t, first)
	f.allAgree(t, checks)
	if lost := strings.Count(producer.log.String(), "enqueued a lost window again"); lost == 0 {
		t.Error("the producer moved no window: the worker was not killed in the middle of one")
	} else {
		t.Logf("%d windows were moved", lost)
	}
}

// killInTheMiddle kills a worker that is known to be at a window.
func (f *fleet) killInTheMiddle(t *testing.T, p *process) {
	t.Helper()
	owner := fmt.Sprintf(":%d", p.cmd.Process.Pid)
	eventually(t, finish, "the worker stands still with a window in its hands", func() bool {
		p.signal(syscall.SIGSTOP)
		if f.atWork(t, owner) {
			return true
		}
		p.signal(syscall.SIGCONT)
		return false
	})
	p.kill()
	<-p.done
}

// atWork tells whether a worker has a window whose result is still to come, by its leases among the active tasks. One whose result is stored already
// would be no loss: only the check's judge would be enqueued again.
func (f *fleet) atWork(t *testing.T, owner string) bool {
	t.Helper()
	active, err := f.redis.LRange(t.Context(), "asynq:{vod}:active", 0, -1).Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range active {
		who, err := f.redis.Get(t.Context(), "aircheck:{vod}:lease:"+id).Result()
		if err == nil && strings.HasSuffix(who, owner) && !f.hasResult(t, id) {
			return true
		}
	}
	return false
}

// hasResult tells whether the store has what the task of a window was to make; see jobs.TaskID.
func (f *fleet) hasResult(t *testing.T, task string) bool {
	t.Helper()
	parts := strings.Split(task, "-")
	if len(parts) != 4 {
		t.Fatalf("task %q is no window's", task)
	}
	index, err := strconv.Atoi(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	result, err := f.archive.Result(t.Context(), parts[0], jobs.WindowID{Sequence: parts[1], Index: index})
	if err != nil {
		t.Fatal(err)
	}
	return result != archive.None
}

func (s *site) redisIsEmptied(t *testing.T) {
	f := s.newFleet(t, "emptied")
	checks := f.submitAll(t)
	f.start(t, "producer", "producer", "--interval", "500ms")
	f.start(t, "worker 1", "worker", "--slots", "1")
	f.start(t, "worker 2", "worker", "--slots", "1")
	f.someDone(t, checks)
	if err := f.redis.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	f.allAgree(t, checks)
}

var measuredCount = regexp.MustCompile(`worker ends.* measured=(\d+)`)

// measured reads from a worker's last words how many windows it measured.
func (p *process) measured(t *testing.T) int {
	t.Helper()
	m := measuredCount.FindStringSubmatch(p.log.String())
	if m == nil {
		t.Fatalf("%s did not say what it did:\n%s", p.name, p.log)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (s *site) workerIsStopped(t *testing.T) {
	f := s.newFleet(t, "stopped")
	checks := f.submitAll(t)
	producer := f.start(t, "producer", "producer", "--interval", "500ms")
	first := f.start(t, "worker 1", "worker", "--slots", "1")
	second := f.start(t, "worker 2", "worker", "--slots", "1")
	f.someDone(t, checks)
	first.signal(syscall.SIGTERM)
	if err := first.exits(t, time.Minute); err != nil {
		t.Errorf("a worker that was asked to stop ended with %v", err)
	}
	if done, all := f.progress(t, checks); done >= all {
		t.Fatalf("all %d windows were done before the worker stopped", all)
	}
	f.allAgree(t, checks)
	second.signal(syscall.SIGTERM)
	if err := second.exits(t, time.Minute); err != nil {
		t.Errorf("an idle worker ended with %v", err)
	}
	_, all := f.progress(t, checks)
	if one, two := first.measured(t), second.measured(t); one == 0 || one+two != all {
		t.Errorf("%d and %d windows were measured, %d in all: none may be lost and none done twice", one, two, all)
	}
	if moved := strings.Count(producer.log.String(), "enqueued a lost window again"); moved > 0 {
		t.Errorf("the producer moved %d windows: draining is no loss", moved)
	}
}
