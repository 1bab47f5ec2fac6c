package fetch

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
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

// locked says how a segment is encrypted that cannot be decrypted here: by which DRM systems, where the key says so, and with which keys, where the media do. A key's format
// lists the systems with spaces between.
func locked(k *jobs.Key, lacking []kid) string {
	var systems []string
	for _, format := range strings.Fields(k.Format) {
		if name := systemOf(format); name != "" && !slices.Contains(systems, name) {
			systems = append(systems, name)
		}
	}
	what := ""
	if len(lacking) > 0 {
		what = " with KID " + lacking[0].String()
		for _, k := range lacking[1:] {
			what += ", " + k.String()
		}
	}
	if len(systems) == 0 {
		return "encrypted with " + k.Method + ", which needs a key that aircheck does not have" + what
	}
	return "protected by " + strings.Join(systems, " and ") + " (" + k.Method + "), for which aircheck has no key" + what
}

// common tells whether a segment may be under common encryption, with an initialisation section that says how: fragmented MP4 behind ContentProtection (ISO/IEC 23009-1
// section 5.8.4.1), or behind EXT-X-KEY with a SAMPLE-AES method (RFC 8216bis section 4.4.4.4).
func common(s jobs.Segment) bool {
	if s.Key == nil || s.Init == nil {
		return false
	}
	switch s.Key.Method {
	case "cenc", "cbcs", "SAMPLE-AES", "SAMPLE-AES-CTR":
		return true
	}
	return false
}

// look reads what the initialisation section says of encryption.
func (f *Fetcher) look() {
	f.guard, f.open = protectionOf(f.init.data), nil
	if f.guard != nil {
		f.open = bytes.Clone(f.init.data)
		apply(f.open, f.guard.patches)
	}
}

// closed tells whether the manifest declares a segment under common encryption and nobody can open it, so that it need not be read; lacking are the keys that would.
func (f *Fetcher) closed(s jobs.Segment) (lacking []kid, closed bool) {
	if !common(s) {
		return nil, false
	}
	if f.guard == nil { // no fragmented MP4 as the standard has it
		return nil, true
	}
	lacking = f.guard.lacking(f.Keys)
	return lacking, len(lacking) > 0
}

// undo decrypts the samples of a segment under common encryption. Where a key lacks that no manifest told of, the segment stays as it is: the decoder will meet what is
// encrypted, and say so with the words of Detail. The error is that of ctx.
func (f *Fetcher) undo(ctx context.Context, seg *Segment, offset int64) error {
	if f.guard == nil {
		return nil
	}
	touched, err := f.guard.decrypt(ctx, seg.Data[seg.Init:], offset, f.Keys)
	var lacks *noKeyError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &lacks):
		seg.Detail = "encrypted (ISO/IEC 23001-7), and " + lacks.Error()
	case err != nil:
		seg.State, seg.Detail, seg.Data, seg.Init = measurement.UnitEncrypted, "encrypted (ISO/IEC 23001-7), and "+err.Error(), nil, 0
	default:
		copy(seg.Data, f.open)
	}
	seg.Decrypted = err == nil && touched
	return nil
}
