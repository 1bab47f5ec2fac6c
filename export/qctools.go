package export

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// Sequences lists what QCTools can be asked for: the sequences of a check that have renditions.
func Sequences(src Source) []string {
	var list []string
	for _, r := range src.Report.Renditions {
		if !slices.Contains(list, r.Sequence) && jobs.ValidSequenceID(r.Sequence) {
			list = append(list, r.Sequence)
		}
	}
	return list
}

// QCTools writes the frames of a sequence as QCTools keeps them: what ffprobe prints of frames, in XML, with the tags of FFmpeg's filters, compressed with gzip
// (https://github.com/bavc/qctools, Source/Core/VideoStats.cpp reads and writes them). Only what was measured is there. Of signalstats: YMIN, YAVG, YMAX and their like for U and V,
// YDIF, UDIF and VDIF, and the bit depths; the differences are left out on the first picture of a decode unit, where there is no picture before. Of astats: DC_offset, Peak_level and
// RMS_level, by channel and over all, every 100 ms.
func QCTools(ctx context.Context, src Source, sequence string, w io.Writer) error {
	z := gzip.NewWriter(w)
	q := &qcTools{Writer: bufio.NewWriter(z), sequence: sequence}
	for _, r := range src.Report.Renditions {
		if r.Sequence == sequence {
			q.streams = append(q.streams, r)
		}
	}
	slices.SortStableFunc(q.streams, func(a, b jobs.Rendition) int { return strings.Compare(b.Kind, a.Kind) }) // video before audio, as demuxers have it
	q.head()
	if err := walk(ctx, src, sequence, q); err != nil {
		return fmt.Errorf("export check %s: %w", src.Check.ID, err)
	}
	q.foot(src)
	for _, err := range []error{q.Flush(), z.Close()} {
		if err != nil {
			return fmt.Errorf("export check %s: %w", src.Check.ID, err)
		}
	}
	return nil
}

// qcTools writes elements by themselves: encoding/xml would build each in memory, and there are a hundred a second. Whatever comes from outside goes through xml.EscapeText.
type qcTools struct {
	*bufio.Writer // keeps the first error for Flush
	sequence      string
	streams       []jobs.Rendition
	sounds        map[string]*soundFrame
}

// soundFrame is the sound of soundSlots slots.
type soundFrame struct {
	at, end jobs.Micros
	slots   int
	samples int64
	ch      []soundChannel
}

type soundChannel struct{ sum, squares, peak float64 }

// soundSlots make an audio frame: 100 ms. QCTools keeps some dozens of figures for each.
const soundSlots = 10

func (q *qcTools) head() {
	q.WriteString(xml.Header)
	q.WriteString(`<ffprobe:ffprobe xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:ffprobe="http://www.ffmpeg.org/schema/ffprobe" xsi:schemaLocation="http://www.ffmpeg.org/schema/ffprobe ffprobe.xsd">` + "\n    <frames>\n")
}

// stream is the number of a rendition's stream; negative when it is not of this sequence.
func (q *qcTools) stream(t *track) int {
	return slices.IndexFunc(q.streams, func(r jobs.Rendition) bool { return r.ID == t.ID })
}

func (q *qcTools) frame(t *track, at, length jobs.Micros, f *measurement.Frame) error {
	i := q.stream(t)
	if i < 0 {
		return nil
	}
	q.WriteString("        <frame")
	q.attr("media_type", "video")
	q.attr("stream_index", strconv.Itoa(i))
	q.attr("key_frame", strconv.Itoa(int(f.Flags&measurement.FlagKey)))
	q.times(f.PTS, at, length)
	q.attr("pkt_size", strconv.Itoa(int(f.PktSize)))
	q.attr("width", strconv.Itoa(t.format.Width))
	q.attr("height", strconv.Itoa(t.format.Height))
	q.attr("pix_fmt", t.format.PixFmt)
	q.attr("pict_type", orUnknown(pictureType(f.PictType)))
	q.attr("interlaced_frame", flag(f.Flags, measurement.FlagInterlaced))
	q.attr("top_field_first", flag(f.Flags, measurement.FlagTopFirst))
	q.WriteString(">\n")
	q.signals(&t.format, f)
	q.WriteString("        </frame>\n")
	return nil
}

// times are those of the report; QCTools reads pkt_pts_time, ffprobe writes pts_time today.
func (q *qcTools) times(pts int64, at, length jobs.Micros) {
	q.attr("pkt_pts", strconv.FormatInt(pts, 10))
	q.attr("pkt_pts_time", fixed(at))
	q.attr("pts", strconv.FormatInt(pts, 10))
	q.attr("pts_time", fixed(at))
	if length > 0 {
		q.attr("pkt_duration_time", fixed(length))
	}
}

func fixed(m jobs.Micros) string { return strconv.FormatFloat(m.Seconds(), 'f', 6, 64) }

func flag(flags int32, bit int32) string {
	if flags&bit != 0 {
		return "1"
	}
	return "0"
}

func orUnknown(s string) string {
	if s == "" {
		return "?"
	}
	return s
}

// signals writes the tags of signalstats: code values of the stream's own depth.
func (q *qcTools) signals(format *measurement.Format, f *measurement.Frame) {
	area := float64(format.Width) * float64(format.Height)
	chroma := float64(format.ChromaWidth) * float64(format.ChromaHeight)
	q.plane("Y", f.MinY, f.MaxY, f.SumY, area)
	if chroma > 0 {
		q.plane("U", f.MinCb, f.MaxCb, f.SumCb, chroma)
		q.plane("V", f.MinCr, f.MaxCr, f.SumCr, chroma)
	}
	if f.HasPair {
		q.mean("YDIF", f.Pair.SADY, area)
		if chroma > 0 {
			q.mean("UDIF", f.Pair.SADCb, chroma)
			q.mean("VDIF", f.Pair.SADCr, chroma)
		}
	}
}

func (q *qcTools) plane(name string, least, most int32, sum int64, samples float64) {
	q.tag("lavfi.signalstats."+name+"MIN", strconv.Itoa(int(least)))
	q.mean(name+"AVG", sum, samples)
	q.tag("lavfi.signalstats."+name+"MAX", strconv.Itoa(int(most)))
}

// mean writes six digits, as signalstats does (%g).
func (q *qcTools) mean(name string, sum int64, samples float64) {
	if samples > 0 {
		q.tag("lavfi.signalstats."+name, strconv.FormatFloat(float64(sum)/samples, 'g', 6, 64))
	}
}

func (q *qcTools) slot(t *track, at, length jobs.Micros, s *measurement.Slot) error {
	if q.stream(t) < 0 {
		return nil
	}
	if q.sounds == nil {
		q.sounds = map[string]*soundFrame{}
	}
	f := q.sounds[t.ID]
	if f != nil && (at > f.end+slotLength || at < f.at || len(f.ch) != len(s.Ch)) {
		q.sound(t, f)
		f = nil
	}
	if f == nil {
		f = &soundFrame{at: at, ch: make([]soundChannel, len(s.Ch))}
		q.sounds[t.ID] = f
	}
	f.add(s, at+length)
	if f.slots == soundSlots {
		q.sound(t, f)
		delete(q.sounds, t.ID)
	}
	return nil
}

func (f *soundFrame) add(s *measurement.Slot, end jobs.Micros) {
	f.end = end
	f.slots++
	f.samples += int64(s.Samples)
	for i := range f.ch {
		c := &s.Ch[i]
		if !math.IsNaN(c.Sum) && !math.IsInf(c.Sum, 0) {
			f.ch[i].sum += c.Sum
		}
		f.ch[i].squares += finite(c.Sq)
		f.ch[i].peak = max(f.ch[i].peak, finite(float64(c.Peak)))
	}
}

func (q *qcTools) sound(t *track, f *soundFrame) {
	if f == nil || f.samples == 0 {
		return
	}
	q.WriteString("        <frame")
	q.attr("media_type", "audio")
	q.attr("stream_index", strconv.Itoa(q.stream(t)))
	q.attr("key_frame", "1")
	q.times(int64(f.at), f.at, f.end-f.at)
	q.attr("nb_samples", strconv.FormatInt(f.samples, 10))
	q.attr("channels", strconv.Itoa(len(f.ch)))
	q.WriteString(">\n")
	var all soundChannel
	n := float64(f.samples)
	for i, c := range f.ch {
		q.levels(fmt.Sprintf("lavfi.astats.%d.", i+1), c.sum/n, c.peak, c.squares/n)
		if math.Abs(c.sum) > math.Abs(all.sum) {
			all.sum = c.sum
		}
		all.squares += c.squares
		all.peak = max(all.peak, c.peak)
	}
	if len(f.ch) > 0 {
		q.levels("lavfi.astats.Overall.", all.sum/n, all.peak, all.squares/n/float64(len(f.ch)))
	}
	q.WriteString("        </frame>\n")
}

func (q *qcTools) levels(prefix string, dc, peak, power float64) {
	q.tag(prefix+"DC_offset", strconv.FormatFloat(dc, 'f', 6, 64))
	q.tag(prefix+"Peak_level", level(peak))
	q.tag(prefix+"RMS_level", level(math.Sqrt(power)))
}

// level is in dB; silence is -inf, as FFmpeg prints it.
func level(amplitude float64) string {
	if amplitude <= 0 {
		return "-inf"
	}
	return strconv.FormatFloat(20*math.Log10(amplitude), 'f', 6, 64)
}

// left writes the sound that is left over.
func (q *qcTools) left(string) error { return nil }

// foot writes the streams and what they are of.
func (q *qcTools) foot(src Source) {
	for i := range q.streams {
		t := &track{Rendition: q.streams[i]}
		q.sound(t, q.sounds[t.ID])
	}
	q.WriteString("    </frames>\n    <streams>\n")
	for i := range q.streams {
		r := &q.streams[i]
		q.WriteString("        <stream")
		q.attr("index", strconv.Itoa(i))
		q.attr("codec_name", r.Codec)
		q.attr("codec_type", r.Kind)
		if r.Kind == "video" {
			q.attr("width", strconv.Itoa(r.Width))
			q.attr("height", strconv.Itoa(r.Height))
			q.attr("pix_fmt", r.PixFmt)
			q.attr("r_frame_rate", r.FrameRate)
			q.attr("avg_frame_rate", r.FrameRate)
		} else {
			q.attr("sample_rate", strconv.Itoa(r.SampleRate))
			q.attr("channels", strconv.Itoa(r.Channels))
			q.attr("channel_layout", r.Layout)
		}
		q.attr("duration", fixed(r.Duration.Micros()))
		q.WriteString("/>\n")
	}
	q.WriteString("    </streams>\n    <format")
	q.attr("filename", src.Report.Check.Input)
	q.attr("nb_streams", strconv.Itoa(len(q.streams)))
	q.attr("duration", fixed(src.Report.Duration.Micros()))
	q.WriteString("/>\n</ffprobe:ffprobe>\n")
}

func (q *qcTools) attr(name, value string) {
	q.WriteString(" " + name + `="`)
	_ = xml.EscapeText(q.Writer, []byte(value)) // the writer keeps its error
	q.WriteString(`"`)
}

func (q *qcTools) tag(key, value string) {
	q.WriteString("            <tag")
	q.attr("key", key)
	q.attr("value", value)
	q.WriteString("/>\n")
}
