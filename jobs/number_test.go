package jobs

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"
	"time"
)

func TestNumberFormat(t *testing.T) {
	tests := map[float64][2]string{ // as Number, as Seconds
		0:                     {"0", "0"},
		math.Copysign(0, -1):  {"0", "0"},
		1:                     {"1", "1"},
		-23:                   {"-23", "-23"},
		100:                   {"100", "100"},
		2.52:                  {"2.52", "2.52"},
		0.1 + 0.2:             {"0.3", "0.3"},
		-0.00004:              {"0", "-0.00004"},
		-0.0000004:            {"0", "0"},
		1.00005:               {"1.0001", "1.00005"},
		1e15:                  {"1000000000000000", "1000000000000000"},
		1.0 / 3:               {"0.3333", "0.333333"},
		math.NaN():            {"null", "null"},
		math.Inf(-1):          {"null", "null"},
		123456789.987654321:   {"123456789.9877", "123456789.987654"},
		86399.999999499999999: {"86400", "86399.999999"},
	}
	for v, want := range tests {
		for i, number := range []any{Number(v), Seconds(v)} {
			if got, err := json.Marshal(number); err != nil || string(got) != want[i] {
				t.Errorf("%T(%v) is %s, want %s (%v)", number, v, got, want[i], err)
			}
		}
	}
}

// TestNumberIsShortest: at most so many decimals, none of them a trailing zero, never a negative zero or an exponent, and as near as so many decimals come.
func TestNumberIsShortest(t *testing.T) {
	shape := regexp.MustCompile(`^(0|-?[1-9][0-9]*|-?(0|[1-9][0-9]*)\.[0-9]*[1-9])$`)
	r := rand.New(rand.NewPCG(3, 5))
	for range 20000 {
		v := (r.Float64() - 0.5) * math.Pow(10, float64(r.IntN(14)-6))
		for places, b := range map[int][]byte{4: appendFixed(v, 4), 6: appendFixed(v, 6)} {
			back, err := strconv.ParseFloat(string(b), 64)
			if err != nil || !shape.Match(b) || len(b) > places+20 {
				t.Fatalf("%v in %d places is %s", v, places, b)
			}
			if half := 0.5 * math.Pow(10, -float64(places)); math.Abs(back-v) > half*1.000001+math.Abs(v)*1e-15 {
				t.Fatalf("%v in %d places is %s", v, places, b)
			}
			if again := appendFixed(back, places); string(again) != string(b) {
				t.Fatalf("%s read back and written is %s", b, again)
			}
		}
	}
}

func TestFigure(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if Figure(v) != nil {
			t.Errorf("%v became a figure", v)
		}
	}
	if got := Figure(-23.5); got == nil || *got != -23.5 {
		t.Errorf("got %v", got)
	}
}

func TestSecondsAreExactToTheMicrosecond(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	for range 20000 {
		m := Micros(r.Int64N(int64(maxTime)))
		if back := m.At().Micros(); back != m {
			t.Fatalf("%d µs became %d", m, back)
		}
		b, err := json.Marshal(m.At())
		var s Seconds
		if err != nil || json.Unmarshal(b, &s) != nil || s.Micros() != m {
			t.Fatalf("%d µs became %s", m, b)
		}
	}
	if got := FromDuration(1500*time.Nanosecond + time.Second); got != 1_000_001 {
		t.Errorf("1.0000015 s is %d µs", got)
	}
}
