package inject

import "testing"

// TestLinesOfAGrid: blocks show, a ramp and a picture without structure do not, and lines beside the grid are told from those on it.
func TestLinesOfAGrid(t *testing.T) {
	picture := func(of func(x, y int) int) plane {
		p := plane{make([]byte, 128*96), 128, 96}
		for i := range p.at {
			p.at[i] = byte(of(i%128, i/128))
		}
		return p
	}
	blocks := func(x, y int) int { return 100 + 5*((x/8+y/8)%2) }
	for name, c := range map[string]struct {
		picture     plane
		on, between float64
	}{
		"blocks":       {picture(blocks), 1, 0},
		"ramp":         {picture(func(x, y int) int { return x + y/2 }), 0, 0},
		"flat":         {picture(func(int, int) int { return 90 }), 0, 0},
		"faint blocks": {picture(func(x, y int) int { return 100 + (x/8+y/8)%2 }), 0, 0},
	} {
		if on, between := c.picture.lines(0), c.picture.lines(4); on != c.on || between != c.between {
			t.Errorf("%s: %.2f of the sides and %.2f of the lines between show, want %.2f and %.2f", name, on, between, c.on, c.between)
		}
	}
	beside := picture(func(x, _ int) int { return 100 + 5*((x+4)/8%2) })
	if on, between := beside.lines(0), beside.lines(4); on != 0 || between < 0.4 {
		t.Errorf("columns between the sides: %.2f on the sides, %.2f between", on, between)
	}
}
