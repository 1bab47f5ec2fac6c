package fetch

import (
	"testing"

	"aircheck/jobs"
)

func TestLockedNamesTheSystem(t *testing.T) {
	for _, tt := range []struct {
		key  jobs.Key
		want string
	}{
		{jobs.Key{Method: "cbcs", Format: "urn:uuid:EDEF8BA9-79d6-4ace-a3c8-27dcd51d21ed urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95"}, "protected by Widevine and PlayReady (cbcs), for which aircheck has no key"},
		{jobs.Key{Method: "SAMPLE-AES", Format: "com.apple.streamingkeydelivery"}, "protected by FairPlay (SAMPLE-AES), for which aircheck has no key"},
		{jobs.Key{Method: "cenc", Format: "urn:mpeg:dash:mp4protection:2011"}, "encrypted with cenc, which needs a key that aircheck does not have"},
		{jobs.Key{Method: "AES-256"}, "encrypted with AES-256, which needs a key that aircheck does not have"},
	} {
		if got := locked(&tt.key, nil); got != tt.want {
			t.Errorf("%+v is %q, want %q", tt.key, got, tt.want)
		}
	}
}
