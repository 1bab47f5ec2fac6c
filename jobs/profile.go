package jobs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Seal sets Digest from Thresholds. Profiles that judge alike have equal digests, whatever they are called. A threshold that is not finite has no
// canonical form: the digest stays empty and no codec accepts the profile.
func (p *Profile) Seal() { p.Digest = p.digest() }

func (p *Profile) digest() string {
	thresholds := p.Thresholds
	if thresholds == nil {
		thresholds = map[string]float64{}
	}
	canonical, err := json.Marshal(thresholds) // sorts keys, writes the shortest decimal that reads back as the same number
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(canonical)
	return "sha256:" + hex.EncodeToString(sum[:])
}
