package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/judge"
)

// exec runs aircheck in this process.
func exec(t *testing.T, env []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, env, &out, &errs)
	return code, out.String(), errs.String()
}

func TestUsageErrors(t *testing.T) {
	tests := []struct {
		args []string
		want string // in stderr
	}{
		{[]string{"frobnicate"}, `unknown command "frobnicate"`},
		{[]string{"--nonsense"}, "--nonsense"},
		{[]string{"version", "extra"}, "aircheck version takes no argument"},
		{[]string{"version", "--format", "xml"}, `"xml"`},
		{[]string{"check"}, "an argument is missing: usage: aircheck check INPUT"},
		{[]string{"check", "x", "y"}, "2 arguments are too many: usage: aircheck check INPUT"},
		{[]string{"submit"}, "an argument is missing: usage: aircheck submit INPUT"},
		{[]string{"man", "man1"}, "aircheck man takes no argument: usage: aircheck man"},
		{[]string{"bench", "accurate"}, `unknown command "accurate"`},
		{[]string{"check", "x", "--window", "10ms"}, "--window 10ms"},
		{[]string{"check", "x", "--window", "25h"}, "--window 25h"},
		{[]string{"check", "x", "--window", "soon"}, `"soon" for "--window" flag: want a time with its unit`},
		{[]string{"check", "x", "--window", "10"}, `"10" for "--window" flag: want a time with its unit`},
		{[]string{"check", "x", "--slots", "two"}, `"two" for "--slots" flag: want a whole number`},
		{[]string{"web", "--core-price", "dear"}, `"dear" for "--core-price" flag: want a number`},
		{[]string{"up", "--once=perhaps"}, `"perhaps" for "--once" flag: want true or false`},
		{[]string{"check", "x", "--format", "docx"}, "text, json"},
		{[]string{"check", "x", "--fail-on", "sometimes"}, `"sometimes"`},
		{[]string{"check", "x", "--slots", "-1"}, "--slots -1"},
		{[]string{"check", "x", "--profile", "ebu-r182"}, "ebu-r128"},
		{[]string{"check", "x", "--profile", "./nothing.yaml"}, "nothing.yaml"},
		{[]string{"profiles", "show", "nothing"}, "default"},
		{[]string{"profiles", "show", "nosuch"}, "aircheck: profile \"nosuch\" is unknown"},
		{[]string{"follow", "hls/master.m3u8"}, "hls/master.m3u8 says no name for the stream: give one with --name"},
		{[]string{"follow", "hls/master.m3u8", "--name", "No Name"}, `--name "No Name": give 1 to 48`},
		{[]string{"rejudge", "x"}, "--profile"},
		{[]string{"report", "../../etc/passwd", "--store", "."}, "not the id of a check"},
		{[]string{"report", "01hf8z3k2mq4x7c9tbva"}, "--store"},
		{[]string{"estimate", "x", "--format", "xml"}, `"xml"`},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			code, stdout, stderr := exec(t, nil, tt.args...)
			if code != 2 || stdout != "" || !strings.Contains(stderr, tt.want) || !strings.HasPrefix(stderr, "aircheck: ") {
				t.Errorf("exit status %d, stdout %q, stderr %q; want 2, nothing, something about %s", code, stdout, stderr, tt.want)
			}
		})
	}
}

func TestFlagsFromEnvironment(t *testing.T) {
	code, stdout, _ := exec(t, []string{"AIRCHECK_FORMAT=json"}, "version")
	var v versions
	if err := json.Unmarshal([]byte(stdout), &v); code != 0 || err != nil || v.Measure != jobs.MeasureVersion {
		t.Errorf("exit status %d, stdout %q: %v", code, stdout, err)
	}
	if code, stdout, _ := exec(t, []string{"AIRCHECK_FORMAT=json"}, "version", "--format", "text"); code != 0 || !strings.HasPrefix(stdout, "aircheck ") {
		t.Errorf("the flag does not win over the environment: exit status %d, stdout %q", code, stdout)
	}
	if code, _, stderr := exec(t, []string{"AIRCHECK_VERBOSE=perhaps"}, "version"); code != 2 || !strings.Contains(stderr, "AIRCHECK_VERBOSE") {
		t.Errorf("exit status %d, stderr %q; want 2 and the variable's name", code, stderr)
	}
}

func TestEveryCommandHasHelpAndExample(t *testing.T) {
	a := newApp(nil, &bytes.Buffer{}, &bytes.Buffer{})
	for _, cmd := range commands(a) {
		if cmd.Hidden {
			continue
		}
		if cmd.Short == "" || cmd.Long == "" || !strings.Contains(cmd.Example, "aircheck "+cmd.Name()) {
			t.Errorf("%s: wants a short and a long description and an example that calls it", cmd.Name())
		}
	}
}

func TestErrorsSayWhatToDoAndKeepSecrets(t *testing.T) {
	var stderr bytes.Buffer
	a := newApp(nil, &bytes.Buffer{}, &stderr)
	cause := fmt.Errorf("open https://user:secret@example.org/\x1b[2J: %w", errors.New("401"))
	code := a.fail(t.Context(), &jobs.Error{Class: jobs.Permanent, Err: cause, Hint: "give credentials"})
	got := stderr.String()
	want := "aircheck: open https://…@example.org/\\x1b[2J: 401: give credentials\n"
	if code != 1 || got != want {
		t.Errorf("exit status %d, stderr %q; want 1, %q", code, got, want)
	}
}

func TestProfiles(t *testing.T) {
	code, stdout, _ := exec(t, nil, "profiles")
	for _, name := range judge.ProfileNames() {
		if code != 0 || !strings.Contains(stdout, name) {
			t.Errorf("exit status %d, no %s in %q", code, name, stdout)
		}
	}
	code, stdout, _ = exec(t, nil, "profiles", "show", "ebu-r128", "--set", "video.black.fail=3s")
	if code != 0 || !strings.Contains(stdout, "target: -23 # (ebu-r128; default never)") || !strings.Contains(stdout, "fail: 3s # (set; default 2s)") {
		t.Errorf("exit status %d, profile %.400q…", code, stdout)
	}
	file := filepath.Join(t.TempDir(), "house.yaml")
	if err := os.WriteFile(file, []byte(stdout), 0o666); err != nil {
		t.Fatal(err)
	}
	layers := profileFlags{profile: "ebu-r128", set: []string{"video.black.fail=3s"}}
	shipped, err1 := layers.load()
	own, err2 := (&profileFlags{profile: file}).load()
	if err1 != nil || err2 != nil || own.Digest != shipped.Digest {
		t.Errorf("a copy of a profile has digest %s, want %s (%v, %v)", own.Digest, shipped.Digest, err1, err2)
	}
}

// TestProfileErrorsNameTheFile: of two files of one name it is said which is meant, and an empty one is not taken for the defaults.
func TestProfileErrorsNameTheFile(t *testing.T) {
	dir := t.TempDir()
	for name, body := range map[string]string{"house.yaml": "video.blak.fail: 3s\n", "house.yml": "base: dpp\n", "base.yaml": "base: nosuch\n", "empty.yaml": " \n", "comment.yaml": "# as it is\n"} {
		writeText(t, filepath.Join(dir, name), body)
	}
	bad, good := filepath.Join(dir, "house.yaml"), filepath.Join(dir, "house.yml")
	for profile, want := range map[string]string{
		good + "," + bad:                 "aircheck: --profile: profile " + bad + ": line 1: ",
		filepath.Join(dir, "base.yaml"):  "aircheck: --profile: profile " + filepath.Join(dir, "base.yaml") + ": base: ",
		filepath.Join(dir, "empty.yaml"): "aircheck: --profile: profile " + filepath.Join(dir, "empty.yaml") + ": the file is empty",
	} {
		if code, _, stderr := exec(t, nil, "check", "x", "--profile", profile); code != 2 || !strings.HasPrefix(stderr, want) {
			t.Errorf("%s: exit status %d, stderr %q, want %q", profile, code, stderr, want)
		}
	}
	if code, _, stderr := exec(t, nil, "profiles", "show", good+","+filepath.Join(dir, "comment.yaml")); code != 0 {
		t.Errorf("exit status %d, stderr %q", code, stderr)
	}
}
