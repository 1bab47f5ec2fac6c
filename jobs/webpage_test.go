package jobs

import (
	"strings"
	"testing"
)

func TestIsWebPage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		data string
		want bool
	}{
		{"<!DOCTYPE html><title>x</title>", true}, {"\xef\xbb\xbf\r\n\t <HTML lang=en>", true}, {"<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"x\">", true}, {"<html", true},
		{"", false}, {"<", false}, {"<?xml", false}, {"<?xml version=\"1.0\"?><tt xmlns=\"http://www.w3.org/ns/ttml\">", false}, {"<?xml version=\"1.0\"?><MPD>", false},
		{"#EXTM3U\n<html>", false}, {"WEBVTT\n\n<html>", false}, {"G<html>", false}, {"\x00\x00\x00\x18ftyp<html>", false}, {"not found <html>", false},
		{strings.Repeat(" ", webPageHead) + "<html>", false},
	} {
		if got := IsWebPage([]byte(tt.data)); got != tt.want {
			t.Errorf("%.40q: %t, want %t", tt.data, got, tt.want)
		}
	}
}
