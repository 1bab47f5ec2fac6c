package schedule

import (
	"time"

	"aircheck/producer/backfill"
)

// CatchUp says what becomes of the ticks that nobody was there for.
type CatchUp string

// The policies.
const (
	CatchUpNone CatchUp = "none" // they are left out
	CatchUpLast CatchUp = "last" // the newest of them runs, late
	CatchUpAll  CatchUp = "all"  // each of them runs, for itself
)

// Entry is one thing that is done again and again: a check of an input, or a backfill.
type Entry struct {
	Name    string
	Cron    Cron
	CatchUp CatchUp
	// Check is the address of an input, with places for parts of the tick's time as in a backfill's layout; empty for a backfill.
	Check string
	// Backfill is taken at the tick's time: that is its "now".
	Backfill *backfill.Spec
	// Profile is a name or a file, as --profile takes it; empty for the default one.
	Profile string
	Queue   string // empty: backfill, for a check vod
	// Line is where the entry begins in its file.
	Line int
}

// Input is the address of the input of a tick.
func (e Entry) Input(tick time.Time) string { return backfill.Expand(e.Check, tick.In(e.Cron.zone)) }

// Equal tells whether two entries ask for the same, wherever they stand.
func (e Entry) Equal(o Entry) bool {
	same := e.Name == o.Name && e.Cron.text == o.Cron.text && e.Cron.zone.String() == o.Cron.zone.String() && e.CatchUp == o.CatchUp && e.Check == o.Check &&
		e.Profile == o.Profile && e.Queue == o.Queue && (e.Backfill == nil) == (o.Backfill == nil)
	if !same || e.Backfill == nil {
		return same
	}
	one, other := *e.Backfill, *o.Backfill
	one.Zone, other.Zone = nil, nil // that of the entry
	return one == other
}
