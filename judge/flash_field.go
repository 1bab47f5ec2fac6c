package judge

import (
	"math/bits"
	"slices"

	"aircheck/jobs"
)

const (
	// fieldWords hold a bit for each of up to 576 cells.
	fieldWords = 9
	// coincidence is within what time cells change together: a flash that takes two pictures to rise is one.
	coincidence jobs.Micros = 80e3
	// maxFirings bounds the pictures within coincidence in which cells changed: enough for 100 pictures a second.
	maxFirings = 8
	// flashEvents bounds the changes that are remembered: the bits of a word. Faster than that, the oldest are forgotten, and there are too many anyway.
	flashEvents = 64
)

// cellSet is a set of cells.
type cellSet [fieldWords]uint64

func (s *cellSet) add(i int) { s[i/64] |= 1 << (i % 64) }

func (s *cellSet) join(o *cellSet) {
	for i := range s {
		s[i] |= o[i]
	}
}

func (s *cellSet) count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// mirror is where the limits of rising cells begin in a stepTable: there, codes are counted from white down, so that both directions are one.
const mirror = 256

// stepTable says, for a cell whose last extreme was a code value, from which value up or down it has changed: greater than any code value where nothing will do.
type stepTable struct {
	limit [2 * mirror]int16
	// odd: only odd codes are states to which a rise counts.
	odd bool
}

// set says how far a cell must go from code: to above it or to below it; 256 and -1 where nothing will do.
func (t *stepTable) set(code int, up, down int16) {
	t.limit[code] = up
	t.limit[mirror+255-code] = 255 - down
}

// flashField follows the cells of a picture from extreme to extreme (as EA's IRIS does with the mean of the picture), and counts in each cell the changes in which
// enough others changed with it in the same direction.
type flashField struct {
	// Extreme is the last extreme of each cell: the highest, counted from white, while it is in Rising, else the lowest; so it only ever falls. nil before the first picture. Last are
	// the cells of the picture before.
	Extreme, Last []byte `json:",omitempty"`
	Rising        cellSet
	Up, Down      direction
	// Events are the times of the last changes of a large enough area, a ring; Next is the number of the next one. Took has a bit for each in which a cell took part.
	Events []jobs.Micros `json:",omitempty"`
	Next   int           `json:",omitempty"`
	Took   []uint64      `json:",omitempty"`

	// flips has all bits of a cell set whose codes are counted from white: those in Rising.
	flips []byte

	cells, least int
	area         float64
}

// direction gathers the cells that change one way.
type direction struct {
	Fired []firing `json:",omitempty"`
	// Event is the number of the change that is going on until OpenTo; -1 when there is none.
	Event  int
	OpenTo jobs.Micros `json:",omitempty"`
}

// firing is the set of cells that changed at a time.
type firing struct {
	At    jobs.Micros
	Cells cellSet
}

// equip says how many cells there are and which share of them counts.
func (d *flashField) equip(cells int, area float64) {
	d.cells, d.area = cells, area
	d.least = max(1, int(area*float64(cells)+0.999999))
	d.Up.Event, d.Down.Event = -1, -1
}

// forget begins anew.
func (d *flashField) forget() {
	*d = flashField{cells: d.cells, least: d.least, area: d.area, Up: direction{Event: -1}, Down: direction{Event: -1}}
}

// frame takes the next picture. Where an area changes it returns how many changes the window has seen, and since when; else 0.
func (d *flashField) frame(at jobs.Micros, cells []uint8, steps *stepTable, window jobs.Micros) (n int, since jobs.Micros) {
	if len(cells) != d.cells || d.cells > fieldWords*64 {
		return 0, 0
	}
	if len(d.Extreme) != len(cells) {
		d.Extreme, d.Last = slices.Clone(cells), slices.Clone(cells)
		return 0, 0
	}
	if string(d.Last) == string(cells) {
		return 0, 0
	}
	copy(d.Last, cells)
	up, down, moved := d.walk(cells, steps)
	if !moved {
		return 0, 0
	}
	changed := d.gather(&d.Up, at, &up)
	if d.gather(&d.Down, at, &down) || changed {
		return d.measure(at, window)
	}
	return 0, 0
}

// walk moves the extremes and returns the cells that changed. Hardly any do, and all others take no branch: in a picture that moves, nobody could predict it.
func (d *flashField) walk(cells []uint8, steps *stepTable) (up, down cellSet, moved bool) {
	if len(d.flips) != len(d.Extreme) {
		d.turn()
	}
	extreme, flips := d.Extreme[:len(cells)], d.flips[:len(cells)]
	limits := &steps.limit
	for i, v := range cells {
		flip := int(flips[i])
		x, e := int(v)^flip, int(extreme[i])
		extreme[i] = uint8(min(x, e))
		if x < int(limits[(flip&1)*mirror+e]) || flip == 0 && steps.odd && v&1 == 0 {
			continue
		}
		word, bit := i/64, uint64(1)<<(uint(i)&63)
		if flip == 0 {
			up[word] |= bit
		} else {
			down[word] |= bit
		}
		d.Rising[word] ^= bit
		flips[i] = ^flips[i]
		extreme[i] = v ^ flips[i]
		moved = true
	}
	return up, down, moved
}

// turn works out flips.
func (d *flashField) turn() {
	d.flips = make([]byte, len(d.Extreme))
	for i := range d.flips {
		d.flips[i] = byte(-int(d.Rising[i/64] >> (i % 64) & 1))
	}
}

// gather adds cells to a direction and tells whether a large enough area has changed.
func (d *flashField) gather(r *direction, at jobs.Micros, cells *cellSet) bool {
	if *cells == (cellSet{}) {
		return false
	}
	if r.Event >= 0 && at <= r.OpenTo {
		d.took(r.Event, cells)
		return true
	}
	r.Event = -1
	keep := r.Fired[:0]
	for _, f := range r.Fired {
		if at-f.At <= coincidence {
			keep = append(keep, f)
		}
	}
	if len(keep) == maxFirings {
		copy(keep, keep[1:])
		keep = keep[:maxFirings-1]
	}
	r.Fired = append(keep, firing{at, *cells})
	var all cellSet
	for i := range r.Fired {
		all.join(&r.Fired[i].Cells)
	}
	if all.count() < d.least {
		return false
	}
	r.OpenTo = r.Fired[0].At + coincidence
	r.Event = d.event(at)
	r.Fired = r.Fired[:0]
	d.took(r.Event, &all)
	return true
}

// event begins a change and returns its place in the ring.
func (d *flashField) event(at jobs.Micros) int {
	if len(d.Took) != d.cells || len(d.Events) != flashEvents {
		d.Took, d.Events = make([]uint64, d.cells), make([]jobs.Micros, flashEvents)
		for i := range d.Events {
			d.Events[i] = at - 2*flashWindow
		}
	}
	place := d.Next % flashEvents
	d.Next = (place + 1) % flashEvents
	d.Events[place] = at
	for i := range d.Took {
		d.Took[i] &^= 1 << place
	}
	return place
}

func (d *flashField) took(event int, cells *cellSet) {
	for w, set := range cells {
		for ; set != 0; set &= set - 1 {
			if i := w*64 + bits.TrailingZeros64(set); i < len(d.Took) {
				d.Took[i] |= 1 << (event % flashEvents)
			}
		}
	}
}

// measure returns the greatest number of changes within the window before at that the least area has seen, and when the first of the window was.
func (d *flashField) measure(at, window jobs.Micros) (n int, since jobs.Micros) {
	var recent uint64
	since = at
	for i, t := range d.Events {
		if t > at-window {
			recent |= 1 << i
			since = min(since, t)
		}
	}
	var histogram [flashEvents + 1]int
	for _, t := range d.Took {
		histogram[bits.OnesCount64(t&recent)]++
	}
	for cells, n := 0, flashEvents; n > 0; n-- {
		if cells += histogram[n]; cells >= d.least {
			return n, since
		}
	}
	return 0, since
}
