package hls

import (
	"fmt"
	"strings"
	"testing"

	"aircheck/producer/source/internal/fake"
)

func TestRefusedReferencesHaveNoURI(t *testing.T) {
	text := "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-KEY:METHOD=AES-128,URI=\"file:///etc/key\"\n#EXT-X-MAP:URI=\"/etc/map\"\n" +
		"#EXTINF:2,\n/etc/passwd\n#EXTINF:2,\nok.ts\n#EXTINF:2,\nhttps://cdn/ok.ts\n"
	for input, refused := range map[string]int{"/x/a.m3u8": 3, "https://host/x/a.m3u8": 1, "s3://bucket/x/a.m3u8": 1} {
		tl := timelineOf(t, &fake.Origin{Objects: map[string]string{input: text}}, input)
		s := tl.Sequences[0].Segments
		if len(findings(tl)) != refused {
			t.Errorf("%s: findings %q, want %d", input, findings(tl), refused)
		}
		if s[0].Key == nil || s[0].Key.URI != "" || s[0].Key.Method != "AES-128" || s[1].Key.URI != "" {
			t.Errorf("%s: key %+v", input, s[0].Key)
		}
		if local := strings.HasPrefix(input, "/"); local != (s[0].URI == "") || local != (s[0].Init.URI == "") {
			t.Errorf("%s: segment %q, initialisation section %q", input, s[0].URI, s[0].Init.URI)
		}
		if s[1].URI == "" || s[2].URI != "https://cdn/ok.ts" {
			t.Errorf("%s: segments %q, %q", input, s[1].URI, s[2].URI)
		}
	}
}

func TestEncryptionAndInitSections(t *testing.T) {
	tl := timelineOf(t, &fake.Origin{Objects: map[string]string{"https://h/a/m.m3u8": playlists["keys"]}}, "https://h/a/m.m3u8")
	s := tl.Sequences[0].Segments
	if k := s[1].Key; k.URI != "https://h/a/k.key" || fmt.Sprintf("%x", k.IV) != "00000000000000000000000000000103" {
		t.Errorf("key without IV: %+v, want media sequence number 259", k)
	}
	if s[0].Key != nil || s[3].Key != nil || s[3].Init == nil || s[3].InitKey == nil {
		t.Errorf("keys %+v %+v, init %+v with %+v", s[0].Key, s[3].Key, s[3].Init, s[3].InitKey)
	}
	if s[2].Init.URI != "https://h/a/i.mp4" || s[2].InitKey.URI != "https://h/a/k2.key" || len(s[2].InitKey.IV) != 16 || s[1].Init != nil {
		t.Errorf("init %+v with %+v", s[2].Init, s[2].InitKey)
	}
	if k := s[4].Key; k.Method != "SAMPLE-AES" || k.URI != "skd://x" || k.Format != "com.apple.streamingkeydelivery" || k.IV != nil {
		t.Errorf("key of a DRM system: %+v", k)
	}
	if k := s[5].Key; k.URI != "https://h/a/k3.key" || k.Format != "" {
		t.Errorf("identity key beside that of a DRM system: %+v", k)
	}
}

// A segment that several DRM systems could open names all of them.
func TestKeysOfSeveralSystems(t *testing.T) {
	text := "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfree.ts\n"
	for _, format := range []string{"com.apple.streamingkeydelivery", "urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed", "com.microsoft.playready"} {
		text += "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"data:x\",KEYFORMAT=\"" + format + "\"\n"
	}
	tl := timelineOf(t, &fake.Origin{Objects: map[string]string{"/x/a.m3u8": text + "#EXTINF:2,\na.ts\n#EXTINF:2,\nb.ts\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:2,\nc.ts\n"}}, "/x/a.m3u8")
	s := tl.Sequences[0].Segments
	const want = "com.apple.streamingkeydelivery urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed com.microsoft.playready"
	if s[0].Key != nil || s[1].Key.Format != want || s[2].Key.Format != want || s[3].Key != nil {
		t.Errorf("keys %+v, %+v, %+v, %+v", s[0].Key, s[1].Key, s[2].Key, s[3].Key)
	}
}
