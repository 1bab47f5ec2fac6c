package judge

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// captioned feeds a collector with pictures at 25/s; each has the triplets that its number maps to.
func captioned(t *testing.T, frames int, cc map[int][]byte, snapshots bool) *pictureCaptions {
	t.Helper()
	d := newPictureCaptions(nil, nil).(*pictureCaptions)
	for n := range frames {
		if snapshots {
			next := newPictureCaptions(nil, nil).(*pictureCaptions)
			reload(t, d, next)
			d = next
		}
		start := jobs.Micros(n) * frameLength
		d.frame(&videoFrame{Frame: &measurement.Frame{CC: cc[n]}, Start: start, End: start + frameLength})
	}
	d.finish(jobs.Micros(frames) * frameLength)
	return d
}

// pairs608 are triplets of a field; control codes are sent twice, text with parity bits set at random places: they do not count.
func pairs608(field byte, parts ...any) []byte {
	var out []byte
	put := func(a, b byte) { out = append(out, 0xfc|field, a|0x80, b) }
	for _, p := range parts {
		switch p := p.(type) {
		case [2]byte:
			put(p[0], p[1])
			put(p[0], p[1])
		case string:
			for i := 0; i < len(p); i += 2 {
				b := byte(0)
				if i+1 < len(p) {
					b = p[i+1]
				}
				put(p[i], b)
			}
		}
	}
	return out
}

func shownBy(d *pictureCaptions) string {
	var parts []string
	for _, s := range d.services() {
		for _, c := range s.List {
			parts = append(parts, fmt.Sprintf("%s %g-%g %d", s.Name, c.From.Seconds(), c.To.Seconds(), c.Chars))
		}
	}
	return strings.Join(parts, ", ")
}

func TestLine21(t *testing.T) {
	pop, flip, erase, roll, ret := [2]byte{0x14, 0x20}, [2]byte{0x14, 0x2f}, [2]byte{0x14, 0x2c}, [2]byte{0x14, 0x26}, [2]byte{0x14, 0x2d}
	paint, second, text := [2]byte{0x14, 0x29}, [2]byte{0x1c, 0x20}, [2]byte{0x14, 0x2b}
	for _, c := range []struct {
		name string
		cc   map[int][]byte
		want string
	}{
		{"pop-on", map[int][]byte{10: pairs608(0, pop, "HELLO YOU"), 25: pairs608(0, flip), 75: pairs608(0, erase)}, "CC1 1-3 8"},
		{"pop-on, one after the other", map[int][]byte{10: pairs608(0, pop, "ONE"), 25: pairs608(0, flip, "THREE"), 50: pairs608(0, flip), 75: pairs608(0, erase)}, "CC1 1-2 3, CC1 2-3 5"},
		{"nothing gathered", map[int][]byte{10: pairs608(0, pop), 25: pairs608(0, flip), 75: pairs608(0, erase)}, ""},
		{"roll-up", map[int][]byte{25: pairs608(0, roll, ret, "AB"), 30: pairs608(0, "CD"), 50: pairs608(0, ret, "EFG")}, "CC1 1-2 4, CC1 2-4 3"},
		{"paint-on with a special character", map[int][]byte{25: pairs608(0, paint, "A", [2]byte{0x11, 0x37})}, "CC1 1-4 2"},
		{"second channel", map[int][]byte{10: pairs608(0, second, "HI"), 25: pairs608(0, [2]byte{0x1c, 0x2f})}, "CC2 1-4 2"},
		{"field 2 between data", map[int][]byte{10: pairs608(1, [2]byte{0x15, 0x29}, "HI", "\x01\x03", "Title", "\x0f\x20"), 50: pairs608(1, [2]byte{0x15, 0x2c})}, "CC3 0.4-2 2"},
		{"text mode is no caption", map[int][]byte{10: pairs608(0, text, "NEWS")}, ""},
		{"joined in the middle", map[int][]byte{10: pairs608(0, "TAIL OF A LINE"), 25: pairs608(0, erase)}, ""},
	} {
		for _, snapshots := range []bool{false, true} {
			if got := shownBy(captioned(t, 100, c.cc, snapshots)); got != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
	}
}

// packet708 are the triplets of a packet.
func packet708(blocks ...byte) []byte {
	if len(blocks)%2 == 0 {
		blocks = append(blocks, 0)
	}
	data := append([]byte{byte((len(blocks) + 1) / 2)}, blocks...)
	var out []byte
	for i := 0; i < len(data); i += 2 {
		kind := byte(0xfe)
		if i == 0 {
			kind = 0xff
		}
		out = append(out, kind, data[i], data[i+1])
	}
	return out
}

func TestService708(t *testing.T) {
	define := []byte{0x98, 0, 0, 'x', 'y', 0, 0} // the parameters of a window are no text
	cc := map[int][]byte{
		25: packet708(append([]byte{1<<5 | 11}, append(define, "HI Y"...)...)...),
		50: packet708(7<<5|2, 9, 'A', 'B'),
		75: packet708(1<<5|2, 0x8c, 0xff),
	}
	const want = "SERVICE1 1-3 3, SERVICE9 2-4 2"
	if got := shownBy(captioned(t, 100, cc, true)); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// FuzzCaptions: captions hold any bytes.
func FuzzCaptions(f *testing.F) {
	f.Add([]byte{0xfc, 0x94, 0x20, 0xfd, 0x15, 0x29, 0xff, 0x03, 0x22, 0xfe, 'A', 'B', 0xfe, 0x98, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		cc := map[int][]byte{}
		for n := range 50 {
			cc[n] = data[min(len(data), n*9):min(len(data), n*9+93)]
		}
		d := captioned(t, 50, cc, false)
		for _, s := range d.services() {
			for i, c := range s.List {
				if c.To <= c.From || c.Chars <= 0 || i > 0 && c.From < s.List[i-1].To {
					t.Fatalf("%s: cue %+v", s.Name, c)
				}
			}
		}
	})
}

// babble is noise whose level goes up and down with syllables while somebody speaks.
func babble(length float64, spoken []cue) []float64 {
	rng := rand.New(rand.NewPCG(5, 5))
	const rate = 8000
	samples := make([]float64, int(length*rate))
	for n := range samples {
		at := float64(n) / rate
		level := 0.002
		for _, c := range spoken {
			if at >= c.From.Seconds() && at < c.To.Seconds() {
				level += 0.2 * math.Pow(math.Sin(math.Pi*(4.3*at+0.3*math.Sin(at))), 2)
			}
		}
		samples[n] = level * rng.NormFloat64()
	}
	return samples
}

func talkIn(samples []float64) []bool {
	d := newSpeech(nil, nil).(*speech)
	for _, s := range soundSlots(samples, 8000) {
		d.slot(&s)
	}
	talk := make([]bool, len(samples)/800)
	for k := range talk {
		talk[k] = d.at(k)
	}
	return talk
}

// sentences are times of speech up to a time, with pauses.
func sentences(until float64) []cue {
	rng := rand.New(rand.NewPCG(8, 8))
	var list []cue
	for at := 1.0; at < until; {
		end := at + 1.5 + 3*rng.Float64()
		list = append(list, cue{seconds(at), seconds(end), 20})
		at = end + 0.7 + 3*rng.Float64()
	}
	return list
}

func TestSpeechIsToldFromNoise(t *testing.T) {
	spoken := sentences(60)
	s := subtitles{talk: talkIn(babble(60, spoken))}
	var inside, outside, length jobs.Micros
	for _, c := range spoken {
		inside += s.spoken(c.From, c.To)
		length += c.To - c.From
	}
	outside = s.spoken(0, 60e6) - inside
	if float64(inside) < 0.6*float64(length) || float64(outside) > 0.3*float64(60e6-length) {
		t.Errorf("%v of %v s of speech, %v s elsewhere", inside.Seconds(), length.Seconds(), outside.Seconds())
	}
	if n := (&subtitles{talk: talkIn(babble(60, nil))}).spoken(0, 60e6); n > 0 {
		t.Errorf("%v s of noise are speech", n.Seconds())
	}
}

func captionParams() *params {
	set := map[string]float64{}
	for _, l := range captionsThresholds() {
		if !math.IsNaN(l.Default) {
			set[l.Name] = l.Default
		}
	}
	return testParams(set)
}

func TestCaptionsAgainstSpeech(t *testing.T) {
	spoken := sentences(400)
	talk := talkIn(babble(400, spoken))
	late := func(by float64) []cue {
		var list []cue
		for _, c := range spoken {
			list = append(list, cue{c.From + seconds(by), c.To + seconds(by), 20})
		}
		return list
	}
	without := func(from, to float64) []cue {
		return slices.DeleteFunc(late(0), func(c cue) bool { return c.From >= seconds(from) && c.From < seconds(to) })
	}
	for _, c := range []struct {
		name string
		cues []cue
		want []string
	}{
		{"in time", late(0.2), nil},
		{"late", late(2), []string{"captions.drift info"}},
		{"later", late(4), []string{"captions.drift warn"}},
		{"early", late(-3.5), []string{"captions.drift warn"}},
		{"a gap", without(100, 220), []string{"captions.gap warn"}},
		{"the end is missing", without(250, 400), []string{"captions.missing warn"}},
		{"a pause of a minute's third", without(100, 115), nil},
	} {
		s := subtitles{rendition: "v0", name: "CC1", cues: c.cues, duration: 400e6, talk: talk, p: captionParams()}
		var r jobs.Result
		if reason := s.gaps(&r) + s.lags(&r); reason != "" {
			t.Errorf("%s: %s", c.name, reason)
		}
		var got []string
		for _, f := range r.Findings {
			got = append(got, f.Code+" "+string(f.Severity))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: found %s, want %q", c.name, encode(t, r.Findings), c.want)
		}
	}
	unrelated := subtitles{cues: sentences(390), duration: 400e6, talk: talkIn(babble(400, nil)), p: captionParams()}
	var r jobs.Result
	if a, b := unrelated.gaps(&r), unrelated.lags(&r); a != noSpeechPattern || b != noSpeechPattern || len(r.Findings) > 0 {
		t.Errorf("captions over noise: %q, %q, %s", a, b, encode(t, r.Findings))
	}
}
