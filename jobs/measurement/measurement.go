// Package measurement holds the rows that workers write and the judge reads, and their Parquet codec.
//
// A measurement is a pure function of the media in a window: no thresholds, no check, no clock. It imports jobs and a Parquet
// library, never a decoder, a store or a network.
package measurement

// Header says what a measurement is of and how it was made. It travels as JSON in the object's metadata.
type Header struct {
	V        int    `json:"v"`       // jobs.Version
	Measure  int    `json:"measure"` // jobs.MeasureVersion
	FFmpeg   string `json:"ffmpeg"`  // version of libavcodec and libavformat
	Sequence string `json:"sequence"`
	Window   int    `json:"window"`
	// Formats lists the distinct track formats met; Unit.Tracks refers to it by position.
	Formats []Format `json:"formats"`
	// Units lists the window's decode units in order: one a segment, or one a restart of the decoder in an object.
	Units []Unit `json:"units"`
	// Duration is what the container of an object declares, in microseconds; 0 when unknown.
	Duration int64 `json:"duration,omitempty"`
}

// Kind tells video from audio.
type Kind string

// The kinds of track that are measured.
const (
	Video Kind = "video"
	Audio Kind = "audio"
)

// Format is everything about a track that does not change from frame to frame.
type Format struct {
	Kind     Kind   `json:"kind"`
	Codec    string `json:"codec"` // FFmpeg's short name: h264, hevc, aac …
	Profile  string `json:"profile,omitempty"`
	Language string `json:"language,omitempty"`
	// One tick is Num/Den seconds.
	TimeBaseNum int64 `json:"time_base_num"`
	TimeBaseDen int64 `json:"time_base_den"`
	WrapBits    int   `json:"wrap_bits,omitempty"` // 33 for MPEG-TS: timestamps count modulo 2^WrapBits
	BitRate     int64 `json:"bit_rate,omitempty"`

	// Video.
	Width        int    `json:"width,omitempty"`
	Height       int    `json:"height,omitempty"`
	ChromaWidth  int    `json:"chroma_width,omitempty"`
	ChromaHeight int    `json:"chroma_height,omitempty"`
	Depth        int    `json:"depth,omitempty"` // bits per sample
	PixFmt       string `json:"pix_fmt,omitempty"`
	RateNum      int64  `json:"rate_num,omitempty"` // the container's frame rate; 0 when unknown
	RateDen      int64  `json:"rate_den,omitempty"`
	FullRange    bool   `json:"full_range,omitempty"`
	ColorSpace   string `json:"color_space,omitempty"`
	Primaries    string `json:"primaries,omitempty"`
	Transfer     string `json:"transfer,omitempty"`
	SARNum       int64  `json:"sar_num,omitempty"`
	SARDen       int64  `json:"sar_den,omitempty"`

	// Audio.
	SampleRate int    `json:"sample_rate,omitempty"`
	Channels   int    `json:"channels,omitempty"`
	Layout     string `json:"layout,omitempty"` // FFmpeg's name: stereo, 5.1(side) …
	// Weights are the BS.1770 channel weights G by channel: 1, 1.41, or 0 for LFE.
	Weights []float64 `json:"weights,omitempty"`
}

// UnitState says what became of a unit.
type UnitState string

const (
	UnitOK      UnitState = "ok"
	UnitMissing UnitState = "missing" // the origin has no such object
	// UnitUnavailable: it may be there and could not be had: access denied, larger than allowed, an origin that keeps failing. Detail says which, without
	// the URI, for it becomes part of the digest.
	UnitUnavailable UnitState = "unavailable"
	UnitCorrupt     UnitState = "corrupt"   // bytes are there, and no media is in them
	UnitTruncated   UnitState = "truncated" // media stops before the container says that it ends
	UnitEncrypted   UnitState = "encrypted" // no key, an unknown method, or a key that does not fit
	UnitGap         UnitState = "gap"       // EXT-X-GAP
)

// Unit is one decode unit: what was found and what went wrong on the way.
type Unit struct {
	// Index is the segment's index in its sequence (ModeSegments) or the ordinal of the decoder restart in the object's index (ModeObject).
	Index  int         `json:"i"`
	State  UnitState   `json:"state"`
	Detail string      `json:"detail,omitempty"`
	Bytes  int64       `json:"bytes,omitempty"` // of the packets of its tracks
	Tracks []UnitTrack `json:"tracks,omitempty"`
	// Size is how many bytes a segment has: as it was fetched, decrypted, without its initialisation section; 0 for the units of an object and what was not fetched.
	Size int64 `json:"size,omitempty"`
	// Transport is what the packets of an MPEG-TS segment say; nil in any other.
	Transport *Transport `json:"transport,omitempty"`
	// Captions is what a segment of subtitles says; nil in any other.
	Captions *Captions `json:"captions,omitempty"`
	// Splices are what a segment announces, at most MaxSplices.
	Splices []Splice `json:"splices,omitempty"`
	// TruncatedAt is the timeline position in microseconds where an object stops, when State is truncated (ModeObject) and its index tells; 0 means where
	// its media ends. A truncated segment (ModeSegments) is measured as far as it goes.
	TruncatedAt int64 `json:"truncated_at,omitempty"`
}

// Captions are the subtitles of a segment, in the order of the text.
type Captions struct {
	Format string `json:"format"` // webvtt or ttml
	// Mapped says that the time Local (microseconds) on the clock of the cues is MPEGTS on that of the media, in 1/90000 s.
	Mapped bool  `json:"mapped,omitempty"`
	Local  int64 `json:"local,omitempty"`
	MPEGTS int64 `json:"mpegts,omitempty"`
	Cues   []Cue `json:"cues,omitempty"`
}

// Cue is a subtitle: from and to on the clock of the cues, in microseconds, and how many characters it shows. What it says is not kept.
type Cue struct {
	From  int64 `json:"f"`
	To    int64 `json:"t"`
	Chars int   `json:"n"`
}

// UnitTrack is one track within a unit.
type UnitTrack struct {
	Kind   Kind `json:"kind"`
	Track  int  `json:"track"`  // ordinal among the tracks of this kind in the sequence, from 0
	Format int  `json:"format"` // position in Header.Formats
	// FirstPTS and EndPTS bound what the packets say: smallest PTS, and largest PTS plus duration, in ticks of the track.
	FirstPTS int64 `json:"first_pts"`
	EndPTS   int64 `json:"end_pts"`
	// Untimed: no packet has a timestamp; what the unit has of the track is counted from 0.
	Untimed bool `json:"untimed,omitempty"`
	// Tail is how much of the sound of a segment comes behind EndPTS, which knows of packets with timestamps only, in ticks of the track.
	Tail    int64 `json:"tail,omitempty"`
	Packets int   `json:"packets"`
	Frames  int   `json:"frames"`
	Bytes   int64 `json:"bytes"`
	// StartsWithKey: the first video packet is a keyframe. Closed: it is one that nothing before it can influence (IDR).
	StartsWithKey bool `json:"key,omitempty"`
	Closed        bool `json:"closed,omitempty"`
	// StartsIntra: the first video packet of a segment is no keyframe, yet refers to no other picture (an I slice without IDR or recovery point).
	StartsIntra bool `json:"intra,omitempty"`
	// Keys counts the video packets that are keyframes; FirstKey and LastKey are the PTS of the first and the last of them, KeyGap is the longest way from one to
	// the next, all in ticks of the track.
	Keys     int   `json:"keys,omitempty"`
	FirstKey int64 `json:"first_key,omitempty"`
	LastKey  int64 `json:"last_key,omitempty"`
	KeyGap   int64 `json:"key_gap,omitempty"`
	// Codecs is how a playlist should call the track by the parameter sets that the unit has (RFC 6381): avc1.64001e, hvc1.1.6.L93.B0. Empty where there are none,
	// and for codecs whose Format tells it.
	Codecs string `json:"codecs,omitempty"`
	// Errors counts decoder complaints by kind ("send", "concealed", "log" …) with the last message as an example.
	Errors  int    `json:"errors,omitempty"`
	Example string `json:"example,omitempty"`
	// Depth is jobs.DepthFast when only the key frames were decoded: the frames are those, and each stands until the next. Empty: all of it was.
	Depth string `json:"depth,omitempty"`
}

// Frame flags.
const (
	FlagKey        = 1 << iota // keyframe
	FlagInterlaced             // the bitstream says interlaced
	FlagTopFirst               // top field first
	FlagCorrupt                // AV_FRAME_FLAG_CORRUPT or AV_PKT_FLAG_CORRUPT
	FlagUnitFirst              // first frame of its unit: there is no pair with the frame before
	FlagUnitLast               // last frame of its unit
	FlagNoPTS                  // the frame had no timestamp; PTS was continued from its neighbour
	FlagSendError              // the decoder refused the frame's packet
	FlagFormat                 // size or format differs from the frame before: there is no pair
)

// Grid sizes: 32 × 18 luma cells are square on a 16:9 picture; chroma is half of that each way.
const (
	GridW, GridH     = 32, 18
	ChromaW, ChromaH = 16, 9
)

// Frame is one decoded picture: integers only, so that no order of work can change them. Thresholds below are for 8-bit limited range and are
// scaled by 2^(Depth-8) for deeper pictures; sums, counts and extremes are over the visible area, in native code values. Blocks are aligned to the top left corner,
// and only whole ones count. A grey picture has 0 in the fields of chroma.
type Frame struct {
	Track    int32
	Unit     int32
	PTS      int64 // ticks
	Duration int64 // ticks; 0 when unknown
	Flags    int32
	PictType int8  // 1 I, 2 P, 3 B, 0 unknown
	PktSize  int32 // bytes
	// DecodeErrors is AVFrame.decode_error_flags (1 invalid bitstream, 2 missing reference, 4 concealment, 8 slices).
	DecodeErrors int32
	// LogErrors counts error-level decoder messages about the packet of this frame, ConcealedMB the macroblocks it says to have concealed.
	LogErrors   int32
	ConcealedMB int32

	// The picture on its own.
	SumY, SumY2        int64
	MinY, MaxY         int32
	CntLE              [4]int64 // Y <= 16, 32, 37, 64
	CntLo, CntHi       int64    // Y < 16, Y > 235
	CntLo103, CntHi103 int64    // Y < 5, Y > 246 (EBU R 103)
	SumCb, SumCr       int64
	SumCb2, SumCr2     int64
	MinCb, MaxCb       int32
	MinCr, MaxCr       int32
	CntChroma          int64  // chroma samples outside 16..240, both planes together
	MaxBlock           int32  // greatest sum of an 8x8 luma block; 0 in a picture without a whole block
	MinBlock           int32  // smallest
	Hash               uint64 // over the sums and squares of all 8x8 blocks and planes: equal pictures have equal hashes
	// Cells are made of whole 8x8 blocks: border i of n lies at block round(i*blocks/n), and samples beyond the last whole block belong to no cell. In a picture
	// with fewer blocks than cells, border i of n lies at sample i*size/n, and a cell has at least one sample. Rows run from the top, cells from the left.
	Grid           [GridW * GridH]uint8     // luma cell means, 8-bit scale, rounded
	GridCb, GridCr [ChromaW * ChromaH]uint8 // chroma cell means, 8-bit scale
	// Fine holds the luma cell means in 1/16 code values of the 8-bit scale; present for the first and last frame of a unit and wherever Pair.SAD is small
	// enough to be part of a freeze; nil elsewhere.
	Fine []uint16

	// The picture against the one before it in the same unit; HasPair is false on the first.
	HasPair bool
	Pair    Pair

	// CC holds the closed captions that travel with the picture (A/53 cc_data): triplets of marker, type and two bytes, of which those that are not valid and the
	// padding of CEA-608 (0x80 0x80, parity aside) are left out. At most MaxCC bytes; nil when there are none.
	CC []byte

	// Sampled on every fourth frame of a unit (see worker/measure); nil elsewhere.
	Texture *Texture
	Comb    *Comb
}

// Pair compares a picture with the one before.
//
// A side of a block breaks the picture when the mean step across it exceeds 8 code values and three times the mean steps just outside and just inside it, which count as
// 1.5 at least. A block is broken when two of its sides are; it is new when its SAD exceeds two code values a sample. The control of a block is the same for its sides moved
// across themselves by 4 samples, where codecs put none: it tells the edges of graphics from damage. Blocks on the border of the picture, which letterboxing
// breaks, are left out.
type Pair struct {
	SADY, SADCb, SADCr int64
	TI2                int64 // sum of d*d over luma samples with |d| > 30
	MaxBlock           int32 // greatest SAD of a 16x16 luma block
	Changed            int32 // 16x16 blocks with a mean absolute difference above 2 code values
	Blocks             int32 // 16x16 blocks in the picture
	BlockMean          int64 // sum over 8x8 blocks of |block sum - previous block sum|
	Broken, Control    int32 // 16x16 blocks that are broken, and those whose control is
	// BrokenNew and ControlNew are how many of these are new.
	BrokenNew, ControlNew int32
}

// EdgePhases is the least common multiple of the periods that a grid of blocks may have.
const EdgePhases = 96

// MaxCC bounds Frame.CC: cc_count has five bits, and a triplet three bytes (CTA-708).
const MaxCC = 31 * 3

// Texture is about edges and borders of the luma of a single picture.
type Texture struct {
	// Phases of 96 hold the grids of blocks of 4, 8, 16 and 32 samples, and of such that were scaled by 4/3, 3/2 and 2 (10 2/3, 12 and 16 samples).
	// Steps count up to 8: the blocks of a codec stand out by less, and the edges of what is in the picture would drown them.
	ColEdge [EdgePhases]int64 // sum of min(|Y[x]-Y[x-1]|, 8) by x mod 96
	RowEdge [EdgePhases]int64 // sum of min(|Y[y]-Y[y-1]|, 8) by y mod 96
	// Edge, Slope and Edges tell how steep edges are, along rows [0] and along columns [1], on every fourth row: where |Y[x+4]-Y[x-4]| is at least 24, the sum of its
	// square, the sum of the square of |Y[x+1]-Y[x-1]|, and the count.
	Edge, Slope              [2]int64
	Edges                    [2]int32
	Top, Bottom, Left, Right int32 // lines of black border, up to half of the picture: mean <= 24, at most 1 % of samples above 40
	SolidBlocks              int32 // 16x16 blocks without any variance
	// Gamut counts the chroma samples at which Y (the mean of the luma samples that share them), R, G or B lies outside 5..246 (EBU R 103), by the matrix of the
	// stream; 0 in a picture of full range or without chroma.
	Gamut int64
	// Of the blocks without variance, those that a decoder may have filled: all planes at half scale (±2), or all at most 32, which shows as green.
	Grey, Green int32
}

// Comb holds the five sums of FFmpeg's idet on luma about the frame before this one (its neighbours are two before and this one), and the count of combed samples in this
// picture by itself. It is there only when both older pictures are in the unit.
type Comb struct {
	Alpha       [2]int64
	Delta       int64
	Gamma       [2]int64
	Combed      int64 // samples that differ from both vertical neighbours in the same direction by more than 10, in this picture
	CombedBlock int32 // most combed samples in one 16x16 block
}

// SlotsPerSecond is the audio grid: slot k covers the samples [k*rate/100, (k+1)*rate/100) of the track's own clock, where sample 0 stands at
// timestamp 0. The clock is read from the first timestamp of a decoder restart and then counts samples, so it does not inherit the rounding of every packet.
const SlotsPerSecond = 100

// Slot is 10 ms of one audio track within one unit. A slot on the border of two segments appears once in each, with its part of the samples.
type Slot struct {
	Track   int32
	Unit    int32
	Index   int64 // slot number on the track's clock: it starts at Index/100 s
	Offset  int32 // first sample here, counted from the slot's start
	Samples int32
	Errors  int32 // decoder complaints about packets of this slot
	Ch      []Channel
	// LR and Diff are over the first two channels: sum of L*R, greatest |L-R|. 0 for mono.
	LR   float64
	Diff float32
	// The mono mix is the mean of the channels whose BS.1770 weight is not 0, which leaves out LFE. Millisecond m of slot k covers the samples
	// [(10k+m)*rate/1000, (10k+m+1)*rate/1000), rounded down.
	// Env is the mix's peak by millisecond, 0..65535 for 0..1 (clamped); in a partial slot, over the part that is there.
	// Low is the mix decimated to 1 kHz, Q15, flat to 300 Hz and -40 dB from 600 Hz. The filter is symmetric and ends with the last sample of the millisecond, so that
	// Low[m] stands for the instant 8 ms before that. It is 0 in a part of a slot that does not hold the millisecond's last sample: parts are joined by adding.
	Env [10]uint16
	Low [10]int16
}

// Channel is one channel of a slot. Samples are floats with full scale 1; what is not a number, infinite, or beyond 2^20 counts as silence. What looks back (K, R1, R2, TruePeak, ResPeak, runs)
// sees the samples before the slot, and silence before the decoder restart.
type Channel struct {
	K         float64 // sum of squares after the K filter of BS.1770
	Sq        float64 // sum of squares
	Sum       float64 // sum, for the DC offset
	R1, R2    float64 // sums of x[n]*x[n-1] and x[n]*x[n-2]: a pure tone is predicted by two samples
	Peak      float32 // greatest |x|
	TruePeak  float32 // greatest |x| before or after fourfold oversampling (BS.1770 Annex 2), six samples late; not oversampled from 192 kHz
	ResPeak   float32 // greatest |x[n]-3x[n-1]+3x[n-2]-x[n-3]|: clicks stand out in the third difference
	ResSq     float64 // sum of its squares
	Zeros     int32   // samples that are exactly 0, unless they stand for what is not a number
	Clipped   int32   // samples with |x| >= 1 - 2^-15
	ClipRun   int32   // longest run of clipped samples of one sign that ends in this slot or goes on at its end; it may have begun before the slot
	FlatRun   int32   // longest run, as ClipRun, of samples with |x| above 0.1 that are within 2^-13 of the one before: m-1 for a flat top of m samples
	Flats     int32   // samples that are part of such runs, and those of them within 2 % of the greatest |x| of the slot (of a part, in a slot that is in parts)
	FlatTops  int32
	LoudFirst int32 // first and last sample with |x| >= 0.001 (-60 dBFS), counted from the slot's start as Offset is; -1 when there is none
	LoudLast  int32
}
