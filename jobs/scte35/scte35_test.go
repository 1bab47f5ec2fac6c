package scte35

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
	"time"
)

// examples are the sections that SCTE 35 annex (sample messages) prints, and what it says about them.
var examples = []struct {
	name, text string
	want       Meaning
	command    Command
	time       Ticks
	timed      bool
}{
	{
		"time_signal, placement opportunity start", "/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg==",
		Meaning{Kind: "break", Edge: Begin, ID: "1207959694", Duration: 307 * time.Second, Text: "time_signal provider placement opportunity start, 307 s"}, TimeSignal, 0x072bd0050, true,
	},
	{
		"splice_insert", "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=",
		Meaning{Kind: "break", Edge: Begin, ID: "1207959695", Duration: 60293567 * time.Microsecond, Text: "splice_insert out, 60.2936 s"}, SpliceInsert, 0x07369c02e, true,
	},
	{
		"time_signal, placement opportunity end", "/DAvAAAAAAAA///wBQb+dGKQoAAZAhdDVUVJSAAAjn+fCAgAAAAALKChijUCAKnMZ1g=",
		Meaning{Kind: "break", Edge: End, ID: "1207959694", Duration: -1, Text: "time_signal provider placement opportunity end"}, TimeSignal, 0x0746290a0, true,
	},
	{
		"time_signal, programme start and end", "/DBIAAAAAAAA///wBQb+ek2ItgAyAhdDVUVJSAAAGH+fCAgAAAAALMvDRBEAAAIXQ1VFSUgAABl/nwgIAAAAACyk26AQAACZcuND",
		Meaning{Kind: "programme", Edge: End, ID: "1207959576", Duration: -1, Text: "time_signal programme end"}, TimeSignal, 0x07a4d88b6, true,
	},
	{
		"time_signal, programme overlap", "/DAvAAAAAAAA///wBQb+rr//ZAAZAhdDVUVJSAAACH+fCAgAAAAALKVs9RcAAJUdsKg=",
		Meaning{Kind: "programme", Edge: Begin, ID: "1207959560", Duration: -1, Text: "time_signal programme overlap start"}, TimeSignal, 0x0aebfff64, true,
	},
}

func TestExamplesOfTheStandard(t *testing.T) {
	for _, tt := range examples {
		t.Run(tt.name, func(t *testing.T) {
			b, err := base64.StdEncoding.DecodeString(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{tt.text, strings.TrimRight(tt.text, "="), "0x" + hex.EncodeToString(b), "0X" + strings.ToUpper(hex.EncodeToString(b)), ` "` + tt.text + `" `} {
				s, err := ParseText(text)
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				got := s.Meanings()[0]
				if got.Duration > 0 {
					got.Duration = got.Duration.Round(time.Microsecond)
				}
				if got != tt.want || s.Command != tt.command || s.Time != tt.time || s.Timed != tt.timed {
					t.Errorf("got %+v, %+v, want %+v", got, s, tt.want)
				}
			}
		})
	}
}

// One message may say two things.
func TestEndOfOneAndBeginOfAnother(t *testing.T) {
	s, err := ParseText(examples[3].text)
	if err != nil {
		t.Fatal(err)
	}
	list := s.Meanings()
	if len(list) != 2 || list[0].Edge != End || list[1].Edge != Begin || list[1].ID != "1207959577" || list[1].Text != "time_signal programme start" {
		t.Errorf("got %+v", list)
	}
}

// Every byte counts: a section with any bit changed is refused, and so is any part of one.
func TestDamagedSectionsAreRefused(t *testing.T) {
	for _, tt := range examples {
		b, err := Decode(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 8 * len(b) {
			c := append([]byte(nil), b...)
			c[i/8] ^= 1 << (i % 8)
			if _, err := Parse(c); err == nil && i/8 != 1 { // the length may say less by what the checksum cannot see only if it lies beyond
				t.Fatalf("%s: bit %d changed and nobody noticed", tt.name, i)
			}
		}
		for n := range b {
			if _, err := Parse(b[:n]); err == nil {
				t.Fatalf("%s: cut to %d bytes and nobody noticed", tt.name, n)
			}
		}
	}
}

// section wraps a command and descriptors.
func section(command Command, length int, body, descriptors []byte) []byte {
	b := []byte{tableID, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xf0 | byte(length>>8), byte(length), byte(command)}
	b = append(b, body...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(descriptors)))
	b = append(b, descriptors...)
	b[1], b[2] = 0x30|byte((len(b)+1)>>8), byte(len(b)+1)
	return binary.BigEndian.AppendUint32(b, crc(b))
}

func TestCommands(t *testing.T) {
	out := []byte{0, 0, 0, 7, 0x7f, 0xdf &^ 0x20, 0, 1, 0, 0} // event 7, out of the network, program splice, immediate
	tests := []struct {
		name string
		b    []byte
		want Meaning
	}{
		{"immediate out", section(SpliceInsert, len(out), out, nil), Meaning{Kind: "break", Edge: Begin, ID: "7", Duration: -1, Text: "splice_insert out"}},
		{"a command that does not say how long it is", section(SpliceInsert, 0xfff, out, nil), Meaning{Kind: "break", Edge: Begin, ID: "7", Duration: -1, Text: "splice_insert out"}},
		{"in", section(SpliceInsert, 10, []byte{0, 0, 0, 7, 0x7f, 0x5f, 0, 1, 0, 0}, nil), Meaning{Kind: "break", Edge: End, ID: "7", Duration: -1, Text: "splice_insert in"}},
		{"cancelled", section(SpliceInsert, 5, []byte{0, 0, 0, 7, 0xff}, nil), Meaning{Kind: "other", ID: "7", Cancels: true, Duration: -1, Text: "splice_insert cancels event 7"}},
		{"components", section(SpliceInsert, 18, []byte{0, 0, 0, 7, 0x7f, 0x8f, 2, 1, 0x7f, 2, 0xfe, 0, 0, 0, 9, 0, 1, 0, 0}[:18], nil), Meaning{Kind: "break", Edge: Begin, ID: "7", Duration: -1, Text: "splice_insert out"}},
		{"null", section(SpliceNull, 0, nil, nil), Meaning{Kind: "other", Edge: "", ID: "", Duration: -1, Text: "splice_null"}},
		{"unknown", section(0x42, 3, []byte{1, 2, 3}, nil), Meaning{Kind: "other", Edge: "", ID: "", Duration: -1, Text: "splice command 0x42"}},
		{"other descriptors", section(TimeSignal, 1, []byte{0x7f}, []byte{0, 4, 'C', 'U', 'E', 'I', 2, 4, 'X', 'X', 'X', 'X'}), Meaning{Kind: "other", Edge: "", ID: "", Duration: -1, Text: "time_signal"}},
		{"cancelled segmentation", section(TimeSignal, 1, []byte{0x7f}, []byte{2, 9, 'C', 'U', 'E', 'I', 0, 0, 0, 5, 0xff}), Meaning{Kind: "other", ID: "5", Cancels: true, Duration: -1, Text: "time_signal cancels event 5"}},
	}
	for _, tt := range tests {
		s, err := Parse(tt.b)
		if got := s.Meanings()[0]; err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
}

// What lengths promise must be there.
func TestLengthsThatLie(t *testing.T) {
	for name, b := range map[string][]byte{
		"command longer than the section":     section(SpliceNull, 0xffe, nil, nil),
		"descriptor longer than its loop":     section(TimeSignal, 1, []byte{0x7f}, []byte{2, 200, 'C', 'U', 'E', 'I'}),
		"UPID longer than its descriptor":     section(TimeSignal, 1, []byte{0x7f}, []byte{2, 15, 'C', 'U', 'E', 'I', 0, 0, 0, 5, 0x7f, 0xbf, 8, 200, 0x34, 1, 1}),
		"components longer than a descriptor": section(TimeSignal, 1, []byte{0x7f}, []byte{2, 15, 'C', 'U', 'E', 'I', 0, 0, 0, 5, 0x7f, 0x3f, 255, 0, 0, 1, 1}),
		"command that ends early":             section(SpliceInsert, 3, []byte{0, 0, 0}, nil),
	} {
		if s, err := Parse(b); err == nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
	many := []byte{}
	for range 100 {
		many = append(many, 2, 9, 'C', 'U', 'E', 'I', 0, 0, 0, 5, 0xff)
	}
	if s, err := Parse(section(TimeSignal, 1, []byte{0x7f}, many)); err != nil || len(s.Segmentations) != maxDescriptors {
		t.Errorf("%d descriptors, %v", len(s.Segmentations), err)
	}
}

func TestEncryptedSectionsAreNamed(t *testing.T) {
	b := section(SpliceInsert, 10, make([]byte, 10), nil)
	b[4] |= 0x80
	b = binary.BigEndian.AppendUint32(b[:len(b)-4], crc(b[:len(b)-4]))
	if s, err := Parse(b); err != nil || !s.Encrypted || s.Meanings()[0].Text != "encrypted splice_insert" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestTextThatIsNone(t *testing.T) {
	for _, text := range []string{"", "0x", "0xfg", "0xfc3", "not base64!", "/DA", "AAAA", strings.Repeat("A", 3*MaxSection)} {
		if s, err := ParseText(text); err == nil {
			t.Errorf("%q: %+v", text, s)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, tt := range examples {
		if b, err := Decode(tt.text); err == nil {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		check(t, b)
		// The checksum keeps a fuzzer out; with it put right the rest is reached.
		if len(b) >= 7 && len(b) <= MaxSection-4 {
			c := append([]byte(nil), b...)
			c[0], c[1], c[2] = tableID, 0x30|byte((len(c)+1)>>8), byte(len(c)+1)
			check(t, binary.BigEndian.AppendUint32(c, crc(c)))
		}
	})
}

func check(t *testing.T, b []byte) {
	s, err := Parse(b)
	if err != nil {
		return
	}
	list := s.Meanings()
	if len(list) == 0 || len(list) > maxDescriptors || s.Time >= 1<<33 {
		t.Fatalf("%+v, %+v", s, list)
	}
	for _, m := range list {
		if m.Text == "" || m.Kind == "" || m.Duration < -1 {
			t.Fatalf("%+v, %+v", s, m)
		}
	}
}
