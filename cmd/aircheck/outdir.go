package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/report"
)

// outDir is the directory of --out: report.json, report.txt, manifest.json, curves.json, signatures.json, and the measurements as m/<sequence>/<window>.parquet, which is how a store
// lays out one check. The zero outDir keeps nothing. It is safe for concurrent use.
type outDir struct {
	dir string

	mu sync.Mutex
	// lost is the first error of writing, as on a full disk. Nothing is written any more after it: measurements that are not all there get no report beside them.
	lost error
}

// lack is the error because of which not everything is there; nil when everything is.
func (d *outDir) lack() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lost
}

// measurementDir is the part of it that has the measurements.
const measurementDir = "m"

// comparisonDir is the part of it that has the comparisons with a reference.
const (
	comparisonDir = "c"
	comparisonExt = ".json"
)

func openOutDir(dir string) (*outDir, error) {
	if dir == "" {
		return &outDir{}, nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("make the directory of --out: %w", err)
	}
	d := &outDir{dir: dir}
	return d, d.clear()
}

// clear removes what an earlier check left here: it may have had other windows, and its measurements would pass for those of this one. A directory
// without a report is one of which a check has not come to its end. Files that aircheck does not write stay.
func (d *outDir) clear() error {
	var old []string
	for _, name := range []string{"report.json", "report.txt", pageFile, "manifest.json", curvesFile, signaturesFile} {
		old = append(old, filepath.Join(d.dir, name))
	}
	if err := removeFiles(old); err != nil {
		return err
	}
	if err := clearDir(filepath.Join(d.dir, comparisonDir), isComparison); err != nil {
		return err
	}
	if err := clearDir(filepath.Join(d.dir, evidenceDir), evidenceFile.MatchString); err != nil {
		return err
	}
	sequences, err := os.ReadDir(filepath.Join(d.dir, measurementDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("clear --out: %w", err)
	}
	for _, s := range sequences {
		if !s.IsDir() || !jobs.ValidSequenceID(s.Name()) {
			continue
		}
		if err := clearDir(filepath.Join(d.dir, measurementDir, s.Name()), isMeasurement); err != nil {
			return err
		}
	}
	return nil
}

// isMeasurement and isComparison know the files of an earlier check by their names.
func isMeasurement(name string) bool {
	index, err := strconv.Atoi(strings.TrimSuffix(name, measurementExt))
	return err == nil && index >= 0 && name == measurementName(index)
}

// Comparisons are called by 32 hexadecimal digits.
func isComparison(name string) bool {
	name, ok := strings.CutSuffix(name, comparisonExt)
	key, err := hex.DecodeString(name)
	return ok && err == nil && len(key) == 16
}

// clearDir removes the files that are ours from a directory, which need not be there, and the directory if nothing else is in it.
func clearDir(dir string, ours func(name string) bool) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("clear --out: %w", err)
	}
	var old []string
	for _, e := range entries {
		if e.Type().IsRegular() && ours(e.Name()) {
			old = append(old, filepath.Join(dir, e.Name()))
		}
	}
	if err := removeFiles(old); err != nil || len(old) < len(entries) {
		return err
	}
	if err := os.Remove(dir); err != nil {
		return fmt.Errorf("clear --out: %w", err)
	}
	return nil
}

func removeFiles(paths []string) error {
	for _, path := range paths {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("clear --out: %w", err)
		}
	}
	return nil
}

const measurementExt = ".parquet"

func measurementName(index int) string { return fmt.Sprintf("%06d", index) + measurementExt }

// measurement writes one window's object.
func (d *outDir) measurement(w jobs.Window, object []byte) {
	d.write(filepath.Join(measurementDir, w.Sequence, measurementName(w.Index)), object)
}

// comparison writes what came of comparing some pictures with the reference.
func (d *outDir) comparison(_ context.Context, key string, object []byte) error {
	d.write(filepath.Join(comparisonDir, key+comparisonExt), object)
	return nil
}

// What stands beside a report.
const (
	curvesFile     = "curves.json"
	signaturesFile = "signatures.json"
)

// annex writes the curves and the signatures of a check. It comes before the report.
func (d *outDir) annex(e *examined) error {
	if d.dir == "" {
		return nil
	}
	curves, err := archive.EncodeCurves(&e.curves)
	if err != nil {
		return err
	}
	signatures, err := archive.EncodeSignatures(e.signatures)
	if err != nil {
		return err
	}
	d.write(curvesFile, curves)
	d.write(signaturesFile, signatures)
	return nil
}

// report writes the report and the manifest, and returns the report's path, empty when it is not there.
func (d *outDir) report(check *jobs.Check, r *report.Report) (string, error) {
	if d.dir == "" {
		return "", nil
	}
	manifest, err := jobs.EncodeCheck(check)
	if err != nil {
		return "", err
	}
	doc, err := r.JSON()
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	if err := r.Text(&text, report.TextOptions{}); err != nil {
		return "", err
	}
	for _, file := range []struct {
		name string
		body []byte
	}{{"manifest.json", manifest}, {"report.txt", text.Bytes()}, {"report.json", doc}} {
		d.write(file.name, file.body)
	}
	if d.lack() != nil {
		return "", nil
	}
	return filepath.Join(d.dir, "report.json"), nil
}

// write keeps its error for lack: hours of work are not thrown away because there is no room for what stands beside the report.
func (d *outDir) write(name string, body []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dir != "" && d.lost == nil {
		d.lost = d.create(name, body)
	}
}

func (d *outDir) create(name string, body []byte) error {
	path := filepath.Join(d.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("write --out: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return fmt.Errorf("write --out: %w", err)
	}
	_, err = f.Write(body)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write --out: %w", err), os.Remove(path)) // a cut file is worse than none
	}
	return nil
}
