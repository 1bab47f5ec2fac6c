package hls

import "aircheck/jobs"

// latencyRules: RFC 8216bis sections 4.4.3.7 and 4.4.3.8. How long parts are is looked at where they come in, with the segments that they belong to.
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
