package e2e

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"aircheck/jobs/archive"
	"aircheck/storage/file"
)

// newLocal makes a site without any server: one long stream on disk.
func newLocal(t *testing.T) (f *fleet, input string) {
	t.Helper()
	f = &fleet{site: &site{bin: binary(t)}}
	f.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}
	input = filepath.Join(t.TempDir(), "a.mp4")
	cmd := exec.CommandContext(t.Context(), tool(t, "ffmpeg"), "-v", "error", "-nostdin",
		"-f", "lavfi", "-i", "testsrc2=s=480x270:r=25:d=120", "-f", "lavfi", "-i", "sine=440:d=120:r=48000",
		"-vf", "drawbox=t=fill:color=black:enable='between(t,55,62)'", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "aac", input)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make media: %v\n%s", err, out)
	}
	return f, input
}

func TestUp(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	f, input := newLocal(t)
	want := parseReport(t, f.run(t, []int{3}, "check", "--format", "json", input))
	t.Run("once", func(t *testing.T) {
		got := parseReport(t, f.run(t, []int{3}, "up", "--once", "--data", t.TempDir(), "--window", "2s", "--format", "json", input))
		if got != want {
			t.Errorf("up says %+v, check %+v", got, want)
		}
	})
	t.Run("goes on after it was killed", func(t *testing.T) { f.upGoesOn(t, input, want) })
}

var address = regexp.MustCompile(`up at (http://\S+/),`)

// site waits until `up` has said where it listens.
func (p *process) site(t *testing.T) string {
	t.Helper()
	eventually(t, time.Minute, "up says where it is", func() bool { return address.MatchString(p.log.String()) })
	return address.FindStringSubmatch(p.log.String())[1]
}

func (f *fleet) upGoesOn(t *testing.T, input string, want judged) {
	data := t.TempDir()
	store, err := file.Open(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.archive = archive.New(store)
	first := f.start(t, "up", "up", "--data", data, "--window", "500ms", "--slots", "1", input)
	var id string
	eventually(t, time.Minute, "the check is under way", func() bool {
		open, err := f.archive.Open(t.Context())
		if err != nil || len(open) == 0 {
			return false
		}
		id = open[0].ID
		results, err := f.archive.Results(t.Context(), id)
		return err == nil && len(results) > 2
	})
	first.kill()
	<-first.done
	if done, err := f.archive.HasReport(t.Context(), id); done || err != nil {
		t.Fatalf("the check was finished before the process died (%v)", err)
	}

	again := f.start(t, "up again", "up", "--data", data)
	base := again.site(t)
	for _, path := range []string{"healthz", "metrics", "queues/"} {
		if body := fetch(t, base+path); path == "metrics" && !strings.Contains(body, "aircheck_worker_windows_total") {
			t.Errorf("metrics without those of the worker:\n%s", body)
		}
	}
	eventually(t, finish, "the check goes on and ends", func() bool {
		done, err := f.archive.HasReport(t.Context(), id)
		return done && err == nil
	})
	if got := parseReport(t, f.run(t, []int{3}, "report", "--store", data, "--format", "json", id)); got != want {
		t.Errorf("up says %+v, check %+v", got, want)
	}
	again.signal(syscall.SIGTERM)
	if err := again.exits(t, time.Minute); err != nil {
		t.Errorf("up ended with %v", err)
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %d, %v", url, response.StatusCode, err)
	}
	return string(body)
}
