package judge

func newClipping(*params, emitter) audioDetector { return &idle{} }

func clippingThresholds() []Threshold { return nil }
