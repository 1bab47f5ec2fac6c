package supervise

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// clockTick is the unit of times in /proc: Linux has told user space 100 Hz since 2.6, whatever the kernel counts in.
const clockTick = time.Second / 100

// Fields of /proc/PID/stat behind the name of the program (proc(5)): utime is the 14th of all and the 12th of these.
const (
	statUser   = 11
	statSystem = 12
)

// cpuTime is the processor time that a process has taken so far, of all its threads; 0 where the system does not tell.
func cpuTime(pid int) time.Duration {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	return parseCPUTime(stat)
}

func parseCPUTime(stat []byte) time.Duration {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]) // the name may hold anything
	if len(fields) <= statSystem {
		return 0
	}
	user, err1 := strconv.ParseInt(string(fields[statUser]), 10, 64)
	system, err2 := strconv.ParseInt(string(fields[statSystem]), 10, 64)
	const century = int64(100 * 365 * 24 * time.Hour / clockTick)
	if err1 != nil || err2 != nil || user < 0 || system < 0 || user > century || system > century {
		return 0
	}
	return time.Duration(user+system) * clockTick
}
