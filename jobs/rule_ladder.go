package jobs

// ladderRules are about the renditions of a stream beside each other, and what is declared about each.
func ladderRules() []Rule { return nil }
