package fetch

import (
	"slices"
	"strings"

	"aircheck/jobs"
)

// systemOf names the DRM system of a KEYFORMAT or of a ContentProtection scheme (dashif.org/identifiers/content_protection; RFC 8216 section 4.3.2.4); empty when it
// is none that is known.
func systemOf(format string) string {
	switch strings.ToLower(format) {
	case "urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed", "com.widevine":
		return "Widevine"
	case "urn:uuid:9a04f079-9840-4286-ab92-e65be0885f95", "com.microsoft.playready":
		return "PlayReady"
	case "com.apple.streamingkeydelivery", "urn:uuid:94ce86fb-07ff-4f43-adb8-93d2fa968ca2", "com.apple.fps", "com.apple.fps.1_0":
		return "FairPlay"
	case "urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e", "urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b", "org.w3.clearkey":
		return "Clear Key"
	case "urn:uuid:5e629af5-38da-4063-8977-97ffbd9902d4":
		return "Marlin"
	case "urn:uuid:3d5e6d35-9b9a-41e8-b843-dd3c6e72c42c":
		return "ChinaDRM"
	case "urn:uuid:f239e769-efa3-4850-9c16-a903c6932efb":
		return "Adobe Primetime"
	}
	return ""
}

// locked says how a segment is encrypted that cannot be decrypted here: by which DRM systems, where the key says so. A key's format lists them with spaces between.
func locked(k *jobs.Key) string {
	var systems []string
	for _, format := range strings.Fields(k.Format) {
		if name := systemOf(format); name != "" && !slices.Contains(systems, name) {
			systems = append(systems, name)
		}
	}
	if len(systems) == 0 {
		return "encrypted with " + k.Method + ", which needs a key that aircheck does not have"
	}
	return "protected by " + strings.Join(systems, " and ") + " (" + k.Method + "), for which aircheck has no key"
}
