// Package need says what a test does without the program that it needs: it skips, so that every checkout can be tested, or fails where AIRCHECK_REQUIRE=1
// says that nothing may be left out.
package need

import (
	"os"
	"os/exec"
	"testing"
)

// Tool finds a program in PATH.
func Tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, "needs %s: %v", name, err)
	}
	return path
}

// Missing ends a test that lacks something else than a program.
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("AIRCHECK_REQUIRE") == "1" {
		t.Fatalf(format, args...)
	} else {
		t.Skipf(format, args...)
	}
}
