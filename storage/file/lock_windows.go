package file

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lock locks the first byte of a file until it is closed, without waiting. Its error is ErrClaimed while somebody else has it.
func lock(f *os.File) error {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrClaimed
	}
	return err
}
