package origin

import (
	"fmt"
	"strings"
	"time"
)

// mpdScale is the time scale of the MPDs, in units per second.
const mpdScale = 90000

// mpd writes the dynamic MPD of a channel (ISO/IEC 23009-1). That of one that has ended says how long it was and when it is updated again, which is never: it
// shows its window still, so it is not static.
func (r *request) mpd() string {
	var b strings.Builder
	target := 0
	for i := range r.stream.Clip.Tracks {
		target = max(target, r.stream.Clip.Tracks[i].target())
	}
	kind := fmt.Sprintf(`type="dynamic" minimumUpdatePeriod="PT%dS" timeShiftBufferDepth="PT%.3fS"`, target, r.stream.Window.Seconds())
	ended := !r.stream.Ended.IsZero() && !r.now.Before(r.stream.Ended)
	if ended {
		kind = fmt.Sprintf(`type="dynamic" mediaPresentationDuration="PT%.3fS" timeShiftBufferDepth="PT%.3fS"`, r.stream.Ended.Sub(r.stream.Start).Seconds(), r.stream.Window.Seconds())
	}
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" profiles=\"urn:mpeg:dash:profile:isoff-live:2011\" %s "+
		"availabilityStartTime=%q publishTime=%q minBufferTime=\"PT%dS\" maxSegmentDuration=\"PT%dS\">\n",
		kind, stamp(r.stream.Start), stamp(r.published()), target, target)
	b.WriteString("  <Period id=\"p0\" start=\"PT0S\">\n")
	for i, media := range []string{"video", "audio"} {
		r.adaptationSet(&b, i, media)
	}
	b.WriteString("  </Period>\n")
	b.WriteString("  <UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\"../time\"/>\n")
	b.WriteString("</MPD>\n")
	return b.String()
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// published is when the MPD last changed: with each segment where it lists them, else never.
func (r *request) published() time.Time {
	if !r.stream.Timeline {
		return r.stream.Start
	}
	at := *r
	at.track = &r.stream.Clip.Tracks[0]
	return r.stream.Start.Add(at.track.start(r.stream.Clip.Length, at.view().end))
}

func (r *request) adaptationSet(b *strings.Builder, id int, media string) {
	open := false
	for i := range r.stream.Clip.Tracks {
		t := &r.stream.Clip.Tracks[i]
		if t.Media != media {
			continue
		}
		if !open {
			language := ""
			if t.Language != "" {
				language = fmt.Sprintf(" lang=%q", t.Language)
			}
			fmt.Fprintf(b, "    <AdaptationSet id=\"%d\" contentType=%q mimeType=\"%s/mp4\" segmentAlignment=\"true\" startWithSAP=\"1\"%s>\n", id, media, media, language)
			open = true
		}
		r.representation(b, t)
	}
	if open {
		b.WriteString("    </AdaptationSet>\n")
	}
}

func (r *request) representation(b *strings.Builder, t *Track) {
	fmt.Fprintf(b, "      <Representation id=%q bandwidth=\"%d\" codecs=%q", t.Name, max(t.Bandwidth, 1), t.Codecs)
	if t.Width > 0 {
		fmt.Fprintf(b, " width=\"%d\" height=\"%d\"", t.Width, t.Height)
	}
	if t.FrameRate > 0 {
		fmt.Fprintf(b, " frameRate=\"%d/1000\"", int(t.FrameRate*1000+0.5))
	}
	b.WriteString(">\n")
	if r.stream.Timeline {
		r.timeline(b, t)
	} else {
		average := r.stream.Clip.Length / time.Duration(len(t.Pieces))
		fmt.Fprintf(b, "        <SegmentTemplate timescale=\"%d\" duration=\"%d\" startNumber=\"%d\" initialization=\"$RepresentationID$/init.mp4\" media=\"$RepresentationID$/n$Number$.%s\"/>\n",
			mpdScale, ticksOf(average, mpdScale), r.stream.First, t.Container)
	}
	b.WriteString("      </Representation>\n")
}

// timeline lists the segments of the window; equal durations share an entry.
func (r *request) timeline(b *strings.Builder, t *Track) {
	at := *r
	at.track = t
	v, length := at.view(), r.stream.Clip.Length
	fmt.Fprintf(b, "        <SegmentTemplate timescale=\"%d\" initialization=\"$RepresentationID$/init.mp4\" media=\"$RepresentationID$/t$Time$.%s\">\n          <SegmentTimeline>\n",
		mpdScale, t.Container)
	for n := v.first; n < v.end; {
		start := ticksOf(t.start(length, n), mpdScale)
		d := at.ticks(n)
		repeat := 0
		for n++; n < v.end && at.ticks(n) == d; n++ {
			repeat++
		}
		fmt.Fprintf(b, "            <S t=\"%d\" d=\"%d\"", start, d)
		if repeat > 0 {
			fmt.Fprintf(b, " r=\"%d\"", repeat)
		}
		b.WriteString("/>\n")
	}
	b.WriteString("          </SegmentTimeline>\n        </SegmentTemplate>\n")
}

// ticks is the duration of segment n in an MPD, so that each begins where the one before ends.
func (r *request) ticks(n int64) int64 {
	length := r.stream.Clip.Length
	d := ticksOf(r.track.start(length, n+1), mpdScale) - ticksOf(r.track.start(length, n), mpdScale)
	if r.segmentFault(n, ChangeEntry) != nil {
		d -= d / 10
	}
	return d
}

// numberAt is the segment that begins at a time of an MPD.
func (r *request) numberAt(ticks int64) int64 {
	at := time.Duration(ticks/mpdScale)*time.Second + time.Duration(ticks%mpdScale)*time.Second/mpdScale
	return r.track.complete(r.stream.Clip.Length, at+time.Millisecond) // a millisecond, because ticks are rounded
}
