package measurement

// MaxSplices bounds Unit.Splices: encoders repeat an announcement a few times before its moment.
const MaxSplices = 32

// Splice is an SCTE-35 section that travels with the media of a segment.
type Splice struct {
	Source string `json:"s"` // "scte35.ts" or "scte35.emsg"
	// At is its moment in microseconds after the first picture of the segment by timestamps, or the first sound where there are no pictures; negative before it.
	At int64 `json:"t"`
	// Length is how long the event lasts by its envelope, in microseconds; 0 when that does not say.
	Length  int64  `json:"d,omitempty"`
	Section []byte `json:"b"`
}
