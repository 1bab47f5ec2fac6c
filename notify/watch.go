package notify

import (
	"fmt"
	"io"
	"os"
	"time"
)

// Watch reads a configuration again when its file changes. It is for one goroutine.
type Watch struct {
	Path string

	config   *Config
	read     bool
	size     int64
	modified time.Time
	seen     os.FileInfo
}

// Poll gives the configuration as it is now and whether it is another than that of the last Poll. A file that is wrong is told once, and what was read before stays; a change counts
// when two Polls in a row find the same, because half of a file that is being written may be valid.
func (w *Watch) Poll() (c *Config, changed bool, err error) {
	info, err := os.Stat(w.Path)
	if err != nil {
		if !w.read || w.size == -1 {
			return w.config, false, w.first(err)
		}
		w.size = -1
		return w.config, false, fmt.Errorf("read notify: %w", err)
	}
	same := w.read && info.Size() == w.size && info.ModTime().Equal(w.modified)
	settled := w.seen != nil && info.Size() == w.seen.Size() && info.ModTime().Equal(w.seen.ModTime())
	w.seen = info
	if same || w.read && !settled {
		return w.config, false, nil
	}
	w.read, w.size, w.modified = true, info.Size(), info.ModTime()
	next, err := Load(w.Path)
	if err != nil {
		return w.config, false, err
	}
	w.config = next
	return next, true, nil
}

// first tells about a file that was never there, once.
func (w *Watch) first(err error) error {
	if w.read {
		return nil
	}
	w.read, w.size = true, -1
	return fmt.Errorf("read notify: %w", err)
}

// Load reads a configuration from a file.
func Load(path string) (*Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read notify: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxConfigBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read notify: %w", err)
	}
	c, err := Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}
