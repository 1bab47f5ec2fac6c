package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"aircheck/notify"
)

func notifyFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNotifyTest(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	good := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	t.Cleanup(good.Close)
	bad := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(bad.Close)
	path := notifyFile(t, "targets:\n  - {name: good, kind: webhook, url: '"+good.URL+"'}\n  - {name: bad, kind: slack, url: '"+bad.URL+"/secret'}\n")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"test", "good"}, 0, "good: told"},
		{[]string{"test"}, 1, "tell bad: answered 404"},
		{[]string{"test", "goud"}, 2, `did you mean "good"?`},
		{[]string{"show"}, 0, "good    webhook  fail"},
		{[]string{"show", "--format", "json"}, 0, `"name":"bad","kind":"slack"`},
	} {
		code, out, said := exec(t, nil, append(append([]string{"notify"}, c.args...), "--notify", path)...)
		if code != c.code || !strings.Contains(out+said, c.says) || strings.Contains(out+said, "secret") {
			t.Errorf("%q: status %d\n%s\n%s", c.args, code, out, said)
		}
	}
	if calls.Load() != 4 {
		t.Errorf("%d messages, want an opening and an end twice", calls.Load())
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	c, err := notify.Parse([]byte("targets: [{name: ops, kind: slack, url: 'http://a'}, {name: desk, kind: slack, url: 'http://a'}]"))
	if err != nil {
		t.Fatal(err)
	}
	path := notifyFile(t, "streams:\n  - {name: a, url: 'http://o/a.m3u8', notify: [ops]}\n  - {name: b, url: 'http://o/b.m3u8'}\n  - {name: c, url: 'http://o/c.m3u8', notify: []}\n")
	r, err := newRoutes(&liveFlags{streamsFile: path}, c)
	if err != nil {
		t.Fatal(err)
	}
	if a, b, c := r.of("a"), r.of("b"), r.of("c"); len(a) != 1 || a[0] != "ops" || b != nil || c == nil || len(c) != 0 {
		t.Errorf("routes %v, %v, %v", a, b, c)
	}
	path = notifyFile(t, "streams:\n  - {name: a, url: 'http://o/a.m3u8', notify: [desc]}\n")
	if _, err := newRoutes(&liveFlags{streamsFile: path}, c); err == nil || !strings.Contains(err.Error(), `line 2: notify of stream "a": no target is called "desc"; did you mean "desk"?`) {
		t.Errorf("error %v", err)
	}
}
