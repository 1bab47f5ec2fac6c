package judge

func newLetterbox(*params, emitter) videoDetector { return &idle{} }

func letterboxThresholds() []Threshold { return nil }
