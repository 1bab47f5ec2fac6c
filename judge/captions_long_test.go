package judge

import (
	"fmt"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// talking is the activity of a sound in which some tenths of every second are speech.
func talking(length jobs.Micros, tenths int) []bool {
	talk := make([]bool, min(length/speechStep, maxSpeech))
	for k := range talk {
		talk[k] = k%10 < tenths
	}
	return talk
}

// row are captions one after the other, each as long as the step between two; but for those in a gap.
func row(n int, step jobs.Micros, gap run) cues {
	var c cues
	for i := range jobs.Micros(n) {
		if at := i * step; !within([]run{gap}, at) {
			c.show(at, 5)
			c.clear(at + step)
		}
	}
	return c
}

// judgedCaptions judges the captions of CC1.
func judgedCaptions(t *testing.T, c cues, duration jobs.Micros, talk []bool) jobs.Result {
	t.Helper()
	d := &pictureCaptions{}
	d.Fields[0].Channels[0].Cues = c
	s := subtitles{rendition: "v0", duration: duration, talk: talk, p: captionParams()}
	s.intervals = (&ledger{Spans: []span{{To: duration, State: jobs.Analysed}}}).tile(duration)
	var r jobs.Result
	d.judge(&s, nil, &r)
	return r
}

const hour jobs.Micros = 3600e6

// TestCaptionsOfALongDay: neither captions nor speech that were not kept are missing.
func TestCaptionsOfALongDay(t *testing.T) {
	const step jobs.Micros = 1.9e6
	for name, n := range map[string]int{"more captions than are kept": maxCues + 500, "no more than are kept": 16000} {
		duration := jobs.Micros(n) * step
		r := judgedCaptions(t, row(n, step, run{}), duration, talking(duration, 6))
		if len(r.Findings) > 0 {
			t.Errorf("%s: found %s", name, encode(t, r.Findings))
		}
		for _, code := range []string{codeGap, codeNoCaptions} {
			wantStates(t, r, "v0", code, fmt.Sprintf("0-28800 analysed, 28800-%g skipped", duration.Seconds()))
		}
	}
	short := judgedCaptions(t, row(maxCues+500, 1e6, run{}), (maxCues+500)*1e6, talking((maxCues+500)*1e6, 6))
	wantStates(t, short, "v0", codeGap, "0-20000 analysed, 20000-20500 skipped")
	if len(short.Findings) > 0 {
		t.Errorf("captions of a second: found %s", encode(t, short.Findings))
	}
}

// TestGapInALongStream: what is usual under captions is measured where speech is known.
func TestGapInALongStream(t *testing.T) {
	r := judgedCaptions(t, row(int(16*hour/5e6), 5e6, run{100e6, 220e6}), 16*hour, talking(16*hour, 2))
	if f := finding(r, codeGap); len(f) != 1 || f[0].Severity != jobs.Warn || f[0].End > 222 {
		t.Errorf("found %s", encode(t, r.Findings))
	}
}

// TestSubtitlesOfALongDay: the first of them are kept, and where the rest begins is known.
func TestSubtitlesOfALongDay(t *testing.T) {
	q := sequence{def: &jobs.Sequence{Segments: []jobs.Segment{{Duration: 24 * hour}}}}
	var c measurement.Captions
	for i := range int64(maxCues + 500) {
		c.Cues = append(c.Cues, measurement.Cue{From: i * 2e6, To: i*2e6 + 1e6, Chars: 3})
	}
	q.texts(&measurement.Unit{Captions: &c})
	list, cut := q.placedTexts(nil)
	if len(list) != maxCues || list[0].From != 0 || cut != maxCues*2e6 || len(q.Texts) > maxCues+1 {
		t.Errorf("%d of %d cues, the first at %v, the rest from %v on", len(list), len(c.Cues), list[0].From, cut)
	}
	q.Texts = nil
	c.Cues = c.Cues[:maxCues]
	q.texts(&measurement.Unit{Captions: &c})
	if list, cut := q.placedTexts(nil); len(list) != maxCues || cut != 0 {
		t.Errorf("%d cues, the rest from %v on", len(list), cut)
	}
}

// TestServicesThatNeverErase have captions all the same.
func TestServicesThatNeverErase(t *testing.T) {
	text, paint := map[int][]byte{}, map[int][]byte{}
	lines := map[int][]byte{}
	for n := 25; n < 1000; n += 25 {
		text[n] = packet708(1<<5|2, 'A', 'B')
		lines[n] = text[n]
		if n%100 == 0 {
			lines[n] = packet708(1<<5|3, newLine, 'A', 'B')
		}
		paint[n] = pairs608(0, "AB")
	}
	paint[25] = pairs608(0, [2]byte{0x14, 0x29}, "AB")
	for n := 400; n < 800; n += 25 {
		delete(paint, n)
	}
	for _, c := range []struct {
		name string
		cc   map[int][]byte
		want string
	}{
		{"a roll-up of CEA-708 without a word about lines", text, "SERVICE1 1-17 32, SERVICE1 17-33 32, SERVICE1 33-40 14"},
		{"a roll-up of CEA-708", lines, "SERVICE1 1-4 6, SERVICE1 4-8 8, SERVICE1 8-12 8, SERVICE1 12-16 8, SERVICE1 16-20 8, SERVICE1 20-24 8, SERVICE1 24-28 8, SERVICE1 28-32 8, SERVICE1 32-36 8, SERVICE1 36-40 8"},
		{"a paint-on that overwrites, with a pause", paint, "CC1 1-31 30, CC1 32-40 16"},
	} {
		for _, snapshots := range []bool{false, true} {
			if got := shownBy(captioned(t, 1000, c.cc, snapshots)); got != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
	}
}
