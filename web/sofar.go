package web

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"

	"aircheck/jobs"
	"aircheck/storage"
)

// soFar is the playlist of a live check whose hour goes on. No archived file is called so: those of media have a number, or the name that a playlist had.
const soFar = "so-far.m3u8"

// mediaSoFar serves the segments of a live check that are archived by now as a finished playlist: the page is loaded anew when there is news, and a playlist that grows would
// have every player ask for all of it every few seconds.
func (p *pages) mediaSoFar(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	name, begin, live := jobs.ParseLiveID(id)
	if !live {
		http.NotFound(w, r)
		return
	}
	period, err := storage.StreamPeriod(name, begin)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	var doc []byte
	ok := false
	err = p.growth.view(r.Context(), id, func(check *jobs.Check) { doc, ok = playlistOf(&check.Timeline, period) })
	switch {
	case errors.Is(err, storage.ErrNotFound), err == nil && !ok:
		http.NotFound(w, r)
		return
	case err != nil:
		http.Error(w, "the store did not answer", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", hlsType)
	_, _ = w.Write(doc) // the player went
}

// maxSoFar bounds the segments of a playlist that is made: five hours of one a second, and about a megabyte.
const maxSoFar = 18_000

// playlistOf lists the segments of the widest video that lie in the archived period, or of the sound where there is no video, by their names within it (RFC 8216). ok is false
// when there is nothing that could be played without a key.
func playlistOf(t *jobs.Timeline, period string) (doc []byte, ok bool) {
	q := shownSequence(t)
	if q == nil {
		return nil, false
	}
	segments := q.Segments[:min(len(q.Segments), maxSoFar)]
	longest := jobs.Micros(0)
	for i := range segments {
		longest = max(longest, segments[i].Duration)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%d\n#EXT-X-PLAYLIST-TYPE:VOD\n", int(math.Ceil(longest.Seconds())))
	var before jobs.Segment
	for i := range segments {
		s := &segments[i]
		if s.Key != nil {
			return nil, false
		}
		writeSegment(&b, s, &before, i == 0, period)
		before = *s
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	return b.Bytes(), len(segments) > 0
}

func shownSequence(t *jobs.Timeline) *jobs.Sequence {
	var best *jobs.Sequence
	for i := range t.Sequences {
		q := &t.Sequences[i]
		if q.Mode != jobs.ModeSegments || q.Role != "" || q.Media == "captions" || len(q.Segments) == 0 {
			continue
		}
		if best == nil || shownRank(q) > shownRank(best) {
			best = q
		}
	}
	return best
}

func shownRank(q *jobs.Sequence) int {
	switch {
	case q.Media == "audio":
		return 0
	case q.Variant != nil:
		return 1 + min(max(q.Variant.Height, 0), 1<<20)
	}
	return 1
}

// writeSegment writes a segment with what differs from the one before. One that could not be had, or lies elsewhere, keeps its time as a gap.
func writeSegment(b *bytes.Buffer, s, before *jobs.Segment, first bool, period string) {
	if !first && s.Discontinuity != before.Discontinuity {
		b.WriteString("#EXT-X-DISCONTINUITY\n")
	}
	if s.Init != nil && (first || before.Init == nil || *s.Init != *before.Init) {
		if name, ok := nameIn(s.Init.URI, period); ok {
			fmt.Fprintf(b, "#EXT-X-MAP:URI=\"%s\"%s\n", name, rangeOf(s.Init, ",BYTERANGE=\"%d@%d\""))
		}
	}
	name, ok := nameIn(s.URI, period)
	if s.Gap || s.Missing != "" || !ok {
		b.WriteString("#EXT-X-GAP\n")
		name = "gap.ts"
	}
	fmt.Fprintf(b, "#EXTINF:%.6f,\n%s%s\n", s.Duration.Seconds(), rangeOf(&s.ByteRange, "#EXT-X-BYTERANGE:%d@%d\n"), name)
}

func rangeOf(r *jobs.ByteRange, form string) string {
	if r.Length < 0 || r.Offset == 0 && r.Length == 0 {
		return ""
	}
	return fmt.Sprintf(form, r.Length, r.Offset)
}

// nameIn is the name of an archived object within its period, from the address under which workers read it. Whatever could end a line or an attribute is no name.
func nameIn(uri, period string) (string, bool) {
	_, name, ok := strings.Cut(uri, "/"+period)
	if !ok || mediaKind(name) == "" || strings.ContainsAny(name, "\"\r\n?#%\\:") || strings.Contains(name, "..") {
		return "", false
	}
	return name, true
}
