package judge

import (
	"math"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// recorder is a detector that remembers what it is shown.
type recorder struct {
	slots []audioSlot
	gaps  []run
}

func (r *recorder) slot(s *audioSlot) {
	c := *s
	one := *s.Slot
	one.Ch = append([]measurement.Channel(nil), s.Ch...)
	c.Slot = &one
	r.slots = append(r.slots, c)
}
func (r *recorder) gap(from, to jobs.Micros) { r.gaps = append(r.gaps, run{from, to}) }
func (r *recorder) finish(jobs.Micros)       {}

// record shows one sequence's sound to a recorder.
func record(t *testing.T, s *script, units []synth) *recorder {
	t.Helper()
	check := checkOf(s.sequenceDef("s0"))
	j, err := New(check)
	if err != nil {
		t.Fatal(err)
	}
	q := j.sequences[0]
	a := newStream(measurement.Audio, 0, false, j.params)
	rec := &recorder{}
	a.audio = []audioDetector{rec}
	q.Streams = append(q.Streams, a)
	for _, w := range windowsOf(&check.Timeline.Sequences[0], nil) {
		if err := j.Window(w, take(w, units, s.formats(), false)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := j.Finish(); err != nil {
		t.Fatal(err)
	}
	return rec
}

// TestSlotsOnBordersAreJoined: detectors see whole slots that follow each other, wherever segments end.
func TestSlotsOnBordersAreJoined(t *testing.T) {
	for _, rate := range []int{48000, 44100} {
		s := &script{segments: 7, length: 1.917e6, rate: 25, audio: rate, start: 12345}
		rec := record(t, s, s.units())
		total := int32(0)
		for i, one := range rec.slots {
			total += one.Samples
			if i == 0 || i == len(rec.slots)-1 {
				continue
			}
			if n := int32(rate / 100); one.Samples < n-1 || one.Samples > n+1 || one.End-one.Start != slotLength || one.Start != rec.slots[i-1].End {
				t.Fatalf("slot %d of %d has %d samples at [%d, %d) behind %d", i, rate, one.Samples, one.Start, one.End, rec.slots[i-1].End)
			}
			if c := one.Ch[1]; math.Abs(c.Sq/float64(one.Samples)-float64(c.Peak)*float64(c.Peak)/2) > 1e-6 || c.LoudFirst != 0 || int(c.LoudLast) < rate/100-2 {
				t.Fatalf("slot %d of %d is %+v", i, rate, c)
			}
		}
		if want := int32(7 * 1.917 * float64(rate)); total < want-8 || total > want+8 || len(rec.gaps) > 0 {
			t.Errorf("%d samples a second: %d samples, want %d; gaps %v", rate, total, want, rec.gaps)
		}
	}
}

func TestMissingSegmentIsAGapForDetectors(t *testing.T) {
	s := &script{segments: 4, length: 2e6, rate: 25, audio: 48000, state: map[int]measurement.UnitState{1: measurement.UnitMissing}}
	rec := record(t, s, s.units())
	if len(rec.gaps) != 1 || rec.gaps[0] != sec(2, 4) {
		t.Errorf("gaps %v", rec.gaps)
	}
}

// TestNoiseThatIsNoNumber: decoders of damaged float audio deliver anything; it is damage, and a checkpoint can still be written.
func TestNoiseThatIsNoNumber(t *testing.T) {
	s := &script{segments: 2, length: 2e6, rate: 25, audio: 48000}
	units := s.units()
	units[0].slots[150].Ch[0].K = math.NaN()
	units[1].slots[199].Ch[1].Peak = float32(math.Inf(1))
	q := s.sequenceDef("s0")
	check := checkOf(q)
	j, err := New(check)
	if err != nil {
		t.Fatal(err)
	}
	w := windowsOf(&check.Timeline.Sequences[0], nil)[0]
	if err := j.Window(w, take(w, units, s.formats(), false)); err != nil {
		t.Fatal(err)
	}
	r, err := again(t, check, j).Finish()
	if err != nil {
		t.Fatal(err)
	}
	if f := finding(r, "audio.decode_error"); len(f) != 2 {
		t.Errorf("findings %s", encode(t, r.Findings))
	}
}
