package jobs

// Marker is something that the stream announces: an ad break, a programme border. It is no defect; reports show it on the timeline.
type Marker struct {
	// Kind is "break" (an advertisement or another splice out of the network, from out to in), "programme", "chapter", or "other".
	Kind string `json:"kind"`
	// Source says where it stood: "scte35.ts" (a PID of a transport stream), "scte35.emsg", "daterange", "cue" (EXT-X-CUE-OUT and its kin), "eventstream" (DASH).
	Source string `json:"source"`
	// ID is what the stream calls it; empty when it does not. Two markers of one source and one ID are the same.
	ID    string  `json:"id,omitempty"`
	Start Seconds `json:"start"`
	// End is where it ends; equal to Start when it has no length or nobody said how long it is.
	End Seconds `json:"end"`
	// Text is a short description for people: "splice_insert out, 30 s", the CLASS of a date range.
	Text string `json:"text,omitempty"`
	// Rendition is the first rendition that carries it; in a timeline the id of its sequence. Empty when it holds for the whole stream.
	Rendition string `json:"rendition,omitempty"`
}
