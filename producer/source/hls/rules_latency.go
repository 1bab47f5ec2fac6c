package hls

import (
	"fmt"

	"aircheck/jobs"
)

// latencyRules: RFC 8216bis sections 4.4.3.7, 4.4.3.8 and 4.4.4.9.
func (p *parser) latencyRules(m *Media) {
	line := 0
	if c := m.Control; c != nil {
		line = c.Line
		p.limit(c.Line, "HOLD-BACK", c.HoldBack, 3, "target durations", m.Target)
		p.limit(c.Line, "CAN-SKIP-UNTIL", c.CanSkipUntil, 6, "target durations", m.Target)
		p.limit(c.Line, "PART-HOLD-BACK", c.PartHoldBack, 2, "PART-TARGETs", m.PartTarget)
		if recommended := 3 * m.PartTarget; c.PartHoldBack > 0 && c.PartHoldBack >= 2*m.PartTarget && c.PartHoldBack < recommended {
			p.broken(about("playlist.low_latency", c.Line, "PART-HOLD-BACK of %s is less than three PART-TARGETs, %s, as is recommended", shown(c.PartHoldBack), shown(recommended)))
		}
	}
	if p.partInf > 0 && !m.EndList && (m.Control == nil || m.Control.PartHoldBack == 0) {
		p.absent(max(line, p.partInf), "EXT-X-PART-INF without a PART-HOLD-BACK in EXT-X-SERVER-CONTROL")
	}
	if len(m.Parts) > 0 && p.partInf == 0 {
		p.absent(m.Parts[0].Line, "EXT-X-PART without EXT-X-PART-INF")
	}
	p.partRule(m)
}

func (p *parser) absent(line int, message string) {
	f := about("playlist.low_latency", line, "%s", message)
	f.Value = 100
	p.broken(f)
}

// limit demands that a length that is said is at least some units.
func (p *parser) limit(line int, name string, length jobs.Micros, times int, what string, unit jobs.Micros) {
	least := jobs.Micros(times) * unit
	if length <= 0 || length >= least {
		return
	}
	f := about("playlist.low_latency", line, "%s of %s is less than %d %s, %s", name, shown(length), times, what, shown(least))
	f.Value = 100 * float64(least-length) / float64(least)
	p.broken(f)
}

// partRule finds the part that is longest beyond PART-TARGET.
func (p *parser) partRule(m *Media) {
	worst, count := -1, 0
	for i := range m.Parts {
		if m.PartTarget <= 0 || m.Parts[i].Duration <= m.PartTarget {
			continue
		}
		count++
		if worst < 0 || m.Parts[i].Duration > m.Parts[worst].Duration {
			worst = i
		}
	}
	if worst < 0 {
		return
	}
	part := &m.Parts[worst]
	f := about("playlist.low_latency", part.Line, "a part of %s is longer than PART-TARGET, %s", shown(part.Duration), shown(m.PartTarget))
	if count > 1 {
		f.Message += fmt.Sprintf("; so are %d parts", count)
	}
	f.Value = 100 * float64(part.Duration-m.PartTarget) / float64(m.PartTarget)
	p.broken(f)
}
