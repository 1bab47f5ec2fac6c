package judge

import (
	"math/bits"

	"aircheck/jobs"
)

const (
	// historyBits is how many pairs are remembered: three periods of 30 and one more.
	historyBits = 128
	// maxPeriod is the longest period of a cadence, in pictures: 29.97/s out of 29/s is nothing that anybody makes.
	maxPeriod = 30
	// leastCompared is over how many pairs at least a period is compared with the one before.
	leastCompared = 24
	// periodsCompared is over how many periods.
	periodsCompared = 3
	// lockRepeats is how many repeats at least there must be in what is compared.
	lockRepeats = 3
	// lockShare and keepShare are how many disagreements there may be for each repeat: codecs hide one repeat in eight, and a rate that is no simple fraction slips.
	lockShare, keepShare = 0.3, 0.6
	// knownShare is how much of what is compared must be known.
	knownShare = 0.6
	// rejoin is within what time a cadence that broke goes on as the same one, rejoinStill where nothing moved meanwhile.
	rejoin, rejoinStill jobs.Micros = 3e6, 10e6
)

// pairBits is a row of pairs, the last one in bit 0.
type pairBits [historyBits / 64]uint64

func (b *pairBits) push(v bool) {
	b[1] = b[1]<<1 | b[0]>>63
	b[0] <<= 1
	if v {
		b[0] |= 1
	}
}

func (b *pairBits) has(i int) bool { return b[i/64]>>(i%64)&1 == 1 }

// older is the row n pairs ago, 0 < n < 64.
func (b *pairBits) older(n int) pairBits {
	return pairBits{b[0]>>n | b[1]<<(64-n), b[1] >> n}
}

// firstBits are the last n pairs.
func firstBits(n int) pairBits {
	switch {
	case n <= 0:
		return pairBits{}
	case n < 64:
		return pairBits{1<<n - 1, 0}
	case n < historyBits:
		return pairBits{^uint64(0), 1<<(n-64) - 1}
	}
	return pairBits{^uint64(0), ^uint64(0)}
}

func (b pairBits) and(o pairBits) pairBits { return pairBits{b[0] & o[0], b[1] & o[1]} }
func (b pairBits) xor(o pairBits) pairBits { return pairBits{b[0] ^ o[0], b[1] ^ o[1]} }
func (b pairBits) count() int              { return bits.OnesCount64(b[0]) + bits.OnesCount64(b[1]) }

// cadenceTrack looks for repeats that come at regular distances.
type cadenceTrack struct {
	// Repeats and Known tell of the last pairs whether they are repeats and whether one knows; Starts are when the pictures appear, a ring whose next place is Next.
	Repeats, Known pairBits
	Starts         []jobs.Micros `json:",omitempty"`
	Next           int           `json:",omitempty"`
	Seen           int           `json:",omitempty"` // pairs in the rows, up to historyBits
	// Period is that of the cadence in force, 0 when there is none.
	Period int `json:",omitempty"`
	// Run is the cadence that is not told yet: in force, or broken a short time ago.
	Run *cadenceRun `json:",omitempty"`
	// Told are the runs that were told last, for what else happened in them.
	Told []run `json:",omitempty"`
}

// cadenceRun is a stretch in one cadence: New of Period pictures are new ones.
type cadenceRun struct {
	run
	Period, New int
	Pictures    int64 // from From to To
	Frames      int64 // pictures so far after To
	Breaks      int
	Shifted     int  // pairs since the last break in force
	Moved       bool // there was motion without the cadence since To
}

func (t *cadenceTrack) reset() {
	*t = cadenceTrack{Starts: make([]jobs.Micros, historyBits), Told: t.Told}
}

// forget begins anew after a gap.
func (t *cadenceTrack) forget() {
	told := t.Told
	t.reset()
	t.Told = told
}

// add takes the next pair.
func (t *cadenceTrack) add(c *pairChange, k pairKind, out *motionOutput) {
	t.Repeats.push(k == pairLikely || k == pairSure)
	t.Known.push(k != pairUnknown)
	if len(t.Starts) != historyBits {
		t.Starts = make([]jobs.Micros, historyBits)
	}
	t.Starts[t.Next%historyBits] = c.Start
	t.Next = (t.Next + 1) % historyBits
	t.Seen = min(t.Seen+1, historyBits)
	if r := t.Run; r != nil {
		r.Frames++
		if t.Period == 0 && k == pairMoved {
			r.Moved = true
		}
	}
	switch {
	case t.Period > 0:
		t.follow(c, k)
	case t.Repeats[0]&1 == 1:
		t.seek(c, out)
	}
	if r := t.Run; r != nil && t.lapsed(r, c.Start) {
		t.Period = 0
		t.tell(out)
	}
}

// lapsed tells whether the cadence is over for good.
func (t *cadenceTrack) lapsed(r *cadenceRun, now jobs.Micros) bool {
	if t.Period == 0 && r.Moved {
		return now-r.To > rejoin
	}
	return now-r.To > rejoinStill
}

// follow checks that the cadence in force goes on.
func (t *cadenceTrack) follow(c *pairChange, k pairKind) {
	differ, repeats, _ := t.compare(t.Period)
	if float64(differ) > keepShare*float64(max(repeats, lockRepeats)) {
		t.Period = 0
		t.Run.Moved = true
		return
	}
	if t.Run.Shifted++; t.shifted(t.Period) && t.Run.Shifted > 2*t.Period {
		t.Run.Breaks++
		t.Run.Shifted = 0
	}
	if t.Repeats[0]&1 == 1 && t.Repeats.has(t.Period) || k == pairMoved && t.Known.has(t.Period) && !t.Repeats.has(t.Period) {
		t.Run.extend(c.End)
	}
}

// shifted tells whether repeats came to stand at a place of the period where there were none.
func (t *cadenceTrack) shifted(period int) bool {
	at := func(i int) (repeat, known bool) { return t.Repeats.has(i), t.Known.has(i) }
	for i := range 4 {
		if repeat, known := at(i * period); !known || repeat != (i < 2) {
			return false
		}
	}
	return true
}

func (r *cadenceRun) extend(to jobs.Micros) {
	r.To = to
	r.Pictures += r.Frames
	r.Frames = 0
}

// compare compares the last pairs with those a period before: how many differ, how many are repeats, and how many are known.
func (t *cadenceTrack) compare(period int) (differ, repeats, known int) {
	window := firstBits(compared(period))
	older, knownOlder := t.Repeats.older(period), t.Known.older(period)
	both := t.Known.and(knownOlder).and(window)
	return t.Repeats.xor(older).and(both).count(), t.Repeats.and(both).count(), both.count()
}

func compared(period int) int { return max(periodsCompared*period, leastCompared) }

// seek looks for the shortest period that fits the last pairs.
func (t *cadenceTrack) seek(c *pairChange, out *motionOutput) {
	for period := 2; period <= maxPeriod; period++ {
		n := compared(period)
		if t.Seen < n+period {
			return
		}
		differ, repeats, known := t.compare(period)
		if repeats < lockRepeats || float64(known) < knownShare*float64(n) || float64(differ) > lockShare*float64(repeats) {
			continue
		}
		if fresh := t.fresh(period); fresh > 0 && fresh < period {
			t.lock(c, period, fresh, out)
			return
		}
	}
}

// fresh counts the places of a period at which pictures are new.
func (t *cadenceTrack) fresh(period int) int {
	n, fresh := compared(period)+period, 0
	for p := range period {
		repeats, known := 0, 0
		for i := p; i < n; i += period {
			if t.Known.has(i) {
				known++
				if t.Repeats.has(i) {
					repeats++
				}
			}
		}
		if 2*repeats <= known {
			fresh++
		}
	}
	return fresh
}

// lock puts a cadence in force, as a new one or as the one that broke a while ago.
func (t *cadenceTrack) lock(c *pairChange, period, fresh int, out *motionOutput) {
	t.Period = period
	oldest := t.oldest(period)
	common := gcd(int64(fresh), int64(period))
	period, fresh = period/int(common), fresh/int(common)
	if r := t.Run; r != nil && r.similar(period, fresh) {
		r.Breaks++
		r.Moved = false
		r.extend(c.End)
		return
	}
	from := t.start(oldest)
	if r := t.Run; r != nil {
		for from < r.To && oldest > 0 {
			oldest--
			from = t.start(oldest)
		}
		t.tell(out)
	}
	t.Run = &cadenceRun{run: run{from, c.End}, Period: period, New: fresh, Pictures: int64(oldest) + 1}
}

// similar tells whether the share of new pictures is that of the run: a period that was misread once makes no other cadence.
func (r *cadenceRun) similar(period, fresh int) bool {
	const slack = 0.06
	d := float64(r.New)/float64(r.Period) - float64(fresh)/float64(period)
	return d <= slack && d >= -slack
}

// oldest is the pair before the first repeat from which on the cadence is in the rows: it goes back while periods agree but for one pair in each.
func (t *cadenceTrack) oldest(period int) int {
	first := compared(period) + period
	end, differ := first, 0
	for i := first; i < t.Seen; i++ {
		if (i-first)%period == 0 {
			differ = 0
		}
		if t.Known.has(i) && t.Known.has(i-period) && t.Repeats.has(i) != t.Repeats.has(i-period) {
			if differ++; differ > 1 {
				break
			}
		}
		if t.Repeats.has(i) {
			end = i + 1
		}
	}
	end = min(end, t.Seen) - 1
	for end > 0 && !t.Repeats.has(end) {
		end--
	}
	return min(end+1, t.Seen-1)
}

// start is when the picture n pairs ago appeared.
func (t *cadenceTrack) start(n int) jobs.Micros {
	return t.Starts[((t.Next-1-n)%historyBits+historyBits)%historyBits]
}

func (t *cadenceTrack) finish(out *motionOutput) {
	t.Period = 0
	t.tell(out)
}

// maxTold bounds the runs that are remembered; what happened in older ones is told already.
const maxTold = 8

func (t *cadenceTrack) tell(out *motionOutput) {
	r := t.Run
	t.Run = nil
	if r == nil {
		return
	}
	if out.cadence(r) {
		if len(t.Told) == maxTold {
			t.Told = append(t.Told[:0], t.Told[1:]...)
		}
		t.Told = append(t.Told, r.run)
	}
}

// covers tells whether a time lies in a cadence, and is explained by it.
func (t *cadenceTrack) covers(at jobs.Micros) bool {
	if r := t.Run; r != nil && at >= r.From && (at < r.To || t.Period > 0) {
		return true
	}
	for _, r := range t.Told {
		if at >= r.From && at < r.To {
			return true
		}
	}
	return false
}
