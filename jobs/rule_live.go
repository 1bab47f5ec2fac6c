package jobs

// liveRules are about how a stream is delivered while it is live; producer/follow and the live readers of HLS and DASH look at them.
func liveRules() []Rule { return nil }
