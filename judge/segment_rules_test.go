package judge

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// packagedStream is a clean stream whose units and timeline a test changes.
type packagedStream struct {
	units   []synth
	q       *jobs.Sequence
	formats []measurement.Format
}

// packagedResult judges a changed stream: whole, and in cuts with checkpoints, which must say the same.
func packagedResult(t *testing.T, kind jobs.SourceKind, c *script, change func(p *packagedStream)) jobs.Result {
	t.Helper()
	check := checkOf(c.sequenceDef("s0"))
	check.Timeline.Kind = kind
	p := &packagedStream{units: c.units(), q: &check.Timeline.Sequences[0], formats: c.formats()}
	for i := range p.units {
		for k := range p.units[i].unit.Tracks {
			if tr := &p.units[i].unit.Tracks[k]; tr.Kind == measurement.Video {
				tr.Keys, tr.FirstKey, tr.LastKey, tr.Codecs = 1, tr.FirstPTS, tr.FirstPTS, "avc1.64001e"
			}
		}
	}
	change(p)
	var first string
	var result jobs.Result
	for seed := range uint64(6) {
		var rng *rand.Rand
		if seed > 0 {
			rng = rand.New(rand.NewPCG(seed, 9))
		}
		check.Windows = windowsOf(p.q, rng)
		j, err := New(check)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range check.Windows {
			if err := j.Window(w, take(w, p.units[w.First:w.Last], p.formats, false)); err != nil {
				t.Fatal(err)
			}
			if rng != nil {
				j = again(t, check, j)
			}
		}
		r, err := j.Finish()
		if err != nil {
			t.Fatal(err)
		}
		if text := encode(t, r); seed == 0 {
			first, result = text, r
		} else if text != first {
			t.Fatalf("seed %d: cut\n%s\nwhole\n%s", seed, text, first)
		}
	}
	return result
}

// extinf changes the declared durations of some segments; those behind them begin accordingly.
func extinf(d jobs.Micros, at ...int) func(*packagedStream) {
	return func(p *packagedStream) {
		var start jobs.Micros
		for i := range p.q.Segments {
			s := &p.q.Segments[i]
			s.Start = start
			if slices.Contains(at, i) {
				s.Duration = d
			}
			start += s.Duration
		}
		p.q.Duration = start
	}
}

// rowOf is some segments in a row.
func rowOf(n int) []int {
	var list []int
	for i := range n {
		list = append(list, i)
	}
	return list
}

func video(p *packagedStream, i int) *measurement.UnitTrack { return &p.units[i].unit.Tracks[0] }

func declare(v jobs.Variant) func(*packagedStream) {
	return func(p *packagedStream) { p.q.Variant = &v }
}

func TestSegmentRules(t *testing.T) {
	transport := func(at int, m measurement.Transport) func(*packagedStream) {
		return func(p *packagedStream) {
			for i := range p.units {
				p.units[i].unit.Transport = &measurement.Transport{Packets: 100, Streams: []measurement.Stream{{PID: 256, Type: 27}, {PID: 257, Type: 15}}}
			}
			if m.Streams == nil {
				m.Streams = p.units[at].unit.Transport.Streams
			}
			p.units[at].unit.Transport = &m
		}
	}
	noKey := func(wait int64, at ...int) func(*packagedStream) {
		return func(p *packagedStream) {
			for _, i := range at {
				v := video(p, i)
				v.StartsWithKey, v.Closed = false, false
				v.FirstKey += wait
				v.LastKey = v.FirstKey
				if wait < 0 {
					v.Keys = 0
				}
			}
		}
	}
	for _, c := range []struct {
		name   string
		kind   jobs.SourceKind
		change func(*packagedStream)
		want   []string // severity, code, and what the message has
	}{
		{"clean", jobs.SourceHLS, func(*packagedStream) {}, nil},
		{"EXTINF is too short", jobs.SourceHLS, extinf(1.2e6, 4), []string{"warn segment.duration_mismatch segment 4 is not as long as EXTINF says: 2.000 s instead of 1.200 s"}},
		{"EXTINF is too long", jobs.SourceHLS, extinf(2.9e6, 4), []string{"warn segment.duration_mismatch segment 4 "}},
		{"EXTINF is a little off", jobs.SourceHLS, extinf(2.1e6, 4), []string{"info segment.duration_mismatch segment 4 "}},
		{"EXTINF is a frame off", jobs.SourceHLS, extinf(2.04e6, 4), nil},
		{"several EXTINF are wrong", jobs.SourceHLS, extinf(1.1e6, 2, 3, 6), []string{"warn segment.duration_mismatch 3 of the segments 2 to 6 are not as long as EXTINF says: 2.000 s instead of 1.100 s in segment 2, which is the worst"}},
		{"EXTINF is rounded", jobs.SourceHLS, extinf(3e6, 4), []string{"warn segment.duration_mismatch segment 4 "}},
		{"DASH may give averages", jobs.SourceDASH, extinf(1.4e6, 4), nil},
		{"DASH runs away from its timeline", jobs.SourceDASH, func(p *packagedStream) {
			extinf(1.4e6, rowOf(10)...)(p)
			p.q.Segments[0].Clock = &jobs.MediaClock{At: baseOf(&p.formats[0]).micros(video(p, 0).FirstPTS), Exact: true}
		}, []string{"warn playlist.duration_drift segments 0 to 8 last 18.000 s together, and the manifest says 12.600 s"}},
		{"DASH is far off", jobs.SourceDASH, extinf(0.9e6, 4), []string{"warn segment.duration_mismatch segment 4 is not as long as the manifest says"}},
		{"small errors add up", jobs.SourceHLS, extinf(2.045e6, rowOf(10)...), nil},
		{"larger ones add up to more", jobs.SourceHLS, extinf(2.08e6, rowOf(10)...), []string{"info playlist.duration_drift segments 0 to 8 last 18.000 s together, and EXTINF says 18.720 s"}},
		{"a file has no EXTINF", jobs.SourceFile, extinf(1.2e6, 4), nil},
		{"a late key frame", jobs.SourceHLS, noKey(36000, 4), []string{"info playlist.key_frame_interval 2.400 s", "warn segment.no_keyframe segment 4 does not begin with a key frame: the first one comes after 0.400 s"}},
		{"no key frames", jobs.SourceHLS, noKey(-1, 4, 5), []string{"info playlist.key_frame_interval 6.000 s", "warn segment.no_keyframe segments 4 to 5 do not begin with a key frame: there is none at all"}},
		{"open GOPs", jobs.SourceHLS, func(p *packagedStream) { video(p, 4).Closed = false }, []string{"info segment.no_keyframe segment 4 has no clean start"}},
		{"an I picture", jobs.SourceHLS, func(p *packagedStream) {
			v := video(p, 4)
			v.StartsWithKey, v.Closed, v.StartsIntra = false, false, true
		}, []string{"info segment.no_keyframe segment 4 has no clean start: its first picture is an I picture"}},
		{"key frames far apart", jobs.SourceHLS, func(p *packagedStream) { noKey(90000, 4)(p); noKey(-1, 3)(p) }, []string{
			"info playlist.key_frame_interval 5.000 s from one key frame to the next, in or before segment 4", "warn segment.no_keyframe segments 3 to 4 "}},
		{"no tables", jobs.SourceHLS, transport(4, measurement.Transport{Packets: 50, NoPSI: true}), []string{"warn segment.no_psi segment 4 does not begin with PAT and PMT: there is no"}},
		{"tables in EXT-X-MAP", jobs.SourceHLS, func(p *packagedStream) {
			transport(4, measurement.Transport{Packets: 50, NoPSI: true})(p)
			p.q.Segments[4].Init = &jobs.ByteRange{URI: "init.ts", Length: -1}
		}, nil},
		{"packets before the tables", jobs.SourceHLS, transport(4, measurement.Transport{Packets: 50, Early: 7}), []string{"warn segment.no_psi segment 4 does not begin with PAT and PMT: 7 packets"}},
		{"lost packets", jobs.SourceHLS, transport(4, measurement.Transport{Continuity: []measurement.PIDErrors{{PID: 256, Errors: 2}, {PID: 257, Errors: 1}}}),
			[]string{"warn segment.continuity transport packets are missing in segment 4: the continuity counter jumps 2 × on PID 256, 1 × on PID 257"}},
		{"absurd counts", jobs.SourceHLS, transport(4, measurement.Transport{Continuity: []measurement.PIDErrors{{PID: 256, Errors: math.MaxInt}, {PID: 257, Errors: math.MaxInt}}}),
			[]string{"warn segment.continuity "}},
		{"marked packets", jobs.SourceHLS, transport(4, measurement.Transport{Flagged: 3}), []string{"warn segment.transport_error "}},
		{"stray bytes", jobs.SourceHLS, transport(4, measurement.Transport{Stray: 3}), []string{"info segment.stray_bytes segment 4 has bytes outside"}},
		{"other PIDs", jobs.SourceHLS, transport(9, measurement.Transport{Streams: []measurement.Stream{{PID: 300, Type: 27}, {PID: 301, Type: 15}}}),
			[]string{"info playlist.discontinuity_missing other elementary streams begin without a discontinuity tag at segment 9"}},
		{"another stream", jobs.SourceHLS, transport(9, measurement.Transport{Streams: []measurement.Stream{{PID: 256, Type: 27}, {PID: 257, Type: 15}, {PID: 258, Type: 15}}}),
			[]string{"warn playlist.discontinuity_missing "}},
		{"a needless discontinuity", jobs.SourceHLS, func(p *packagedStream) {
			for i := 5; i < 10; i++ {
				p.q.Segments[i].Discontinuity = 1
			}
		}, []string{"info playlist.discontinuity_needless a discontinuity is announced before segment 5"}},
		{"declared as it is", jobs.SourceHLS, declare(jobs.Variant{Codecs: "avc1.64001e,mp4a.40.2", Width: 64, Height: 36, FrameRate: "25.000"}), nil},
		{"another profile is declared", jobs.SourceHLS, declare(jobs.Variant{Codecs: "avc1.42c01e,mp4a.40.2"}), []string{"warn playlist.codecs_mismatch CODECS \"avc1.42c01e,mp4a.40.2\": the video is avc1.64001e from segment 0 on: the profile is another one"}},
		{"the sound is not declared", jobs.SourceHLS, declare(jobs.Variant{Codecs: "avc1.64001e"}), []string{"warn playlist.codecs_mismatch CODECS \"avc1.64001e\": the audio is aac from segment 0 on: no such codec"}},
		{"another size is declared", jobs.SourceHLS, declare(jobs.Variant{Width: 128, Height: 72}), []string{"warn playlist.resolution_mismatch RESOLUTION 128x72 is declared, and pictures are 64x36"}},
		{"the displayed size is declared", jobs.SourceHLS, func(p *packagedStream) {
			declare(jobs.Variant{Width: 86, Height: 36})(p)
			p.formats[0].SARNum, p.formats[0].SARDen = 4, 3
		}, nil},
		{"a lower rate is declared", jobs.SourceHLS, declare(jobs.Variant{FrameRate: "12.5"}), []string{"warn playlist.frame_rate_mismatch FRAME-RATE 12.5 is declared, and there are 25.000"}},
		{"a higher rate is declared", jobs.SourceDASH, declare(jobs.Variant{FrameRate: "60000/1001"}), []string{"info playlist.frame_rate_mismatch "}},
		{"a rate that is none", jobs.SourceHLS, declare(jobs.Variant{FrameRate: "25/0"}), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := packagedResult(t, c.kind, clean(), c.change)
			var got []string
			for _, f := range r.Findings {
				if _, ok := jobs.RuleOf(f.Code); ok {
					got = append(got, string(f.Severity)+" "+f.Code+" "+f.Message)
				}
			}
			slices.Sort(got)
			if len(got) != len(c.want) {
				t.Fatalf("%d findings %q, want %q", len(got), got, c.want)
			}
			for i := range got {
				if !strings.HasPrefix(got[i], c.want[i]) {
					t.Errorf("%q, want %q", got[i], c.want[i])
				}
			}
		})
	}
}

// TestWholeSeconds: where all EXTINF are whole seconds, neither one that is half a second off nor their sum is anything.
func TestWholeSeconds(t *testing.T) {
	c := clean()
	c.length = 2.4e6
	r := packagedResult(t, jobs.SourceHLS, c, extinf(2e6, rowOf(10)...))
	for _, f := range r.Findings {
		if strings.Contains(f.Code, "duration") {
			t.Errorf("%s: %s", f.Code, f.Message)
		}
	}
}

func TestCodecNames(t *testing.T) {
	video := func(codec, name string, depth int) seenCodec {
		return seenCodec{Kind: measurement.Video, Codec: codec, Codecs: name, Depth: depth}
	}
	aac := func(profile string) seenCodec {
		return seenCodec{Kind: measurement.Audio, Codec: "aac", Profile: profile}
	}
	for _, c := range []struct {
		have     seenCodec
		declared string
		want     int
	}{
		{video("h264", "avc1.64001e", 8), "avc1.64001e,mp4a.40.2", codecAgrees},
		{video("h264", "avc1.64001e", 8), "mp4a.40.2, avc1.64001E", codecAgrees},
		{video("h264", "avc1.64001e", 8), "avc3.640028", codecLoose},
		{video("h264", "avc1.640028", 8), "avc1.64001e", codecMissing},
		{video("h264", "avc1.64001e", 8), "avc1.4d401e", codecMissing},
		{video("h264", "avc1.42c01e", 8), "avc1.4d401e", codecLoose},
		{video("h264", "avc1.42001e", 8), "avc1.66.30", codecAgrees},
		{video("h264", "avc1.42001e", 8), "avc1.4d401e", codecLoose},
		{video("h264", "avc1.4d401e", 8), "avc1.42001e", codecMissing},
		{video("h264", "avc1.f4001e", 8), "avc1.64001e", codecMissing},
		{video("h264", "", 8), "avc1.64001e", codecAgrees},
		{video("h264", "avc1.64001e", 8), "avc1", codecAgrees},
		{video("h264", "avc1.64001e", 8), "hvc1.1.6.L93.B0", codecMissing},
		{video("h264", "avc1.64001e", 8), "xyz1.5", codecAgrees},
		{video("hevc", "hvc1.2.4.L123.B0", 10), "hev1.2.4.L123.B0", codecAgrees},
		{video("hevc", "hvc1.2.4.H123.B0", 10), "hvc1.2.4.L123.B0", codecMissing},
		{video("hevc", "hvc1.2.4.L123.B0", 10), "hvc1.1.6.L123.B0", codecMissing},
		{video("hevc", "hvc1.1.6.L93.B0", 8), "hvc1.2.4.L123.B0", codecLoose},
		{video("hevc", "hvc1.2.4.L123.B0", 10), "dvh1.05.03", codecAgrees},
		{video("vp9", "", 8), "vp09.00.31.08", codecAgrees},
		{video("vp9", "", 10), "vp09.00.31.08", codecMissing},
		{video("av1", "", 8), "av01.0.04M.08,opus", codecAgrees},
		{aac("LC"), "avc1.64001e,mp4a.40.2", codecAgrees},
		{aac("HE-AAC"), "mp4a.40.2", codecLoose},
		{aac("HE-AAC"), "mp4a.40.5", codecAgrees},
		{aac("LC"), "mp4a.40.05", codecLoose},
		{aac(""), "mp4a.40.29", codecAgrees},
		{aac("LC"), "ac-3", codecMissing},
		{seenCodec{Kind: measurement.Audio, Codec: "mp3"}, "mp4a.40.34", codecAgrees},
		{seenCodec{Kind: measurement.Audio, Codec: "mp2"}, "mp4a.6B", codecAgrees},
		{seenCodec{Kind: measurement.Audio, Codec: "eac3"}, "ec-3", codecAgrees},
		{seenCodec{Kind: measurement.Audio, Codec: "eac3"}, "ac-3", codecMissing},
	} {
		if got, why := c.have.match(splitCodecs(c.declared)); got != c.want {
			t.Errorf("%s declared as %q: %d (%s), want %d", c.have.name(), c.declared, got, why, c.want)
		}
	}
}

// FuzzCodecNames: a list of codecs comes from a playlist.
func FuzzCodecNames(f *testing.F) {
	f.Add("avc1.64001e,mp4a.40.2")
	f.Add("hvc1.2.4.L123.B0,ec-3,vp09.00.31.08,avc1.66.30")
	f.Fuzz(func(t *testing.T, declared string) {
		names := splitCodecs(declared)
		if len(names) > maxCodecs {
			t.Fatalf("%d names", len(names))
		}
		for _, c := range []seenCodec{{Kind: measurement.Video, Codec: "h264", Codecs: "avc1.64001e"}, {Kind: measurement.Video, Codec: "hevc", Codecs: "hvc1.2.4.L123.B0"},
			{Kind: measurement.Video, Codec: "vp9", Depth: 8}, {Kind: measurement.Audio, Codec: "aac", Profile: "LC"}} {
			if got, why := c.match(names); got == codecMissing && why == "" {
				t.Errorf("%q: no reason", declared)
			}
		}
	})
}
