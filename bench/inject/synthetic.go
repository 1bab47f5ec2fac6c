package inject

import (
	"fmt"
	"slices"
	"strings"
)

// syntheticPrefix marks an input that is drawn and not read.
const syntheticPrefix = "synthetic:"

// drawnWidth and drawnHeight are the size of every synthetic picture.
const drawnWidth, drawnHeight = 640, 360

// Synthetic is a base that ffmpeg draws: pictures and sound without a known defect.
type Synthetic struct {
	Name, About  string
	video, audio string // lavfi graphs; %d is the frame rate of the picture
	rate         int
}

// Synthetics lists those bases. Their pictures always move, are never black and have detail; their sound never pauses for a second.
func Synthetics() []Synthetic {
	const zoom = "mandelbrot=size=640x360:rate=%[1]d:end_pts=4000:start_scale=2:end_scale=0.002"
	// A big still seen through a moving frame: a pan with a shake, as from a hand.
	const pan = "mandelbrot=size=1600x900:rate=%[1]d:start_scale=0.02:end_scale=0.02,trim=end_frame=1,loop=loop=-1:size=1,setpts=N/%[1]d/TB," +
		"crop=640:360:x='480+420*sin(t*0.31)+3*sin(t*7)':y='270+230*sin(t*0.23)+3*cos(t*5)'"
	const grain = ",noise=c0s=4:c0f=t:c0_seed=7"
	return []Synthetic{
		{"zoom", "a fractal zoom at 25 frames a second, over noise", zoom, noise, 25},
		{"pan", "a hand-held pan over a detailed still with fine grain, at 25 frames a second, over music", pan + grain, music, 25},
		{"pan50", "the pan at 50 frames a second, over speech", pan + grain, speech, 50},
		{"graphics", "moving graphics with a counter and hard edges at 30 frames a second, over speech", "testsrc2=size=640x360:rate=%[1]d,noise=alls=2:allf=t:all_seed=3", speech, 30},
		{"night", "a dark, grainy pan at 24 frames a second, over quiet music", pan + ",lutyuv=y='22+(val-16)*0.42':u='128+(val-128)*0.42':v='128+(val-128)*0.42',noise=c0s=6:c0f=t:c0_seed=9", music + ",volume=0.3", 24},
	}
}

// The sounds: decorrelated noise; chords that change every 0.75 s and die away, panned a little apart; syllables of a buzzing voice with formants, four a
// second, and a breath between phrases that is shorter than any pause that matters. Nothing begins or ends abruptly: that would be a click.
const (
	noise = "aevalsrc='0.1*(2*random(0)-1)|0.1*(2*random(1)-1)':s=48000"
	music = "aevalsrc='" +
		"st(6,mod(t,0.75));st(0,exp(-1.1*ld(6))*min(1,min(ld(6),0.75-ld(6))*40));st(1,110*pow(2,floor(mod(t/0.75,7))/6));" +
		"0.11*ld(0)*(sin(2*PI*ld(1)*t)+0.6*sin(4.01*PI*ld(1)*t)+0.4*sin(5.98*PI*ld(1)*t))+0.004*(2*random(2)-1)|" +
		"st(7,mod(t+0.2,0.75));st(3,exp(-1.3*ld(7))*min(1,min(ld(7),0.75-ld(7))*40));st(4,165*pow(2,floor(mod((t+0.2)/0.75,5))/6));" +
		"0.1*ld(3)*(sin(2*PI*ld(4)*t)+0.5*sin(4*PI*ld(4)*t)+0.4*sin(6.02*PI*ld(4)*t))+0.004*(2*random(8)-1)':s=48000"
	phrases = "st(9,mod(t,2.7));st(0,max(0,sin(2*PI*3.7*t+1.3*sin(t*1.9)))*min(1,max(0,min((ld(9)-0.3)*15,(2.7-ld(9))*15)))+0.02);" + voice
	// voice puts the phase of a voice at 118 Hz into register 1, and its vowel into 2.
	voice  = "st(1,2*PI*118*t+7*sin(t*2.1)+1.2*sin(t*5.3));st(2,0.5+0.5*sin(t*6.1));"
	speech = "aevalsrc='" + phrases +
		"0.22*ld(0)*(0.5*sin(ld(1))+0.5*sin(2*ld(1))+ld(2)*sin(5*ld(1))*0.6+(1-ld(2))*sin(9*ld(1))*0.4+0.25*(2*random(4)-1))+0.002*(2*random(5)-1)|" + phrases +
		"0.2*ld(0)*(0.5*sin(ld(1))+0.5*sin(2*ld(1))+ld(2)*sin(5*ld(1))*0.6+(1-ld(2))*sin(9*ld(1))*0.4+0.2*(2*random(6)-1))+0.002*(2*random(7)-1)':s=48000"
)

// SyntheticNames lists what may follow "synthetic:".
func SyntheticNames() []string {
	var names []string
	for _, s := range Synthetics() {
		names = append(names, s.Name)
	}
	return names
}

// synthetic finds the base that an input names; ok is false when it names none.
func synthetic(input string) (s Synthetic, ok bool, err error) {
	name, ok := strings.CutPrefix(input, syntheticPrefix)
	if !ok {
		return Synthetic{}, false, nil
	}
	all := Synthetics()
	i := slices.IndexFunc(all, func(s Synthetic) bool { return s.Name == name })
	if i < 0 {
		return Synthetic{}, true, fmt.Errorf("input %q: there is no such synthetic base; there are %s", input, strings.Join(SyntheticNames(), ", "))
	}
	return all[i], true, nil
}

// inputs are ffmpeg's arguments that draw the base.
func (s Synthetic) inputs() []string {
	return []string{"-f", "lavfi", "-i", fmt.Sprintf(s.video, s.rate), "-f", "lavfi", "-i", s.audio}
}
