package judge

import (
	"fmt"
	"strconv"
	"strings"

	"aircheck/jobs/measurement"
)

// maxCodecs bounds the list of declared codecs: a variant has a video and a few of sound.
const maxCodecs = 32

// How well a declared codec covers a track.
const (
	codecAgrees = iota
	// codecLoose: players will play it, though the declaration is not exact: it promises more than there is, or names a sibling.
	codecLoose
	// codecMissing: a player that believes the declaration does not expect what is there.
	codecMissing
)

// splitCodecs takes a CODECS attribute apart (RFC 6381 section 3.3).
func splitCodecs(s string) []string {
	var list []string
	for name := range strings.SplitSeq(s, ",") {
		if name = strings.TrimSpace(name); name != "" && len(list) < maxCodecs {
			list = append(list, name)
		}
	}
	return list
}

// entryFamily is FFmpeg's name of the codec for which a sample entry stands in a codecs parameter.
func entryFamily(entry string) string {
	switch entry {
	case "avc1", "avc2", "avc3", "avc4", "dva1", "dvav":
		return "h264"
	case "hvc1", "hev1", "hvc2", "hev2", "dvh1", "dvhe":
		return "hevc"
	case "vp08", "vp8":
		return "vp8"
	case "vp09", "vp9":
		return "vp9"
	case "av01", "dav1":
		return "av1"
	case "ac-3":
		return "ac3"
	case "ec-3":
		return "eac3"
	case "opus", "flac", "alac", "vorbis":
		return entry
	case "dtsc", "dtsh", "dtsl", "dtse", "dtsx":
		return "dts"
	}
	return ""
}

// family is FFmpeg's name of a declared codec; empty for one that is not known, of which nothing is said.
func family(name string) string {
	entry, rest, _ := strings.Cut(strings.ToLower(name), ".")
	switch entry {
	case "mp4a":
		// RFC 6381 section 3.3: the object type indication, in hexadecimal; MPEG-4 audio has its audio object type behind it, in decimal.
		oti, object, _ := strings.Cut(rest, ".")
		switch {
		case oti == "40" && object == "34" || oti == "69" || oti == "6b":
			return "mp3"
		case oti == "a5":
			return "ac3"
		case oti == "a6":
			return "eac3"
		case oti == "40" || oti == "66" || oti == "67" || oti == "68":
			return "aac"
		}
		return ""
	case "mp4v":
		if strings.HasPrefix(rest, "20") {
			return "mpeg4"
		}
		return "mpeg2video"
	}
	return entryFamily(entry)
}

// sameFamily allows for what FFmpeg names by layer: MP1 and MP2 are declared as MP3 is.
func sameFamily(declared, codec string) bool {
	return declared == codec || declared == "mp3" && (codec == "mp2" || codec == "mp1") || declared == "aac" && codec == "aac_latm" || declared == "mpeg2video" && codec == "mpeg1video"
}

// name is how the track should be called.
func (c *seenCodec) name() string {
	if c.Codecs != "" {
		return c.Codecs
	}
	if c.Profile != "" {
		return c.Codec + " " + c.Profile
	}
	return c.Codec
}

// match finds the declared codec that covers the track best, and says what is wrong with it. A list with a name that nobody knows may mean anything.
func (c *seenCodec) match(names []string) (int, string) {
	best, why := codecMissing, "no such codec is declared"
	for _, name := range names {
		f := family(name)
		if f == "" {
			return codecAgrees, ""
		}
		if !sameFamily(f, c.Codec) {
			continue
		}
		fit, reason := c.fit(name)
		if fit < best || why == "no such codec is declared" {
			best, why = fit, reason
		}
	}
	return best, why
}

// fit compares profile and level with a declared codec of the same family.
func (c *seenCodec) fit(name string) (int, string) {
	if c.Kind == measurement.Audio {
		return c.fitAAC(name)
	}
	switch c.Codec {
	case "h264":
		return fitAVC(c.Codecs, name)
	case "hevc":
		return fitHEVC(c.Codecs, name)
	case "vp9", "av1":
		return c.fitDepth(name)
	}
	return codecAgrees, ""
}

// avcName reads avc1.PPCCLL, or avc1.66.30 of old iOS players (profile_idc and level_idc in decimal).
func avcName(name string) (profile, level int, ok bool) {
	_, rest, _ := strings.Cut(name, ".")
	if p, l, old := strings.Cut(rest, "."); old {
		profile, err := strconv.Atoi(p)
		level, err2 := strconv.Atoi(l)
		return profile, level, err == nil && err2 == nil
	}
	v, err := strconv.ParseUint(rest, 16, 32)
	return int(v >> 16), int(v & 0xff), err == nil && len(rest) == 6
}

// avcRank orders the profiles of which a decoder of a higher one plays a lower one (ITU-T H.264 annex A); 0 for others.
func avcRank(profile int) int {
	switch profile {
	case 66:
		return 1 // also without constraint_set1: encoders leave the flag away, and make none of the slice groups that Main lacks
	case 77:
		return 2
	case 100:
		return 3
	case 110:
		return 4
	case 122:
		return 5
	}
	return 0
}

func fitAVC(have, declared string) (int, string) {
	profile, level, ok := avcName(have)
	wantProfile, wantLevel, said := avcName(declared)
	if !ok || !said {
		return codecAgrees, ""
	}
	if profile != wantProfile {
		a, b := avcRank(profile), avcRank(wantProfile)
		if a > 0 && b > a {
			return codecLoose, "a higher profile is declared"
		}
		return codecMissing, "the profile is another one"
	}
	return fitLevel(level, wantLevel)
}

func fitLevel(have, declared int) (int, string) {
	switch {
	case have > declared:
		return codecMissing, "the level is higher than declared"
	case have < declared:
		return codecLoose, "the level is lower than declared"
	}
	return codecAgrees, ""
}

// hevcName reads hvc1.2.4.L123.B0 (ISO/IEC 14496-15 section E.3).
func hevcName(name string) (profile, level int, high, ok bool) {
	parts := strings.Split(name, ".")
	if len(parts) < 4 || len(parts[3]) < 2 {
		return 0, 0, false, false
	}
	profile, err := strconv.Atoi(strings.TrimLeft(parts[1], "ABCabc"))
	level, err2 := strconv.Atoi(parts[3][1:])
	return profile, level, parts[3][0] == 'H' || parts[3][0] == 'h', err == nil && err2 == nil
}

func fitHEVC(have, declared string) (int, string) {
	profile, level, high, ok := hevcName(have)
	wantProfile, wantLevel, wantHigh, said := hevcName(declared)
	switch {
	case !ok || !said: // Dolby Vision's names have a profile and a level of their own
		return codecAgrees, ""
	case profile != wantProfile && wantProfile == 2 && profile == 1:
		return codecLoose, "a higher profile is declared"
	case profile != wantProfile:
		return codecMissing, "the profile is another one"
	case high && !wantHigh:
		return codecMissing, "the tier is higher than declared"
	}
	return fitLevel(level, wantLevel)
}

// fitAAC looks at what a decoder must be able to do. That a name promises less than there is misleads only players that do not find out for themselves, which all do:
// an old convention is to declare HE-AAC as its LC core.
func (c *seenCodec) fitAAC(name string) (int, string) {
	if c.Codec != "aac" {
		return codecAgrees, ""
	}
	objects := map[string]string{"LC": "2", "HE-AAC": "5", "HE-AACv2": "29"}
	object := name[strings.LastIndex(name, ".")+1:]
	want, known := objects[c.Profile]
	if !known || want == strings.TrimLeft(object, "0") || !strings.HasPrefix(strings.ToLower(name), "mp4a.40.") {
		return codecAgrees, ""
	}
	return codecLoose, fmt.Sprintf("%s would be mp4a.40.%s", c.Profile, want)
}

// fitDepth compares the bit depth: vp09.PP.LL.DD and av01.P.LLT.DD have it as their third part.
func (c *seenCodec) fitDepth(name string) (int, string) {
	parts := strings.Split(name, ".")
	if len(parts) < 4 || c.Depth <= 0 {
		return codecAgrees, ""
	}
	depth, err := strconv.Atoi(parts[3])
	if err != nil || depth == c.Depth {
		return codecAgrees, ""
	}
	return codecMissing, fmt.Sprintf("samples have %d bits", c.Depth)
}
