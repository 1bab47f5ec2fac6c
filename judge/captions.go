package judge

func newPictureCaptions(*params, emitter) videoDetector { return &idle{} }

func captionsThresholds() []Threshold { return nil }
