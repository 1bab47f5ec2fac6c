package hls

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"aircheck/jobs"
	"aircheck/producer/source/location"
	"aircheck/storage"
)

const (
	// maxTogether is how many media playlists are read at the same time: enough to hide the latency of an origin, few enough to be no burden to it.
	maxTogether = 8
	// maxAll bounds the media playlists of one stream together, in bytes: it bounds the memory that a hostile multivariant playlist can make us use.
	maxAll = 64 << 20
	// maxAddresses bounds the addresses in the segments of one stream together, in bytes. A short reference becomes as long as the playlist's own URL, so
	// a small playlist behind a long URL would make a timeline of a gigabyte; half of what a manifest may have is a day of 2 s segments with signed URLs.
	maxAddresses = jobs.MaxCheckBytes / 2
	// maxAllSegments bounds the segments of one stream together: a day of 2 s segments on twenty sequences. A playlist of 13 bytes a segment is not the
	// cheapest way to fill memory with 100 bytes a segment.
	maxAllSegments = 1_000_000
	// maxInStream bounds the closed captions of a variant: four of CEA-608 and 63 of CEA-708 can be told apart.
	maxInStream = 67
)

// Timeline reads the playlist at loc and what it names. The error is the origin's: the playlist, or one that it names, could not be asked for. Faults of
// what was read are findings.
func Timeline(ctx context.Context, origin storage.Origin, loc location.Location) (jobs.Timeline, error) {
	top := child{loc: loc, label: "playlist"}
	if err := top.load(ctx, origin); err != nil {
		return jobs.Timeline{}, err
	}
	t := timeline{out: jobs.Timeline{Kind: jobs.SourceHLS, Sequences: []jobs.Sequence{}}, announced: map[string]bool{}}
	master := top.list.Master
	if master == nil || top.list.Media != nil && len(top.list.Media.Segments) > 0 {
		t.add(&top)
		return t.out, nil
	}
	t.judge(&top, "")
	children := t.children(&top, master)
	if err := t.loadAll(ctx, origin, children); err != nil {
		return jobs.Timeline{}, err
	}
	t.ladderRules(&top)
	if len(children) == 0 {
		t.invalid(&top, Fault{Segment: -1, Severity: jobs.Fail, Message: "no variant that can be read"})
	}
	return t.out, nil
}

// child is one playlist to become a sequence.
type child struct {
	loc location.Location
	// base is what the playlist was read from after redirects; its references are relative to it.
	base  location.Location
	label string // what messages call it; never depends on where the stream lies
	name  string
	media string
	attrs *jobs.Variant
	// variant: an EXT-X-STREAM-INF names it.
	variant bool
	list    Playlist
	size    int
}

// load reads and parses a playlist.
func (c *child) load(ctx context.Context, origin storage.Origin) error {
	body, err := origin.Open(ctx, c.loc.URI(), 0, -1)
	if err != nil {
		return err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxPlaylist+1))
	if err != nil {
		return err
	}
	info, _ := storage.Describe(body)
	c.base = c.loc.Moved(info.Location)
	c.list, c.size = Parse(data), len(data)
	return nil
}

// timeline collects sequences and findings.
type timeline struct {
	out       jobs.Timeline
	size      int // bytes of playlists that were read
	segments  int
	addresses int // bytes of addresses in their segments
	members   []member
	announced map[string]bool // ids of date ranges
}

// children lists the playlists that a multivariant playlist names, each once, in the order in which they appear; those of subtitles come last.
func (t *timeline) children(top *child, m *Master) []*child {
	var list []*child
	seen := map[string]*child{}
	for i := range m.Entries {
		e := &m.Entries[i]
		if e.URI == "" || e.Kind == EntryIFrames {
			continue
		}
		loc, err := top.base.Resolve(e.URI)
		if err != nil {
			t.invalid(top, Fault{Line: e.Line, Segment: -1, Severity: jobs.Fail, Message: label(e.URI) + ": " + err.Error()})
			continue
		}
		c := seen[loc.URI()]
		if c == nil {
			c = &child{loc: loc, label: label(e.URI)}
			seen[loc.URI()] = c
			list = append(list, c)
		}
		c.describe(e)
		if c.attrs.InStream == "" && e.CaptionGroup != "" {
			c.attrs.InStream = m.inStream(e.CaptionGroup)
		}
	}
	slices.SortStableFunc(list, func(a, b *child) int { return rank(a.media) - rank(b.media) })
	return list
}

// rank puts subtitles behind everything else, which is numbered as if there were none.
func rank(media string) int {
	if media == "captions" {
		return 1
	}
	return 0
}

// inStream lists the closed captions of a group.
func (m *Master) inStream(group string) string {
	var ids []string
	for i := range m.Entries {
		if e := &m.Entries[i]; e.Kind == EntryInStream && e.Group == group && e.InStream != "" && !strings.Contains(e.InStream, ",") && len(ids) < maxInStream {
			ids = append(ids, clip(e.InStream))
		}
	}
	return strings.Join(ids, ",")
}

// describe adds what an entry says. A playlist that is a variant and a rendition is called after the variant; it holds audio alone if any entry
// says so.
func (c *child) describe(e *Entry) {
	media := mediaOf(e)
	if c.media == "" || media == "audio" {
		c.media = media
	}
	variant := e.Kind == EntryVariant
	c.variant = c.variant || variant
	if c.attrs == nil || variant && c.attrs.Bandwidth == 0 {
		attrs := e.Variant
		if c.attrs != nil && attrs.Language == "" {
			attrs.Language = c.attrs.Language
		}
		c.attrs, c.name = &attrs, nameOf(e)
	}
	if c.attrs.Language == "" {
		c.attrs.Language = e.Variant.Language
	}
}

// nameOf is what a person calls an entry.
func nameOf(e *Entry) string {
	if e.Kind == EntryVariant {
		return label(e.URI)
	}
	parts := []string{string(e.Kind) + " group " + clip(e.Group)}
	for _, s := range []string{e.Name, e.Variant.Language} {
		if s = clip(s); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}

// mediaOf tells what an entry says is inside; a variant with audio codecs alone and no resolution is a radio channel.
func mediaOf(e *Entry) string {
	switch e.Kind {
	case EntryAudio:
		return "audio"
	case EntrySubtitles:
		return "captions"
	}
	if e.Kind == EntryVariant && e.Variant.Width == 0 && e.Variant.Codecs != "" && audioOnly(e.Variant.Codecs) {
		return "audio"
	}
	return "video"
}

// audioOnly tells whether every codec of a CODECS attribute is one for audio (RFC 6381 names as registered at mp4ra.org).
func audioOnly(codecs string) bool {
	audio := []string{"mp4a", "ac-3", "ec-3", "ac-4", "opus", "flac", "fLaC", "Opus", "alac", "mp3", "mhm1", "mhm2", "dtsc", "dtse", "dtsx"}
	for c := range strings.SplitSeq(codecs, ",") {
		kind, _, _ := strings.Cut(strings.TrimSpace(c), ".")
		if !slices.Contains(audio, kind) {
			return false
		}
	}
	return true
}

// label is a URI as written, without credentials, fit to be shown.
func label(uri string) string { return clip(location.Display(uri)) }

// loadAll reads the media playlists, some at a time, and adds them in their order.
func (t *timeline) loadAll(ctx context.Context, origin storage.Origin, children []*child) error {
	for batch := range slices.Chunk(children, maxTogether) {
		errs := make([]error, len(batch))
		var group errgroup.Group
		for i, c := range batch {
			group.Go(func() error {
				errs[i] = c.load(ctx, origin)
				return nil
			})
		}
		_ = group.Wait() // the errors are in errs, in order
		for i, c := range batch {
			if err := t.loaded(c, errs[i]); err != nil {
				return err
			}
			c.list = Playlist{}
		}
	}
	return nil
}

// loaded adds a playlist, or says why it is not there. Only an origin that cannot be asked is an error: a playlist that is named and absent is a fault of
// the stream.
func (t *timeline) loaded(c *child, err error) error {
	t.size += c.size
	switch {
	case err != nil && !storage.IsPermanent(err):
		return err
	case errors.Is(err, storage.ErrDenied):
		t.invalid(c, Fault{Segment: -1, Severity: jobs.Fail, Message: "access denied"})
	case err != nil:
		t.invalid(c, Fault{Segment: -1, Severity: jobs.Fail, Message: "cannot be read: no such playlist"})
	case t.size > maxAll:
		t.invalid(c, Fault{Segment: -1, Severity: jobs.Fail, Message: fmt.Sprintf("not read: the media playlists are longer than %d bytes together", maxAll)})
	default:
		t.add(c)
	}
	return nil
}

// add makes a sequence of a media playlist, unless there are no segments in it.
func (t *timeline) add(c *child) {
	id := fmt.Sprintf("s%d", len(t.out.Sequences))
	t.judge(c, id)
	m := c.list.Media
	if c.list.Page {
		return // which is told
	}
	if m == nil || len(m.Segments) == 0 {
		t.invalid(c, Fault{Segment: -1, Severity: jobs.Fail, Message: "no media segments"})
		return
	}
	if t.segments += len(m.Segments); t.segments > maxAllSegments {
		t.invalid(c, Fault{Segment: -1, Severity: jobs.Fail, Message: fmt.Sprintf("not used: the stream has more than %d segments", maxAllSegments)})
		return
	}
	if c.attrs != nil && *c.attrs == (jobs.Variant{}) {
		c.attrs = nil
	}
	b := builder{timeline: t, child: c}
	seq := jobs.Sequence{
		ID: id, Name: c.name, Mode: jobs.ModeSegments, Media: c.media,
		Segments: b.segments(m.Segments), Duration: m.Duration, Target: m.Target, Variant: c.attrs,
	}
	t.out.Sequences = append(t.out.Sequences, seq)
	t.members = append(t.members, memberOf(c, id))
	t.announce(m, id)
}

// judge turns the faults of a playlist into findings; sequence is the one that it becomes.
func (t *timeline) judge(c *child, sequence string) {
	for _, f := range c.list.Faults {
		t.tell(c, f, sequence)
	}
}

// invalid adds a finding about a playlist that cannot be read or used.
func (t *timeline) invalid(c *child, f Fault) { t.tell(c, f, "") }

// tell adds a finding about a segment, or about the whole of a playlist. One about a rule names the sequence; what cannot be read may never become one.
func (t *timeline) tell(c *child, f Fault, sequence string) {
	finding := jobs.Finding{Code: f.Code, Severity: f.Severity, Message: c.label + ": " + f.Message}
	if f.Line > 0 {
		finding.Message = fmt.Sprintf("%s line %d: %s", c.label, f.Line, f.Message)
	}
	if m := c.list.Media; m != nil {
		finding.End = m.Duration.At()
		if f.Segment >= 0 && f.Segment < len(m.Segments) {
			s, last := &m.Segments[f.Segment], &m.Segments[max(f.Segment, min(f.Last, len(m.Segments)-1))]
			finding.Start, finding.End = s.Start.At(), (last.Start + last.Duration).At()
		}
	}
	if f.Code != "" {
		finding.Rendition = sequence
	}
	t.finding(finding, f.Value)
}

// finding adds what is common to all findings.
func (t *timeline) finding(f jobs.Finding, value float64) {
	f.Confidence = 1
	if f.Code == "" {
		f.Code = "playlist.invalid"
	}
	if rule, ok := jobs.RuleOf(f.Code); ok {
		f.Severity = severityOf(f.Code, value)
		if rule.Unit != "" {
			f.Value, f.Unit = jobs.Figure(value), rule.Unit
		}
	}
	t.out.Findings = append(t.out.Findings, f)
}
