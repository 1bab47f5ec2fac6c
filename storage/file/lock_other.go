//go:build !windows

package file

import (
	"errors"
	"os"
	"syscall"
)

// lock locks a file until it is closed, without waiting. Its error is ErrClaimed while somebody else has it.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return ErrClaimed
	case errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.ENOSYS):
		return nil // as on some network file systems
	}
	return err
}
