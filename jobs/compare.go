package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Comparison says how one rendition compares with the check's reference. What could not be measured is nil.
type Comparison struct {
	Rendition string `json:"rendition"`
	// Reference names the track of the reference: sequence, kind and number, such as "r0:v0".
	Reference string `json:"reference,omitempty"`
	// Audio names the rendition that Offset and AudioLag are about.
	Audio string `json:"audio,omitempty"`
	// Offset is AudioLag less VideoLag: positive when the sound is late against the reference.
	Offset *Seconds `json:"offset_s,omitempty"`
	// VideoLag and AudioLag are by how much later pictures and sound stand here than in the reference.
	VideoLag *Seconds `json:"video_lag_s,omitempty"`
	AudioLag *Seconds `json:"audio_lag_s,omitempty"`
	// Peak signal-to-noise ratios in dB of the mean of the squared errors of all pictures (luma, chroma, and all samples together); the means of the pictures' own
	// ratios leave out those that are identical.
	PSNRY     *Number `json:"psnr_y,omitempty"`
	PSNRU     *Number `json:"psnr_u,omitempty"`
	PSNRV     *Number `json:"psnr_v,omitempty"`
	PSNR      *Number `json:"psnr_avg,omitempty"`
	PSNRYMean *Number `json:"psnr_y_mean,omitempty"`
	// SSIMY is the mean structural similarity of luma, SSIM that of all planes weighted by their samples; 1 for equal pictures.
	SSIMY *Number `json:"ssim_y,omitempty"`
	SSIM  *Number `json:"ssim,omitempty"`
	// Frames counts the pictures that were compared, Identical those among them that are equal in every sample.
	Frames    int64 `json:"frames,omitempty"`
	Identical int64 `json:"identical,omitempty"`
	// Scaled says what was done to the rendition's pictures to make them comparable; empty for nothing.
	Scaled string `json:"scaled,omitempty"`
	// Worst lists moments of one second with the least PSNR of luma, the worst first.
	Worst []WorstMoment `json:"worst,omitempty"`
}

// WorstMoment is a second of a rendition that compares badly.
type WorstMoment struct {
	Start Seconds `json:"start"`
	PSNRY *Number `json:"psnr_y,omitempty"`
	SSIM  *Number `json:"ssim,omitempty"`
}

// MaxPairs bounds the pairs of pictures of one comparison: over a minute at 60 pictures a second.
const MaxPairs = 4096

// PictureID names a decoded picture within its track: equal in every cut of the stream.
type PictureID struct {
	Unit int   `json:"u"` // measurement.Unit.Index
	PTS  int64 `json:"t"` // ticks of the track
}

// Pair is a picture of a rendition and the one of the reference that it is compared with.
type Pair struct {
	Picture   PictureID `json:"p"`
	Reference PictureID `json:"r"`
}

// Side is the place of one of two rows of pictures: whole decode units of one video track.
type Side struct {
	Sequence string `json:"sequence"`
	Track    int    `json:"track"`
	// First and Last bound the units: [First, Last).
	First int `json:"first"`
	Last  int `json:"last"`
}

// Compare is a piece of work: compare these pictures with those. It is a pure function of the two streams.
type Compare struct {
	Picture   Side   `json:"picture"`
	Reference Side   `json:"reference"`
	Pairs     []Pair `json:"pairs"`
}

// Key names the comparison by what is compared with what.
func (c *Compare) Key() string {
	b, err := json.Marshal(c)
	if err != nil { // integers and strings always encode
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// CompareWith is the half of a comparison's task that is about the reference.
type CompareWith struct {
	// Window, Segments, Context and Object are those of Task, for the reference.
	Window   Window    `json:"window"`
	Segments []Segment `json:"segments,omitempty"`
	Context  int       `json:"context,omitempty"`
	Object   *Object   `json:"object,omitempty"`
	// Track and ReferenceTrack are ordinals among the video tracks of the sequences.
	Track          int    `json:"track"`
	ReferenceTrack int    `json:"reference_track"`
	Pairs          []Pair `json:"pairs"`
}

// Task is the reference's half as a task of its own.
func (c *CompareWith) Task(check string) Task {
	return Task{V: Version, Check: check, Window: c.Window, Segments: c.Segments, Context: c.Context, Object: c.Object}
}

// cellLength is the length of the cells that the decode units of an object are numbered by (see worker/decode).
const cellLength Micros = 500e3

// CompareTask makes the task of a comparison. The error says that it does not belong to the check.
func CompareTask(check *Check, c *Compare) (Task, error) {
	task, err := sideTask(check, &c.Picture)
	if err != nil {
		return Task{}, fmt.Errorf("make task of comparison: %w", err)
	}
	other, err := sideTask(check, &c.Reference)
	if err != nil {
		return Task{}, fmt.Errorf("make task of comparison: %w", err)
	}
	task.Compare = &CompareWith{
		Window: other.Window, Segments: other.Segments, Context: other.Context, Object: other.Object,
		Track: c.Picture.Track, ReferenceTrack: c.Reference.Track, Pairs: c.Pairs,
	}
	return task, nil
}

// sideTask makes the task that decodes some units of a sequence.
func sideTask(check *Check, s *Side) (Task, error) {
	for i := range check.Timeline.Sequences {
		q := &check.Timeline.Sequences[i]
		if q.ID != s.Sequence {
			continue
		}
		if s.First < 0 || s.First >= s.Last || s.Last > maxCount {
			return Task{}, fmt.Errorf("units [%d, %d) of sequence %s", s.First, s.Last, s.Sequence)
		}
		w := Window{Sequence: s.Sequence, Head: s.First == 0}
		task := Task{V: Version, Check: check.ID}
		if q.Mode == ModeObject {
			w.Start, w.End = Micros(s.First)*cellLength, Micros(s.Last)*cellLength
			task.Window, task.Object = w, q.Object
			return task, nil
		}
		if s.Last > len(q.Segments) {
			return Task{}, fmt.Errorf("segments [%d, %d) of %d in sequence %s", s.First, s.Last, len(q.Segments), s.Sequence)
		}
		last := &q.Segments[s.Last-1]
		w.First, w.Last, w.Start, w.End = s.First, s.Last, q.Segments[s.First].Start, last.Start+last.Duration
		task.Window, task.Context = w, ContextOf(q.Segments, s.First)
		task.Segments = q.Segments[s.First-task.Context : s.Last : s.Last]
		return task, nil
	}
	return Task{}, fmt.Errorf("no sequence %s in check %s", cut(s.Sequence), check.ID)
}
