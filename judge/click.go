package judge

func newClick(*params, emitter) audioDetector { return &idle{} }

func clickThresholds() []Threshold { return nil }
