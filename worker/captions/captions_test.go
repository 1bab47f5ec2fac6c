package captions

import (
	"encoding/binary"
	"reflect"
	"slices"
	"strings"
	"testing"

	"aircheck/jobs/measurement"
)

func TestWebVTT(t *testing.T) {
	text := "\ufeffWEBVTT - title\nX-TIMESTAMP-MAP=LOCAL:00:00:10.000,MPEGTS:900000\n\n" +
		"NOTE not a cue 00:01.000 --> 00:02.000\n\nSTYLE\n::cue { color: red }\n\n" +
		"1\n00:01.500 --> 00:00:03.250 line:90% align:start\n<v Roger>Hi <i>you</i>\nthere\n\n" +
		"00:00:04.000 --> 00:00:05.000\n   \n\n00:07.000 --> 00:06.000\nbackward\n\n00:99.000 --> 00:06.000\nno time\n\n1000:00:08.000 --> 1000:00:09\nlate\n\n" +
		"100:00:08.000\t-->\t100:00:09.5\tline:0\nAa"
	want := &measurement.Captions{Format: "webvtt", Mapped: true, Local: 10e6, MPEGTS: 900000, Cues: []measurement.Cue{
		{From: 1.5e6, To: 3.25e6, Chars: 10}, {From: 360008e6, To: 360009.5e6, Chars: 2},
	}}
	for _, ends := range []string{"\n", "\r\n", "\r"} {
		got, ok := Read(nil, []byte(strings.ReplaceAll(text, "\n", ends)))
		if !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("lines that end in %q: %+v, want %+v", ends, got, want)
		}
	}
	for _, s := range []string{"", "WEBVTTX\n\n", "webvtt\n", "\x47\x40\x00", "<html>"} {
		if got, ok := Read(nil, []byte(s)); ok {
			t.Errorf("%q is read as %+v", s, got)
		}
	}
}

const imsc = `<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25" ttp:tickRate="10000000" xml:lang="en">
<head><metadata><title>nothing to see</title></metadata></head>
<body begin="1s"><div><p begin="00:00:01.500" end="00:00:03.000">Hello <span>you</span></p>
<p begin="00:00:04:05" dur="500ms">frames<br/>and ms</p><p begin="50000000t" end="60000000t"/><p>no time</p>
<p><span begin="6s" end="7s">one</span><span begin="8s" end="9s">three</span></p></div></body></tt>`

func TestTTML(t *testing.T) {
	want := &measurement.Captions{Format: "ttml", Cues: []measurement.Cue{
		{From: 2.5e6, To: 4e6, Chars: 8}, {From: 5.2e6, To: 5.7e6, Chars: 11}, {From: 7e6, To: 8e6, Chars: 3}, {From: 9e6, To: 10e6, Chars: 5},
	}}
	box := binary.BigEndian.AppendUint32(nil, 12)
	box = append(box, "styp1234"...)
	box = binary.BigEndian.AppendUint32(box, uint32(8+len(imsc)))
	box = append(append(box, "mdat"...), imsc...)
	mapped := *want
	mapped.Mapped = true
	for name, data := range map[string][]byte{"text": []byte(imsc), "fragment": box} {
		want := want
		if name == "fragment" {
			want = &mapped
		}
		if got, ok := Read(nil, data); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// atom is a box of MP4 around others.
func atom(kind string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return slices.Concat(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), []byte(kind), body)
}

// words are 32-bit numbers.
func words(list ...uint32) []byte {
	var b []byte
	for _, v := range list {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

func fragmented() (init, segment []byte) {
	init = atom("moov", atom("trak", atom("mdia", atom("mdhd", words(0, 0, 0, 1000, 0)), atom("minf", atom("stbl", atom("stsd", words(0, 1), atom("wvtt")))))))
	first, empty := atom("vttc", atom("sttg", []byte("line:0")), atom("payl", []byte("<b>Hi</b> you"))), atom("vtte")
	samples := slices.Concat(first, empty, first)
	trun := atom("trun", words(0x300, 3, 1500, uint32(len(first)), 500, uint32(len(empty)), 2000, uint32(len(first))))
	return init, slices.Concat(atom("styp"), atom("moof", atom("traf", atom("tfhd", words(0, 1)), atom("tfdt", words(0, 8000)), trun)), atom("mdat", samples))
}

func TestWebVTTInFragments(t *testing.T) {
	init, segment := fragmented()
	want := &measurement.Captions{Format: "webvtt", Mapped: true, Cues: []measurement.Cue{{From: 8e6, To: 9.5e6, Chars: 5}, {From: 10e6, To: 12e6, Chars: 5}}}
	if got, ok := Read(init, segment); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got, ok := Read(nil, segment); ok {
		t.Errorf("without an initialisation section: %+v", got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(uint16(0), []byte("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:1,LOCAL:00:00.000\n\n00:01.000 --> 00:02.000\n<b>x"))
	f.Add(uint16(0), []byte(imsc))
	init, segment := fragmented()
	f.Add(uint16(len(init)), append(init, segment...))
	f.Fuzz(func(t *testing.T, head uint16, data []byte) {
		n := min(int(head), len(data))
		c, ok := Read(data[:n], data[n:])
		if ok != (c != nil) {
			t.Fatalf("%v, %+v", ok, c)
		}
		if c == nil {
			return
		}
		for _, v := range c.Cues {
			if v.From < 0 || v.To <= v.From || v.To > maxTime || v.Chars <= 0 {
				t.Fatalf("cue %+v", v)
			}
		}
	})
}
