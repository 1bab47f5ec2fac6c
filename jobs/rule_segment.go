package jobs

import "slices"

// segmentRules are about single segments and playlists: what a segment holds against what is said about it, and against the segment before it.
func segmentRules() []Rule {
	return slices.Concat(segmentMediaRules(), segmentTransportRules(), borderRules(), declaredRules())
}

// segmentMediaRules are about how long segments last and how they begin.
func segmentMediaRules() []Rule {
	return []Rule{
		{
			Code: "segment.duration_mismatch", Applies: "HLS, DASH",
			Summary: "A segment does not last as long as the playlist says.",
			Clause:  "RFC 8216 section 4.3.2.1; HLS Authoring Specification 8.1; ISO/IEC 23009-1 section 5.3.9.6",
			Unit:    "s", Levels: []Level{{Info, 0}, {Warn, 0.5}},
			Checked: "The media of a segment goes from its first picture (first sound where there are no pictures) to where its packets end or the next segment begins, whichever agrees better: a hole between the two is " +
				"timestamp.gap, and a last segment that ends early is segment.truncated. Up to one frame, and 0.05 s, are tolerated (0.15 s of sound alone), up to 0.5 s where all EXTINF of the playlist are whole seconds, and " +
				"half of the duration in DASH where it may be an average, and 0.25 s where a SegmentTimeline or an index gives the time of each segment. Segments of which at most ten lie between are one finding, whose value is the largest error. The segments that follow are measured on their own.",
		},
		{
			Code: "playlist.duration_drift", Applies: "HLS, DASH",
			Summary: "The durations of segments add up to less or more than their media.",
			Clause:  "HLS Authoring Specification 8.1",
			Unit:    "s", Levels: []Level{{Info, 0.5}, {Warn, 5}},
			Checked: "Sums of EXTINF, or of the durations in a SegmentTimeline or an index, over segments without a hole or a discontinuity, without those that segment.duration_mismatch warns of. Seeking lands that far beside. Where all EXTINF are whole seconds nothing is told.",
		},
		{
			Code: "segment.no_keyframe", Applies: "HLS, DASH",
			Summary: "A segment does not begin with a key frame.",
			Clause:  "RFC 8216 section 3; RFC 8216bis section 4.4.2.1; HLS Authoring Specification 7.4; ISO/IEC 23009-1 section 5.3.3.2",
			Unit:    "s", Levels: []Level{{Info, 0}, {Warn, 0.001}},
			Checked: "The first video packet of each segment, in decoding order. The value is how long it takes to the first key frame, or the length of the segment when there is none: so long a player that joins or switches there " +
				"shows nothing, or damage. 0, and so info, are key frames behind which pictures may refer to the segment before (H.264 recovery points, HEVC CRA) and I pictures that do not declare themselves. " +
				"Segments of which at most ten lie between are one finding.",
		},
		{
			Code: "playlist.key_frame_interval", Applies: "HLS",
			Summary: "Key frames are further apart than 2 s.",
			Clause:  "HLS Authoring Specification 1.10",
			Unit:    "s", Levels: []Level{{Info, 2.1}},
			Checked: "The longest interval from one key frame of the first video track to the next, inside segments and across their borders; one finding for each playlist. The level leaves room for the frame that encoders add.",
		},
	}
}

// segmentTransportRules are about MPEG transport streams.
func segmentTransportRules() []Rule {
	return []Rule{
		{
			Code: "segment.no_psi", Applies: "HLS",
			Summary: "An MPEG-TS segment does not begin with PAT and PMT.",
			Clause:  "RFC 8216 section 3.2",
			Unit:    "packets", Levels: Always(Warn),
			Checked: "Broken when packets of an elementary stream come before the first PMT that lists it, or when there is no PMT; service information may come first. Not looked at where EXT-X-MAP has the tables. The value is how " +
				"many packets cannot be used by a player that joins there. Where nothing can be decoded without the tables, segment.corrupt is the alarm and says so.",
		},
		{
			Code: "segment.continuity", Applies: "HLS",
			Summary: "Packets of an MPEG-TS segment are missing or out of order.",
			Clause:  "ISO/IEC 13818-1 section 2.4.3.3; ETSI TR 101 290 section 5.2.1 (1.4)",
			Unit:    "packets", Levels: Always(Warn),
			Checked: "The continuity counter of every PID but that of null packets, from the second packet of the PID in the segment on: packagers may begin anew with each segment. A packet may be sent twice; a counter may jump where " +
				"discontinuity_indicator is set. What it does to picture and sound is told by their own codes.",
		},
		{
			Code: "segment.transport_error", Applies: "HLS",
			Summary: "Packets of an MPEG-TS segment are marked as damaged.",
			Clause:  "ISO/IEC 13818-1 section 2.4.3.3; ETSI TR 101 290 section 5.2.2 (2.1)",
			Unit:    "packets", Levels: Always(Warn),
			Checked: "transport_error_indicator. The damage came before the packager: from a receiver or a link.",
		},
		{
			Code: "segment.stray_bytes", Applies: "HLS",
			Summary: "An MPEG-TS segment has bytes that belong to no transport packet.",
			Clause:  "ISO/IEC 13818-1 section 2.4.3.2; ETSI TR 101 290 section 5.2.1 (1.1, 1.2)",
			Unit:    "bytes", Levels: Always(Info),
			Checked: "Bytes between packets of 188 bytes, and a last packet that is not complete. Info: demuxers find the next packet.",
		},
	}
}

// borderRules are about what changes between segments and what is announced.
func borderRules() []Rule {
	return []Rule{
		{
			Code: "playlist.discontinuity_missing", Applies: "HLS",
			Summary: "Other elementary streams begin where no EXT-X-DISCONTINUITY stands.",
			Clause:  "RFC 8216 section 4.3.2.3; HLS Authoring Specification 8.13, 8.14",
			Unit:    "tracks", Levels: []Level{{Info, 0}, {Warn, 1}},
			Checked: "The PIDs and types of the streams in the PMT, from segment to segment. Only other PIDs or another order are info. Where the clock jumps, or a hole is left, timestamp.gap and timestamp.backward are the alarm, and where codec, size or " +
				"channels change, video.format_change and audio.format_change are, which are info where a discontinuity is announced.",
		},
		{
			Code: "playlist.discontinuity_needless", Applies: "HLS",
			Summary: "EXT-X-DISCONTINUITY stands where nothing changes.",
			Clause:  "RFC 8216 section 4.3.2.3",
			Levels:  Always(Info),
			Checked: "Timestamps go on to a frame (0.05 s at least; 0.5 s of sound), and the tracks, their formats, profile and level, and EXT-X-MAP stay the same. Players reset their decoders for nothing.",
		},
	}
}

// declaredRules are about what is said about a variant.
func declaredRules() []Rule {
	return []Rule{
		{
			Code: "playlist.codecs_mismatch", Applies: "HLS, DASH",
			Summary: "The declared codecs are not those of the media.",
			Clause:  "RFC 8216 section 4.3.4.2; RFC 6381 section 3; ISO/IEC 14496-15 annex E",
			Unit:    "codecs", Levels: []Level{{Info, 0}, {Warn, 1}},
			Checked: "Every track must be covered by one of CODECS: the codec, and for H.264 and HEVC profile, tier and level by the parameter sets; for VP9 and AV1 the bit depth. A player that believes a wrong one leaves the variant out, " +
				"or sets up the wrong decoder. Value 0, and so info: more is declared than there is, and HE-AAC that is declared as AAC-LC or the other way round. A list with a name that aircheck does not know is not judged.",
		},
		{
			Code: "playlist.resolution_mismatch", Applies: "HLS, DASH",
			Summary: "The declared resolution is not that of the pictures.",
			Clause:  "RFC 8216 section 4.3.4.2; ISO/IEC 23009-1 section 5.3.7.2",
			Levels:  Always(Warn),
			Checked: "Against the visible samples, and against what they are displayed as where samples are not square; two pixels are tolerated. Players choose variants by it.",
		},
		{
			Code: "playlist.frame_rate_mismatch", Applies: "HLS, DASH",
			Summary: "The declared frame rate is not that of the pictures.",
			Clause:  "RFC 8216 section 4.3.4.2; ISO/IEC 23009-1 section 5.3.7.2",
			Unit:    "frames/s", Levels: []Level{{Info, 0}, {Warn, 1}},
			Checked: "Pictures of the first video track by their time, over the whole playlist, from 2 s on; 0.5 % are tolerated. The value is how many more there are than declared: the highest rate is to be declared, so fewer are info.",
		},
	}
}
