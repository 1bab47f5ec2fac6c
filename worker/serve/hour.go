package serve

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"aircheck/jobs"
	"aircheck/report"
	"aircheck/worker"
	"aircheck/worker/fold"
)

// annexEvery is how often the curves and signatures of a growing check are written: they are for people, and larger than the report.
const annexEvery = 10 * time.Second

// metered lets the measuring of a window be counted.
func (h *Handler) metered(ctx context.Context, check string) (context.Context, func()) {
	if _, _, live := jobs.ParseLiveID(check); !live {
		return ctx, func() {}
	}
	var spent atomic.Int64
	return worker.WithMeter(ctx, func(d time.Duration) { spent.Add(int64(d)) }), func() {
		if err := h.Queue.CountCPU(ctx, check, time.Duration(spent.Load())); err != nil && ctx.Err() == nil {
			h.log().Warn("count processor time", "check", check, "error", err)
		}
	}
}

// annex writes the curves and signatures of a growing check, if it is time. Trouble costs no report.
func (o *Observer) annex(ctx context.Context, w *watched, f *fold.Fold, now time.Time) {
	if now.Sub(w.annexAt) < annexEvery && !w.annexAt.IsZero() {
		return
	}
	w.annexAt = now
	if err := f.PutAnnex(ctx, o.Archive); err != nil && ctx.Err() == nil {
		o.log().Warn("go on without curves or signatures", "check", w.check().ID, "error", err)
	}
}

// hour tells how the hour of a live check went so far. The wall is no reason to fail.
func (o *Observer) hour(ctx context.Context, c *jobs.Check, r *report.Report) {
	name, begin, ok := jobs.ParseLiveID(r.Check.ID)
	if !ok {
		return
	}
	m := minutes{clock: newProgramClock(c, begin), hour: begin.Truncate(time.Hour)}
	m.cover(r)
	for i := range r.Findings {
		m.find(&r.Findings[i])
	}
	h := jobs.StreamHour{Stream: name, Hour: m.hour, Check: r.Check.ID, Minutes: m.letters()}
	if err := o.Queue.TellHour(ctx, h); err != nil && ctx.Err() == nil {
		o.log().Warn("tell how an hour went", "stream", name, "error", err)
	}
}

// programClock says when what stands on a timeline was on air: by the program time of the stream, unless that is so far from the clock that it says when a programme was made, or by
// the beginning of the check.
type programClock struct {
	begin time.Time
	marks []clockMark // by their place on the timeline
}

type clockMark struct {
	at   jobs.Micros
	time time.Time
}

// clockSkew is how far a program time may be from the hour of the check.
const clockSkew = time.Hour

func newProgramClock(c *jobs.Check, begin time.Time) programClock {
	p := programClock{begin: begin}
	for i := range c.Timeline.Sequences {
		for k := range c.Timeline.Sequences[i].Segments {
			s := &c.Timeline.Sequences[i].Segments[k]
			if s.ProgramTime == nil {
				continue
			}
			if expected := begin.Add(timeOf(s.Start)); s.ProgramTime.Sub(expected).Abs() <= clockSkew {
				p.marks = append(p.marks, clockMark{s.Start, *s.ProgramTime})
			}
		}
		if len(p.marks) > 0 {
			break
		}
	}
	return p
}

func timeOf(t jobs.Micros) time.Duration { return time.Duration(t) * time.Microsecond }

func (p *programClock) at(t jobs.Micros) time.Time {
	i, found := slices.BinarySearchFunc(p.marks, t, func(m clockMark, t jobs.Micros) int { return cmp.Compare(m.at, t) })
	if !found {
		i--
	}
	if len(p.marks) == 0 {
		return p.begin.Add(timeOf(t))
	}
	m := p.marks[max(i, 0)]
	return m.time.Add(timeOf(t - m.at))
}

// minutesOfHour is the length of StreamHour.Minutes.
const minutesOfHour = 60

// minutes are those of an hour.
type minutes struct {
	clock programClock
	hour  time.Time
	// analysed and lost tell of each minute what there is of it.
	analysed, lost [minutesOfHour]bool
	worst          [minutesOfHour]jobs.Severity
}

// each calls fn for each minute of the hour that [from, to) touches; an instant touches one.
func (m *minutes) each(from, to jobs.Seconds, fn func(minute int)) {
	begin := m.clock.at(from.Micros())
	end := begin.Add(max(timeOf((max(to, from)-from).Micros())-time.Nanosecond, 0))
	first, last := begin.Sub(m.hour), end.Sub(m.hour)
	if last < 0 || first >= time.Hour {
		return
	}
	for i := int(max(first, 0) / time.Minute); i <= int(min(last, time.Hour-1)/time.Minute); i++ {
		fn(i)
	}
}

// cover notes what was analysed. A minute is analysed when something of each rendition is that there is in it, and nothing of it could not be.
func (m *minutes) cover(r *report.Report) {
	type rendition struct{ there, analysed [minutesOfHour]bool }
	all := map[string]*rendition{}
	for i := range r.Coverage {
		c := &r.Coverage[i]
		t := all[c.Rendition]
		if t == nil {
			t = &rendition{}
			all[c.Rendition] = t
		}
		for _, v := range c.Intervals {
			switch v.State {
			case jobs.Analysed:
				m.each(v.Start, v.End, func(k int) { t.there[k], t.analysed[k] = true, true })
			case jobs.Failed:
				m.each(v.Start, v.End, func(k int) { m.lost[k] = true })
			case jobs.Skipped:
				m.each(v.Start, v.End, func(k int) { t.there[k] = true })
			case jobs.Pending: // it comes
			}
		}
	}
	for k := range m.analysed {
		for _, t := range all {
			m.analysed[k] = m.analysed[k] || t.analysed[k]
			m.lost[k] = m.lost[k] || t.there[k] && !t.analysed[k]
		}
	}
}

func (m *minutes) find(f *jobs.Finding) {
	m.each(f.Start, f.End, func(k int) {
		if f.Severity.Rank() > m.worst[k].Rank() {
			m.worst[k] = f.Severity
		}
	})
}

// letters are those of jobs.StreamHour.
func (m *minutes) letters() string {
	var letters [minutesOfHour]byte
	for k := range letters {
		switch {
		case m.worst[k] == jobs.Fail:
			letters[k] = jobs.MinuteFail
		case m.worst[k] == jobs.Warn:
			letters[k] = jobs.MinuteWarn
		case m.analysed[k] && !m.lost[k]:
			letters[k] = jobs.MinuteClean
		default:
			letters[k] = jobs.MinuteNone
		}
	}
	return string(letters[:])
}
