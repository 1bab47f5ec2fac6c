// Package live is what a live stream looks like from one refresh of its playlists to the next, whatever its format.
//
// The readers of HLS and DASH (producer/source/hls, producer/source/dash) implement Source; producer/follow drives it, archives what appears and makes
// checks of it. Nothing here does any I/O.
package live

import (
	"context"
	"time"

	"aircheck/jobs"
)

// Source follows one live stream at its origin. It is for one goroutine; it holds no more than what it needs to tell the next refresh from the last.
type Source interface {
	// Refresh reads the playlists again and tells what is new. It returns within the deadline of ctx. What is wrong with the stream, an origin that does not
	// answer included, is part of the update; the error is for what no later refresh can mend: an address that is none, a format that nobody reads.
	Refresh(ctx context.Context) (Update, error)
	// Resume tells where an earlier follower stopped: the newest segment of each sequence that it has archived. It is called before the first Refresh, which
	// then tells only what came after. Sequences that are not mentioned begin at the live edge.
	Resume(newest map[string]Position)
}

// Position is a segment's place in its sequence.
type Position struct {
	Number int64
	// Discontinuity is that of Segment.
	Discontinuity int64
	// ProgramTime is that of Segment, nil when it had none: where numbers begin anew, or there are only times, it alone tells where to go on.
	ProgramTime *time.Time
	// Ended: the stream said that it ends there. What comes after is another one, whose numbers may begin anew without a fault.
	Ended bool
}

// Update is what one refresh brought.
type Update struct {
	// Sequences are all that the stream has, in the order of a timeline; their ids never change while a source lives, and a source made anew gives the same
	// ids to the same playlists. New ones come at the end; ones that are gone stay, without news.
	Sequences []Sequence
	// Faults are what was seen to be wrong in this refresh. One that lasts is told again with the same Key and a later Until.
	Faults []Fault
	// Markers that were not told before, or are told with more detail under the same source and id.
	Markers []Marker
	// Wait is how long to wait before the next refresh, as the specification asks; 0 after a blocking reload that brought something.
	Wait time.Duration
	// Ended: the stream says that no more segments will come.
	Ended bool
}

// Sequence is one media playlist or representation.
type Sequence struct {
	// Describes: ID, Name, Mode, Media and Variant are set.
	Describes jobs.Sequence
	// Target is the longest that a segment may be: EXT-X-TARGETDURATION, @maxSegmentDuration; 0 when nobody says.
	Target time.Duration
	// Segments are those that appeared since the last refresh, in order. The first refresh tells those of the window that the playlist shows, from the point
	// where a player would join on (RFC 8216bis section 6.3.3): not more than three target durations from the end.
	Segments []Segment
}

// Segment is one that appeared.
type Segment struct {
	// Number identifies it within its sequence and grows: the media sequence number of HLS, $Number$ or the order of times of DASH.
	Number int64
	// At is where it is to be had at the origin.
	At       jobs.ByteRange
	Duration jobs.Micros
	Init     *jobs.ByteRange
	Key      *jobs.Key
	InitKey  *jobs.Key
	// Discontinuity is the discontinuity sequence number, or the number of the period; timestamps are continuous within one value.
	Discontinuity int64
	Gap           bool
	ProgramTime   *time.Time
	// Clock is what the manifest says of the media's clock (DASH): Zero is what it shows at the zero of the presentation. Nil where nothing is said.
	Clock *jobs.MediaClock
	// Seen is when it was first seen in a playlist, by the clock that the source was given.
	Seen time.Time
	// Line is where it stands in the playlist; 0 when it stands nowhere by itself.
	Line int
}

// Fault is something wrong with playlists or delivery; Code is that of a rule in jobs.
type Fault struct {
	Code string
	// Key tells one fault from another of the same code: a fault that is told again under its key goes on.
	Key string
	// Sequence is the id of that concerned; empty for the stream as a whole.
	Sequence string
	// Number is the segment that it is about; negative when it is about none: then it lies at the live edge, from Since to Until.
	Number       int64
	Since, Until time.Time
	// Value is in the unit of the rule; 0 where the rule has none.
	Value   float64
	Message string
}

// Marker is a jobs.Marker on the clock of the stream: Start and End of its Marker are not set.
type Marker struct {
	jobs.Marker
	Start time.Time
	// End is zero when nobody said.
	End time.Time
	// Number and Offset say where it is when there is no program time: that long after the start of this segment. Used when Start is zero.
	Sequence string
	Number   int64
	Offset   time.Duration
	// Length is how long it lasts when End is zero; 0 when nobody said.
	Length time.Duration
}
