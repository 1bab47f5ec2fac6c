// Package location decides which object a manifest may refer to: it is the one place where a reference becomes an address.
//
// It is pure: it never asks a file system or a network whether something exists. How addresses are written is the business of package storage.
package location

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"aircheck/storage"
)

// ErrRefused is wrapped by the errors about references that a manifest may not make.
var ErrRefused = errors.New("reference refused")

// maxReference bounds a reference: longer than any signed URL, and than any path that Linux opens (PATH_MAX is 4096).
const maxReference = 8 << 10

// Location is where an input, or something that it refers to, lies.
type Location struct {
	uri string
	// root is the directory of the input, absolute, where the input is a file; nothing outside it can be reached from there.
	root string
}

// Parse understands what a user gives: a path, a file, http or https URL, or s3://bucket/key. Relative paths are taken from the
// working directory.
func Parse(input string) (Location, error) {
	switch scheme := storage.Scheme(input); scheme {
	case "", "file":
		return parseFile(input)
	case "http", "https":
		if u, err := url.Parse(input); err != nil || u.Host == "" {
			return Location{}, fmt.Errorf("%w: %q is no URL with a host", storage.ErrBadURI, storage.Redact(input))
		}
	case "s3":
		_, key, _, err := storage.ParseS3(input)
		if err == nil && key == "" {
			err = fmt.Errorf("%w: %q names no key: write s3://bucket/key", storage.ErrBadURI, input)
		}
		if err != nil {
			return Location{}, err
		}
	default:
		return Location{}, fmt.Errorf("%w: %q: scheme %s is not supported: use a path, http://, https:// or s3://",
			storage.ErrBadURI, storage.Redact(input), scheme)
	}
	return Location{uri: input}, nil
}

func parseFile(input string) (Location, error) {
	p, _, err := storage.LocalPath(input)
	if err != nil {
		return Location{}, err
	}
	if p == "" || strings.ContainsRune(p, 0) {
		return Location{}, fmt.Errorf("%w: %q is no path", storage.ErrBadURI, input)
	}
	abs, err := filepath.Abs(p)
	if err != nil {
		return Location{}, fmt.Errorf("find the absolute path of %s: %w", p, err)
	}
	return Location{uri: abs, root: filepath.Dir(abs)}, nil
}

// URI is what a storage.Origin opens: an absolute path or a URL.
func (l Location) URI() string { return l.uri }

// Moved is where something lies that was asked for at l, when the answer came from another URL by redirects (storage.Info.Location): what it refers to is
// relative to that (RFC 3986 section 5.1.3). Only the web redirects, and only to the web.
func (l Location) Moved(to string) Location {
	web := func(uri string) bool { s := storage.Scheme(uri); return s == "http" || s == "https" }
	if u, err := url.Parse(to); to == "" || !web(l.uri) || !web(to) || err != nil || u.Host == "" {
		return l
	}
	return Location{uri: to}
}

// Ext is the ending of the path in lower case, ".m3u8", without any query.
func (l Location) Ext() string {
	p := l.uri
	if l.root == "" {
		p, _, _ = strings.Cut(p, "?")
		p, _, _ = strings.Cut(p, "#")
	}
	return strings.ToLower(path.Ext(p))
}

// allowed is the rule which schemes a manifest may name; "" is a relative reference.
//
//   - From anywhere, http and https.
//   - From a file, also s3, and files in the directory of the input or below.
//   - From s3, also s3.
//   - From the web, nothing else: the manifest of a stranger must not make us read our files, nor buckets with our credentials.
func (l Location) allowed() []string {
	switch {
	case l.root != "":
		return []string{"", "file", "s3", "http", "https"}
	case storage.Scheme(l.uri) == "s3":
		return []string{"", "s3", "http", "https"}
	}
	return []string{"", "http", "https"}
}

// Resolve says what ref means in a manifest that lies at l (RFC 3986 section 5, RFC 8216 section 4.1), or that it may not be followed.
func (l Location) Resolve(ref string) (Location, error) {
	if ref == "" || len(ref) > maxReference || strings.ContainsFunc(ref, isControl) {
		return Location{}, fmt.Errorf("%w: empty, longer than %d bytes, or with control characters", ErrRefused, maxReference)
	}
	scheme := storage.Scheme(ref)
	if !slices.Contains(l.allowed(), scheme) {
		return Location{}, fmt.Errorf("%w: scheme %s from here", ErrRefused, scheme)
	}
	if scheme == "" && storage.Scheme(l.uri) != "http" && storage.Scheme(l.uri) != "https" {
		ref = strings.ReplaceAll(ref, "#", "%23") // files and keys have no fragments, but names like "Episode #1.ts"
	}
	uri, err := storage.Resolve(l.uri, ref)
	if err != nil {
		return Location{}, fmt.Errorf("%w: it is no address", ErrRefused)
	}
	switch storage.Scheme(uri) {
	case "", "file":
		return l.within(uri)
	case "s3":
		_, key, _, err := storage.ParseS3(uri)
		if err != nil || key == "" {
			return Location{}, fmt.Errorf("%w: it names no bucket and key", ErrRefused)
		}
	case "http", "https":
		if u, err := url.Parse(uri); err != nil || u.Host == "" {
			return Location{}, fmt.Errorf("%w: URL without a host", ErrRefused)
		}
	}
	return Location{uri: uri}, nil
}

// within lets a file pass that lies in the directory of the input or below. Links are followed, by whoever opens the file: to make one, one needs to
// be on this machine already.
func (l Location) within(uri string) (Location, error) {
	p, _, err := storage.LocalPath(uri)
	if err != nil || l.root == "" || !filepath.IsAbs(p) || strings.ContainsFunc(p, isControl) {
		return Location{}, fmt.Errorf("%w: it is no path", ErrRefused)
	}
	p = filepath.Clean(p)
	if rel, err := filepath.Rel(l.root, p); err != nil || !filepath.IsLocal(rel) {
		return Location{}, fmt.Errorf("%w: the file lies outside the input's directory", ErrRefused)
	}
	return Location{uri: p, root: l.root}, nil
}

// Display is a reference as it may be shown: without user, password and query, where signatures and tokens travel.
func Display(ref string) string {
	if strings.HasPrefix(ref, "//") {
		ref = strings.TrimPrefix(storage.Redact("http:"+ref), "http:")
	}
	ref, _, _ = strings.Cut(storage.Redact(ref), "?")
	return ref
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }
