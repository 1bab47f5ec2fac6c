package jobs

// dashRules are about what stands in MPDs; producer/source/dash looks at them. A rule that HLS has too is in hlsRules.
func dashRules() []Rule { return nil }
