package jobs

import "strconv"

// EvidenceVersion is that of the document.
const EvidenceVersion = 1

// Evidence lists the pictures that were made of a check after it was judged (checks/<id>/evidence/index.json). It never changes the report or its digest. Files are names below
// checks/<id>/evidence/, of letters, digits, - _ and a dot before the ending.
type Evidence struct {
	V     int     `json:"v"`
	Check string  `json:"check"`
	Strip *Strip  `json:"strip,omitempty"`
	Items []Proof `json:"items"`
	// Left counts the findings of which no evidence was made, because there are more than MaxProofs or their media could not be had.
	Left int `json:"left,omitempty"`
	// Interim: the check is live and goes on; there are first frames of what it has found so far, and no strip.
	Interim bool `json:"interim,omitempty"`
}

// MaxProofs bounds the findings of which evidence is made; the worst come first.
const MaxProofs = 60

// MaxFirstFrames bounds the findings of a live check that get a first frame before the check is over: an alarm of each is enough, and the hour gets the rest.
const MaxFirstFrames = 30

// Strip is a film strip on an absolute grid of time: cell i stands for [i*Step, (i+1)*Step) and shows the key frame at or before its middle. Cells run from left to right, then down, then on to the next sheet.
type Strip struct {
	Rendition string   `json:"rendition"`
	Step      Seconds  `json:"step"`
	Count     int      `json:"count"`
	Width     int      `json:"width"`  // of a cell, in pixels
	Height    int      `json:"height"` // of a cell
	Columns   int      `json:"columns"`
	Rows      int      `json:"rows"` // of a full sheet
	Sheets    []string `json:"sheets"`
	// Track is a WebVTT file that names sheet and cell of each moment (#xywh), as players take it for scrubbing.
	Track string `json:"track"`
	// Shown is how many cells show something; nil: an earlier release did not count them.
	Shown *int `json:"shown,omitempty"`
}

// Proof is the evidence of one finding.
type Proof struct {
	// Finding is its FindingKey.
	Finding  string    `json:"finding"`
	Pictures []Picture `json:"pictures,omitempty"`
	Sounds   []Sound   `json:"sounds,omitempty"`
}

// Picture is a full-size frame near a finding.
type Picture struct {
	Role      string  `json:"role"` // before, first, worst, after
	Rendition string  `json:"rendition"`
	At        Seconds `json:"at"` // when the frame is shown
	File      string  `json:"file"`
	Width     int     `json:"width"`
	Height    int     `json:"height"`
}

// The roles of pictures.
const (
	RoleBefore = "before"
	RoleFirst  = "first"
	RoleWorst  = "worst"
	RoleAfter  = "after"
)

// Sound is a picture of the sound around a finding: a waveform above, a spectrogram below.
type Sound struct {
	Rendition string  `json:"rendition"`
	Start     Seconds `json:"start"`
	End       Seconds `json:"end"`
	File      string  `json:"file"`
	Width     int     `json:"width"`
	Height    int     `json:"height"`
}

// FindingKey names a finding within its check: code, rendition and start. A finding is the same one as long as these are.
func FindingKey(f *Finding) string {
	return f.Code + "/" + f.Rendition + "/" + strconv.FormatInt(int64(f.Start.Micros()), 10)
}
