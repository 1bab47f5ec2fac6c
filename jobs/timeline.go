package jobs

import "time"

// Micros is a point or a length on a stream's own timeline, in microseconds. The timeline starts at 0.
type Micros int64

// Seconds converts to seconds; exact to the microsecond for every stream shorter than 285 years.
func (m Micros) Seconds() float64 { return float64(m) / 1e6 }

// FromDuration rounds a time.Duration down to whole microseconds.
func FromDuration(d time.Duration) Micros { return Micros(d.Microseconds()) }

// SourceKind says how a stream is laid out at its origin.
type SourceKind string

// The kinds of source that the producer can open.
const (
	SourceHLS  SourceKind = "hls"
	SourceDASH SourceKind = "dash"
	SourceFile SourceKind = "file"
)

// SequenceMode says how a worker reads a sequence.
type SequenceMode string

const (
	// ModeSegments: every segment is demuxed on its own (HLS; MPEG-TS and fragmented MP4 files cut at random-access points).
	ModeSegments SequenceMode = "segments"
	// ModeObject: one media object with an index of its own (MP4, Matroska, WAV …), demuxed by random access.
	ModeObject SequenceMode = "object"
)

// Timeline is what the producer found out about a stream without decoding it. It is pure data and part of the manifest.
type Timeline struct {
	Kind      SourceKind `json:"kind"`
	Sequences []Sequence `json:"sequences"`
	// Findings are the faults of the playlists or the container that showed while reading them. Their Rendition is empty or the id of a sequence, for which
	// the judge puts its first rendition.
	Findings []Finding `json:"findings,omitempty"`
	// Markers are what the playlists announce.
	Markers []Marker `json:"markers,omitempty"`
}

// Sequence is one row of segments, or one object, with all its tracks.
type Sequence struct {
	ID   string       `json:"id"`             // "s0", "s1" … in order of first appearance; "r0", "r1" … for those of the reference, which come last
	Name string       `json:"name,omitempty"` // what a person calls it: the variant's URI, "audio group aac, en"
	Mode SequenceMode `json:"mode"`
	// Media is what the playlist says is inside: "video" (possibly muxed with audio), "audio", "captions" (text); empty when unknown.
	Media    string    `json:"media,omitempty"`
	Segments []Segment `json:"segments,omitempty"` // ModeSegments
	Object   *Object   `json:"object,omitempty"`   // ModeObject
	// Duration is declared by the playlist or container; 0 when it does not say.
	Duration Micros `json:"duration"`
	// Target is EXT-X-TARGETDURATION; 0 when the playlist has none.
	Target Micros `json:"target,omitempty"`
	// Truncated: the container declares more media than the object holds; Duration is what it declares.
	Truncated bool `json:"truncated,omitempty"`
	// Variant holds the declared attributes of an HLS variant.
	Variant *Variant `json:"variant,omitempty"`
	// Role is empty for what is examined.
	Role Role `json:"role,omitempty"`
}

// Role says what a sequence is in a check for.
type Role string

// RoleReference is the role of a sequence that is not examined: others are compared with it.
const RoleReference Role = "reference"

// Variant is what a multivariant playlist declares about a sequence.
type Variant struct {
	Bandwidth        int64  `json:"bandwidth,omitempty"`         // bit/s
	AverageBandwidth int64  `json:"average_bandwidth,omitempty"` // bit/s
	Codecs           string `json:"codecs,omitempty"`
	Width            int    `json:"width,omitempty"`
	Height           int    `json:"height,omitempty"`
	FrameRate        string `json:"frame_rate,omitempty"`
	Language         string `json:"language,omitempty"`
	// InStream lists the closed captions that the pictures should hold, by INSTREAM-ID, separated by commas: "CC1,SERVICE3".
	InStream string `json:"in_stream,omitempty"`
	// AudioGroup is the group of audio renditions that belongs to a variant, or that an audio rendition belongs to.
	AudioGroup string `json:"audio_group,omitempty"`
	// Ladder is equal for the variants between which a player switches: the adaptation set in DASH; empty in HLS, where that is all of them.
	Ladder string `json:"ladder,omitempty"`
	// MinBuffer is how long a player may fill its buffer before it plays at Bandwidth (DASH minBufferTime); 0 when it is not declared.
	MinBuffer Micros `json:"min_buffer,omitempty"`
}

// Object is one media object read by random access.
type Object struct {
	URI  string `json:"uri"`
	Size int64  `json:"size"` // bytes, as the origin said when the timeline was made
	ETag string `json:"etag,omitempty"`
}

// ByteRange names bytes of an object. Length < 0 means "to the end".
type ByteRange struct {
	URI    string `json:"uri"`
	Offset int64  `json:"offset,omitempty"`
	Length int64  `json:"length"`
}

// Segment is the unit that is fetched, demuxed and decoded on its own.
type Segment struct {
	Index int `json:"i"` // position in the sequence, from 0
	ByteRange
	// Tail is how many bytes after the range complete packets that begin inside it (MPEG-TS files). Packets that begin in the tail
	// belong to the next segment.
	Tail     int64      `json:"tail,omitempty"`
	Start    Micros     `json:"start"`
	Duration Micros     `json:"duration"`
	Init     *ByteRange `json:"init,omitempty"` // EXT-X-MAP, the moov of a fragmented file, PAT and PMT of a TS file
	Key      *Key       `json:"key,omitempty"`
	// InitKey is how the initialisation section is encrypted: the key in force where EXT-X-MAP stands (RFC 8216 section 4.3.2.5).
	InitKey *Key `json:"init_key,omitempty"`
	// Discontinuity counts the EXT-X-DISCONTINUITY tags before this segment: timestamps are continuous within one value.
	Discontinuity int        `json:"disc,omitempty"`
	Gap           bool       `json:"gap,omitempty"` // EXT-X-GAP: the packager says that there is nothing to fetch
	ProgramTime   *time.Time `json:"program_time,omitempty"`
	// Clock says what the media's timestamps are, by the manifest; set on the first segment of a discontinuity group in DASH only.
	Clock *MediaClock `json:"clock,omitempty"`
	// Missing says why the segment could not be had while its stream was live, in the words of a finding and without addresses; empty for one that could.
	// Nobody tries to fetch it again.
	Missing string `json:"missing,omitempty"`
}

// MediaClock ties the clock of the media to the timeline.
type MediaClock struct {
	// Zero is what the media's clock shows at the timeline's zero: @presentationTimeOffset less the beginning of the period. In a live check it is that of
	// the presentation, from which all sequences are equally far: what counts is by how much sequences differ.
	Zero Micros `json:"zero"`
	// At is what it shows where the segment begins, meaningful when Exact: a manifest with @duration gives an average.
	At    Micros `json:"at"`
	Exact bool   `json:"exact,omitempty"`
}

// Key is how a segment is encrypted. The key's bytes are fetched by the worker and are never part of a job.
type Key struct {
	Method string `json:"method"` // AES-128, SAMPLE-AES …; never NONE
	URI    string `json:"uri,omitempty"`
	Format string `json:"format,omitempty"` // KEYFORMAT; empty means identity
	// IV is the initialisation vector, 16 bytes; the producer fills in the media sequence number where the playlist gives none.
	IV []byte `json:"iv,omitempty"`
}

// Window is a contiguous piece of one sequence with all its tracks: the unit of a job.
//
// ModeSegments: it owns the segments [First, Last). ModeObject: it owns every decode unit that starts in [Start, End), and every
// audio slot that starts there; the first window also owns what lies before, the last what lies after.
type Window struct {
	Sequence string `json:"sequence"`
	Index    int    `json:"index"` // position in its sequence, from 0
	First    int    `json:"first,omitempty"`
	Last     int    `json:"last,omitempty"`
	Start    Micros `json:"start"`
	End      Micros `json:"end"`
	// Head and Foot say that the window is the first and the last of its sequence.
	Head bool `json:"head,omitempty"`
	Foot bool `json:"foot,omitempty"`
}

// ContextSpan is how far before a segment the decoder may look for the keyframe it needs: longer than any GOP in delivery practice
// (10 s is the longest that packagers make), short enough that a window's task stays small.
const ContextSpan Micros = 12e6

// ContextOf returns how many segments before segments[i] belong to its context: as many as ContextSpan takes, at least one, never
// across a discontinuity or a gap. It is a function of the timeline alone, so every cut of a stream has the same context.
func ContextOf(segments []Segment, i int) int {
	var span Micros
	n := 0
	for j := i - 1; j >= 0 && span < ContextSpan; j-- {
		if segments[j].Gap || segments[j].Discontinuity != segments[i].Discontinuity {
			break
		}
		span += segments[j].Duration
		n++
	}
	return n
}
