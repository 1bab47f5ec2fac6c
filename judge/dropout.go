package judge

func newDropout(*params, emitter) audioDetector { return &idle{} }

func dropoutThresholds() []Threshold { return nil }
