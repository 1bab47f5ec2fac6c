package judge

func newCorruption(*params, emitter) videoDetector { return &idle{} }

func corruptionThresholds() []Threshold { return nil }
