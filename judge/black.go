package judge

import (
	"fmt"
	"math"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// Guards against pictures that are dark and not black. They are in code values of the 8-bit scale.
const (
	// blackBlockMargin is how far above the luma threshold the mean of an 8x8 block may lie: the stroke of a credit or of a digit fills a
	// block and stands out by far more, ringing and grain of black by far less.
	blackBlockMargin = 16
	// blackSigma bounds the deviation of luma: coded black with noise stays below 2; a night scene of which one can make something out has more.
	blackSigma = 4
	// blackChroma bounds how far the means of Cb and Cr may lie from neutral: pure blue is Y 32 in BT.709, and is no black.
	blackChroma = 16
	// fullRangeBlack is 10 % of full scale, as 37 is of limited range.
	fullRangeBlack = 25
)

// blackTest tells whether one picture is black: the integer test of FFmpeg's blackdetect (a share of at least ratio has Y <= luma), and guards.
type blackTest struct {
	luma  int64
	ratio float64
}

func newBlackTest(p *params) blackTest {
	return blackTest{luma: int64(p.or("video.black.luma", 37)), ratio: p.or("video.black.ratio", 0.98)}
}

// black is false for a picture without an area.
func (b blackTest) black(f *measurement.Frame, format *measurement.Format) bool {
	area := int64(format.Width) * int64(format.Height)
	if area <= 0 {
		return false
	}
	scale := depthScale(format)
	luma, count := b.count(f, format)
	if float64(count)/float64(area) < b.ratio {
		return false
	}
	if format.FullRange && f.SumY > luma*scale*area {
		return false
	}
	if int64(f.MaxBlock) > (luma+blackBlockMargin)*scale*64 {
		return false
	}
	return squaredDeviation(f.SumY, f.SumY2, area) <= blackSigma*blackSigma*scale*scale*area && neutral(f, format)
}

// count returns the threshold and how many samples are at or below the count nearest to it that is not below it: a measurement counts at a few
// values only.
func (b blackTest) count(f *measurement.Frame, format *measurement.Format) (luma, count int64) {
	luma = b.luma
	if format.FullRange {
		luma = fullRangeBlack
	}
	for i, t := range [...]int64{16, 32, 37} {
		if luma <= t {
			return luma, f.CntLE[i]
		}
	}
	return luma, f.CntLE[3]
}

// neutral tells whether the picture has no colour cast; a picture without chroma has none.
func neutral(f *measurement.Frame, format *measurement.Format) bool {
	area := int64(format.ChromaWidth) * int64(format.ChromaHeight)
	grey := 128 * depthScale(format) * area
	limit := blackChroma * depthScale(format) * area
	return abs(f.SumCb-grey) <= limit && abs(f.SumCr-grey) <= limit || area == 0
}

// squaredDeviation is n times the variance, rounded up: sum2 - sum*sum/n without the overflow of sum*sum.
func squaredDeviation(sum, sum2, n int64) int64 {
	q, r := sum/n, sum%n
	return sum2 - q*q*n - 2*q*r - r*r/n
}

// depthScale is what one code value of the 8-bit scale is at the format's depth; an unknown depth counts as 8.
func depthScale(format *measurement.Format) int64 {
	if format.Depth <= 8 || format.Depth > 16 {
		return 1
	}
	return 1 << (format.Depth - 8)
}

func abs[T ~int32 | ~int64](v T) T {
	if v < 0 {
		return -v
	}
	return v
}

// black finds runs of black pictures (EBU QC 0016B; detectors as in FFmpeg's blackdetect, with a half-open end).
type black struct {
	Run *run

	test   blackTest
	levels levels
	emit   emitter
}

func newBlack(p *params, emit emitter) videoDetector {
	return &black{test: newBlackTest(p), levels: p.levels("video.black"), emit: emit}
}

func (b *black) frame(f *videoFrame) {
	if !b.test.black(f.Frame, f.Format) {
		b.end(f.Start)
		return
	}
	if b.Run == nil {
		b.Run = &run{From: f.Start}
	}
	b.Run.To = f.End
}

func (b *black) gap(from, _ jobs.Micros) { b.end(from) }

func (b *black) finish(at jobs.Micros) { b.end(at) }

// end closes the run, at the latest at the time given.
func (b *black) end(at jobs.Micros) {
	r := b.Run
	b.Run = nil
	if r == nil {
		return
	}
	r.To = min(r.To, at)
	if l, ok := b.levels.reached(r.length()); ok {
		f := r.finding(l)
		f.Code = "video.black"
		f.Message = fmt.Sprintf("the picture is black for %.2f s", r.length().Seconds())
		b.emit(f)
	}
}

func blackThresholds() []Threshold {
	none := math.NaN()
	return []Threshold{
		{"video.black.info", 0.5, 0, day, "s", "Black for this long is info."},
		{"video.black.warn", none, 0, day, "s", "Black for this long is a warning."},
		{"video.black.fail", 2, 0, day, "s", "Black for this long is a failure."},
		{"video.black.luma", 37, 16, 64, "", "A sample at or below this luma (8-bit code value, limited range) is black; measured at 16, 32, 37 and 64."},
		{"video.black.ratio", 0.98, 0.5, 1, "", "A picture is black when at least this share of its samples is."},
	}
}
