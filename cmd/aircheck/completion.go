package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aircheck/jobs"
	"aircheck/jobs/queue"
	"aircheck/judge"
	"aircheck/report"
	"aircheck/storage"
	"aircheck/web/door"
)

func newCompletionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print what makes a shell complete commands, flags, profiles and ids",
		Long: `Prints a script for a shell. With it the tabulator key completes commands, flags and their values, the names of profiles and
codes, and the ids of checks: those of a store that is a directory, and the recent ones of a fleet (AIRCHECK_STORE, AIRCHECK_REDIS).`,
		Example: `  aircheck completion bash > /etc/bash_completion.d/aircheck
  aircheck completion zsh > "${fpath[1]}/_aircheck"
  aircheck completion fish > ~/.config/fish/completions/aircheck.fish
  source <(aircheck completion bash)`,
		Args:      args(cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs)),
		ValidArgs: []string{"bash", "zsh", "fish"},
		RunE: func(cmd *cobra.Command, given []string) error {
			switch given[0] {
			case "bash":
				return cmd.Root().GenBashCompletionV2(a.stdout, true)
			case "zsh":
				return cmd.Root().GenZshCompletion(a.stdout)
			}
			return cmd.Root().GenFishCompletion(a.stdout, true)
		},
	}
}

// completion is what cobra asks for the values of arguments and flags.
type completion = cobra.CompletionFunc

// words completes a value that is one of few.
func words(list ...string) completion {
	return cobra.FixedCompletions(list, cobra.ShellCompDirectiveNoFileComp)
}

// profileNames completes a list with commas; files are profiles too.
func profileNames(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	var list []string
	for _, name := range judge.ProfileNames() {
		about, err := judge.ProfileDescription(name)
		if err != nil {
			about = ""
		}
		list = append(list, cobra.CompletionWithDesc(before+name, about))
	}
	return list, cobra.ShellCompDirectiveDefault
}

// once completes the first argument only.
func once(f completion) completion {
	return func(cmd *cobra.Command, given []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(given) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return f(cmd, given, typed)
	}
}

// completed says for the whole tree how values are completed. Flags of one name mean the same everywhere.
func (a *app) completed(root *cobra.Command) {
	severities := []string{string(jobs.Info), string(jobs.Warn), string(jobs.Fail)}
	byFlag := map[string]completion{
		"profile": profileNames, "break-profile": profileNames, "fail-on": words(append(slices.Clone(severities), string(report.Never))...), "least": words(severities...),
		"queue": words(queue.Live, queue.Vod, queue.Backfill), "depth": words(jobs.DepthFull, jobs.DepthFast), "log-level": words("debug", "info", "warn", "error"),
		"role": words(door.Viewer.String(), door.Operator.String(), door.Admin.String()),
	}
	for _, cmd := range commandTree(root) {
		for name, f := range byFlag {
			register(cmd, name, f)
		}
		if flag := cmd.Flags().Lookup("format"); flag != nil {
			register(cmd, "format", words(formatsIn(flag.Usage)...))
		}
		switch use := strings.Fields(cmd.Use); {
		case cmd.ValidArgsFunction != nil || len(use) < 2:
		case strings.Trim(use[1], "[]") == "ID":
			cmd.ValidArgsFunction = once(a.checkIDs)
		case strings.HasPrefix(use[1], "ID|DIRECTORY..."):
			cmd.ValidArgsFunction = a.checkIDsOrFiles
		case use[1] == "[CODE]":
			cmd.ValidArgsFunction = once(words(judge.Codes()...))
		case strings.HasPrefix(use[1], "PROFILE"):
			cmd.ValidArgsFunction = once(profileNames)
		}
	}
}

// register completes a flag of a command that has it and does not complete it by itself.
func register(cmd *cobra.Command, name string, f completion) {
	if cmd.LocalFlags().Lookup(name) == nil {
		return
	}
	if _, taken := cmd.GetFlagCompletionFunc(name); !taken {
		_ = cmd.RegisterFlagCompletionFunc(name, f) // the flag is there, and nobody else completes it
	}
}

// formatsIn finds the formats in what a flag says about itself.
func formatsIn(usage string) []string {
	var list []string
	for _, f := range report.Formats() {
		if slices.ContainsFunc(strings.FieldsFunc(usage, notOfName), func(word string) bool { return word == string(f) }) {
			list = append(list, string(f))
		}
	}
	return list
}

func notOfName(r rune) bool { return r != '-' && (r < 'a' || r > 'z') }

// commandTree is a command and all below it that are shown.
func commandTree(cmd *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{cmd}
	for _, sub := range cmd.Commands() {
		if !sub.Hidden {
			list = append(list, commandTree(sub)...)
		}
	}
	return list
}

const (
	// completeWithin is how long somebody who pressed a key waits.
	completeWithin = time.Second
	maxCompleted   = 100
)

// checkIDs completes the id of a check, the newest first. What cannot be had at once is left out.
func (a *app) checkIDs(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	const how = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	if a.flagsFromEnv(cmd) != nil {
		return nil, how
	}
	value := func(name string) string {
		if f := cmd.Flags().Lookup(name); f != nil {
			return f.Value.String()
		}
		return ""
	}
	if dir, local, err := storage.LocalPath(value("store")); err == nil && local && dir != "" {
		return idsIn(filepath.Join(dir, "checks"), typed), how
	}
	redis := value("redis")
	if redis == "" {
		redis = orDefault(a.getenv("AIRCHECK_REDIS"), defaultRedis)
	}
	return a.recentIDs(cmd.Context(), redis, typed), how
}

// checkIDsOrFiles completes any number of ids, and paths.
func (a *app) checkIDsOrFiles(cmd *cobra.Command, given []string, typed string) ([]string, cobra.ShellCompDirective) {
	ids, _ := a.checkIDs(cmd, given, typed)
	return ids, cobra.ShellCompDirectiveDefault
}

// idsIn lists the checks of a store that is a directory.
func idsIn(dir, typed string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var ids []string
	for _, e := range slices.Backward(entries) {
		if id := e.Name(); len(ids) < maxCompleted && strings.HasPrefix(id, typed) && jobs.ValidID(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (a *app) recentIDs(ctx context.Context, redis, typed string) []string {
	conn, err := queue.Open(redis)
	if err != nil {
		return nil
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, completeWithin)
	defer cancel()
	recent, _, err := queue.NewClient(conn).Recent(ctx, 0, maxCompleted)
	if err != nil {
		return nil
	}
	var ids []string
	for _, one := range recent {
		if strings.HasPrefix(one.ID, typed) {
			ids = append(ids, cobra.CompletionWithDesc(one.ID, fmt.Sprintf("%s %s", report.Printable(one.Input), one.Verdict)))
		}
	}
	return ids
}
