package web

import (
	"context"
	"errors"
	"html/template"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"

	"aircheck/jobs"
	"aircheck/report/page"
	"aircheck/storage"
)

// archiveIndex is the playlist of an archived hour.
const archiveIndex = "index.m3u8"

// hlsType is the media type of playlists (RFC 8216 section 4).
const hlsType = "application/vnd.apple.mpegurl"

// mediaKind is the media type of what an archive holds; empty for everything else, which is not served.
func mediaKind(name string) string {
	switch path.Ext(name) {
	case ".m3u8":
		return hlsType
	case ".ts":
		return "video/mp2t"
	case ".mp4", ".m4s", ".m4v", ".cmfv":
		return "video/mp4"
	case ".m4a", ".cmfa":
		return "audio/mp4"
	case ".aac":
		return "audio/aac"
	case ".vtt", ".webvtt":
		return "text/vtt; charset=utf-8"
	}
	return ""
}

// player says what the page of a check plays: the archive of a live stream, or an input that the browser can fetch itself.
func (p *pages) player(ctx context.Context, id string, f found) *page.Player {
	script, err := p.assets.URL("hls.light.min.js")
	if err != nil {
		return nil
	}
	player := &page.Player{HLS: template.URL(script)} //nolint:gosec // a name of ours
	player.Tracks = []page.Track{{Kind: "metadata", Label: "findings", URL: template.URL("/checks/" + id + "/report.vtt")}}
	if _, _, live := jobs.ParseLiveID(id); live {
		player.Media, player.Type = template.URL("/media/"+id+"/"+p.index(ctx, id)), hlsType //nolint:gosec // names of ours
		return player
	}
	u := playable(f.report.Check.Input)
	if u == nil {
		return nil
	}
	player.Media = template.URL(u.String()) //nolint:gosec // http or https, as playable says
	if path.Ext(u.Path) == ".m3u8" {
		player.Type = hlsType
	}
	return player
}

// index is the playlist of a live check: the one that was archived with its hour or, while that goes on, one that is made of what there is.
func (p *pages) index(ctx context.Context, id string) string {
	key, ok := archiveKey(id, archiveIndex)
	if !ok {
		return soFar
	}
	if _, err := p.archive.Store().Stat(ctx, key); err != nil {
		return soFar
	}
	return archiveIndex
}

// archiveKey is the key of a file of the archived period that a live check is about; ok is false for other checks, and for what is no key below that period.
func archiveKey(id, file string) (key string, ok bool) {
	name, begin, live := jobs.ParseLiveID(id)
	if !live {
		return "", false
	}
	key, err := storage.StreamFile(name, begin, file)
	return key, err == nil
}

// media serves the archive of a live stream to the player: playlists and segments of the check's own period, and nothing else of the store.
func (p *pages) media(w http.ResponseWriter, r *http.Request) {
	file := r.PathValue("path")
	if file == soFar {
		p.mediaSoFar(w, r)
		return
	}
	kind := mediaKind(file)
	key, ok := archiveKey(r.PathValue("id"), file)
	if !ok || kind == "" {
		http.NotFound(w, r)
		return
	}
	info, err := p.archive.Store().Stat(r.Context(), key)
	switch {
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, storage.ErrBadKey):
		http.NotFound(w, r)
		return
	case err != nil:
		http.Error(w, "the store did not answer", http.StatusServiceUnavailable)
		return
	}
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Cache-Control", "private, max-age=60")
	header.Set("Accept-Ranges", "bytes")
	p.serveRange(w, r, key, info.Size)
}

// serveRange answers with an object, or with the one piece of it that is asked for.
func (p *pages) serveRange(w http.ResponseWriter, r *http.Request, key string, size int64) {
	from, length, status := int64(0), size, http.StatusOK
	if text := r.Header.Get("Range"); text != "" {
		first, n, ok := parseRange(text, size)
		switch {
		case !ok: // a form that we do not serve: the whole object is a right answer (RFC 9110 section 14.2)
		case n == 0:
			w.Header().Set("Content-Range", "bytes */"+strconv.FormatInt(size, 10))
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		default:
			from, length, status = first, n, http.StatusPartialContent
			w.Header().Set("Content-Range", "bytes "+strconv.FormatInt(from, 10)+"-"+strconv.FormatInt(from+n-1, 10)+"/"+strconv.FormatInt(size, 10))
		}
	}
	body, err := p.archive.Store().Get(r.Context(), key, from, length)
	if err != nil {
		w.Header().Del("Content-Range")
		http.Error(w, "the store did not answer", http.StatusServiceUnavailable)
		return
	}
	defer body.Close()
	w.Header().Set("Content-Length", strconv.FormatInt(length, 10))
	w.WriteHeader(status)
	_, _ = io.CopyN(w, body, length) // the player went, or the object is shorter: it notices
}

// parseRange reads "bytes=a-b", "bytes=a-" or "bytes=-n"; n is 0 for a range that begins behind the end. Several ranges are not served.
func parseRange(text string, size int64) (from, n int64, ok bool) {
	spec, ok := strings.CutPrefix(text, "bytes=")
	first, last, dash := strings.Cut(spec, "-")
	if !ok || !dash || strings.Contains(spec, ",") {
		return 0, 0, false
	}
	if first == "" {
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < 0 {
			return 0, 0, false
		}
		n = min(n, size)
		return size - n, n, true
	}
	from, err := strconv.ParseInt(first, 10, 64)
	if err != nil || from < 0 {
		return 0, 0, false
	}
	end := size - 1
	if last != "" {
		if end, err = strconv.ParseInt(last, 10, 64); err != nil || end < from {
			return 0, 0, false
		}
	}
	if from >= size {
		return 0, 0, true
	}
	return from, min(end, size-1) - from + 1, true
}
