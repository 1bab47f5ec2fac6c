package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"aircheck/bench/origin"
)

// maxChannels bounds the channels of one origin: thousands are served, and a slip of the finger is noticed.
const maxChannels = 10_000

type originFlags struct {
	listen, media string
	container     string
	channels      int
	length        int
	segment       int
	heights       []int
	apart         bool
	window        time.Duration
	parts         int
	jumps         bool
	timeline      bool
	speed         float64

	fault, faultChannel, faultTrack string
	faultAfter, faultFor            time.Duration
	faultPlaylists                  bool
	faultRate, faultCount           int
}

// originContents are the faults of content, as filters for picture and sound.
func originContents() map[string]origin.Recipe {
	return map[string]origin.Recipe{
		"black":   {PictureFilter: "drawbox=t=fill:c=black"},
		"freeze":  {PictureFilter: "loop=loop=-1:size=1:start=0"},
		"silence": {SoundFilter: "volume=0"},
	}
}

func newOriginCommand(a *app) *cobra.Command {
	var f originFlags
	cmd := &cobra.Command{
		Use:    "origin",
		Hidden: true,
		Short:  "Serve a clip as live channels, and misbehave on request",
		Long: `Serves a clip again and again as live HLS and DASH channels, as continuous streams, and prints their addresses. A fault begins after
--fault-after, or when somebody sends POST /fault, and ends after --fault-for, or with DELETE /fault.

--media is a file that ffmpeg reads or a directory with a finished HLS stream; without it ffmpeg draws a clip.`,
		Example: `  aircheck bench origin --fault black --fault-after 30s --fault-for 10s
  aircheck bench origin --media film.mp4 --channels 200 --container m4s`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serveOrigin(cmd.Context(), &f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:0", "`address` to serve on; port 0 takes a free one")
	flags.StringVar(&f.media, "media", "", "`path` of a file, or of a directory with a finished HLS stream")
	flags.StringVar(&f.container, "container", "ts", "of the segments: ts, or m4s, which DASH needs")
	flags.IntVar(&f.channels, "channels", 1, "how many channels play the clip: ch0, ch1 …")
	flags.IntVar(&f.length, "length", 24, "seconds of the clip; multiples of 8 repeat without a seam")
	flags.IntVar(&f.segment, "segment", 2, "seconds of a segment")
	flags.IntSliceVar(&f.heights, "heights", []int{180}, "lines of the variants")
	flags.BoolVar(&f.apart, "apart", false, "put the sound into a playlist of its own")
	flags.DurationVar(&f.window, "window", 0, "media in a playlist; 0 is six segments")
	flags.IntVar(&f.parts, "parts", 0, "parts of a segment, for low latency; 0 is none")
	flags.BoolVar(&f.jumps, "jumps", false, "let timestamps jump back with each repetition, with EXT-X-DISCONTINUITY")
	flags.BoolVar(&f.timeline, "timeline", false, "list the segments in the MPD with a SegmentTimeline")
	flags.Float64Var(&f.speed, "speed", 1, "how much faster than the clock everything goes")
	flags.StringVar(&f.fault, "fault", "", "`kind` of the fault: "+strings.Join(originFaults(), ", "))
	flags.StringVar(&f.faultChannel, "fault-channel", "", "channel that has the fault; all when empty")
	flags.StringVar(&f.faultTrack, "fault-track", "", "track that has the fault: v0, a0; all when empty")
	flags.DurationVar(&f.faultAfter, "fault-after", 0, "when the fault begins; 0 is on POST /fault")
	flags.DurationVar(&f.faultFor, "fault-for", 10*time.Second, "how long the fault lasts; 0 is for good")
	flags.BoolVar(&f.faultPlaylists, "fault-playlists", false, "let the fault be one of playlists instead of segments")
	flags.IntVar(&f.faultRate, "fault-rate", 20_000, "of slow: bytes a second; of drift: thousandths")
	flags.IntVar(&f.faultCount, "fault-count", 3, "of back, jump and remove: segments")
	return cmd
}

func originFaults() []string {
	var list []string
	for _, k := range origin.Kinds() {
		list = append(list, string(k))
	}
	for name := range originContents() {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

func (f *originFlags) validate() error {
	switch {
	case f.fault != "" && !slices.Contains(originFaults(), f.fault):
		return usageError("--fault %q: give one of %s", f.fault, strings.Join(originFaults(), ", "))
	case f.container != string(origin.TS) && f.container != string(origin.FMP4):
		return usageError("--container %q: give ts or m4s", f.container)
	case f.channels < 1 || f.channels > maxChannels:
		return usageError("--channels %d: give 1 to %d", f.channels, maxChannels)
	case f.parts < 0 || f.length < 1 || f.segment < 1 || !(f.speed > 0) || f.faultFor < 0 || f.faultAfter < 0:
		return usageError("--parts, --length, --segment, --speed, --fault-after and --fault-for cannot be below nothing")
	}
	return nil
}

func (f *originFlags) recipe() origin.Recipe {
	return origin.Recipe{Seconds: f.length, Segment: f.segment, Container: origin.Container(f.container), Heights: f.heights, Apart: f.apart}
}

// serveOrigin serves until ctx ends.
func (a *app) serveOrigin(ctx context.Context, f *originFlags) error {
	if err := f.validate(); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "aircheck-origin-")
	if err != nil {
		return fmt.Errorf("make scratch directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	clip, err := f.clip(ctx, filepath.Join(scratch, "clip"), origin.Recipe{})
	if err != nil {
		return err
	}
	fault, err := f.faultOf(ctx, filepath.Join(scratch, "fault"))
	if err != nil {
		return err
	}
	clock := origin.NewReal(f.speed)
	o := origin.New(clock)
	for i := range f.channels {
		s := origin.Stream{Name: fmt.Sprintf("ch%d", i), Clip: clip, Window: f.window, Parts: f.parts, Jumps: f.jumps, Timeline: f.timeline}
		if err := o.Add(s); err != nil {
			return err
		}
	}
	if f.fault != "" && f.faultAfter > 0 {
		f.begin(o, fault, clock.Now().Add(f.faultAfter))
	}
	base, stop, err := origin.Serve(f.listen, f.handler(o, fault, clock, a.stderr))
	if err != nil {
		return err
	}
	f.tell(a.stdout, base)
	<-ctx.Done()
	return stop()
}

// clip makes or loads the clip; change says how it differs from what was asked for.
func (f *originFlags) clip(ctx context.Context, scratch string, change origin.Recipe) (*origin.Clip, error) {
	if err := os.Mkdir(scratch, 0o700); err != nil {
		return nil, fmt.Errorf("make scratch directory: %w", err)
	}
	if info, err := os.Stat(f.media); err == nil && info.IsDir() {
		return origin.Load(f.media)
	}
	tool, err := origin.FindTool()
	if err != nil {
		return nil, err
	}
	recipe := f.recipe()
	recipe.PictureFilter, recipe.SoundFilter = change.PictureFilter, change.SoundFilter
	if f.media != "" {
		return origin.Open(ctx, tool, f.media, scratch, recipe)
	}
	return origin.Make(ctx, tool, scratch, recipe)
}

func (f *originFlags) faultOf(ctx context.Context, scratch string) (origin.Fault, error) {
	fault := origin.Fault{
		Kind: origin.Kind(f.fault), Stream: f.faultChannel, Track: f.faultTrack, Playlists: f.faultPlaylists, Rate: f.faultRate, Count: f.faultCount, Delay: time.Duration(f.segment) * time.Second,
	}
	change, ok := originContents()[f.fault]
	if !ok {
		return fault, nil
	}
	if info, err := os.Stat(f.media); err == nil && info.IsDir() {
		return fault, usageError("--fault %s: the clip is coded anew for it: give --media a file instead of a directory", f.fault)
	}
	clip, err := f.clip(ctx, scratch, change)
	fault.Kind, fault.Clip = origin.Content, clip
	return fault, err
}

// begin lets the fault begin at a time.
func (f *originFlags) begin(o *origin.Origin, fault origin.Fault, from time.Time) {
	fault.From = from
	if f.faultFor > 0 {
		fault.Until = from.Add(f.faultFor)
	}
	o.Inject(fault)
}

// handler adds the switch for the fault to the origin.
func (f *originFlags) handler(o *origin.Origin, fault origin.Fault, clock origin.Clock, log io.Writer) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", o)
	mux.HandleFunc("POST /fault", func(w http.ResponseWriter, _ *http.Request) {
		if f.fault == "" {
			http.Error(w, "start with --fault KIND", http.StatusConflict)
			return
		}
		f.begin(o, fault, clock.Now())
		fmt.Fprintf(log, "fault %s begins\n", f.fault)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("DELETE /fault", func(w http.ResponseWriter, _ *http.Request) {
		o.Mend()
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

func (f *originFlags) tell(w io.Writer, base string) {
	for i := range f.channels {
		fmt.Fprintf(w, "%s/ch%d/master.m3u8\n", base, i)
		if f.container == string(origin.FMP4) {
			fmt.Fprintf(w, "%s/ch%d/manifest.mpd\n", base, i)
		}
	}
}
