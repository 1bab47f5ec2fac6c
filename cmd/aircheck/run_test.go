package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"aircheck/jobs"
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
		{[]string{"version", "extra"}, "extra"},
		{[]string{"version", "--format", "xml"}, `"xml"`},
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
