// Package source opens a stream and makes a timeline of it: sequences of segments or objects with their addresses, times and keys, and the faults that
// showed on the way.
//
// It reads playlists and the indexes of containers by bounded ranges; it never decodes, and never downloads a large object. Every number in here comes
// from a stranger's file.
package source

import (
	"bytes"
	"context"
	"errors"
	"io"

	"aircheck/jobs"
	"aircheck/producer/source/dash"
	"aircheck/producer/source/file"
	"aircheck/producer/source/hls"
	"aircheck/producer/source/location"
	"aircheck/producer/source/recording"
	"aircheck/storage"
)

// sniffLength is how much tells a manifest from media: white space and an XML declaration fit before the root element.
const sniffLength = 4 << 10

// Open makes the timeline of an input: a path, http(s)://, s3://, or file://; an HLS playlist, a DASH manifest or a media file. The same bytes give the same timeline.
//
// An input that cannot be reached is the origin's error, which names it, with a class; an input that is reached and broken is a timeline with findings. A
// playlist or manifest without any segment gives a timeline without sequences.
func Open(ctx context.Context, origin storage.Origin, input string) (jobs.Timeline, error) {
	loc, err := location.Parse(input)
	if err != nil {
		return jobs.Timeline{}, jobs.Classify(jobs.Permanent, err)
	}
	tl, err := open(ctx, origin, loc)
	return tl, classify(err)
}

func open(ctx context.Context, origin storage.Origin, loc location.Location) (jobs.Timeline, error) {
	head, err := readHead(ctx, origin, loc)
	switch {
	case err != nil:
		return jobs.Timeline{}, err
	case len(head) == 0:
		return nothing(loc, "is empty"), nil
	case jobs.IsWebPage(head):
		return nothing(loc, "is "+jobs.WebPage), nil
	case recording.IsRecording(head):
		return recording.Timeline(ctx, origin, loc)
	case hls.IsPlaylist(head) || loc.Ext() == ".m3u8":
		return hls.Timeline(ctx, origin, loc)
	case isDASH(head) || loc.Ext() == ".mpd":
		return dash.Timeline(ctx, origin, loc)
	}
	return file.Timeline(ctx, origin, loc.URI())
}

func readHead(ctx context.Context, origin storage.Origin, loc location.Location) ([]byte, error) {
	body, err := origin.Open(ctx, loc.URI(), 0, sniffLength)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(io.LimitReader(body, sniffLength))
}

func isDASH(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	return bytes.HasPrefix(head, []byte("<")) && bytes.Contains(head, []byte("<MPD"))
}

// nothing is the timeline of an object in which there is nothing to look for: one finding says what it is, where parsers and decoders would say what it is not.
func nothing(loc location.Location, is string) jobs.Timeline {
	tl := jobs.Timeline{Kind: jobs.SourceFile}
	f := jobs.Finding{Code: "segment.corrupt", Severity: jobs.Fail, Confidence: 1, Message: "the object is no media that can be decoded: it " + is}
	switch loc.Ext() {
	case ".m3u8":
		tl.Kind, f.Code, f.Message = jobs.SourceHLS, "playlist.invalid", "the playlist "+is
	case ".mpd":
		tl.Kind, f.Code, f.Message = jobs.SourceDASH, "playlist.invalid", "the manifest "+is
	}
	tl.Findings = []jobs.Finding{f}
	return tl
}

// classify keeps a class that is known, asks the store about its own errors, and leaves the rest to be tried again.
func classify(err error) error {
	var known *jobs.Error
	if !errors.As(err, &known) && storage.IsPermanent(err) {
		return jobs.Classify(jobs.Permanent, err)
	}
	return err
}
