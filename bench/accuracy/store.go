package accuracy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"aircheck/bench/inject"
)

// store keeps what was made in a work directory, each thing under the hash of all that it was made from, so that a second run makes nothing anew.
type store struct {
	tool  *inject.Tool
	dir   string // absolute
	media string

	mu    sync.Mutex
	bases map[string]*lazyBase
}

// lazyBase is opened by whoever needs it first.
type lazyBase struct {
	once sync.Once
	base *inject.Base
	err  error
}

// source is a base before it is made.
type source struct {
	name  string
	input string // "synthetic:NAME"; empty for a real clip
	clip  clip
	cut   inject.Cut
}

// key hashes what something is made of.
func key(parts ...any) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%v\x00", p)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

func (st *store) sourceKey(s source) string {
	return s.name + "-" + key(inject.Version, st.tool.Version, s.input, s.clip.name, s.clip.path, s.clip.video, s.cut)
}

// base makes or opens a base.
func (st *store) base(ctx context.Context, s source) (*inject.Base, error) {
	name := st.sourceKey(s)
	st.mu.Lock()
	lazy := st.bases[name]
	if lazy == nil {
		lazy = new(lazyBase)
		st.bases[name] = lazy
	}
	st.mu.Unlock()
	lazy.once.Do(func() { lazy.base, lazy.err = st.prepare(ctx, s, filepath.Join(st.dir, "bases", name)) })
	return lazy.base, lazy.err
}

func (st *store) prepare(ctx context.Context, s source, dir string) (*inject.Base, error) {
	label := inject.Source{Input: s.input, Start: s.cut.Start}
	if s.input == "" {
		label.Input = "media:" + s.clip.name
	}
	path := filepath.Join(dir, "base.mkv")
	if _, err := os.Stat(path); err == nil {
		return inject.OpenBase(ctx, st.tool, path, label)
	}
	input := s.input
	if input == "" {
		var err error
		if input, err = st.real(ctx, s.clip); err != nil {
			return nil, err
		}
	}
	var made *inject.Base
	err := st.atomically(dir, func(scratch string) (err error) {
		made, err = inject.Prepare(ctx, st.tool, input, s.cut, scratch)
		return err
	})
	if err != nil {
		return nil, err
	}
	made.Path, made.Source.Input = path, label.Input
	return made, nil
}

// atomically lets make fill a directory that takes its place only when it is complete: a run that is interrupted leaves nothing half done.
func (st *store) atomically(dir string, make func(scratch string) error) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o750); err != nil {
		return fmt.Errorf("make work directory: %w", err)
	}
	scratch, err := os.MkdirTemp(filepath.Dir(dir), ".making-")
	if err != nil {
		return fmt.Errorf("make work directory: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	if err := make(scratch); err != nil {
		return err
	}
	err = os.Rename(scratch, dir)
	if _, there := os.Stat(dir); err != nil && there != nil { // where it is there by now, another run has made the same
		return fmt.Errorf("keep %s: %w", dir, err)
	}
	return nil
}

// real returns the path of a real clip; segments are put together into one file first.
func (st *store) real(ctx context.Context, c clip) (string, error) {
	if c.path != "" {
		return filepath.Join(st.media, c.path), nil
	}
	dir := filepath.Join(st.dir, "media", c.name+"-"+key(inject.Version, st.tool.Version, c.video, c.audio, c.segments))
	out := filepath.Join(dir, "clip.mp4")
	if _, err := os.Stat(out); err == nil {
		return out, nil
	}
	err := st.atomically(dir, func(scratch string) error {
		for _, track := range [][2]string{{c.video, "video.mp4"}, {c.audio, "audio.mp4"}} {
			if err := st.join(c, track[0], filepath.Join(scratch, track[1])); err != nil {
				return err
			}
		}
		_, err := st.tool.FFmpeg(ctx, scratch, "-i", "video.mp4", "-i", "audio.mp4", "-c", "copy", "-fflags", "+bitexact", "clip.mp4")
		return err
	})
	return out, err
}

// join writes the initialisation segment and all others one after the other.
func (st *store) join(c clip, prefix, out string) (err error) {
	names := []string{prefix + c.header}
	for i := range c.segments {
		names = append(names, prefix+fmt.Sprintf(c.segment, i+1))
	}
	f, err := os.Create(out)
	if err != nil {
		return fmt.Errorf("join segments: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for _, name := range names {
		if err := appendFile(f, filepath.Join(st.media, name)); err != nil {
			return err
		}
	}
	return nil
}

func appendFile(w io.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("join segments: %w", err)
	}
	defer f.Close()
	if _, err := io.Copy(w, f); err != nil {
		return fmt.Errorf("join segments: %w", err)
	}
	return nil
}

// hiddenFile stands in a clip's directory when its base hides the defect.
const hiddenFile = "hidden"

// clipKey leaves out the first revision, so that what is right stays where it is.
func (st *store) clipKey(c testCase, s source) string {
	parts := []any{st.sourceKey(s), c.code, c.variant, c.seed, c.strength}
	if c.revision > 0 {
		parts = append(parts, c.revision)
	}
	return key(parts...)
}

// clip makes or opens the clip of a case from the first of its bases that does not hide the defect. Nil, "" when all do.
func (st *store) clip(ctx context.Context, c testCase) (*inject.Label, string, error) {
	for _, s := range c.sources {
		dir := filepath.Join(st.dir, "clips", strings.ReplaceAll(fmt.Sprintf("%s-%s-%d-%s", c.code, c.variant, c.seed, st.clipKey(c, s)), ":", "to"))
		l, err := st.inject(ctx, c, s, dir)
		if err != nil || l != nil {
			return l, dir, err
		}
	}
	return nil, "", nil
}

// inject returns nil without an error when the base hides the defect.
func (st *store) inject(ctx context.Context, c testCase, s source, dir string) (*inject.Label, error) {
	if _, err := os.Stat(filepath.Join(dir, hiddenFile)); err == nil {
		return nil, nil
	}
	if _, err := os.Stat(dir); err == nil {
		return inject.ReadLabel(dir)
	}
	base, err := st.base(ctx, s)
	if err != nil {
		return nil, err
	}
	hidden := false
	err = st.atomically(dir, func(scratch string) error {
		_, err := inject.Inject(ctx, st.tool, base, inject.Request{Code: c.code, Variant: c.variant, Seed: c.seed, Strength: c.strength, Out: scratch})
		if errors.Is(err, inject.ErrHidden) || errors.Is(err, inject.ErrLacks) {
			hidden = true
			return os.WriteFile(filepath.Join(scratch, hiddenFile), []byte(err.Error()+"\n"), 0o600)
		}
		return err
	})
	if err != nil || hidden {
		return nil, err
	}
	return inject.ReadLabel(dir)
}

// cached returns what was computed about a file before, or computes it. The name says what, and the file lies beside what it is about.
func cached[T any](name string, compute func() (T, error)) (T, error) {
	var v T
	if body, err := os.ReadFile(name); err == nil && json.Unmarshal(body, &v) == nil {
		return v, nil
	}
	v, err := compute()
	if err != nil {
		return v, err
	}
	body, err := json.Marshal(v)
	if err != nil {
		return v, fmt.Errorf("encode %s: %w", name, err)
	}
	if err := os.WriteFile(name, body, 0o600); err != nil {
		return v, fmt.Errorf("keep %s: %w", name, err)
	}
	return v, nil
}
