package follow

import (
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
)

const (
	// maxFindings bounds what is told of delivery in one check: a stream that breaks a rule with every segment does so 1800 times an hour.
	maxFindings = 2000
	// maxKeys bounds the faults that can go on: the ones that were told last.
	maxKeys = 200
	// tellWithin is how long a new fault may wait for others before it is written down.
	tellWithin = time.Second
)

// fault is a finding about delivery; one that lasts is told again under its key.
type fault struct {
	key     string
	finding jobs.Finding
	index   int // its place in the check's findings; negative: it is not written yet
	dirty   bool
	turn    int // of the ledger when it was told last
}

// ledger holds the faults of a period that have news, and those that may have more.
type ledger struct {
	told int // findings in instalments
	news []*fault
	keys map[string]*fault
	// turn counts what is told.
	turn int
	// fresh is since when a fault waits that was never written; zero: none does.
	fresh time.Time
	// markers that wait for the next instalment.
	markers []jobs.Marker
}

// tell adds a finding, or lets the one of its key go on.
func (l *ledger) tell(key string, f jobs.Finding, now time.Time) (isNew bool) {
	l.turn++
	if old := l.keys[key]; key != "" && old != nil {
		old.turn = l.turn
		f.Start = old.finding.Start
		f.End = max(f.End, old.finding.End)
		if old.finding = f; !old.dirty {
			old.dirty = true
			l.news = append(l.news, old)
		}
		return false
	}
	if l.told+len(l.news) >= maxFindings {
		return false
	}
	one := &fault{key: key, finding: f, index: -1, dirty: true, turn: l.turn}
	l.news = append(l.news, one)
	if l.fresh.IsZero() {
		l.fresh = now
	}
	if key != "" {
		l.keep(one)
	}
	return true
}

// keep remembers a fault that may go on, in the place of the one that was told least lately when there are too many.
func (l *ledger) keep(one *fault) {
	if l.keys == nil {
		l.keys = map[string]*fault{}
	}
	if len(l.keys) >= maxKeys {
		var oldest *fault
		for _, f := range l.keys {
			if oldest == nil || f.turn < oldest.turn {
				oldest = f
			}
		}
		delete(l.keys, oldest.key)
	}
	l.keys[one.key] = one
}

// begun is where the fault of a key begins on the timeline; false when there is none.
func (l *ledger) begun(key string) (jobs.Micros, bool) {
	old := l.keys[key]
	if key == "" || old == nil {
		return 0, false
	}
	return old.finding.Start.Micros(), true
}

// write gives what an instalment is to say, and the keys with their places when it is written.
func (l *ledger) write() (findings []jobs.Finding, updates []jobs.FindingUpdate, keys map[string]int) {
	keys = map[string]int{}
	for key, f := range l.keys {
		if f.index >= 0 {
			keys[key] = f.index
		}
	}
	for _, f := range l.news {
		if f.index >= 0 {
			updates = append(updates, jobs.FindingUpdate{Index: f.index, Finding: f.finding})
			continue
		}
		if l.keys[f.key] == f {
			keys[f.key] = l.told + len(findings)
		}
		findings = append(findings, f.finding)
	}
	return findings, updates, keys
}

// written follows a write whose instalment was stored.
func (l *ledger) written() {
	for _, f := range l.news {
		if f.dirty = false; f.index < 0 {
			f.index = l.told
			l.told++
		}
	}
	l.news, l.markers, l.fresh = nil, nil, time.Time{}
}

// idle tells whether there is nothing to write.
func (l *ledger) idle() bool { return len(l.news) == 0 && len(l.markers) == 0 }

// findingOf makes a finding of a fault that lies at start to end; sequence is that of the check.
func findingOf(f *live.Fault, sequence string, start, end jobs.Micros) jobs.Finding {
	out := jobs.Finding{
		Code: f.Code, Severity: jobs.Warn, Rendition: sequence, Start: start.At(), End: max(start, end).At(), Confidence: 1, Message: f.Message,
	}
	if r, ok := jobs.RuleOf(f.Code); ok && r.Unit != "" {
		out.Value, out.Unit = jobs.Figure(f.Value), r.Unit
	}
	return out
}
