package judge

func newPattern(*params, emitter) videoDetector { return &idle{} }

func patternThresholds() []Threshold { return nil }
