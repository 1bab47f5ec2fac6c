package jobs

// hlsRules are about what stands in HLS playlists; producer/source/hls looks at them.
func hlsRules() []Rule { return nil }
