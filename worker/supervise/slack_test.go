package supervise

import (
	"bytes"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"
)

// slackFile is where the kernel says by how many nanoseconds the timers of a process may be late.
const slackFile = "/proc/self/timerslack_ns"

// ownSlack is the calling thread's.
func ownSlack() int {
	const get = 30 // PR_GET_TIMERSLACK
	n, _, _ := syscall.RawSyscall(syscall.SYS_PRCTL, get, 0, 0)
	return int(n)
}

func slackIn(t *testing.T, said []byte) int {
	t.Helper()
	n, err := strconv.Atoi(string(bytes.TrimSpace(said)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestChildTimersMayBeLate: a child begins with the slack, because Go's monitor thread inherits it before any code of ours runs; the parent keeps its own.
func TestChildTimersMayBeLate(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := ownSlack()
	p, err := start(&Config{Command: []string{"cat", slackFile, "-"}}) // stays until its input ends
	if err != nil {
		t.Fatal(err)
	}
	var said [32]byte
	n, err := p.conn.R.Read(said[:])
	if closing := p.stdin.Close(); err != nil || closing != nil {
		t.Fatal(err, closing)
	}
	<-p.exited
	if got := slackIn(t, said[:n]); got != childSlack {
		t.Errorf("the child's timers may be %d ns late, want %d", got, childSlack)
	}
	if after := ownSlack(); after != before {
		t.Errorf("the parent's timers were allowed to be %d ns late, now %d", before, after)
	}
	other, err := exec.Command("cat", slackFile).Output()
	if err != nil || slackIn(t, other) != before {
		t.Errorf("another process's timers may be %s ns late, want %d (%v)", other, before, err)
	}
}
