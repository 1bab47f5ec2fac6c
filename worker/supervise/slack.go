package supervise

import (
	"os/exec"
	"runtime"
	"syscall"
)

const (
	prSetTimerSlack = 29 // PR_SET_TIMERSLACK of prctl(2); the syscall package does not name it
	// childSlack is by how many nanoseconds the kernel may delay the timers of a decoder child. Go's monitor thread wants to look every 20 µs at a thread that
	// never leaves C for long, and each look hands the decoder's processor over and back: 20 context switches a picture. A child waits for pipes, never for
	// a clock, so nothing in it is late.
	childSlack = 20_000_000
)

// startPatient starts a process whose timers may be late. The slack goes from a thread to the process that it starts, so it is set for that long only; while a
// goroutine is locked to its thread, the runtime starts other threads from elsewhere. A kernel that refuses leaves the child as it would have been.
func startPatient(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetTimerSlack, childSlack, 0)
	defer func() { _, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetTimerSlack, 0, 0) }() // 0: the thread's default
	return cmd.Start()
}
