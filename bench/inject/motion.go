package inject

import (
	"fmt"
	"slices"
	"strings"
)

func motionDefects() []Defect {
	return []Defect{
		{Code: "video.repeat", About: "a picture is shown again where the next should be", Variants: []Variant{
			{Name: "single", About: "single frames repeat the one before", Revision: 1, recipe: repeats(1)},
			{Name: "stall", About: "two to four frames are the same: a buffer ran dry", Revision: 1, recipe: repeats(3)},
			{Name: "coarse", About: "single repeats in a stream that is coded coarsely", Revision: 1, recipe: coarseRepeats},
		}},
		{Code: "video.duplicate_frames", About: "a share of all frames repeats the one before, in no rhythm", Variants: []Variant{
			{Name: "random", About: "every fifth to tenth frame on the average", Revision: 1, recipe: duplicates},
		}},
		{Code: "video.dropped_frames", About: "pictures are left out, and the clock goes on as if they were not", Variants: []Variant{
			{Name: "skip", About: "the content jumps", Revision: 1, recipe: skip},
			{Name: "stall-skip", About: "the picture stands for some frames, then jumps to where it should be", Revision: 1, recipe: stallSkip},
			{Name: "cut", About: "cuts from one place of the content to another", Decoy: true, recipe: cuts},
		}},
		{Code: "video.judder", About: "a conversion of the frame rate by repeats", Variants: []Variant{
			{Name: "4:5", About: "every fifth frame is a repeat: 24 to 30, 20 to 25", recipe: cadence("4/5")},
			{Name: "1:2", About: "every frame twice: 25 to 50", recipe: cadence("1/2")},
			{Name: "5:6", About: "every sixth frame is a repeat: 25 to 30", recipe: cadence("5/6")},
			{Name: "2:3", About: "every third frame is a repeat", recipe: cadence("2/3")},
			{Name: "2:5", About: "3:2 pulldown of frames: 24 to 60", recipe: cadence("2/5")},
		}},
	}
}

// steady asks for motion without a cut: the greatest change is not far above the median.
func (s *scene) steady(a, b int) string {
	pad := s.frames(0.4)
	m := over(s.base.content.Motion, a-pad, b+pad, 0.5)
	switch {
	case !(m >= 1.2):
		return "there is too little motion"
	case over(s.base.content.Motion, a-pad, b+pad, 1) > 2.5*m:
		return "there is a cut"
	case over(s.base.content.Motion, a-pad, b+pad, 0.1) < 0.5*m:
		return "the motion is not steady"
	}
	return ""
}

// original asks for a base that does not repeat pictures itself, anywhere: a picture that changes by less than a quarter of what changes on both of its sides.
// The second greatest change within five pictures says what that is, for the greatest may be a cut.
func (s *scene) original(int, int) string {
	m := s.base.content.Motion
	for n := 2; n < len(m)-2; n++ {
		if usual := min(over(m, max(1, n-5), n, 0.8), over(m, n+1, n+6, 0.8)); usual >= 0.5 && m[n] < usual/4 {
			return "the base repeats pictures itself"
		}
	}
	return ""
}

// apart picks n places of a length that lie at least a second from each other.
func (s *scene) apart(n, length int, tests ...func(a, b int) string) ([]int, error) {
	var starts []int
	second := s.frames(1)
	for range n {
		a, _, err := s.span(length, second, append(tests, func(a, _ int) string {
			for _, other := range starts {
				if a < other+second+length && other < a+second+length {
					return "there is no room for so many"
				}
			}
			return ""
		})...)
		if err != nil {
			return nil, err
		}
		starts = append(starts, a)
	}
	slices.Sort(starts)
	return starts, nil
}

// without is a select expression that leaves out n frames from each start on; fps fills their time with the frame before.
func without(starts []int, n int) string {
	var terms []string
	for _, a := range starts {
		terms = append(terms, fmt.Sprintf("between(n,%d,%d)", a, a+n-1))
	}
	return "select='not(" + strings.Join(terms, "+") + ")'"
}

func (s *scene) fill() string { return fmt.Sprintf("fps=%d/%d", s.base.RateNum, s.base.RateDen) }

func (s *scene) repeat(n int, vcodec []string) error {
	s.label.Rule = Rule{Kind: Point, Tolerance: 0.1}
	s.label.Accept = []string{"video.duplicate_frames"}
	s.label.Along = []string{"video.dropped_frames"}
	starts, err := s.apart(3, n, s.original, s.steady)
	if err != nil {
		return err
	}
	for _, a := range starts {
		s.mark(a, a+n)
	}
	s.param("frames", n)
	return s.render(render{video: without(starts, n) + "," + s.fill(), vcodec: vcodec})
}

func repeats(n int) func(*scene) error {
	return func(s *scene) error {
		if n > 1 {
			return s.repeat(2+s.rng.IntN(n), nil)
		}
		return s.repeat(1, nil)
	}
}

func coarseRepeats(s *scene) error { return s.repeat(1, append(defaultVideo(), "-crf", "27")) }

func duplicates(s *scene) error {
	s.label.Rule = Rule{Kind: Cover, Tolerance: 1.2}
	s.label.Accept = []string{"video.repeat", "video.judder"}
	a, b, err := s.span(s.frames(s.by(5, 7)), s.frames(1), s.original, s.lively)
	if err != nil {
		return err
	}
	share := s.by(0.1, 0.22)
	s.param("share", share)
	var starts []int
	for n := a; n < b; n++ {
		if s.rng.Float64() < share && (len(starts) == 0 || n > starts[len(starts)-1]+1) {
			starts = append(starts, n)
		}
	}
	s.mark(a, b)
	return s.render(render{video: without(starts, 1) + "," + s.fill()})
}

func skip(s *scene) error {
	n := s.frames(s.by(0.3, 0.5))
	s.label.Rule = Rule{Kind: Point, Tolerance: 0.15}
	s.label.Accept = []string{"video.judder"}
	starts, err := s.apart(2, n, s.original, s.steady)
	if err != nil {
		return err
	}
	for i, a := range starts {
		at := a - i*n // what was left out before has moved it
		s.mark(at, at+1)
	}
	s.param("frames", n)
	s.label.Duration = round6(s.base.Duration - float64(n*len(starts))/s.base.rate())
	return s.render(render{video: without(starts, n) + fmt.Sprintf(",setpts=N/(%d/%d)/TB", s.base.RateNum, s.base.RateDen),
		audio: "atrim=end=" + number(s.label.Duration)})
}

func stallSkip(s *scene) error {
	n := s.frames(s.by(0.2, 0.5))
	s.label.Rule = Rule{Kind: Point, Tolerance: 0.15}
	s.label.Accept = []string{"video.repeat", "video.duplicate_frames"}
	starts, err := s.apart(2, n, s.original, s.steady)
	if err != nil {
		return err
	}
	for _, a := range starts {
		s.mark(a, a+n)
	}
	s.param("frames", n)
	return s.render(render{video: without(starts, n) + "," + s.fill()})
}

func cuts(s *scene) error {
	half := s.base.Frames / 2
	return s.render(render{video: fmt.Sprintf("select='lt(mod(n,%d),%d)',setpts=N/(%d/%d)/TB", half, half*2/3, s.base.RateNum, s.base.RateDen),
		audio: "atrim=end=" + number(s.base.Duration*2/3)})
}

// cadence thins the frames out to a share and repeats them up to the rate again.
func cadence(share string) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Cover, Tolerance: 2}
		s.label.Along = []string{"video.duplicate_frames", "video.repeat"}
		if why := s.livelyThroughout(); why != "" {
			return s.hidden(why)
		}
		s.whole()
		s.param("share", share)
		return s.render(render{video: fmt.Sprintf("fps=%d/%d*%s,%s", s.base.RateNum, s.base.RateDen, share, s.fill())})
	}
}

func (s *scene) livelyThroughout() string {
	c := s.base.content.Motion
	if m := over(c, 1, len(c), 0.15); !(m >= 0.8) {
		return "there is too little motion"
	}
	return ""
}
