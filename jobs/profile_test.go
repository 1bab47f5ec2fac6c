package jobs

import (
	"math"
	"testing"
)

func TestSeal(t *testing.T) {
	digest := func(name string, thresholds map[string]float64) string {
		p := Profile{Name: name, Thresholds: thresholds}
		p.Seal()
		return p.Digest
	}
	// printf '{"audio.loudness.target":-23,"video.black.fail":2}' | sha256sum
	const known = "sha256:8c58972f9212fe8f8dbe49985fa276dbf4d62393fc37ec0663ff4d4b6cbab08a"
	a := digest("a", map[string]float64{"video.black.fail": 2, "audio.loudness.target": -23})
	if a != known {
		t.Errorf("digest %s, want %s", a, known)
	}
	if b := digest("b", map[string]float64{"audio.loudness.target": -23, "video.black.fail": 2}); b != a {
		t.Error("the name or the order counts")
	}
	if b := digest("a", map[string]float64{"video.black.fail": math.Nextafter(2, 3), "audio.loudness.target": -23}); b == a {
		t.Error("the last bit of a threshold does not count")
	}
	if digest("", nil) != digest("", map[string]float64{}) {
		t.Error("no thresholds and none at all differ")
	}
	if got := digest("", map[string]float64{"x": math.NaN()}); got != "" {
		t.Errorf("NaN has the digest %q", got)
	}
}
