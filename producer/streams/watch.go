package streams

import (
	"fmt"
	"io"
	"os"
	"time"
)

// Watch reads a file again when it changes. It is for one goroutine.
type Watch struct {
	Path string
	// Profile is that of Parse.
	Profile func(name string) error

	read     bool
	size     int64
	modified time.Time
}

// Poll reads the file if it is not as it was at the last Poll, by size and time of modification; changed is false when it is, or when it cannot be read. A
// file that is wrong is told once, and what was read before stays.
func (w *Watch) Poll() (file *File, changed bool, err error) {
	f, err := os.Open(w.Path)
	if err != nil {
		return nil, false, w.once(-1, time.Time{}, fmt.Errorf("open streams: %w", err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, false, fmt.Errorf("open streams: %w", err)
	}
	if w.read && info.Size() == w.size && info.ModTime().Equal(w.modified) {
		return nil, false, nil
	}
	b, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, false, fmt.Errorf("read %s: %w", w.Path, err)
	}
	file, err = Parse(b, w.Profile)
	if err != nil {
		err = fmt.Errorf("%s: %w", w.Path, err)
	}
	w.read, w.size, w.modified = true, info.Size(), info.ModTime()
	return file, err == nil, err
}

// once gives an error unless it was given for the same state of the file.
func (w *Watch) once(size int64, modified time.Time, err error) error {
	if w.read && w.size == size && w.modified.Equal(modified) {
		return nil
	}
	w.read, w.size, w.modified = true, size, modified
	return err
}
