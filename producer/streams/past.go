package streams

import (
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"aircheck/jobs"
	"aircheck/jobs/queue"
	"aircheck/producer/backfill"
	"aircheck/producer/events"
	"aircheck/producer/schedule"
)

// Bounds of schedules and events.
const (
	maxEntries = 1000
	minPoll    = 5 * time.Second
	maxEvery   = 366 * 24 * time.Hour
)

// schedule reads the entries under "schedule".
func (r *reader) schedule(n *yaml.Node) []schedule.Entry {
	var list []schedule.Entry
	names := map[string]int{}
	for _, one := range r.sequence(n, "schedule", maxEntries) {
		e := r.entry(one)
		if line := names[e.Name]; line > 0 {
			r.fail(one.Line, "name %q is taken by the entry of line %d", e.Name, line)
		}
		names[e.Name] = one.Line
		list = append(list, e)
	}
	return list
}

func (r *reader) entry(n *yaml.Node) schedule.Entry {
	e := schedule.Entry{CatchUp: schedule.CatchUpLast, Line: n.Line}
	cron, zone := "", time.UTC
	before := len(r.errs)
	r.mapping(n, "a schedule entry", fields{
		"name":     func(n *yaml.Node) { e.Name = r.streamName(n) },
		"cron":     func(n *yaml.Node) { cron = r.text(n, "cron") },
		"timezone": func(n *yaml.Node) { zone = r.zone(n) },
		"catch_up": func(n *yaml.Node) { e.CatchUp = r.catchUp(n) },
		"check":    func(n *yaml.Node) { e.Check = r.input(n) },
		"backfill": func(n *yaml.Node) { e.Backfill = r.backfill(n) },
		"profile":  func(n *yaml.Node) { e.Profile = r.profileName(n, "profile") },
		"queue":    func(n *yaml.Node) { e.Queue = r.queue(n) },
	})
	if len(r.errs) > before {
		return e
	}
	switch {
	case e.Name == "":
		r.fail(n.Line, "a schedule entry without a name")
	case cron == "":
		r.fail(n.Line, "schedule entry %q without a cron expression", e.Name)
	case (e.Check == "") == (e.Backfill == nil):
		r.fail(n.Line, "schedule entry %q: want one of check and backfill", e.Name)
	}
	var err error
	if e.Cron, err = schedule.ParseCron(cron, zone); err != nil && cron != "" {
		r.fail(n.Line, "schedule entry %q: %v", e.Name, err)
	}
	if e.Backfill != nil {
		e.Backfill.Zone = zone
		if _, err := e.Backfill.Where(time.Now()); err != nil {
			r.fail(n.Line, "schedule entry %q: backfill: %v", e.Name, err)
		}
	}
	return e
}

func (r *reader) streamName(n *yaml.Node) string {
	name := r.text(n, "name")
	if !jobs.ValidStreamName(name) {
		r.fail(n.Line, "name %q: want 1 to 48 small letters, digits, - and _, beginning with a letter or a digit", name)
	}
	return name
}

func (r *reader) zone(n *yaml.Node) *time.Location {
	name := r.text(n, "timezone")
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		r.fail(n.Line, "timezone %q: want a name such as Europe/Berlin or UTC", name)
		return time.UTC
	}
	return zone
}

func (r *reader) catchUp(n *yaml.Node) schedule.CatchUp {
	switch c := schedule.CatchUp(r.text(n, "catch_up")); c {
	case schedule.CatchUpNone, schedule.CatchUpLast, schedule.CatchUpAll:
		return c
	default:
		r.fail(n.Line, "catch_up: %q; want none, last or all", c)
		return schedule.CatchUpLast
	}
}

func (r *reader) queue(n *yaml.Node) string {
	q := r.text(n, "queue")
	if err := queue.ValidName(q); err != nil {
		r.fail(n.Line, "queue: %v", err)
	}
	return q
}

// input reads an address with places for a time. Paths are those of producer and workers, and are whole: the producer's directory is nobody's business.
func (r *reader) input(n *yaml.Node) string {
	s := r.text(n, "check")
	if s == "" {
		return s
	}
	if err := CheckURL(backfill.Expand(s, time.Unix(0, 0).UTC())); err != nil {
		r.fail(n.Line, "check: %v", err)
	}
	return s
}

func (r *reader) backfill(n *yaml.Node) *backfill.Spec {
	s := &backfill.Spec{To: "now"}
	r.mapping(n, "a backfill", fields{
		"stream": func(n *yaml.Node) { s.Target = r.streamName(n) },
		"prefix": func(n *yaml.Node) {
			if s.Target = r.text(n, "prefix"); jobs.ValidStreamName(s.Target) {
				r.fail(n.Line, "prefix %q: want s3://bucket/prefix or a whole path", s.Target)
			}
		},
		"layout":       func(n *yaml.Node) { s.Layout = r.text(n, "layout") },
		"from":         func(n *yaml.Node) { s.From = r.text(n, "from") },
		"to":           func(n *yaml.Node) { s.To = r.text(n, "to") },
		"every":        func(n *yaml.Node) { s.Every = r.duration(n, "every", time.Minute, maxEvery) },
		"only_missing": func(n *yaml.Node) { s.OnlyMissing = r.flag(n, "only_missing") },
	})
	return s
}

func (r *reader) flag(n *yaml.Node, what string) bool {
	switch r.text(n, what) {
	case "true":
		return true
	case "false":
	default:
		r.fail(n.Line, "%s: want true or false", what)
	}
	return false
}

// events reads the entries under "events".
func (r *reader) events(n *yaml.Node) []events.Rule {
	var list []events.Rule
	for _, one := range r.sequence(n, "events", maxEntries) {
		rule := events.Rule{Line: one.Line}
		before := len(r.errs)
		r.mapping(one, "an events entry", fields{
			"bucket": func(n *yaml.Node) { rule.Bucket = r.bucket(n) },
			"prefix": func(n *yaml.Node) { rule.Prefix = r.text(n, "prefix") },
			"suffix": func(n *yaml.Node) {
				if n.Kind == yaml.ScalarNode {
					rule.Suffixes = []string{r.text(n, "suffix")}
					return
				}
				rule.Suffixes = r.texts(n, "suffix")
			},
			"profile":  func(n *yaml.Node) { rule.Profile = r.profileName(n, "profile") },
			"queue":    func(n *yaml.Node) { rule.Queue = r.queue(n) },
			"poll":     func(n *yaml.Node) { rule.Poll = r.duration(n, "poll", minPoll, maxEvery) },
			"existing": func(n *yaml.Node) { rule.Existing = r.flag(n, "existing") },
		})
		switch {
		case len(r.errs) > before:
		case rule.Bucket == "":
			r.fail(one.Line, "an events entry without a bucket")
		case filepath.IsAbs(rule.Bucket) && rule.Poll == 0:
			r.fail(one.Line, "bucket %s is a directory, which sends no notifications: give poll", rule.Bucket)
		}
		list = append(list, rule)
	}
	return list
}

func (r *reader) bucket(n *yaml.Node) string {
	b := r.text(n, "bucket")
	if strings.Contains(b, ":") || !filepath.IsAbs(b) && strings.Contains(b, "/") {
		r.fail(n.Line, "bucket %q: want the name of a bucket, or the whole path of a directory", b)
	}
	return b
}
