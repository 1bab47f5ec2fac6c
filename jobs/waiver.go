package jobs

import "time"

// Waiver says that a finding is intended. It follows the content, not the check: a finding is waived where its code is the same and its Signature resembles the waiver's, also in another
// encoding. It is stored at waivers/<id>.json, and every change of it in an audit log (waivers-log/). A waived finding stays in the report and in the verdict; pages show it greyed.
type Waiver struct {
	ID   string `json:"id"`
	Code string `json:"code"`
	// Stream limits the waiver to checks of one live stream or input; empty: wherever the content turns up.
	Stream    string    `json:"stream,omitempty"`
	Signature Signature `json:"signature"`
	// Check and Finding name where it was given; for people.
	Check   string     `json:"check"`
	Finding Finding    `json:"finding"`
	Reason  string     `json:"reason"`
	Person  string     `json:"person"`
	Created time.Time  `json:"created"`
	Expires *time.Time `json:"expires,omitempty"` // nil: never
	// Ended is set when somebody took it back.
	Ended   *time.Time `json:"ended,omitempty"`
	EndedBy string     `json:"ended_by,omitempty"`
}

// Signature is what a piece of content looks and sounds like around a finding, coarse enough to survive another encoding.
type Signature struct {
	// Duration is that of the finding, in seconds.
	Duration Seconds `json:"duration"`
	// Pictures are luma grids of 16 x 9 cells, row by row, as base64 in JSON: around the beginning and the end of the finding and within it.
	Pictures [][]byte `json:"pictures,omitempty"`
	// Levels are the levels of the sound in dBFS, rounded, at equal distances from 2 s before the finding to 2 s after it; -128 is silence.
	Levels []int8 `json:"levels,omitempty"`
}

// Signed is the signature of one finding of a check; all of them stand in checks/<id>/signatures.json.
type Signed struct {
	Finding   string    `json:"finding"` // its FindingKey
	Signature Signature `json:"signature"`
}

// AuditEntry is one line of the log of what people did.
type AuditEntry struct {
	Time   time.Time `json:"time"`
	Person string    `json:"person"`
	Action string    `json:"action"` // "waive", "end waiver" …
	Object string    `json:"object"` // id of what it was done to
	Detail string    `json:"detail,omitempty"`
}
