// Package evidence makes the pictures that let a person see what a finding says: frames around it, its sound drawn, and a film strip of the whole check.
//
// It runs after a report is written and changes nothing of it. What is wanted is planned first, from the report and the headers of the measurements; then decoder
// children are asked for it, unit by unit, and only for units that hold something wanted. The same check gives the same bytes.
package evidence

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"aircheck/jobs"
	"aircheck/judge"
	"aircheck/report"
)

// Level says of which findings evidence is made.
type Level string

// The levels.
const (
	Off      Level = "off"
	Findings Level = "findings" // of those at warn or fail
	Full     Level = "full"     // of all findings, and a film strip in any case
)

// ParseLevel reads a level.
func ParseLevel(s string) (Level, error) {
	switch l := Level(s); l {
	case Off, Findings, Full:
		return l, nil
	}
	return "", fmt.Errorf("evidence %q: give off, findings or full", s)
}

// Options bound what is made. The zero value means the defaults.
type Options struct {
	Level Level // Findings
	// Edge bounds the edges of full-size pictures; jobs.MaxLookEdge.
	Edge int
	// Proofs bounds the findings of which evidence is made; jobs.MaxProofs.
	Proofs int
}

func (o Options) withDefaults() Options {
	if o.Level == "" {
		o.Level = Findings
	}
	if o.Edge <= 0 || o.Edge > jobs.MaxLookEdge {
		o.Edge = jobs.MaxLookEdge
	}
	if o.Proofs <= 0 || o.Proofs > jobs.MaxProofs {
		o.Proofs = jobs.MaxProofs
	}
	return o
}

// Wanted tells whether a report has findings of which evidence would be made.
// The zero level is Findings.
func Wanted(r *report.Report, level Level) bool {
	switch level {
	case Off:
		return false
	case Full:
		return true
	}
	for i := range r.Findings {
		if shown(&r.Findings[i], Findings) {
			return true
		}
	}
	return false
}

// Maker makes evidence.
type Maker struct {
	// Run answers a look: a worker.Measurer's Measure. It is called from several goroutines at once.
	Run func(ctx context.Context, task jobs.Task) ([]byte, error)
	// Slots is how many looks run at the same time.
	Slots int
	// Put keeps a file; calls may overlap.
	Put func(ctx context.Context, name string, body []byte) error
	// LastTry makes do with what can be had; otherwise trouble that may pass is an error.
	LastTry bool
	// Budget bounds the time in which looks are begun, so that what was made until then is kept; 0: no bound.
	Budget time.Duration
	// Now is the clock of the budget; nil: time.Now.
	Now     func() time.Time
	Options Options
	// Before reads what was made of the check at another time, nil when there is nothing: its film strip stays when nothing of a new one can be had. Nil: there is never anything.
	Before func(ctx context.Context) (*jobs.Evidence, error)
	Log    *slog.Logger // nil: slog.Default()
}

// Make makes the evidence of a check and returns its index, which the caller stores last; nil when nothing is to be made. The places are those of all its windows.
func (m *Maker) Make(ctx context.Context, check *jobs.Check, r *report.Report, places *judge.Places) (*jobs.Evidence, error) {
	o := m.Options.withDefaults()
	if !Wanted(r, o.Level) {
		return nil, nil
	}
	w := &work{Maker: m, check: check, report: r, options: o, places: places.Renditions(r.Renditions)}
	w.plan()
	w.within(m.Budget * 2 / 3) // the rest is for the strip
	index := &jobs.Evidence{V: jobs.EvidenceVersion, Check: check.ID}
	if err := w.look(ctx); err != nil {
		return nil, fmt.Errorf("make evidence of check %s: %w", check.ID, err)
	}
	w.within(m.Budget / 3)
	var err error
	if index.Strip, err = w.film(ctx); err != nil {
		return nil, fmt.Errorf("make film strip of check %s: %w", check.ID, err)
	}
	index.Items, index.Left = w.proofs()
	return index, nil
}

// first makes the first frames of findings and nothing else.
func (m *Maker) first(ctx context.Context, check *jobs.Check, r *report.Report, places map[string]*judge.Place) ([]jobs.Proof, error) {
	w := &work{Maker: m, check: check, report: r, options: m.Options.withDefaults(), places: places, photos: map[photoKey]*photo{}}
	for _, f := range w.chosen() {
		p := proofPlan{finding: f}
		w.shot(&p, jobs.RoleFirst, w.rendition(f), f.Start.Micros())
		w.plans = append(w.plans, p)
	}
	w.within(m.Budget)
	if err := w.look(ctx); err != nil {
		return nil, fmt.Errorf("make first frames of check %s: %w", check.ID, err)
	}
	items, _ := w.proofs()
	return items, nil
}

// work is the making of one check's evidence.
type work struct {
	*Maker
	check   *jobs.Check
	report  *report.Report
	options Options
	places  map[string]*judge.Place

	plans []proofPlan
	// left counts the findings beyond the bound.
	left   int
	photos map[photoKey]*photo
	sounds []*sound

	until time.Time // no look is begun from then on; zero: there is no such time
	late  sync.Once // tells so
}

// within bounds the time in which the following looks are begun.
func (w *work) within(budget time.Duration) {
	if w.Budget > 0 {
		w.until = w.now().Add(budget)
	}
}

func (w *work) now() time.Time {
	if w.Now == nil {
		return time.Now()
	}
	return w.Now()
}

// look asks for all pictures and sounds.
func (w *work) look(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(1, w.Slots))
	for _, l := range w.photoLooks() {
		group.Go(func() error { return w.takePhotos(ctx, l) })
	}
	for _, s := range w.sounds {
		group.Go(func() error { return w.takeSound(ctx, s) })
	}
	return group.Wait()
}

// lookTries is how often a look is tried: another decoder child may not share the bad luck of one that crashed or hung.
const lookTries = 2

// run answers a look; nil when it cannot be answered, which costs a picture and nothing else.
func (w *work) run(ctx context.Context, task jobs.Task) ([]jobs.Looked, error) {
	if !w.until.IsZero() && !w.now().Before(w.until) {
		w.late.Do(func() { w.log().Warn("leave the other pictures out: these took too long", "check", w.check.ID) })
		return nil, nil
	}
	task.LastTry = w.LastTry // an origin that is away for a moment is no segment that is not there
	for try := 1; ; try++ {
		answer, err := w.Run(ctx, task)
		var list []jobs.Looked
		if err == nil {
			list, err = jobs.DecodeLooked(task.Look, answer)
		}
		if err == nil {
			return list, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		class := jobs.ClassOf(err)
		if class == jobs.Cancelled {
			return nil, err
		}
		if again := class == jobs.Crash || class == jobs.Timeout || class == jobs.Transient; again && try < lookTries {
			continue
		}
		if class == jobs.Transient && !w.LastTry {
			return nil, err
		}
		w.log().Warn("leave pictures out", "check", w.check.ID, "sequence", task.Window.Sequence, "class", class, "error", err)
		return nil, nil
	}
}

func (w *work) log() *slog.Logger {
	if w.Log == nil {
		return slog.Default()
	}
	return w.Log
}

// atMost is by how much a picture behind a finding may seem to begin before its end: times are rounded.
const atMost jobs.Micros = 2000

// proofs lists what came out, in the order of the plan, and counts the findings of which nothing did.
func (w *work) proofs() ([]jobs.Proof, int) {
	items, left := []jobs.Proof{}, w.left
	for i := range w.plans {
		p := &w.plans[i]
		proof := jobs.Proof{Finding: jobs.FindingKey(p.finding)}
		seen := map[string]bool{}
		for _, s := range p.shots {
			ph := w.photos[s.key]
			if ph == nil || ph.file == "" || seen[ph.file] || s.role == jobs.RoleAfter && ph.at < p.finding.End.Micros()-atMost {
				continue
			}
			seen[ph.file] = true
			proof.Pictures = append(proof.Pictures, jobs.Picture{
				Role: s.role, Rendition: s.key.rendition, At: ph.at.At(), File: ph.file, Width: ph.width, Height: ph.height,
			})
		}
		if s := p.sound; s != nil && s.file != "" {
			proof.Sounds = append(proof.Sounds, jobs.Sound{
				Rendition: s.rendition, Start: s.from.At(), End: s.to.At(), File: s.file, Width: soundWidth, Height: soundHeight,
			})
		}
		if len(proof.Pictures)+len(proof.Sounds) == 0 {
			left++
			continue
		}
		items = append(items, proof)
	}
	return items, left
}
