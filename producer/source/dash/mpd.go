// Package dash reads DASH manifests (ISO/IEC 23009-1) and makes a timeline of them.
//
// The reader keeps line numbers and never gives up: what is wrong becomes a Fault, what can be understood is kept. Every size is bounded, because
// manifests come from strangers.
package dash

import (
	"time"

	"aircheck/jobs"
)

const (
	maxPeriods = 2000 // of one manifest; a day with an advertisement every two minutes has 1,440
	maxSets    = 200  // adaptation sets of a period
	// maxRepresentations bounds those of a period that are examined; the largest ladders in practice have a few dozen.
	maxRepresentations = 200
	// maxAllRepresentations bounds those of all periods: ten in each of as many periods as there may be.
	maxAllRepresentations = 20_000
	maxEvents             = 10_000 // of one manifest
)

// absent is the length that an attribute has when it is not there.
const absent jobs.Micros = -1

// MPD is a manifest as it was written.
type MPD struct {
	Line     int
	Dynamic  bool
	Cut      bool // the XML breaks off
	Profiles bool // @profiles is there
	// Start is when the presentation's time was 0, Published when the manifest was made, each nil when nobody says.
	Start, Published *time.Time
	// Duration and the other lengths are absent when nobody says.
	Duration, MinBuffer, UpdatePeriod, TimeShift, MaxSegment, Delay jobs.Micros
	// Locations are where to ask for the next version, as written.
	Locations []string
	Timing    []Timing
	Periods   []*Period
	Faults    []Fault
}

// Timing is a UTCTiming element: where to learn the time.
type Timing struct{ Scheme, Value string }

// Period is one period. Start and Duration are worked out: absent when nothing tells.
type Period struct {
	Line            int
	Index           int
	ID              string
	Start, Duration jobs.Micros
	Sets            []*Set
	Events          []Event
}

// end is where the period ends; absent when nothing tells.
func (p *Period) end() jobs.Micros {
	if p.Start < 0 || p.Duration < 0 {
		return absent
	}
	return p.Start + p.Duration
}

// Set is an adaptation set that is examined.
type Set struct {
	Line  int
	Index int // among those of its period that are examined
	ID    string
	Media string // as jobs.Sequence.Media
	Role  string
	// Language is of the form that the manifest has.
	Language string
	Aligned  bool // @segmentAlignment
	Reps     []*Representation
}

// Representation is one representation with what it inherits.
type Representation struct {
	Line    int
	ID      string
	Set     *Set
	Period  *Period
	Mime    string
	Variant jobs.Variant
	Base    string // the BaseURLs above it, joined; as written
	Info    Info
	// Protection is nil for media in the clear.
	Protection *jobs.Key
	// Early is by how much segments are available before they are complete: @availabilityTimeOffset.
	Early jobs.Micros

	sequence string    // id of the sequence that it became a part of
	keys     [2]string // by which one that goes on for it in another period is found
}

// Kind is how segments are addressed.
type Kind int

// The ways to address segments.
const (
	KindWhole    Kind = iota // the BaseURL is all there is
	KindBase                 // SegmentBase: one file, possibly with an index
	KindList                 // SegmentList
	KindTemplate             // SegmentTemplate
)

// Info says where the segments of a representation are, with what it inherits (ISO/IEC 23009-1 section 5.3.9.1).
type Info struct {
	Kind      Kind
	Line      int
	Timescale int64
	// Offset is @presentationTimeOffset in ticks: the media time at which the period begins.
	Offset int64
	// Duration is @duration in ticks; 0 when absent.
	Duration    int64
	StartNumber int64
	EndNumber   int64 // 0 when absent
	// Timeline is set when there is a SegmentTimeline, possibly an empty one.
	Timeline     []S
	HasTimeline  bool
	TimelineLine int
	Media        *template
	Init         *template
	InitRange    *byteRange
	// InitURL is an Initialization element's @sourceURL, as written; HasInit that there is such an element.
	InitURL  string
	HasInit  bool
	Index    *byteRange
	List     []SegmentURL
	HasList  bool
	Explicit bool // there is a SegmentBase, SegmentList or SegmentTemplate at all
}

// S is one entry of a SegmentTimeline.
type S struct {
	Line    int
	T       int64 // negative: where the entry before ends
	D       int64
	R       int64 // further repeats; negative: up to the next entry, or to the end of the period
	Number  int64 // @n; negative when absent
	Pattern bool
}

// SegmentURL is one entry of a SegmentList.
type SegmentURL struct {
	Line  int
	Media string // as written; empty: the BaseURL
	Range *byteRange
}

// Event is one event of an EventStream, on the clock of its period.
type Event struct {
	Line          int
	Scheme, Value string
	ID            string
	// Start is relative to the period's start; Duration is absent when nobody says.
	Start, Duration jobs.Micros
	// Binary is a splice_info_section in base64 as written, Text another message.
	Binary, Text string
}

// Fault is something that the specification forbids.
type Fault struct {
	Code     string
	Severity jobs.Severity // where the profile has no rule of that code
	Line     int           // from 1; 0 when it is about the manifest as a whole
	// Rep is what it is about; nil for the manifest as a whole.
	Rep *Representation
	// Start and End are on the presentation's timeline; both 0 for all of it.
	Start, End jobs.Micros
	// Value is in the unit of the rule; negative where the rule has none.
	Value   float64
	Message string
	// About is what the fault is about where the message also holds what changes from one version of the manifest to the next; empty where it does not.
	About string
}
