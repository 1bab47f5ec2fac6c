package judge

import (
	"fmt"
	"slices"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// segmentBorders looks at what changes from one segment to the next, and at what the playlist announces there.
//
// What viewers see of a change that is not announced has codes of its own: timestamp.gap and timestamp.backward where the clock jumps, video.format_change and
// audio.format_change where the codec, the size, the channels change. They are the alarm. playlist.discontinuity_missing is left with what these do not look at: which elementary
// streams there are.
type segmentBorders struct {
	Before *borderSide `json:",omitempty"`
	// Needless are announcements of nothing, Missing what should have been announced.
	Needless, Missing bouts
}

// borderSide is what is compared of the segment before.
type borderSide struct {
	Index, Disc int
	Init        string `json:",omitempty"`
	Streams     []measurement.Stream
	Tracks      []borderTrack
}

type borderTrack struct {
	Kind   measurement.Kind
	Track  int
	Codecs string `json:",omitempty"`
	Format measurement.Format
	Base   timeBase
	End    int64 // raw ticks
	// Untimed: the ticks are counted from 0 and say nothing about the clock.
	Untimed bool `json:",omitempty"`
	Frame   jobs.Micros
}

func (b *segmentBorders) hole() { b.Before = nil }

func (b *segmentBorders) see(s *packagedSegment) {
	now := borderOf(s)
	if was := b.Before; was != nil && was.Index+1 == now.Index && !s.dash {
		if was.Disc != now.Disc {
			b.announced(s, was, now)
		} else {
			b.unannounced(s, was, now)
		}
	}
	b.Before = now
	if s.State != measurement.UnitOK {
		b.Before = nil
	}
}

func borderOf(s *packagedSegment) *borderSide {
	side := &borderSide{Index: s.Index, Disc: s.Disc}
	if i := s.seg.Init; i != nil {
		side.Init = fmt.Sprintf("%s@%d+%d", i.URI, i.Offset, i.Length)
	}
	if t := s.m.Transport; t != nil {
		side.Streams = slices.Clone(t.Streams[:min(len(t.Streams), measurement.MaxStreams)])
	}
	for i := range s.Tracks {
		t := &s.Tracks[i]
		side.Tracks = append(side.Tracks, borderTrack{
			Kind: t.Kind, Track: t.Track, Codecs: t.Codecs, Format: *cloneFormat(&s.formats[t.Format]), Base: t.Base, End: t.EndPTS, Untimed: t.Untimed,
			Frame: min((t.End-t.First)/jobs.Micros(max(1, t.Packets)), maxFrame),
		})
	}
	return side
}

// announced looks whether anything changes where a discontinuity is announced.
func (b *segmentBorders) announced(s *packagedSegment, was, now *borderSide) {
	if len(was.Tracks) != len(now.Tracks) || was.Init != now.Init || !slices.Equal(was.Streams, now.Streams) {
		return
	}
	for i := range now.Tracks {
		if !was.Tracks[i].goesOn(&now.Tracks[i], s.Tracks[i].FirstPTS) {
			return
		}
	}
	b.Needless.add(s.placedUnit, 0, "")
}

// goesOn tells whether a track goes on as if there were no border: same format, same clock.
func (t *borderTrack) goesOn(next *borderTrack, first int64) bool {
	if t.Untimed || next.Untimed || t.Kind != next.Kind || t.Track != next.Track || t.Base != next.Base || t.Codecs != next.Codecs || formatsDiffer(&t.Format, &next.Format) {
		return false
	}
	slack := max(t.Frame, durationSlack)
	if t.Kind == measurement.Audio {
		slack = roundingTolerance // in a transport stream, where only the first frame of a PES packet has a time, sound seems to end that much earlier
	}
	ahead := clampTicks(first, turns(first, t.End, t.Format.WrapBits))
	return abs(t.Base.micros(difference(ahead, t.End))) <= slack
}

// formatsDiffer tells whether a decoder would see a change.
func formatsDiffer(a, b *measurement.Format) bool {
	return a.Kind != b.Kind || a.Codec != b.Codec || a.Profile != b.Profile || a.SampleRate != b.SampleRate || a.Channels != b.Channels || a.Layout != b.Layout ||
		len(videoDifference(a, b)) > 0
}

// unannounced looks whether there are other elementary streams. Where a format changes with them, its own code tells.
func (b *segmentBorders) unannounced(s *packagedSegment, was, now *borderSide) {
	if len(was.Streams) == 0 || len(now.Streams) == 0 || slices.Equal(was.Streams, now.Streams) {
		return
	}
	for i := range now.Tracks {
		j := slices.IndexFunc(was.Tracks, func(t borderTrack) bool { return t.Kind == now.Tracks[i].Kind && t.Track == now.Tracks[i].Track })
		if j >= 0 && formatsDiffer(&was.Tracks[j].Format, &now.Tracks[i].Format) {
			return
		}
	}
	before, after := streamTypes(was.Streams), streamTypes(now.Streams)
	if slices.Equal(before, after) {
		b.Missing.add(s.placedUnit, 0, "the PIDs or the order of the streams are others")
		return
	}
	b.Missing.add(s.placedUnit, 1, fmt.Sprintf("stream types %v become %v", before, after))
}

// holed tells whether a hole in the timestamps of one of the sequence's tracks is an alarm at some time of [from, to).
func (q *sequence) holed(from, to jobs.Seconds) bool {
	for _, s := range q.Streams {
		for i := range s.Findings {
			if f := &s.Findings[i]; f.Code == "timestamp.gap" && f.Severity != jobs.Info && f.Start < to && f.End > from {
				return true
			}
		}
	}
	return false
}

func streamTypes(list []measurement.Stream) []int {
	types := make([]int, 0, len(list))
	for _, s := range list {
		types = append(types, s.Type)
	}
	slices.Sort(types)
	return types
}

func (b *segmentBorders) findings(q *sequence) []jobs.Finding {
	list := b.Missing.findings("playlist.discontinuity_missing", func(o *bout) string {
		return fmt.Sprintf("other elementary streams begin without a discontinuity tag at %s: %s", o.name(), o.Detail)
	})
	for i := range list {
		if f := &list[i]; q.holed(f.Start, f.End) {
			f.Value = jobs.Figure(0)
			f.Message += "; what is not there instead is timestamp.gap"
		}
	}
	return append(list, b.Needless.findings("playlist.discontinuity_needless", func(o *bout) string {
		return fmt.Sprintf("a discontinuity is announced before %s, and neither the clock nor the format changes", o.name())
	})...)
}
