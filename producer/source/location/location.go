// Package location decides which object a manifest may refer to: it is the one place where a reference becomes an address.
//
// It is pure: it never asks a file system or a network whether something exists.
package location

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"strings"
)

// ErrRefused is wrapped by the errors about references that a manifest may not make.
var ErrRefused = errors.New("reference refused")

// maxReference bounds a reference: longer than any signed URL, and than any path that Linux opens (PATH_MAX is 4096).
const maxReference = 8 << 10

type scheme int

const (
	local scheme = iota
	web
	bucket
)

// Location is where an input or something that it refers to lies.
type Location struct {
	scheme scheme
	// url is set for http and https.
	url *url.URL
	// root is the directory of the input, absolute; nothing outside it can be reached from there. Set for local paths.
	root string
	// name is an absolute path, or bucket/key.
	name string
}

// Parse understands what a user gives: a path, a file, http or https URL, or s3://bucket/key. Relative paths are taken from the
// working directory.
func Parse(input string) (Location, error) {
	if input == "" || strings.ContainsRune(input, 0) {
		return Location{}, fmt.Errorf("input %q is no path and no URL", input)
	}
	kind, rest, ok := strings.Cut(input, "://")
	if !ok || !isScheme(kind) {
		return parsePath(input)
	}
	switch strings.ToLower(kind) {
	case "file":
		return parsePath(rest)
	case "http", "https":
		return parseWeb(input)
	case "s3":
		return parseBucket(rest)
	}
	return Location{}, fmt.Errorf("input %q: scheme %s is not supported (use a path, http://, https:// or s3://)", Display(input), kind)
}

func parsePath(p string) (Location, error) {
	abs, err := filepath.Abs(p)
	if err != nil {
		return Location{}, fmt.Errorf("find the absolute path of %s: %w", p, err)
	}
	return Location{scheme: local, name: abs, root: filepath.Dir(abs)}, nil
}

func parseWeb(input string) (Location, error) {
	u, err := url.Parse(input)
	if err != nil || u.Host == "" {
		return Location{}, fmt.Errorf("input %q is not a valid URL", Display(input))
	}
	return Location{scheme: web, url: u}, nil
}

func parseBucket(rest string) (Location, error) {
	name, key, _ := strings.Cut(rest, "/")
	if name == "" || key == "" {
		return Location{}, fmt.Errorf("input %q names no bucket and key", "s3://"+rest)
	}
	return Location{scheme: bucket, name: name + "/" + key}, nil
}

// URI is what a storage.Origin opens.
func (l Location) URI() string {
	switch l.scheme {
	case web:
		return l.url.String()
	case bucket:
		return "s3://" + l.name
	}
	return l.name
}

// Ext is the lower-case ending of the path, ".m3u8", without any query.
func (l Location) Ext() string {
	if l.scheme == web {
		return strings.ToLower(path.Ext(l.url.Path))
	}
	return strings.ToLower(path.Ext(l.name))
}

// Resolve says what ref means in a manifest that lies at l (RFC 3986 section 5, RFC 8216 section 4.1). The rule:
//
//   - From anywhere, http and https URLs.
//   - From a local path, also s3 URLs, and files in the directory of the input or below; never a file outside it.
//   - From s3, also s3 URLs and keys of the same bucket.
//   - From http, nothing else: a manifest of a stranger must not make us read our files, or buckets with our credentials.
//
// Percent signs are decoded and queries cut off where the result is a file or a key, because there they have no meaning of their own.
func (l Location) Resolve(ref string) (Location, error) {
	if ref == "" || len(ref) > maxReference || strings.ContainsFunc(ref, isControl) {
		return Location{}, fmt.Errorf("%w: empty, longer than %d bytes, or with control characters", ErrRefused, maxReference)
	}
	switch kind := schemeOf(ref); kind {
	case "http", "https":
		return l.toWeb(ref)
	case "s3":
		return l.toBucket(ref[len("s3:"):])
	case "file":
		return l.toFile(strings.TrimPrefix(ref[len("file:"):], "//"))
	case "":
		return l.relative(ref)
	default:
		return Location{}, fmt.Errorf("%w: scheme %s is not supported", ErrRefused, kind)
	}
}

func (l Location) relative(ref string) (Location, error) {
	switch l.scheme {
	case web:
		return l.toWeb(ref)
	case bucket:
		return l.toKey(plain(ref))
	}
	return l.toFile(ref)
}

func (l Location) toWeb(ref string) (Location, error) {
	u, err := url.Parse(ref)
	if err != nil {
		return Location{}, fmt.Errorf("%w: not a valid URL", ErrRefused)
	}
	if l.scheme == web {
		u = l.url.ResolveReference(u)
	}
	if u.Host == "" {
		return Location{}, fmt.Errorf("%w: URL without a host", ErrRefused)
	}
	u.Fragment, u.RawFragment = "", ""
	return Location{scheme: web, url: u}, nil
}

func (l Location) toBucket(rest string) (Location, error) {
	if l.scheme == web {
		return Location{}, fmt.Errorf("%w: a manifest from the web must not name objects in S3", ErrRefused)
	}
	name, key, _ := strings.Cut(strings.TrimPrefix(rest, "//"), "/")
	if name == "" || key == "" {
		return Location{}, fmt.Errorf("%w: no bucket and key", ErrRefused)
	}
	return Location{scheme: bucket, name: name + "/" + key}, nil
}

func (l Location) toKey(ref string) (Location, error) {
	name, key, _ := strings.Cut(l.name, "/")
	if !strings.HasPrefix(ref, "/") {
		ref = path.Dir("/"+key) + "/" + ref
	}
	key = strings.TrimPrefix(path.Clean(ref), "/")
	if key == "" || strings.ContainsFunc(key, isControl) {
		return Location{}, fmt.Errorf("%w: no key", ErrRefused)
	}
	return Location{scheme: bucket, name: name + "/" + key}, nil
}

func (l Location) toFile(ref string) (Location, error) {
	if l.scheme != local {
		return Location{}, fmt.Errorf("%w: a remote manifest must not name files", ErrRefused)
	}
	p := plain(ref)
	if !filepath.IsAbs(p) {
		p = filepath.Join(filepath.Dir(l.name), p)
	}
	p = filepath.Clean(p)
	if rel, err := filepath.Rel(l.root, p); err != nil || !filepath.IsLocal(rel) || strings.ContainsFunc(p, isControl) {
		return Location{}, fmt.Errorf("%w: the file lies outside the input's directory", ErrRefused)
	}
	return Location{scheme: local, root: l.root, name: p}, nil
}

// plain turns a URI reference into a name: no query, percent signs decoded where they are well-formed.
func plain(ref string) string {
	ref, _, _ = strings.Cut(ref, "?")
	if name, err := url.PathUnescape(ref); err == nil {
		return name
	}
	return ref
}

// Display is an input or a reference as it may be shown: without user, password and query, where signatures and tokens travel.
func Display(input string) string {
	kind, rest, ok := strings.Cut(input, "://")
	if !ok || strings.EqualFold(kind, "file") {
		return input
	}
	if !strings.EqualFold(kind, "s3") {
		rest, _, _ = strings.Cut(rest, "?")
		rest, _, _ = strings.Cut(rest, "#")
	}
	host, tail, slash := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
	}
	if slash {
		host += "/"
	}
	return kind + "://" + host + tail
}

// schemeOf returns the scheme of a reference in lower case, or "" (RFC 3986 section 3.1).
func schemeOf(ref string) string {
	kind, _, ok := strings.Cut(ref, ":")
	if !ok || !isScheme(kind) {
		return ""
	}
	return strings.ToLower(kind)
}

func isScheme(s string) bool {
	for i, c := range []byte(s) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.')) {
			return false
		}
	}
	return s != ""
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }
