package judge

func newBlockiness(*params, emitter) videoDetector { return &idle{} }

func blockinessThresholds() []Threshold { return nil }
