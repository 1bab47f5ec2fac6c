package judge

func newInterlace(*params, emitter) videoDetector { return &idle{} }

func interlaceThresholds() []Threshold { return nil }
