package main

import (
	"context"
	"time"

	"github.com/spf13/pflag"

	"aircheck/jobs"
	"aircheck/jobs/queue"
	"aircheck/judge"
	"aircheck/producer/submit"
	"aircheck/storage"
	"aircheck/storage/origin"
	"aircheck/storage/s3"
)

// Bounds of --window. Below 100 ms a window is a few frames and costs more than it holds; nobody means more than a day.
const (
	defaultWindow = time.Minute
	minWindow     = 100 * time.Millisecond
	maxWindow     = 24 * time.Hour
	// maxFleetWindow: the queue gives up on a window after 2 minutes and ten times its length, but after an hour at the latest, so that a hang is noticed
	// (see queue.WindowTimeout). Beyond 5.8 minutes a slow machine would get less than that, and a segment may reach over the end of its window.
	maxFleetWindow = 5 * time.Minute
)

// planFlags say how a stream is to be examined, wherever that will be done.
type planFlags struct {
	profileFlags
	window time.Duration
	// reference is what the input is compared with; empty for nothing.
	reference string
	depth     string
}

func (f *planFlags) add(flags *pflag.FlagSet) {
	f.profileFlags.add(flags, judge.DefaultProfile)
	flags.StringVar(&f.depth, "depth", jobs.DepthFull, "full, or fast: `depth` of the check. Fast decodes key frames and sound, and all of what looks suspicious")
	flags.DurationVar(&f.window, "window", defaultWindow, "length of the pieces that are measured at a time")
}

// addReference adds the flag of the commands that can compare.
func (f *planFlags) addReference(flags *pflag.FlagSet) {
	flags.StringVar(&f.reference, "reference", "", "compare with this `input`: offset of the sound, missing content, PSNR and SSIM")
}

// plan is planFlags found valid.
type plan struct {
	profile   jobs.Profile
	breaks    *jobs.Profile // of ad breaks; nil for profile
	window    jobs.Micros
	reference string
	depth     string // as in jobs.Check
}

// checkDepth is the flag as a check has it.
func (f *planFlags) checkDepth() (string, error) {
	switch {
	case f.depth == "" || f.depth == jobs.DepthFull:
		return "", nil
	case f.depth != jobs.DepthFast:
		return "", usageError("--depth %q: give full or fast", f.depth)
	case f.reference != "":
		return "", usageError("--depth fast and --reference: a comparison needs every picture")
	}
	return f.depth, nil
}

func (f *planFlags) parse() (plan, error) {
	if f.window < minWindow || f.window > maxWindow {
		return plan{}, usageError("--window %s: give a length between %s and %s", f.window, minWindow, maxWindow)
	}
	depth, err := f.checkDepth()
	if err != nil {
		return plan{}, err
	}
	profile, err := f.load()
	if err != nil {
		return plan{}, err
	}
	breaks, err := f.loadBreaks()
	if err != nil {
		return plan{}, err
	}
	return plan{depth: depth, profile: profile, breaks: breaks, window: jobs.FromDuration(f.window), reference: f.reference}, nil
}

// parseForFleet is parse for windows that travel through the queue.
func (f *planFlags) parseForFleet() (plan, error) {
	if f.window > maxFleetWindow && f.window <= maxWindow {
		return plan{}, usageError("--window %s: a fleet takes windows up to %s, because a worker has at most an hour for one; 'aircheck check' takes longer ones",
			f.window, maxFleetWindow)
	}
	return f.parse()
}

// origin reads media with the credentials of the environment.
func (a *app) origin() *origin.Client {
	return origin.New(origin.Config{S3: s3.ConfigFromEnv(a.getenv), UserAgent: "aircheck/" + version})
}

// manifest opens the stream and cuts it, as a submission to the fleet does.
func (a *app) manifest(ctx context.Context, media storage.Origin, input string, p plan) (*jobs.Check, error) {
	s := submit.Submitter{Origin: media, Now: a.now}
	return s.Prepare(ctx, input, submit.Options{Profile: p.profile, Breaks: p.breaks, Window: p.window, Queue: queue.Vod, Reference: p.reference, Depth: p.depth})
}
