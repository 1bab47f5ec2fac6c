package judge

func newBlur(*params, emitter) videoDetector { return &idle{} }

func blurThresholds() []Threshold { return nil }
