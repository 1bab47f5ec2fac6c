package judge

import (
	"aircheck/jobs/measurement"
)

// joinMix joins what a slot says about the mix of its channels.
func (h *heldSlot) joinMix(row *measurement.Slot) {
	h.LR += row.LR
	h.Diff = max(h.Diff, row.Diff)
	border := int(row.Offset) * len(h.Low)
	for i := range h.Env {
		h.Env[i] = max(h.Env[i], row.Env[i])
		// The decimated mix has one value a millisecond: it is the second part's from where that part begins.
		if i*h.Format.SampleRate >= border*measurement.SlotsPerSecond {
			h.Low[i] = row.Low[i]
		}
	}
}

func joinChannel(c, o *measurement.Channel) {
	c.K += o.K
	c.Sq += o.Sq
	c.Sum += o.Sum
	c.R1 += o.R1
	c.R2 += o.R2
	c.ResSq += o.ResSq
	c.Peak = max(c.Peak, o.Peak)
	c.TruePeak = max(c.TruePeak, o.TruePeak)
	c.ResPeak = max(c.ResPeak, o.ResPeak)
	c.Zeros += o.Zeros
	c.Clipped += o.Clipped
	c.ClipRun = max(c.ClipRun, o.ClipRun)
	c.FlatRun = max(c.FlatRun, o.FlatRun)
	c.Flats += o.Flats
	c.FlatTops += o.FlatTops
	if c.LoudFirst < 0 {
		c.LoudFirst = o.LoudFirst
	}
	if o.LoudLast >= 0 {
		c.LoudLast = o.LoudLast
	}
}

// sanitize replaces what is not finite by 0 and tells whether all was finite: decoders of damaged float audio deliver anything, sums would never
// recover from it, and JSON has no word for it.
func sanitize(s *measurement.Slot) bool {
	ok := finite(&s.LR) && finite(&s.Diff)
	for i := range s.Ch {
		c := &s.Ch[i]
		for _, v := range [...]*float64{&c.K, &c.Sq, &c.Sum, &c.R1, &c.R2, &c.ResSq} {
			ok = finite(v) && ok
		}
		for _, v := range [...]*float32{&c.Peak, &c.TruePeak, &c.ResPeak} {
			ok = finite(v) && ok
		}
	}
	return ok
}

// maxSum bounds what a slot may sum up to: samples are within 2^20, and a second has less than 2^24 of them. Beyond, sums over a stream would become infinite.
const maxSum = 1 << 80

func finite[T float32 | float64](v *T) bool {
	if *v >= -maxSum && *v <= maxSum {
		return true
	}
	*v = 0
	return false
}
