package serve

import (
	"aircheck/jobs"
	"aircheck/report"
)

const (
	// blackBefore is how much later than a silence the black may begin that explains it, in seconds; the judge's slack between the two.
	blackBefore = 1
	// blackIsSeen is how far behind the begin of a silence a picture has to be judged until black that explains it is among the findings: blackBefore, and the longest that black lasts
	// before a profile of ours tells it, in seconds.
	blackIsSeen = 3
	// maxBehind bounds in windows how far a picture may be behind its sound and be waited for: in an even stream it is less than one. A picture that does not come hides no silence.
	maxBehind = 2
)

// unseen knows how far the pictures were judged that sounds from other playlists play with. What a sound lacks is milder where the picture lacks it, too (judge: withPicture): before the picture
// is known it would be an alarm for a while that was none.
type unseen struct {
	picture map[string]string // of the renditions of sound that have theirs in another sequence
	edge    func(rendition string) jobs.Seconds
	behind  jobs.Seconds // at which a picture is not waited for
	black   map[string][]jobs.Finding
}

func newUnseen(r *report.Report, edge func(string) jobs.Seconds, window jobs.Micros) *unseen {
	u := &unseen{picture: pictures(r.Renditions), edge: edge, behind: (maxBehind * window).At(), black: map[string][]jobs.Finding{}}
	for _, f := range r.Findings {
		if f.Code == "video.black" {
			u.black[f.Rendition] = append(u.black[f.Rendition], f)
		}
	}
	return u
}

// pictures names the picture of each rendition of sound whose sequence has none: the first of the others.
func pictures(renditions []jobs.Rendition) map[string]string {
	first, own := "", map[string]bool{}
	for i := range renditions {
		if t := &renditions[i]; t.Kind == "video" {
			own[t.Sequence] = true
			if first == "" {
				first = t.ID
			}
		}
	}
	of := map[string]string{}
	for i := range renditions {
		if t := &renditions[i]; t.Kind == "audio" && !own[t.Sequence] && first != "" {
			of[t.ID] = first
		}
	}
	return of
}

// waits tells whether a finding may become milder with what the picture is still to show. A nil unseen waits for nothing.
func (u *unseen) waits(f *jobs.Finding) bool {
	if u == nil || f.Severity == jobs.Info || f.Code != "audio.silence" && f.Code != "audio.dropout" {
		return false
	}
	picture, ok := u.picture[f.Rendition]
	if !ok {
		return false
	}
	seen := u.edge(picture)
	switch {
	case seen >= f.End, u.edge(f.Rendition)-seen >= u.behind:
		return false
	case f.Code == "audio.dropout", seen < f.Start+blackIsSeen:
		return true
	}
	for _, b := range u.black[picture] {
		if b.Start <= f.Start+blackBefore && b.End+edgeSlack > seen {
			return true // black that goes on as far as it is known
		}
	}
	return false
}
