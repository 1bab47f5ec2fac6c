package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"aircheck/jobs"
)

// A second check into the same directory, with fewer windows, leaves nothing of the first, and everything of whoever else has files there.
func TestOutDirMatchesItsManifest(t *testing.T) {
	dir := t.TempDir()
	foreign := []string{
		"notes.txt", "m/s0/000000.parquet.bak", "m/s0/0.parquet", "m/s0/-00001.parquet", "m/s0/+00001.parquet", "m/mine/000000.parquet", "m/000000.parquet", "s0/000000.parquet",
	}
	touch := func(names ...string) {
		for _, name := range names {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	touch(foreign...)
	touch("report.json", "report.txt", "manifest.json", "m/s0/000000.parquet", "m/s0/000001.parquet", "m/s0/1000000.parquet", "m/s1/000000.parquet")
	d, err := openOutDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if d.measurement(jobs.Window{Sequence: "s0", Index: 0}, []byte("new")); d.lack() != nil {
		t.Fatal(d.lack())
	}
	want := append([]string{"m/s0/000000.parquet"}, foreign...)
	var got []string
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			name, _ := filepath.Rel(dir, path)
			got = append(got, filepath.ToSlash(name))
		}
		return err
	})
	slices.Sort(got)
	slices.Sort(want)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("files %q, want %q (%v)", got, want, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "m/s1")); err == nil {
		t.Error("the empty directory of a sequence that is gone is still there")
	}
}
