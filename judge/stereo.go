package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
)

// Limits of what two channels have to do with each other. Levels are mean squares.
const (
	// pairSlots is the length of the blocks in which channels are compared: 100 ms.
	pairSlots = 10
	// pairActive is the level from which a channel counts as sounding, -50 dBFS.
	pairActive = 1e-5
	// wideBlocks is over how many sounding blocks, 10 s, correlation is averaged. In three hours of music the average never fell below -0.43; inverted, nearly all of it is
	// below wideCorrelation. Above phaseCertain it is not certain enough for a failure.
	wideBlocks      = 100
	wideCorrelation = -0.5
	phaseCertain    = -0.7
	// sideShare is the energy of the difference as a share of that of the sum, -60 dB, up to which two channels are the same.
	sideShare = 1e-6
	// lossySide is that of a lossy codec, -40 dB: where it codes left and right apart, each has its own noise.
	lossySide = 1e-4
	// pairPatience is for how many blocks in a row a state may fail to show before it has ended.
	pairPatience = 3
	// pairPause is how long a pause in the sound a state outlasts.
	pairPause jobs.Micros = 5e6
	// pairBreath is how long a pause in the sound counts as sound: between syllables there is none.
	pairBreath jobs.Micros = 500e3
)

// pairs compares the first two channels of a track, which are left and right in every layout that has both.
type pairs struct {
	Pair  bool // a slot with two channels or more was seen
	Block pairBlock
	Phase bothRun
	// Wide holds the last correlations of blocks in which both channels sound, block n at n modulo the length; Sounding counts them.
	Wide     [wideBlocks]pairCorrelation
	Sounding int64
	Mono     bothRun
	Balance  bothRun
	Dead     [2]bothRun

	correlation, difference    float64
	phase, mono, dead, balance levels
	emit                       emitter
}

// pairBlock sums up the slots of a block.
type pairBlock struct {
	run
	Slots, Samples int64
	Sq             [2]float64
	LR             float64
	Diff           float32
	Loud           [2]bool // a sample at -60 dBFS or above
	Tones          int     // slots that are a pure tone
	Lossy          bool    // the codec is
}

// pairCorrelation is that of a block.
type pairCorrelation struct {
	R    float64
	From jobs.Micros
}

// bothRun is a stretch in which a state shows; Shown is how much of it does, with short pauses; the rest is pause.
type bothRun struct {
	Run    *run
	Shown  jobs.Micros
	Misses int
	// Sum and Count are of what is told about the state.
	Sum   float64
	Count int
}

func newStereo(p *params, emit emitter) audioDetector {
	return &pairs{
		correlation: p.or("audio.phase_inverted.correlation", -0.9), difference: p.or("audio.imbalance.difference", 6),
		phase: p.levels("audio.phase_inverted"), mono: p.levels("audio.dual_mono"), dead: p.levels("audio.dead_channel"), balance: p.levels("audio.imbalance"),
		emit: emit,
	}
}

func (d *pairs) slot(s *audioSlot) {
	if len(s.Ch) < 2 || s.Samples <= 0 {
		d.flush()
		return
	}
	d.Pair = true
	b := &d.Block
	if b.Slots == 0 {
		*b = pairBlock{run: run{From: s.Start}, Lossy: lossy(s.Format.Codec)}
	}
	for i := range b.Sq {
		c := &s.Ch[i]
		b.Sq[i] += c.Sq
		b.Loud[i] = b.Loud[i] || c.LoudFirst >= 0
	}
	b.LR += s.LR
	b.Diff = max(b.Diff, s.Diff)
	b.Samples += int64(s.Samples)
	b.To = s.End
	b.Slots++
	if _, pure := pureTone(&s.Ch[0], s.Samples); pure {
		b.Tones++
	}
	if b.Slots == pairSlots {
		d.block(b)
		b.Slots = 0
	}
}

// block judges a whole block.
func (d *pairs) block(b *pairBlock) {
	n := float64(b.Samples)
	l, r := b.Sq[0]/n, b.Sq[1]/n
	both, any := l > pairActive && r > pairActive, l > pairActive || r > pairActive
	correlation := 0.0
	if both {
		correlation = b.LR / n / math.Sqrt(l*r)
	}
	d.inverted(b, both, correlation)
	side, mid := l+r-2*b.LR/n, l+r+2*b.LR/n
	share := float64(sideShare)
	if b.Lossy {
		share = lossySide
	}
	same := b.Diff == 0 || side <= share*mid
	d.Mono.step(b, any && b.Tones*2 < int(b.Slots), same, 0, d.tellMono)
	for i := range d.Dead {
		other := max(l, r)
		d.Dead[i].step(b, b.Loud[i] || other > pairActive, !b.Loud[i], 10*math.Log10(max(other, 1e-12)), d.tellDead(i))
	}
	d.balanced(b, l, r)
}

// inverted judges polarity: a block is inverted when its channels are opposite, or when it leans that way like the last ten seconds on average, which stereo that was
// inverted does.
func (d *pairs) inverted(b *pairBlock, both bool, correlation float64) {
	if d.Sounding > 0 && b.From-d.Wide[(d.Sounding-1)%wideBlocks].From > pairPause {
		d.Sounding = 0 // what was before a pause says nothing of what is behind it
	}
	wide := false
	if both {
		d.Wide[d.Sounding%wideBlocks] = pairCorrelation{correlation, b.From}
		d.Sounding++
		wide = d.Sounding >= wideBlocks && d.wide() <= wideCorrelation
	}
	strict := correlation <= d.correlation
	says := both && (strict || !wide || correlation < 0)
	if says && wide && d.Phase.Run == nil {
		oldest := d.Wide[d.Sounding%wideBlocks].From
		d.Phase = bothRun{Run: &run{oldest, b.From}, Shown: (wideBlocks - 1) * b.length(), Sum: wideBlocks * d.wide(), Count: wideBlocks}
	}
	open := d.Phase.Run != nil
	d.Phase.step(b, says, strict || wide, correlation, d.tellPhase)
	if open && d.Phase.Run == nil {
		d.Sounding = 0 // the next one has to show by itself
	}
}

// wide is the mean of the last correlations.
func (d *pairs) wide() float64 {
	var sum float64
	for i := range d.Wide {
		sum += d.Wide[i].R
	}
	return sum / wideBlocks
}

// balanced judges the levels against each other. A channel that is silent is dead and not out of balance.
func (d *pairs) balanced(b *pairBlock, l, r float64) {
	if !b.Loud[0] || !b.Loud[1] {
		d.Balance.step(b, false, false, 0, d.tellBalance)
		return
	}
	db := 10 * math.Log10(l/r)
	if d.Balance.Run != nil && (db > 0) != (d.Balance.Sum > 0) {
		d.Balance.end(d.tellBalance)
	}
	d.Balance.step(b, max(l, r) > pairActive, math.Abs(db) >= d.difference, db, d.tellBalance)
}

// step adds a block. When it says nothing, because it is quiet, the run waits.
func (p *bothRun) step(b *pairBlock, says, shows bool, figure float64, tell func(*bothRun)) {
	switch {
	case says && shows:
		if p.Run == nil {
			*p = bothRun{Run: &run{From: b.From}}
		}
		if pause := b.From - p.Run.To; p.Count > 0 && p.Misses == 0 && pause <= pairBreath {
			p.Shown += max(0, pause)
		}
		p.Shown += b.length()
		p.Run.To = b.To
		p.Misses = 0
		p.Sum += figure
		p.Count++
	case p.Run == nil:
	case says:
		if p.Misses++; p.Misses >= pairPatience {
			p.end(tell)
		}
	case b.To-p.Run.To > pairPause:
		p.end(tell)
	}
}

// end closes the run.
func (p *bothRun) end(tell func(*bothRun)) {
	if p.Run != nil {
		tell(p)
	}
	*p = bothRun{}
}

// flush ends all runs.
func (d *pairs) flush() {
	d.Block.Slots, d.Sounding = 0, 0
	d.Phase.end(d.tellPhase)
	d.Mono.end(d.tellMono)
	for i := range d.Dead {
		d.Dead[i].end(d.tellDead(i))
	}
	d.Balance.end(d.tellBalance)
}

func (d *pairs) gap(_, _ jobs.Micros) { d.flush() }

func (d *pairs) finish(jobs.Micros) {
	if d.Block.Slots > 0 {
		d.block(&d.Block)
	}
	d.flush()
}

func (d *pairs) tellPhase(p *bothRun) {
	mean := p.Sum / float64(p.Count)
	confidence, levels := min(1, -mean), d.phase
	if mean > phaseCertain {
		levels = levels.atMost(jobs.Warn)
	}
	d.tell("audio.phase_inverted", p, levels, confidence,
		fmt.Sprintf("left and right have opposite polarity: their correlation is %.2f on average", mean))
}

func (d *pairs) tellMono(p *bothRun) {
	d.tell("audio.dual_mono", p, d.mono, 1, "left and right are the same: mono as stereo")
}

func (d *pairs) tellDead(i int) func(*bothRun) {
	return func(p *bothRun) {
		names := [...]string{"left", "right"}
		d.tell("audio.dead_channel", p, d.dead, 1,
			fmt.Sprintf("the %s channel stays below %g dBFS while the %s one sounds at %.0f dBFS RMS", names[i], silenceLevel, names[1-i], p.Sum/float64(p.Count)))
	}
}

func (d *pairs) tellBalance(p *bothRun) {
	mean := p.Sum / float64(p.Count)
	louder, softer := "left", "right"
	if mean < 0 {
		louder, softer = softer, louder
	}
	d.tell("audio.imbalance", p, d.balance, 0.6,
		fmt.Sprintf("the %s channel is %.1f dB louder than the %s one, limit %g dB", louder, math.Abs(mean), softer, d.difference))
}

func (d *pairs) tell(code string, p *bothRun, levels levels, confidence float64, message string) {
	l, ok := levels.reached(p.Shown)
	if !ok {
		return
	}
	f := p.Run.finding(l)
	f.Code, f.Message, f.Confidence = code, message, jobs.Number(confidence)
	f.Value = jobs.Figure(p.Shown.Seconds())
	d.emit(f)
}

// unmeasured: one channel cannot be compared.
func (d *pairs) unmeasured(code string) string {
	switch code {
	case "audio.phase_inverted", "audio.dual_mono", "audio.dead_channel", "audio.imbalance":
		if !d.Pair {
			return "the track has one channel"
		}
	}
	return ""
}

func stereoThresholds() []Threshold {
	none := math.NaN()
	return []Threshold{
		{"audio.phase_inverted.info", 2, 0, day, "s", "Opposite polarity for this long is info."},
		{"audio.phase_inverted.warn", 5, 0, day, "s", "Opposite polarity for this long is a warning."},
		{"audio.phase_inverted.fail", 10, 0, day, "s", "Opposite polarity for this long is a failure."},
		{"audio.phase_inverted.correlation", -0.9, -1, 0, "", "Two channels have opposite polarity when their correlation over 100 ms is at most this."},
		{"audio.dual_mono.info", 10, 0, day, "s", "Two equal channels for this long are info."},
		{"audio.dual_mono.warn", none, 0, day, "s", "Two equal channels for this long are a warning."},
		{"audio.dual_mono.fail", none, 0, day, "s", "Two equal channels for this long are a failure."},
		{"audio.dead_channel.info", 2, 0, day, "s", "A channel that is silent for this long while the other sounds is info."},
		{"audio.dead_channel.warn", 5, 0, day, "s", "A channel that is silent for this long while the other sounds is a warning."},
		{"audio.dead_channel.fail", 10, 0, day, "s", "A channel that is silent for this long while the other sounds is a failure."},
		{"audio.imbalance.info", 10, 0, day, "s", "A channel that is louder for this long is info."},
		{"audio.imbalance.warn", 30, 0, day, "s", "A channel that is louder for this long is a warning."},
		{"audio.imbalance.fail", none, 0, day, "s", "A channel that is louder for this long is a failure."},
		{"audio.imbalance.difference", 6, 1, 60, "dB", "A channel that exceeds the other by this much is louder."},
	}
}
