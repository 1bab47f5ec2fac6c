package backfill

import (
	"fmt"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
)

// Spec is what people say about a backfill, on a command line or in streams.yaml.
type Spec struct {
	// Target is the name of an archived stream, or else a directory or s3://bucket/prefix whose keys hold dates; empty with a Layout.
	Target string
	Layout string
	// From and To are times as ParseTime reads them.
	From, To string
	Every    time.Duration
	Zone     *time.Location // nil: UTC
	// OnlyMissing is that of Planner.
	OnlyMissing bool
}

// Where makes it definite; now is what "now" and distances are taken from.
func (s Spec) Where(now time.Time) (Where, error) {
	zone := s.Zone
	if zone == nil {
		zone = time.UTC
	}
	w := Where{Every: s.Every, Zone: zone}
	var err error
	if w.From, err = ParseTime(s.From, now, zone); err != nil {
		return w, fmt.Errorf("from: %w", err)
	}
	if w.To, err = ParseTime(s.To, now, zone); err != nil {
		return w, fmt.Errorf("to: %w", err)
	}
	if !w.From.Before(w.To) {
		return w, fmt.Errorf("from %s to %s there is no time", w.From.Format(time.RFC3339), w.To.Format(time.RFC3339))
	}
	return w, s.place(&w)
}

// Name is what a backfill is called where it is shown.
func (s Spec) Name() string {
	if s.Layout != "" {
		return storage.Redact(s.Layout)
	}
	return storage.Redact(s.Target)
}

func (s Spec) place(w *Where) error {
	switch {
	case s.Layout != "" && s.Target != "":
		return fmt.Errorf("a layout names the whole place: %q beside it says nothing", s.Target)
	case s.Layout != "":
		l, err := ParseLayout(s.Layout, w.Zone)
		w.Layout = &l
		return err
	case s.Target == "":
		return fmt.Errorf("there is no stream, no prefix and no layout")
	case jobs.ValidStreamName(s.Target):
		w.Stream = s.Target
		return nil
	}
	if scheme := storage.Scheme(s.Target); scheme != "" && scheme != "s3" && scheme != "file" {
		return fmt.Errorf("%s cannot be listed: give a layout such as https://host/{yyyy}/{mm}/{dd}/master.m3u8", storage.Redact(s.Target))
	}
	w.Prefix = s.Target
	return nil
}
