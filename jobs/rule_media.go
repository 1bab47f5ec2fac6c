package jobs

import "slices"

// mediaRules are about what the segments hold, against what playlists and manifests say; the judge looks at them.
func mediaRules() []Rule { return slices.Concat(segmentRules(), ladderRules()) }
