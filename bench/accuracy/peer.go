package accuracy

import (
	"bytes"
	"context"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"aircheck/bench/inject"
	"aircheck/jobs"
)

// series is a score over time, one value a frame or a tenth of a second: higher is worse.
type series struct {
	At    []float64 `json:"at"`
	Score []float64 `json:"score"`
	End   float64   `json:"end"`
}

// peer is a filter of ffmpeg that looks for the same thing as a code.
type peer struct {
	code   string
	filter string // as the table names it
	args   []string
	// spots reads what the filter says where it decides by itself, else score reads a series that a threshold decides on.
	spots func(out []byte, end float64) []span
	score func(out []byte) series
	// least is how long a score has to stay above the threshold, in seconds; points merges nothing.
	least float64
}

// span is what a filter says.
type span struct {
	Start float64  `json:"start"`
	End   float64  `json:"end"`
	Value *float64 `json:"value,omitempty"`
}

// said is what a peer said about one clip, as it is cached.
type said struct {
	Spans  []span  `json:"spans,omitempty"`
	Series *series `json:"series,omitempty"`
}

// peers lists the counterparts. Lengths that filters take as parameters are those from which aircheck reports, so that neither is measured by the other's taste.
func peers() []peer {
	video := func(f string) []string {
		return []string{"-an", "-vf", f, "-f", "null", "-"}
	}
	printed := func(f string) []string { return video(f + ",metadata=print:file=-") }
	audio := func(f string) []string { return []string{"-vn", "-af", f, "-f", "null", "-"} }
	tenths := func(f string) []string { return audio("asetnsamples=4800:p=0," + f + ",ametadata=print:file=-") }
	return []peer{
		{code: "video.black", filter: "blackdetect d=0.5", args: video("blackdetect=d=0.5"), spots: pairsOf("black_start:", "black_end:")},
		{code: "video.freeze", filter: "freezedetect d=1", args: video("freezedetect=d=1"), spots: pairsOf("freeze_start: ", "freeze_end: ")},
		{code: "video.interlaced", filter: "idet", args: printed("idet"), score: fieldSeries, least: 1},
		{code: "video.field_order", filter: "idet", args: printed("idet"), score: orderSeries, least: 1},
		{code: "video.letterbox_change", filter: "cropdetect reset=1", args: printed("cropdetect=round=2:reset=1:skip=0"), spots: cropChanges},
		{code: "video.flash", filter: "photosensitivity", args: printed("photosensitivity=bypass=1"), score: metadata("photosensitivity.badness", 1), least: 0.2},
		{code: "video.red_flash", filter: "photosensitivity", args: printed("photosensitivity=bypass=1"), score: metadata("photosensitivity.badness", 1), least: 0.2},
		{code: "video.blockiness", filter: "blockdetect", args: printed("blockdetect"), score: metadata("lavfi.block", 1), least: 0.5},
		{code: "video.blur", filter: "blurdetect", args: printed("blurdetect"), score: metadata("lavfi.blur", 1), least: 0.5},
		{code: "video.range", filter: "signalstats brng", args: printed("signalstats=stat=brng"), score: metadata("signalstats.BRNG", 1), least: 0.12},
		{code: "audio.silence", filter: "silencedetect n=-60dB d=1", args: audio("silencedetect=n=-60dB:d=1"), spots: pairsOf("silence_start: ", "silence_end: ")},
		{code: "audio.loudness", filter: "ebur128", args: audio("ebur128=framelog=verbose"), spots: offTarget},
		{code: "audio.true_peak", filter: "ebur128 peak=true", args: audio("ebur128=peak=true:framelog=verbose"), spots: overPeak},
		{code: "audio.short_term", filter: "ebur128", args: audio("ebur128=metadata=1,ametadata=print:file=-"), score: metadata("r128.S", 1)},
		{code: "audio.loudness_range", filter: "ebur128", args: audio("ebur128=framelog=verbose"), spots: overRange},
		{code: "audio.clipping", filter: "astats flat factor", args: tenths("astats=metadata=1:reset=1"), score: metadata("Overall.Flat_factor", 1), least: 0.1},
		{code: "audio.dead_channel", filter: "astats level by channel", args: tenths("astats=metadata=1:reset=1"), score: levelDifference, least: 5},
		{code: "audio.imbalance", filter: "astats level by channel", args: tenths("astats=metadata=1:reset=1"), score: levelDifference, least: 8},
		{code: "audio.phase_inverted", filter: "aphasemeter", args: audio("aphasemeter=video=0:phasing=1:d=2"), spots: pairsOf("out_phase_start: ", "out_phase_end: ")},
		{code: "audio.dual_mono", filter: "aphasemeter", args: audio("aphasemeter=video=0:phasing=1:d=10"), spots: pairsOf("mono_start: ", "mono_end: ")},
	}
}

// ask runs the filter over a clip.
func (p peer) ask(ctx context.Context, t *inject.Tool, clip string, end float64) (said, error) {
	run := t.Analyse
	if strings.Contains(strings.Join(p.args, " "), "print:file=-") {
		run = t.FFmpeg
	}
	out, err := run(ctx, "", append([]string{"-i", clip}, p.args...)...)
	if err != nil {
		return said{}, err
	}
	if p.score != nil {
		s := p.score(out)
		s.End = end
		return said{Series: &s}, nil
	}
	return said{Spans: p.spots(out, end)}, nil
}

// spots are what a peer says, as findings of the code that it is compared with.
func (s said) spots(code string, threshold, least float64) []spot {
	spans := s.Spans
	if s.Series != nil {
		spans = s.Series.above(threshold, least)
	}
	var list []spot
	for _, v := range spans {
		list = append(list, spot{code: code, severity: jobs.Fail, start: v.Start, end: v.End, value: v.Value})
	}
	return list
}

// above turns a series into spans where the score stays above a threshold for long enough; shorter lapses than half a second do not end it.
func (s *series) above(threshold, least float64) []span {
	const lapse = 0.5
	var list []span
	for i, v := range s.Score {
		if !(v > threshold) {
			continue
		}
		end := s.End
		if i+1 < len(s.At) {
			end = s.At[i+1]
		}
		if n := len(list); n > 0 && s.At[i]-list[n-1].End <= lapse {
			list[n-1].End = end
			continue
		}
		list = append(list, span{Start: s.At[i], End: end})
	}
	return slices.DeleteFunc(list, func(v span) bool { return v.End-v.Start < least })
}

// pairsOf reads the starts and ends that a filter logs; what has no end lasts to the end of the clip.
func pairsOf(start, end string) func([]byte, float64) []span {
	return func(out []byte, clipEnd float64) []span {
		starts, ends := numbersAfter(out, start), numbersAfter(out, end)
		var list []span
		for i, s := range starts {
			to := clipEnd
			if i < len(ends) {
				to = ends[i]
			}
			list = append(list, span{Start: s, End: to})
		}
		return list
	}
}

func numbersAfter(out []byte, key string) []float64 {
	var list []float64
	for _, m := range regexp.MustCompile(regexp.QuoteMeta(key)+`(-?[0-9.]+)`).FindAllSubmatch(out, -1) {
		if f, err := strconv.ParseFloat(string(m[1]), 64); err == nil {
			list = append(list, f)
		}
	}
	return list
}

// row is one frame of what the metadata filter prints.
type row struct {
	at     float64
	values map[string]string
}

func rows(out []byte) []row {
	var list []row
	for line := range bytes.Lines(out) {
		text := strings.TrimSpace(string(line))
		if strings.HasPrefix(text, "frame:") {
			_, at, _ := strings.Cut(text, "pts_time:")
			f, err := strconv.ParseFloat(strings.TrimSpace(at), 64)
			if err != nil {
				f = 0
			}
			list = append(list, row{at: f, values: map[string]string{}})
			continue
		}
		if name, value, ok := strings.Cut(text, "="); ok && len(list) > 0 {
			list[len(list)-1].values[name] = value
		}
	}
	return list
}

// number finds the value whose name ends so; NaN without one.
func (r row) number(suffix string) float64 {
	for name, value := range r.values {
		if strings.HasSuffix(name, suffix) {
			if f, err := strconv.ParseFloat(value, 64); err == nil {
				return f
			}
		}
	}
	return math.NaN()
}

// metadata makes a series of one value, times a sign.
func metadata(suffix string, sign float64) func([]byte) series {
	return func(out []byte) series {
		return seriesOf(rows(out), func(r row) float64 { return sign * r.number(suffix) })
	}
}

// seriesOf leaves out what is not a number and bounds what is infinite: JSON has neither.
func seriesOf(list []row, value func(row) float64) series {
	var s series
	for _, r := range list {
		v := value(r)
		if math.IsNaN(v) {
			continue
		}
		s.At, s.Score = append(s.At, r.at), append(s.Score, max(-1000, min(1000, v)))
	}
	return s
}

// levelDifference is by how much the louder of two channels is louder, in dB.
func levelDifference(out []byte) series {
	return seriesOf(rows(out), func(r row) float64 {
		l, right := max(r.number(".1.RMS_level"), -120), max(r.number(".2.RMS_level"), -120)
		return math.Abs(l - right)
	})
}
