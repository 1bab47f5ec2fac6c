package web

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"sync"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/queue"
)

// How old what the wall shows may be. Whoever looks shares what was read for somebody else.
const (
	boardEvery = time.Second
	// thisHourEvery is for the hour that runs and the one before, which is still being judged; the others stand.
	thisHourEvery = 5 * time.Second
	oldHoursEvery = time.Minute
	// maxStreams bounds the wall; a file of streams holds fewer.
	maxStreams = 20_000
)

// wallSource is what the wall is made of; *queue.Client is one.
type wallSource interface {
	Followed(ctx context.Context) (map[string]queue.StreamStatus, error)
	Leaders(ctx context.Context, streams []string) (map[string]string, error)
	Hours(ctx context.Context, from, to time.Time) ([]jobs.StreamHour, error)
}

// line is a row as it was sent, and the version of the wall with which it last changed.
type line struct {
	row     row
	html    template.HTML
	version uint64
}

// board is the wall as it was seen last. It is safe for concurrent use, and runs only when somebody asks.
type board struct {
	source wallSource
	render func(row) (template.HTML, error)
	now    func() time.Time
	price  float64

	mu      sync.Mutex
	read    time.Time // when
	version uint64
	lines   map[string]*line
	gone    map[string]uint64 // names that are no longer shown, by the version that dropped them
	old     cached
	recent  cached
}

// cached is hours that were read a while ago.
type cached struct {
	from, to time.Time
	read     time.Time
	hours    map[string][]jobs.StreamHour
}

func newBoard(source wallSource, render func(row) (template.HTML, error), price float64, now func() time.Time) *board {
	// Versions begin with the clock, so that those of a site that was started anew are newer than all before.
	return &board{source: source, render: render, now: now, price: price, version: uint64(max(now().UnixMilli(), 0)), lines: map[string]*line{}, gone: map[string]uint64{}}
}

// wallNews is what changed on the wall since a version.
type wallNews struct {
	Version uint64                   `json:"version"`
	Rows    map[string]template.HTML `json:"rows,omitempty"`
	Gone    []string                 `json:"gone,omitempty"`
	Totals  totals                   `json:"totals"`
}

// totals are the figures above the wall.
type totals struct {
	Streams int `json:"streams"`
	Fail    int `json:"fail"`
	Warn    int `json:"warn"`
	Silent  int `json:"silent"`
	Unseen  int `json:"unseen"`
	Pass    int `json:"pass"`
	Ended   int `json:"ended"`
}

func (t *totals) add(s state) {
	t.Streams++
	switch s {
	case stateFail:
		t.Fail++
	case stateWarn:
		t.Warn++
	case stateSilent:
		t.Silent++
	case stateUnseen:
		t.Unseen++
	case statePass:
		t.Pass++
	default:
		t.Ended++
	}
}

// since gives the rows that changed after a version; ok is false when there is nothing new.
func (b *board) since(ctx context.Context, version uint64) (news wallNews, ok bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.look(ctx); err != nil {
		return wallNews{}, false, err
	}
	if version == b.version {
		return wallNews{}, false, nil
	}
	if version > b.version {
		version = 0 // of another process, whose clock was ahead
	}
	news = wallNews{Version: b.version, Rows: map[string]template.HTML{}}
	for name, l := range b.lines {
		news.Totals.add(l.row.State)
		if l.version > version {
			news.Rows[name] = l.html
		}
	}
	for name, dropped := range b.gone {
		if dropped > version {
			news.Gone = append(news.Gone, name)
		}
	}
	slices.Sort(news.Gone)
	return news, len(news.Rows)+len(news.Gone) > 0, nil
}

// wall is all of it, worst first.
func (b *board) wall(ctx context.Context) (lines []template.HTML, t totals, version uint64, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.look(ctx); err != nil {
		return nil, t, 0, err
	}
	all := make([]*line, 0, len(b.lines))
	for _, l := range b.lines {
		all = append(all, l)
		t.add(l.row.State)
	}
	slices.SortFunc(all, func(x, y *line) int { return worstFirst(x.row, y.row) })
	for _, l := range all {
		lines = append(lines, l.html)
	}
	return lines, t, b.version, nil
}

func worstFirst(x, y row) int {
	return cmp.Or(cmp.Compare(y.Rank(), x.Rank()), cmp.Compare(y.Open(), x.Open()), strings.Compare(x.Name, y.Name))
}

// look reads anew when what is known is too old.
func (b *board) look(ctx context.Context) error {
	now := b.now()
	if !b.read.IsZero() && now.Sub(b.read) < boardEvery && !now.Before(b.read) {
		return nil
	}
	streams, err := b.source.Followed(ctx)
	if err != nil {
		return err
	}
	advice, err := b.advice(ctx, streams, now)
	if err != nil {
		return err
	}
	hours, err := b.hours(ctx, now)
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for name := range streams {
		names[name] = true
	}
	for name := range hours {
		names[name] = true
	}
	if len(names) > maxStreams {
		return fmt.Errorf("show %d streams: at most %d", len(names), maxStreams)
	}
	before := b.version
	b.version++
	changed := false
	for name := range names {
		var status *queue.StreamStatus
		if s, ok := streams[name]; ok {
			status = &s
		}
		r := makeRow(name, status, hours[name], now, b.price)
		r.Advice = advice[name]
		fresh, err := b.set(r)
		if err != nil {
			return err
		}
		changed = changed || fresh
	}
	for name := range b.lines {
		if !names[name] {
			delete(b.lines, name)
			b.gone[name], changed = b.version, true
		}
	}
	if !changed {
		b.version = before
	}
	if len(b.gone) > maxStreams {
		clear(b.gone) // pages that are open show the oldest of them until they are loaded anew
	}
	b.read = now
	return nil
}

// advice is what to do about the streams that are silent, or of which nothing was judged yet, by name.
func (b *board) advice(ctx context.Context, streams map[string]queue.StreamStatus, now time.Time) (map[string]string, error) {
	var names []string
	for name, s := range streams {
		if s.Silent(now) || !s.Wanted.IsZero() {
			names = append(names, name)
		}
	}
	leaders, err := b.source.Leaders(ctx, names)
	if err != nil {
		return nil, err
	}
	advice := make(map[string]string, len(names))
	for _, name := range names {
		s := streams[name]
		advice[name] = s.Advice(leaders[name], now)
	}
	return advice, nil
}

// set takes a row over and tells whether it is another one than before.
func (b *board) set(r row) (changed bool, err error) {
	if l := b.lines[r.Name]; l != nil && l.row == r {
		return false, nil
	}
	html, err := b.render(r)
	if err != nil {
		return false, err
	}
	b.lines[r.Name] = &line{row: r, html: html, version: b.version}
	delete(b.gone, r.Name)
	return true, nil
}

// hours reads the last day: what is over once a minute, what runs more often.
func (b *board) hours(ctx context.Context, now time.Time) (map[string][]jobs.StreamHour, error) {
	this := now.UTC().Truncate(time.Hour)
	last := this.Add(-time.Hour)
	if err := b.old.refresh(ctx, b.source, this.Add(-wallHours*time.Hour), last, now, oldHoursEvery); err != nil {
		return nil, err
	}
	if err := b.recent.refresh(ctx, b.source, last, this.Add(time.Hour), now, thisHourEvery); err != nil {
		return nil, err
	}
	all := make(map[string][]jobs.StreamHour, len(b.old.hours))
	for name, list := range b.old.hours {
		all[name] = list
	}
	for name, list := range b.recent.hours {
		all[name] = append(slices.Clip(all[name]), list...)
	}
	return all, nil
}

func (c *cached) refresh(ctx context.Context, source wallSource, from, to, now time.Time, every time.Duration) error {
	if c.from.Equal(from) && c.to.Equal(to) && now.Sub(c.read) < every && !now.Before(c.read) {
		return nil
	}
	list, err := source.Hours(ctx, from, to)
	if err != nil {
		return err
	}
	slices.SortStableFunc(list, func(x, y jobs.StreamHour) int { return x.Hour.Compare(y.Hour) })
	hours := map[string][]jobs.StreamHour{}
	for _, h := range list {
		hours[h.Stream] = append(hours[h.Stream], h)
	}
	*c = cached{from: from, to: to, read: now, hours: hours}
	return nil
}

// renderer makes rows of the wall's own template, so that a row that is sent later looks as it does on the page.
func renderer(t *template.Template) func(row) (template.HTML, error) {
	return func(r row) (template.HTML, error) {
		var b bytes.Buffer
		if err := t.ExecuteTemplate(&b, "row", r); err != nil {
			return "", fmt.Errorf("render the row of stream %s: %w", r.Name, err)
		}
		return template.HTML(b.String()), nil //nolint:gosec // html/template made it
	}
}

// one is the row of one stream with the hours of its last day, the oldest first; nil when it is not known.
func (b *board) one(ctx context.Context, name string) (*row, []jobs.StreamHour, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.look(ctx); err != nil {
		return nil, nil, err
	}
	l := b.lines[name]
	if l == nil {
		return nil, nil, nil
	}
	r := l.row
	return &r, append(slices.Clip(b.old.hours[name]), b.recent.hours[name]...), nil
}
