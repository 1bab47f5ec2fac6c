package serve

import (
	"testing"

	"aircheck/jobs"
	"aircheck/jobs/queue"
)

// First frames are asked for once a finding, of what is worth a look and can be seen.
func TestFirstFramesAreAskedForOnce(t *testing.T) {
	t.Parallel()
	event := func(kind jobs.EventKind, code string, severity jobs.Severity, start jobs.Seconds) jobs.Event {
		return jobs.Event{Kind: kind, Check: liveCheck, Finding: &jobs.Finding{Code: code, Rendition: "v0", Severity: severity, Start: start, End: start + 1}}
	}
	events := []jobs.Event{
		event(jobs.EventOpened, "video.black", jobs.Fail, 1), event(jobs.EventUpdated, "video.black", jobs.Fail, 1), event(jobs.EventUpdated, "video.freeze", jobs.Warn, 2),
		event(jobs.EventOpened, "video.range", jobs.Info, 3), event(jobs.EventClosed, "video.blur", jobs.Fail, 4), event(jobs.EventOpened, "segment.missing", jobs.Fail, 5),
		event(jobs.EventOpened, "audio.silence", jobs.Fail, 6), {Kind: jobs.EventFinished, Check: liveCheck},
	}
	for _, c := range []struct {
		pictures bool
		want     int
	}{{false, 0}, {true, 2}} {
		b := newLiveBed(t, 1)
		o := b.observer()
		o.Pictures = c.pictures
		o.picture(t.Context(), events)
		o.picture(t.Context(), events)
		all, err := b.queue.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			if s.Queue == queue.Evidence && s.Pending != c.want {
				t.Errorf("pictures %t: %d tasks, want %d", c.pictures, s.Pending, c.want)
			}
		}
	}
}
