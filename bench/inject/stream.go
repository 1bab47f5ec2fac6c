package inject

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

func streamDefects() []Defect {
	broken := func(name, about string, codec []string, ext string, amount float64) Variant {
		return Variant{Name: name, About: about, Revision: 4, recipe: brokenSound(codec, ext, amount)}
	}
	return []Defect{
		{Code: "audio.decode_error", About: "a sound decoder meets bytes that it cannot use", Needs: Sound, Variants: []Variant{
			broken("aac", "bytes of AAC packets are changed", []string{"-c:a", "aac", "-b:a", "160k"}, "mp4", 60),
			broken("ac3", "bytes of AC-3 packets are changed", []string{"-c:a", "ac3", "-b:a", "256k"}, "mkv", 150),
			broken("mp3", "bytes of MP3 packets are changed", []string{"-c:a", "libmp3lame", "-b:a", "160k"}, "mkv", 60),
		}},
	}
}

// brokenSound changes bytes of the packets of one or two seconds. The decoder must refuse some; the truth is where the decode differs
// audibly from that of the sound stream: packets that are refused leave holes there.
func brokenSound(acodec []string, ext string, amount float64) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Cover, Tolerance: 0.5}
		s.label.Accept = []string{"audio.dropout"}
		s.label.Along = []string{"audio.click", "audio.clipping", "audio.silence", "timestamp.gap", "audio.dead_channel", "audio.imbalance"}
		a, b, err := s.spanTime(s.by(0.6, 2), 1, s.loud(-45))
		if err != nil {
			return err
		}
		s.param("noise_amount", amount)
		sound := "sound." + ext
		if err := s.make(render{acodec: acodec, name: sound}); err != nil {
			return err
		}
		s.label.Clip = "clip." + ext
		// The packets' time base differs by container: pts times tb is seconds in all.
		err = s.run("-i", sound, "-c", "copy", "-bsf:a", fmt.Sprintf("noise=amount='if(gte(pts*tb,%s)*lt(pts*tb,%s),%s,0)'", number(a), number(b), number(amount)), "-fflags", "+bitexact", s.label.Clip)
		if err != nil {
			return err
		}
		if err := s.refused(); err != nil {
			return err
		}
		return s.compareSound(s.label.Clip, sound)
	}
}

// refused asks whether ffmpeg's decoder could not use some of the bytes: noise that it takes for sound from end to end is no decode error.
func (s *scene) refused() error {
	out, err := s.tool.Analyse(s.ctx, s.dir, "-v", "error", "-i", s.label.Clip, "-vn", "-f", "null", "-")
	if err == nil && len(bytes.TrimSpace(out)) == 0 {
		return s.hidden("the decoder takes the bytes for sound")
	}
	return err
}

const (
	// compareRate and compareBlock are how sound is compared: blocks of 10 ms of two channels.
	compareRate  = 48000
	compareBlock = compareRate / 100 * 2
	// audibleLevel is the least level of a difference in dBFS, audibleRatio by how much it may stay below the sound that should be there: noise this far below what
	// it plays with is covered by it at most frequencies.
	audibleLevel, audibleRatio = -50, 15
	// compareJoin and compareLeast are how near two disturbances are one, and how many blocks one has at least.
	compareJoin, compareLeast = 50, 3
)

// compareSound marks where the decode of a clip differs audibly from that of the sound stream. Sound that is not there is silence.
func (s *scene) compareSound(clip, sound string) error {
	got, err := s.decodeSound(clip)
	if err != nil {
		return err
	}
	want, err := s.decodeSound(sound)
	if err != nil {
		return err
	}
	from, last := -1, -1
	close := func() {
		if from >= 0 && last+1-from >= compareLeast {
			s.markTime(float64(from)/100, float64(last+1)/100)
		}
	}
	for n := range len(want) / compareBlock {
		if !differs(got, want, n*compareBlock) {
			continue
		}
		if from >= 0 && n-last > compareJoin {
			close()
			from = -1
		}
		if from < 0 {
			from = n
		}
		last = n
	}
	close()
	if len(s.label.Intervals) == 0 {
		return s.hidden("the decoder takes the bytes for the same sound")
	}
	return nil
}

// differs tells whether a block of one sound differs audibly from that of another; what lies behind the end of the one is silent.
func differs(got, want []float64, at int) bool {
	var apart, level float64
	for i := at; i < at+compareBlock; i++ {
		v := 0.0
		if i < len(got) {
			v = got[i]
		}
		apart += (v - want[i]) * (v - want[i])
		level += want[i] * want[i]
	}
	return apart > compareBlock*math.Pow(10, audibleLevel/10.) && apart > level*math.Pow(10, -audibleRatio/10.)
}

// decodeSound gives the samples of a file's sound by ffmpeg, two channels interleaved, from time 0 on; holes between timestamps are silent.
func (s *scene) decodeSound(name string) ([]float64, error) {
	// Two steps, the first into a container that keeps every timestamp to the sample: a broken packet may be taken for one of another rate or layout, ffmpeg then makes its filters anew, and new ones would fill from time 0 again.
	const plain = "plain.nut"
	format := []string{"-ar", strconv.Itoa(compareRate), "-ac", "2", "-c:a", "pcm_s16le"}
	if _, err := s.tool.FFmpeg(s.ctx, s.dir, append(append([]string{"-i", name, "-vn"}, format...), plain)...); err != nil {
		return nil, err
	}
	// More than half of the shortest packet is a hole; less is the rounding of the container's timestamps.
	out, err := s.tool.FFmpeg(s.ctx, s.dir, "-i", plain, "-af", "aresample=async=1:min_hard_comp=0.012:first_pts=0", "-f", "s16le", "-")
	if err != nil {
		return nil, err
	}
	list := make([]float64, len(out)/2)
	for i := range list {
		list[i] = float64(int16(binary.LittleEndian.Uint16(out[2*i:]))) / 32768
	}
	return list, nil
}
