package hls

import (
	"maps"
	"strings"
	"testing"
)

func TestAttributes(t *testing.T) {
	tests := []struct {
		text string
		want map[string]string
		ok   bool
	}{
		{"", map[string]string{}, true},
		{`A=1,B="x,y",C=YES`, map[string]string{"A": "1", "B": "x,y", "C": "YES"}, true},
		{` A = 1 , B="" ,C=0x1F `, map[string]string{"A": "1", "B": "", "C": "0x1F"}, true},
		{`A=1,`, map[string]string{"A": "1"}, true},
		{`A=1,A=2`, map[string]string{"A": "1"}, false},
		{`A="open`, map[string]string{}, false},
		{`A="x"y,B=1`, map[string]string{}, false},
		{`A=1,B`, map[string]string{"A": "1"}, false},
		{`=1`, map[string]string{}, false},
	}
	for _, tt := range tests {
		got, err := attributes(tt.text)
		if !maps.Equal(got, tt.want) || (err == nil) != tt.ok {
			t.Errorf("%q: %v, %v; want %v", tt.text, got, err, tt.want)
		}
	}
}

// What is read and written again reads the same.
func FuzzAttributes(f *testing.F) {
	for _, line := range strings.Split(cleanMaster+cleanMedia+cleanLive, "\n") {
		if _, value, ok := strings.Cut(line, ":"); ok {
			f.Add(value)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := attributes(text)
		if len(list) > len(text)/2+1 {
			t.Fatalf("%d attributes of %q", len(list), text)
		}
		if err != nil {
			return
		}
		var b strings.Builder
		for name, value := range list {
			b.WriteString("," + name + `="` + value + `"`)
			if strings.Contains(value, `"`) {
				return // a bare value may hold a quote inside
			}
		}
		again, err := attributes(strings.TrimPrefix(b.String(), ","))
		if err != nil || !maps.Equal(again, list) {
			t.Fatalf("%q: %v, again %v, %v", text, list, again, err)
		}
	})
}
