package dash

import (
	"slices"
	"strconv"
	"strings"

	"aircheck/jobs"
)

func (p *parser) period(q *Period, n *node, s scope) {
	reps := 0
	for _, c := range n.all("AdaptationSet") {
		if len(q.Sets) == maxSets {
			p.invalid(c.line, jobs.Fail, "more than %d adaptation sets; the others are left out", maxSets)
			break
		}
		if _, ok := c.foreign("xlink", "href"); ok {
			p.invalid(c.line, jobs.Fail, "adaptation set refused: it stands in another document (xlink:href), which aircheck does not read")
			continue
		}
		set := p.set(q, c, s.below(p, c))
		if set == nil {
			continue
		}
		p.reps += len(set.Reps)
		if reps += len(set.Reps); reps > maxRepresentations || p.reps > maxAllRepresentations {
			p.broken = true
			p.invalid(c.line, jobs.Fail, "more than %d representations, or %d in all periods; the others are left out", maxRepresentations, maxAllRepresentations)
			break
		}
		set.Index = len(q.Sets)
		q.Sets = append(q.Sets, set)
	}
	for _, c := range n.all("EventStream") {
		p.eventStream(q, c)
	}
}

// set reads an adaptation set; nil for one that is not examined: thumbnails, trick modes, and what nobody knows.
func (p *parser) set(q *Period, n *node, s scope) *Set {
	set := &Set{Line: n.line, Language: s.attrs["lang"]}
	set.ID, _ = n.attr("id")
	aligned, _ := n.attr("segmentAlignment")
	set.Aligned = aligned == "true"
	if r := n.first("Role"); r != nil {
		set.Role, _ = r.attr("value")
	}
	if isTrick(n) {
		return nil
	}
	list := n.all("Representation")
	set.Media = mediaOf(s.attrs, list)
	switch set.Media {
	case "image":
		return nil
	case "":
		p.invalid(n.line, jobs.Info, "adaptation set of type %q is not examined", clip(s.attrs["contentType"]+s.attrs["mimeType"]))
		return nil
	}
	for i, c := range list {
		if i == maxRepresentations {
			p.invalid(c.line, jobs.Fail, "more than %d representations; the others are left out", maxRepresentations)
			break
		}
		if r := p.representation(set, c, s.below(p, c)); r != nil {
			r.Period = q
			r.Variant.InStream = inStream(n)
			set.Reps = append(set.Reps, r)
		}
	}
	return set
}

// isTrick tells an adaptation set for fast forward (DASH-IF IOP section 3.2.9): a few pictures of what another holds in full.
func isTrick(n *node) bool {
	return slices.ContainsFunc(slices.Concat(n.all("EssentialProperty"), n.all("SupplementalProperty")), func(c *node) bool {
		scheme, _ := c.attr("schemeIdUri")
		return scheme == "http://dashif.org/guidelines/trickmode" || scheme == "http://dashif.org/guidelines/thumbnail_tile"
	})
}

// mediaOf tells what is inside an adaptation set: what it says, else what its types and codecs say; empty when nobody knows.
func mediaOf(attrs map[string]string, reps []*node) string {
	kind, mime, codecs := attrs["contentType"], attrs["mimeType"], attrs["codecs"]
	for _, r := range reps {
		if v, ok := r.attr("mimeType"); ok && mime == "" {
			mime = v
		}
		if v, ok := r.attr("codecs"); ok && codecs == "" {
			codecs = v
		}
	}
	top, sub, _ := strings.Cut(mime, "/")
	switch {
	case isText(codecs), top == "text", mime == "application/ttml+xml":
		return "captions"
	case kind == "image" || top == "image":
		return "image"
	case kind == "text":
		return "captions"
	case kind == "video" || kind == "audio":
		return kind
	case top == "video" || top == "audio":
		return top
	case sub == "mp4" || mime == "":
		return byCodec(codecs, reps)
	}
	return ""
}

// isText tells subtitles in MP4 by their codec (RFC 6381).
func isText(codecs string) bool {
	return strings.HasPrefix(codecs, "wvtt") || strings.HasPrefix(codecs, "stpp")
}

// byCodec is for manifests that say nothing else; one without any word of it has video.
func byCodec(codecs string, reps []*node) string {
	for _, prefix := range []string{"mp4a", "ac-3", "ec-3", "ac-4", "opus", "Opus", "flac", "fLaC", "dts", "mha1", "mhm1"} {
		if strings.HasPrefix(codecs, prefix) {
			return "audio"
		}
	}
	if codecs == "" && len(reps) == 0 {
		return ""
	}
	return "video"
}

func (p *parser) representation(set *Set, n *node, s scope) *Representation {
	r := &Representation{Line: n.line, Set: set, Base: s.base, Info: s.info, Early: s.early, Mime: s.attrs["mimeType"], Protection: s.key}
	r.ID, _ = n.attr("id")
	if len(r.ID) > maxQuote {
		p.invalid(n.line, jobs.Fail, "Representation@id of %d bytes; the representation is left out", len(r.ID))
		return nil
	}
	v := &r.Variant
	v.Bandwidth = p.count(n, "bandwidth", 0)
	v.Codecs, v.Language = clip(s.attrs["codecs"]), clip(s.attrs["lang"])
	v.Width, v.Height = p.size(n, s, "width"), p.size(n, s, "height")
	if rate := s.attrs["frameRate"]; rate != "" {
		var err error
		if v.FrameRate, err = parseRate(rate); err != nil {
			p.invalid(n.line, jobs.Warn, "@frameRate %q: %v", clip(rate), err)
		}
	}
	return r
}

// maxSize bounds a picture's width and height.
const maxSize = 1 << 16

func (p *parser) size(n *node, s scope, name string) int {
	if s.attrs[name] == "" {
		return 0
	}
	v, err := parseCount(s.attrs[name])
	if err != nil || v > maxSize {
		p.invalid(n.line, jobs.Warn, "@%s %q: %v", name, clip(s.attrs[name]), errNumber)
		return 0
	}
	return int(v)
}

// inStream lists the closed captions that an adaptation set says are in its pictures, as HLS calls them (SCTE 214-1 section 4.1.2).
func inStream(n *node) string {
	var list []string
	for _, c := range n.all("Accessibility") {
		scheme, _ := c.attr("schemeIdUri")
		value, _ := c.attr("value")
		for entry := range strings.SplitSeq(value, ";") {
			name, _, _ := strings.Cut(entry, "=")
			switch {
			case len(list) == 67: // four of CEA-608 and 63 of CEA-708
			case scheme == "urn:scte:dash:cc:cea-608:2015" && len(name) == 3 && strings.HasPrefix(name, "CC"):
				list = append(list, clip(name))
			case scheme == "urn:scte:dash:cc:cea-708:2015":
				if number, err := strconv.ParseUint(name, 10, 6); err == nil {
					list = append(list, "SERVICE"+strconv.FormatUint(number, 10))
				}
			}
		}
	}
	return strings.Join(list, ",")
}

// protection is how media is encrypted, nil when nothing says that it is (ISO/IEC 23009-1 section 5.8.4.1, ISO/IEC 23001-7). An element's own descriptors
// add to those above it.
func protection(n *node, above *jobs.Key) *jobs.Key {
	list := n.all("ContentProtection")
	if len(list) == 0 {
		return above
	}
	key := jobs.Key{Method: "cenc"}
	if above != nil {
		key = *above
	}
	systems := strings.Fields(key.Format)
	for _, c := range list {
		scheme, _ := c.attr("schemeIdUri")
		scheme = strings.ToLower(clip(strings.Join(strings.Fields(scheme), "")))
		if scheme == "urn:mpeg:dash:mp4protection:2011" {
			switch value, _ := c.attr("value"); value {
			case "cens", "cbc1", "cbcs":
				key.Method = value
			}
			continue
		}
		if scheme != "" && !slices.Contains(systems, scheme) && len(systems) < maxSystems {
			systems = append(systems, scheme)
		}
	}
	if len(systems) == 0 {
		systems = []string{"urn:mpeg:dash:mp4protection:2011"}
	}
	key.Format = strings.Join(systems, " ")
	return &key
}

// maxSystems bounds the DRM systems that are told of one representation.
const maxSystems = 8
