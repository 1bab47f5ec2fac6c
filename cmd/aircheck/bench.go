package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"aircheck/bench/inject"
)

func newBenchCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Put defects into clips, and measure how well they are found",
		Long: `Tools to try detectors and profiles with: 'bench inject' puts a defect that one knows into a clip, 'bench accuracy' measures
precision and recall of every detector on such clips and the false alarms on clean ones. Both need the ffmpeg command line.`,
		Example: `  aircheck bench inject film.mp4 --defect video.freeze --out frozen/
  aircheck bench accuracy --short`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newInjectCommand(a), newAccuracyCommand(a), newOriginCommand(a))
	return cmd
}

type injectFlags struct {
	defect, variant, out string
	seed                 uint64
	strength             float64
	start, length        float64
	list                 bool
}

func newInjectCommand(a *app) *cobra.Command {
	var f injectFlags
	cmd := &cobra.Command{
		Use:   "inject INPUT",
		Short: "Put a defect into a clip, at a seeded time and strength",
		Long: `Puts a defect into a clip and writes the clip, and a label that says what is where, into a directory.

INPUT is whatever the ffmpeg command line reads, or synthetic:NAME for a clip that it draws. The clip is coded anew: 8-bit 4:2:0, a
constant frame rate, 48 kHz stereo. The same seed gives the same clip. A base that would hide the defect is refused: black cannot be blurred.`,
		Example: `  aircheck bench inject --list
  aircheck bench inject film.mp4 --defect audio.dropout --seed 7 --out holes/
  aircheck bench inject synthetic:pan --defect video.black --variant fade --strength 0.2 --out fade/`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error { return a.inject(cmd.Context(), given, &f) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.list, "list", false, "list what can be injected, and the synthetic bases")
	flags.StringVar(&f.defect, "defect", "", "`code` of the defect: video.black, audio.click …")
	flags.StringVar(&f.variant, "variant", "", "`name` of the way in which it happens; the first of the list when empty")
	flags.Uint64Var(&f.seed, "seed", 1, "where and how: another seed, another clip")
	flags.Float64Var(&f.strength, "strength", math.NaN(), "from 0, just worth reporting, to 1, gross; drawn from the seed when not given")
	flags.Float64Var(&f.start, "start", 0, "seconds of the input to skip")
	flags.Float64Var(&f.length, "length", 0, "seconds of the input to take; 0 is all of it, ten minutes at most")
	flags.StringVar(&f.out, "out", "", "`directory` for the clip and its label")
	return cmd
}

func (f *injectFlags) validate(given []string) error {
	switch {
	case len(given) != 1:
		return usageError("give one input: a file, or synthetic:NAME ('aircheck bench inject --list')")
	case f.defect == "":
		return usageError("--defect is missing: 'aircheck bench inject --list' says what can be injected")
	case f.out == "":
		return usageError("--out is missing: the directory for the clip and its label")
	case f.strength < 0 || f.strength > 1:
		return usageError("--strength %g: give a number from 0 to 1", f.strength)
	case !(f.start >= 0) || !(f.length >= 0 && f.length <= inject.MaxLength):
		return usageError("--start %g, --length %g: give seconds; a base has at most %d", f.start, f.length, inject.MaxLength)
	}
	if _, _, err := inject.Find(f.defect, f.variant); err != nil {
		return usageError("%w", err)
	}
	return nil
}

func (a *app) inject(ctx context.Context, given []string, f *injectFlags) error {
	if f.list {
		return a.listDefects()
	}
	if err := f.validate(given); err != nil {
		return err
	}
	tool, err := inject.FindTool(ctx)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "aircheck-base-")
	if err != nil {
		return fmt.Errorf("make scratch directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	base, err := inject.Prepare(ctx, tool, given[0], inject.Cut{Start: f.start, Length: f.length}, scratch)
	if err != nil {
		return err
	}
	label, err := inject.Inject(ctx, tool, base, inject.Request{Code: f.defect, Variant: f.variant, Seed: f.seed, Strength: f.strength, Out: f.out})
	if err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, filepath.Join(f.out, label.Clip))
	return nil
}

func (a *app) listDefects() error {
	var b strings.Builder
	for _, d := range inject.Defects() {
		fmt.Fprintf(&b, "%s: %s\n", d.Code, d.About)
		for _, v := range d.Variants {
			decoy := ""
			if v.Decoy {
				decoy = " (decoy: not the defect)"
			}
			fmt.Fprintf(&b, "  %-11s %s%s\n", v.Name, v.About, decoy)
		}
	}
	b.WriteString("\nBases: any input, or\n")
	for _, s := range inject.Synthetics() {
		fmt.Fprintf(&b, "  %-18s %s\n", "synthetic:"+s.Name, s.About)
	}
	_, err := fmt.Fprint(a.stdout, b.String())
	return err
}
