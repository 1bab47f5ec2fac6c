package archive

import "testing"

// FuzzAnnex: what is read of a store can be written again.
func FuzzAnnex(f *testing.F) {
	f.Add([]byte(`{"v":1,"renditions":[{"rendition":"v0","step":0.2,"curves":[{"name":"luma","unit":"x","mean":[1,null,2.5]}]}]}`))
	f.Add([]byte(`{"v":1,"signatures":[{"finding":"video.black/v0/0","signature":{"duration":2,"pictures":["EBA="],"levels":[-128,3]}}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		if c, err := DecodeCurves(doc); err == nil {
			if _, err := EncodeCurves(c); err != nil {
				t.Error(err)
			}
		}
		if s, err := DecodeSignatures(doc); err == nil {
			if _, err := EncodeSignatures(s); err != nil {
				t.Error(err)
			}
		}
	})
}
