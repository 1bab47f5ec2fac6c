package need

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Readers is the directory of the readers of others with which tests read what aircheck writes (tools/formats), installed.
func Readers(t testing.TB) string {
	t.Helper()
	Tool(t, "node")
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	dir = filepath.Join(dir, "tools", "formats")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		Missing(t, "needs 'npm install' in tools/formats: %v", err)
	}
	return dir
}

// Read runs one of the readers over input and returns what it prints.
func Read(t testing.TB, script string, input []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", append([]string{filepath.Join(Readers(t), script)}, args...)...)
	cmd.Stdin = bytes.NewReader(input)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", script, err, complaints.Bytes())
	}
	return out
}
