package judge

import (
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

func TestWordsNameNoPlace(t *testing.T) {
	for in, want := range map[string]string{
		"access denied":                             "access denied",
		"encrypted (ISO/IEC 23001-7), no key":       "encrypted (ISO/IEC 23001-7), no key",
		"POC 3/4 at 1/90000.":                       "POC 3/4 at 1/90000.",
		"get https://user:secret@host/a b: refused": "get …",
		"open /srv/my media/a.ts: no such file":     "open …",
		`open "../x.ts"`:                            "open …",
		"read media/a.ts: denied":                   "read …",
		"s3:bucket":                                 "…",
		`C:\media\a.ts`:                             "…",
		"":                                          "",
	} {
		if got := words(in); got != want {
			t.Errorf("%q is told as %q, want %q", in, got, want)
		}
	}
	if got := words(strings.Repeat("x", 1000)); len(got) > maxExample+len("…") {
		t.Errorf("%d bytes of words", len(got))
	}
}

// TestNoPlaceInAReport: whatever a worker says in any state, and whatever an outcome says, equal streams have equal reports.
func TestNoPlaceInAReport(t *testing.T) {
	states := []measurement.UnitState{
		measurement.UnitMissing, measurement.UnitUnavailable, measurement.UnitCorrupt, measurement.UnitTruncated, measurement.UnitEncrypted, measurement.UnitGap, "unheard of",
	}
	report := func(place string) string {
		c := clean()
		units := c.units()
		for i, state := range states {
			u := &units[i+1].unit
			u.State, u.Detail = state, "open "+place+": refused"
		}
		units[0].unit.Tracks[0].Example = "cannot open " + place
		units[0].frames[30].DecodeErrors = 4
		check := checkOf(c.sequenceDef("s0"))
		check.Windows = []jobs.Window{{Sequence: "s0", Last: 8, End: 16e6, Head: true}, {Sequence: "s0", Index: 1, First: 8, Last: 10, Start: 16e6, End: 20e6, Foot: true}}
		j, err := New(check)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Window(check.Windows[0], take(check.Windows[0], units[:8], c.formats(), false)); err != nil {
			t.Fatal(err)
		}
		if err := j.Failed(check.Windows[1], jobs.Outcome{Class: jobs.Crash, Message: "read " + place, Window: 1, Attempts: len(place)}); err != nil {
			t.Fatal(err)
		}
		r, err := j.Finish()
		if err != nil {
			t.Fatal(err)
		}
		return encode(t, r)
	}
	want := report("https://a.example/x.ts?token=secret")
	if strings.Contains(want, "example") || strings.Contains(want, "secret") {
		t.Errorf("a report names a place: %s", want)
	}
	if got := report("/srv/media/y.ts"); got != want {
		t.Errorf("a report depends on the place: %s\nand\n%s", got, want)
	}
}

// TestUnavailableSegments: it may be there, so the stream is not at fault, and it was not seen, so the check is incomplete.
func TestUnavailableSegments(t *testing.T) {
	c := clean()
	units := c.units()
	for i, detail := range map[int]string{4: "segment: access denied", 5: "segment: access denied", 6: "segment: the origin keeps failing"} {
		units[i] = synth{unit: measurement.Unit{Index: i, State: measurement.UnitUnavailable, Detail: detail}}
	}
	r := judgedUnits(t, c.sequenceDef("s0"), units, c.formats())
	want(t, r, "segment.missing", jobs.Warn, 8, 12)
	want(t, r, "segment.missing", jobs.Warn, 12, 14)
	if len(r.Findings) != 2 || r.Verdict != jobs.VerdictIncomplete {
		t.Fatalf("verdict %s, findings %s", r.Verdict, encode(t, r.Findings))
	}
	if m := r.Findings[0].Message; m != "segments 4 to 5 could not be had: access denied" {
		t.Errorf("message %q", m)
	}
	wantStates(t, r, "v0", "video.black", "0-8 analysed, 8-12 failed, 12-14 failed, 14-20 analysed")
	if i := r.Coverage[0].Intervals[1]; i.Reason != "segment: access denied" {
		t.Errorf("reason %q", i.Reason)
	}
}
