package web

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/queue"
)

// fake is a source of made-up streams. The zero fake has none.
type fake struct {
	mu      sync.Mutex
	streams map[string]queue.StreamStatus
	leaders map[string]string
	hours   []jobs.StreamHour
	events  []jobs.Event
	recent  []queue.RecentCheck
	asked   int // how often for streams
}

func (f *fake) Followed(context.Context) (map[string]queue.StreamStatus, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	all := make(map[string]queue.StreamStatus, len(f.streams))
	for name, s := range f.streams {
		all[name] = s
	}
	return all, nil
}

func (f *fake) Leaders(_ context.Context, names []string) (map[string]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	leaders := map[string]string{}
	for _, name := range names {
		if leader, ok := f.leaders[name]; ok {
			leaders[name] = leader
		}
	}
	return leaders, nil
}

func (f *fake) Hours(_ context.Context, from, to time.Time) ([]jobs.StreamHour, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []jobs.StreamHour
	for _, h := range f.hours {
		if !h.Hour.Before(from) && h.Hour.Before(to) {
			list = append(list, h)
		}
	}
	return list, nil
}

func (f *fake) LastEvent(context.Context) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return fmt.Sprintf("%d-0", len(f.events)), nil
}

func (f *fake) Events(_ context.Context, after string) ([]jobs.Event, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var n int
	if _, err := fmt.Sscanf(after, "%d-0", &n); err != nil || n > len(f.events) {
		n = len(f.events)
	}
	return append([]jobs.Event(nil), f.events[n:]...), fmt.Sprintf("%d-0", len(f.events)), nil
}

func (f *fake) LatestEvents(context.Context) ([]jobs.Event, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]jobs.Event(nil), f.events...), fmt.Sprintf("%d-0", len(f.events)), nil
}

func (f *fake) Recent(_ context.Context, from, n int) ([]queue.RecentCheck, int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	from = min(from, len(f.recent))
	return append([]queue.RecentCheck(nil), f.recent[from:min(from+n, len(f.recent))]...), len(f.recent), nil
}

// set changes a stream.
func (f *fake) set(s queue.StreamStatus) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.streams == nil {
		f.streams = map[string]queue.StreamStatus{}
	}
	f.streams[s.Stream] = s
}

func (f *fake) tell(e jobs.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, e)
}

// manyStreams makes n streams of which some have faults, each with a day behind it.
func manyStreams(n int, now time.Time) *fake {
	f := &fake{}
	random := rand.New(rand.NewPCG(1, 2))
	this := now.UTC().Truncate(time.Hour)
	for i := range n {
		name := fmt.Sprintf("channel-%04d", i)
		s := queue.StreamStatus{
			Stream: name, Check: jobs.LiveID(name, this), Time: now.Add(-time.Duration(random.IntN(10)) * time.Second), Latency: jobs.Number(6 + random.Float64()*6),
		}
		switch i % 40 {
		case 3:
			s.Open = map[jobs.Severity]int{jobs.Fail: 1 + random.IntN(3), jobs.Warn: random.IntN(3)}
		case 7, 8, 9:
			s.Open = map[jobs.Severity]int{jobs.Warn: 1 + random.IntN(4), jobs.Info: random.IntN(5)}
		case 11:
			s.Time = now.Add(-20 * time.Minute)
		case 12:
			s.Time, s.Verdict = now.Add(-3*time.Hour), jobs.VerdictPass
		}
		f.set(s)
		for h := range wallHours + 1 {
			f.hours = append(f.hours, madeHour(random, name, this.Add(-time.Duration(h)*time.Hour), now, i))
		}
	}
	return f
}

func madeHour(random *rand.Rand, name string, hour, now time.Time, i int) jobs.StreamHour {
	minutes := []byte(strings.Repeat(string(jobs.MinuteClean), hourMinutes))
	fill := func(letter byte, n int) {
		from := random.IntN(hourMinutes)
		for k := from; k < min(from+n, hourMinutes); k++ {
			minutes[k] = letter
		}
	}
	if random.IntN(6) == 0 {
		fill(jobs.MinuteWarn, 1+random.IntN(9))
	}
	if random.IntN(20) == 0 || i%40 == 3 && random.IntN(3) == 0 {
		fill(jobs.MinuteFail, 1+random.IntN(6))
	}
	if random.IntN(40) == 0 {
		fill(jobs.MinuteNone, 5+random.IntN(40))
	}
	for k := range minutes {
		if hour.Add(time.Duration(k) * time.Minute).After(now.Add(-time.Minute)) {
			minutes[k] = jobs.MinuteNone
		}
	}
	return jobs.StreamHour{Stream: name, Hour: hour, Check: jobs.LiveID(name, hour), Minutes: string(minutes), CPU: jobs.Number(80 + random.Float64()*160)}
}
