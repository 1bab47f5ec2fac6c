package measurement

// MaxDamagedPIDs bounds Transport.Continuity, MaxStreams Transport.Streams.
const (
	MaxDamagedPIDs = 16
	MaxStreams     = 32
)

// Transport is what the packets of one MPEG-TS segment say about the multiplex (ISO/IEC 13818-1 section 2.4.3). Null packets count for nothing.
type Transport struct {
	Packets int `json:"packets"`
	// Early counts the packets of elementary streams that come before the PMT that tells what they are; NoPSI says that there is no PAT, or none of the PMTs that it
	// names.
	Early int  `json:"early,omitempty"`
	NoPSI bool `json:"no_psi,omitempty"`
	// Streams are the elementary streams of the first PMT, at most MaxStreams of them in its order, without those of sections.
	Streams []Stream `json:"streams,omitempty"`
	// Continuity counts, by PID, the packets that do not go on counting from the one before in the segment; at most MaxDamagedPIDs of them, in order of appearance.
	Continuity []PIDErrors `json:"continuity,omitempty"`
	// Flagged counts the packets that say themselves to be damaged (transport_error_indicator).
	Flagged int `json:"flagged,omitempty"`
	// Stray is how many bytes belong to no packet.
	Stray int64 `json:"stray,omitempty"`
}

// PIDErrors counts errors on one PID.
type PIDErrors struct {
	PID    int `json:"pid"`
	Errors int `json:"errors"`
}

// Stream is one elementary stream of a program: its PID and its stream_type (ISO/IEC 13818-1 table 2-34).
type Stream struct {
	PID  int `json:"pid"`
	Type int `json:"type"`
}
