package judge

import (
	"fmt"

	"aircheck/jobs"
)

// border is where something begins in a rendition: a segment, or what a discontinuity announces.
type border struct {
	At jobs.Micros
	// Slack is how far off it may be: by how much a playlist rounds, where no media tells.
	Slack jobs.Micros
	Index int
}

// maxClasses bounds how many kinds of borders a ladder is sorted into; what is of yet another kind is compared with those.
const maxClasses = 8

// bordersOf lists where the segments of a rendition begin, but the first, and where the last one ends.
func (r *rung) bordersOf() (list []border, end jobs.Micros) {
	n, k := min(r.q.NextUnit, len(r.q.def.Segments)), 0
	marks := &r.q.Marks
	for i := range n {
		b := border{At: r.q.def.Segments[i].Start, Slack: roundingTolerance, Index: i}
		end = b.At + r.q.def.Segments[i].Duration
		if k = marks.find(k, i); k < len(marks.Index) && marks.Index[k] == i {
			b.At, b.Slack = marks.At[k], 0
			end = b.At + r.q.def.Segments[i].Duration
		}
		if i > 0 {
			list = append(list, b)
		}
	}
	return list, end
}

// discontinuitiesOf lists where a playlist announces discontinuities.
func (r *rung) discontinuitiesOf() (list []border, end jobs.Micros) {
	segments := r.q.def.Segments[:min(r.q.NextUnit, len(r.q.def.Segments))]
	for i := range segments {
		s := &segments[i]
		end = s.Start + s.Duration
		if i > 0 && s.Discontinuity != segments[i-1].Discontinuity {
			list = append(list, border{At: s.Start, Slack: roundingTolerance, Index: i})
		}
	}
	return list, end
}

// misfit is what one row of borders has that another has not.
type misfit struct {
	count       int
	first, last border
}

// lacking lists the borders of a that b does not have before end. Both are in order.
func lacking(a, b []border, tolerance, end jobs.Micros) misfit {
	var m misfit
	k := 0
	for _, x := range a {
		if x.At >= end-tolerance-x.Slack {
			break
		}
		for k < len(b) && b[k].At < x.At-tolerance-max(x.Slack, b[k].Slack) {
			k++
		}
		if k < len(b) && b[k].At <= x.At+tolerance+max(x.Slack, b[k].Slack) {
			continue
		}
		if m.count == 0 {
			m.first = x
		}
		m.last = x
		m.count++
	}
	return m
}

// rungBorders is the borders of a rendition.
type rungBorders struct {
	*rung
	borders []border
	end     jobs.Micros
}

// against compares two rows over the time that both have: what a has and b has not, or, when that is nothing, the other way round.
func (a *rungBorders) against(b *rungBorders) (m misfit, own bool) {
	tolerance := max(a.frame, b.frame)/2 + roundingGrace
	end := min(a.end, b.end)
	if m = lacking(a.borders, b.borders, tolerance, end); m.count > 0 {
		return m, true
	}
	return lacking(b.borders, a.borders, tolerance, end), false
}

// outliers compares rows with what most of them have in common, and hands out those that differ from it.
func outliers(rows []rungBorders, tell func(r, norm *rungBorders, like []string, m misfit, own bool)) {
	if len(rows) < 2 {
		return
	}
	var classes [][]int
	for i := range rows {
		class := 0
		for ; class < len(classes); class++ {
			if m, _ := rows[i].against(&rows[classes[class][0]]); m.count == 0 {
				break
			}
		}
		switch {
		case class < len(classes):
			classes[class] = append(classes[class], i)
		case class < maxClasses:
			classes = append(classes, []int{i})
		}
	}
	most := 0
	for i := range classes {
		if len(classes[i]) > len(classes[most]) {
			most = i
		}
	}
	norm := &rows[classes[most][0]]
	var like []string
	for _, i := range classes[most] {
		like = append(like, rows[i].t.ID)
	}
	for i := range rows {
		if m, own := rows[i].against(norm); m.count > 0 {
			tell(&rows[i], norm, like, m, own)
		}
	}
}

// misaligned tells renditions whose segments begin elsewhere.
func misaligned(rungs []rung) []jobs.Finding {
	var rows []rungBorders
	for i := range rungs {
		borders, end := rungs[i].bordersOf()
		rows = append(rows, rungBorders{&rungs[i], borders, end})
	}
	var found []jobs.Finding
	outliers(rows, func(r, norm *rungBorders, like []string, m misfit, own bool) {
		message := fmt.Sprintf("%d of %d segments begin where none of %s begins, first segment %d at %s", m.count, len(r.borders)+1, names(like), m.first.Index, secondsOf(m.first.At))
		if !own {
			message = fmt.Sprintf("no segment begins where %d of %d segments of %s begin, first at %s", m.count, len(norm.borders)+1, names(like), secondsOf(m.first.At))
		}
		found = append(found, r.finding("ladder.misaligned", m, float64(m.count), "segments", message))
	})
	return found
}

// otherDiscontinuities tells renditions that announce discontinuities elsewhere.
func otherDiscontinuities(rungs []rung) []jobs.Finding {
	var rows []rungBorders
	for i := range rungs {
		borders, end := rungs[i].discontinuitiesOf()
		rows = append(rows, rungBorders{&rungs[i], borders, end})
	}
	var found []jobs.Finding
	outliers(rows, func(r, _ *rungBorders, like []string, m misfit, own bool) {
		message := fmt.Sprintf("announces %s that %s does not have, first before segment %d at %s", counted(m.count, "discontinuity", "discontinuities"), names(like), m.first.Index, secondsOf(m.first.At))
		if !own {
			message = fmt.Sprintf("lacks %s of %s, first at %s", counted(m.count, "discontinuity", "discontinuities"), names(like), secondsOf(m.first.At))
		}
		found = append(found, r.finding("ladder.discontinuity", m, float64(m.count), "discontinuities", message))
	})
	return found
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "a " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// finding is about a rendition, from the first border that is wrong to the last.
func (r *rung) finding(code string, m misfit, value float64, unit, message string) jobs.Finding {
	return jobs.Finding{
		Code: code, Severity: jobs.Warn, Rendition: r.t.ID, Start: m.first.At.At(), End: m.last.At.At(), Value: jobs.Figure(value), Unit: unit,
		Confidence: 1, Message: message,
	}
}

// secondsOf writes a time for a person.
func secondsOf(t jobs.Micros) string { return fmt.Sprintf("%.3f s", t.Seconds()) }
