package judge

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

func TestHalvedGrid(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 6))
	for n := range 100 {
		var grid [measurement.GridW * measurement.GridH]uint8
		for i := range grid {
			grid[i] = uint8(rng.IntN(256))
			if n == 0 {
				grid[i] = 255
			}
		}
		small := halved(&grid)
		for y := range pictureH {
			for x := range pictureW {
				sum := 2
				for _, i := range []int{2*y*measurement.GridW + 2*x, 2*y*measurement.GridW + 2*x + 1, (2*y+1)*measurement.GridW + 2*x, (2*y+1)*measurement.GridW + 2*x + 1} {
					sum += int(grid[i])
				}
				if got := small[y*pictureW+x]; int(got) != sum/4 {
					t.Fatalf("cell %d, %d is %d, want %d", x, y, got, sum/4)
				}
			}
		}
	}
}

func TestCellsComeBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 7))
	for range 50 {
		c := cellStore{width: 1 + rng.IntN(5)}
		known := map[int64][]byte{}
		cell := int64(0)
		for range rng.IntN(60) {
			cell += []int64{1, 1, 1, 2, 0, 50}[rng.IntN(6)]
			value := make([]byte, c.width)
			for i := range value {
				value[i] = byte(rng.IntN(256))
			}
			if cell >= c.next() && len(known) < 40 {
				known[cell] = value
			}
			c.add(cell, 40, value)
		}
		b, err := json.Marshal(&c)
		if err != nil {
			t.Fatal(err)
		}
		var got cellStore
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		for i := range cell + 2 {
			if !bytes.Equal(got.at(i), known[i]) || !bytes.Equal(c.at(i), known[i]) {
				t.Fatalf("cell %d is %v, before the checkpoint %v, want %v", i, got.at(i), c.at(i), known[i])
			}
		}
	}
	for _, bad := range []string{
		`{"w":0}`, `{"w":2,"runs":[{"f":0,"n":1}],"data":"AA=="}`, `{"w":1,"runs":[{"f":0,"n":-1}],"data":"AA=="}`,
		`{"w":1,"runs":[{"f":3,"n":1},{"f":3,"n":1}],"data":"AAA="}`, `{"w":1,"data":"AA=="}`, `{"w":9223372036854775807,"runs":[{"f":0,"n":1}],"data":"AA=="}`,
	} {
		var c cellStore
		if err := json.Unmarshal([]byte(bad), &c); err == nil {
			t.Errorf("%s was read as %+v", bad, c)
		}
	}
}

// BenchmarkCellLookup is the lookup in a day that loses its sound every 200 ms.
func BenchmarkCellLookup(b *testing.B) {
	const runs = 216_000
	c := cellStore{width: 1}
	for i := range int64(runs) {
		c.add(2*i, runs, []byte{byte(i)})
	}
	for i := int64(0); b.Loop(); i = (i + 7919) % (2 * runs) {
		c.at(i)
	}
}

// signed is the signature of the first finding of a code.
func signed(t *testing.T, c *script, code string) jobs.Signature {
	t.Helper()
	j := folded(t, nil, c)
	r, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	list := finding(r, code)
	if len(list) == 0 {
		t.Fatalf("no %s in %s", code, encode(t, r.Findings))
	}
	for _, s := range j.Signatures(r.Findings) {
		if s.Finding == jobs.FindingKey(&list[0]) {
			return s.Signature
		}
	}
	t.Fatalf("no signature of %s", jobs.FindingKey(&list[0]))
	return jobs.Signature{}
}

func TestSignatureOfBlack(t *testing.T) {
	c := clean()
	c.black, c.silence = []run{sec(4, 8)}, []run{sec(4, 8)}
	s := signed(t, c, "video.black")
	if s.Duration != 4 || len(s.Pictures) != 7 || len(s.Levels) != levelPoints {
		t.Fatalf("signature %s", encode(t, s))
	}
	for i, p := range s.Pictures {
		if want := i >= 2 && i <= 4; len(p) != pictureW*pictureH || (p[0] == 16 && p[143] == 16) != want {
			t.Errorf("picture %d is black: %t, want %t", i, !want, want)
		}
	}
	for i, l := range s.Levels {
		at := 2 + 8*float64(i)/(levelPoints-1)
		if quiet := at >= 4 && at < 8; (l == silent) != quiet || !quiet && (l > -15 || l < -19) {
			t.Errorf("level at %.2f s is %d", at, l)
		}
	}
}

// TestSignatureAtTheEdges: what is not there is empty.
func TestSignatureAtTheEdges(t *testing.T) {
	c := clean()
	c.black = []run{sec(0, 4)}
	s := signed(t, c, "video.black")
	for i, want := range []bool{false, false, true, true, true, true, true} {
		if got := len(s.Pictures[i]) > 0; got != want {
			t.Errorf("picture %d is there: %t, want %t", i, got, want)
		}
	}
	if s.Levels[0] != silent || s.Levels[levelPoints/2] == silent {
		t.Errorf("levels %v", s.Levels)
	}
	c = clean()
	c.audio, c.black = 0, []run{sec(16, 20)}
	s = signed(t, c, "video.black")
	if len(s.Pictures[5]) > 0 || len(s.Pictures[6]) > 0 || len(s.Levels) > 0 {
		t.Errorf("signature at the end without sound: %s", encode(t, s))
	}
}

// TestInformationHasNoSignature: and the worst come first.
func TestInformationHasNoSignature(t *testing.T) {
	j := folded(t, nil, clean())
	if _, err := j.Finish(); err != nil {
		t.Fatal(err)
	}
	list := []jobs.Finding{{Code: "a.a", Severity: jobs.Info}, {Code: "b.b", Severity: jobs.Warn}, {Code: "c.c", Severity: jobs.Fail, Rendition: "a0", Start: -5, End: 1e9}}
	for range maxSigned {
		list = append(list, list[1])
	}
	got := j.Signatures(list)
	if len(got) != maxSigned || got[0].Finding != jobs.FindingKey(&list[2]) || got[1].Finding != jobs.FindingKey(&list[1]) {
		t.Errorf("%d signatures, the first %s", len(got), got[0].Finding)
	}
}
