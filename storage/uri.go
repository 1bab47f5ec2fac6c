package storage

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"strings"
)

// ErrBadURI is wrapped by the errors about inputs that name nothing we can read. It is permanent.
var ErrBadURI = errors.New("bad address")

// maxURI bounds what is parsed as a URI; signed URLs of CDNs reach 4 KiB.
const maxURI = 16 << 10

// Scheme gives the scheme of a URI in lower case: "http", "s3", "file". It is "" for a plain path; a path that looks like
// a URI is written with ./ in front.
func Scheme(uri string) string {
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok || scheme == "" || !isSchemeStart(scheme[0]) {
		return ""
	}
	for _, c := range []byte(scheme) {
		if !isSchemeStart(c) && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' {
			return ""
		}
	}
	if !strings.HasPrefix(rest, "//") && !strings.EqualFold(scheme, "file") && !strings.EqualFold(scheme, "mem") {
		return "" // "take:2.mp4" is a path
	}
	return strings.ToLower(scheme)
}

func isSchemeStart(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// Redact makes a URI fit for logs, errors and reports: user, password and the values of the query go, as signed URLs carry their
// secret there. Of a URI whose authority is malformed only the scheme stays. Plain paths stay as they are.
func Redact(uri string) string {
	scheme := Scheme(uri)
	if scheme == "" || scheme == "mem" {
		return uri
	}
	head, rest, ok := strings.Cut(uri, "//")
	if !ok {
		return uri // file:path
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, hasQuery := strings.Cut(rest, "?")
	authority, tail, hasPath := strings.Cut(rest, "/")
	host := authority[strings.LastIndexByte(authority, '@')+1:]
	_, err := url.Parse(uri)
	if !isHostPort(host) || err != nil && strings.Contains(tail, "@") {
		return head + "//…" // this may be the first half of a password that holds a slash
	}
	redacted := head + "//" + host
	if hasPath {
		redacted += "/" + tail
	}
	if hasQuery {
		redacted += "?…"
	}
	return redacted
}

// isHostPort tells whether s is a host, or an address in brackets, with or without a port of digits.
func isHostPort(s string) bool {
	if strings.HasPrefix(s, "[") {
		_, s, _ = strings.Cut(s, "]")
	}
	_, port, ok := strings.Cut(s, ":")
	return !ok || port != "" && strings.Trim(port, "0123456789") == ""
}

// LocalPath gives the path that a plain path or a file URI names; false for every other URI.
func LocalPath(uri string) (string, bool, error) {
	switch Scheme(uri) {
	case "":
		return uri, true, nil
	case "file":
		u, err := url.Parse(uri)
		if err != nil || u.Host != "" && u.Host != "localhost" || u.Path == "" {
			return "", true, fmt.Errorf("%w: %q: write file:///absolute/path", ErrBadURI, uri)
		}
		return filepath.FromSlash(u.Path), true, nil
	}
	return "", false, nil
}

// ParseS3 splits s3://bucket/key?query. Key and query may be empty. A key that is a valid percent encoding is decoded, as references in
// playlists are written that way; "100%.mp4", which is none, is taken as it stands. Credentials in it are refused.
func ParseS3(uri string) (bucket, key string, query url.Values, err error) {
	if Scheme(uri) != "s3" || len(uri) > maxURI {
		return "", "", nil, fmt.Errorf("%w: %q: write s3://bucket/key", ErrBadURI, Redact(uri))
	}
	rest, rawQuery, _ := strings.Cut(uri[len("s3://"):], "?")
	bucket, key, _ = strings.Cut(rest, "/")
	if bucket == "" || strings.ContainsAny(bucket, "@:") {
		return "", "", nil, fmt.Errorf("%w: %q: write s3://bucket/key, and put credentials into AIRCHECK_S3_ACCESS_KEY and AIRCHECK_S3_SECRET_KEY",
			ErrBadURI, Redact(uri))
	}
	if decoded, err := url.PathUnescape(key); err == nil {
		key = decoded
	}
	query, err = url.ParseQuery(rawQuery)
	if err != nil {
		return "", "", nil, fmt.Errorf("%w: query of %q", ErrBadURI, Redact(uri))
	}
	return bucket, key, query, nil
}

// Resolve gives what a reference in a playlist means, base being the playlist's own URI (RFC 3986, section 5; RFC 8216, section 2).
// The base of a plain path gives a plain path. Only a local playlist may refer to local files, and only a relative reference does so without a
// scheme: a playlist from the network must not make a worker read its disk.
func Resolve(base, ref string) (string, error) {
	if len(ref) > maxURI {
		return "", fmt.Errorf("%w: reference of %d bytes, at most %d", ErrBadURI, len(ref), maxURI)
	}
	basePath, local, err := LocalPath(base)
	if err != nil {
		return "", err
	}
	switch scheme := Scheme(ref); {
	case scheme == "http" || scheme == "https" || scheme == "s3" || scheme == "file" && local:
		return ref, nil
	case scheme != "":
		return "", fmt.Errorf("%w: %q refers to %q", ErrBadURI, Redact(base), Redact(ref))
	case local:
		return resolveLocal(base, basePath, ref)
	case Scheme(base) == "s3":
		return resolveS3(base, ref)
	}
	return resolveURL(base, ref)
}

func resolveURL(base, ref string) (string, error) {
	b, err := url.Parse(base)
	if err != nil {
		return "", fmt.Errorf("%w: %q", ErrBadURI, Redact(base))
	}
	r, err := b.Parse(ref)
	if err != nil || r.Scheme != "http" && r.Scheme != "https" || r.Host == "" {
		return "", fmt.Errorf("%w: %q refers to %q", ErrBadURI, Redact(base), Redact(ref))
	}
	return r.String(), nil
}

// resolveS3 does not go through net/url, which would find hosts and queries in keys that merely look odd.
func resolveS3(base, ref string) (string, error) {
	bucket, key, _, err := ParseS3(base)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(ref, "//") {
		return "", fmt.Errorf("%w: %q refers to %q", ErrBadURI, Redact(base), ref)
	}
	name := refPath(ref)
	if !strings.HasPrefix(name, "/") {
		name = path.Dir("/"+key) + "/" + name
	}
	return "s3://" + bucket + (&url.URL{Path: path.Clean(name)}).EscapedPath(), nil
}

func resolveLocal(base, basePath, ref string) (string, error) {
	name := filepath.FromSlash(refPath(ref))
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(basePath), name)
	}
	if Scheme(base) == "file" {
		return (&url.URL{Scheme: "file", Path: filepath.ToSlash(name)}).String(), nil
	}
	if Scheme(name) != "" {
		name = "./" + name
	}
	return name, nil
}

// refPath gives the file that a reference names: its query and fragment mean nothing on a disk or in a bucket, and %20 is a space.
func refPath(ref string) string {
	ref, _, _ = strings.Cut(ref, "#")
	ref, _, _ = strings.Cut(ref, "?")
	if decoded, err := url.PathUnescape(ref); err == nil {
		return decoded
	}
	return ref
}
