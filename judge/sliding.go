package judge

const (
	// tenth is the number of 10 ms slots in 100 ms, the hop of gating blocks (BS.1770-5 Annex 1).
	tenth = 10
	// momentaryTenths and shortTermTenths are 400 ms and 3 s (Tech 3341, 2.2), in hundreds of milliseconds.
	momentaryTenths, shortTermTenths = 4, 30
)

// sliding holds the weighted energies of the last 3 s of contiguous slots. Every sum is taken fresh and in index order, ten slots to a tenth and
// tenths to a window, so that it is the same number wherever the judging began and costs 44 additions a slot.
type sliding struct {
	Count int64 // slots since the last gap
	// Slots and SlotSamples hold slot n at n mod 10.
	Slots       [tenth]float64
	SlotSamples [tenth]int32
	// Tenths and TenthSamples hold, at n mod 300, the sums of the ten slots that end with slot n.
	Tenths       [tenth * shortTermTenths]float64
	TenthSamples [tenth * shortTermTenths]int32
}

// push adds a slot.
func (w *sliding) push(energy float64, samples int32) {
	at := int(w.Count % tenth)
	w.Slots[at], w.SlotSamples[at] = energy, samples
	var sum float64
	var n int32
	for i := at + 1; i < tenth; i++ { // from the oldest on
		sum += w.Slots[i]
		n += w.SlotSamples[i]
	}
	for i := range at + 1 {
		sum += w.Slots[i]
		n += w.SlotSamples[i]
	}
	at = int(w.Count % int64(len(w.Tenths)))
	w.Tenths[at], w.TenthSamples[at] = sum, n
	w.Count++
}

// tenthsEnd tells whether a whole number of tenths has been pushed; the last of them is then a cell of the programme's grid.
func (w *sliding) tenthsEnd() bool { return w.Count > 0 && w.Count%tenth == 0 }

// last returns the sum over the last ten slots.
func (w *sliding) last() (energy float64, samples int32) {
	at := (w.Count - 1) % int64(len(w.Tenths))
	return w.Tenths[at], w.TenthSamples[at]
}

// mean is the mean square over the last tenths hundreds of milliseconds; false while there are not as many.
func (w *sliding) mean(tenths int) (float64, bool) {
	if w.Count < int64(tenths)*tenth {
		return 0, false
	}
	var sum float64
	var n int64
	at := int((w.Count - 1 - int64(tenths-1)*tenth) % int64(len(w.Tenths)))
	for range tenths {
		sum += w.Tenths[at]
		n += int64(w.TenthSamples[at])
		if at += tenth; at >= len(w.Tenths) {
			at -= len(w.Tenths)
		}
	}
	return sum / float64(n), true
}
