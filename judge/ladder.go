package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// ladder is the video variants between which a player switches, beside each other. Exported fields are its state.
type ladder struct {
	Content contentFold
	rungs   []*sequence
}

// laddersOf finds the ladders of a stream, of one variant or more, in the order of their first sequences.
func laddersOf(sequences []*sequence) []*ladder {
	var list []*ladder
	at := map[string]int{}
	for _, q := range sequences {
		v := q.def.Variant
		if q.isReference() || q.objectMode() || q.def.Media != string(measurement.Video) || v == nil || v.Bandwidth <= 0 {
			continue
		}
		i, ok := at[v.Ladder]
		if !ok {
			i = len(list)
			at[v.Ladder] = i
			list = append(list, &ladder{})
		}
		list[i].rungs = append(list[i].rungs, q)
	}
	return list
}

// rung is a rendition of a ladder once all of it is there.
type rung struct {
	q *sequence
	t *rendition
	// at is the position of its sequence among those of the ladder.
	at int
	// frame is how long a picture usually stands.
	frame jobs.Micros
}

// video is the first stream of pictures of a sequence, nil when there is none.
func (q *sequence) video() *stream { return q.stream(measurement.Video, 0) }

// sample makes the renditions of a ladder of more than one keep samples of their pictures.
func (l *ladder) sample() {
	if len(l.rungs) < 2 {
		return
	}
	for _, q := range l.rungs {
		p := *q.params
		p.laddered = true
		q.params = &p
	}
}

// climb gives the ladders of a restored judge their state.
func (j *Judge) climb(ladders []*ladder) error {
	fresh := laddersOf(j.sequences)
	if len(ladders) != len(fresh) {
		return fmt.Errorf("%d ladders where %d are due", len(ladders), len(fresh))
	}
	for i, l := range ladders {
		if l == nil || len(l.Content.Rungs) > len(fresh[i].rungs) {
			return fmt.Errorf("ladder %d does not have %d renditions", i, len(fresh[i].rungs))
		}
		l.rungs = fresh[i].rungs
	}
	j.ladders = ladders
	return nil
}

const (
	// usualFrame stands for a frame of unknown length: 25 pictures a second.
	usualFrame jobs.Micros = 40e3
	// longestFrame bounds what half a frame tolerates: a rendition of one picture a second is no reason to look away.
	longestFrame jobs.Micros = 200e3
)

// standing lists the renditions of a ladder that have pictures.
func (l *ladder) standing(list []rendition) []rung {
	var rungs []rung
	for i, q := range l.rungs {
		s := q.video()
		if s == nil || s.Frames == 0 {
			continue
		}
		for k := range list {
			if list[k].s != s {
				continue
			}
			frame := baseOf(&s.First).micros(s.Video.Cadence.nominal(&s.First, 0))
			if frame <= 0 {
				frame = usualFrame
			}
			rungs = append(rungs, rung{q, &list[k], i, min(frame, longestFrame)})
		}
	}
	return rungs
}

// ladderFindings are what is wrong with the renditions beside each other, under the profile.
func (j *Judge) ladderFindings(list []rendition) []jobs.Finding {
	var all []jobs.Finding
	for _, l := range j.ladders {
		rungs := l.standing(list)
		for family := range byCodec(rungs) {
			all = append(all, misaligned(family)...)
		}
		if j.check.Timeline.Kind == jobs.SourceHLS {
			all = append(all, otherDiscontinuities(rungs)...)
		}
		all = append(all, l.offsets(rungs)...)
		all = append(all, qualityOrder(rungs)...)
		all = append(all, l.contentFindings(rungs)...)
	}
	all = append(all, j.rateFindings()...)
	return j.ruled(all)
}

// ruled leaves what the profile wants to hear of.
func (j *Judge) ruled(list []jobs.Finding) []jobs.Finding {
	rulings := newRulings(j.params)
	kept := list[:0]
	for _, f := range list {
		f.Start, f.End = max(0, f.Start), max(0, f.Start, f.End)
		if rulings.rule(&f) {
			kept = append(kept, f)
		}
	}
	return kept
}

// byCodec yields the renditions of each codec: players do not switch between codecs, and each encoder cuts by its own.
func byCodec(rungs []rung) func(yield func([]rung) bool) {
	return func(yield func([]rung) bool) {
		sorted := slices.Clone(rungs)
		slices.SortStableFunc(sorted, func(a, b rung) int { return cmp.Compare(a.t.Codec, b.t.Codec) })
		for len(sorted) > 0 {
			n := 1
			for n < len(sorted) && sorted[n].t.Codec == sorted[0].t.Codec {
				n++
			}
			if !yield(sorted[:n]) {
				return
			}
			sorted = sorted[n:]
		}
	}
}

// names lists renditions for a person: "v0", "v0 and v2", "v0, v1 and 3 others".
func names(list []string) string {
	const most = 3
	switch n := len(list); {
	case n == 0:
		return "the others"
	case n == 1:
		return list[0]
	case n <= most:
		return strings.Join(list[:n-1], ", ") + " and " + list[n-1]
	default:
		return fmt.Sprintf("%s and %d others", strings.Join(list[:most-1], ", "), n-most+1)
	}
}
