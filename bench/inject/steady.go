package inject

import "fmt"

func steadyDefects() []Defect {
	return []Defect{
		{Code: "audio.hum", About: "mains under the sound", Needs: Sound, Variants: []Variant{
			{Name: "50", About: "50 Hz and harmonics", Seconds: 13, recipe: hum(50)},
			{Name: "60", About: "60 Hz and harmonics", Seconds: 13, recipe: hum(60)},
			{Name: "bass", About: "a bass line on 55 Hz", Decoy: true, Seconds: 13, recipe: bass},
			{Name: "drone", About: "a steady drone on 73 Hz", Decoy: true, Seconds: 13, recipe: drone},
		}},
		{Code: "audio.tone", About: "a line-up tone on air", Needs: Sound, Variants: []Variant{
			{Name: "1000", About: "1 kHz", recipe: tone(1000)},
			{Name: "other", About: "400, 440 or 997 Hz", recipe: tone(0)},
			{Name: "melody", About: "notes of 0.3 s", Decoy: true, recipe: melody},
			{Name: "beeps", About: "a beep of 0.1 s a second", Decoy: true, recipe: beeps},
		}},
	}
}

// add mixes a mono expression of t into both channels.
func add(volume, expr string) string {
	return fmt.Sprintf("volume=%s,aeval='val(0)+%s|val(1)+%s':c=same", volume, expr, expr)
}

func hum(f int) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Cover, Tolerance: 4}
		dB := s.by(-48, -32)
		s.param("dbfs", dB)
		s.param("hertz", f)
		s.whole()
		expr := "(0"
		for k := 1; k <= 6; k++ {
			expr += fmt.Sprintf("+sin(2*PI*%d*t+%d)/%d", f*k, k*k, k)
		}
		// The programme lies 18 dB lower than usual: hum that is masked is no defect.
		return s.render(render{audio: add("-18dB", gain(dB)+"*"+expr+")")})
	}
}

func bass(s *scene) error {
	return s.render(render{audio: add("-12dB", "0.1*sin(2*PI*55*t)*exp(-6*mod(t,0.5))*min(1,max(0,0.35-mod(t,0.5))*20)")})
}

func drone(s *scene) error {
	return s.render(render{audio: add("-18dB", "0.02*(sin(2*PI*73*t)+0.5*sin(2*PI*146*t)+0.3*sin(2*PI*219*t))")})
}

func tone(f int) func(*scene) error {
	return func(s *scene) error {
		s.label.Rule = Rule{Kind: Edges, Tolerance: 0.15}
		a, b, err := s.spanTime(s.by(2.5, 6), 0.6, s.loud(-45))
		if err != nil {
			return err
		}
		f := f
		if f == 0 {
			f = []int{400, 440, 997}[s.rng.IntN(3)]
		}
		dB := s.by(-20, -9)
		s.param("hertz", f)
		s.param("dbfs", dB)
		s.markTime(a, b)
		s.label.Along = []string{"audio.click", "audio.imbalance"}
		t := fmt.Sprintf("%s*sin(2*PI*%d*t)", gain(dB), f)
		in := fmt.Sprintf("gte(t,%s)*lt(t,%s)", number(a), number(b))
		return s.render(render{audio: fmt.Sprintf("aeval='if(%[1]s,%[2]s,val(0))|if(%[1]s,%[2]s,val(1))':c=same", in, t)})
	}
}

func melody(s *scene) error {
	return s.render(render{audio: add("-30dB", "0.15*sin(2*PI*400*pow(2,floor(mod(t/0.3,8))*0.16667)*t)*min(1,mod(t,0.3)*50)*min(1,(0.3-mod(t,0.3))*50)")})
}

func beeps(s *scene) error {
	return s.render(render{audio: add("-6dB", "0.2*sin(2*PI*1000*t)*min(1,max(0,min(mod(t,1),0.1-mod(t,1))*200))")})
}
