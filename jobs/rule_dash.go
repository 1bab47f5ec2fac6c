package jobs

// dashRules are about what stands in MPDs; producer/source/dash looks at them. A rule that HLS has too is in hlsRules.
//
// The levels follow those of HLS: what all known players survive is info, what breaks some of them or leaves a hole that a viewer notices is warn, what
// stops playback is fail.
func dashRules() []Rule { return append(mpdRules(), mpdTimeRules()...) }

// mpdRules are about attributes.
func mpdRules() []Rule {
	return []Rule{
		{
			Code: "playlist.attribute_missing", Applies: "DASH", Levels: Always(Info),
			Summary: "A mandatory attribute that players can do without is not in the manifest.",
			Clause:  "ISO/IEC 23009-1 sections 5.3.1.2, 5.3.5.2 and 5.3.7.2",
			Checked: "MPD@profiles, @publishTime of a dynamic MPD, Representation@id and @mimeType; one finding an attribute, which names the first representations that lack it. Not told of a manifest whose XML breaks off.",
		},
		{
			Code: "playlist.min_buffer_time", Applies: "DASH", Levels: Always(Info),
			Summary: "The manifest does not say how much a player has to buffer for the declared bandwidth to hold.",
			Clause:  "ISO/IEC 23009-1 section 5.3.1.2 (@minBufferTime)",
			Checked: "@minBufferTime is absent or is no duration. Without it @bandwidth has no meaning, and players guess.",
		},
		{
			Code: "playlist.availability_start", Applies: "DASH", Levels: Always(Warn),
			Summary: "A dynamic manifest does not say when its presentation began.",
			Clause:  "ISO/IEC 23009-1 section 5.3.1.2 (@availabilityStartTime)",
			Checked: "@availabilityStartTime of a dynamic MPD is absent. Players that count segments by the clock cannot play it; those that take what stands in a SegmentTimeline can.",
		},
		{
			Code: "playlist.utc_timing", Applies: "DASH", Levels: Always(Info),
			Summary: "A dynamic manifest does not say where players get the time from.",
			Clause:  "ISO/IEC 23009-1 section 5.8.4.11; DASH-IF IOP section 4.7.2",
			Checked: "A dynamic MPD has no UTCTiming element. Players then trust the clock of the device, and those whose clock is wrong ask for segments too early or too late.",
		},
		{
			Code: "playlist.duplicate_id", Applies: "DASH", Levels: Always(Warn),
			Summary: "Two periods, adaptation sets of a period or representations of a period have one id.",
			Clause:  "ISO/IEC 23009-1 sections 5.3.2.2, 5.3.3.2 and 5.3.5.2",
			Checked: "@id of each Period, of each AdaptationSet and of each Representation within its period; trick modes and thumbnails are not counted. Players that keep representations by id play the wrong one, and $RepresentationID$ leads both to one address.",
		},
	}
}

// mpdTimeRules are about lengths and times.
func mpdTimeRules() []Rule {
	return []Rule{
		{
			Code: "playlist.timeline_gap", Applies: "DASH", Unit: "s", Levels: []Level{{Info, 0}, {Warn, 0.1}, {Fail, 2}},
			Summary: "A SegmentTimeline has a hole: a segment begins later than the one before ends.",
			Clause:  "ISO/IEC 23009-1 sections 5.3.9.6.1 and 5.3.9.6.3",
			Checked: "S@t against the end of the entry before, by @t, @d and @r; differences up to 1 ms are rounding. A hole of 0.25 s or more is examined as a gap, so that its time is not shown as analysed. " +
				"Told once for all representations that share the timeline.",
		},
		{
			Code: "playlist.timeline_overlap", Applies: "DASH", Unit: "s", Levels: []Level{{Info, 0}, {Warn, 0.1}},
			Summary: "A SegmentTimeline goes back: a segment begins before the one before ends.",
			Clause:  "ISO/IEC 23009-1 sections 5.3.9.6.1 and 5.3.9.6.3",
			Checked: "As `playlist.timeline_gap`.",
		},
		{
			Code: "playlist.period_duration", Applies: "DASH", Unit: "s", Levels: []Level{{Info, 0.1}, {Warn, 1}},
			Summary: "The length of a period is not what lies between its beginning and the next one, or the end of the presentation.",
			Clause:  "ISO/IEC 23009-1 sections 5.3.2.1 and 5.3.1.2 (@mediaPresentationDuration)",
			Checked: "Period@duration with Period@start against the @start of the next period, and the end of the last period against MPD@mediaPresentationDuration; both have to be there. Less than 0.1 s is rounding.",
		},
		{
			Code: "playlist.period_coverage", Applies: "DASH", Unit: "s", Levels: []Level{{Info, 0.2}, {Warn, 2}},
			Summary: "The segments of a representation do not fill their period.",
			Clause:  "ISO/IEC 23009-1 sections 5.3.2.1 and 5.3.9.6",
			Checked: "In static manifests, where the first segment of a SegmentTimeline or SegmentList begins and where the last one ends, against the period; 0.2 s are tolerated, because sound and pictures do not end together. " +
				"Segments that go on beyond their period are allowed: players cut them.",
		},
		{
			Code: "playlist.max_segment_duration", Applies: "DASH", Unit: "s", Levels: []Level{{Info, 0.1}},
			Summary: "A segment lasts longer than @maxSegmentDuration.",
			Clause:  "ISO/IEC 23009-1 section 5.3.1.2 (@maxSegmentDuration)",
			Checked: "The longest segment of each SegmentTimeline, and @duration; the value is by how much it is longer. Up to 0.1 s is rounding, which packagers do to tenths. " +
				"Info, because FFmpeg writes the length that it was asked for, whatever the key frames made of it, and all players play that.",
		},
		{
			Code: "timestamp.manifest", Applies: "DASH", Unit: "s", Levels: []Level{{Info, 0.2}, {Warn, 0.5}},
			Summary: "The timestamps of the media are not those that the manifest says.",
			Clause:  "ISO/IEC 23009-1 sections 5.3.9.6 (S@t) and 5.3.9.2 (@presentationTimeOffset); ISO/IEC 14496-12 section 8.8.12 (tfdt)",
			Checked: "The first segment of each period that can be read and whose time a SegmentTimeline or a segment index gives: its first timestamp, edit list applied, against that time; up to 0.2 s is priming and reordering. " +
				"Players place media by its timestamps and look for it by the manifest, so they show it at another time, or wait for it for ever. A later segment that is out of place is `timestamp.gap` or `timestamp.overlap`.",
		},
	}
}
