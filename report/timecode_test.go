package report

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"aircheck/internal/need"
	"aircheck/jobs"
)

func TestTimecode(t *testing.T) {
	tests := []struct {
		rate  string
		frame int64
		want  string
	}{
		{"25/1", 0, "00:00:00:00"}, {"25/1", 24, "00:00:00:24"}, {"25/1", 90000, "01:00:00:00"}, {"25/1", 24 * 90000, "00:00:00:00"},
		{"30000/1001", 1799, "00:00:59;29"}, {"30000/1001", 1800, "00:01:00;02"}, {"30000/1001", 17981, "00:09:59;29"}, {"30000/1001", 17982, "00:10:00;00"},
		{"60000/1001", 3599, "00:00:59;59"}, {"60000/1001", 3600, "00:01:00;04"}, {"60000/1001", 35964, "00:10:00;00"},
		{"2997/100", 1800, "00:01:00;02"}, {"29970/1000", 17982, "00:10:00;00"}, {"5994/100", 3600, "00:01:00;04"}, {"30/1", 1800, "00:01:00:00"}, {"2998/100", 1800, "00:01:00:00"},
		{"24000/1001", 24, "00:00:01:00"}, {"50/1", 49, "00:00:00:49"}, {"100/1", 99, "00:00:00:99"},
		{"", 25, "00:00:01:00"}, {"0/0", 25, "00:00:01:00"}, {"120/1", 25, "00:00:01:00"}, {"1/2", 25, "00:00:01:00"}, {"-25/1", 25, "00:00:01:00"}, {"x/y", 25, "00:00:01:00"},
	}
	for _, tt := range tests {
		rate, _ := parseRate(tt.rate)
		if got := rate.timecode(tt.frame); got != tt.want {
			t.Errorf("frame %d at %q is %s, want %s", tt.frame, tt.rate, got, tt.want)
		}
	}
}

// TestTimecodeIsCountedBack: every frame of a day around the minutes has a number of its own, and count finds it again.
func TestTimecodeIsCountedBack(t *testing.T) {
	for _, rate := range []string{"25/1", "24000/1001", "30000/1001", "60000/1001", "50/1"} {
		r, _ := parseRate(rate)
		for frame := int64(0); frame < 24*3600*r.perSecond()-200000; frame += 997 {
			fields, err := ParseTimecode(r.timecode(frame))
			if err != nil {
				t.Fatal(err)
			}
			if got := r.count(fields[0], fields[1], fields[2], fields[3]); got != frame {
				t.Fatalf("frame %d at %s is %s, which counts as %d", frame, rate, r.timecode(frame), got)
			}
		}
	}
}

// TestTimecodeAgreesWithOthers compares with smpte-timecode.
func TestTimecodeAgreesWithOthers(t *testing.T) {
	need.Readers(t)
	type question [4]any
	var asked []question
	var want []string
	for _, rate := range []string{"24/1", "25/1", "30/1", "50/1", "60/1", "30000/1001", "60000/1001"} {
		r, _ := parseRate(rate)
		for frame := int64(1); frame < 20*3600*r.perSecond(); frame = frame*5/4 + 1 {
			for _, f := range []int64{frame, frame / (60 * r.perSecond()) * 60 * r.perSecond()} {
				asked = append(asked, question{f, r.num, r.den, r.drop()})
				want = append(want, r.timecode(f))
			}
		}
	}
	doc, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := json.Unmarshal(need.Read(t, "timecode.js", doc), &got); err != nil || len(got) != len(want) {
		t.Fatalf("%d answers, %v", len(got), err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v: %s, others have %s", asked[i], want[i], got[i])
		}
	}
}

func TestFramesOfTimes(t *testing.T) {
	nan := jobs.Seconds(math.NaN())
	tests := []struct {
		rate         string
		start, end   jobs.Seconds
		first, count int64
	}{
		{"25/1", 3, 5.52, 75, 63},
		{"25/1", 0.04, 0.08, 1, 1},
		{"25/1", 0.05, 0.05, 1, 1},
		{"30000/1001", 33.366667, 33.4, 1000, 1}, // frame 1000 begins at 33.36666…
		{"30000/1001", 33.366666, 33.4, 1000, 1},
		{"25/1", -1, nan, 0, 1},
		{"25/1", nan, 1e300, 0, maxFrames},
	}
	for _, tt := range tests {
		r, _ := parseRate(tt.rate)
		if first, count := r.frame(tt.start), r.length(tt.start, tt.end); first != tt.first || count != tt.count {
			t.Errorf("%v to %v at %s: %d frames from %d, want %d from %d", tt.start, tt.end, tt.rate, count, first, tt.count, tt.first)
		}
	}
}

func TestParseTimecodeRefuses(t *testing.T) {
	for _, s := range []string{"", "1:00:00:00", "01:00:00", "24:00:00:00", "00:60:00:00", "00:00:00:100", "aa:00:00:00", "-1:00:00:00", "00:00:00:00:00", "+1:00:00:00"} {
		if _, err := ParseTimecode(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}

func TestMarkersBeginWhereTheEditorDoes(t *testing.T) {
	r := build(t, testCheck(), testResult(), Run{})
	for _, tt := range []struct {
		format         Format
		timecode, want string
	}{
		{FormatEDL, "", "01:00:03:00"}, {FormatAvid, "", "01:00:03:00"}, {FormatPremiere, "", "00:00:03:00"}, {FormatEDL, "10:00:00:00", "10:00:03:00"}, {FormatPremiere, "09:59:59;24", "10:00:02:24"},
	} {
		var b strings.Builder
		if err := r.WriteWith(&b, tt.format, Options{Timecode: tt.timecode}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), tt.want) {
			t.Errorf("%s from %q:\n%s", tt.format, tt.timecode, b.String())
		}
	}
	if err := r.WriteWith(new(strings.Builder), FormatEDL, Options{Timecode: "noon"}); err == nil {
		t.Error("a timecode that is none was taken")
	}
}

func TestDropFrameIsSaid(t *testing.T) {
	result := testResult()
	result.Renditions[0].FrameRate = "30000/1001"
	doc := string(written(t, build(t, testCheck(), result, Run{}), FormatEDL))
	if !strings.Contains(doc, "FCM: DROP FRAME\n") || !strings.Contains(doc, "01:00:02;29") {
		t.Errorf("29.97 Hz:\n%s", doc)
	}
}

func TestRateOfTheFirstThatHasOne(t *testing.T) {
	for _, tt := range []struct {
		rates []string
		want  pictureRate
	}{
		{[]string{"", "30000/1001", "25/1"}, pictureRate{30000, 1001}},
		{[]string{"0/0", "50/1"}, pictureRate{50, 1}},
		{[]string{"24/1", "50/1"}, pictureRate{24, 1}},
		{[]string{"", ""}, defaultRate},
		{nil, defaultRate},
	} {
		r := &Report{Result: jobs.Result{Renditions: []jobs.Rendition{{ID: "a0", Kind: "audio", FrameRate: "48/1"}}}}
		for _, rate := range tt.rates {
			r.Renditions = append(r.Renditions, jobs.Rendition{Kind: "video", FrameRate: rate})
		}
		if got := r.rate(); got != tt.want {
			t.Errorf("%q: %v, want %v", tt.rates, got, tt.want)
		}
	}
}

func TestMarkersAreBounded(t *testing.T) {
	result := testResult()
	result.Findings = nil
	for i := range 1500 {
		f := jobs.Finding{Code: "video.black", Severity: jobs.Info, Rendition: "v0", Start: jobs.Seconds(i), End: jobs.Seconds(i) + 1, Confidence: 1, Message: fmt.Sprint("number ", i)}
		if i >= 1400 {
			f.Severity = jobs.Fail
		}
		result.Findings = append(result.Findings, f)
	}
	doc := string(written(t, build(t, testCheck(), result, Run{}), FormatEDL))
	if err := readEvents([]byte(doc), maxEvents); err != nil {
		t.Error(err)
	}
	if !strings.Contains(doc, "without 501 lesser markers") || !strings.Contains(doc, "number 1499") || !strings.Contains(doc, "number 898 ") || strings.Contains(doc, "number 899 ") {
		t.Errorf("not the worst, or nobody is told: %.300s", doc)
	}
}

func FuzzParseTimecode(f *testing.F) {
	for _, s := range []string{"01:00:00:00", "00:01:00;02", "23:59:59:99", "", ":::", "1:2:3:4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fields, err := ParseTimecode(s)
		if err != nil {
			return
		}
		if again := fmt.Sprintf("%02d:%02d:%02d:%02d", fields[0], fields[1], fields[2], fields[3]); again != strings.ReplaceAll(s, ";", ":") {
			t.Errorf("%q was read as %s", s, again)
		}
		for _, rate := range []string{"25/1", "30000/1001", "60000/1001"} {
			r, _ := parseRate(rate)
			if n := r.count(fields[0], fields[1], fields[2], fields[3]); n < 0 || n > maxFrames {
				t.Errorf("%q is frame %d at %s", s, n, rate)
			}
		}
	})
}
