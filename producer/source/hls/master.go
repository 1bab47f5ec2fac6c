package hls

import (
	"aircheck/jobs"
)

// masterTag reads the tags of a multivariant playlist (RFC 8216 section 4.3.4).
func (p *parser) masterTag(name, value string) bool {
	switch name {
	case "EXT-X-STREAM-INF":
		if p.variant != nil {
			p.fault(p.variant.Line, jobs.Fail, "EXT-X-STREAM-INF without a URI")
		}
		attrs := p.list(-1, name, value)
		p.variant = &Entry{Line: p.number, Kind: EntryVariant, CaptionGroup: attrs["CLOSED-CAPTIONS"], Variant: variantOf(attrs), attrs: attrs}
	case "EXT-X-I-FRAME-STREAM-INF":
		attrs := p.list(-1, name, value)
		p.entry(Entry{Line: p.number, Kind: EntryIFrames, URI: attrs["URI"], Variant: variantOf(attrs), attrs: attrs})
	case "EXT-X-MEDIA":
		p.rendition(p.list(-1, name, value))
	default:
		return false
	}
	return true
}

func (p *parser) rendition(attrs map[string]string) {
	kinds := map[string]EntryKind{"AUDIO": EntryAudio, "VIDEO": EntryVideo, "SUBTITLES": EntrySubtitles, "CLOSED-CAPTIONS": EntryInStream}
	kind, ok := kinds[attrs["TYPE"]]
	if !ok {
		p.strange = append(p.strange, Tag{p.number, "EXT-X-MEDIA", clip(attrs["TYPE"])})
		return
	}
	uri := attrs["URI"]
	if kind == EntryInStream {
		uri = "" // it must not have one (RFC 8216 section 4.3.4.1)
	}
	audioGroup := ""
	if kind == EntryAudio {
		audioGroup = clip(attrs["GROUP-ID"])
	}
	p.entry(Entry{
		Line: p.number, Kind: kind, URI: uri, Group: attrs["GROUP-ID"], Name: attrs["NAME"], InStream: attrs["INSTREAM-ID"],
		Variant: jobs.Variant{Language: attrs["LANGUAGE"], AudioGroup: audioGroup}, attrs: attrs,
	})
}

// variantOf reads what a variant declares; what is absent or cannot be read is 0, and rules_master.go says so.
func variantOf(attrs map[string]string) jobs.Variant {
	v := jobs.Variant{Codecs: attrs["CODECS"], FrameRate: attrs["FRAME-RATE"], AudioGroup: clip(attrs["AUDIO"])}
	v.Bandwidth, _ = parseCount(attrs["BANDWIDTH"])
	v.AverageBandwidth, _ = parseCount(attrs["AVERAGE-BANDWIDTH"])
	v.Width, v.Height, _ = parseResolution(attrs["RESOLUTION"])
	return v
}

func (p *parser) entry(e Entry) {
	if p.out.Master == nil {
		p.out.Master = &Master{}
	}
	m := p.out.Master
	if len(m.Entries) == maxVariants {
		p.overflow("variants and renditions", maxVariants)
		return
	}
	if e.Kind == EntryVariant && e.URI == "" || e.Kind == EntryIFrames && e.URI == "" {
		p.fault(e.Line, jobs.Fail, "variant without a URI")
	}
	m.Entries = append(m.Entries, e)
}
