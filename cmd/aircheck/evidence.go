package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/report"
	"aircheck/storage"
	"aircheck/worker"
	"aircheck/worker/evidence"
)

// evidenceDir is the part of --out that has the pictures.
const evidenceDir = "evidence"

// evidenceIndex is the name of the list of them.
const evidenceIndex = "index.json"

// evidenceFlag says of which findings pictures are made.
type evidenceFlag struct{ evidence string }

func (f *evidenceFlag) add(flags *pflag.FlagSet, usual string) {
	flags.StringVar(&f.evidence, "evidence", "", "pictures of the findings: off, findings (at warn or fail) or full `level`; "+usual)
}

// level is the flag, or what is usual.
func (f *evidenceFlag) level(usual evidence.Level) (evidence.Level, error) {
	if f.evidence == "" {
		return usual, nil
	}
	l, err := evidence.ParseLevel(f.evidence)
	if err != nil {
		return "", usageError("--evidence: %w", err)
	}
	return l, nil
}

// pictures is evidence in the hands of a local check.
type pictures struct {
	Index *jobs.Evidence    // nil when there is none
	Files map[string][]byte // by name; nil unless they are to be kept
}

// album says where the evidence of a local check goes.
type album struct {
	level evidence.Level
	// keep holds the files in memory, for a page that has them inside; they are smaller then.
	keep bool
	dir  *outDir
	mu   sync.Mutex
	got  pictures
}

// Bounds of what a page holds inside: at 960 pixels a picture has some 80 KB.
const (
	pageEdge   = 960
	pageProofs = 20
)

func (b *album) options() evidence.Options {
	o := evidence.Options{Level: b.level}
	if b.keep && b.dir.dir == "" {
		o.Edge, o.Proofs = pageEdge, pageProofs
	}
	return o
}

func (b *album) put(_ context.Context, name string, body []byte) error {
	b.dir.write(filepath.Join(evidenceDir, name), body)
	if !b.keep {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.got.Files == nil {
		b.got.Files = map[string][]byte{}
	}
	b.got.Files[name] = body
	return nil
}

// illustrate makes the evidence of a local check. It never changes the report; trouble with it is told and no reason to end without one.
func (a *app) illustrate(ctx context.Context, check *jobs.Check, r *report.Report, headers evidence.Headers, m worker.Measurer, b *album) error {
	if !evidence.Wanted(r, b.level) {
		return nil
	}
	places, err := headers.Places(check)
	if err != nil {
		a.logger().Warn("leave pictures out", "check", check.ID, "error", err)
		return nil
	}
	maker := &evidence.Maker{Run: m.Measure, Slots: m.Slots(), Put: b.put, LastTry: true, Options: b.options(), Log: a.logger()}
	index, err := maker.Make(ctx, check, r, places)
	if err != nil || index == nil {
		return err
	}
	b.got.Index = index
	doc, err := json.Marshal(index)
	if err != nil {
		return fmt.Errorf("encode evidence: %w", err)
	}
	b.dir.write(filepath.Join(evidenceDir, evidenceIndex), doc)
	return nil
}

// evidenceFile is what the files of evidence are called.
var evidenceFile = regexp.MustCompile(`^(index\.json|strip\.vtt|strip-[0-9]+\.jpg|[a-z0-9]{1,8}-[0-9]{12}(\.jpg|-[0-9]+\.png))$`)

type evidenceFlags struct {
	storeFlags
	keyFlags
	evidenceFlag
	slots int
}

func newEvidenceCommand(a *app) *cobra.Command {
	var f evidenceFlags
	cmd := &cobra.Command{
		Use:   "evidence ID",
		Short: "Make the pictures of a finished check again",
		Long: `Makes the pictures that show what the findings of a finished check say: frames before, in and after each, its
sound drawn, and a film strip. Workers do so by themselves after a check; this does it again, here and now: for a
check of an older release, at another level, or after its media could not be had for a while. The report stays as it is.`,
		Example: `  aircheck evidence 06ccd9v6m09h3ky1zj2q
  aircheck evidence 06ccd9v6m09h3ky1zj2q --evidence full`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error { return a.evidence(cmd.Context(), given[0], &f) },
	}
	f.storeFlags.add(cmd.Flags())
	f.keyFlags.add(cmd.Flags())
	f.evidenceFlag.add(cmd.Flags(), "findings by default")
	cmd.Flags().IntVar(&f.slots, "slots", 0, "decoders that run at the same time; 0 means one a CPU")
	return cmd
}

func (a *app) evidence(ctx context.Context, id string, f *evidenceFlags) error {
	level, err := f.level(evidence.Findings)
	if err != nil {
		return err
	}
	if err := validID(id); err != nil {
		return err
	}
	if f.slots < 0 || f.slots > maxSlots {
		return usageError("--slots %d: give a number between 0 and %d", f.slots, maxSlots)
	}
	if f.slots == 0 {
		f.slots = runtime.NumCPU()
	}
	keys, err := f.keyFlags.load()
	if err != nil {
		return err
	}
	arch, err := a.stored(ctx, &f.storeFlags)
	if err != nil {
		return err
	}
	measurer, err := newMeasurer(f.slots, a.origin(), keys, a.logger())
	if err != nil {
		return err
	}
	index, err := a.redoEvidence(ctx, arch, id, measurer, level)
	if closing := measurer.Close(); err == nil && closing != nil {
		err = fmt.Errorf("end decoder children: %w", closing)
	}
	if err != nil {
		return err
	}
	return a.printEvidence(id, index)
}

func (a *app) printEvidence(id string, index *jobs.Evidence) error {
	line := fmt.Sprintf("no evidence to make of check %s", id)
	if index != nil {
		photos, sounds := 0, 0
		for i := range index.Items {
			photos, sounds = photos+len(index.Items[i].Pictures), sounds+len(index.Items[i].Sounds)
		}
		line = fmt.Sprintf("%d findings: %d pictures, %d sounds; %d findings left out", len(index.Items), photos, sounds, index.Left)
	}
	if _, err := fmt.Fprintln(a.stdout, line); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// station makes the evidence of checks that are stored.
func station(arch *archive.Archive, m worker.Measurer, slots int, level evidence.Level, log *slog.Logger) *evidence.Station {
	return &evidence.Station{Archive: arch, Run: m.Measure, Slots: slots, Options: evidence.Options{Level: level}, Log: log}
}

// redoEvidence makes the evidence of a stored check.
func (a *app) redoEvidence(ctx context.Context, arch *archive.Archive, id string, m worker.Measurer, level evidence.Level) (*jobs.Evidence, error) {
	index, err := station(arch, m, m.Slots(), level, a.logger()).Redo(ctx, id, true)
	if errors.Is(err, storage.ErrNotFound) {
		err = noSuchCheck(id, err)
	}
	return index, err
}
