package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// run is the whole program: args without the program's name, the environment as KEY=value, results to stdout, everything else to stderr.
// It returns the exit status: 0 clean, 1 aircheck could not do it, 2 usage, 3 findings, 4 incomplete.
func run(ctx context.Context, args, env []string, stdout, stderr io.Writer) int {
	a := newApp(env, stdout, stderr)
	root := newRootCommand(a)
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		return a.fail(ctx, err)
	}
	return 0
}

func newRootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "aircheck",
		Short: "Finds audio and video defects in streams",
		Long: `aircheck finds audio and video defects in streams: on one machine, or across a fleet of workers.

A stream is a path, an http(s):// or an s3:// URL: a media file, an HLS playlist or a DASH
manifest.
Results go to stdout, progress and logs to stderr. Every flag can be given as an environment
variable too: --window is AIRCHECK_WINDOW.

Exit status: 0 analysed in full and nothing found at or above --fail-on; 1 aircheck could not do
it; 2 wrong usage; 3 such findings exist; 4 part of the input could not be analysed.`,
		Example: `  aircheck check film.mp4
  aircheck check https://example.org/master.m3u8 --profile ebu-r128
  aircheck check s3://media/master.m3u8 --format json --out report/`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError("unknown command %q: run 'aircheck --help' for the list", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Name() != "check" {
				setGC(100) // what stays keeps its memory small
			}
			return a.flagsFromEnv(cmd)
		},
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError("%s: run '%s --help' for its flags", wrongValue(err), cmd.CommandPath())
	})
	root.PersistentFlags().BoolVar(&a.verbose, "verbose", false, "log to stderr what is being done")
	root.CompletionOptions.DisableDefaultCmd = true // ours knows three shells and says more
	root.AddCommand(commands(a)...)
	a.completed(root)
	return root
}

// commands lists the subcommands in the order of their help. A new command is one line here and one file beside this one.
func commands(a *app) []*cobra.Command {
	return []*cobra.Command{
		newCheckCommand(a),
		newEstimateCommand(a),
		newFollowCommand(a),
		newSubmitCommand(a),
		newBackfillCommand(a),
		newScheduleCommand(a),
		newNotifyCommand(a),
		newStatusCommand(a),
		newReportCommand(a),
		newVerifyCommand(a),
		newExportCommand(a),
		newRejudgeCommand(a),
		newEvidenceCommand(a),
		newWorkerCommand(a),
		newProducerCommand(a),
		newWebCommand(a),
		newTokensCommand(a),
		newUpCommand(a),
		newBenchCommand(a),
		newProfilesCommand(a),
		newDetectorsCommand(a),
		newSchemaCommand(a),
		newCompletionCommand(a),
		newManCommand(a),
		newVersionCommand(a),
		newChildCommand(),
	}
}

// flagsFromEnv fills every flag that the command line left alone from its AIRCHECK_ variable.
func (a *app) flagsFromEnv(cmd *cobra.Command) error {
	var failed error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		value, ok := a.env[envName(f.Name)]
		if !ok || f.Changed || f.Name == "help" || failed != nil {
			return
		}
		if err := cmd.Flags().Set(f.Name, value); err != nil {
			failed = usageError("environment variable %s: %s", envName(f.Name), wrongValue(err))
		}
	})
	return failed
}

// envName gives AIRCHECK_FAIL_ON for fail-on.
func envName(flag string) string {
	return "AIRCHECK_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// args wraps one of cobra's argument rules so that breaking it is a usage error.
func args(rule cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if err := rule(cmd, given); err != nil {
			return usageError("%s: usage: %s", wrongCount(cmd, len(given), err), cmd.UseLine())
		}
		return nil
	}
}

// wrongCount says in words what cobra's rules about the number of arguments say in symbols; what is wrong with an argument itself stays as it is.
func wrongCount(cmd *cobra.Command, given int, err error) string {
	text := err.Error()
	switch {
	case strings.HasPrefix(text, "accepts ") && given > 0:
		return fmt.Sprintf("%d arguments are too many", given)
	case strings.HasPrefix(text, "accepts "), strings.HasPrefix(text, "requires "):
		return "an argument is missing"
	case strings.HasPrefix(text, "unknown command ") && !cmd.HasSubCommands():
		return cmd.CommandPath() + " takes no argument"
	}
	return text
}

// wrongValue says what a flag wants in place of which function could not read it. Before "flag: " the error names the value and the flag.
func wrongValue(err error) string {
	text := err.Error()
	before, cause, ok := strings.Cut(text, " flag: ")
	switch {
	case ok && strings.HasPrefix(cause, "time: "):
		return before + " flag: want a time with its unit, such as 90s, 5m or 24h"
	case ok && (strings.HasPrefix(cause, "strconv.ParseInt: ") || strings.HasPrefix(cause, "strconv.ParseUint: ")):
		return before + " flag: want a whole number"
	case ok && strings.HasPrefix(cause, "strconv.ParseFloat: "):
		return before + " flag: want a number"
	case ok && strings.HasPrefix(cause, "strconv.ParseBool: "):
		return before + " flag: want true or false"
	}
	return text
}
