//go:build !windows

package notify

import (
	"os/exec"
	"syscall"
)

// endAll has what a command started ended with it.
func endAll(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
