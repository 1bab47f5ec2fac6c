package streams

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
)

const good = `
# what we watch
defaults:
  window: 6s
  profile: ebu-r128
  archive: {keep: 24h}
  notify: [ops]
streams:
  - name: news
    url: https://cdn.example/news/index.m3u8?token=x
  - name: sport
    url: s3://live/sport.m3u8
    renditions: highest
    profile: default
    breaks: ebu-r128
    window: 10s
    archive:
      keep: 7d
    notify: [https://hook.example/a, mail]
  - {name: radio, url: /srv/radio.m3u8, renditions: [hi.m3u8, s1], archive: {keep: forever}}
`

func TestParse(t *testing.T) {
	t.Parallel()
	f, err := Parse([]byte(good), func(name string) error {
		if name != "default" && name != "ebu-r128" {
			return errors.New("no such profile")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Stream{
		{
			Name: "news", URL: "https://cdn.example/news/index.m3u8?token=x", Renditions: Renditions{Which: All}, Profile: "ebu-r128", Window: 6 * time.Second,
			Keep: 24 * time.Hour, Notify: []string{"ops"}, Line: 9,
		},
		{
			Name: "sport", URL: "s3://live/sport.m3u8", Renditions: Renditions{Which: Highest}, Profile: "default", Breaks: "ebu-r128", Window: 10 * time.Second,
			Keep: 7 * 24 * time.Hour, Notify: []string{"https://hook.example/a", "mail"}, Line: 11,
		},
		{
			Name: "radio", URL: "/srv/radio.m3u8", Renditions: Renditions{Names: []string{"hi.m3u8", "s1"}}, Profile: "ebu-r128", Window: 6 * time.Second,
			Notify: []string{"ops"}, Line: 20,
		},
	}
	if !reflect.DeepEqual(f.Streams, want) {
		t.Errorf("read %+v\nwant %+v", f.Streams, want)
	}
	other := want[0]
	if other.Line = 3; !other.Equal(want[0]) || want[0].Equal(want[1]) {
		t.Error("entries are compared by more or less than what they ask for")
	}
	for _, empty := range []string{"", "# nothing\n", "streams:\n", "streams: []\n", "---\n"} {
		if f, err := Parse([]byte(empty), nil); err != nil || len(f.Streams) != 0 {
			t.Errorf("%q: %+v, %v", empty, f, err)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	const head = "streams:\n- name: a\n  url: http://h/a\n"
	for in, want := range map[string]string{
		"streems: []": `line 1: "streems" is no key of the file; did you mean "streams"?`,
		"x: 1":        `line 1: "x" is no key of the file: there are defaults, events, schedule, streams`,
		"- a":         "line 1: the file is no mapping",
		"streams: 5":  "line 1: streams is no list",
		"streams:\n- name: a\n  url: http://h/a\n  windw: 5s": `line 4: "windw" is no key of a stream; did you mean "window"?`,
		"streams:\n- url: http://h/a":                         "line 2: a stream without a name",
		"streams:\n- name: a":                                 `line 2: stream "a" without a url`,
		"streams:\n- name: A b\n  url: http://h/a":            `line 2: name "A b": want 1 to 48`,
		head + "- name: a\n  url: http://h/b":                 `line 4: name "a" is taken by the stream of line 2`,
		head + "  url: http://h/b":                            `line 4: "url" stands twice`,
		head + "  window: 5":                                  `line 4: window: "5" is no length of time`,
		head + "  window: 1ms":                                "line 4: window: 1ms is outside of 1s to 10m0s",
		head + "  window: [5s]":                               "line 4: window: want a text",
		head + "  archive: {keep: 0d}":                        "line 4: keep: 0d is outside",
		head + "  archive: {kepp: 1d}":                        `line 4: "kepp" is no key of archive; did you mean "keep"?`,
		head + "  renditions: some":                           `line 4: renditions: "some"; want all, highest, lowest or a list of names`,
		head + "  renditions: []":                             "line 4: renditions: the list is empty",
		head + "  profile: nope":                              "line 4: profile: no such profile",
		head + "  breaks: nope":                               "line 4: breaks: no such profile",
		"streams:\n- name: a\n  url: ftp://h/a":               "line 3: url:",
		"defaults: &d {window: 5s}\nstreams: *d":              "line 2: streams: aliases are not allowed",
		"defaults: {name: a}":                                 `line 1: "name" is no key of defaults`,
		"a: [":                                                "read YAML: ",
	} {
		f, err := Parse([]byte(in), func(string) error { return errors.New("no such profile") })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v; want %s", in, f, err, want)
		}
	}
	if _, err := Parse([]byte("streams:\n- nam: a\n- nam: b\n"), nil); err == nil || strings.Count(err.Error(), "did you mean") != 2 {
		t.Errorf("two slips: %v", err)
	}
	if _, err := Parse(make([]byte, maxBytes+1), nil); err == nil {
		t.Error("an endless file was read")
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	sequence := func(id, media string, bandwidth int64) live.Sequence {
		return live.Sequence{Describes: jobs.Sequence{ID: id, Name: id + ".m3u8", Media: media, Variant: &jobs.Variant{Bandwidth: bandwidth}}}
	}
	list := []live.Sequence{sequence("s0", "video", 2), sequence("s1", "video", 5), sequence("s2", "video", 1), sequence("s3", "audio", 0), sequence("s4", "captions", 0)}
	for _, test := range []struct {
		r    Renditions
		want []bool
	}{
		{Renditions{}, []bool{true, true, true, true, true}},
		{Renditions{Which: All}, []bool{true, true, true, true, true}},
		{Renditions{Which: Highest}, []bool{false, true, false, true, true}},
		{Renditions{Which: Lowest}, []bool{false, false, true, true, true}},
		{Renditions{Names: []string{"s0.m3u8", "s3"}}, []bool{true, false, false, true, false}},
		{Renditions{Names: []string{"x"}}, make([]bool, 5)},
	} {
		if got := test.r.Choose(list); !slices.Equal(got, test.want) {
			t.Errorf("%+v chooses %v, want %v", test.r, got, test.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("streams:\n- name: a\n  url: http://h/a\n  archive: {keep: 1d}\n"))
	f.Add([]byte("defaults: &d {window: 5s}\nstreams: [*d, *d]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Parse(b, nil)
		if err != nil {
			return
		}
		for _, s := range file.Streams {
			if !jobs.ValidStreamName(s.Name) || s.URL == "" || s.Keep < 0 || s.Window < 0 {
				t.Errorf("stream %+v", s)
			}
		}
	})
}
