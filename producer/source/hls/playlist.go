// Package hls reads HLS playlists (RFC 8216, draft-pantos-hls-rfc8216bis) and makes a timeline of them.
//
// The reader works line by line, keeps line numbers and unknown tags, and never gives up: what is wrong becomes a Fault, what can be understood is
// kept. Every size is bounded, because playlists come from strangers.
package hls

import (
	"time"

	"aircheck/jobs"
)

// Bounds of a playlist.
const (
	maxPlaylist = 8 << 20 // bytes; 200,000 segments with short names, or a day of 2 s segments with signed URLs
	maxLine     = 64 << 10
	maxSegments = 200_000 // more than four days of 2 s segments
	maxVariants = 200     // renditions of every kind; the largest ladders in practice have a few dozen
	maxFaults   = 50      // of one playlist; a thousand bad lines are one message, not a thousand
	maxUnknown  = 1000    // unknown tags kept of one playlist
	maxParts    = 20_000  // parts of one playlist; only the last three target durations have any, at 0.2 s each some dozens
	maxDates    = 10_000  // date ranges, and as many cues: a day with an advertisement every ten seconds
)

// Playlist is one playlist as it was written. Master or Media is set when there was something of that kind in it.
type Playlist struct {
	Version int // EXT-X-VERSION; 1 when absent (RFC 8216 section 4.3.1.2)
	Master  *Master
	Media   *Media
	// Independent is EXT-X-INDEPENDENT-SEGMENTS.
	Independent bool
	Faults      []Fault
	// Page: it is a web page instead, and a fault says so.
	Page bool
	// Unknown holds the tags that this reader does not use, in order, for whoever wants to know.
	Unknown []Tag
}

// Tag is one tag with its line, counted from 1.
type Tag struct {
	Line  int
	Name  string // "EXT-X-DATERANGE"
	Value string // after the colon
}

// Fault is something that the specification forbids.
type Fault struct {
	Line     int // from 1; 0 when it is about the playlist as a whole
	Segment  int // position in Media.Segments; -1 when it is about none
	Severity jobs.Severity
	Message  string
	// Code is that of the rule that is broken (jobs.RuleOf); empty for what cannot be read: playlist.invalid.
	Code string
	// Value is in the unit of the rule; 0 where the rule has none.
	Value float64
	// Last is the last segment that it is about, where it is about several; smaller than Segment otherwise.
	Last int
}

// Master is a multivariant playlist.
type Master struct {
	Entries []Entry // in order of their lines
}

// EntryKind is what an entry of a multivariant playlist offers.
type EntryKind string

// The kinds of entry. Only the first four lead to sequences.
const (
	EntryVariant   EntryKind = "variant"
	EntryAudio     EntryKind = "audio"
	EntryVideo     EntryKind = "video" // EXT-X-MEDIA with TYPE=VIDEO: another angle
	EntrySubtitles EntryKind = "subtitles"
	EntryIFrames   EntryKind = "iframes"
	EntryInStream  EntryKind = "closed captions" // TYPE=CLOSED-CAPTIONS: in the pictures of the variants
)

// Entry is a variant or a rendition.
type Entry struct {
	Line  int
	Kind  EntryKind
	URI   string // as written; empty for a rendition that is muxed into its variants
	Group string
	Name  string
	// InStream is the INSTREAM-ID of closed captions, CaptionGroup the group of them that a variant has.
	InStream, CaptionGroup string
	Variant                jobs.Variant

	attrs map[string]string // as written
}

// Media is a media playlist.
type Media struct {
	Target                jobs.Micros // EXT-X-TARGETDURATION; 0 when absent or unreadable
	MediaSequence         int64
	DiscontinuitySequence int64
	Type                  string // VOD, EVENT or empty
	EndList               bool
	IFramesOnly           bool
	// Skipped is how many segments a delta update leaves out before the first (EXT-X-SKIP); their numbers are counted.
	Skipped  int64
	Segments []Segment
	Duration jobs.Micros
	// Control is EXT-X-SERVER-CONTROL; nil when absent.
	Control *Control
	// PartTarget is PART-TARGET; 0 when absent or unreadable.
	PartTarget jobs.Micros
	Parts      []Part
	Hints      []Hint
	// Dates are the date ranges, Cues the tags about advertisements, in the order of their lines.
	Dates []DateRange
	Cues  []Cue
}

// Segment is one media segment with all that the tags before it say.
type Segment struct {
	Line     int // of the URI
	URI      string
	Sequence int64 // media sequence number
	// Start and Duration tile the playlist exactly: Start is the rounded sum of the EXTINF before, Duration what lies between two starts.
	Start, Duration jobs.Micros
	Range           *Range // nil: the whole resource
	Map             *Map
	Key             *Key
	Discontinuity   int
	Gap             bool
	ProgramTime     *time.Time

	length   nanos // EXTINF; negative when it could not be read
	infLine  int   // of EXTINF
	timeLine int   // of EXT-X-PROGRAM-DATE-TIME
	decimal  bool  // EXTINF has a decimal point
}

// Range is a byte range with its offset worked out.
type Range struct{ Offset, Length int64 }

// Map is an EXT-X-MAP; it holds until the next one.
type Map struct {
	Line  int
	URI   string
	Range *Range
	Key   *Key // the key in force where the tag stands: an encrypted initialisation section
}

// Key is an EXT-X-KEY whose METHOD is not NONE.
type Key struct {
	Line   int
	Method string
	URI    string
	Format string // KEYFORMAT; empty means identity
	IV     []byte // nil: the media sequence number (RFC 8216 section 5.2)
	// Systems are the KEYFORMATs of all keys in force with this one, its own included, when none of them is identity.
	Systems []string
}
