package judge

func newVideoFormat(*params, emitter) videoDetector { return &idle{} }

func formatThresholds() []Threshold                 { return nil }
func newAudioFormat(*params, emitter) audioDetector { return &idle{} }
