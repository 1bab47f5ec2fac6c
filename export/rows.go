package export

import (
	"math"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
	"aircheck/judge"
)

// frameRow is a picture in the table frames. What was not measured is NULL: difference on the first picture of a decode unit, borders and combed on three pictures of four.
type frameRow struct {
	Check    string     `parquet:"check_id,dict"`
	Time     float64    `parquet:"time"`     // seconds on the timeline of the check
	Duration float64    `parquet:"duration"` // seconds; 0 when the stream does not say
	UTC      *time.Time `parquet:"utc,optional,timestamp(microsecond)"`
	Version  int32      `parquet:"measure_version"`
	Unit     int32      `parquet:"unit"` // decode unit: the segment, or the restart of the decoder in a file
	PTS      int64      `parquet:"pts"`
	Key      bool       `parquet:"key_frame"`
	Type     string     `parquet:"picture_type,dict"` // I, P, B, or empty
	Flags    int32      `parquet:"flags"`
	Bytes    int32      `parquet:"bytes"`
	Errors   int32      `parquet:"errors"`    // of the decoder, about this picture
	Conceal  int32      `parquet:"concealed"` // macroblocks
	Width    int32      `parquet:"width"`
	Height   int32      `parquet:"height"`
	Depth    int32      `parquet:"depth"`
	// Luma and chroma are code values of the 8-bit scale, shares are of all samples.
	YMean   float64  `parquet:"y_mean"`
	YDev    float64  `parquet:"y_stddev"`
	YMin    float64  `parquet:"y_min"`
	YMax    float64  `parquet:"y_max"`
	CbMean  *float64 `parquet:"cb_mean,optional"` // NULL in a grey picture
	CrMean  *float64 `parquet:"cr_mean,optional"`
	Dark    float64  `parquet:"dark_share"`          // Y <= 32
	Below   float64  `parquet:"below_black_share"`   // Y < 16
	Above   float64  `parquet:"above_white_share"`   // Y > 235
	Chroma  float64  `parquet:"chroma_out_share"`    // chroma outside 16..240
	Diff    *float64 `parquet:"difference,optional"` // mean |Y - Y of the picture before|
	Changed *float64 `parquet:"changed_share,optional"`
	Combed  *float64 `parquet:"combed_share,optional"`
	Hash    int64    `parquet:"hash"` // equal pictures have equal hashes
	Top     *int32   `parquet:"border_top,optional"`
	Bottom  *int32   `parquet:"border_bottom,optional"`
	Left    *int32   `parquet:"border_left,optional"`
	Right   *int32   `parquet:"border_right,optional"`
}

// slotRow is 10 ms of sound in the table slots, or the part of them that a segment has. Levels of digital silence are NULL.
type slotRow struct {
	Check    string     `parquet:"check_id,dict"`
	Time     float64    `parquet:"time"`
	Duration float64    `parquet:"duration"`
	UTC      *time.Time `parquet:"utc,optional,timestamp(microsecond)"`
	Version  int32      `parquet:"measure_version"`
	Unit     int32      `parquet:"unit"`
	Samples  int32      `parquet:"samples"` // of each channel
	Errors   int32      `parquet:"errors"`
	Channels int32      `parquet:"channels"`
	Peak     *float64   `parquet:"peak_dbfs,optional"`      // of the loudest channel
	TruePeak *float64   `parquet:"true_peak_dbtp,optional"` // likewise
	RMS      *float64   `parquet:"rms_dbfs,optional"`       // over all channels
	// KPower is the sum over the channels of their BS.1770 weight by the mean square of their K-weighted samples: -0.691 + 10 log10 of its mean over a time is the loudness of that time.
	KPower  float64   `parquet:"k_power"`
	Clipped int32     `parquet:"clipped"` // samples at full scale, all channels
	Zeros   float64   `parquet:"zero_share"`
	Peaks   []float32 `parquet:"channel_peak"`        // full scale 1, in the order of the stream
	Power   []float64 `parquet:"channel_mean_square"` // likewise
}

func frameRowOf(check string, t *track, at, length jobs.Micros, f *measurement.Frame) frameRow {
	scale := math.Ldexp(1, max(0, t.format.Depth-8)) // to the 8-bit scale
	area := max(1, float64(t.format.Width)*float64(t.format.Height))
	r := frameRow{
		Check: check, Time: at.Seconds(), Duration: length.Seconds(), UTC: t.utc.at(at), Version: int32(t.measure), Unit: f.Unit, PTS: f.PTS,
		Key: f.Flags&measurement.FlagKey != 0, Type: pictureType(f.PictType), Flags: f.Flags, Bytes: f.PktSize, Errors: f.LogErrors, Conceal: f.ConcealedMB,
		Width: int32(t.format.Width), Height: int32(t.format.Height), Depth: int32(t.format.Depth),
		YMean: float64(f.SumY) / area / scale, YDev: deviation(f.SumY, f.SumY2, area) / scale, YMin: float64(f.MinY) / scale, YMax: float64(f.MaxY) / scale,
		Dark: share(f.CntLE[1], area), Below: share(f.CntLo, area), Above: share(f.CntHi, area), Hash: int64(f.Hash),
	}
	if chroma := float64(t.format.ChromaWidth) * float64(t.format.ChromaHeight); chroma > 0 {
		r.CbMean, r.CrMean = ptr(float64(f.SumCb)/chroma/scale), ptr(float64(f.SumCr)/chroma/scale)
		r.Chroma = share(f.CntChroma, 2*chroma)
	}
	if f.DecodeErrors != 0 {
		r.Errors = max(r.Errors, 1)
	}
	if f.HasPair {
		r.Diff = ptr(float64(f.Pair.SADY) / area / scale)
		if f.Pair.Blocks > 0 {
			r.Changed = ptr(share(int64(f.Pair.Changed), float64(f.Pair.Blocks)))
		}
	}
	if x := f.Texture; x != nil {
		r.Top, r.Bottom, r.Left, r.Right = ptr(x.Top), ptr(x.Bottom), ptr(x.Left), ptr(x.Right)
	}
	if f.Comb != nil {
		r.Combed = ptr(share(f.Comb.Combed, area))
	}
	return r
}

func ptr[T any](v T) *T { return &v }

// share is a part of a whole, in 0..1 whatever a damaged measurement claims.
func share(n int64, of float64) float64 { return min(max(float64(n)/of, 0), 1) }

func deviation(sum, squares int64, n float64) float64 {
	mean := float64(sum) / n
	return math.Sqrt(max(float64(squares)/n-mean*mean, 0))
}

func pictureType(t int8) string {
	switch t {
	case 1:
		return "I"
	case 2:
		return "P"
	case 3:
		return "B"
	}
	return ""
}

func slotRowOf(check string, t *track, at, length jobs.Micros, s *measurement.Slot) slotRow {
	r := slotRow{
		Check: check, Time: at.Seconds(), Duration: length.Seconds(), UTC: t.utc.at(at), Version: int32(t.measure), Unit: s.Unit,
		Samples: s.Samples, Errors: s.Errors, Channels: int32(len(s.Ch)),
	}
	n := float64(s.Samples)
	var peak, truePeak, squares float64
	var zeros int64
	for i := range s.Ch {
		c := &s.Ch[i]
		peak, truePeak = max(peak, finite(float64(c.Peak))), max(truePeak, finite(float64(c.TruePeak)))
		power := finite(c.Sq) / n
		squares += power
		r.KPower += judge.ChannelWeight(&t.format, i) * finite(c.K) / n
		r.Clipped += c.Clipped
		zeros += int64(c.Zeros)
		r.Peaks, r.Power = append(r.Peaks, float32(finite(float64(c.Peak)))), append(r.Power, power)
	}
	if len(s.Ch) > 0 {
		r.Peak, r.TruePeak, r.RMS = decibels(peak), decibels(truePeak), decibels(math.Sqrt(squares/float64(len(s.Ch))))
		r.Zeros = share(zeros, n*float64(len(s.Ch)))
	}
	return r
}

// finite makes nothing of what is no number.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return 0
	}
	return v
}

// decibels is the level of an amplitude; nil for silence.
func decibels(amplitude float64) *float64 {
	if amplitude <= 0 {
		return nil
	}
	return ptr(20 * math.Log10(amplitude))
}
