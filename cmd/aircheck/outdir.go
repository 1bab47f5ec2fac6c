package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"aircheck/jobs"
	"aircheck/report"
)

// outDir is the directory of --out: report.json, report.txt, manifest.json, and the measurements as m/<sequence>/<window>.parquet, which is how a store
// lays out one check. The zero outDir keeps nothing.
type outDir struct{ dir string }

func openOutDir(dir string) (*outDir, error) {
	if dir == "" {
		return &outDir{}, nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("make the directory of --out: %w", err)
	}
	return &outDir{dir: dir}, nil
}

// measurement writes one window's object.
func (d *outDir) measurement(w jobs.Window, object []byte) error {
	return d.write(filepath.Join("m", w.Sequence, fmt.Sprintf("%06d.parquet", w.Index)), object)
}

// report writes the report and the manifest, and returns the report's path.
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
		if err := d.write(file.name, file.body); err != nil {
			return "", err
		}
	}
	return filepath.Join(d.dir, "report.json"), nil
}

func (d *outDir) write(name string, body []byte) error {
	if d.dir == "" {
		return nil
	}
	path := filepath.Join(d.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("write --out: %w", err)
	}
	if err := os.WriteFile(path, body, 0o666); err != nil {
		return fmt.Errorf("write --out: %w", err)
	}
	return nil
}
