package hls

import (
	"fmt"

	"aircheck/jobs"
)

// member is what the rules across the playlists of a stream need to know of one of them.
type member struct {
	label, sequence, media          string
	variant                         bool // a variant, not a rendition of a group
	target, duration                jobs.Micros
	first, discontinuity            int64 // EXT-X-MEDIA-SEQUENCE and EXT-X-DISCONTINUITY-SEQUENCE
	ended, independent, hasPictures bool
}

func memberOf(c *child, sequence string) member {
	m := c.list.Media
	return member{
		label: c.label, sequence: sequence, media: c.media, variant: c.variant, target: m.Target, duration: m.Duration,
		first: m.MediaSequence + m.Skipped, discontinuity: m.DiscontinuitySequence, ended: m.EndList, independent: c.list.Independent,
		hasPictures: c.variant && c.media == "video",
	}
}

// ladderRules are those about the playlists of a stream beside each other.
func (t *timeline) ladderRules(top *child) {
	var played []*member // all but text, whose segments may be cut otherwise and end earlier
	for i := range t.members {
		if t.members[i].media != "captions" {
			played = append(played, &t.members[i])
		}
	}
	if len(played) == 0 {
		return
	}
	t.targetsRule(top, played)
	t.durationsRule(top, played)
	t.sequencesRule(played)
	t.switchingRules(top, played)
}

// extremes are the members with the least and the greatest of something.
func extremes(list []*member, of func(*member) jobs.Micros) (least, most *member) {
	least, most = list[0], list[0]
	for _, m := range list[1:] {
		if of(m) < of(least) {
			least = m
		}
		if of(m) > of(most) {
			most = m
		}
	}
	return least, most
}

// targetsRule: RFC 8216 section 6.2.4.
func (t *timeline) targetsRule(top *child, list []*member) {
	target := func(m *member) jobs.Micros { return m.target }
	least, most := extremes(list, target)
	if least.target == 0 || least.target == most.target { // one without a target is told already
		return
	}
	f := about("ladder.target_duration", 0, "EXT-X-TARGETDURATION is %s in %s and %s in %s", shown(least.target), least.label, shown(most.target), most.label)
	f.Value = (most.target - least.target).Seconds()
	t.tell(top, f, "")
}

// durationsRule compares finished playlists: those of a live stream are read one after the other.
func (t *timeline) durationsRule(top *child, list []*member) {
	for _, m := range list {
		if !m.ended {
			return
		}
	}
	least, most := extremes(list, func(m *member) jobs.Micros { return m.duration })
	if least.duration == most.duration {
		return
	}
	f := about("ladder.duration", 0, "%s lasts %s, %s lasts %s", least.label, shown(least.duration), most.label, shown(most.duration))
	f.Value = (most.duration - least.duration).Seconds()
	t.tell(top, f, "")
}

// sequencesRule compares the discontinuity sequence numbers of playlists that show the same: finished ones, and those that begin with the same media
// sequence number.
func (t *timeline) sequencesRule(list []*member) {
	base := list[0]
	for _, m := range list[1:] {
		if m.discontinuity == base.discontinuity || m.first != base.first || m.ended != base.ended {
			continue
		}
		message := fmt.Sprintf("%s begins with discontinuity sequence number %d, %s with %d", base.label, base.discontinuity, m.label, m.discontinuity)
		t.finding(jobs.Finding{Code: "playlist.discontinuity", Message: message, Rendition: m.sequence, End: m.duration.At()}, 0)
		return
	}
}

// switchingRules are about what helps players to change variants and to wind.
func (t *timeline) switchingRules(top *child, list []*member) {
	pictures, dependent, ended := 0, "", true
	for _, m := range list {
		ended = ended && m.ended
		if !m.hasPictures {
			continue
		}
		pictures++
		if !m.independent && dependent == "" {
			dependent = m.label
		}
	}
	if pictures >= 2 && dependent != "" && !top.list.Independent {
		t.tell(top, about("playlist.independent_segments", 0, "no EXT-X-INDEPENDENT-SEGMENTS here nor in %s", dependent), "")
	}
	if pictures > 0 && ended && len(top.list.Master.of(EntryIFrames)) == 0 {
		t.tell(top, about("playlist.iframes_missing", 0, "no EXT-X-I-FRAME-STREAM-INF"), "")
	}
}
