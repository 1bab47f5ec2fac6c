package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// staticPath is where scripts, styles and fonts are served. Their names hold a hash of what is in them, so that they may be kept for ever.
const staticPath = "/static/"

// minGzip is the size from which compressing pays: below it everything fits one packet anyhow.
const minGzip = 1400

// asset is a file that never changes under its name.
type asset struct {
	kind           string
	plain, gzipped []byte
}

// assets are the static files, by the name with the hash.
type assets struct {
	files map[string]asset
	names map[string]string // by the name without
}

func newAssets() *assets { return &assets{files: map[string]asset{}, names: map[string]string{}} }

// add takes all files of a directory; their names must be unique among all that are added.
func (a *assets) add(dir fs.FS) error {
	return fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		kind := assetKind(name)
		if kind == "" {
			return nil // a licence or a note
		}
		body, err := fs.ReadFile(dir, name)
		if err != nil {
			return fmt.Errorf("read asset %s: %w", name, err)
		}
		a.put(path.Base(name), kind, body)
		return nil
	})
}

func (a *assets) put(name, kind string, body []byte) {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "-" + hex.EncodeToString(sum[:6]) + ext
	a.names[name] = hashed
	a.files[hashed] = asset{kind: kind, plain: body, gzipped: squeeze(body)}
}

// URL is the address of a file.
func (a *assets) URL(name string) (string, error) {
	hashed, ok := a.names[name]
	if !ok {
		return "", fmt.Errorf("no asset %q", name)
	}
	return staticPath + hashed, nil
}

// ServeHTTP implements http.Handler.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := a.files[strings.TrimPrefix(r.URL.Path, staticPath)]
	if !ok {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", file.kind)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Vary", "Accept-Encoding")
	body := file.plain
	if file.gzipped != nil && takesGzip(r) {
		header.Set("Content-Encoding", "gzip")
		body = file.gzipped
	}
	_, _ = w.Write(body) // the client went
}

func assetKind(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return ""
}

// squeeze compresses; nil when it does not pay.
func squeeze(body []byte) []byte {
	if len(body) < minGzip {
		return nil
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := z.Write(body); err != nil || z.Close() != nil {
		return nil
	}
	return b.Bytes()
}

func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		coding, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding == "gzip" && strings.ReplaceAll(quality, " ", "") != "q=0" {
			return true
		}
	}
	return false
}
