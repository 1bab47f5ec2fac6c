package queue

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/hibiken/asynq"

	"aircheck/jobs"
)

// WindowTimeout is how long one attempt at a window may take. Decoding runs at several times real time on one core; ten times slower than
// real time, beyond two minutes for starting and fetching, is a hang and no slowness. Whole seconds, as asynq counts.
func WindowTimeout(w jobs.Window) time.Duration {
	length := time.Duration(max(w.End-w.Start, 0)) * time.Microsecond
	return min(2*time.Minute+10*length, time.Hour).Truncate(time.Second)
}

// JudgeTimeout is how long one attempt at a verdict may take: 10,000 times real time makes a second of three hours; the rest is reading objects.
const JudgeTimeout = 15 * time.Minute

// Policy says how often a task is tried. The zero value means the defaults.
type Policy struct {
	// Attempts by class, the first one included. All failures of a task count, whatever class the earlier ones had. Defaults: Transient 12 (about
	// six minutes with the delays below), Crash 3, Timeout 2, Permanent and Undecodable 1. A window whose transient attempts are spent gets one more,
	// with jobs.Task.LastTry, so that what cannot be had costs its own time and not the time of the window around it.
	Attempts map[jobs.Class]int
	// FirstDelay follows the first transient failure and doubles with each further one, up to MaxDelay. Defaults to 1 s and 1 min.
	FirstDelay, MaxDelay time.Duration
}

func (p Policy) withDefaults() Policy {
	attempts := map[jobs.Class]int{jobs.Transient: 12, jobs.Crash: 3, jobs.Timeout: 2, jobs.Permanent: 1, jobs.Undecodable: 1}
	for class, n := range p.Attempts {
		attempts[class] = max(n, 1)
	}
	p.Attempts = attempts
	if p.FirstDelay <= 0 {
		p.FirstDelay = time.Second
	}
	if p.MaxDelay <= 0 {
		p.MaxDelay = time.Minute
	}
	return p
}

// spent tells whether a task that failed with this class, after so many failures before, is not to be tried again. Being cancelled
// never spends anything.
func (p Policy) spent(class jobs.Class, failures int) bool {
	n, ok := p.Attempts[class]
	return ok && failures+1 >= n
}

// last tells whether an attempt after so many failures is the one more that follows the transient ones.
func (p Policy) last(failures int) bool { return failures >= p.Attempts[jobs.Transient] }

// delay is asynq's RetryDelayFunc.
func (p Policy) delay(failures int, err error, _ *asynq.Task) time.Duration {
	if !isFailure(err) {
		return 0 // the job did nothing wrong: it runs again as soon as somebody can take it
	}
	switch jobs.ClassOf(err) {
	case jobs.Crash, jobs.Timeout:
		return p.FirstDelay // waiting longer does not make a decoder wiser
	}
	d := min(p.FirstDelay<<min(failures, 20), p.MaxDelay)
	// The jitter keeps a fleet that failed at one moment from coming back at one moment.
	return d + rand.N(d/2+1)
}

// isFailure is asynq's IsFailure: a worker that died or was stopped is not the job's fault and does not use up its attempts.
func isFailure(err error) bool {
	return err != nil && !errors.Is(err, asynq.ErrLeaseExpired) && jobs.ClassOf(err) != jobs.Cancelled
}

// errDeadline is the cause of a context that ran into our own deadline.
var errDeadline = jobs.Classify(jobs.Timeout, errors.New("the window took longer than its time"))

// classified gives an error of an attempt its final class: what fails because our deadline passed is a timeout, however it calls itself.
func classified(ctx context.Context, err error) error {
	switch jobs.ClassOf(err) {
	case jobs.Cancelled, jobs.Transient:
		if errors.Is(context.Cause(ctx), errDeadline) {
			return jobs.Classify(jobs.Timeout, err)
		}
		if ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
			return jobs.Classify(jobs.Cancelled, err)
		}
	}
	return err
}
