package storage_test

import (
	"errors"
	"strings"
	"testing"

	"aircheck/storage"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 65)
	tests := []struct {
		name string
		key  func() (string, error)
		want string // empty: refused
	}{
		{"manifest", func() (string, error) { return storage.CheckManifest("A_b-9") }, "checks/A_b-9/manifest.json"},
		{"report", func() (string, error) { return storage.Report("c1") }, "checks/c1/report.json"},
		{"failure", func() (string, error) { return storage.Failure("c1") }, "checks/c1/failed.json"},
		{"judge", func() (string, error) { return storage.JudgeState("c1") }, "checks/c1/judge.json"},
		{"check prefix", func() (string, error) { return storage.CheckPrefix("c1") }, "checks/c1/"},
		{"measurement prefix", func() (string, error) { return storage.MeasurementPrefix("c1") }, "checks/c1/m/"},
		{"measurement", func() (string, error) { return storage.Measurement("c1", "s0", 7) }, "checks/c1/m/s0/000007.parquet"},
		{"outcome", func() (string, error) { return storage.Outcome("c1", "s0", 999999) }, "checks/c1/m/s0/999999.failed.json"},
		{"id climbs", func() (string, error) { return storage.CheckManifest("..") }, ""},
		{"id with slash", func() (string, error) { return storage.Report("a/b") }, ""},
		{"id empty", func() (string, error) { return storage.Report("") }, ""},
		{"id long", func() (string, error) { return storage.JudgeState(long) }, ""},
		{"id not ASCII", func() (string, error) { return storage.JudgeState("é") }, ""},
		{"sequence with dot", func() (string, error) { return storage.Measurement("c1", "s.0", 0) }, ""},
		{"sequence long", func() (string, error) { return storage.Outcome("c1", long, 0) }, ""},
		{"window negative", func() (string, error) { return storage.Measurement("c1", "s0", -1) }, ""},
		{"first frames", func() (string, error) { return storage.FirstFrames("c1", 999) }, "checks/c1/evidence/interim-999.json"},
		{"first frames prefix", func() (string, error) { return storage.FirstFramesPrefix("c1") }, "checks/c1/evidence/interim-"},
		{"first frames four digits", func() (string, error) { return storage.FirstFrames("c1", 1000) }, ""},
		{"first frames negative", func() (string, error) { return storage.FirstFrames("c1", -1) }, ""},
		{"code of a waiver", func() (string, error) { return storage.WaiverCode("w1", "video.black") }, "waivers-codes/w1/video.black"},
		{"code of a waiver with slash", func() (string, error) { return storage.WaiverCode("w1", "a/b") }, ""},
		{"code of a waiver climbs", func() (string, error) { return storage.WaiverCode("w1", "..") }, ""},
		{"no code of a waiver", func() (string, error) { return storage.WaiverCode("w1", "") }, ""},
		{"code of no waiver", func() (string, error) { return storage.WaiverCode("w/1", "video.black") }, ""},
		{"window seven digits", func() (string, error) { return storage.Measurement("c1", "s0", 1000000) }, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := test.key()
			if got != test.want {
				t.Errorf("key = %q (%v), want %q", got, err, test.want)
			}
			if refused := test.want == ""; refused != errors.Is(err, storage.ErrBadKey) {
				t.Errorf("err = %v, want refused %v", err, refused)
			}
		})
	}
}

var foreignKeys = []string{
	"", "checks", "checks/c1/manifest.json", "checks/c1/m/s0/7.parquet", "checks/c1/m/s0/000007", "checks/c1/m/s0/000007.json",
	"checks/c1/m/s0/+00007.parquet", "checks/c1/m/s0/-00001.parquet", "checks/c1/m/s0/0000007.parquet", "checks/c1/x/s0/000007.parquet",
	"checks/c1/m/s0/000007.parquet/", "/checks/c1/m/s0/000007.parquet", "other/c1/m/s0/000007.parquet", "checks/c.1/m/s0/000007.parquet",
	"checks/c1/m/s0/000007.failed.json.parquet", "checks/c1/m//000007.parquet",
}

func TestParseMeasurementRefusesOthers(t *testing.T) {
	t.Parallel()
	for _, key := range foreignKeys {
		if got, err := storage.ParseMeasurement(key); !errors.Is(err, storage.ErrBadKey) {
			t.Errorf("ParseMeasurement(%q) = %+v, %v, want ErrBadKey", key, got, err)
		}
	}
}

// FuzzParseMeasurement holds that whatever is accepted is given back by Measurement or Outcome to the letter.
func FuzzParseMeasurement(f *testing.F) {
	for _, key := range append(foreignKeys, "checks/c1/m/s0/000007.parquet", "checks/c1/m/s0/000007.failed.json") {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		k, err := storage.ParseMeasurement(key)
		if err != nil {
			return
		}
		make := storage.Measurement
		if k.Failed {
			make = storage.Outcome
		}
		if again, err := make(k.Check, k.Sequence, k.Window); err != nil || again != key {
			t.Errorf("%q parses as %+v, which gives %q, %v", key, k, again, err)
		}
		if err := storage.ValidateKey(key); err != nil {
			t.Errorf("%q is accepted but no valid key: %v", key, err)
		}
	})
}

func TestParseMeasurementInverts(t *testing.T) {
	t.Parallel()
	for _, want := range []storage.WindowKey{
		{Check: "c1", Sequence: "s0"},
		{Check: "A-b_9", Sequence: "s12", Window: 123456},
		{Check: "c1", Sequence: "s0", Window: 999999, Failed: true},
	} {
		make := storage.Measurement
		if want.Failed {
			make = storage.Outcome
		}
		key, err := make(want.Check, want.Sequence, want.Window)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := storage.ParseMeasurement(key); err != nil || got != want {
			t.Errorf("ParseMeasurement(%q) = %+v, %v, want %+v", key, got, err, want)
		}
	}
}

func TestValidateKey(t *testing.T) {
	t.Parallel()
	good := []string{"a", "a/b", "...", "a b", "ü/✓", "a..b/c", strings.Repeat("x", 255)}
	bad := []string{
		"", "/a", "a/", "a//b", ".", "..", "a/../b", "a/.", "a\x00b", "a\nb", "a\\b", "\xff", strings.Repeat("x", 256),
		strings.Repeat("abc/", 256) + "d",
	}
	for _, key := range good {
		if err := storage.ValidateKey(key); err != nil {
			t.Errorf("ValidateKey(%q) = %v", key, err)
		}
	}
	for _, key := range bad {
		if err := storage.ValidateKey(key); !errors.Is(err, storage.ErrBadKey) || !storage.IsPermanent(err) {
			t.Errorf("ValidateKey(%q) = %v, want a permanent ErrBadKey", key, err)
		}
	}
	for _, prefix := range []string{"", "a", "a/", "a/b", "a/.", ".."} {
		if err := storage.ValidatePrefix(prefix); err != nil {
			t.Errorf("ValidatePrefix(%q) = %v", prefix, err)
		}
	}
	for _, prefix := range []string{"/", "../", "a/../", "a//", "\x00"} {
		if err := storage.ValidatePrefix(prefix); !errors.Is(err, storage.ErrBadKey) {
			t.Errorf("ValidatePrefix(%q) = %v, want ErrBadKey", prefix, err)
		}
	}
}
