package accuracy

import (
	"math"

	"aircheck/bench/inject"
)

// fieldSeries is 1 where idet, with its own memory of neighbours, says interlaced.
func fieldSeries(out []byte) series {
	return seriesOf(rows(out), func(r row) float64 {
		switch r.values["lavfi.idet.multiple.current_frame"] {
		case "tff", "bff":
			return 1
		}
		return 0
	})
}

// orderSeries is 1 where idet sees the bottom field first and 2 where it sees the top field first.
func orderSeries(out []byte) series {
	return seriesOf(rows(out), func(r row) float64 {
		switch r.values["lavfi.idet.multiple.current_frame"] {
		case "bff":
			return 1
		case "tff":
			return 2
		}
		return 0
	})
}

// against keeps of an order what contradicts the flag of the stream, "tff", "bff" or "" for a progressive one.
func (s *series) against(flag string) *series {
	other := map[string]float64{"tff": 1, "bff": 2}[flag]
	out := &series{At: s.At, End: s.End}
	for _, v := range s.Score {
		if other != 0 && v == other {
			out.Score = append(out.Score, 1)
		} else {
			out.Score = append(out.Score, 0)
		}
	}
	return out
}

// cropChanges are the times at which the rectangle that cropdetect sees changes by 2 % of the picture for two seconds.
func cropChanges(out []byte, end float64) []span {
	const hold, share = 2.0, 0.02
	var list []span
	var now, next [4]float64
	var since float64
	first := true
	for _, r := range rows(out) {
		box := [4]float64{r.number("cropdetect.x1"), r.number("cropdetect.x2"), r.number("cropdetect.y1"), r.number("cropdetect.y2")}
		if math.IsNaN(box[0]) {
			continue
		}
		if first {
			now, next, since, first = box, box, r.at, false
		}
		if differ(box, next, share) {
			next, since = box, r.at
		}
		if differ(next, now, share) && r.at-since >= hold {
			list = append(list, span{Start: since, End: since})
			now = next
		}
	}
	return list
}

func differ(a, b [4]float64, share float64) bool {
	w, h := max(a[1]-a[0], b[1]-b[0]), max(a[3]-a[2], b[3]-b[2])
	return math.Abs(a[0]-b[0]) > share*w || math.Abs(a[1]-b[1]) > share*w || math.Abs(a[2]-b[2]) > share*h || math.Abs(a[3]-b[3]) > share*h
}

// The limits of the profiles that the clips are judged with.
const (
	targetLUFS, toleranceLU = -23, 1
	maxPeak                 = -1
	maxRange                = 12
)

// whole is a span over all of the clip with a value.
func whole(end, value float64) []span { return []span{{Start: 0, End: end, Value: &value}} }

func offTarget(out []byte, end float64) []span {
	if v := inject.R128(out, "I:"); math.Abs(v-targetLUFS) > toleranceLU {
		return whole(end, v)
	}
	return nil
}

func overPeak(out []byte, end float64) []span {
	if v := inject.R128(out, "Peak:"); v > maxPeak {
		return whole(end, v)
	}
	return nil
}

func overRange(out []byte, end float64) []span {
	if v := inject.R128(out, "LRA:"); v > maxRange {
		return whole(end, v)
	}
	return nil
}
