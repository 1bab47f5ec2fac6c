package fold

import (
	"context"
	"sync"

	"aircheck/jobs"
	"aircheck/jobs/archive"
)

// fetchedAhead is how many results are on their way while one is judged. Judging a minute takes some milliseconds, and a store that is asked for one result at a time answers as
// slowly as that or worse.
const fetchedAhead = 4

// ahead fetches the results of a check's windows, in their order, before they are asked for.
type ahead struct {
	archive *archive.Archive
	check   *jobs.Check
	results map[jobs.WindowID]archive.Result
	begun   int // windows that are or were on their way
	waiting []chan fetched
	stop    context.CancelFunc
	running sync.WaitGroup
}

// fetched is what archive.Window said.
type fetched struct {
	object  []byte
	outcome *jobs.Outcome
	err     error
}

// next waits for the next window's result.
func (a *ahead) next(ctx context.Context) fetched {
	for len(a.waiting) < fetchedAhead && a.begun < len(a.check.Windows) {
		a.begin(ctx, a.check.Windows[a.begun].ID())
	}
	first := a.waiting[0]
	a.waiting = a.waiting[1:]
	return <-first
}

func (a *ahead) begin(ctx context.Context, w jobs.WindowID) {
	a.begun++
	here := make(chan fetched, 1)
	a.waiting = append(a.waiting, here)
	a.running.Go(func() {
		var f fetched
		f.object, f.outcome, f.err = a.archive.Window(ctx, a.check.ID, w, a.results[w])
		here <- f
	})
}

// close gives up what nobody has asked for.
func (a *ahead) close() {
	a.stop()
	a.running.Wait()
}
