package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"aircheck/export"
	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/report"
	"aircheck/storage"
	"aircheck/storage/open"
)

type exportFlags struct {
	storeFlags
	to, kind string
}

// The kinds of export.
const (
	exportParquet = "parquet"
	exportQCTools = "qctools"
)

func newExportCommand(a *app) *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export ID|DIRECTORY... --to PLACE",
		Short: "Write what checks measured and found for other tools",
		Long: `Writes the measurements and findings of finished checks for other tools. A check is named by its id in --store, or by the directory that
'aircheck check --out' wrote.

  parquet   tables for DuckDB and its kin, partitioned by stream, date and rendition: frames, slots (10 ms of sound), findings, coverage,
            renditions, markers and checks. Several checks can be exported to one place, again and again. PLACE is a directory or s3://bucket/prefix.
            docs/QUERIES.md has the columns and ten queries.
  qctools   per-frame XML that QCTools opens (.qctools.xml.gz), one file a sequence. PLACE is a directory.`,
		Example: `  aircheck check film.mp4 --out report/ && aircheck export report/ --to tables/
  aircheck export 01hf8z3k2mq4x7c9tbva --to s3://quality/tables --store s3://quality/aircheck
  aircheck export report/ --kind qctools --to .`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error { return a.export(cmd.Context(), given, &f) },
	}
	f.storeFlags.add(cmd.Flags())
	cmd.Flags().StringVar(&f.to, "to", "", "`place` to write to: a directory, or s3://bucket/prefix for parquet")
	cmd.Flags().StringVar(&f.kind, "kind", exportParquet, "`kind` of export: parquet or qctools")
	return cmd
}

func (a *app) export(ctx context.Context, given []string, f *exportFlags) error {
	if f.to == "" {
		return usageError("--to is missing: name a directory or s3://bucket/prefix")
	}
	if f.kind != exportParquet && f.kind != exportQCTools {
		return usageError("--kind %q: want %s or %s", f.kind, exportParquet, exportQCTools)
	}
	for _, name := range given {
		src, err := a.exported(ctx, name, f)
		if err != nil {
			return err
		}
		if f.kind == exportQCTools {
			err = a.exportQCTools(ctx, src, f.to)
		} else {
			err = a.exportParquet(ctx, src, f.to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *app) exportParquet(ctx context.Context, src export.Source, to string) error {
	store, err := open.Store(ctx, to, a.getenv)
	if errors.Is(err, storage.ErrBadURI) {
		return usageError("--to: %w", err)
	}
	if err != nil {
		return err
	}
	return export.Parquet(ctx, src, exportPlace{store})
}

// exportPlace is a store as a place for an export.
type exportPlace struct{ storage.Store }

// List implements export.Place.
func (p exportPlace) List(ctx context.Context, prefix string, fn func(name string) error) error {
	return p.Store.List(ctx, prefix, func(info storage.Info) error { return fn(info.Key) })
}

func (a *app) exportQCTools(ctx context.Context, src export.Source, to string) error {
	dir, local, err := storage.LocalPath(to)
	if err != nil || !local {
		return usageError("--to %s: qctools wants a directory", storage.Redact(to))
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("make the directory of --to: %w", err)
	}
	for _, sequence := range export.Sequences(src) {
		path := filepath.Join(dir, src.Check.ID+"-"+sequence+".qctools.xml.gz")
		if err := wholeFile(path, func(file *os.File) error { return export.QCTools(ctx, src, sequence, file) }); err != nil {
			return err
		}
		fmt.Fprintln(a.stdout, path)
	}
	return nil
}

// wholeFile leaves no half of a file behind.
func wholeFile(path string, write func(*os.File) error) (err error) {
	file, err := os.Create(path + ".part")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	err = errors.Join(write(file), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}

// exported finds what a check left: in a directory of 'aircheck check --out', or in a store.
func (a *app) exported(ctx context.Context, name string, f *exportFlags) (export.Source, error) {
	if info, err := os.Stat(filepath.Join(name, "manifest.json")); err == nil && info.Mode().IsRegular() {
		return exportedDirectory(name)
	}
	if !jobs.ValidID(name) {
		return export.Source{}, usageError("%q is neither the id of a check nor a directory with a manifest.json, as 'aircheck check --out' writes it", name)
	}
	checks, err := a.stored(ctx, &f.storeFlags)
	if err != nil {
		return export.Source{}, err
	}
	return exportedCheck(ctx, checks, name)
}

func exportedCheck(ctx context.Context, checks *archive.Archive, id string) (export.Source, error) {
	check, err := checks.Check(ctx, id)
	if err != nil {
		return export.Source{}, noSuchCheck(id, err)
	}
	r, err := storedReport(ctx, checks, id)
	if err != nil {
		return export.Source{}, err
	}
	results, err := checks.Results(ctx, id)
	if err != nil {
		return export.Source{}, err
	}
	return export.Source{Check: check, Report: r, Object: func(ctx context.Context, w jobs.Window) ([]byte, error) {
		if results[w.ID()] != archive.Measured {
			return nil, nil
		}
		object, _, err := checks.Window(ctx, id, w.ID(), archive.Measured)
		return object, err
	}}, nil
}

func exportedDirectory(dir string) (export.Source, error) {
	manifest, err := readBounded(filepath.Join(dir, "manifest.json"), jobs.MaxCheckBytes)
	if err != nil {
		return export.Source{}, err
	}
	check, err := jobs.DecodeCheck(manifest)
	if err != nil {
		return export.Source{}, fmt.Errorf("read %s: %w", dir, err)
	}
	doc, err := readBounded(filepath.Join(dir, "report.json"), report.MaxBytes)
	if err != nil {
		return export.Source{}, err
	}
	r, err := report.Parse(doc)
	if err != nil {
		return export.Source{}, fmt.Errorf("read %s: %w", dir, err)
	}
	return export.Source{Check: check, Report: r, Object: func(_ context.Context, w jobs.Window) ([]byte, error) {
		object, err := readBounded(filepath.Join(dir, measurementDir, w.Sequence, measurementName(w.Index)), archive.MaxMeasurementBytes)
		if errors.Is(err, fs.ErrNotExist) { // the window could not be measured
			return nil, nil
		}
		return object, err
	}}, nil
}

// readBounded reads a file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("read %s: %d bytes are more than the %d allowed", path, info.Size(), limit)
	}
	return os.ReadFile(path)
}
