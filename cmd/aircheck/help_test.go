package main

import (
	"bytes"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"aircheck/jobs"
	"aircheck/judge"
	"aircheck/report"
)

// tree is every command that is shown; cobra's own help is not ours.
func tree(t *testing.T) []*cobra.Command {
	t.Helper()
	list := slices.DeleteFunc(commandTree(newRootCommand(newApp(nil, &bytes.Buffer{}, &bytes.Buffer{}))), func(c *cobra.Command) bool { return c.Name() == "help" })
	if len(list) < 30 {
		t.Fatalf("%d commands", len(list))
	}
	return list
}

func TestEveryCommandExplainsItself(t *testing.T) {
	t.Parallel()
	for _, cmd := range tree(t) {
		if cmd.Short == "" || cmd.Long == "" || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: says what it does as %q and %q", cmd.CommandPath(), cmd.Short, cmd.Long)
		}
		if !strings.Contains(cmd.Example, cmd.CommandPath()) {
			t.Errorf("%s: no example of it in %q", cmd.CommandPath(), cmd.Example)
		}
		for line := range strings.SplitSeq(cmd.Example, "\n") {
			if !strings.HasPrefix(line, "  ") {
				t.Errorf("%s: the example %q is not indented by two", cmd.CommandPath(), line)
			}
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" || strings.HasSuffix(f.Usage, ".") && f.Name != "help" {
				t.Errorf("%s: --%s says %q", cmd.CommandPath(), f.Name, f.Usage)
			}
		})
	}
}

// TestExamplesAreReal parses the examples with the flags of their commands.
func TestExamplesAreReal(t *testing.T) {
	t.Parallel()
	for _, cmd := range tree(t) {
		for line := range strings.SplitSeq(cmd.Example, "\n") {
			words := strings.Fields(line)
			i := slices.Index(words, "aircheck")
			if i < 0 {
				continue
			}
			root := newRootCommand(newApp(nil, &bytes.Buffer{}, &bytes.Buffer{}))
			found, rest, err := root.Find(words[i+1:])
			if err != nil {
				t.Errorf("%s: %q: %v", cmd.CommandPath(), line, err)
				continue
			}
			for _, word := range rest {
				if word == "&&" || word == "|" || word == ">" {
					break // another program's
				}
				name, _, _ := strings.Cut(strings.TrimPrefix(word, "--"), "=")
				if strings.HasPrefix(word, "--") && found.Flags().Lookup(name) == nil && found.InheritedFlags().Lookup(name) == nil {
					t.Errorf("%s: %q: %s has no flag %s", cmd.CommandPath(), line, found.CommandPath(), word)
				}
			}
		}
	}
}

func TestManualPages(t *testing.T) {
	t.Parallel()
	one, other := t.TempDir(), t.TempDir()
	env := []string{"SOURCE_DATE_EPOCH=1800000000"}
	for _, dir := range []string{one, other} {
		if code, _, stderr := exec(t, env, "man", "--dir", dir); code != 0 {
			t.Fatalf("exit status %d: %s", code, stderr)
		}
	}
	for _, cmd := range tree(t) {
		name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
		page, err := os.ReadFile(filepath.Join(one, name))
		if err != nil {
			t.Error(err)
			continue
		}
		again, err := os.ReadFile(filepath.Join(other, name))
		if err != nil || !bytes.Equal(page, again) {
			t.Errorf("%s: two builds differ: %v", name, err)
		}
		if !bytes.Contains(page, []byte(".SH EXAMPLE")) || !bytes.Contains(page, []byte(`"Jan 2027"`)) {
			t.Errorf("%s: no example or no date in it", name)
		}
	}
	if code, _, stderr := exec(t, []string{"SOURCE_DATE_EPOCH=soon"}, "man", "--dir", one); code != report.ExitUsage || !strings.Contains(stderr, "SOURCE_DATE_EPOCH") {
		t.Errorf("exit status %d: %s", code, stderr)
	}
}

func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	for shell, want := range map[string]string{"bash": "__start_aircheck", "zsh": "#compdef aircheck", "fish": "complete -c aircheck"} {
		code, stdout, stderr := exec(t, nil, "completion", shell)
		if code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("%s: exit status %d, stderr %s", shell, code, stderr)
		}
		path, err := osexec.LookPath(shell)
		if err != nil {
			continue // the script is looked at above
		}
		script := osexec.CommandContext(t.Context(), path, "-n")
		script.Stdin = strings.NewReader(stdout)
		if out, err := script.CombinedOutput(); err != nil {
			t.Errorf("%s does not understand its script: %v %s", shell, err, out)
		}
	}
	if code, _, _ := exec(t, nil, "completion", "powershell"); code != report.ExitUsage {
		t.Errorf("exit status %d for a shell that is not known", code)
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	store, ids := t.TempDir(), []string{"01hf8z3k2mq4x7c9tbva", "06ccd9v6m09h3ky1zj2q"}
	for _, name := range append(ids, "no id", "news-20261122T18") {
		if err := os.MkdirAll(filepath.Join(store, "checks", name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	redis := newWatching(t)
	if err := redis.client.TellRecent(t.Context(), redis.check); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		env, words []string
		want       string // lines, without what describes them
	}{
		{nil, []string{"check", "--format", ""}, formats()},
		{nil, []string{"status", "--format", ""}, "text json"},
		{nil, []string{"check", "--fail-on", ""}, "info warn fail never"},
		{nil, []string{"check", "--profile", "ebu"}, strings.Join(judge.ProfileNames(), " ")},
		{nil, []string{"rejudge", ids[0], "--profile", "ebu-r128,"}, "ebu-r128," + strings.Join(judge.ProfileNames(), " ebu-r128,")},
		{nil, []string{"completion", ""}, "bash zsh fish"},
		{nil, []string{"tokens", "new", "--role", ""}, "viewer operator admin"},
		{nil, []string{"report", "--store", store, ""}, "news-20261122T18 " + ids[1] + " " + ids[0]},
		{[]string{"AIRCHECK_STORE=" + store}, []string{"status", "01h"}, ids[0]},
		{[]string{"AIRCHECK_STORE=" + store}, []string{"verify", ids[0], ""}, ""},
		{[]string{"AIRCHECK_STORE=s3://media/checks", redis.env[1]}, []string{"report", ""}, redis.check.ID},
		{[]string{"AIRCHECK_STORE=s3://media/checks", "AIRCHECK_REDIS=nonsense"}, []string{"report", ""}, ""},
	} {
		code, stdout, stderr := exec(t, tt.env, append([]string{"__complete"}, tt.words...)...)
		var got []string
		for line := range strings.Lines(stdout) {
			if word, _, _ := strings.Cut(strings.TrimSpace(line), "\t"); word != "" && !strings.HasPrefix(word, ":") {
				got = append(got, word)
			}
		}
		if s := strings.Join(got, " "); code != 0 || s != tt.want {
			t.Errorf("%v: %q, want %q; exit status %d, stderr %s", tt.words, s, tt.want, code, stderr)
		}
	}
}

func formats() string {
	var list []string
	for _, f := range report.Formats() {
		list = append(list, string(f))
	}
	return strings.Join(list, " ")
}

func TestEveryIDIsCompleted(t *testing.T) {
	t.Parallel()
	for _, cmd := range tree(t) {
		if strings.Contains(cmd.Use, " ID") && cmd.ValidArgsFunction == nil {
			t.Errorf("%s: the id is not completed", cmd.CommandPath())
		}
		if f := cmd.Flags().Lookup("profile"); f != nil {
			if _, ok := cmd.GetFlagCompletionFunc("profile"); !ok {
				t.Errorf("%s: --profile is not completed", cmd.CommandPath())
			}
		}
	}
	if !jobs.ValidID("01hf8z3k2mq4x7c9tbva") {
		t.Error("the examples' id is none")
	}
}
