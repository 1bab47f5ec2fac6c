//go:build cgo

package slicing

import (
	"bytes"
	"context"
	"encoding/json"
	"math/rand"
	"testing"

	"aircheck/internal/need"
	"aircheck/jobs"
	"aircheck/jobs/measurement"
	"aircheck/judge"
	"aircheck/producer/slice"
	"aircheck/producer/source"
	"aircheck/storage"
	"aircheck/storage/origin"
	"aircheck/worker/decode"
	"aircheck/worker/fetch"
)

// comparisonSeeds is how many random cuts each pair gets: each decodes both streams twice.
const comparisonSeeds = 4

// TestAnyCutGivesTheSameComparison compares streams with references of other containers, sizes and rates, cuts both at random, and demands byte-equal results: alignment, offset, missing
// content, PSNR and SSIM.
func TestAnyCutGivesTheSameComparison(t *testing.T) {
	need.Tool(t, "ffmpeg")
	dir := t.TempDir()
	x264 := []string{"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-c:a", "aac"}
	base := func(extra ...string) []string { return append(append([]string{}, x264...), extra...) }
	// The second picture, which is the larger one, lags behind the first: the sound is compared with the picture of the same number.
	two := base("-map", "0:v", "-map", "0:v", "-map", "1:a", "-map", "1:a", "-g", "12", "-s:v:1", "240x134", "-filter:v:1", "tpad=start_duration=0.2")
	for _, tt := range []struct {
		name            string
		input, original func(*testing.T, string) string
	}{
		{"hls with late sound against mp4", hls("ra", "mpegts", 0.4, base("-g", "10", "-crf", "32", "-s", "96x54", "-af", "adelay=150|150")...), file("rb.mp4", base("-g", "70", "-bf", "3", "-crf", "16")...)},
		{"mp4 with a cut against matroska", file("rc.mp4", base("-g", "12", "-vf", "select='not(between(n,60,84))',setpts=N/25/TB")...), file("rd.mkv", base("-g", "18")...)},
		{"another rate", hls("re", "mpegts", 0.5, base("-r", "30", "-g", "15")...), hls("rf", "fmp4", 0.4, base("-g", "10", "-bf", "2")...)},
		{"ladder against itself", ladder("rg"), file("rh.mp4", base("-g", "20")...)},
		{"two programmes against themselves", file("rk.mp4", two...), file("rl.mp4", two...)},
		{"reference with missing segments", file("ri.mp4", base("-g", "12")...), missing(hls("rj", "mpegts", 0.4, base("-g", "10")...))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			org := origin.New(origin.Config{})
			check := newCheck(t, org, tt.input(t, dir))
			other, err := source.Open(t.Context(), org, tt.original(t, dir))
			if err != nil {
				t.Fatal(err)
			}
			for i, q := range other.Sequences {
				q.ID, q.Role = jobs.ReferenceID(i), jobs.RoleReference
				check.Timeline.Sequences = append(check.Timeline.Sequences, q)
			}
			whole := comparison(t, org, check, cut(check.Timeline, nil))
			if !bytes.Contains(whole, []byte(`"ssim_y"`)) {
				t.Fatalf("nothing was compared: %s", whole)
			}
			if tt.name == "two programmes against themselves" && bytes.Contains(whole, []byte(`"code": "reference.`)) {
				t.Errorf("the same differs: %s", whole)
			}
			for seed := range int64(comparisonSeeds) {
				windows := cut(check.Timeline, rand.New(rand.NewSource(seed)))
				if got := comparison(t, org, check, windows); !bytes.Equal(got, whole) {
					t.Fatalf("seed %d, %d windows: %s", seed, len(windows), difference(got, whole))
				}
			}
		})
	}
}

// comparison measures all windows, compares what the judge wants compared, and judges.
func comparison(t *testing.T, org storage.Origin, base *jobs.Check, windows []jobs.Window) []byte {
	t.Helper()
	check := *base
	check.Windows = windows
	j, err := judge.New(&check)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range windows {
		task, err := slice.Task(&check, w)
		if err != nil {
			t.Fatal(err)
		}
		object, err := here(org)(t.Context(), task)
		if err != nil {
			t.Fatal(err)
		}
		m, err := measurement.Open(bytes.NewReader(object), int64(len(object)))
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Window(w, m); err != nil {
			t.Fatal(err)
		}
	}
	work, err := j.Comparisons()
	if err != nil {
		t.Fatal(err)
	}
	for i := range work {
		if err := j.Compared(compareHere(t, org, &check, &work[i])); err != nil {
			t.Fatal(err)
		}
	}
	result, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.MarshalIndent(result, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// compareHere compares in this process.
func compareHere(t *testing.T, org storage.Origin, check *jobs.Check, work *jobs.Compare) *jobs.Compared {
	t.Helper()
	task, err := jobs.CompareTask(check, work)
	if err != nil {
		t.Fatal(err)
	}
	one, other := direct(t.Context(), org, task), direct(t.Context(), org, task.Compare.Task(check.ID))
	defer one.close()
	defer other.close()
	c, err := decode.Compare(task, one, other)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Rows) != len(work.Pairs) {
		t.Errorf("%d of %d pairs were compared", len(c.Rows), len(work.Pairs))
	}
	c.Key = work.Key()
	return c
}

func direct(ctx context.Context, org storage.Origin, task jobs.Task) *directSource {
	s := &directSource{task: task, fetcher: fetch.Fetcher{Origin: org}}
	if task.Object != nil {
		s.object = fetch.NewObject(ctx, org, *task.Object)
	}
	return s
}

func (s *directSource) close() {
	if s.object != nil {
		s.object.Close()
	}
}
