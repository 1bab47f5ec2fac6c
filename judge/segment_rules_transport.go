package judge

import (
	"fmt"
	"strings"

	"aircheck/jobs"
)

// maxPackets bounds what a count of packets is believed to be: a segment is smaller than a gigabyte.
const maxPackets = 1 << 31

// segmentTransport looks at the packets of transport streams.
type segmentTransport struct {
	PSI, Continuity, Flagged, Stray bouts
}

func (r *segmentTransport) see(s *packagedSegment) {
	t := s.m.Transport
	if t == nil {
		return
	}
	switch {
	case s.seg.Init != nil: // EXT-X-MAP has the tables (RFC 8216 section 3.2)
	case t.NoPSI:
		r.PSI.add(s.placedUnit, float64(max(0, t.Packets)), "there is no PAT or no PMT in it")
	case t.Early > 0:
		r.PSI.add(s.placedUnit, float64(t.Early), fmt.Sprintf("%d packets of media come before the PMT", t.Early))
	}
	lost := 0
	var pids []string
	for _, e := range t.Continuity {
		if e.Errors > 0 && e.PID >= 0 {
			lost = min(lost+min(e.Errors, maxPackets), maxPackets)
			pids = append(pids, fmt.Sprintf("%d × on PID %d", e.Errors, e.PID))
		}
	}
	if lost > 0 {
		r.Continuity.add(s.placedUnit, float64(lost), strings.Join(pids, ", "))
	}
	if t.Flagged > 0 {
		r.Flagged.add(s.placedUnit, float64(t.Flagged), fmt.Sprintf("%d of %d packets", t.Flagged, max(t.Packets, t.Flagged)))
	}
	if t.Stray > 0 {
		r.Stray.add(s.placedUnit, float64(t.Stray), fmt.Sprintf("%d bytes", t.Stray))
	}
}

func (r *segmentTransport) findings() []jobs.Finding {
	list := r.PSI.findings("segment.no_psi", func(b *bout) string {
		return fmt.Sprintf("%s %s not begin with PAT and PMT: %s", b.name(), b.plural("does", "do"), b.worst())
	})
	list = append(list, r.Continuity.findings("segment.continuity", func(b *bout) string {
		return fmt.Sprintf("transport packets are missing in %s: the continuity counter jumps %s", b.name(), b.worst())
	})...)
	list = append(list, r.Flagged.findings("segment.transport_error", func(b *bout) string {
		return fmt.Sprintf("transport packets in %s are marked as damaged: %s", b.name(), b.worst())
	})...)
	return append(list, r.Stray.findings("segment.stray_bytes", func(b *bout) string {
		return fmt.Sprintf("%s %s bytes outside of all transport packets: %s", b.name(), b.plural("has", "have"), b.worst())
	})...)
}
