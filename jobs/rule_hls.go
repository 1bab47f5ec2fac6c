package jobs

import "slices"

// hlsRules are about what stands in HLS playlists; producer/source/hls looks at them.
//
// The levels follow one thought: what breaks playback is fail; what breaks some players, or what they do on top (joining, switching, advertisements), is
// warn; what all known players survive is info, however loud the specification says MUST, because operators cannot change their packager every night.
func hlsRules() []Rule {
	return slices.Concat(hlsMediaRules(), hlsTimeRules(), hlsMasterRules(), hlsLadderRules())
}

// hlsMediaRules are about the tags of one playlist.
func hlsMediaRules() []Rule {
	return []Rule{
		{
			Code: "playlist.target_duration", Applies: "HLS",
			Summary: "A segment lasts longer than EXT-X-TARGETDURATION says, or nothing says how long segments may be.",
			Clause:  "RFC 8216 section 4.3.3.1; RFC 8216bis section 4.4.3.1",
			Unit:    "s", Levels: Always(Warn),
			Checked: "EXTINF, rounded to the nearest integer, is compared with EXT-X-TARGETDURATION; the value is how much longer the longest segment is. Players reload live playlists and " +
				"size their buffers by the target duration; AVPlayer and hls.js refuse playlists without one. One finding a playlist, however many segments are too long.",
		},
		{
			Code: "playlist.version", Applies: "HLS",
			Summary: "A feature is used that needs a higher EXT-X-VERSION than the playlist declares.",
			Clause:  "RFC 8216 section 7; RFC 8216bis section 8",
			Unit:    "versions", Levels: Always(Info),
			Checked: "Decimal EXTINF needs version 3, EXT-X-BYTERANGE and EXT-X-I-FRAMES-ONLY 4, an IV 2, KEYFORMAT and SAMPLE-AES 5, EXT-X-MAP 5 in a playlist of I-frames and 6 elsewhere, INSTREAM-ID " +
				"SERVICEn 7, EXT-X-DEFINE 8, EXT-X-SKIP 9, REQ- attributes 12. The finding names what needs the highest. Info, because no player that knows a feature looks at the version before it uses it.",
		},
		{
			Code: "playlist.utf8", Applies: "HLS",
			Summary: "The playlist begins with a byte order mark or is not UTF-8.",
			Clause:  "RFC 8216 section 4.1; RFC 8216bis section 4.1",
			Levels:  Always(Warn),
			Checked: "The bytes as they came. Players that look for #EXTM3U at the first byte refuse a playlist with a byte order mark.",
		},
		{
			Code: "playlist.duplicate_tag", Applies: "HLS",
			Summary: "A tag that may stand once in a playlist, or once before a segment, stands there again.",
			Clause:  "RFC 8216bis sections 4.4.1.2, 4.4.2, 4.4.3 and 4.4.4",
			Levels:  Always(Warn),
			Checked: "EXTM3U, EXT-X-VERSION and the tags about a whole playlist may stand once; EXT-X-BYTERANGE and EXT-X-PROGRAM-DATE-TIME once a segment. Players use the first or the last one, and a client " +
				"must refuse two versions. One finding for each tag, at its second place.",
		},
		{
			Code: "playlist.misplaced_tag", Applies: "HLS",
			Summary: "A tag that must stand before the first segment stands after it.",
			Clause:  "RFC 8216 sections 4.3.3.2 and 4.3.3.3",
			Levels:  Always(Warn),
			Checked: "EXT-X-MEDIA-SEQUENCE and EXT-X-DISCONTINUITY-SEQUENCE; the latter must stand before EXT-X-DISCONTINUITY too. Players number the segments before such a tag otherwise than those behind it.",
		},
		{
			Code: "playlist.type", Applies: "HLS",
			Summary: "EXT-X-PLAYLIST-TYPE contradicts the rest of the playlist or is unknown.",
			Clause:  "RFC 8216 sections 4.3.3.4 and 4.3.3.5; HLS Authoring Specification 8.6, 8.8",
			Levels:  Always(Warn),
			Checked: "VOD without EXT-X-ENDLIST (players take it for live: they join at the end and reload it for ever), a type that is neither VOD nor EVENT, and EVENT with a media sequence number above 1: nothing " +
				"may be removed from an event.",
		},
		{
			Code: "playlist.map_missing", Applies: "HLS",
			Summary: "Segments of fragmented MP4 have no EXT-X-MAP.",
			Clause:  "RFC 8216 section 3.3; RFC 8216bis section 3.1.2; HLS Authoring Specification 8.20",
			Levels:  Always(Warn),
			Checked: "Told by the names of segments (.m4s, .mp4, .m4v, .m4a, .cmfv, .cmfa, .cmft) without an EXT-X-MAP before them. Segments that hold their own initialisation play in some players; where they do not, " +
				"segment.corrupt says so and is the alarm.",
		},
		{
			Code: "playlist.byterange", Applies: "HLS",
			Summary: "Byte ranges of different segments overlap.",
			Clause:  "RFC 8216 section 4.3.2.2; RFC 8216bis section 4.4.4.2",
			Levels:  Always(Warn),
			Checked: "Each EXT-X-BYTERANGE against the ones before it of the same resource. The very same range again is a repetition, which is allowed. A range that ends outside its file is told when the segment is read " +
				"(segment.missing, segment.truncated).",
		},
		{
			Code: "playlist.live_window", Applies: "HLS",
			Summary: "The window of a live playlist is too short to play safely.",
			Clause:  "RFC 8216 section 6.2.2; HLS Authoring Specification 8.11",
			Unit:    "target durations", Levels: []Level{{Info, 0}, {Warn, 0.25}},
			Checked: "In playlists that may lose segments and have lost some (no EXT-X-ENDLIST, no EVENT, media sequence number above 1): fewer than six segments give a value of 0; the value is how much less than three target " +
				"durations the window holds, because a player starts three target durations from the end. A quarter of a target duration is forgiven: segments are often a little shorter than the target.",
		},
		{
			Code: "playlist.low_latency", Applies: "HLS",
			Summary: "What a playlist promises to players near the live edge lies outside the limits.",
			Clause:  "RFC 8216bis sections 4.4.3.7 and 4.4.3.8",
			Unit:    "%", Levels: []Level{{Info, 0}, {Warn, 1}},
			Checked: "HOLD-BACK of at least three target durations, CAN-SKIP-UNTIL of at least six, PART-HOLD-BACK present with EXT-X-PART-INF and at least two PART-TARGETs, EXT-X-PART-INF present with EXT-X-PART. " +
				"The value is by how much the limit is missed, 100 where something is absent. PART-HOLD-BACK of less than the three PART-TARGETs that are recommended has a value of 0.",
		},
	}
}

// hlsTimeRules are about clocks, discontinuities and announcements.
func hlsTimeRules() []Rule {
	return []Rule{
		{
			Code: "playlist.program_time", Applies: "HLS",
			Summary: "EXT-X-PROGRAM-DATE-TIME does not fit the durations of the segments between.",
			Clause:  "RFC 8216 section 4.3.2.6; RFC 8216bis section 4.4.4.6",
			Unit:    "s", Levels: []Level{{Info, 0.1}, {Warn, 1}},
			Checked: "Each date against the one before it and the sum of EXTINF between, unless a discontinuity lies between; the value is the largest difference in a playlist. Up to 2 ms are the rounding of dates and durations to milliseconds; whole-second EXTINF are given half a second each. Slow drift of a " +
				"clock is not told: a live encoder's clock is not that of its media.",
		},
		{
			Code: "playlist.program_time_missing", Applies: "HLS",
			Summary: "A live playlist has no EXT-X-PROGRAM-DATE-TIME.",
			Clause:  "HLS Authoring Specification 8.4",
			Levels:  Always(Info),
			Checked: "Playlists without EXT-X-ENDLIST. Latency cannot be told without it, and variants are harder to align.",
		},
		{
			Code: "playlist.discontinuity", Applies: "HLS",
			Summary: "The discontinuity sequence is missing, or variants disagree about it.",
			Clause:  "RFC 8216 sections 4.3.3.3 and 6.2.4; HLS Authoring Specification 8.17",
			Levels:  Always(Warn),
			Checked: "A live playlist with EXT-X-DISCONTINUITY whose segments have begun to be removed needs EXT-X-DISCONTINUITY-SEQUENCE. Variants must have the same number: compared where both have ended or begin with the same media sequence number. Players " +
				"align variants and audio renditions by it.",
		},
		{
			Code: "playlist.daterange", Applies: "HLS",
			Summary: "EXT-X-DATERANGE lacks what it must have or contradicts itself.",
			Clause:  "RFC 8216 section 4.3.2.7; RFC 8216bis section 4.4.5.1",
			Levels:  Always(Warn),
			Checked: "ID and START-DATE present (START-DATE may be left out when the ID was explained before), dates that can be read, END-DATE not before START-DATE and in accord with DURATION, END-ON-NEXT only with a CLASS, and an EXT-X-PROGRAM-DATE-TIME " +
				"somewhere in the playlist, without which no date lies anywhere in the media. One finding a playlist and kind of fault.",
		},
		{
			Code: "playlist.scte35", Applies: "HLS",
			Summary: "An SCTE-35 cue in the playlist cannot be read.",
			Clause:  "RFC 8216 section 4.3.2.7.1; SCTE 35 section 9.6",
			Levels:  Always(Warn),
			Checked: "SCTE35-CMD, -OUT and -IN of EXT-X-DATERANGE, EXT-X-SCTE35, EXT-OATCLS-SCTE35 and the SCTE35 attribute of EXT-X-CUE-OUT-CONT: hexadecimal or base64, lengths and CRC_32 of the splice_info_section. Encrypted sections are not read and no fault. " +
				"An advertisement that cannot be told is not inserted.",
		},
	}
}

// hlsMasterRules are about the tags of a multivariant playlist.
func hlsMasterRules() []Rule {
	return []Rule{
		{
			Code: "playlist.bandwidth_missing", Applies: "HLS, DASH",
			Summary: "A variant does not say its bandwidth.",
			Clause:  "RFC 8216 section 4.3.4.2; ISO/IEC 23009-1 section 5.3.5.2",
			Levels:  Always(Warn),
			Checked: "BANDWIDTH of every EXT-X-STREAM-INF and EXT-X-I-FRAME-STREAM-INF: absent, 0, or not a number. A player cannot choose such a variant.",
		},
		{
			Code: "playlist.average_bandwidth", Applies: "HLS",
			Summary: "A variant declares an average bandwidth above its peak bandwidth, or none that can be read.",
			Clause:  "RFC 8216 section 4.3.4.2",
			Levels:  Always(Warn),
			Checked: "AVERAGE-BANDWIDTH against BANDWIDTH of the same variant.",
		},
		{
			Code: "playlist.average_bandwidth_missing", Applies: "HLS",
			Summary: "A variant does not say its average bandwidth.",
			Clause:  "HLS Authoring Specification 9.14",
			Levels:  Always(Info),
			Checked: "AVERAGE-BANDWIDTH of every EXT-X-STREAM-INF; one finding a playlist.",
		},
		{
			Code: "playlist.codecs_missing", Applies: "HLS, DASH",
			Summary: "A variant does not say its codecs.",
			Clause:  "RFC 8216 section 4.3.4.2; HLS Authoring Specification 9.1; ISO/IEC 23009-1 section 5.3.7.2",
			Levels:  Always(Info),
			Checked: "CODECS of every EXT-X-STREAM-INF; one finding a playlist. Players download a segment to find out, or choose a variant that the device cannot play.",
		},
		{
			Code: "playlist.resolution_missing", Applies: "HLS, DASH",
			Summary: "A variant with pictures does not say their size.",
			Clause:  "RFC 8216 section 4.3.4.2; HLS Authoring Specification 9.2",
			Levels:  Always(Info),
			Checked: "RESOLUTION of every EXT-X-STREAM-INF whose CODECS name a video codec, absent or unreadable; one finding a playlist.",
		},
		{
			Code: "playlist.frame_rate_missing", Applies: "HLS, DASH",
			Summary: "A variant with pictures does not say their frame rate.",
			Clause:  "RFC 8216 section 4.3.4.2; HLS Authoring Specification 9.15",
			Levels:  Always(Info),
			Checked: "FRAME-RATE of every EXT-X-STREAM-INF that has a RESOLUTION or a video codec, absent or unreadable; one finding a playlist.",
		},
		{
			Code: "playlist.independent_segments", Applies: "HLS",
			Summary: "Neither the multivariant playlist nor its media playlists say that segments are independent.",
			Clause:  "RFC 8216 section 4.3.5.1; HLS Authoring Specification 9.11",
			Levels:  Always(Info),
			Checked: "EXT-X-INDEPENDENT-SEGMENTS in streams with at least two variants that have pictures. Without it players fetch two segments for a seamless switch. Whether segments do begin with key frames is segment.no_keyframe.",
		},
		{
			Code: "playlist.iframes_missing", Applies: "HLS",
			Summary: "There is no playlist of I-frames for fast forward and rewind.",
			Clause:  "HLS Authoring Specification 6.1",
			Levels:  Always(Info),
			Checked: "EXT-X-I-FRAME-STREAM-INF in multivariant playlists of finished streams with pictures.",
		},
		{
			Code: "playlist.group", Applies: "HLS",
			Summary: "A variant names a group of renditions that does not exist.",
			Clause:  "RFC 8216 sections 4.3.4.1.1 and 4.3.4.2",
			Levels:  Always(Warn),
			Checked: "AUDIO, VIDEO, SUBTITLES and CLOSED-CAPTIONS of every EXT-X-STREAM-INF against the EXT-X-MEDIA of that type. The variant plays without sound or captions where they do not lie inside its segments.",
		},
		{
			Code: "playlist.group_unused", Applies: "HLS",
			Summary: "No variant uses a group of renditions.",
			Clause:  "RFC 8216 section 4.3.4.1.1",
			Levels:  Always(Info),
			Checked: "Each GROUP-ID of each type of EXT-X-MEDIA against all variants; the renditions of such a group can never be chosen.",
		},
		{
			Code: "playlist.rendition", Applies: "HLS",
			Summary: "EXT-X-MEDIA lacks what it must have, or two in a group cannot be told apart.",
			Clause:  "RFC 8216 sections 4.3.4.1 and 4.3.4.1.1",
			Levels:  Always(Warn),
			Checked: "TYPE known, GROUP-ID and NAME present, NAME only once in a group, at most one DEFAULT=YES in a group, subtitles with a URI, closed captions with an INSTREAM-ID and without a URI.",
		},
	}
}

// hlsLadderRules are about what the playlists of one stream declare beside each other.
func hlsLadderRules() []Rule {
	return []Rule{
		{
			Code: "ladder.target_duration", Applies: "HLS",
			Summary: "The media playlists of a stream have different target durations.",
			Clause:  "RFC 8216 section 6.2.4; HLS Authoring Specification 8.2",
			Unit:    "s", Levels: Always(Info),
			Checked: "EXT-X-TARGETDURATION of all variants and audio renditions; subtitles may differ. Audio that is cut by its own frames rounds up to one more second everywhere, and players survive it. The value is the difference of the longest and the shortest.",
		},
		{
			Code: "ladder.duration", Applies: "HLS, DASH",
			Summary: "The renditions of a finished stream do not last equally long.",
			Clause:  "HLS Authoring Specification 8.3",
			Unit:    "s", Levels: []Level{{Info, 0.1}, {Warn, 1}},
			Checked: "The sums of the declared durations of all variants and audio renditions that have ended; subtitles may end earlier. The value is the difference of the longest and the shortest.",
		},
	}
}
