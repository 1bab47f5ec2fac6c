package captions

import (
	"encoding/binary"
	"testing"
)

func boxOf(kind string, body ...byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	return append(append(b, kind...), body...)
}

// trackOf is a trak with a handler and the name of its sample entry.
func trackOf(handler, entry string) []byte {
	hdlr := boxOf("hdlr", append(make([]byte, 8), handler...)...)
	stsd := boxOf("stsd", append(make([]byte, 12), entry...)...)
	return boxOf("trak", boxOf("mdia", append(hdlr, boxOf("minf", boxOf("stbl", stsd...)...)...)...)...)
}

// TestTextBesidePicturesIsNoSubtitles: a muxed segment is decoded, whatever track comes last in its initialisation section.
func TestTextBesidePicturesIsNoSubtitles(t *testing.T) {
	text := boxOf("moov", trackOf("text", "wvtt")...)
	muxed := boxOf("moov", append(append(trackOf("vide", "avc1"), trackOf("soun", "mp4a")...), trackOf("text", "wvtt")...)...)
	if _, ok := Read(text, nil); !ok {
		t.Error("a text track alone is no subtitles")
	}
	if _, ok := Read(muxed, nil); ok {
		t.Error("pictures and sound are subtitles, because text goes along")
	}
}

// TestNestedBoxes: an initialisation section of boxes within boxes costs no stack.
func TestNestedBoxes(t *testing.T) {
	var f fragment
	init := trackOf("text", "wvtt")
	for range 10 {
		init = boxOf("moov", init...)
	}
	if f.open(init, 0); f.wvtt {
		t.Error("boxes are read as deep as they go")
	}
}
