package streams

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWatch(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "streams.yaml")
	w, at := &Watch{Path: path}, time.Unix(1_800_000_000, 0)
	poll := func(what string, wantChanged, wantErr bool) *File {
		t.Helper()
		f, changed, err := w.Poll()
		if changed != wantChanged || (err != nil) != wantErr {
			t.Errorf("%s: changed %t, %v", what, changed, err)
		}
		return f
	}
	write := func(text string) {
		t.Helper()
		at = at.Add(time.Second)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	poll("no file", false, true)
	poll("still no file", false, false)
	write("streams:\n- {name: a, url: /a}\n")
	poll("begun", false, false)
	if f := poll("first", true, false); f == nil || len(f.Streams) != 1 {
		t.Errorf("read %+v", f)
	}
	poll("as it was", false, false)
	write("streams:\n- {name: a, ulr: /a}\n")
	poll("another", false, false)
	poll("wrong", false, true)
	poll("still wrong", false, false)
	write("streams:\n- {name: a, url: /a}\n- {name: b, url: /b}\n")
	poll("written again", false, false)
	write("streams:\n- {name: a, url: /a}\n- {name: b, url: /b}\n# done\n")
	poll("written to its end", false, false)
	if f := poll("mended", true, false); f == nil || len(f.Streams) != 2 {
		t.Errorf("read %+v", f)
	}
	for _, none := range []string{"", "# streams:\n", "streams:\n", "schedule: []\n"} {
		write(none)
		poll("begun again", false, false)
		poll("nothing in it", false, true)
		poll("still nothing", false, false)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	poll("gone", false, true)
	write("streams: []\n")
	poll("there again", false, false)
	if f := poll("empty", true, false); f == nil || len(f.Streams) != 0 {
		t.Errorf("read %+v", f)
	}
	write("")
	poll("not even the list", false, false)
	poll("there were none before", true, false)
}
