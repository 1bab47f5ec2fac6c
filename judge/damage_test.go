package judge

import (
	"fmt"
	"slices"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

func TestDamage(t *testing.T) {
	frame := func(errors, concealed, logged, flags int32) func(*measurement.Frame) {
		return func(f *measurement.Frame) {
			f.DecodeErrors, f.ConcealedMB, f.LogErrors = errors, concealed, logged
			f.Flags |= flags
		}
	}
	tests := []struct {
		name   string
		damage map[int]func(*measurement.Frame) // by frame number, 25/s
		want   []string
	}{
		{"none", nil, nil},
		{"one frame", map[int]func(*measurement.Frame){30: frame(4, 0, 0, 0)}, []string{"info 1.2-1.24"}},
		{"one message", map[int]func(*measurement.Frame){30: frame(0, 0, 1, 0)}, []string{"info 1.2-1.24"}},
		{"much concealed", map[int]func(*measurement.Frame){30: frame(4, 3, 0, 0)}, []string{"warn 1.2-1.24"}},
		{"two that are one", map[int]func(*measurement.Frame){30: frame(4, 0, 0, 0), 42: frame(0, 0, 0, measurement.FlagSendError)}, []string{"warn 1.2-1.72"}},
		{"two that are two", map[int]func(*measurement.Frame){30: frame(4, 0, 0, 0), 50: frame(8, 0, 0, 0)}, []string{"info 1.2-1.24", "info 2-2.04"}},
		{"messages far apart", map[int]func(*measurement.Frame){30: frame(0, 0, 1, 0), 42: frame(0, 0, 1, 0)}, []string{"info 1.2-1.72"}},
		{"many messages", map[int]func(*measurement.Frame){30: frame(0, 0, 1, 0), 36: frame(0, 0, 1, 0), 42: frame(0, 0, 1, 0)}, []string{"warn 1.2-1.72"}},
		{"a second", every(30, 56, frame(4, 0, 0, 0)), []string{"fail 1.2-2.24"}},
		{"half a second, much concealed", every(30, 42, frame(4, 2, 0, 0)), []string{"fail 1.2-1.68"}},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			s := &script{segments: 2, length: 2e6, rate: 25, video: true}
			units := s.units()
			for n, damage := range c.damage {
				damage(&units[n/50].frames[n%50])
			}
			r := judgedUnits(t, s.sequenceDef("s0"), units, s.formats())
			wantDamage(t, r, c.want)
		})
	}
}

func every(from, to int, damage func(*measurement.Frame)) map[int]func(*measurement.Frame) {
	m := map[int]func(*measurement.Frame){}
	for i := from; i < to; i++ {
		m[i] = damage
	}
	return m
}

func wantDamage(t *testing.T, r jobs.Result, want []string) {
	t.Helper()
	var got []string
	for _, f := range finding(r, "video.decode_error") {
		got = append(got, fmt.Sprintf("%s %g-%g", f.Severity, float64(f.Start), float64(f.End)))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || len(r.Findings) != len(want) {
		t.Errorf("found %q, want %q in %s", got, want, encode(t, r.Findings))
	}
}

// TestStartInMidStreamIsNoDamage: what is shown before the first keyframe refers to pictures that are not there; also behind a hole.
func TestStartInMidStreamIsNoDamage(t *testing.T) {
	s := &script{segments: 4, length: 2e6, rate: 25, video: true, state: map[int]measurement.UnitState{1: measurement.UnitMissing}}
	units := s.units()
	for _, i := range []int{0, 2, 3} {
		f := units[i].frames
		f[0].Flags &^= measurement.FlagKey
		f[0].DecodeErrors, f[1].DecodeErrors = 2, 2
		f[2].Flags |= measurement.FlagKey
	}
	r := judgedUnits(t, s.sequenceDef("s0"), units, s.formats())
	f := finding(r, "video.decode_error")
	if len(f) != 1 || f[0].Start != 6 || f[0].End != 6.08 {
		t.Errorf("found %s, want damage at 6 alone", encode(t, f))
	}
}

// TestPacketsWithoutPicturesAreDamage and no gap: the timestamps were there.
func TestPacketsWithoutPicturesAreDamage(t *testing.T) {
	s := &script{segments: 2, length: 2e6, rate: 25, video: true, dropped: []run{sec(1, 1.4)}}
	units := s.units()
	units[0].unit.Tracks[0].Packets += 10
	units[0].unit.Tracks[0].Example = "invalid data"
	r := judgedUnits(t, s.sequenceDef("s0"), units, s.formats())
	wantDamage(t, r, []string{"warn 1-1.4"})
}

func TestSegmentThatCannotBeDecoded(t *testing.T) {
	s := &script{segments: 4, length: 2e6, rate: 25, video: true, audio: 48000}
	units := s.units()
	units[2].frames = nil
	v := &units[2].unit.Tracks[0]
	v.Frames, v.Errors, v.Example = 0, 50, "invalid data"
	r := judgedUnits(t, s.sequenceDef("s0"), units, s.formats())
	wantDamage(t, r, []string{"fail 4-6"})
	wantStates(t, r, "v0", "video.black", "0-4 analysed, 4-6 failed, 6-8 analysed")
	wantStates(t, r, "a0", "audio.silence", "0-8 analysed")
}

func TestDamagedSound(t *testing.T) {
	s := &script{segments: 2, length: 2e6, rate: 25, audio: 48000}
	units := s.units()
	units[0].slots[2].Errors = 1 // the first packets may refer to what came before
	for i := 100; i < 130; i++ {
		units[0].slots[i].Errors = 1
	}
	r := judgedUnits(t, s.sequenceDef("s0"), units, s.formats())
	want(t, r, "audio.decode_error", jobs.Warn, 1, 1.3)
	if len(r.Findings) != 1 {
		t.Errorf("findings %s", encode(t, r.Findings))
	}
}

// TestRefusedPacketsAreNoGap: a hole behind which a decoder complains of as many packets as it holds is damage, also where units do not begin with packets.
func TestRefusedPacketsAreNoGap(t *testing.T) {
	tests := []struct {
		name          string
		before, after int32 // complaints told with the slot before and behind the hole
		damage, gap   int
	}{
		{"told before", 10, 0, 1, 0},
		{"told behind", 0, 10, 1, 0},
		{"told with both", 5, 5, 1, 0},
		{"too few", 1, 1, 2, 1},
		{"none", 0, 0, 0, 1},
		{"no such number", -1, -1 << 31, 0, 1},
	}
	for _, c := range tests {
		s := &script{segments: 2, length: 4e6, rate: 25, audio: 48000}
		units := s.units()
		slots := units[0].slots
		slots[99].Errors, slots[140].Errors = c.before, c.after
		units[0].slots = slices.Delete(slots, 100, 140)
		r := judgedUnits(t, s.sequenceDef("s0"), units, s.formats())
		d, g := finding(r, "audio.decode_error"), finding(r, "timestamp.gap")
		if c.damage == 1 && (len(d) != 1 || float64(d[0].End-d[0].Start) < 0.4) || len(g) != c.gap {
			t.Errorf("%s: found %s", c.name, encode(t, r.Findings))
		}
	}
}

// TestDamagedSoundIsOneDisturbance: a decoder takes some of a row of damaged packets for sound.
func TestDamagedSoundIsOneDisturbance(t *testing.T) {
	s := &script{segments: 2, length: 4e6, rate: 25, audio: 48000}
	units := s.units()
	for _, i := range []int{100, 180, 260} {
		units[0].slots[i].Errors = 1
	}
	r := judgedUnits(t, s.sequenceDef("s0"), units, s.formats())
	want(t, r, "audio.decode_error", jobs.Fail, 1, 2.61)
}
