package judge

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aircheck/jobs"
)

// heardAndSeen folds a script whose slots have an envelope, too; cut at random and with checkpoints when there is a generator.
func heardAndSeen(t *testing.T, rng *rand.Rand, c *script, set map[string]float64) jobs.Result {
	t.Helper()
	check := checkOf(c.sequenceDef("s0"))
	for name, v := range set {
		check.Profile.Thresholds[name] = v
		if v < 0 {
			delete(check.Profile.Thresholds, name)
		}
	}
	check.Windows = windowsOf(&check.Timeline.Sequences[0], rng)
	j, err := New(check)
	if err != nil {
		t.Fatal(err)
	}
	units := c.units()
	for _, u := range units {
		for i := range u.slots {
			s := &u.slots[i]
			first := int(s.Offset) / 48
			for m := first; m < first+int(s.Samples)/48; m++ {
				s.Env[m] = uint16(s.Ch[0].Peak * 65535)
			}
		}
	}
	for _, w := range check.Windows {
		if err := j.Window(w, take(w, units[w.First:w.Last], c.formats(), false)); err != nil {
			t.Fatal(err)
		}
		if rng != nil {
			j = again(t, check, j)
		}
	}
	r, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// toldLack lists what is told of black, dropouts and silence.
func toldLack(r jobs.Result) string {
	var list []string
	for _, f := range r.Findings {
		switch f.Code {
		case "video.black", "audio.dropout", "audio.silence":
			list = append(list, fmt.Sprintf("%s %s", strings.TrimPrefix(strings.TrimPrefix(f.Code, "audio."), "video."), f.Severity))
		}
	}
	return strings.Join(list, ", ")
}

func TestWhatSoundAndPictureLackTogether(t *testing.T) {
	for _, tt := range []struct {
		name    string
		black   []run
		silence []run
		want    string
	}{
		{"a break", []run{sec(6, 7.2)}, []run{sec(6, 7.2)}, "dropout info, silence info, black info"},
		{"a break too short to be told as black", []run{sec(6, 6.2)}, []run{sec(6, 6.2)}, "dropout info"},
		{"a break whose cuts lie two pictures apart", []run{sec(6, 7.2)}, []run{sec(6.08, 7.13)}, "black info, dropout info, silence info"},
		{"a source that is lost", []run{sec(6, 8.4)}, []run{sec(6, 8.4)}, "dropout info, silence info, black fail"},
		{"sound only", nil, []run{sec(6, 7.2)}, "dropout fail, silence info"},
		{"sound that is lost later", []run{sec(6, 7.2)}, []run{sec(6.12, 7.2)}, "black info, dropout fail, silence info"},
		{"sound that comes back sooner", []run{sec(6, 7.2)}, []run{sec(6, 7.08)}, "dropout fail, silence info, black info"},
		{"black elsewhere", []run{sec(2, 3.2)}, []run{sec(6, 7.2)}, "black info, dropout fail, silence info"},
		{"two holes within black", []run{sec(6, 7.2)}, []run{sec(6, 6.4), sec(6.7, 7.2)}, "dropout warn, black info"},
		{"a short hole beside a dark picture", []run{sec(6, 6.04)}, []run{sec(6.04, 6.09)}, "dropout warn"},
		{"black at the end", []run{sec(16.5, 20)}, []run{sec(16, 20)}, "silence info, black fail"},
		{"black at the start", []run{sec(0, 3)}, []run{sec(0, 3)}, "silence info, black fail"},
		{"silence that is worse", []run{sec(10, 11.9)}, []run{sec(10, 12.6)}, "silence warn, black info"},
		{"silence that goes on", []run{sec(10, 12.4)}, []run{sec(10, 13.5)}, "silence warn, black fail"},
		{"silence that came before", []run{sec(10, 14.2)}, []run{sec(8.9, 14.2)}, "silence fail, black fail"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := clean()
			c.black, c.silence = tt.black, tt.silence
			r := heardAndSeen(t, nil, c, nil)
			if got := toldLack(r); got != tt.want {
				t.Errorf("%s, want %s: %s", got, tt.want, encode(t, r.Findings))
			}
			for seed := range uint64(4) {
				if again := heardAndSeen(t, rand.New(rand.NewPCG(seed, 1)), c, nil); encode(t, again) != encode(t, r) {
					t.Errorf("cut otherwise: %s", encode(t, again.Findings))
				}
			}
		})
	}
}

// A profile that tells no info of dropouts has nothing to tell of a break, and the message of one says what it is.
func TestBreaksAreToldAsTheProfileTellsInfo(t *testing.T) {
	c := clean()
	c.black, c.silence = []run{sec(6, 7.2)}, []run{sec(6, 7.2)}
	f := finding(heardAndSeen(t, nil, c, nil), "audio.dropout")
	if len(f) != 1 || !strings.HasSuffix(f[0].Message, ": a break") || *f[0].Threshold != 0.01 || *f[0].Value != 1.2 {
		t.Errorf("found %s", encode(t, f))
	}
	if got := toldLack(heardAndSeen(t, nil, c, map[string]float64{"audio.dropout.info": -1})); got != "silence info, black info" {
		t.Error(got)
	}
}

// TestSoundOfAnotherPlaylist: the picture that a sound plays with may be another sequence's, with the same clock.
func TestSoundOfAnotherPlaylist(t *testing.T) {
	video, audio := clean(), clean()
	video.audio, audio.video = 0, false
	video.black, audio.silence = []run{sec(6, 9)}, []run{sec(6, 9)}
	if got := toldLack(judged(t, nil, video, audio)); got != "silence info, black fail" {
		t.Error(got)
	}
}

func TestBlanks(t *testing.T) {
	white := func(int) *picture { return newPicture(clipW, clipH).box(0, 0, clipW, clipH, 235) }
	c := makeClip(shot{5, blackPicture}, shot{10, moving}, shot{1, white}, shot{9, moving}, shot{5, blackPicture}, shot{3, white}, shot{7, moving}, shot{20, held(3)}, shot{4, blackPicture})
	for _, borders := range [][]int{nil, {7, 15, 16, 27}} {
		d := newBlanks(testParams(nil), nil).(*blanks)
		for _, f := range c.measured(borders, nil) {
			next := newBlanks(testParams(nil), nil).(*blanks)
			reload(t, d, next)
			d = next
			d.frame(&f)
		}
		d.finish(64 * frameLength)
		want := []run{{0, 5 * frameLength}, {15 * frameLength, 16 * frameLength}, {25 * frameLength, 33 * frameLength}, {60 * frameLength, 64 * frameLength}}
		if !slices.Equal(d.Found, want) {
			t.Errorf("units at %v: %v, want %v", borders, d.Found, want)
		}
	}
}

// TestBlanksDoNotCrossAGap: what is not known bounds them.
func TestBlanksDoNotCrossAGap(t *testing.T) {
	frames := makeClip(shot{10, moving}, shot{20, blackPicture}, shot{10, moving}).measured(nil, nil)
	d := newBlanks(testParams(nil), nil).(*blanks)
	for i := range frames {
		switch {
		case i == 20:
			d.gap(frames[20].Start, frames[22].Start)
		case i < 20 || i >= 22:
			d.frame(&frames[i])
		}
	}
	d.finish(frames[39].End)
	if want := []run{{frames[10].Start, frames[20].Start}, {frames[22].Start, frames[30].Start}}; !slices.Equal(d.Found, want) {
		t.Errorf("%v, want %v", d.Found, want)
	}
}

func TestBlanksAreBounded(t *testing.T) {
	frames := makeClip(shot{1, moving}, shot{1, blackPicture}).measured(nil, nil)
	d := newBlanks(testParams(nil), nil).(*blanks)
	for i := range 2*maxBlanks + 100 {
		f := frames[i%2]
		f.Start, f.End = jobs.Micros(i)*frameLength, jobs.Micros(i+1)*frameLength
		d.frame(&f)
	}
	if len(d.Found) != maxBlanks || d.Found[0].From != frameLength {
		t.Errorf("%d blanks are kept, from %v", len(d.Found), d.Found[0].From)
	}
}
