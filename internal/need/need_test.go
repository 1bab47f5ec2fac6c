package need

import (
	"path/filepath"
	"testing"
)

// probe is a test in the hands of need: it notes how it ends, and goes on.
type probe struct {
	testing.TB
	ended string
}

func (p *probe) Helper()               {}
func (p *probe) Fatalf(string, ...any) { p.ended = "failed" }
func (p *probe) Skipf(string, ...any)  { p.ended = "skipped" }

func TestTool(t *testing.T) {
	tests := []struct{ require, tool, want string }{
		{"", "sh", ""}, {"1", "sh", ""}, {"", "no-such-program", "skipped"}, {"0", "no-such-program", "skipped"}, {"1", "no-such-program", "failed"},
	}
	for _, tt := range tests {
		t.Setenv("AIRCHECK_REQUIRE", tt.require)
		p := &probe{TB: t}
		path := Tool(p, tt.tool)
		if p.ended != tt.want || tt.want == "" && !filepath.IsAbs(path) {
			t.Errorf("AIRCHECK_REQUIRE=%q, %s: %q, found %q; want %q", tt.require, tt.tool, p.ended, path, tt.want)
		}
	}
}
