package notify

import "os/exec"

// endAll leaves a command as it is: it is ended alone, and WaitDelay bounds the wait for whatever it left behind.
func endAll(*exec.Cmd) {}
