// Package archtest holds the tests about the shape of the code: who may import whom, and how long a function and a file may be. The linter knows the import rules too
// (.golangci.yml), but it takes minutes to build and is not part of every run.
package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Budgets for files that are not tests. A function of 15 lines and a file of 200 are typical; these are where a reader gives up.
const (
	maxFunction = 100
	maxFile     = 500
)

// source is a parsed Go file.
type source struct {
	name string // relative to the module, with slashes
	fset *token.FileSet
	file *ast.File
}

func (s *source) test() bool { return strings.HasSuffix(s.name, "_test.go") }

func (s *source) line(p token.Pos) int { return s.fset.Position(p).Line }

func (s *source) imports() []string {
	var list []string
	for _, i := range s.file.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			p = i.Path.Value
		}
		list = append(list, p)
	}
	return list
}

// root finds the module's directory.
func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	t.Fatalf("no go.mod above the test (%v)", err)
	return ""
}

// sources parses every Go file of the module; nested modules and data are left out.
func sources(t *testing.T) []*source {
	t.Helper()
	top := root(t)
	var list []*source
	err := filepath.WalkDir(top, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skip(top, file, d.Name())
		}
		if filepath.Ext(file) != ".go" {
			return nil
		}
		rel, err := filepath.Rel(top, file)
		if err != nil {
			return err
		}
		s := &source{name: filepath.ToSlash(rel), fset: token.NewFileSet()}
		s.file, err = parser.ParseFile(s.fset, file, nil, parser.SkipObjectResolution)
		list = append(list, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func skip(top, dir, name string) error {
	if dir == top {
		return nil
	}
	if strings.HasPrefix(name, ".") || name == "testdata" || name == "bin" {
		return filepath.SkipDir
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
		return filepath.SkipDir
	}
	return nil
}

// rule forbids packages an import, for files that are not tests.
type rule struct {
	of     string   // package, or tree of packages with /... at the end; "..." is everything
	except []string // packages or trees that may
	never  string   // import path or tree
	why    string
}

var rules = []rule{
	{of: "jobs", never: "aircheck/...", why: "the contract imports nobody"},
	{of: "jobs", never: "github.com/...", why: "the contract needs the standard library only"},
	{of: "jobs/measurement", never: "aircheck/storage/...", why: "rows and their codec do no I/O"},
	{of: "jobs/measurement", never: "aircheck/judge/...", why: "a measurement knows no thresholds"},
	{of: "jobs/...", never: "aircheck/worker/...", why: "the contract does not know who fulfils it"},
	{of: "jobs/...", never: "aircheck/producer/...", why: "the contract does not know who asks"},
	{of: "jobs/queue", never: "aircheck/storage/...", why: "the queue carries references; it reads and writes no objects"},
	{of: "storage/...", never: "aircheck/jobs/...", why: "storage knows keys, bytes and errors only"},
	{of: "storage/...", never: "aircheck/producer/...", why: "storage is a leaf"},
	{of: "storage/...", never: "aircheck/worker/...", why: "storage is a leaf"},
	{of: "storage/...", never: "aircheck/judge/...", why: "storage is a leaf"},
	{of: "producer/...", never: "aircheck/worker/...", why: "producer and worker talk through jobs and the queue only"},
	{of: "worker/...", never: "aircheck/producer/...", why: "producer and worker talk through jobs and the queue only"},
	{of: "judge/...", never: "aircheck/storage/...", why: "the judge does no I/O"},
	{of: "judge/...", never: "aircheck/worker/...", why: "the judge never sees a frame"},
	{of: "judge/...", never: "aircheck/producer/...", why: "the judge does not know how a stream was read"},
	{of: "judge/...", never: "net/...", why: "the judge has no network"},
	{of: "judge/...", never: "os/...", why: "the judge has no files"},
	{of: "report/...", never: "aircheck/storage/...", why: "where a report goes is its callers' business"},
	{of: "report/...", never: "aircheck/judge/...", why: "a report shows what was judged and judges nothing"},
	{of: "report/...", never: "aircheck/worker/...", why: "a report measures nothing"},
	{of: "report/...", never: "aircheck/producer/...", why: "a report shows what was judged, whoever asked for it"},
	{of: "report/...", never: "aircheck/web/...", why: "pages are functions of their data; where they are served is the site's business"},
	{of: "report/...", never: "net/http/...", why: "pages are functions of their data; where they are served is the site's business"},
	{of: "notify", never: "aircheck/jobs/queue/...", why: "where news comes from is its callers' business"},
	{of: "notify", never: "aircheck/worker/...", why: "news is told by whoever reads it, beside the fleet"},
	{of: "notify", never: "aircheck/storage/...", why: "pictures are given, not fetched"},
	{of: "waive", never: "aircheck/jobs/archive/...", why: "waivers are given, not fetched"},
	{of: "waive", never: "aircheck/storage/...", why: "waivers are given, not fetched"},
	{of: "waive", never: "aircheck/report/...", why: "what is waived is told by signatures, not by how a report looks"},
	{of: "waive", never: "aircheck/judge/...", why: "a waiver changes no judgement"},
	{of: "waive", never: "net/...", why: "waiving is pure"},
	{of: "waive", never: "os/...", why: "waiving is pure"},
	{of: "export", never: "aircheck/storage/...", why: "where an export goes is its callers' business"},
	{of: "export", never: "aircheck/worker/...", why: "an export reads measurements and makes none"},
	{of: "export", never: "aircheck/producer/...", why: "an export reads what is there"},
	{of: "web/...", never: "aircheck/producer/...", why: "what requests have done is done by functions that are given (api.Fleet)"},
	{of: "web/...", never: "aircheck/worker/...", why: "what requests have done is done by functions that are given (api.Fleet)"},
	{of: "web/...", never: "aircheck/judge/...", why: "the site shows what was judged and judges nothing"},
	{of: "web/door", never: "aircheck/...", why: "who may come in does not depend on what is inside"},
	{of: "bench/inject", never: "aircheck/...", why: "the truth must not come from what it is held against"},
	{of: "bench/...", never: "aircheck/judge/...", why: "the bench sees aircheck as a user does: through its reports"},
	{of: "bench/...", never: "aircheck/worker/...", why: "the bench sees aircheck as a user does: through its reports"},
	{of: "bench/...", never: "aircheck/producer/...", why: "the bench sees aircheck as a user does: through its reports"},
	{of: "bench/...", never: "aircheck/storage/...", why: "the bench reads and writes files of its own"},
	{of: "...", except: []string{"jobs/queue", "web/..."}, never: "github.com/hibiken/asynq", why: "only jobs/queue knows which queue it is (web mounts asynq's own monitor)"},
	{of: "...", except: []string{"storage/s3"}, never: "github.com/minio/minio-go/...", why: "only storage/s3 knows which S3 client it is"},
	{of: "...", except: []string{"worker/decode"}, never: "github.com/asticode/go-astiav", why: "only worker/decode touches FFmpeg"},
}

// within tells whether a package path is the pattern or, where the pattern ends in /..., below it.
func within(pkg, pattern string) bool {
	tree, ok := strings.CutSuffix(pattern, "...")
	if !ok {
		return pkg == pattern
	}
	return tree == "" || pkg+"/" == tree || strings.HasPrefix(pkg, tree)
}

func (r rule) applies(pkg string) bool {
	for _, e := range r.except {
		if within(pkg, e) {
			return false
		}
	}
	return within(pkg, r.of)
}

func TestImports(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		pkg := path.Dir(s.name)
		for _, r := range rules {
			if !r.applies(pkg) {
				continue
			}
			for _, imported := range s.imports() {
				if within(imported, r.never) {
					t.Errorf("%s imports %s: %s", s.name, imported, r.why)
				}
			}
		}
	}
}

func TestRulesMatch(t *testing.T) {
	tests := []struct {
		pkg, pattern string
		want         bool
	}{
		{"jobs", "jobs", true},
		{"jobs/queue", "jobs", false},
		{"jobs/queue", "jobs/...", true},
		{"jobs", "jobs/...", true},
		{"jobserver", "jobs/...", false},
		{"anything", "...", true},
		{"net/http", "net/...", true},
		{"github.com/hibiken/asynqmon", "github.com/hibiken/asynq", false},
	}
	for _, tt := range tests {
		if got := within(tt.pkg, tt.pattern); got != tt.want {
			t.Errorf("within(%q, %q) = %t", tt.pkg, tt.pattern, got)
		}
	}
	if r := rules[len(rules)-1]; r.applies("worker/decode") || !r.applies("worker/child") {
		t.Error("the exception of the last rule does not work")
	}
}

func TestLengths(t *testing.T) {
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		if n := s.line(s.file.FileEnd); n > maxFile {
			t.Errorf("%s has %d lines, at most %d: split it by what it is about", s.name, n, maxFile)
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := s.line(f.End()) - s.line(f.Pos()) + 1; n > maxFunction {
				t.Errorf("%s: %s has %d lines, at most %d", s.name, f.Name.Name, n, maxFunction)
			}
		}
	}
}

func TestNoInitAndNoSleep(t *testing.T) {
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Name.Name == "init" && n.Recv == nil {
					t.Errorf("%s:%d: init does work before main and cannot be tested", s.name, s.line(n.Pos()))
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && n.Sel.Name == "Sleep" {
					t.Errorf("%s:%d: wait for a condition, a timer or a context instead of time.Sleep", s.name, s.line(n.Pos()))
				}
			}
			return true
		})
	}
}
