package origin

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// skipTargets is CAN-SKIP-UNTIL in target durations, the least that draft-pantos-hls-rfc8216bis section 4.4.3.8 allows.
const skipTargets = 6

// holdBackParts is PART-HOLD-BACK in part targets, which the same section recommends.
const holdBackParts = 3

// multivariant writes the multivariant playlist.
func (r *request) multivariant() string {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n")
	audio := r.audioGroup()
	for _, t := range audio {
		language := ""
		if t.Language != "" {
			language = fmt.Sprintf(",LANGUAGE=%q", t.Language)
		}
		fmt.Fprintf(&b, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=%q%s,DEFAULT=YES,AUTOSELECT=YES,URI=\"%s/index.m3u8\"\n", t.Name, language, t.Name)
	}
	for i := range r.stream.Clip.Tracks {
		t := &r.stream.Clip.Tracks[i]
		if t.Media == "audio" && len(audio) > 0 {
			continue
		}
		b.WriteString("#EXT-X-STREAM-INF:" + t.describe(audio) + "\n" + t.Name + "/index.m3u8\n")
	}
	return b.String()
}

// audioGroup are the audio tracks of a clip that has video ones beside them.
func (r *request) audioGroup() []*Track {
	var list []*Track
	video := false
	for i := range r.stream.Clip.Tracks {
		t := &r.stream.Clip.Tracks[i]
		if t.Media == "audio" {
			list = append(list, t)
		}
		video = video || t.Media == "video"
	}
	if !video {
		return nil
	}
	return list
}

func (t *Track) describe(audio []*Track) string {
	bandwidth, average, codecs := max(t.Bandwidth, 1), max(t.average(), 1), t.Codecs
	if len(audio) > 0 {
		bandwidth += audio[0].Bandwidth
		average += audio[0].average()
		codecs = strings.Trim(codecs+","+audio[0].Codecs, ",")
	}
	s := fmt.Sprintf("BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d", bandwidth, min(average, bandwidth))
	if codecs != "" {
		s += fmt.Sprintf(",CODECS=%q", codecs)
	}
	if t.Width > 0 {
		s += fmt.Sprintf(",RESOLUTION=%dx%d", t.Width, t.Height)
	}
	if t.FrameRate > 0 {
		s += fmt.Sprintf(",FRAME-RATE=%.3f", t.FrameRate)
	}
	if len(audio) > 0 {
		s += `,AUDIO="audio"`
	}
	return s
}

// target is EXT-X-TARGETDURATION: no segment is longer when rounded to the nearest second (RFC 8216 section 4.3.3.1).
func (t *Track) target() int { return max(int(math.Round(t.longest().Seconds())), 1) }

// media writes the media playlist of a track; delta leaves out what the client has already.
func (r *request) media(delta bool) string {
	v := r.view()
	var b strings.Builder
	version := 6
	if r.stream.Parts > 0 {
		version = 9
	}
	fmt.Fprintf(&b, "#EXTM3U\n#EXT-X-VERSION:%d\n#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:%d\n", version, r.track.target(), v.first+v.shift)
	if r.stream.Jumps {
		fmt.Fprintf(&b, "#EXT-X-DISCONTINUITY-SEQUENCE:%d\n", v.removed)
	}
	b.WriteString("#EXT-X-INDEPENDENT-SEGMENTS\n")
	if r.stream.Parts > 0 {
		b.WriteString(r.serverControl())
	}
	first := v.first
	if delta && r.stream.Parts > 0 {
		if first = r.skipTo(v); first > v.first {
			fmt.Fprintf(&b, "#EXT-X-SKIP:SKIPPED-SEGMENTS=%d\n", first-v.first)
		}
	}
	if r.track.Container == FMP4 && first == v.first {
		b.WriteString("#EXT-X-MAP:URI=\"init.mp4\"\n")
	}
	for n := first; n < v.end; n++ {
		r.entry(&b, v, n)
	}
	if r.stream.Parts > 0 {
		r.edge(&b, v)
	}
	if e := r.stream.Ended; !e.IsZero() && !r.now.Before(e) {
		b.WriteString("#EXT-X-ENDLIST\n")
	}
	return b.String()
}

func (r *request) serverControl() string {
	part := r.partTarget().Seconds()
	return fmt.Sprintf("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=%d,PART-HOLD-BACK=%.3f\n#EXT-X-PART-INF:PART-TARGET=%.3f\n",
		skipTargets*r.track.target(), holdBackParts*part, part)
}

func (r *request) partTarget() time.Duration {
	return r.track.longest() / time.Duration(r.stream.Parts)
}

// skipTo is the first segment that a delta update tells: those further from the end than the skip boundary are left out.
func (r *request) skipTo(v view) int64 {
	length := r.stream.Clip.Length
	boundary := r.track.start(length, v.end) - skipTargets*time.Duration(r.track.target())*time.Second
	first := v.first
	for first < v.end && r.track.start(length, first) < boundary {
		first++
	}
	return first
}

// entry writes one segment with all that stands before it.
func (r *request) entry(b *strings.Builder, v view, n int64) {
	if r.jump(n, v.lowest) {
		b.WriteString("#EXT-X-DISCONTINUITY\n")
	}
	if !r.stream.NoProgramTime {
		when := r.stream.Start.Add(r.track.start(r.stream.Clip.Length, n))
		b.WriteString("#EXT-X-PROGRAM-DATE-TIME:" + when.UTC().Format("2006-01-02T15:04:05.000Z07:00") + "\n")
	}
	r.breaks(b, n)
	if r.stream.Parts > 0 && v.end-n <= 3 {
		r.partTags(b, n, r.stream.Parts)
	}
	if r.segmentFault(n, Gap) != nil {
		b.WriteString("#EXT-X-GAP\n")
	}
	d := r.track.duration(n)
	if r.segmentFault(n, ChangeEntry) != nil {
		d -= d / 10
	}
	fmt.Fprintf(b, "#EXTINF:%.6f,\n%d.%s\n", d.Seconds(), n, r.track.Container)
}

// breaks writes what announces the breaks at segment n.
func (r *request) breaks(b *strings.Builder, n int64) {
	length := r.stream.Clip.Length
	now := r.stream.Start.Add(r.track.start(length, n))
	before := r.stream.Start.Add(r.track.start(length, max(n-1, 0)))
	for _, k := range r.stream.Breaks {
		end := k.From.Add(k.Length)
		in, was := !now.Before(k.From) && now.Before(end), n > 0 && !before.Before(k.From) && before.Before(end)
		switch {
		case in && !was && k.AsDates:
			fmt.Fprintf(b, "#EXT-X-DATERANGE:ID=%q,START-DATE=%q,PLANNED-DURATION=%.3f,CLASS=\"break\"\n", k.ID, stamp(k.From), k.Length.Seconds())
		case !in && was && k.AsDates:
			fmt.Fprintf(b, "#EXT-X-DATERANGE:ID=%q,START-DATE=%q,END-DATE=%q\n", k.ID, stamp(k.From), stamp(now))
		case k.AsDates:
		case in && k.Unplanned:
			b.WriteString(map[bool]string{false: "#EXT-X-CUE-OUT\n", true: "#EXT-X-CUE-OUT-CONT\n"}[was])
		case in && !was:
			fmt.Fprintf(b, "#EXT-X-CUE-OUT:DURATION=%.3f\n", k.Length.Seconds())
		case in:
			fmt.Fprintf(b, "#EXT-X-CUE-OUT-CONT:%.3f/%.3f\n", now.Sub(k.From).Seconds(), k.Length.Seconds())
		case was:
			b.WriteString("#EXT-X-CUE-IN\n")
		}
	}
}

func (r *request) partTags(b *strings.Builder, n int64, count int) {
	d := r.partLength(n)
	if r.fault(BadParts) != nil {
		d += d / 2
	}
	for i := range count {
		independent := ""
		if i == 0 {
			independent = ",INDEPENDENT=YES"
		}
		fmt.Fprintf(b, "#EXT-X-PART:DURATION=%.6f,URI=\"%d.%d.%s\"%s\n", d.Seconds(), n, i, r.track.Container, independent)
	}
}

// edge writes the parts of the segment that is being made, and what comes next.
func (r *request) edge(b *strings.Builder, v view) {
	count := r.parts(v.end, v.at)
	if r.jump(v.end, v.lowest) && count > 0 {
		b.WriteString("#EXT-X-DISCONTINUITY\n")
	}
	r.partTags(b, v.end, count)
	n := v.end
	if count == r.stream.Parts {
		n, count = n+1, 0
	}
	fmt.Fprintf(b, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"%d.%d.%s\"\n", n, count, r.track.Container)
}
