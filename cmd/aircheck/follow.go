package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"aircheck/jobs"
	"aircheck/judge"
	"aircheck/producer/follow"
	"aircheck/producer/streams"
	"aircheck/report"
)

// defaultLiveWindow is how much of a stream is measured at a time: an alarm waits for its window to fill.
const defaultLiveWindow = time.Duration(follow.DefaultWindow) * time.Microsecond

type followFlags struct {
	liveFlags
	fetchFlags
	storeFlags
	redisFlags
	serviceFlags
	keyFlags
	notifyFlags
	name   string
	data   string
	slots  int
	length time.Duration
	format string
	failOn string
	least  string
	// fleet: archive only; the rest is done by workers elsewhere.
	fleet bool
}

// liveFlags say which streams are followed, and how those that do not say it themselves.
type liveFlags struct {
	profileFlags
	streamsFile string
	window      time.Duration
}

func (f *liveFlags) add(flags *pflag.FlagSet) {
	f.profileFlags.add(flags, judge.DefaultProfile)
	flags.StringVar(&f.streamsFile, "streams", "", "`file` of the streams to follow (YAML: name, url, renditions, profile, window, archive); read again when it changes")
	flags.DurationVar(&f.window, "window", defaultLiveWindow, "length of the pieces that are measured at a time; a finding is told when its piece is full")
}

// Bounds of a live --window: those of streams.yaml.
const (
	minLiveWindow = time.Second
	maxLiveWindow = 10 * time.Minute
)

// check finds out now what would be an error in the log later: a bad window or profile, and a file of streams that cannot be read.
func (f *liveFlags) check() error {
	if f.window < minLiveWindow || f.window > maxLiveWindow {
		return usageError("--window %s: give a length between %s and %s", f.window, minLiveWindow, maxLiveWindow)
	}
	if _, err := f.load(); err != nil {
		return err
	}
	if f.streamsFile == "" {
		return nil
	}
	if _, _, err := f.watch().Poll(); err != nil {
		return usageError("--streams: %w", err)
	}
	return nil
}

func (f *liveFlags) watch() *streams.Watch {
	return &streams.Watch{Path: f.streamsFile, Profile: func(name string) error {
		_, err := f.profileOf(name)
		return err
	}}
}

func newFollowCommand(a *app) *cobra.Command {
	var f followFlags
	cmd := &cobra.Command{
		Use:   "follow [URL]",
		Short: "Follow live streams and tell what is wrong with them as it happens",
		Long: `Follows live HLS and DASH streams: archives their segments, checks them while they run, and prints findings as they open, grow and
close. Each stream has one check an hour, whose report has the same digest as a check of the archive.

Everything runs in this process and --data keeps the archive, the reports and what is needed to go on. With --redis and --store this
process archives only, and the workers of a fleet do the rest; streams are shared with other producers.

The command ends with the streams, after --for, or with Ctrl-C: it closes the hour, waits for its report and prints it. In a fleet,
streams that another producer goes on with are handed over, with their hour open. A second Ctrl-C ends at once; what was archived is
judged at the next start.

Exit status: as of 'aircheck check', over all reports of this run.`,
		Example: `  aircheck follow https://example.org/news/master.m3u8
  aircheck follow https://example.org/news.mpd --name news --for 10m --format json
  aircheck follow --streams streams.yaml --data /srv/aircheck
  aircheck follow --streams streams.yaml --redis redis://10.0.0.5:6379/0 --store s3://aircheck/prod`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, inputs []string) error {
			f.fleet = cmd.Flags().Changed("redis") || f.store != ""
			return a.follow(cmd.Context(), inputs, &f)
		},
	}
	flags := cmd.Flags()
	f.liveFlags.add(flags)
	f.fetchFlags.add(flags)
	f.storeFlags.add(flags)
	f.redisFlags.add(flags)
	f.keyFlags.add(flags)
	f.notifyFlags.add(flags)
	a.addSegmentQC(flags)
	flags.StringVar(&f.name, "name", "", "`name` of the stream: small letters, digits, - and _; made from the URL when it is missing")
	flags.StringVar(&f.data, "data", "data", "`directory` of archive, measurements and reports when everything runs in this process")
	flags.IntVar(&f.slots, "slots", 0, "windows measured at the same time; 0 means one a CPU")
	flags.DurationVar(&f.length, "for", 0, "end after this `time`; 0 goes on")
	flags.StringVar(&f.format, "format", "text", "text, or json: one event a line")
	flags.StringVar(&f.least, "least", string(jobs.Info), "least `severity` of the findings that are printed: info, warn or fail")
	flags.StringVar(&f.failOn, "fail-on", string(jobs.Fail), "least `severity` of a finding that makes the exit status 3: info, warn, fail or never")
	flags.StringVar(&f.level, "log-level", "error", "least `level` that is logged: debug, info, warn or error")
	return cmd
}

// followPlan is followFlags found valid.
type followPlan struct {
	list   []streams.Stream // empty with a file
	failOn jobs.Severity
	least  jobs.Severity
}

func (f *followFlags) parse(inputs []string) (followPlan, error) {
	var p followPlan
	switch {
	case (len(inputs) == 1) == (f.streamsFile != ""):
		return p, usageError("give the URL of a stream, or a file of streams with --streams")
	case f.name != "" && f.streamsFile != "":
		return p, usageError("--name is for a single URL; streams of a file have theirs there")
	case f.fleet && f.store == "":
		return p, usageError("--redis without --store: a fleet needs a place that all of it can reach")
	case f.format != "text" && f.format != "json":
		return p, usageError("unknown format %q: text or json", f.format)
	case f.slots < 0 || f.slots > maxSlots:
		return p, usageError("--slots %d: give a number between 0 and %d", f.slots, maxSlots)
	case f.length < 0:
		return p, usageError("--for %s: give a time above 0", f.length)
	}
	if f.slots == 0 {
		f.slots = runtime.NumCPU()
	}
	if p.least = jobs.Severity(f.least); p.least.Rank() == 0 {
		return p, usageError("--least %q: info, warn or fail", f.least)
	}
	var err error
	if p.failOn, err = report.ParseFailOn(f.failOn); err != nil {
		return p, usageError("--fail-on: %w", err)
	}
	if err := errors.Join(f.liveFlags.check(), f.fetchFlags.check()); err != nil {
		return p, err
	}
	if len(inputs) == 1 {
		s, err := f.stream(inputs[0])
		if err != nil {
			return p, err
		}
		p.list = []streams.Stream{s}
	}
	return p, nil
}

// stream is the entry of a single URL, which is held to the rules of a file.
func (f *followFlags) stream(input string) (streams.Stream, error) {
	if err := streams.CheckURL(input); err != nil {
		return streams.Stream{}, usageError("%w", err)
	}
	name := f.name
	if name == "" {
		if name = streamName(input); !jobs.ValidStreamName(name) {
			return streams.Stream{}, usageError("%s says no name for the stream: give one with --name", input)
		}
	}
	if !jobs.ValidStreamName(name) {
		return streams.Stream{}, usageError("--name %q: give 1 to 48 small letters, digits, - and _, beginning with a letter or a digit", name)
	}
	return streams.Stream{Name: name, URL: input, Renditions: streams.Renditions{Which: streams.All}, Window: f.window}, nil
}

// plainNames are what playlists are called that say nothing about their stream.
func plainNames() []string {
	return []string{"", "index", "live", "main", "manifest", "master", "playlist", "prog_index", "stream", "chunklist", "hls", "dash"}
}

// streamName makes a name of an address: what comes last in it and is no plain name, else the host.
func streamName(input string) string {
	u, err := url.Parse(input)
	if err != nil {
		return ""
	}
	parts := strings.Split(strings.TrimSuffix(u.Path, path.Ext(u.Path)), "/")
	for i := len(parts) - 1; i >= 0; i-- {
		if name := nameOf(parts[i]); !slices.Contains(plainNames(), name) {
			return name
		}
	}
	return nameOf(u.Hostname())
}

// nameOf makes a valid name of a text, as far as there is one.
func nameOf(text string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, text)
	const longest = 48
	name = strings.TrimLeft(name, "-_")
	return strings.TrimRight(name[:min(len(name), longest)], "-_")
}

func (a *app) follow(ctx context.Context, inputs []string, f *followFlags) error {
	p, err := f.parse(inputs)
	if err != nil {
		return err
	}
	log, err := a.serviceLog(&f.serviceFlags)
	if err != nil {
		return err
	}
	a.tellLeftOut(&f.liveFlags)
	if f.fleet {
		return a.followInFleet(ctx, f, p, log)
	}
	return a.followHere(ctx, f, p, log)
}

// errNothing is the error of a run in which no segment could be had.
var errNothing = errors.New("no segment could be had")

// nothingOf is that error, with what the last fault says.
func nothingOf(what, why string) error {
	if why != "" {
		return &jobs.Error{Class: jobs.Transient, Err: fmt.Errorf("follow %s: %w: %s", what, errNothing, why), Hint: "is the address right, is it live, and can this machine reach it?"}
	}
	return &jobs.Error{Class: jobs.Transient, Err: fmt.Errorf("follow %s: %w", what, errNothing), Hint: "is it live, and can this machine reach it? --log-level info says what was seen"}
}
