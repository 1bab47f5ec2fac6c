package judge

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// failing folds a clean stream of ten segments in five windows, of which one has an outcome instead of a measurement.
func failing(t *testing.T, class jobs.Class, at int) jobs.Result {
	t.Helper()
	c := clean()
	check := checkOf(c.sequenceDef("s0"))
	units := c.units()
	q := &check.Timeline.Sequences[0]
	for i := range 5 {
		check.Windows = append(check.Windows, jobs.Window{
			Sequence: "s0", Index: i, First: 2 * i, Last: 2*i + 2, Start: q.Segments[2*i].Start, End: q.Segments[2*i].Start + 4e6, Head: i == 0, Foot: i == 4,
		})
	}
	j, err := New(check)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range check.Windows {
		if i == at {
			err = j.Failed(w, jobs.Outcome{Check: "test", Sequence: "s0", Window: i, Class: class, Message: "signal 11", Attempts: 2})
		} else {
			err = j.Window(w, take(w, units[w.First:w.Last], c.formats(), false))
		}
		if err != nil {
			t.Fatal(err)
		}
		j = again(t, check, j)
	}
	r, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestBrokenWorkerIsNoBrokenStream: the check is incomplete, and no finding says that the stream is at fault.
func TestBrokenWorkerIsNoBrokenStream(t *testing.T) {
	for class, code := range map[jobs.Class]string{jobs.Crash: "worker.decoder_crash", jobs.Timeout: "worker.timeout", jobs.Permanent: ""} {
		r := failing(t, class, 2)
		if r.Verdict != jobs.VerdictIncomplete {
			t.Errorf("%s: verdict %s, findings %s", class, r.Verdict, encode(t, r.Findings))
		}
		wantStates(t, r, "v0", "video.black", "0-8 analysed, 8-12 failed, 12-20 analysed")
		wantStates(t, r, "a0", "audio.loudness", "0-8 analysed, 8-12 failed, 12-20 analysed")
		if code != "" {
			want(t, r, code, jobs.Warn, 8, 12)
		}
		for _, f := range r.Findings {
			if !strings.HasPrefix(f.Code, "worker.") {
				t.Errorf("%s: finding %s", class, encode(t, f))
			}
		}
	}
	for _, at := range []int{0, 4} {
		if r := failing(t, jobs.Crash, at); r.Duration != 20 || r.Verdict != jobs.VerdictIncomplete || len(r.Renditions) != 2 {
			t.Errorf("window %d: %s", at, encode(t, r))
		}
	}
}

func TestFailedWindowOfAnObject(t *testing.T) {
	c := cleanObject()
	check := checkOf(jobs.Sequence{ID: "s0", Mode: jobs.ModeObject, Object: &jobs.Object{URI: "x"}, Duration: 20e6})
	check.Windows = []jobs.Window{
		{Sequence: "s0", Start: 0, End: 8e6, Head: true}, {Sequence: "s0", Index: 1, Start: 8e6, End: 12e6},
		{Sequence: "s0", Index: 2, Start: 12e6, End: 20e6, Foot: true},
	}
	j, err := New(check)
	if err != nil {
		t.Fatal(err)
	}
	units := c.objectUnits(2e6)
	for i, w := range check.Windows {
		if i == 1 {
			err = j.Failed(w, jobs.Outcome{Class: jobs.Timeout, Sequence: "s0", Window: 1, Message: "120 s"})
		} else {
			var own []synth
			for _, u := range units {
				if u.at >= w.Start && u.at < w.End {
					own = append(own, u)
				}
			}
			err = j.Window(w, take(w, own, c.formats(), false))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	r, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	want(t, r, "worker.timeout", jobs.Warn, 8, 12)
	wantStates(t, r, "v0", "video.freeze", "0-8 analysed, 8-12 failed, 12-20 analysed")
	if len(r.Findings) != 1 || r.Verdict != jobs.VerdictIncomplete {
		t.Errorf("verdict %s, findings %s", r.Verdict, encode(t, r.Findings))
	}
}

// TestFailedObjectOfUnknownLength: where no container says how long an object lasts (MXF, raw streams), one that could not be measured is no clean one of length 0.
func TestFailedObjectOfUnknownLength(t *testing.T) {
	for _, class := range []jobs.Class{jobs.Timeout, jobs.Crash, jobs.Transient} {
		check := checkOf(jobs.Sequence{ID: "s0", Mode: jobs.ModeObject, Object: &jobs.Object{URI: "x"}})
		check.Windows = []jobs.Window{{Sequence: "s0", Head: true, Foot: true}}
		j, err := New(check)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Failed(check.Windows[0], jobs.Outcome{Class: class, Sequence: "s0"}); err != nil {
			t.Fatal(err)
		}
		r, err := j.Finish()
		if err != nil {
			t.Fatal(err)
		}
		if r.Verdict != jobs.VerdictIncomplete {
			t.Errorf("%s: verdict %s", class, r.Verdict)
		}
	}
}

// TestWindowsThatNeverCameArePending: a check that goes on can be looked at.
func TestWindowsThatNeverCameArePending(t *testing.T) {
	c := clean()
	check := checkOf(c.sequenceDef("s0"))
	w := jobs.Window{Sequence: "s0", First: 0, Last: 4, End: 8e6}
	check.Windows = []jobs.Window{w, {Sequence: "s0", Index: 1, First: 4, Last: 10, Start: 8e6, End: 20e6}}
	j, _ := New(check)
	if err := j.Window(w, take(w, c.units()[:4], c.formats(), false)); err != nil {
		t.Fatal(err)
	}
	r, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	wantStates(t, r, "v0", "video.black", "0-8 analysed, 8-20 pending")
	if r.Verdict != jobs.VerdictIncomplete || r.Duration != 20 {
		t.Errorf("verdict %s, duration %v", r.Verdict, r.Duration)
	}
}

func TestWindowsOutOfTurnAreErrors(t *testing.T) {
	c := clean()
	check := checkOf(c.sequenceDef("s0"))
	units := c.units()
	first := jobs.Window{Sequence: "s0", First: 0, Last: 4}
	tests := map[string]func(j *Judge) error{
		"window 1 first": func(j *Judge) error {
			w := first
			w.Index = 1
			return j.Window(w, take(w, units[:4], c.formats(), false))
		},
		"other segments": func(j *Judge) error {
			w := first
			w.First = 1
			return j.Window(w, take(w, units[1:4], c.formats(), false))
		},
		"beyond the end": func(j *Judge) error { w := first; w.Last = 99; return j.Window(w, take(w, units, c.formats(), false)) },
		"unknown":        func(j *Judge) error { w := first; w.Sequence = "s7"; return j.Failed(w, jobs.Outcome{}) },
		"another's": func(j *Judge) error {
			o := first
			o.Index = 3
			return j.Window(first, take(o, units[:4], c.formats(), false))
		},
		"unit twice": func(j *Judge) error {
			return j.Window(first, take(first, []synth{units[0], units[0]}, c.formats(), false))
		},
		"foreign unit": func(j *Judge) error { return j.Window(first, take(first, units[5:6], c.formats(), false)) },
		"row of no unit": func(j *Judge) error {
			m := take(first, units[:4], c.formats(), false)
			m.frames[3].Unit = 9
			return j.Window(first, m)
		},
		"row of no track": func(j *Judge) error {
			m := take(first, units[:4], c.formats(), false)
			m.slots[3].Track = 1
			return j.Window(first, m)
		},
	}
	for name, fold := range tests {
		j, err := New(check)
		if err != nil {
			t.Fatal(err)
		}
		if fold(j) == nil {
			t.Errorf("%s is no error", name)
		}
	}
	j, _ := New(check)
	if _, err := j.Finish(); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Finish(); err == nil {
		t.Error("a check can be finished twice")
	}
	if j.Window(first, take(first, units[:4], c.formats(), false)) == nil {
		t.Error("a window can come after the end")
	}
}

func TestForeignCheckpointsAreRefused(t *testing.T) {
	check := checkOf(clean().sequenceDef("s0"))
	j, _ := New(check)
	b, err := j.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	other := *check
	other.ID = "other"
	strict := *check
	strict.Profile, _ = LoadProfile("ebu-r128", nil)
	for name, c := range map[string]*jobs.Check{"another check": &other, "another profile": &strict} {
		if _, err := Restore(c, b); err == nil {
			t.Errorf("a checkpoint of %s is taken", name)
		}
	}
	for _, bad := range [][]byte{nil, []byte("{}"), []byte("[]"), bytes.Replace(b, fmt.Appendf(nil, `"judge":%d`, jobs.JudgeVersion), []byte(`"judge":0`), 1), b[:len(b)/2]} {
		if _, err := Restore(check, bad); err == nil {
			t.Errorf("%.40q is taken for a checkpoint", bad)
		}
	}
	if _, err := New(&jobs.Check{Timeline: jobs.Timeline{Sequences: []jobs.Sequence{{ID: "s0"}, {ID: "s0"}}}}); err == nil {
		t.Error("two sequences of one name are taken")
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		severities []jobs.Severity
		lost       bool
		want       jobs.Verdict
	}{
		{nil, false, jobs.VerdictPass}, {[]jobs.Severity{jobs.Info}, false, jobs.VerdictPass}, {[]jobs.Severity{jobs.Info, jobs.Warn}, false, jobs.VerdictWarn},
		{[]jobs.Severity{jobs.Warn}, true, jobs.VerdictIncomplete}, {nil, true, jobs.VerdictIncomplete},
		{[]jobs.Severity{jobs.Fail, jobs.Info}, true, jobs.VerdictFail},
	} {
		var f []jobs.Finding
		for _, s := range c.severities {
			f = append(f, jobs.Finding{Severity: s})
		}
		if got := verdict(f, c.lost); got != c.want {
			t.Errorf("%v, lost %v: %s, want %s", c.severities, c.lost, got, c.want)
		}
	}
}

func TestEncryptedIsIncompleteAndGapIsNot(t *testing.T) {
	for state, want := range map[measurement.UnitState]jobs.Verdict{
		measurement.UnitEncrypted: jobs.VerdictIncomplete, measurement.UnitGap: jobs.VerdictPass, measurement.UnitMissing: jobs.VerdictFail,
	} {
		c := clean()
		c.state = map[int]measurement.UnitState{4: state}
		if r := judged(t, nil, c); r.Verdict != want {
			t.Errorf("%s: verdict %s, findings %s", state, r.Verdict, encode(t, r.Findings))
		}
	}
}

// TestCheckpointCarriesPlaylistFindings and the order of findings is canonical.
func TestPlaylistFindingsAreInTheResult(t *testing.T) {
	c := clean()
	c.black = []run{sec(3, 6)}
	check := checkOf(c.sequenceDef("s0"))
	check.Timeline.Findings = []jobs.Finding{{Code: "playlist.invalid", Severity: jobs.Warn, Start: 4, End: 4}, {Code: "playlist.gap", Severity: jobs.Info, Start: 1, End: 2}}
	j, _ := New(check)
	w := windowsOf(&check.Timeline.Sequences[0], nil)[0]
	if err := j.Window(w, take(w, c.units(), c.formats(), false)); err != nil {
		t.Fatal(err)
	}
	r, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, f := range r.Findings {
		codes = append(codes, f.Code)
	}
	if got := strings.Join(codes, " "); got != "playlist.gap video.black playlist.invalid" {
		t.Errorf("findings are %s", got)
	}
	if check.Timeline.Findings[0].Code != "playlist.invalid" {
		t.Error("the check was changed")
	}
}
