package hls

import (
	"fmt"
	"math"
	"time"

	"aircheck/jobs"
)

// timeRules are those about dates and discontinuities.
func (p *parser) timeRules(m *Media) {
	p.programTimeRule(m)
	p.discontinuityRule(m)
}

// roundedLength is how much a whole-second EXTINF may be wrong.
const roundedLength = 500_000 * time.Microsecond

// sameDate is by how much the time between two dates and the durations between them may differ: dates and EXTINF in whole milliseconds, as the examples of
// RFC 8216 have them, are wrong by half of one each, or by one where they are cut off.
const sameDate = 2 * time.Millisecond

// programTimeRule compares the time between two dates with the durations between them. Several dates may be wrong; the largest difference is told.
func (p *parser) programTimeRule(m *Media) {
	last, dates := -1, 0
	var off several
	var worst time.Duration
	slack := time.Duration(0) // of the rounding of EXTINF since the last date
	for i := range m.Segments {
		s := &m.Segments[i]
		if s.ProgramTime != nil {
			dates++
			if last >= 0 && m.Segments[last].Discontinuity == s.Discontinuity {
				diff := between(*m.Segments[last].ProgramTime, *s.ProgramTime) - time.Duration(s.Start-m.Segments[last].Start)*time.Microsecond
				if beyond := diff.Abs() - slack; beyond > sameDate {
					off.add(i, beyond.Seconds())
					if off.worst == i {
						worst = diff
					}
				}
			}
			last, slack = i, 0
		}
		if !s.decimal {
			slack += roundedLength
		}
	}
	switch {
	case off.count > 0:
		s := &m.Segments[off.worst]
		off.first, off.last, off.count = off.worst, off.worst, 1 // the others may be many and small: a finding lies where it is worst
		p.broken(off.fault("playlist.program_time", s.timeLine, "EXT-X-PROGRAM-DATE-TIME of segment %d is %s %s than the durations since the one before it say",
			off.worst, shown(jobs.FromDuration(worst.Abs())), map[bool]string{true: "later", false: "earlier"}[worst > 0]))
	case dates == 0 && !m.EndList:
		p.broken(about("playlist.program_time_missing", 0, "a live playlist without EXT-X-PROGRAM-DATE-TIME"))
	}
}

// farApart bounds the time between two dates: sums with the durations of a playlist stay far from the limits of the type.
const farApart = 100 * 366 * 24 * time.Hour

// between is the time from a to b, not more than farApart.
func between(a, b time.Time) time.Duration { return max(-farApart, min(farApart, b.Sub(a))) }

// discontinuityRule: RFC 8216 section 6.2.2 wants the number once discontinuities can have been removed.
func (p *parser) discontinuityRule(m *Media) {
	if m.EndList || m.Type == "EVENT" || m.MediaSequence <= 1 || p.discont == 0 || p.once["EXT-X-DISCONTINUITY-SEQUENCE"] > 0 {
		return
	}
	p.broken(about("playlist.discontinuity", 0, "EXT-X-DISCONTINUITY in a live playlist without EXT-X-DISCONTINUITY-SEQUENCE"))
}

// dateRules: RFC 8216 section 4.3.2.7. Each kind of fault is told once, at the first line that has it.
func (p *parser) dateRules(m *Media) {
	told := map[string]bool{}
	tell := func(d *DateRange, fault string) {
		if fault != "" && !told[fault] {
			told[fault] = true
			p.broken(about("playlist.daterange", d.Line, "EXT-X-DATERANGE %s%s", quoteID(d.ID), fault))
		}
	}
	started := map[string]bool{}
	for i := range m.Dates {
		d := &m.Dates[i]
		tell(d, d.fault(started[d.ID]))
		started[d.ID] = started[d.ID] || d.Start != nil
	}
	if len(m.Dates) > 0 && p.once["EXT-X-PROGRAM-DATE-TIME"] == 0 {
		tell(&m.Dates[0], "without an EXT-X-PROGRAM-DATE-TIME in the playlist")
	}
}

func quoteID(id string) string {
	if id == "" {
		return ""
	}
	return fmt.Sprintf("%q ", clip(id))
}

// fault is the first thing that is wrong with a date range; started says that its beginning was told before.
func (d *DateRange) fault(started bool) string {
	_, hasStart := d.attrs["START-DATE"]
	_, hasEnd := d.attrs["END-DATE"]
	_, hasDuration := d.attrs["DURATION"]
	switch {
	case d.ID == "":
		return "without an ID"
	case hasStart && d.Start == nil:
		return "with a START-DATE that cannot be read"
	case !hasStart && !started:
		return "without a START-DATE"
	case hasEnd && d.End == nil:
		return "with an END-DATE that cannot be read"
	case hasDuration && d.Duration < 0:
		return "with a DURATION that cannot be read"
	case d.Start != nil && d.End != nil && d.End.Before(*d.Start):
		return "that ends before it begins"
	case d.Start != nil && d.End != nil && hasDuration && math.Abs(d.End.Sub(*d.Start).Seconds()-d.Duration.Seconds()) > dateTolerance:
		return "whose DURATION does not lead to its END-DATE"
	case d.attrs["END-ON-NEXT"] == "YES" && d.Class == "":
		return "with END-ON-NEXT and no CLASS"
	}
	return ""
}

// dateTolerance is what the decimals of two dates and a duration may differ by, in seconds: dates are often written in milliseconds.
const dateTolerance = 0.01
