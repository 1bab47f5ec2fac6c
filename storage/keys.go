package storage

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of a key. They are the narrowest of the backends, so that a store can be copied from any one to any other.
const (
	maxKey  = 1024 // bytes: S3's limit
	maxPart = 255  // bytes between two slashes: the limit of Linux file names
	maxID   = 64   // characters of a check's or a sequence's id; a UUID has 36
	// maxWindow keeps %06d at six digits, so that lexical order is window order; at 1 s a window it is eleven days.
	maxWindow = 1_000_000
	// maxFirstFrames keeps %03d at three digits, for the same reason.
	maxFirstFrames = 1000
)

const checksPrefix = "checks/"

// ErrBadKey is wrapped by the errors about keys that no store may hold. It is permanent.
var ErrBadKey = errors.New("bad key")

// CheckManifest is the key of the manifest of a check: checks/<id>/manifest.json.
func CheckManifest(id string) (string, error) { return checkKey(id, "manifest.json") }

// Report is the key of the report of a check.
func Report(id string) (string, error) { return checkKey(id, "report.json") }

// Failure is the key of what is written instead of a report when a check could not be judged: checks/<id>/failed.json.
func Failure(id string) (string, error) { return checkKey(id, "failed.json") }

// JudgeState is the key of the judge's checkpoint.
func JudgeState(id string) (string, error) { return checkKey(id, "judge.json") }

// Comparison is the key of what came of comparing some pictures of a check with its reference; key names which with which.
func Comparison(id, key string) (string, error) {
	if err := checkID("comparison", key); err != nil {
		return "", err
	}
	return checkKey(id, "c/"+key+".json")
}

// Instalment is the key of the i-th piece of a check whose stream is live: checks/<id>/live/000000.json.
func Instalment(id string, index int) (string, error) {
	if index < 0 || index >= maxWindow {
		return "", fmt.Errorf("%w: instalment %d outside 0 to %d", ErrBadKey, index, maxWindow-1)
	}
	return checkKey(id, fmt.Sprintf("live/%06d.json", index))
}

// InstalmentPrefix is the prefix of the instalments of a check.
func InstalmentPrefix(id string) (string, error) { return checkKey(id, "live/") }

// Interim is the key of the report of a check so far, while its stream is live; the final one is Report.
func Interim(id string) (string, error) { return checkKey(id, "interim.json") }

// Curves is the key of what was measured over the time of a check, for drawing.
func Curves(id string) (string, error) { return checkKey(id, "curves.json") }

// Signatures is the key of the signatures of the findings of a check.
func Signatures(id string) (string, error) { return checkKey(id, "signatures.json") }

// EvidenceIndex is the key of the list of pictures that were made of a check.
func EvidenceIndex(id string) (string, error) { return EvidenceFile(id, "index.json") }

// FirstFrames is the key of the n-th list of the first frames of a check that goes on; the one with the greatest number holds.
func FirstFrames(id string, n int) (string, error) {
	if n < 0 || n >= maxFirstFrames {
		return "", fmt.Errorf("%w: list %d of first frames outside 0 to %d", ErrBadKey, n, maxFirstFrames-1)
	}
	return EvidenceFile(id, fmt.Sprintf("interim-%03d.json", n))
}

// FirstFramesPrefix is the prefix of the lists of the first frames of a check.
func FirstFramesPrefix(id string) (string, error) { return checkKey(id, "evidence/interim-") }

// EvidenceFile is the key of one of them: checks/<id>/evidence/<name>.
func EvidenceFile(id, name string) (string, error) {
	base, ending, ok := strings.Cut(name, ".")
	if err := checkID("evidence", base); err != nil {
		return "", err
	}
	if err := checkID("evidence", ending); !ok || err != nil {
		return "", fmt.Errorf("%w: evidence %q, want a name and an ending of letters, digits, - and _", ErrBadKey, name)
	}
	return checkKey(id, "evidence/"+name)
}

// WaiverPrefix is the prefix of the waivers, WaiverCodePrefix of the marks that say of which code each is, WaiverLogPrefix of the log of what was done to them.
const (
	WaiverPrefix     = "waivers/"
	WaiverCodePrefix = "waivers-codes/"
	WaiverLogPrefix  = "waivers-log/"
)

// Waiver is the key of a waiver.
func Waiver(id string) (string, error) {
	if err := checkID("waiver", id); err != nil {
		return "", err
	}
	return WaiverPrefix + id + ".json", nil
}

// WaiverCode is the key of the mark that says of which code a waiver is: with it, finding those of some codes costs a listing and not a read of each.
func WaiverCode(id, code string) (string, error) {
	if err := checkID("waiver", id); err != nil {
		return "", err
	}
	if strings.Contains(code, "/") {
		return "", fmt.Errorf("%w: code %q of a waiver holds a slash", ErrBadKey, code)
	}
	key := WaiverCodePrefix + id + "/" + code
	if err := ValidateKey(key); err != nil {
		return "", err
	}
	return key, nil
}

// WaiverLog is the key of an entry of the audit log; entries sort by time when their ids begin with it.
func WaiverLog(id string) (string, error) {
	if err := checkID("log entry", id); err != nil {
		return "", err
	}
	return WaiverLogPrefix + id + ".json", nil
}

// CheckPrefix is the prefix of all keys of one check.
func CheckPrefix(id string) (string, error) { return checkKey(id, "") }

// MeasurementPrefix is the prefix of the measurements and outcomes of all windows of a check.
func MeasurementPrefix(id string) (string, error) { return checkKey(id, "m/") }

// Measurement is the key of the measurement of one window; window is its position in the sequence, from 0 to 999,999.
func Measurement(id, seq string, window int) (string, error) {
	return windowKey(id, seq, window, measurementSuffix)
}

// Outcome is the key of what is written instead of a measurement when a window's job ended without one.
func Outcome(id, seq string, window int) (string, error) {
	return windowKey(id, seq, window, outcomeSuffix)
}

// OpenPrefix is the prefix of the markers of checks that have no report yet.
const OpenPrefix = "open/"

// OpenCheck is the key of the marker of a check that has no report yet: with it, finding the unfinished checks costs nothing for the finished ones.
func OpenCheck(id string) (string, error) {
	if err := checkID("check", id); err != nil {
		return "", err
	}
	return OpenPrefix + id, nil
}

// ParseOpenCheck inverts OpenCheck.
func ParseOpenCheck(key string) (id string, err error) {
	id, ok := strings.CutPrefix(key, OpenPrefix)
	if !ok {
		return "", fmt.Errorf("%w: %q is not an open check's", ErrBadKey, key)
	}
	return id, checkID("check", id)
}

const (
	measurementSuffix = ".parquet"
	outcomeSuffix     = ".failed.json"
)

func checkKey(id, rest string) (string, error) {
	if err := checkID("check", id); err != nil {
		return "", err
	}
	return checksPrefix + id + "/" + rest, nil
}

func windowKey(id, seq string, window int, suffix string) (string, error) {
	if err := checkID("sequence", seq); err != nil {
		return "", err
	}
	if window < 0 || window >= maxWindow {
		return "", fmt.Errorf("%w: window %d outside 0 to %d", ErrBadKey, window, maxWindow-1)
	}
	return checkKey(id, fmt.Sprintf("m/%s/%06d%s", seq, window, suffix))
}

func checkID(what, id string) error {
	if id == "" || len(id) > maxID {
		return fmt.Errorf("%w: %s id of %d characters, want 1 to %d", ErrBadKey, what, len(id), maxID)
	}
	for _, c := range []byte(id) {
		if !isIDByte(c) {
			return fmt.Errorf("%w: %s id %q, want letters, digits, - and _ only", ErrBadKey, what, id)
		}
	}
	return nil
}

func isIDByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_'
}

// WindowKey is what the key of a measurement or an outcome says.
type WindowKey struct {
	Check    string
	Sequence string
	Window   int
	Failed   bool // the key of an outcome
}

// ParseMeasurement inverts Measurement and Outcome. It accepts exactly the keys that these give.
func ParseMeasurement(key string) (WindowKey, error) {
	bad := fmt.Errorf("%w: %q is not a measurement's", ErrBadKey, key)
	parts := strings.Split(key, "/")
	if len(parts) != 5 || parts[0]+"/" != checksPrefix || parts[2] != "m" {
		return WindowKey{}, bad
	}
	number, suffix, _ := strings.Cut(parts[4], ".")
	window, err := strconv.Atoi(number)
	if err != nil {
		return WindowKey{}, bad
	}
	k := WindowKey{Check: parts[1], Sequence: parts[3], Window: window, Failed: "."+suffix == outcomeSuffix}
	if again, err := k.key(); err != nil || again != key {
		return WindowKey{}, bad
	}
	return k, nil
}

func (k WindowKey) key() (string, error) {
	if k.Failed {
		return Outcome(k.Check, k.Sequence, k.Window)
	}
	return Measurement(k.Check, k.Sequence, k.Window)
}

// ValidateKey tells whether every backend can hold key: UTF-8, no control characters and no backslash, at most 1024 bytes, parts
// between slashes of 1 to 255 bytes, none of them "." or "..". Two keys of which one is a directory of the other ("a" and "a/b") must
// not be used in one store: directories cannot hold both.
func ValidateKey(key string) error {
	if len(key) > maxKey {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrBadKey, len(key), maxKey)
	}
	if err := checkText(key); err != nil {
		return err
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part == "." || part == ".." || len(part) > maxPart {
			return fmt.Errorf("%w: %q has a part of no or too many bytes, or a dot part", ErrBadKey, key)
		}
	}
	return nil
}

// ValidatePrefix tells whether prefix can begin a valid key. The empty prefix does.
func ValidatePrefix(prefix string) error {
	dir, last := "", prefix
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		dir, last = prefix[:i], prefix[i+1:]
		if err := ValidateKey(dir); err != nil {
			return err
		}
	}
	if len(prefix) > maxKey {
		return fmt.Errorf("%w: prefix of %d bytes, at most %d", ErrBadKey, len(prefix), maxKey)
	}
	return checkText(last)
}

// checkText refuses what XML 1.0 (the language of S3's listings) or some file system cannot carry.
func checkText(s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%w: %q is not UTF-8", ErrBadKey, s)
	}
	for _, r := range s {
		if r < 0x20 || r == 0x7f || r == '\\' || r == 0xfffe || r == 0xffff {
			return fmt.Errorf("%w: %q holds the character %U", ErrBadKey, s, r)
		}
	}
	return nil
}
