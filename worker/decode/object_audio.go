//go:build cgo

package decode

import "math"

// objectAudio collects one audio track's packets by cell.
type objectAudio struct {
	cell    int64
	begun   bool
	done    bool
	before  []*packet // of the cell before: pre-roll
	packets []*packet
}

// audioPacket collects a packet; a packet of a later cell ends the current one.
func (o *objectWindow) audioPacket(p *packet) error {
	a := o.audios[p.track.ordinal]
	if a == nil {
		a = &objectAudio{cell: math.MinInt64}
		o.audios[p.track.ordinal] = a
	}
	if a.done {
		p.free()
		return nil
	}
	if p.placed() {
		cell := floorDiv(max(0, p.track.millis(p.time())), audioCellMillis)
		if cell > a.cell { // a clock that jumps back stays in the cell that it had reached, in every cut
			if err := o.endCell(a, cell); err != nil {
				p.free()
				return err
			}
			a.cell = cell
			start := cell * audioCellMillis
			a.begun = o.owns(start) || (o.head && start < o.to)
			a.done = start >= o.to
		}
	}
	if a.done {
		p.free()
		return nil
	}
	a.packets = append(a.packets, p)
	if len(a.packets) >= maxCellPackets {
		return o.endCell(a, a.cell)
	}
	return nil
}

// maxCellPackets bounds what is collected of a cell: 2.5 ms Opus packets make 4,000, and a stream whose clock stands still makes any number.
const maxCellPackets = 20_000

// endCell measures the collected cell if the window owns it, and keeps its end as the next one's pre-roll. next is the cell that follows.
func (o *objectWindow) endCell(a *objectAudio, next int64) error {
	if len(a.packets) == 0 {
		return nil
	}
	t := a.packets[0].track
	var err error
	if a.begun {
		for _, p := range a.packets {
			p.owned, p.unit = true, int(a.cell)*audioCellUnits
			o.sawPacket(p)
		}
		err = o.decodeAudio(o.audioRun(a, t, next))
	}
	freeAll(a.before)
	a.before = append([]*packet(nil), lastMillis(a.packets, t, preRollMillis)...)
	freeAll(a.packets[:len(a.packets)-len(a.before)])
	a.packets = nil
	return err
}

// audioRun gives a cell the samples of its ten seconds. The packet on its end is cut there, for the next cell decodes it too, unless there is none.
func (o *objectWindow) audioRun(a *objectAudio, t *track, next int64) *audioRun {
	run := &audioRun{track: t, unit: int(a.cell) * audioCellUnits, packets: a.packets, preRoll: a.before, from: o.d.firstSample(), toMillis: -1}
	if a.cell > 0 {
		run.fromMillis = a.cell * audioCellMillis
	}
	if next == a.cell+1 {
		run.toMillis = next * audioCellMillis
	}
	return run
}
