package hls

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"aircheck/jobs"
)

// DateRange is an EXT-X-DATERANGE.
type DateRange struct {
	Line       int
	ID, Class  string
	Start, End *time.Time
	// Duration is DURATION, or PLANNED-DURATION where there is none; negative when nobody says.
	Duration jobs.Micros
	Planned  bool
	// Out, In and Command are SCTE35-OUT, -IN and -CMD as written: hexadecimal.
	Out, In, Command string

	attrs map[string]string
}

// Cue is EXT-X-CUE-OUT and its kin.
type Cue struct {
	Line int
	Name string // the tag
	// Segment is the position of the segment that follows; len(Segments) after the last.
	Segment int
	// Duration of the break, Elapsed of it already; negative when the tag does not say.
	Duration, Elapsed jobs.Micros
	ID                string
	// Payload is the SCTE-35 section as written: base64 or hexadecimal; empty when there is none.
	Payload string
}

// announceTag reads the tags that announce something: date ranges, and the several ways in which packagers write down advertisements, none of which is
// in the specification (SCTE 67, Adobe, Elemental, AWS, Akamai).
func (p *parser) announceTag(name, value string) bool {
	switch name {
	case "EXT-X-DATERANGE":
		p.dateRange(p.list(-1, name, value))
	case "EXT-X-CUE-OUT", "EXT-X-CUE-OUT-CONT", "EXT-X-CUE-IN":
		p.cue(cueOf(name, value))
	case "EXT-X-SCTE35", "EXT-SCTE35":
		attrs := p.list(-1, name, value)
		p.cue(Cue{
			Name: scte35Name(name, attrs), Duration: cueSeconds(attrs["DURATION"]), Elapsed: cueSeconds(attrs["ELAPSED"]), ID: clip(attrs["ID"]), Payload: attrs["CUE"],
		})
	case "EXT-OATCLS-SCTE35", "EXT-X-SPLICEPOINT-SCTE35":
		p.cue(Cue{Name: name, Duration: -1, Elapsed: -1, Payload: value})
	default:
		return false
	}
	return true
}

// scte35Name tells what an EXT-X-SCTE35 stands for when it says so.
func scte35Name(name string, attrs map[string]string) string {
	switch {
	case attrs["CUE-OUT"] == "YES":
		return "EXT-X-CUE-OUT"
	case attrs["CUE-OUT"] == "CONT":
		return "EXT-X-CUE-OUT-CONT"
	case attrs["CUE-IN"] == "YES":
		return "EXT-X-CUE-IN"
	}
	return name
}

// cueOf reads "30", "DURATION=30", "5/30", "ElapsedTime=5,Duration=30,SCTE35=…" and nothing at all. What cannot be read is not said: nobody has written down
// what may stand there.
func cueOf(name, value string) Cue {
	c := Cue{Name: name, Duration: -1, Elapsed: -1}
	if !strings.Contains(value, "=") {
		elapsed, duration, both := strings.Cut(value, "/")
		if both {
			c.Elapsed, c.Duration = cueSeconds(elapsed), cueSeconds(duration)
		} else if name == "EXT-X-CUE-OUT-CONT" {
			c.Elapsed = cueSeconds(value)
		} else {
			c.Duration = cueSeconds(value)
		}
		return c
	}
	attrs := upperAttributes(value)
	c.Duration = cueSeconds(attrs["DURATION"])
	c.Elapsed = cueSeconds(cmp.Or(attrs["ELAPSEDTIME"], attrs["ELAPSED"]))
	c.Payload = cmp.Or(attrs["SCTE35"], attrs["CUE"])
	c.ID = clip(cmp.Or(attrs["ID"], attrs["BREAKID"], attrs["EVENT_ID"]))
	return c
}

// upperAttributes reads an attribute list whose names may be written in any case. Of two that differ only in case, the one that sorts first counts: the same
// one in every run.
func upperAttributes(value string) map[string]string {
	attrs, _ := attributes(value)
	upper := make(map[string]string, len(attrs))
	for _, key := range slices.Sorted(maps.Keys(attrs)) {
		if k := strings.ToUpper(key); upper[k] == "" {
			upper[k] = attrs[key]
		}
	}
	return upper
}

// cueSeconds reads seconds; negative when there are none.
func cueSeconds(s string) jobs.Micros {
	n, err := parseSeconds(strings.TrimSpace(s))
	if err != nil {
		return -1
	}
	return n.micros()
}

func (p *parser) cue(c Cue) {
	m := p.media()
	if len(m.Cues) == maxDates {
		p.overflow("cues", maxDates)
		return
	}
	c.Line, c.Segment = p.number, len(m.Segments)
	m.Cues = append(m.Cues, c)
}

func (p *parser) dateRange(attrs map[string]string) {
	m := p.media()
	if len(m.Dates) == maxDates {
		p.overflow("date ranges", maxDates)
		return
	}
	d := DateRange{
		Line: p.number, ID: attrs["ID"], Class: attrs["CLASS"], Duration: -1,
		Out: attrs["SCTE35-OUT"], In: attrs["SCTE35-IN"], Command: attrs["SCTE35-CMD"], attrs: attrs,
	}
	d.Start, d.End = optionalTime(attrs["START-DATE"]), optionalTime(attrs["END-DATE"])
	if s, ok := attrs["DURATION"]; ok {
		d.Duration = cueSeconds(s)
	} else if s, ok := attrs["PLANNED-DURATION"]; ok {
		d.Duration, d.Planned = cueSeconds(s), true
	}
	m.Dates = append(m.Dates, d)
}

// optionalTime is nil where there is no date, or none that can be read.
func optionalTime(s string) *time.Time {
	t, err := parseTime(s)
	if err != nil {
		return nil
	}
	return t
}
