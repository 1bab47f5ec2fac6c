package jobs

// segmentRules are about single segments and playlists: what a segment holds against what is said about it, and against the segment before it.
func segmentRules() []Rule { return nil }
