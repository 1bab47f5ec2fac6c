package report

// Identifiers are what others call the defect that a code names. Empty where they have no word for it, or none that could be looked up.
type Identifiers struct {
	// EBU is the number of an item of the EBU QC catalogue (EBU Tech 3363, https://qc.ebu.io), EBUName its title there.
	EBU     string
	EBUName string
	// MovieLabs is category and term of the MovieLabs QC Vocabulary 1.1 (https://movielabs.com/md/qcvocabulary/), as AUDIO/CLIPPING.
	MovieLabs string
}

// IdentifiersOf returns what others call a code. They stand beside it in the exports and never in the JSON report: its digest must not depend on a catalogue that grows.
//
// Only what the catalogues themselves say is here; a near miss is left out, because a wrong number in a delivery report is worse than none. Items of which only the number
// could be looked up have no title.
func IdentifiersOf(code string) Identifiers {
	switch code {
	case "video.black", "video.solid_color":
		return Identifiers{EBU: "0016B", EBUName: "Constant Colour Frames"}
	case "video.letterbox_change":
		return Identifiers{EBU: "0015B", EBUName: "Black Bars"}
	case "video.flash", "video.red_flash":
		return Identifiers{EBU: "0021B"}
	case "video.field_order":
		return Identifiers{EBU: "0041B", EBUName: "Video Field Order"}
	case "video.range":
		return Identifiers{EBU: "0051B", EBUName: "Video Signal Levels"}
	case "video.corruption":
		return Identifiers{MovieLabs: "VIDEO/HITS-CONCEALMENT-ERROR"}
	case "audio.silence", "audio.dead_channel": // the item asks for any channel below the threshold
		return Identifiers{EBU: "0078B", EBUName: "Audio Silence"}
	case "audio.loudness", "audio.short_term", "audio.loudness_range", "audio.true_peak": // one item has all four
		return Identifiers{EBU: "0010B", EBUName: "Loudness"}
	case "audio.clipping":
		return Identifiers{EBU: "0005B", EBUName: "Audio Clipping", MovieLabs: "AUDIO/CLIPPING"}
	case "audio.click":
		return Identifiers{MovieLabs: "AUDIO/ARTIFACTS"}
	case "audio.tone":
		return Identifiers{EBU: "0014B", EBUName: "Audio Test Tones"}
	case "sync.offset", "sync.drift":
		return Identifiers{EBU: "0098B"}
	}
	return Identifiers{}
}
