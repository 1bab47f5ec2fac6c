package jobs

// liveRules are about how a stream is delivered while it is live; producer/follow and the live readers of HLS and DASH look at them. Where a value is
// a time, the levels are chosen by what a player has in hand: it joins three target durations behind the edge, 6 s with segments of 2 s and 18 s with
// those of 6 s, so what is mended within a few seconds nobody sees, and what lasts longer than 10 s to 15 s stops pictures.
func liveRules() []Rule { return append(livePlaylistRules(), liveSegmentRules()...) }

func livePlaylistRules() []Rule {
	return []Rule{
		{
			Code: "playlist.stale", Applies: "HLS, DASH", Unit: "s", Levels: []Level{{Info, 0}, {Warn, 2}, {Fail, 10}},
			Summary: "A live playlist or manifest got no new segment although one was due.",
			Clause:  "RFC 8216 section 6.2.1; draft-pantos-hls-rfc8216bis section 6.2.1; ISO/IEC 23009-1 section 5.3.1.2 (@minimumUpdatePeriod)",
			Checked: "A playlist is due 1.5 target durations after the version before; the value is how long it is overdue, counted from when the version before was first seen, so it is never overstated. " +
				"Not told while the playlist cannot be had at all (`playlist.unavailable`), nor after the stream said that it ends. Without a target duration, the longest segment stands for it.",
		},
		{
			Code: "playlist.unavailable", Applies: "HLS, DASH", Unit: "s", Levels: []Level{{Info, 0}, {Warn, 3}, {Fail, 15}},
			Summary: "A live playlist or manifest cannot be had: the origin refuses it, fails or does not answer.",
			Clause:  "RFC 8216 section 6.2.1; RFC 9110 section 15",
			Checked: "At each refresh, with one try each; the value is the time from the first refresh that failed to the last, 0 when the next one succeeded. The message says what the origin answered. " +
				"Status 404, 410, 401, 403, every 5xx, a connection that breaks, a body that is cut off and no answer in time are alike.",
		},
		{
			Code: "playlist.sequence", Applies: "HLS, DASH", Unit: "segments", Levels: []Level{{Info, 0}, {Warn, 1}, {Fail, 3}},
			Summary: "The numbers of a live playlist went back, or jumped ahead by more than the time that passed.",
			Clause:  "RFC 8216 section 6.2.2; draft-pantos-hls-rfc8216bis section 6.2.2",
			Checked: "EXT-X-MEDIA-SEQUENCE and the number of the last segment against the version before; the value is by how many segments they went back or jumped. One or two are the older copy of another cache, " +
				"which players survive; more are an encoder that began anew. Numbers that are lost because nobody looked for longer than the window are no jump.",
		},
		{
			Code: "playlist.changed", Applies: "HLS, DASH", Levels: Always(Warn),
			Summary: "A segment that was published already was given another address or duration under the same number.",
			Clause:  "RFC 8216 section 6.2.1; draft-pantos-hls-rfc8216bis section 6.2.1",
			Checked: "URI, byte range, EXTINF and EXT-X-GAP of each segment that two versions of a playlist share. The query of an address is not compared: signatures and session tokens change with every " +
				"version. A segment that becomes a gap is allowed.",
		},
		{
			Code: "playlist.removed_early", Applies: "HLS", Levels: Always(Warn),
			Summary: "Segments were removed from a live playlist although less than three target durations remained, or from one that keeps all.",
			Clause:  "RFC 8216 sections 6.2.1, 6.2.2 and 4.3.3.5; draft-pantos-hls-rfc8216bis section 6.2.2",
			Checked: "When a version lacks segments that the version before began with: the durations that remain, against three target durations, and EXT-X-PLAYLIST-TYPE, which forbids removal when it is EVENT or VOD. " +
				"A playlist that was as short before is told by `playlist.live_window`.",
		},
		{
			Code: "playlist.discontinuity_sequence", Applies: "HLS", Levels: Always(Warn),
			Summary: "EXT-X-DISCONTINUITY-SEQUENCE does not count the discontinuities that were removed from the playlist.",
			Clause:  "RFC 8216 sections 4.3.3.3 and 6.2.2; draft-pantos-hls-rfc8216bis section 6.2.2",
			Checked: "The discontinuity sequence number of each segment that two versions of a playlist share. Players that change the variant pair the wrong timestamps then.",
		},
		{
			Code: "playlist.late_rendition", Applies: "HLS, DASH", Levels: Always(Warn),
			Summary: "A rendition appeared after the live check had begun, and is not examined until the next check begins.",
			Clause:  "RFC 8216 section 6.2.4; ISO/IEC 23009-1 section 5.3.5.1",
			Checked: "Playlists and representations that bring segments and are not among those with which the check began, which are fixed; one finding for all of them, as long as they bring segments. " +
				"When they come in the place of all others, as after a packager was set up anew, a check of its own begins instead.",
		},
		{
			Code: "playlist.edge", Applies: "HLS, DASH", Unit: "s", Levels: []Level{{Info, 2}, {Warn, 10}, {Fail, 60}},
			Summary: "The live edge drifts from the clock: the stream grows slower or faster than time passes.",
			Clause:  "draft-pantos-hls-rfc8216bis section 6.2.1; ISO/IEC 23009-1 section 5.3.9.5.3 (segment availability start time)",
			Checked: "The media published since the stream was first seen against the time that passed; the value is the change of the least distance from the edge, minute by minute, so that the saw of segments does not count. Less than a target duration is not told; what was told lasts until less than half of that is left. " +
				"Measured anew after an outage, which has a finding of its own. A clock that is merely set wrong is none.",
		},
		{
			Code: "playlist.part", Applies: "HLS", Levels: Always(Warn),
			Summary: "The parts of a low-latency playlist do not agree with its segments or with what the server says of them.",
			Clause:  "draft-pantos-hls-rfc8216bis sections 4.4.3.7, 4.4.4.9 and 6.2.2",
			Checked: "Each EXT-X-PART against PART-TARGET (not longer; not shorter than 85 % of it, but for the last of a segment), the sum of a segment's parts against its EXTINF (within half a part), and what a blocking reload " +
				"was answered with against what it asked for.",
		},
	}
}

func liveSegmentRules() []Rule {
	return []Rule{
		{
			Code: "segment.slow", Applies: "HLS, DASH", Unit: "times its duration", Levels: []Level{{Info, 1}, {Warn, 2}, {Fail, 4}},
			Summary: "A segment took longer to come from its origin than it plays.",
			Clause:  "draft-pantos-hls-rfc8216bis section 6.3.3; RFC 8216 section 4.3.4.2 (BANDWIDTH)",
			Checked: "The time from the request to the last byte, tries included, divided by the duration that the playlist gives, as seen from the producer.",
		},
		{
			Code: "segment.late", Applies: "HLS, DASH", Unit: "s", Levels: []Level{{Info, 0}, {Warn, 2}, {Fail, 10}},
			Summary: "A segment was announced before it could be had.",
			Clause:  "RFC 8216 section 6.2.1; ISO/IEC 23009-1 section 5.3.9.5.3",
			Checked: "The origin answered that there is no such segment, and had it on a later try; the value is the time between. A segment that never comes is `segment.missing`.",
		},
		{
			Code: "segment.changed", Applies: "HLS, DASH", Levels: Always(Warn),
			Summary: "The bytes of a segment changed after it was published.",
			Clause:  "RFC 8216 section 6.2.1; RFC 8216 section 3",
			Checked: "ETag and length when a segment is asked for again, and the bytes where two fetches of a segment meet. The first bytes are archived and judged.",
		},
		{
			Code: "segment.length", Applies: "HLS, DASH", Levels: Always(Warn),
			Summary: "A segment has not the length that the server or the playlist says.",
			Clause:  "RFC 9110 section 8.6; RFC 8216 section 4.3.2.2",
			Checked: "The bytes that came, to the last try, against Content-Length and the byte range. What came is archived and judged.",
		},
	}
}
