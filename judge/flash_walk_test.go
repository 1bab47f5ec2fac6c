package judge

import (
	"math/rand/v2"
	"testing"
)

// plainWalk is what flashField.walk does, cell by cell as its rules are told.
func plainWalk(d *flashField, cells []uint8, up, down *[256]int16, odd bool) (rose, fell cellSet) {
	for i, v := range cells {
		e := d.Extreme[i]
		rising := d.Rising[i/64]>>(i%64)&1 == 1
		switch {
		case rising && v > e, !rising && v < e:
			d.Extreme[i] = v
		case rising && int16(v) <= down[e]:
			d.Extreme[i] = v
			d.Rising[i/64] &^= 1 << (i % 64)
			fell.add(i)
		case !rising && int16(v) >= up[e] && (!odd || v&1 == 1):
			d.Extreme[i] = v
			d.Rising[i/64] |= 1 << (i % 64)
			rose.add(i)
		}
	}
	return rose, fell
}

func TestWalkFollowsTheRules(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for round := range 200 {
		steps := stepTable{odd: round%2 == 1}
		var up, down [256]int16
		for i := range up {
			up[i], down[i] = int16(min(256, i+1+rng.IntN(60))), int16(max(-1, i-1-rng.IntN(60)))
			steps.set(i, up[i], down[i])
		}
		n := []int{576, 144, 64, 1, 100}[round%5]
		var fast, plain flashField
		fast.equip(n, 0.25)
		plain.equip(n, 0.25)
		fast.Extreme, plain.Extreme = make([]byte, n), make([]byte, n)
		cells := make([]uint8, n)
		for range 30 {
			for i := range cells {
				cells[i] += uint8(rng.IntN(81) - 40)
			}
			rose, fell, moved := fast.walk(cells, &steps)
			wantRose, wantFell := plainWalk(&plain, cells, &up, &down, steps.odd)
			if rose != wantRose || fell != wantFell || moved != (rose.count()+fell.count() > 0) || string(fromBlack(&fast)) != string(plain.Extreme) || fast.Rising != plain.Rising {
				t.Fatalf("round %d of %d cells differs", round, n)
			}
		}
	}
}

// fromBlack is the extremes as codes counted from black.
func fromBlack(d *flashField) []byte {
	list := make([]byte, len(d.Extreme))
	for i, e := range d.Extreme {
		list[i] = e ^ byte(-int(d.Rising[i/64]>>(i%64)&1))
	}
	return list
}
