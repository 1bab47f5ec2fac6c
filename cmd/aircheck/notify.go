package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/notify"
	"aircheck/producer/streams"
	"aircheck/report"
)

// notifyFlags name who is told of what is found.
type notifyFlags struct{ notifyFile string }

func (f *notifyFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.notifyFile, "notify", "", "`file` of the targets that are told of findings (YAML: webhook, slack, email, alertmanager, exec); read again when it changes")
}

// load reads the file, so that what is wrong with it is an error now and not a line in a log at night.
func (f *notifyFlags) load() (*notify.Config, error) {
	c, err := notify.Load(f.notifyFile)
	if err != nil {
		return nil, usageError("--notify: %w", err)
	}
	return c, nil
}

func newNotifyCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "notify",
		Short: "Tell people and machines what is found",
		Long: `The targets of a file are told when findings open and close: webhooks, Slack, mail, Alertmanager, commands.
One process of a fleet does it: 'aircheck producer', 'up' and 'follow' with --notify, or 'aircheck notify run'.
docs/NOTIFY.md has an example of each kind.`,
		Example: "  aircheck notify test --notify notify.yaml\n  aircheck notify run --notify notify.yaml --store s3://aircheck/prod",
		Args:    args(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newNotifyTestCommand(a), newNotifyShowCommand(a), newNotifyRunCommand(a))
	return cmd
}

func newNotifyTestCommand(a *app) *cobra.Command {
	var f notifyFlags
	cmd := &cobra.Command{
		Use:   "test [TARGET...]",
		Short: "Send a sample to the targets and show what they answered",
		Long: `Sends what a defect looks like that opens, and then its end, to the named targets, or to all of them.
The exit status is 1 when one did not take it.`,
		Example: "  aircheck notify test --notify notify.yaml\n  aircheck notify test ops --notify notify.yaml",
		RunE:    func(cmd *cobra.Command, names []string) error { return a.notifyTest(cmd.Context(), &f, names) },
	}
	f.add(cmd.Flags())
	return cmd
}

func (a *app) notifyTest(ctx context.Context, f *notifyFlags, names []string) error {
	c, err := f.load()
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := knownTarget(c, name); err != nil {
			return usageError("%w", err)
		}
	}
	sender := a.notifySender(nil)
	failed := 0
	for i := range c.Targets {
		t := &c.Targets[i]
		if len(names) > 0 && !slices.Contains(names, t.Name) {
			continue
		}
		for _, m := range notify.Sample(a.now(), c.BaseURL) {
			answer, err := sender.Send(ctx, t, &m)
			if err != nil {
				failed++
				fmt.Fprintf(a.stderr, "aircheck: %v\n", err)
				break
			}
			fmt.Fprintf(a.stdout, "%s: told %q: %s\n", t.Name, m.Title(), report.Printable(answer))
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d targets did not take the sample", failed, max(len(names), len(c.Targets)*(1-min(1, len(names)))))
	}
	return nil
}

// knownTarget tells whether there is a target of that name, and else which one may be meant.
func knownTarget(c *notify.Config, name string) error {
	names := c.Names()
	if slices.Contains(names, name) {
		return nil
	}
	if near := jobs.Nearest(name, names); near != "" {
		return fmt.Errorf("no target is called %q; did you mean %q?", name, near)
	}
	return fmt.Errorf("no target is called %q: there are %s", name, strings.Join(names, ", "))
}

func newNotifyShowCommand(a *app) *cobra.Command {
	var f notifyFlags
	var format string
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Show the targets and what they are told",
		Long:    "Shows the targets of a file, without secrets, and which findings each of them is told.",
		Example: "  aircheck notify show --notify notify.yaml",
		Args:    args(cobra.NoArgs),
		RunE:    func(*cobra.Command, []string) error { return a.notifyShow(&f, format) },
	}
	f.add(cmd.Flags())
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

// shownTarget is a target as `notify show --format json` prints it, one a line; without its address, which may be a secret.
type shownTarget struct {
	Name     string        `json:"name"`
	Kind     notify.Kind   `json:"kind"`
	Severity jobs.Severity `json:"severity"`
	Codes    []string      `json:"codes,omitempty"`
	Streams  []string      `json:"streams,omitempty"`
	Group    string        `json:"group"`
	Quiet    string        `json:"quiet"`
}

func (a *app) notifyShow(f *notifyFlags, format string) error {
	if format != "text" && format != "json" {
		return usageError("unknown format %q: text or json", format)
	}
	c, err := f.load()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	if format == "text" {
		fmt.Fprintln(w, "TARGET\tKIND\tFROM\tCODES\tSTREAMS\tGROUP\tQUIET")
	}
	all := func(list []string) string {
		if len(list) == 0 {
			return "all"
		}
		return report.Printable(strings.Join(list, ","))
	}
	encoder := json.NewEncoder(a.stdout)
	for i := range c.Targets {
		t := &c.Targets[i]
		if format == "text" {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t.Name, t.Kind, t.Severity, all(t.Codes), all(t.Streams), *t.Group, *t.Quiet)
			continue
		}
		one := shownTarget{Name: t.Name, Kind: t.Kind, Severity: t.Severity, Codes: t.Codes, Streams: t.Streams, Group: t.Group.String(), Quiet: t.Quiet.String()}
		if err := encoder.Encode(one); err != nil {
			return fmt.Errorf("write targets: %w", err)
		}
	}
	return w.Flush()
}

type notifyRunFlags struct {
	notifyFlags
	storeFlags
	redisFlags
	serviceFlags
	liveFlags
}

func newNotifyRunCommand(a *app) *cobra.Command {
	var f notifyRunFlags
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Tell the targets what a fleet finds",
		Long: `Reads what the workers of a fleet tell and passes it on. Several may run: one does it at a time, and another
takes over within ten seconds. With --streams the 'notify' lists of streams.yaml choose the targets of a stream.`,
		Example: "  aircheck notify run --notify notify.yaml --store s3://aircheck/prod --redis redis://10.0.0.5:6379/0",
		Args:    args(cobra.NoArgs),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.notifyRun(cmd.Context(), &f) },
	}
	f.notifyFlags.add(cmd.Flags())
	f.storeFlags.add(cmd.Flags())
	f.redisFlags.add(cmd.Flags())
	f.serviceFlags.add(cmd.Flags())
	f.liveFlags.add(cmd.Flags())
	return cmd
}

func (a *app) notifyRun(ctx context.Context, f *notifyRunFlags) error {
	log, err := a.serviceLog(&f.serviceFlags)
	if err != nil {
		return err
	}
	if f.notifyFile == "" {
		return usageError("--notify is missing: name the file of the targets")
	}
	arch, conn, err := a.fleetAt(ctx, &f.storeFlags, &f.redisFlags)
	if err != nil {
		return err
	}
	defer conn.Close()
	runner, err := a.notifier(&f.notifyFlags, &f.liveFlags, arch, queue.NewClient(conn), log)
	if err != nil {
		return err
	}
	return runner.Run(ctx)
}

// notifier makes what passes on what is found; nil without --notify. live may be nil.
func (a *app) notifier(f *notifyFlags, live *liveFlags, arch *archive.Archive, feed notify.Feed, log *slog.Logger) (*notify.Runner, error) {
	if f.notifyFile == "" {
		return nil, warnOfNotify(live, log)
	}
	c, err := f.load()
	if err != nil {
		return nil, err
	}
	routes, err := newRoutes(live, c)
	if err != nil {
		return nil, err
	}
	watch := &notify.Watch{Path: f.notifyFile}
	current := func() (*notify.Config, bool) {
		routes.poll(c, log)
		next, changed, err := watch.Poll()
		if err != nil {
			log.Error("the targets stay as they were", "error", err)
		}
		if changed {
			c = next
		}
		return c, changed
	}
	return &notify.Runner{
		Feed: feed, Sender: a.notifySender(arch), Config: current, Route: routes.of, Owner: liveOwner(), Now: a.now, Log: log,
	}, nil
}

// warnOfNotify says that streams ask for what nobody does.
func warnOfNotify(live *liveFlags, log *slog.Logger) error {
	if live == nil || live.streamsFile == "" {
		return nil
	}
	file, _, err := live.watch().Poll()
	if err != nil {
		return usageError("--streams: %w", err)
	}
	for i := range file.Streams {
		if len(file.Streams[i].Notify) > 0 {
			log.Warn("streams have 'notify' lists, and nobody is told without --notify", "file", live.streamsFile, "first", file.Streams[i].Name)
			break
		}
	}
	return nil
}

func (a *app) notifySender(arch *archive.Archive) *notify.Sender {
	s := &notify.Sender{Env: a.getenv, Now: a.now}
	if arch != nil {
		s.Picture = func(ctx context.Context, check, finding string) []byte { return firstFrame(ctx, arch, check, finding) }
	}
	return s
}

// routes are the `notify` lists of streams.yaml. It belongs to the goroutine of the notifier.
type routes struct {
	watch *streams.Watch
	lists map[string][]string
}

func newRoutes(live *liveFlags, c *notify.Config) (*routes, error) {
	r := &routes{}
	if live == nil || live.streamsFile == "" {
		return r, nil
	}
	r.watch = live.watch()
	file, _, err := r.watch.Poll()
	if err != nil {
		return nil, usageError("--streams: %w", err)
	}
	if err := knownTargets(c, file); err != nil {
		return nil, usageError("--streams: %w", err)
	}
	r.take(file)
	return r, nil
}

// knownTargets tells which streams name targets that there are not.
func knownTargets(c *notify.Config, file *streams.File) error {
	var errs []error
	for i := range file.Streams {
		s := &file.Streams[i]
		for _, name := range s.Notify {
			if err := knownTarget(c, name); err != nil {
				errs = append(errs, fmt.Errorf("line %d: notify of stream %q: %w", s.Line, s.Name, err))
			}
		}
	}
	return errors.Join(errs...)
}

func (r *routes) take(file *streams.File) {
	r.lists = map[string][]string{}
	for i := range file.Streams {
		if s := &file.Streams[i]; s.Notify != nil {
			r.lists[s.Name] = s.Notify
		}
	}
}

func (r *routes) poll(c *notify.Config, log *slog.Logger) {
	if r.watch == nil {
		return
	}
	file, changed, err := r.watch.Poll()
	if changed {
		err = knownTargets(c, file)
		changed = err == nil
	}
	if err != nil {
		log.Warn("whom to notify of which stream stays as it was", "error", err)
	}
	if changed {
		r.take(file)
	}
}

// of names the targets of a stream; nil: all.
func (r *routes) of(stream string) []string { return r.lists[stream] }

// firstFrame is the picture in which a finding begins; nil while there is none. Evidence is made after a report, so it is there for finished checks, and only sometimes for live ones.
func firstFrame(ctx context.Context, arch *archive.Archive, check, finding string) []byte {
	const patience = 500 * time.Millisecond
	_, _, live := jobs.ParseLiveID(check)
	for {
		if b := storedFrame(ctx, arch, check, finding); b != nil || live {
			return b
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(patience):
		}
	}
}

// maxFrame bounds a picture that is attached to a message.
const maxFrame = 4 << 20

func storedFrame(ctx context.Context, arch *archive.Archive, check, finding string) []byte {
	e, err := arch.Evidence(ctx, check)
	if err != nil {
		return nil
	}
	i := slices.IndexFunc(e.Items, func(p jobs.Proof) bool { return p.Finding == finding })
	if i < 0 {
		return nil
	}
	k := slices.IndexFunc(e.Items[i].Pictures, func(p jobs.Picture) bool { return p.Role == jobs.RoleFirst })
	if k < 0 {
		return nil
	}
	body, size, err := arch.EvidenceFile(ctx, check, e.Items[i].Pictures[k].File)
	if err != nil {
		return nil
	}
	defer body.Close()
	if size > maxFrame {
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(body, maxFrame))
	if err != nil {
		return nil
	}
	return b
}
