// Package accuracy measures how well defects are found: precision, recall and F1 of every code on clips with injected defects, false alarms on clean
// clips, and ffmpeg's own filters on the same clips beside them.
//
// It sees aircheck only through the reports that a Checker gives it, as a user would.
package accuracy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"aircheck/bench/inject"
	"aircheck/jobs"
	"aircheck/report"
)

// Examination is what a Checker is asked to do.
type Examination struct {
	Input string
	// Profile is a name or a file; Reference is an input, or empty.
	Profile, Reference string
}

// Checker makes the report of a clip. It is called from several goroutines.
type Checker func(ctx context.Context, e Examination) (*report.Report, error)

// Options say what to measure.
type Options struct {
	// Work is where clips are kept from run to run.
	Work string
	// Media is a directory of real clips that the bench knows; empty, or without any of them, leaves only drawn ones.
	Media string
	// Short takes one drawn clip a code and a minute of clean content.
	Short bool
	// Clips is how many labelled clips a code is to have; 0 is twelve, for fewer say little about an F1 of 0.95.
	Clips int
	// Only restricts the run to some codes and leaves out the clean clips; empty is all.
	Only []string
	// Jobs is how many clips are worked at at a time.
	Jobs int
	// Progress is called after each clip; it may be nil. Calls do not overlap.
	Progress func(done, total int, what string)
}

// Result is what a run measured.
type Result struct {
	Mode   string  `json:"mode"` // "full", "synthetic" or "short"; a run of some codes or of fewer clips adds "+only"
	FFmpeg string  `json:"ffmpeg"`
	Clips  int     `json:"clips"`
	Scores []Score `json:"scores"`
	Clean  Clean   `json:"clean"`
	// Troubles lists all that is not as it should be, in a fixed order.
	Troubles []Trouble `json:"troubles"`
	// Hidden lists what no base could show, Untested the codes of which there was no clip at all.
	Hidden   []string `json:"hidden,omitempty"`
	Untested []string `json:"untested,omitempty"`
}

// bench is a run at work.
type bench struct {
	Options
	check Checker
	store *store
	mu    sync.Mutex
	done  int
	total int
}

// judged is one clip with all that was said about it.
type judged struct {
	test     testCase
	label    *inject.Label
	path     string
	outcome  outcome
	others   []spot
	peer     said
	hasPeer  bool
	failures string
}

// Run makes the clips, has them checked, and counts.
func Run(ctx context.Context, o Options, check Checker) (*Result, error) {
	tool, err := inject.FindTool(ctx)
	if err != nil {
		return nil, err
	}
	work, err := filepath.Abs(o.Work)
	if err != nil {
		return nil, fmt.Errorf("find work directory: %w", err)
	}
	if err := os.MkdirAll(work, 0o750); err != nil {
		return nil, fmt.Errorf("make work directory: %w", err)
	}
	if o.Media != "" { // ffmpeg runs in directories of its own
		if o.Media, err = filepath.Abs(o.Media); err != nil {
			return nil, fmt.Errorf("find media directory: %w", err)
		}
	}
	o.Jobs = max(o.Jobs, 1)
	b := &bench{Options: o, check: check, store: &store{tool: tool, dir: work, media: o.Media, bases: map[string]*lazyBase{}}}
	var real []clip
	if !o.Short {
		real = present(o.Media)
	}
	tests, clean := plan(o, real), b.cleanClips(real)
	b.total = len(tests) + len(clean)
	result := &Result{Mode: o.mode(real), FFmpeg: tool.Version, Troubles: []Trouble{}}
	judgements, err := each(ctx, o.Jobs, tests, b.judge)
	if err != nil {
		return nil, err
	}
	result.count(judgements)
	spotless, err := each(ctx, o.Jobs, clean, b.examine)
	if err != nil {
		return nil, err
	}
	result.countClean(spotless)
	return result, nil
}

func (o Options) mode(real []clip) string {
	mode := "full"
	switch {
	case o.Short:
		mode = "short"
	case len(real) == 0:
		mode = "synthetic"
	}
	if len(o.Only) > 0 || o.Clips > 0 {
		mode += "+only"
	}
	return mode
}

// each maps a list, several at a time, in the order of the list.
func each[T, R any](ctx context.Context, jobs int, list []T, do func(context.Context, T) (R, error)) ([]R, error) {
	results := make([]R, len(list))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(jobs)
	for i, item := range list {
		group.Go(func() (err error) {
			results[i], err = do(ctx, item)
			return err
		})
	}
	return results, group.Wait()
}

func (b *bench) progress(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done++
	if b.Progress != nil {
		b.Progress(b.done, b.total, what)
	}
}

// judge makes one clip and has it checked by aircheck and by the counterpart.
func (b *bench) judge(ctx context.Context, c testCase) (judged, error) {
	l, dir, err := b.store.clip(ctx, c)
	defer b.progress(c.code + " " + c.variant)
	if err != nil || l == nil {
		return judged{test: c}, err
	}
	j := judged{test: c, label: l, path: filepath.Join(dir, l.Clip)}
	e := Examination{Input: j.path, Profile: l.Profile}
	if l.ProfileFile != "" {
		e.Profile = filepath.Join(dir, l.ProfileFile)
	}
	if l.Reference != "" {
		e.Reference = filepath.Join(dir, l.Reference)
	}
	spots, err := b.spots(ctx, e)
	if err != nil && ctx.Err() != nil {
		return j, err
	}
	if err != nil {
		j.failures = err.Error() // a clip that cannot be checked is a defect that was missed
	}
	truths := b.truths(l)
	spots = slices.DeleteFunc(spots, func(s spot) bool { return explained(truths, s) })
	j.outcome = match(l, spots)
	for _, s := range spots {
		if s.code != l.Code && s.alarming() && !slices.Contains(l.Accept, s.code) && !slices.Contains(l.Along, s.code) {
			j.others = append(j.others, s)
		}
	}
	if i := slices.IndexFunc(peers(), func(p peer) bool { return p.code == l.Code }); i >= 0 {
		j.peer, err = b.ask(ctx, peers()[i], dir, l)
		j.hasPeer = err == nil
		if ctx.Err() != nil {
			return j, ctx.Err()
		}
	}
	return j, nil
}

// truths are those of the real clip that a base was cut from, on the time of the cut.
func (b *bench) truths(l *inject.Label) []truth {
	name, ok := strings.CutPrefix(l.Base.Input, "media:")
	if !ok {
		return nil
	}
	var list []truth
	for _, c := range realClips() {
		if c.name != name {
			continue
		}
		for _, t := range c.truths {
			t.start, t.end = t.start-l.Base.Start, t.end-l.Base.Start
			list = append(list, t)
		}
	}
	return list
}

func (b *bench) ask(ctx context.Context, p peer, dir string, l *inject.Label) (said, error) {
	s, err := cached(filepath.Join(dir, "peer-"+key(p.code, p.args, b.store.tool.Version)+".json"), func() (said, error) {
		return p.ask(ctx, b.store.tool, filepath.Join(dir, l.Clip), l.Duration)
	})
	if p.code == "video.field_order" && s.Series != nil {
		flag, _ := l.Parameters["flag"].(string)
		s.Series = s.Series.against(flag)
	}
	return s, err
}

// spots has a clip checked and reduces its findings. What the workers say about themselves is an error.
func (b *bench) spots(ctx context.Context, e Examination) ([]spot, error) {
	r, err := b.check(ctx, e)
	if err != nil {
		return nil, err
	}
	var list []spot
	var broken error
	for _, f := range r.Findings {
		if strings.HasPrefix(f.Code, "worker.") {
			broken = errors.Join(broken, fmt.Errorf("check %s: %s: %s", e.Input, f.Code, f.Message))
			continue
		}
		s := spot{code: f.Code, severity: f.Severity, start: seconds(f.Start), end: seconds(f.End)}
		if f.Value != nil {
			v := float64(*f.Value)
			s.value = &v
		}
		list = append(list, s)
	}
	return list, broken
}

func seconds(s jobs.Seconds) float64 { return float64(s) }
