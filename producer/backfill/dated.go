package backfill

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// dated finds a date: 2026/11/22, 2026-11-22, 20261122.
var dated = regexp.MustCompile(`(20\d\d)[-/_.]?(0[1-9]|1[0-2])[-/_.]?(0[1-9]|[12]\d|3[01])`)

// dateOf reads the last date in a key, and the time of day behind it where there is one: 2026/11/22/03/x.mp4, 2026-11-22T0315, 20261122-031500. What is closest to the
// object's own name says the most. A date is no part of a longer number.
func dateOf(key string, zone *time.Location) (found time.Time, ok bool) {
	for at := 0; at < len(key); {
		m := dated.FindStringSubmatchIndex(key[at:])
		if m == nil {
			break
		}
		begin, end := at+m[0], at+m[1]
		clock, valid := timeOfDay(key[end:])
		year, month, date := digits(key[at+m[2]:at+m[3]]), digits(key[at+m[4]:at+m[5]]), digits(key[at+m[6]:at+m[7]])
		t := time.Date(year, time.Month(month), date, clock[0], clock[1], clock[2], 0, zone)
		if valid && time.Date(year, time.Month(month), date, 0, 0, 0, 0, time.UTC).Day() == date && (begin == 0 || !isDigit(key[begin-1])) {
			found, ok, at = t, true, end
			continue
		}
		at = begin + 1
	}
	return found, ok
}

// timeOfDay reads hour, minute and second behind a date, as far as they are there. ok is false when the date goes on as a longer number.
func timeOfDay(tail string) (clock [3]int, ok bool) {
	run, rest := leadingDigits(cutSeparator(tail))
	switch touches := tail != "" && isDigit(tail[0]); {
	case len(run) != 2 && len(run) != 4 && len(run) != 6:
		return clock, !touches
	case len(run) == 2: // the rest may be cut into parts
		for len(run) < 6 {
			next, after := leadingDigits(cutSeparator(rest))
			if len(next) != 2 || isDigit(rest[0]) {
				break
			}
			run, rest = run+next, after
		}
	}
	for i := 0; 2*i < len(run); i++ {
		clock[i] = digits(run[2*i : 2*i+2])
	}
	if clock[0] > 23 || clock[1] > 59 || clock[2] > 59 {
		return [3]int{}, !isDigit(tail[0])
	}
	return clock, true
}

func cutSeparator(s string) string {
	if s != "" && strings.IndexByte("-/_.:hT ", s[0]) >= 0 {
		return s[1:]
	}
	return s
}

func leadingDigits(s string) (run, rest string) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return s[:n], s[n:]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// digits reads a few digits.
func digits(s string) int {
	n := 0
	for _, c := range []byte(s) {
		n = 10*n + int(c-'0')
	}
	return n
}

// Names and endings of what is checked, the best first: of several playlists in one directory the first of these is the stream.
func manifestNames() []string {
	return []string{"recording.json", "master.m3u8", "main.m3u8", "index.m3u8", "playlist.m3u8", "manifest.mpd", "stream.mpd"}
}

func isManifest(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return name == manifestNames()[0] || ext == ".m3u8" || ext == ".mpd"
}

// isMedia tells whether an object is a file that can be checked by itself, as far as its name tells. Pieces of streams have such names too; they lie beside or below
// their manifest.
func isMedia(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".mp4", ".mov", ".m4v", ".mxf", ".mkv", ".webm", ".ts", ".m2ts", ".mts", ".wav", ".m4a", ".flac", ".aac", ".mp3":
		return true
	}
	return false
}

// Candidate tells whether an object may be a stream by itself.
func Candidate(key string) bool { return isManifest(path.Base(key)) || isMedia(key) }

// streamsOf picks the streams among keys: of each directory with manifests the best one, or all that are called otherwise; files that lie beside or below no manifest. A
// manifest below that of another stream is one of its renditions.
func streamsOf(keys []string) []string {
	dirs := map[string]string{} // the best known name, by directory with manifests
	for _, k := range keys {
		if dir, name := path.Split(k); isManifest(name) {
			if best, ok := dirs[dir]; !ok || rank(name) < rank(best) {
				dirs[dir] = name
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(keys), func(k string) bool {
		dir, name := path.Split(k)
		if below(dirs, dir) {
			return true
		}
		best, ok := dirs[dir]
		return ok && (!isManifest(name) || rank(best) < len(manifestNames()) && name != best)
	})
}

// rank is the place of a name among the known ones; behind them for others.
func rank(name string) int {
	if i := slices.Index(manifestNames(), name); i >= 0 {
		return i
	}
	return len(manifestNames())
}

// below tells whether a directory, with its slash, lies below one that has manifests.
func below(dirs map[string]string, dir string) bool {
	for dir != "" {
		dir, _ = path.Split(strings.TrimSuffix(dir, "/"))
		if _, ok := dirs[dir]; ok {
			return true
		}
	}
	return false
}
