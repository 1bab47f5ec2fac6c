package events

import (
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Rule says which objects are checked, and how.
type Rule struct {
	// Bucket is the name of a bucket, or the absolute path of a directory.
	Bucket string
	Prefix string
	// Suffixes are endings of keys; none stands for those of Endings.
	Suffixes []string
	// Profile is a name or a file, as --profile takes it; empty for the default one.
	Profile string
	Queue   string // empty: vod
	// Poll is how often the prefix is listed; 0: never, notifications come.
	Poll time.Duration
	// Existing has a poller check what it finds the first time too.
	Existing bool
	Line     int
}

// Endings are those of the files that are checked when a rule names none. Playlists are not among them: segments come before or after them, and a live one changes every few
// seconds.
func Endings() []string {
	return []string{".mp4", ".mov", ".m4v", ".mxf", ".mkv", ".webm", ".ts", ".m2ts", ".wav", ".m4a", ".flac", ".aac", ".mp3"}
}

// Matches tells whether the rule is about an object.
func (r Rule) Matches(o Object) bool {
	if o.Bucket != r.Bucket || !strings.HasPrefix(o.Key, r.Prefix) || !inside(o.Key) {
		return false
	}
	endings := r.Suffixes
	if len(endings) == 0 {
		return slices.Contains(Endings(), strings.ToLower(path.Ext(o.Key)))
	}
	return slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(strings.ToLower(o.Key), strings.ToLower(e)) })
}

// inside tells whether a key stays below its bucket and prefix: who can announce objects must not name files elsewhere.
func inside(key string) bool {
	return !slices.Contains(strings.FieldsFunc(key, func(c rune) bool { return c == '/' || c == filepath.Separator }), "..")
}

// Equal tells whether two rules ask for the same, wherever they stand.
func (r Rule) Equal(o Rule) bool {
	return slices.Equal(r.Suffixes, o.Suffixes) && r.Bucket == o.Bucket && r.Prefix == o.Prefix && r.Profile == o.Profile && r.Queue == o.Queue && r.Poll == o.Poll && r.Existing == o.Existing
}

// Address is where the object lies, as submit takes it.
func (o Object) Address() string {
	if filepath.IsAbs(o.Bucket) {
		return filepath.Join(o.Bucket, filepath.FromSlash(o.Key))
	}
	return "s3://" + o.Bucket + (&url.URL{Path: "/" + o.Key}).EscapedPath()
}

// ruleOf is the first rule about an object; nil when there is none.
func ruleOf(rules []Rule, o Object) *Rule {
	if i := slices.IndexFunc(rules, func(r Rule) bool { return r.Matches(o) }); i >= 0 {
		return &rules[i]
	}
	return nil
}
