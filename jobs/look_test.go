package jobs

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func sampleLook() *Look {
	return &Look{Kind: "video", Shots: []PictureID{{Unit: 1, PTS: 2}, {Unit: 1, PTS: 3}}, Width: 32, Height: 18, Keys: true}
}

func answer(t *testing.T, list ...Looked) []byte {
	t.Helper()
	var all []byte
	for _, l := range list {
		b, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(all, b...), '\n')
	}
	return all
}

func TestLookedTravels(t *testing.T) {
	cell := &Shot{At: 1, PTS: 3, Width: 32, Height: 18, Data: make([]byte, 3*32*18)}
	sound := &Sample{Rate: 8000, First: -5, Channels: [][]byte{{1, 2}, {3, 4}}}
	list, err := DecodeLooked(sampleLook(), answer(t, Looked{Shot: cell}, Looked{Sound: sound}))
	if err != nil || len(list) != 2 || list[0].Shot.PTS != 3 || list[1].Sound.First != -5 {
		t.Fatalf("%+v, %v", list, err)
	}
	if list, err := DecodeLooked(sampleLook(), nil); err != nil || len(list) != 0 {
		t.Errorf("an empty answer: %v, %v", list, err)
	}
}

func TestHostileLookedIsRefused(t *testing.T) {
	shot := func(change func(*Shot)) Looked {
		s := &Shot{Width: 32, Height: 18, Data: make([]byte, 3*32*18)}
		change(s)
		return Looked{Shot: s}
	}
	sound := func(rate int, channels ...[]byte) Looked {
		return Looked{Sound: &Sample{Rate: rate, Channels: channels}}
	}
	for name, l := range map[string]Looked{
		"a picture nobody asked for": shot(func(s *Shot) { s.At = 2 }),
		"a negative place":           shot(func(s *Shot) { s.At = -1 }),
		"too wide":                   shot(func(s *Shot) { s.Width = 33 }),
		"of no height":               shot(func(s *Shot) { s.Height = 0 }),
		"another size":               shot(func(s *Shot) { s.Height = 17 }),
		"too few bytes":              shot(func(s *Shot) { s.Data = s.Data[1:] }),
		"no rate":                    sound(0, []byte{1, 2}),
		"no channels":                sound(8000),
		"too many channels":          sound(8000, make([][]byte, 9)...),
		"unequal channels":           sound(8000, []byte{1, 2}, []byte{1, 2, 3, 4}),
		"half a sample":              sound(8000, []byte{1}),
		"too long":                   sound(1, make([]byte, 32)),
	} {
		if _, err := DecodeLooked(sampleLook(), answer(t, l)); !errors.Is(err, ErrLook) || ClassOf(err) != Permanent {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, b := range map[string]string{"no JSON": "{", "an endless list": strings.Repeat("{}\n", MaxShots+2)} {
		if _, err := DecodeLooked(sampleLook(), []byte(b)); ClassOf(err) != Permanent {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLookTask(t *testing.T) {
	c := sampleCheck()
	task, err := LookTask(c, Side{Sequence: "s0", First: 1, Last: 3}, sampleLook())
	if err != nil || task.Window.First != 1 || task.Window.Last != 3 || !task.LastTry || task.Look == nil {
		t.Fatalf("%+v, %v", task, err)
	}
	if _, err := EncodeTask(task); ClassOf(err) != Permanent {
		t.Errorf("a look went into the queue: %v", err)
	}
	for name, spoil := range map[string]func(*Look){
		"kind": func(l *Look) { l.Kind = "smell" }, "track": func(l *Look) { l.Track = -1 }, "no size": func(l *Look) { l.Width = 0 },
		"too large": func(l *Look) { l.Height = MaxLookEdge + 1 }, "too many": func(l *Look) { l.Shots = make([]PictureID, MaxShots+1) },
		"too many cells of this size": func(l *Look) { l.Width, l.Height, l.Shots = 800, 600, make([]PictureID, MaxShots) },
		"too many photos of this size": func(l *Look) {
			l.Keys, l.Width, l.Height, l.Shots = false, MaxLookEdge, MaxLookEdge, make([]PictureID, 19)
		},
		"no sound": func(l *Look) { l.Kind, l.From, l.To = "audio", 5, 5 },
	} {
		l := sampleLook()
		spoil(l)
		if _, err := LookTask(c, Side{Sequence: "s0", First: 1, Last: 3}, l); !errors.Is(err, ErrLook) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, l := range map[string]*Look{
		"cells":  {Kind: "video", Keys: true, Width: 160, Height: 288, Shots: make([]PictureID, MaxShots)},
		"photos": {Kind: "video", Width: MaxLookEdge, Height: MaxLookEdge, Shots: make([]PictureID, 16)},
	} {
		if _, err := LookTask(c, Side{Sequence: "s0", First: 1, Last: 3}, l); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := LookTask(c, Side{Sequence: "s7", First: 1, Last: 3}, sampleLook()); ClassOf(err) != Permanent {
		t.Errorf("no such sequence: %v", err)
	}
}

func FuzzDecodeLooked(f *testing.F) {
	f.Add([]byte(`{"shot":{"at":0,"pts":1,"width":32,"height":18,"data":"AAAA"}}`))
	f.Add([]byte(`{"sound":{"rate":48000,"first":0,"channels":["AAAA"]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		look := sampleLook()
		list, err := DecodeLooked(look, b)
		if err != nil {
			return
		}
		for _, l := range list {
			if s := l.Shot; s != nil && (s.At >= len(look.Shots) || len(s.Data) != 3*look.Width*look.Height) {
				t.Fatalf("%+v", s)
			}
		}
	})
}
