package streams

import (
	"errors"
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
	streams  int // of what was read last
	size     int64
	modified time.Time
	// The state in which the last Poll found the file, when it was another.
	seen     bool
	seenSize int64
	seenTime time.Time
}

// Poll reads the file if it is not as it was when it was read, by size and time of modification; changed is false when it is, or when it cannot be read. The
// first time it is read at once; a change counts when two Polls in a row find the same, because half of a file that is being written in place is a valid file with
// fewer streams. For the same reason a file without streams after one with some is wrong unless it says so: "streams: []". A file that is wrong is told once, and
// what was read before stays.
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
	if w.read && !w.settled(info.Size(), info.ModTime()) {
		return nil, false, nil
	}
	b, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, false, fmt.Errorf("read %s: %w", w.Path, err)
	}
	if file, err = Parse(b, w.Profile); err == nil && len(file.Streams) == 0 && !file.None && w.streams > 0 {
		err = errNone
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", w.Path, err)
	} else {
		w.streams = len(file.Streams)
	}
	w.read, w.size, w.modified = true, info.Size(), info.ModTime()
	return file, err == nil, err
}

// errNone is about a file that had streams and names none.
var errNone = errors.New("it names no streams any more: if none are wanted, write \"streams: []\"")

// settled tells whether the file is as the last Poll found it.
func (w *Watch) settled(size int64, modified time.Time) bool {
	same := w.seen && size == w.seenSize && modified.Equal(w.seenTime)
	w.seen, w.seenSize, w.seenTime = true, size, modified
	return same
}

// once gives an error unless it was given for the same state of the file.
func (w *Watch) once(size int64, modified time.Time, err error) error {
	if w.read && w.size == size && w.modified.Equal(modified) {
		return nil
	}
	w.read, w.size, w.modified, w.seen = true, size, modified, false
	return err
}
