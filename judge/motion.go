package judge

func newMotion(*params, emitter) videoDetector { return &idle{} }

func motionThresholds() []Threshold { return nil }
