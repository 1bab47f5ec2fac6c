package source

import (
	"context"
	"time"

	"aircheck/jobs"
	"aircheck/producer/live"
	"aircheck/producer/source/dash"
	"aircheck/producer/source/hls"
	"aircheck/producer/source/location"
	"aircheck/storage"
)

// OpenLive makes the reader that follows a live stream, and says of which kind that is: by the ending of its address, else by what it begins with. now is the
// clock; nil means time.Now. The error is about an address that is none, or an origin that did not answer where only that tells the kind.
func OpenLive(ctx context.Context, origin storage.Origin, input string, now func() time.Time) (live.Source, jobs.SourceKind, error) {
	loc, err := location.Parse(input)
	if err != nil {
		return nil, "", jobs.Classify(jobs.Permanent, err)
	}
	manifest := loc.Ext() == ".mpd"
	if ext := loc.Ext(); !manifest && ext != ".m3u8" && ext != ".m3u" {
		head, err := readHead(ctx, origin, loc)
		if err != nil {
			return nil, "", classify(err)
		}
		manifest = isDASH(head)
	}
	if manifest {
		return dash.NewLive(live.Config{Origin: origin, Location: loc, Now: now}), jobs.SourceDASH, nil
	}
	return hls.NewLive(live.Config{Origin: origin, Location: loc, Now: now}), jobs.SourceHLS, nil
}
