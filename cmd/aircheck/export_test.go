//go:build cgo

package main

import (
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"os"
	osexec "os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"aircheck/internal/need"
	"aircheck/jobs"
	"aircheck/report"
)

// hostileName is a file's name that tries to leave every place where it is written.
const hostileName = `it's "x" <b>&=%2F;--> …mp4`

// madeClip is twelve seconds with a black and a silence in them, under a name that nobody should choose.
func madeClip(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), hostileName)
	cmd := osexec.CommandContext(t.Context(), need.Tool(t, "ffmpeg"), "-v", "error", "-nostdin",
		"-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=12", "-f", "lavfi", "-i", "anoisesrc=color=pink:amplitude=0.3:seed=1:d=12:r=48000",
		"-vf", "drawbox=t=fill:color=black:enable='between(t,3,5.5)'", "-af", "volume=0:enable='between(t,7,11)'", "-ac", "2",
		"-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-c:a", "aac", "-f", "mp4", path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make clip: %v: %s", err, out)
	}
	return path
}

// answer is what DuckDB says to a query.
type answer struct {
	Error   string
	Columns []string
	Rows    [][]any
}

// number reads a figure, which DuckDB gives as a text where it is an integer of 64 bits.
func (a *answer) number(t *testing.T, row int, column string) float64 {
	t.Helper()
	for i, name := range a.Columns {
		if name != column {
			continue
		}
		switch v := a.Rows[row][i].(type) {
		case float64:
			return v
		case string:
			var n float64
			if _, err := fmt.Sscan(v, &n); err == nil {
				return n
			}
		}
	}
	t.Fatalf("row %d of %v has no number %s: %v", row, a.Columns, column, a.Rows[row])
	return 0
}

// queried runs queries in DuckDB.
func queried(t *testing.T, dir string, queries []string) []answer {
	t.Helper()
	doc, err := json.Marshal(queries)
	if err != nil {
		t.Fatal(err)
	}
	var answers []answer
	if err := json.Unmarshal(need.Read(t, "query.js", doc, dir), &answers); err != nil {
		t.Fatal(err)
	}
	for i, a := range answers {
		if a.Error != "" {
			t.Errorf("%s: %s", queries[i], a.Error)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	return answers
}

// TestQueries runs what docs/QUERIES.md promises over the export of a check, with DuckDB.
func TestQueries(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("decodes for long, which the race detector makes minutes; nothing in it runs side by side")
	}
	need.Readers(t)
	doc, err := os.ReadFile("../../docs/QUERIES.md")
	if err != nil {
		t.Fatal(err)
	}
	var queries []string
	for _, m := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(doc), -1) {
		queries = append(queries, m[1])
	}
	if len(queries) != 11 {
		t.Fatalf("%d blocks of SQL, want the views and ten queries", len(queries))
	}
	dir, r := exportedClip(t)
	queries = append(queries,
		"SELECT DISTINCT stream FROM frames", "SELECT count(*) AS n, min(time) AS first, max(time + duration) AS last, count(difference) AS pairs FROM frames",
		"SELECT sum(samples) AS samples, count(DISTINCT rendition) AS renditions FROM slots", "SELECT * FROM findings ORDER BY start_time, code, rendition",
		same("frames"), same("slots"), same("findings"), same("coverage"),
		"SELECT column_name FROM (DESCRIBE frames) UNION SELECT column_name FROM (DESCRIBE slots) UNION SELECT column_name FROM (DESCRIBE findings) UNION SELECT column_name FROM (DESCRIBE coverage) UNION SELECT column_name FROM (DESCRIBE renditions) UNION SELECT column_name FROM (DESCRIBE markers) UNION SELECT column_name FROM (DESCRIBE checks)",
	)
	a := queried(t, dir, queries)
	clip, loud := r.Renditions[0], r.Summary.Loudness[0].Integrated
	if got := a[1].number(t, 0, "failing_seconds"); got < 5 || got > 9 { // 3 to 5.52 black, 7 to 11 silent
		t.Errorf("the worst hour has %v failing seconds", got)
	}
	if got := a[3].number(t, 0, "lufs"); loud == nil || math.Abs(got-float64(*loud)) > 0.1 {
		t.Errorf("SQL measures %v LUFS, the report has %v", got, loud)
	}
	if len(a[6].Rows) != 2 || a[6].number(t, 0, "start_time") < 2.9 {
		t.Errorf("still runs: %v", a[6].Rows)
	}
	if n := len(a[10].Rows); n == 0 {
		t.Error("two checks of one clip share no picture")
	}
	if len(a[11].Rows) != 1 || a[11].Rows[0][0] != r.Check.Input {
		t.Errorf("streams %q, want %q", a[11].Rows, r.Check.Input)
	}
	if n, last := a[12].number(t, 0, "n"), a[12].number(t, 0, "last"); n != 2*float64(clip.Frames) || math.Abs(last-float64(clip.Duration)) > 0.001 {
		t.Errorf("%v pictures up to %v s in two exports, the report has %d and %v", n, last, clip.Frames, clip.Duration)
	}
	if n := a[13].number(t, 0, "samples"); math.Abs(n-2*48000*float64(r.Renditions[1].Duration)) > 2*1024 {
		t.Errorf("%v samples", n)
	}
	if len(a[14].Rows) != 2*len(r.Findings) {
		t.Errorf("%d findings of two checks, want twice %d", len(a[14].Rows), len(r.Findings))
	}
	for i, table := range []string{"frames", "slots", "findings", "coverage"} {
		if n := a[15+i].number(t, 0, "n"); n != 0 {
			t.Errorf("%v rows of %s depend on how the stream was cut", n, table)
		}
	}
	documented(t, string(doc), a[19])
}

// same counts the rows of a table that only one of the checks has.
func same(table string) string {
	half := "SELECT * EXCLUDE (check_id) FROM " + table + " WHERE check_id = (SELECT %s(check_id) FROM checks)"
	a, b := fmt.Sprintf(half, "min"), fmt.Sprintf(half, "max")
	return fmt.Sprintf("SELECT count(*) AS n FROM ((%s EXCEPT ALL %s) UNION ALL (%s EXCEPT ALL %s))", a, b, b, a)
}

// documented wants every column in the table of the document.
func documented(t *testing.T, doc string, columns answer) {
	t.Helper()
	for _, row := range columns.Rows {
		if name := row[0].(string); name != "stream" && name != "date" && name != "rendition" && !strings.Contains(doc, "`"+name+"`") {
			t.Errorf("docs/QUERIES.md does not tell of the column %s", name)
		}
	}
}

// exportedClip checks a clip twice, with different windows, and exports both from a directory and from a store.
func exportedClip(t *testing.T) (string, *report.Report) {
	t.Helper()
	clip, dir := madeClip(t), t.TempDir()
	var r *report.Report
	for i, window := range []string{"5s", "1h"} {
		out := filepath.Join(t.TempDir(), "out")
		code, stdout, stderr := exec(t, nil, "check", clip, "--format", "json", "--window", window, "--out", out)
		if code != report.ExitFindings {
			t.Fatalf("exit status %d, stderr %q", code, stderr)
		}
		r = parsed(t, stdout)
		args := []string{"export", out, "--to", filepath.Join(dir, "tables")}
		if i == 1 {
			store := t.TempDir()
			if err := os.MkdirAll(filepath.Join(store, "checks"), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.CopyFS(filepath.Join(store, "checks", r.Check.ID), os.DirFS(out)); err != nil {
				t.Fatal(err)
			}
			args[1] = r.Check.ID
			args = append(args, "--store", store)
		}
		if code, _, stderr := exec(t, nil, args...); code != 0 {
			t.Fatalf("export: exit status %d, stderr %q", code, stderr)
		}
		doubled(t, filepath.Join(dir, "tables"), r.Check.ID)
		if code, _, stderr := exec(t, nil, args...); code != 0 {
			t.Fatalf("export again: exit status %d, stderr %q", code, stderr)
		}
	}
	return dir, r
}

// doubled gives the tables of a check second parts, as an export that wrote smaller ones would have left them.
func doubled(t *testing.T, tables, id string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(tables, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.Name() != id+"-000.parquet" {
			return err
		}
		n++
		return os.Link(path, strings.TrimSuffix(path, "0.parquet")+"1.parquet")
	})
	if err != nil || n < 7 {
		t.Fatalf("%d tables, %v", n, err)
	}
}

// TestQCToolsAgreesWithFFmpeg holds the figures of every picture against those of FFmpeg's signalstats.
func TestQCToolsAgreesWithFFmpeg(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("decodes for long, which the race detector makes minutes; nothing in it runs side by side")
	}
	clip, out := madeClip(t), t.TempDir()
	if code, _, stderr := exec(t, nil, "check", clip, "--fail-on", "never", "--window", "5s", "--out", out); code != 0 {
		t.Fatalf("exit status %d, stderr %q", code, stderr)
	}
	to := t.TempDir()
	code, stdout, stderr := exec(t, nil, "export", out, "--kind", "qctools", "--to", to)
	if code != 0 {
		t.Fatalf("exit status %d, stderr %q", code, stderr)
	}
	ours := framesOf(t, unzipped(t, strings.TrimSpace(stdout)))
	plain := filepath.Join(t.TempDir(), "clip.mp4") // a filter's argument has an escaping of its own
	if err := os.Symlink(clip, plain); err != nil {
		t.Fatal(err)
	}
	doc, err := osexec.CommandContext(t.Context(), need.Tool(t, "ffprobe"), "-v", "error", "-f", "lavfi", "-i", "movie="+plain+",signalstats", "-show_frames", "-of", "xml").Output()
	if err != nil {
		t.Fatal(err)
	}
	theirs := framesOf(t, doc)
	pictures, pairs := 0, 0
	for _, f := range ours {
		if f.Kind != "video" {
			continue
		}
		other := theirs[pictures]
		pictures++
		if f.Time != other.Time || f.Type == "" {
			t.Fatalf("picture %d at %s, type %s; FFmpeg has %s", pictures, f.Time, f.Type, other.Time)
		}
		for key, value := range f.tags() {
			if strings.HasSuffix(key, "DIF") {
				pairs++
			}
			if want := other.tags()[key]; value != want {
				t.Errorf("picture %d, %s: %s, FFmpeg has %s", pictures, key, value, want)
			}
		}
	}
	if pictures != 300 || pictures != len(theirs) || pairs < 3*250 {
		t.Errorf("%d pictures with %d differences, FFmpeg has %d", pictures, pairs, len(theirs))
	}
	sounds(t, ours)
}

// sounds checks levels by what was made: noise, then nothing.
func sounds(t *testing.T, frames []probeFrame) {
	t.Helper()
	loud, silent := 0, 0
	for _, f := range frames {
		if f.Kind != "audio" {
			continue
		}
		if f.tags()["lavfi.astats.Overall.RMS_level"] == "-inf" {
			silent++
		} else if f.tags()["lavfi.astats.1.Peak_level"] != "" {
			loud++
		}
	}
	if silent < 35 || silent > 40 || loud < 75 {
		t.Errorf("%d silent and %d other pieces of sound of 100 ms", silent, loud)
	}
}

// probeFrame is a frame as ffprobe prints it.
type probeFrame struct {
	Kind string `xml:"media_type,attr"`
	Time string `xml:"pts_time,attr"`
	Type string `xml:"pict_type,attr"`
	Tags []struct {
		Key   string `xml:"key,attr"`
		Value string `xml:"value,attr"`
	} `xml:"tag"`
}

func (f *probeFrame) tags() map[string]string {
	tags := map[string]string{}
	for _, tag := range f.Tags {
		tags[tag.Key] = tag.Value
	}
	return tags
}

func framesOf(t *testing.T, doc []byte) []probeFrame {
	t.Helper()
	var probe struct {
		Frames []probeFrame `xml:"frames>frame"`
	}
	if err := xml.Unmarshal(doc, &probe); err != nil {
		t.Fatal(err)
	}
	return probe.Frames
}

func unzipped(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestExportUsage(t *testing.T) {
	id := jobs.NewID(newApp(nil, nil, nil).now(), nil)
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"export", id}, 2, "--to"},
		{[]string{"export", id, "--to", "x", "--kind", "csv"}, 2, "parquet or qctools"},
		{[]string{"export", "not/an/id", "--to", "x"}, 2, "manifest.json"},
		{[]string{"export", id, "--to", "x"}, 2, "--store"},
		{[]string{"export", id, "--to", t.TempDir(), "--store", t.TempDir()}, 1, id},
		{[]string{"export"}, 2, "export"},
	} {
		code, stdout, stderr := exec(t, nil, tt.args...)
		if code != tt.code || stdout != "" || !strings.Contains(stderr, tt.want) {
			t.Errorf("%q: exit status %d, stdout %q, stderr %q; want %d and %q", tt.args, code, stdout, stderr, tt.code, tt.want)
		}
	}
}

func TestSchemaIsPrinted(t *testing.T) {
	code, stdout, _ := exec(t, nil, "schema")
	if code != 0 || !json.Valid([]byte(stdout)) || !strings.Contains(stdout, "2020-12") {
		t.Errorf("exit status %d, %.80q", code, stdout)
	}
}

// TestDateRangesAreOfTheStreamsOwnClock: the playlist of a stream with program time, locally and from a store.
func TestDateRangesAreOfTheStreamsOwnClock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := osexec.CommandContext(t.Context(), need.Tool(t, "ffmpeg"), "-v", "error", "-nostdin", "-f", "lavfi", "-i", "color=black:s=160x90:r=25:d=6", "-c:v", "libx264", "-g", "25",
		"-f", "hls", "-hls_time", "2", "-hls_list_size", "0", "-hls_segment_filename", "s%d.ts", "x.m3u8")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	playlist := filepath.Join(dir, "x.m3u8")
	doc, err := os.ReadFile(playlist)
	if err != nil {
		t.Fatal(err)
	}
	dated := strings.Replace(string(doc), "#EXTINF", "#EXT-X-PROGRAM-DATE-TIME:2026-11-22T18:00:00.500+01:00\n#EXTINF", 1)
	if err := os.WriteFile(playlist, []byte(dated), 0o644); err != nil {
		t.Fatal(err)
	}
	store := t.TempDir()
	out := filepath.Join(store, "checks", "x")
	_, local, stderr := exec(t, nil, "check", playlist, "--format", "daterange", "--out", out)
	if want := `START-DATE="2026-11-22T17:00:00.500000Z"`; !strings.Contains(local, want) || !strings.Contains(local, `X-AIRCHECK-CODE="video.black"`) {
		t.Fatalf("no %s in %s%s", want, local, stderr)
	}
	manifest, err := os.ReadFile(filepath.Join(out, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	check, err := jobs.DecodeCheck(manifest)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(out, filepath.Join(store, "checks", check.ID)); err != nil {
		t.Fatal(err)
	}
	if _, stored, stderr := exec(t, nil, "report", check.ID, "--store", store, "--format", "daterange"); stored != local {
		t.Errorf("the stored report gives\n%s%s\nwant\n%s", stored, stderr, local)
	}
}
