package serve

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"aircheck/jobs"
	"aircheck/report"
	"aircheck/storage"
)

// SegmentSchema names the form of a grade.
const SegmentSchema = "aircheck.segment-qc/v1"

const (
	// maxGraded is how many segments back a grade is still changed: ten minutes of 2 s segments. Nobody fails over for what is older.
	maxGraded = 300
	// maxGradeFindings bounds what one grade lists; the worst come first.
	maxGradeFindings = 20
	// gradePuts is how many grades are written at the same time.
	gradePuts = 8
	// whole is which share of a segment counts as all of it: the ends of tracks are not those of segments.
	whole = 0.98
)

// Grade says how one segment of a live stream is, for an origin or a packager that can fail over. It stands beside the segment: 1234.ts has 1234.qc.json. It is written when the
// segment is judged, and again when what came later changes it.
type Grade struct {
	Schema   string `json:"schema"`
	Stream   string `json:"stream"`
	Check    string `json:"check"`
	Sequence string `json:"sequence"`
	// Segment is the segment's number in the archive, as in its name.
	Segment     int64        `json:"segment"`
	Start       jobs.Seconds `json:"start"` // on the check's timeline
	Duration    jobs.Seconds `json:"duration"`
	ProgramTime *time.Time   `json:"program_time,omitempty"`
	Verdict     jobs.Verdict `json:"verdict"`
	// Analysed is the share of the segment that was analysed, of the rendition with the least, from 0 to 1.
	Analysed jobs.Number    `json:"analysed"`
	Findings []GradeFinding `json:"findings"`
	JudgedAt time.Time      `json:"judged_at"`
}

// GradeFinding is a finding in a grade.
type GradeFinding struct {
	Code      string        `json:"code"`
	Severity  jobs.Severity `json:"severity"`
	Rendition string        `json:"rendition,omitempty"`
	Start     jobs.Seconds  `json:"start"`
	End       jobs.Seconds  `json:"end"`
}

// grades remembers what was written of a sequence.
type grades struct {
	mu   sync.Mutex
	sums map[int]uint32 // of grades without JudgedAt, by the segment's index
}

// grade writes the grades that are new or changed. Trouble is logged: a check is not judged anew for them.
func (o *Observer) grade(ctx context.Context, w *watched, r *report.Report, now time.Time) {
	if !o.Grade {
		return
	}
	name, _, _ := jobs.ParseLiveID(r.Check.ID)
	analysed := analysedOf(r)
	var group errgroup.Group // one that cannot be written keeps no other from being written
	group.SetLimit(gradePuts)
	if w.grades == nil {
		w.grades = map[string]*grades{}
	}
	for i := range w.check().Timeline.Sequences {
		q := &w.check().Timeline.Sequences[i]
		g := w.grades[q.ID]
		if g == nil {
			g = &grades{sums: map[int]uint32{}}
			w.grades[q.ID] = g
		}
		edge := w.edge(q.ID)
		own := ownFindings(r, q.ID)
		for k := max(0, len(q.Segments)-maxGraded); k < len(q.Segments) && q.Segments[k].Start+q.Segments[k].Duration <= edge; k++ {
			one, key, ok := gradeOf(name, r, q, k, own, analysed)
			if !ok {
				continue
			}
			sum, changed := g.changed(k, one)
			if !changed {
				continue
			}
			one.JudgedAt = now.UTC()
			group.Go(func() error {
				if err := o.putGrade(ctx, key, one); err != nil {
					return err
				}
				g.written(k, sum)
				return nil
			})
		}
	}
	err := group.Wait()
	for i := range w.check().Timeline.Sequences {
		q := &w.check().Timeline.Sequences[i]
		w.grades[q.ID].forget(len(q.Segments) - maxGraded)
	}
	if err != nil && ctx.Err() == nil {
		o.log().Warn("write grades of segments", "check", r.Check.ID, "error", err)
	}
}

func (o *Observer) putGrade(ctx context.Context, key string, one *Grade) error {
	doc, err := json.Marshal(one)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	return o.Archive.Store().Put(ctx, key, append(doc, '\n'))
}

// changed tells whether a grade is another than the one that was written, and its sum.
func (g *grades) changed(k int, one *Grade) (uint32, bool) {
	doc, err := json.Marshal(one)
	if err != nil {
		return 0, true
	}
	sum := crc32.ChecksumIEEE(doc)
	g.mu.Lock()
	defer g.mu.Unlock()
	before, ok := g.sums[k]
	return sum, !ok || before != sum
}

// written notes what stands beside a segment. What could not be written is tried again at the next look.
func (g *grades) written(k int, sum uint32) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sums[k] = sum
}

func (g *grades) forget(before int) {
	for k := range g.sums {
		if k < before {
			delete(g.sums, k)
		}
	}
}

// ownFindings are those that concern a sequence, the worst first: of its renditions, of itself, and of the whole stream.
func ownFindings(r *report.Report, sequence string) []jobs.Finding {
	var own []jobs.Finding
	for i := range r.Findings {
		f := &r.Findings[i]
		k := slices.IndexFunc(r.Renditions, func(t jobs.Rendition) bool { return t.ID == f.Rendition })
		if f.Rendition == "" || f.Rendition == sequence || k >= 0 && (r.Renditions[k].Sequence == "" || r.Renditions[k].Sequence == sequence) {
			own = append(own, *f)
		}
	}
	slices.SortStableFunc(own, func(a, b jobs.Finding) int { return cmp.Compare(b.Severity.Rank(), a.Severity.Rank()) })
	return own
}

// gradeOf grades a segment; ok is false for one that does not lie in the archive.
func gradeOf(stream string, r *report.Report, q *jobs.Sequence, k int, own []jobs.Finding, analysed map[string][]jobs.Interval) (one *Grade, key string, ok bool) {
	s := &q.Segments[k]
	key, number, ok := gradeKey(stream, s.URI)
	if !ok {
		return nil, "", false
	}
	from, to := s.Start.At(), (s.Start + s.Duration).At()
	one = &Grade{
		Schema: SegmentSchema, Stream: stream, Check: r.Check.ID, Sequence: q.ID, Segment: number, Start: from, Duration: s.Duration.At(), ProgramTime: s.ProgramTime,
		Verdict: jobs.VerdictPass, Analysed: share(r, q.ID, analysed, from, to), Findings: []GradeFinding{},
	}
	worst := jobs.Severity("")
	for i := range own {
		f := &own[i]
		if f.Start >= to || f.End <= from && f.Start < from {
			continue
		}
		if f.Severity.Rank() > worst.Rank() {
			worst = f.Severity
		}
		if len(one.Findings) < maxGradeFindings {
			one.Findings = append(one.Findings, GradeFinding{Code: f.Code, Severity: f.Severity, Rendition: f.Rendition, Start: f.Start, End: f.End})
		}
	}
	switch {
	case worst == jobs.Fail:
		one.Verdict = jobs.VerdictFail
	case one.Analysed < whole:
		one.Verdict = jobs.VerdictIncomplete
	case worst == jobs.Warn:
		one.Verdict = jobs.VerdictWarn
	}
	return one, key, true
}

// gradeKey finds the key beside an archived segment, whose address ends in its key.
func gradeKey(stream, uri string) (key string, number int64, ok bool) {
	prefix, err := storage.StreamPrefix(stream)
	if err != nil {
		return "", 0, false
	}
	i := strings.LastIndex(uri, "/"+prefix)
	if i < 0 {
		return "", 0, false
	}
	key = uri[i+1:]
	stem := strings.TrimSuffix(path.Base(key), path.Ext(key))
	number, err = strconv.ParseInt(stem, 10, 64)
	if name, _, inside := storage.ParseStreamPeriod(key); !inside || name != stream || err != nil || number < 0 {
		return "", 0, false
	}
	return path.Dir(key) + "/" + stem + ".qc.json", number, true
}

// analysedOf is what at least one detector analysed of each rendition, in order of time.
func analysedOf(r *report.Report) map[string][]jobs.Interval {
	all := map[string][]jobs.Interval{}
	for i := range r.Coverage {
		c := &r.Coverage[i]
		for _, v := range c.Intervals {
			if v.State == jobs.Analysed {
				all[c.Rendition] = append(all[c.Rendition], v)
			}
		}
	}
	for rendition, list := range all {
		slices.SortFunc(list, func(a, b jobs.Interval) int { return cmp.Compare(a.Start, b.Start) })
		joined := list[:0]
		for _, v := range list {
			if n := len(joined); n > 0 && v.Start <= joined[n-1].End {
				joined[n-1].End = max(joined[n-1].End, v.End)
			} else {
				joined = append(joined, v)
			}
		}
		all[rendition] = joined
	}
	return all
}

// share is the least share of [from, to) that was analysed of a rendition of the sequence; 0 when it has none.
func share(r *report.Report, sequence string, analysed map[string][]jobs.Interval, from, to jobs.Seconds) jobs.Number {
	least, any := 1.0, false
	for i := range r.Renditions {
		t := &r.Renditions[i]
		if t.Sequence != "" && t.Sequence != sequence {
			continue
		}
		any = true
		sum := 0.0
		list := analysed[t.ID]
		first, _ := slices.BinarySearchFunc(list, from, func(v jobs.Interval, at jobs.Seconds) int { return cmp.Compare(v.End, at) })
		for ; first < len(list) && list[first].Start < to; first++ {
			sum += float64(min(to, list[first].End) - max(from, list[first].Start))
		}
		least = min(least, sum/math.Max(1e-6, float64(to-from)))
	}
	if !any {
		return 0
	}
	return jobs.Number(math.Round(max(0, least)*1e3) / 1e3)
}
