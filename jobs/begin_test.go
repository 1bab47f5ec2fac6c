package jobs

import (
	"testing"
	"time"
)

func TestBegin(t *testing.T) {
	at := time.Date(2026, 11, 22, 18, 0, 4, 0, time.FixedZone("", 3600))
	dated := []Segment{{Start: 0, Duration: 2e6}, {Start: 2e6, Duration: 2e6, ProgramTime: &at}}
	plain := []Segment{{Start: 0, Duration: 2e6}}
	want := time.Date(2026, 11, 22, 17, 0, 2, 0, time.UTC)
	for name, tt := range map[string]struct {
		sequences []Sequence
		want      time.Time
	}{
		"none":         {[]Sequence{{Segments: plain}}, time.Time{}},
		"nothing":      {nil, time.Time{}},
		"second":       {[]Sequence{{Segments: plain}, {Segments: dated}}, want},
		"no reference": {[]Sequence{{Segments: dated, Role: RoleReference}, {Segments: plain}}, time.Time{}},
	} {
		c := &Check{Timeline: Timeline{Sequences: tt.sequences}}
		if got := c.Begin(); !got.Equal(tt.want) || got.Location() != time.UTC && !got.IsZero() {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
