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

	// rolling estimates the sums over 3 s.
	rolling [tenth]rollingSum
}

// rollingSum is about the sum over 3 s that ends with the slots of one number mod 10. It is taken on from the last one instead of fresh, so its last digits depend on where the judging began:
// it must not be told, and serves to see that a sum need not be taken. It is no state; what is not known is taken fresh once.
type rollingSum struct {
	known   bool
	energy  float64
	samples int64
}

// rollingSlack is far above what rounding can move a rolling sum by: 26 million additions in 30 days, each by 2^-53 of the greatest sum.
const rollingSlack = 1e-6

// below tells for certain that the mean square over 3 s is below a limit that no earlier one exceeds.
func (w *sliding) below(limit float64) bool {
	if w.Count == 0 {
		return false
	}
	r := &w.rolling[(w.Count-1)%tenth]
	return r.known && r.samples > 0 && r.energy < limit*float64(r.samples)*(1-rollingSlack)
}

// shortTerm is the mean square over 3 s; false while there are not as many.
func (w *sliding) shortTerm() (float64, bool) {
	m, n, ok := w.sum(shortTermTenths)
	if !ok {
		return 0, false
	}
	w.rolling[(w.Count-1)%tenth] = rollingSum{true, m, n}
	return m / float64(n), true
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
	if r := &w.rolling[at]; r.known {
		oldest := int(w.Count % int64(len(w.Tenths)))
		r.energy += sum - w.Tenths[oldest]
		r.samples += int64(n) - int64(w.TenthSamples[oldest])
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
	sum, n, ok := w.sum(tenths)
	return sum / float64(n), ok
}

func (w *sliding) sum(tenths int) (sum float64, n int64, ok bool) {
	if w.Count < int64(tenths)*tenth {
		return 0, 1, false
	}
	at := int((w.Count - 1 - int64(tenths-1)*tenth) % int64(len(w.Tenths)))
	for range tenths {
		sum += w.Tenths[at]
		n += int64(w.TenthSamples[at])
		if at += tenth; at >= len(w.Tenths) {
			at -= len(w.Tenths)
		}
	}
	return sum, n, true
}
