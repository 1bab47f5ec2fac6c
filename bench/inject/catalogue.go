package inject

import "slices"

// Defects lists what can be injected, in the order of the codes in the reports' documentation.
func Defects() []Defect {
	return slices.Concat(
		stillDefects(), motionDefects(), damageDefects(), qualityDefects(), fieldDefects(), frameDefects(), patternDefects(), flashDefects(), formatDefects(),
		silenceDefects(), loudnessDefects(), waveDefects(), stereoDefects(), steadyDefects(), streamDefects(), syncDefects(), captionDefects(), referenceDefects(),
	)
}
