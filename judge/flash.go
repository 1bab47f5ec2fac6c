package judge

func newFlash(*params, emitter) videoDetector { return &idle{} }

func flashThresholds() []Threshold { return nil }
