package follow

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
)

// indexName is the playlist that players open.
const indexName = "index.m3u8"

// playlists writes the playlists of an archived period, by file: a multivariant playlist and one for every sequence, or a single one where there is only one
// sequence that nobody described. Media playlists are called what they were called at the origin where such a file fits beside the segments, so that reports of
// the archive name the same renditions.
func playlists(t *jobs.Timeline, relative func(string) string) map[string][]byte {
	files := map[string][]byte{}
	if len(t.Sequences) == 1 && t.Sequences[0].Variant == nil {
		files[indexName] = mediaPlaylist(&t.Sequences[0], relative)
		return files
	}
	names := make([]string, len(t.Sequences))
	for i := range t.Sequences {
		q := &t.Sequences[i]
		if len(q.Segments) == 0 {
			continue
		}
		name := fileName(q)
		if _, taken := files[name]; taken {
			name = q.ID + ".m3u8"
		}
		names[i] = name
		up := strings.Repeat("../", strings.Count(name, "/"))
		files[name] = mediaPlaylist(q, func(uri string) string {
			if r := relative(uri); r != uri {
				return up + r
			}
			return uri
		})
	}
	files[indexName] = multivariant(t.Sequences, names)
	return files
}

// fileName is the name of a media playlist: the sequence's own where it is a relative path to a playlist.
func fileName(q *jobs.Sequence) string {
	n := q.Name
	fits := strings.HasSuffix(n, ".m3u8") && n != indexName && storage.ValidateKey(n) == nil && storage.Scheme(n) == "" &&
		!strings.Contains(n, ".m3u8/") && !strings.ContainsAny(n, "%?#:\"")
	if fits {
		return n
	}
	return q.ID + ".m3u8"
}

// quoted is a quoted string of an attribute list, which cannot hold quotes and line breaks (RFC 8216 section 4.2).
func quoted(s string) string {
	return `"` + strings.Map(func(r rune) rune {
		if r == '"' || r < 0x20 {
			return -1
		}
		return r
	}, s) + `"`
}

// multivariant writes the playlist of a ladder, in the order of the sequences, which is that in which a reader will number them. A sequence without a name of
// a file has no segments and is left out.
func multivariant(sequences []jobs.Sequence, names []string) []byte {
	var b bytes.Buffer
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n")
	groups := map[string]string{} // the first group of each type
	for i := range sequences {
		if typ, group, _, ok := rendition(&sequences[i]); ok && names[i] != "" && groups[typ] == "" {
			groups[typ] = group
		}
	}
	inStream := captionGroups(&b, sequences)
	for i := range sequences {
		q := &sequences[i]
		if names[i] == "" {
			continue
		}
		if typ, group, name, ok := rendition(q); ok {
			fmt.Fprintf(&b, "#EXT-X-MEDIA:TYPE=%s,GROUP-ID=%s,NAME=%s", typ, quoted(group), quoted(name))
			if q.Variant != nil && q.Variant.Language != "" {
				b.WriteString(",LANGUAGE=" + quoted(q.Variant.Language))
			}
			fmt.Fprintf(&b, ",URI=%s\n", quoted(names[i]))
			continue
		}
		b.WriteString("#EXT-X-STREAM-INF:" + attributes(q.Variant))
		if q.Variant != nil && q.Variant.AudioGroup != "" {
			fmt.Fprintf(&b, ",AUDIO=%s", quoted(q.Variant.AudioGroup))
		}
		if groups["SUBTITLES"] != "" && q.Media != "audio" {
			fmt.Fprintf(&b, ",SUBTITLES=%s", quoted(groups["SUBTITLES"]))
		}
		if q.Variant != nil && q.Variant.InStream != "" {
			fmt.Fprintf(&b, ",CLOSED-CAPTIONS=%s", quoted(inStream[q.Variant.InStream]))
		}
		b.WriteString("\n" + names[i] + "\n")
	}
	return b.Bytes()
}

// captionGroups writes the closed captions that variants have in their pictures; equal lists share a group.
func captionGroups(b *bytes.Buffer, sequences []jobs.Sequence) map[string]string {
	groups := map[string]string{}
	for i := range sequences {
		v := sequences[i].Variant
		if v == nil || v.InStream == "" || groups[v.InStream] != "" {
			continue
		}
		group := fmt.Sprintf("cc%d", len(groups))
		groups[v.InStream] = group
		for id := range strings.SplitSeq(v.InStream, ",") {
			fmt.Fprintf(b, "#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=%s,NAME=%s,INSTREAM-ID=%s\n", quoted(group), quoted(id), quoted(id))
		}
	}
	return groups
}

// rendition reads the name that package hls gives to an EXT-X-MEDIA: "audio group aac, English, en"; ok is false for variants.
func rendition(q *jobs.Sequence) (typ, group, name string, ok bool) {
	for prefix, t := range map[string]string{"audio group ": "AUDIO", "subtitles group ": "SUBTITLES", "video group ": "VIDEO"} {
		rest, found := strings.CutPrefix(q.Name, prefix)
		if !found {
			continue
		}
		group, name, _ = strings.Cut(rest, ", ")
		if q.Variant != nil && q.Variant.Language != "" {
			name = strings.TrimSuffix(strings.TrimSuffix(name, q.Variant.Language), ", ")
		}
		return t, group, name, true
	}
	if q.Media == "captions" {
		return "SUBTITLES", "subtitles", q.ID, true
	}
	return "", "", "", false
}

func attributes(v *jobs.Variant) string {
	if v == nil {
		v = &jobs.Variant{}
	}
	list := []string{fmt.Sprintf("BANDWIDTH=%d", max(v.Bandwidth, 1))}
	if v.AverageBandwidth > 0 {
		list = append(list, fmt.Sprintf("AVERAGE-BANDWIDTH=%d", v.AverageBandwidth))
	}
	if v.Codecs != "" {
		list = append(list, "CODECS="+quoted(v.Codecs))
	}
	if v.Width > 0 && v.Height > 0 {
		list = append(list, fmt.Sprintf("RESOLUTION=%dx%d", v.Width, v.Height))
	}
	if v.FrameRate != "" && strings.Trim(v.FrameRate, "0123456789.") == "" {
		list = append(list, "FRAME-RATE="+v.FrameRate)
	}
	return strings.Join(list, ",")
}

// mediaPlaylist writes the segments of a sequence. A segment that could not be had has the name that it would have had.
func mediaPlaylist(q *jobs.Sequence, relative func(string) string) []byte {
	var b bytes.Buffer
	target := int64(q.Target / 1e6) // as it was declared, so that what breaks it breaks it here
	for i := range q.Segments {
		if q.Target <= 0 {
			target = max(target, 1, int64(q.Segments[i].Duration+500e3)/1e6) // rounded to the nearest second (RFC 8216 section 4.3.3.1)
		}
	}
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n", target)
	w := mediaWriter{b: &b, relative: relative}
	for i := range q.Segments {
		w.segment(&q.Segments[i])
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	return b.Bytes()
}

// mediaWriter remembers what holds until it is said otherwise.
type mediaWriter struct {
	b        *bytes.Buffer
	relative func(string) string
	disc     int
	key      string
	init     string
}

// maxBreaks bounds the discontinuities between two segments: an ad that was never shown is one.
const maxBreaks = 64

func (w *mediaWriter) segment(s *jobs.Segment) {
	for range min(max(s.Discontinuity-w.disc, 0), maxBreaks) {
		w.b.WriteString("#EXT-X-DISCONTINUITY\n")
	}
	w.disc = s.Discontinuity
	if init := w.mapOf(s); init != w.init && init != "" {
		w.useKey(s.InitKey)
		w.b.WriteString(init + "\n")
		w.init = init
	}
	if !s.Gap {
		w.useKey(s.Key)
	}
	if s.ProgramTime != nil {
		fmt.Fprintf(w.b, "#EXT-X-PROGRAM-DATE-TIME:%s\n", s.ProgramTime.UTC().Format(time.RFC3339Nano))
	}
	uri := w.relative(s.URI)
	if s.Gap {
		w.b.WriteString("#EXT-X-GAP\n")
	}
	if uri == "" {
		uri = fmt.Sprintf("none-%d", s.Index) // nothing is archived under such a name
	}
	fmt.Fprintf(w.b, "#EXTINF:%d.%06d,\n%s\n", s.Duration/1e6, s.Duration%1e6, uri)
}

func (w *mediaWriter) mapOf(s *jobs.Segment) string {
	if s.Init == nil {
		return ""
	}
	return "#EXT-X-MAP:URI=" + quoted(w.relative(s.Init.URI))
}

func (w *mediaWriter) useKey(k *jobs.Key) {
	line := "#EXT-X-KEY:METHOD=NONE"
	if k != nil {
		line = "#EXT-X-KEY:METHOD=" + strings.Trim(quoted(k.Method), `"`) + ",URI=" + quoted(k.URI)
		if len(k.IV) > 0 {
			line += fmt.Sprintf(",IV=0x%x", k.IV)
		}
		if k.Format != "" {
			line += ",KEYFORMAT=" + quoted(k.Format)
		}
	}
	if line != w.key && (k != nil || w.key != "") {
		w.b.WriteString(line + "\n")
		w.key = line
	}
}
