package jobs

import "time"

// EventKind is what happened to a finding, or to a check, while a stream runs.
type EventKind string

// The kinds of events.
const (
	// EventOpened: the finding was not there before.
	EventOpened EventKind = "opened"
	// EventUpdated: it became worse, or twice as long as when it was last told.
	EventUpdated EventKind = "updated"
	// EventClosed: what was judged since goes on without it.
	EventClosed EventKind = "closed"
	// EventWithdrawn: with what came since it is no finding any more, or part of another one.
	EventWithdrawn EventKind = "withdrawn"
	// EventFinished: the check has its report.
	EventFinished EventKind = "finished"
	// EventGivenUp: the check will have no report. The fleet is to blame, not the stream.
	EventGivenUp EventKind = "given_up"
	// EventSilent: nothing was judged of a live stream for some time, and nobody said that it ended.
	EventSilent EventKind = "silent"
	// EventHeard: a stream that was silent is judged again, or its check is over; it names the check of the EventSilent.
	EventHeard EventKind = "heard"
)

// Event is news about a check. It may be told twice: equal IDs are one event.
type Event struct {
	// ID is the check's id and the number of the event in it.
	ID     string    `json:"id"`
	Kind   EventKind `json:"kind"`
	Time   time.Time `json:"time"` // when it was told
	Stream string    `json:"stream"`
	Check  string    `json:"check"`
	// Message says what is the matter, and what to do, in events that are about no finding.
	Message string `json:"message,omitempty"`
	// Finding is nil in events about the check or stream as a whole. Its times are on the timeline of the check.
	Finding *Finding `json:"finding,omitempty"`
	// From is when the finding began by the stream's own clock (program time); nil when the stream has none. In EventSilent it is when something was judged last.
	From *time.Time `json:"from,omitempty"`
	// Latency is how long before Time the newest media that was judged for it had been published, in seconds; absent when that is unknown.
	Latency *Number `json:"latency,omitempty"`
	// Judged is how far the check is judged, and 0 in EventFinished.
	Judged Seconds `json:"judged,omitempty"`
	// Verdict and Digest are those of the report in EventFinished.
	Verdict Verdict `json:"verdict,omitempty"`
	Digest  string  `json:"digest,omitempty"`
}
