package notify

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"aircheck/jobs"
)

// Feed is where events come from and where the one process that notifies keeps its state; *queue.Client is one.
type Feed interface {
	LastEvent(ctx context.Context) (string, error)
	Events(ctx context.Context, after string) ([]jobs.Event, string, error)
	LeadNotify(ctx context.Context, owner string) (bool, error)
	ResignNotify(ctx context.Context, owner string) error
	NotifyState(ctx context.Context) ([]byte, error)
	PutNotifyState(ctx context.Context, owner string, state []byte) (bool, error)
	// TellSilence makes events of streams that fell silent and are heard again.
	TellSilence(ctx context.Context, now time.Time) error
}

const (
	// pollEvery is how often events are asked for: little beside a window.
	pollEvery = 500 * time.Millisecond
	// maxState bounds what is kept in Redis: a thousand waiting messages for each of some targets. The queue takes no more.
	maxState = 64 << 20
	// silenceEvery is how often streams are asked for of which nothing is heard.
	silenceEvery = 10 * time.Second
	// warmUp is how long this process looks before it says that a stream is silent: after an outage of all, workers and producers begin along with it.
	warmUp = 5 * time.Minute
	// resignWithin is how long the last words may take.
	resignWithin = 3 * time.Second
	// finishWithin is how long a process that ends waits for its last messages.
	finishWithin = 15 * time.Second
)

// Runner notifies, as long as it is the one process of the fleet that does. Feed, Sender, Config and Owner are required.
type Runner struct {
	Feed   Feed
	Sender *Sender
	// Config gives the configuration as it is now, and whether it changed since it was last asked for.
	Config func() (c *Config, changed bool)
	// Route names the targets of a stream; nil: all.
	Route func(stream string) []string
	Owner string
	// Last: the state ends with the process, so what waits to be grouped is sent before Run returns.
	Last bool
	Now  func() time.Time
	Log  *slog.Logger
	// Told is called with the figures after each change; nil: nobody wants them.
	Told func(map[string]Counts)

	sending sync.WaitGroup
}

// outcome is what came of a delivery.
type outcome struct {
	target, id string
	err        error
}

// turn is the time in which a process leads.
type turn struct {
	*Runner
	desk *Desk
	// outcomes has room for one of each target, which is all that can be on its way.
	outcomes chan outcome
	dirty    bool
	// began is since when Redis could be asked without a break, and listened when silence was looked for.
	began, listened time.Time
}

// Run notifies until ctx ends. What is on its way then is waited for, for the length of a target's timeout.
func (r *Runner) Run(ctx context.Context) error {
	t := time.NewTicker(pollEvery)
	defer t.Stop()
	var now *turn
	defer func() { r.leave(ctx, now) }()
	for {
		var outcomes chan outcome
		if now != nil {
			outcomes = now.outcomes
		}
		select {
		case <-ctx.Done():
			return nil
		case o := <-outcomes:
			now.done(o)
		case <-t.C:
			now = r.beat(ctx, now)
		}
	}
}

// beat takes a look; it gives the turn that goes on, nil for none.
func (r *Runner) beat(ctx context.Context, now *turn) *turn {
	leads, err := r.Feed.LeadNotify(ctx, r.Owner)
	switch {
	case err != nil:
		r.Log.Warn("notify", "error", err)
		if now != nil {
			now.began = time.Time{}
		}
		return now // what is known is told again when Redis is back
	case !leads:
		if now != nil {
			r.Log.Warn("another process notifies now")
		}
		return nil
	case now == nil:
		if now, err = r.begin(ctx); err != nil {
			r.Log.Warn("begin to notify", "error", err)
			return nil
		}
	}
	now.listen(ctx)
	if err := now.look(ctx); err != nil && ctx.Err() == nil {
		r.Log.Warn("notify", "error", err)
	}
	return now
}

// begin goes on where another process left, or with what comes from now on.
func (r *Runner) begin(ctx context.Context) (*turn, error) {
	saved, err := r.Feed.NotifyState(ctx)
	if err != nil {
		return nil, err
	}
	c, _ := r.Config()
	desk, err := NewDesk(c, saved, r.Log)
	if err != nil {
		r.Log.Error("notify", "error", err)
	}
	desk.Route = r.Route
	if desk.Cursor() == "" {
		last, err := r.Feed.LastEvent(ctx)
		if err != nil {
			return nil, err
		}
		desk.Take(nil, last, r.Now())
	}
	r.Log.Info("notify", "targets", len(c.Targets))
	return &turn{Runner: r, desk: desk, outcomes: make(chan outcome, maxTargets), dirty: true}, nil
}

// listen has it told when streams fall silent. What was out of reach said nothing either, so trouble with Redis begins the time anew.
func (t *turn) listen(ctx context.Context) {
	now := t.Now()
	if t.began.IsZero() {
		t.began = now
	}
	if now.Sub(t.began) < warmUp || now.Sub(t.listened) < silenceEvery {
		return
	}
	t.listened = now
	if err := t.Feed.TellSilence(ctx, now); err != nil && ctx.Err() == nil {
		t.began = time.Time{}
		t.Log.Warn("look for silent streams", "error", err)
	}
}

// look takes what is new and sends what is due.
func (t *turn) look(ctx context.Context) error {
	if c, changed := t.Config(); changed {
		t.desk.SetConfig(c)
		t.dirty = true
	}
	for {
		events, last, err := t.Feed.Events(ctx, t.desk.Cursor())
		if err != nil {
			return err
		}
		if last == t.desk.Cursor() {
			break
		}
		t.desk.Take(events, last, t.Now())
		t.dirty = true
	}
	for _, d := range t.desk.Due(t.Now()) {
		t.dirty = true
		t.send(ctx, d)
	}
	return t.save(ctx)
}

// send delivers beside the loop.
func (t *turn) send(ctx context.Context, d Delivery) {
	target := *d.Target
	t.sending.Go(func() {
		// What has begun is not broken off by the end of the process: the other side may have it by then.
		answer, err := t.Sender.Send(context.WithoutCancel(ctx), &target, &d.Message)
		if err == nil {
			t.Log.Info("told", "target", target.Name, "message", d.Message.Title(), "answer", answer)
		}
		t.outcomes <- outcome{target: target.Name, id: d.Message.ID, err: err}
	})
}

func (t *turn) done(o outcome) {
	t.desk.Done(o.target, o.id, o.err, t.Now())
	t.dirty = true
	if t.Told != nil {
		t.Told(t.desk.Counts())
	}
}

// save stores the state if it changed.
func (t *turn) save(ctx context.Context) error {
	if !t.dirty {
		return nil
	}
	b, err := t.desk.Encode(maxState)
	if err != nil {
		return fmt.Errorf("encode the notifier's state: %w", err)
	}
	if _, err := t.Feed.PutNotifyState(ctx, t.Owner, b); err != nil {
		return err
	}
	t.dirty = false
	return nil
}

// settle notes what came of all that was on its way.
func (t *turn) settle() {
	t.sending.Wait()
	for len(t.outcomes) > 0 {
		t.done(<-t.outcomes)
	}
}

// finish tells the last news and sends what waits, once.
func (t *turn) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, finishWithin)
	defer cancel()
	if events, last, err := t.Feed.Events(ctx, t.desk.Cursor()); err == nil {
		t.desk.Take(events, last, t.Now())
	}
	for ctx.Err() == nil {
		list := t.desk.Due(t.Now().Add(maxGroup))
		if len(list) == 0 {
			break
		}
		for _, d := range list {
			t.send(ctx, d)
		}
		t.settle()
	}
	for target, c := range t.desk.Counts() {
		if c.Waiting > 0 {
			t.Log.Error("messages are lost with this process", "target", target, "messages", c.Waiting, "error", c.LastError)
		}
	}
}

// leave waits for what is on its way, stores the state, and lets another process take over.
func (r *Runner) leave(ctx context.Context, now *turn) {
	r.sending.Wait()
	if now == nil {
		return
	}
	now.settle()
	if r.Last {
		now.finish(context.WithoutCancel(ctx))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), resignWithin)
	defer cancel()
	if err := now.save(ctx); err != nil {
		r.Log.Warn("notify", "error", err)
	}
	if err := r.Feed.ResignNotify(ctx, r.Owner); err != nil {
		r.Log.Warn("notify", "error", err)
	}
}
