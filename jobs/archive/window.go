package archive

import (
	"context"
	"errors"
	"fmt"

	"aircheck/jobs"
	"aircheck/storage"
)

// Result says what the store holds of a window.
type Result int

// The results of a window. An outcome beats a measurement: it is written only where there is none, so a measurement beside it comes from a
// worker that had been given up, and must not change what was judged without it.
const (
	None Result = iota
	Measured
	Failed
)

// ErrUnreadable is wrapped by the errors about results that are there and of no use: damaged, too large, or of another release.
var ErrUnreadable = errors.New("unreadable result")

// Results lists the windows of a check that are done, by one listing.
func (a *Archive) Results(ctx context.Context, id string) (map[jobs.WindowID]Result, error) {
	prefix, err := storage.MeasurementPrefix(id)
	if err != nil {
		return nil, permanent("list results", err)
	}
	results := map[jobs.WindowID]Result{}
	err = a.store.List(ctx, prefix, func(info storage.Info) error {
		k, err := storage.ParseMeasurement(info.Key)
		if err != nil {
			return nil // somebody put something else there
		}
		w := jobs.WindowID{Sequence: k.Sequence, Index: k.Window}
		if k.Failed {
			results[w] = Failed
		} else if results[w] == None {
			results[w] = Measured
		}
		return nil
	})
	if err != nil {
		return nil, classify("list results", err)
	}
	return results, nil
}

// Result looks for the result of one window.
func (a *Archive) Result(ctx context.Context, check string, w jobs.WindowID) (Result, error) {
	outcome, err := storage.Outcome(check, w.Sequence, w.Index)
	if err != nil {
		return None, permanent("outcome", err)
	}
	measurement, err := storage.Measurement(check, w.Sequence, w.Index)
	if err != nil {
		return None, permanent("measurement", err)
	}
	if ok, err := a.has(ctx, outcome); ok || err != nil {
		return Failed, err
	}
	if ok, err := a.has(ctx, measurement); ok || err != nil {
		return Measured, err
	}
	return None, nil
}

// PutMeasurement stores the measurement of a window. One that is there already stays: both are the same pure function of the same media.
func (a *Archive) PutMeasurement(ctx context.Context, check string, w jobs.WindowID, object []byte) error {
	key, err := storage.Measurement(check, w.Sequence, w.Index)
	if err != nil {
		return permanent("measurement", err)
	}
	return a.putOnce(ctx, "put measurement", key, object)
}

// PutOutcome stores why a window has no measurement, unless it has one.
func (a *Archive) PutOutcome(ctx context.Context, o jobs.Outcome) error {
	w := jobs.WindowID{Sequence: o.Sequence, Index: o.Window}
	if r, err := a.Result(ctx, o.Check, w); r != None || err != nil {
		return err
	}
	doc, err := jobs.EncodeOutcome(o)
	if err != nil {
		return err
	}
	key, err := storage.Outcome(o.Check, o.Sequence, o.Window)
	if err != nil {
		return permanent("outcome", err)
	}
	return a.putOnce(ctx, "put outcome", key, doc)
}

// Window reads the result of a window that r, from Results, says it has.
func (a *Archive) Window(ctx context.Context, check string, w jobs.WindowID, r Result) (object []byte, outcome *jobs.Outcome, err error) {
	switch r {
	case Failed:
		o, err := a.outcome(ctx, check, w)
		if err != nil {
			return nil, nil, err
		}
		return nil, &o, nil
	case Measured:
		key, err := storage.Measurement(check, w.Sequence, w.Index)
		if err != nil {
			return nil, nil, permanent("measurement", err)
		}
		object, err = a.get(ctx, key, MaxMeasurementBytes)
		if errors.Is(err, storage.ErrTooLarge) {
			err = fmt.Errorf("%w: %w", ErrUnreadable, err)
		}
		return object, nil, classify("get measurement", err)
	}
	return nil, nil, permanent("read result", fmt.Errorf("window %d of %s in check %s: %w", w.Index, w.Sequence, check, storage.ErrNotFound))
}

// Discard deletes the result r of a window, which nobody can read, so that it counts as having none.
func (a *Archive) Discard(ctx context.Context, check string, w jobs.WindowID, r Result) error {
	var key string
	var err error
	switch r {
	case Failed:
		key, err = storage.Outcome(check, w.Sequence, w.Index)
	case Measured:
		key, err = storage.Measurement(check, w.Sequence, w.Index)
	default:
		return nil
	}
	if err != nil {
		return permanent("discard result", err)
	}
	return classify("discard result", a.store.Delete(ctx, key))
}

func (a *Archive) outcome(ctx context.Context, check string, w jobs.WindowID) (jobs.Outcome, error) {
	key, err := storage.Outcome(check, w.Sequence, w.Index)
	if err != nil {
		return jobs.Outcome{}, permanent("outcome", err)
	}
	doc, err := a.get(ctx, key, jobs.MaxOutcomeBytes)
	if err != nil {
		return jobs.Outcome{}, classify("get outcome", err)
	}
	o, err := jobs.DecodeOutcome(doc)
	if err != nil {
		return jobs.Outcome{}, permanent("outcome", fmt.Errorf("%w: %w", ErrUnreadable, err))
	}
	return o, nil
}
