package jobs

// ladderRules are about the renditions of a stream beside each other, and what is declared about each. A ladder is the video variants between which a player
// switches: all variants of a multivariant playlist, the representations of one adaptation set.
//
// The levels follow one thought: what a viewer sees when the player switches is fail, what switches roughly or badly is warn, what is declared wrongly and
// survives is info.
func ladderRules() []Rule {
	return []Rule{
		{
			Code: "ladder.misaligned", Applies: "HLS, DASH", Unit: "segments", Levels: []Level{{Warn, 1}},
			Summary: "The segments of a video rendition do not begin where those of the other renditions do.",
			Clause:  "RFC 8216 section 6.2.4; HLS Authoring Specification 8.22; ISO/IEC 23009-1 section 5.3.3.2 (segmentAlignment)",
			Checked: "Where segments begin by their first key frame, or by the playlist where a segment was not measured, among the video variants of one codec; half a frame of the slower rendition is tolerated. A border that is missing in one rendition counts once. " +
				"Each rendition is compared with what most of them do, over the time that both have, and has one finding with the number of its borders that the others do not have. A wrong EXTINF over right media is segment.duration_mismatch. Sound is not compared with pictures.",
		},
		{
			Code: "ladder.discontinuity", Applies: "HLS", Unit: "discontinuities", Levels: []Level{{Warn, 1}},
			Summary: "A rendition announces discontinuities elsewhere than the other renditions do.",
			Clause:  "RFC 8216 section 6.2.4; HLS Authoring Specification 8.15",
			Checked: "The times of EXT-X-DISCONTINUITY of the variants; half a second is tolerated, for EXTINF may be rounded. A change of period, which all representations share, is no such tag. One finding a rendition.",
		},
		{
			Code: "ladder.offset", Applies: "HLS, DASH", Unit: "s", Levels: []Level{{Info, 0.001}, {Warn, 0.1}, {Fail, 1}},
			Summary: "A rendition has other timestamps than the other renditions for the same content.",
			Clause:  "RFC 8216 section 6.2.4; HLS Authoring Specification 8.15",
			Checked: "The timestamps of the first key frame of segments that begin at the same place of the playlists, by discontinuity; less than half a frame is tolerated. 0.1 s is what a viewer hears as an echo or a lost syllable when the player switches; encoders with and without " +
				"B pictures that were run apart differ by two frames. Playlists that begin at different segments of one clock, as live ones may, are told by their EXT-X-PROGRAM-DATE-TIME, else by their pictures.",
		},
		{
			Code: "ladder.bandwidth", Applies: "HLS", Unit: "%", Levels: []Level{{Info, 10}, {Warn, 25}},
			Summary: "A variant has a higher bit rate than it declares.",
			Clause:  "RFC 8216 section 4.3.4.2; HLS Authoring Specification 1.26 to 1.29",
			Checked: "The peak, which is the greatest bit rate of contiguous segments that last 0.5 to 1.5 target durations together, against BANDWIDTH, and the mean of all segments against AVERAGE-BANDWIDTH; the value is the greater excess. Segments count with the bytes that are fetched; the heaviest " +
				"rendition of the variant's audio group is added. 10 % is what Apple allows finished streams, 25 % what it allows live ones. One short segment of less than half a target duration is no peak.",
		},
		{
			Code: "ladder.buffer", Applies: "DASH", Unit: "s", Levels: []Level{{Info, 0.1}, {Warn, 5}},
			Summary: "A representation cannot be played at its bandwidth with the buffer that the MPD declares.",
			Clause:  "ISO/IEC 23009-1 section 5.3.5.2 (bandwidth) and 5.3.1.2 (minBufferTime)",
			Checked: "A leaky bucket: delivered at @bandwidth from any segment on, every segment has come by its end when playback begins @minBufferTime after the first byte. The value is by how much longer it would have to wait.",
		},
		{
			Code: "ladder.quality_order", Applies: "HLS, DASH", Levels: Always(Warn),
			Summary: "A rendition declares more bandwidth than another one and has a smaller picture.",
			Clause:  "HLS Authoring Specification 1.24 and 9.1",
			Checked: "Renditions of one codec, frame rate, dynamic range and audio group; less than 5 % more bandwidth is no more. Two bit rates of one size are usual and no fault. The picture is the one that is decoded, not the one that is declared.",
		},
		{
			Code: "ladder.content_mismatch", Applies: "HLS, DASH", Unit: "s", Levels: []Level{{Warn, 1}, {Fail, 2}},
			Summary: "A rendition shows something else than the other renditions at the same time.",
			Clause:  "RFC 8216 section 6.2.4; ISO/IEC 23009-1 section 5.3.3.1",
			Checked: "Four times a second the pictures of a ladder are compared by their signatures (16x9 means, without mean level and contrast). Other sizes, qualities, levels and frame rates are the same content, and so are letterboxed, cropped and zoomed pictures, and pictures up to half a second apart. Pictures too " +
				"dark or flat to be told from others count as alike. The rendition that differs from most is told; of two, the one that is black or shows what was there before, else the later one. Nothing is compared where only key frames were decoded.",
		},
	}
}
