package source

import (
	"context"
	"errors"
	"testing"

	"aircheck/jobs"
	"aircheck/producer/source/internal/fake"
)

func TestOpenLiveTellsKindsApart(t *testing.T) {
	origin := &fake.Origin{Objects: map[string]string{"https://h/a": "<MPD>", "https://h/b": playlist}, Errors: map[string]error{"https://h/c": errors.New("down")}}
	for input, want := range map[string]jobs.SourceKind{
		"https://h/x.mpd?token=1": jobs.SourceDASH, "https://h/x.m3u8": jobs.SourceHLS, "https://h/a": jobs.SourceDASH, "https://h/b": jobs.SourceHLS, "https://h/c": "", "rtmp://h/x.mpd": "",
	} {
		src, kind, err := OpenLive(context.Background(), origin, input, nil)
		if kind != want || (err == nil) != (want != "") || (src == nil) != (want == "") {
			t.Errorf("%s: %v of kind %q, %v", input, src, kind, err)
		}
	}
}
