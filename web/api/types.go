package api

import (
	"time"

	"aircheck/jobs"
	"aircheck/jobs/queue"
)

// Judging says under which thresholds.
type Judging struct {
	Profile      string   `json:"profile,omitempty" doc:"name of a profile that ships with aircheck; several, with commas between them, are laid over each other. Missing: default"`
	ProfileYAML  string   `json:"profile_yaml,omitempty" doc:"a profile of your own as YAML, laid over profile"`
	Set          []string `json:"set,omitempty" doc:"single thresholds on top, such as video.black.fail=3s"`
	BreakProfile string   `json:"break_profile,omitempty" doc:"name of the profile under which announced ad breaks are judged"`
}

// Planning says how a stream is cut and how deeply it is looked at.
type Planning struct {
	Window string `json:"window,omitempty" doc:"length of the pieces that are measured at a time, such as 60s"`
	Depth  string `json:"depth,omitempty" enum:"full,fast" doc:"fast decodes key frames and sound, and all of what looks suspicious"`
}

// CheckRequest asks for a check.
type CheckRequest struct {
	Input     string `json:"input" doc:"http(s):// or s3:// URL of a media file, an HLS playlist or a DASH manifest, as the workers can read it"`
	Reference string `json:"reference,omitempty" doc:"compare with this input"`
	Queue     string `json:"queue,omitempty" enum:"live,vod,backfill" doc:"missing: vod"`
	ID        string `json:"id,omitempty" doc:"id of the check; when there is such a check already, nothing is submitted"`
	Tick      string `json:"tick,omitempty" doc:"text or time that stands for this run: the same one, input and profile is the same check"`
	Judging
	Planning
}

// Submitted is a check that was asked for.
type Submitted struct {
	ID      string `json:"id"`
	Input   string `json:"input"`
	Windows int    `json:"windows"`
	Warning string `json:"warning,omitempty" doc:"what a producer still has to make up for"`
}

// CheckStatus says how far a check is.
type CheckStatus struct {
	ID        string           `json:"id"`
	Input     string           `json:"input"`
	Queue     string           `json:"queue"`
	Created   time.Time        `json:"created"`
	State     string           `json:"state" enum:"growing,measuring,judging,done,failed" doc:"growing: the stream is live; failed: it could not be judged"`
	Verdict   jobs.Verdict     `json:"verdict,omitempty"`
	Digest    string           `json:"digest,omitempty"`
	Error     string           `json:"error,omitempty" doc:"why it could not be judged"`
	Sequences []SequenceStatus `json:"sequences"`
}

// SequenceStatus counts the windows of a sequence.
type SequenceStatus struct {
	ID       string `json:"id"`
	Name     string `json:"name,omitempty"`
	Windows  int    `json:"windows"`
	Measured int    `json:"measured"`
	Failed   int    `json:"failed"`
	Running  *int   `json:"running,omitempty" doc:"absent, with waiting and lost, when the queue could not be asked or the check is done"`
	Waiting  *int   `json:"waiting,omitempty"`
	Lost     *int   `json:"lost,omitempty" doc:"windows that nobody works on; a producer enqueues them anew"`
}

// CheckList is a page of recent checks.
type CheckList struct {
	Checks []RecentCheck `json:"checks" doc:"the newest first"`
	Total  int           `json:"total" doc:"how many are remembered; the store may hold more"`
	Next   int           `json:"next,omitempty" doc:"offset of the next page; absent on the last one"`
}

// RecentCheck is an entry of the list.
type RecentCheck struct {
	ID      string       `json:"id"`
	Input   string       `json:"input"`
	Created time.Time    `json:"created"`
	Verdict jobs.Verdict `json:"verdict,omitempty" doc:"absent while it goes on"`
	GivenUp bool         `json:"given_up,omitempty" doc:"the check could not be judged and will have no report"`
}

// SignatureList has the signatures of the findings of a check.
type SignatureList struct {
	Signatures []jobs.Signed `json:"signatures"`
}

// RejudgeRequest asks for another judgement of what was measured.
type RejudgeRequest struct {
	Judging
}

// Verification says whether a report follows from what was measured.
type Verification struct {
	ID       string `json:"id"`
	Verified bool   `json:"verified"`
	Stored   string `json:"stored" doc:"digest of the report"`
	Judged   string `json:"judged" doc:"digest of what was judged now"`
}

// EstimateRequest asks what a check would take.
type EstimateRequest struct {
	Input     string  `json:"input" doc:"as of a check"`
	CoreSpeed float64 `json:"core_speed,omitempty" doc:"seconds of 1080p25 that one core measures in a second"`
	CorePrice float64 `json:"core_price,omitempty" doc:"what a core-hour costs, in any currency"`
	Judging
	Planning
}

// Estimate says what a check would take.
type Estimate struct {
	Windows   int                `json:"windows"`
	Bytes     int64              `json:"bytes"`
	Exact     bool               `json:"bytes_exact" doc:"false: bandwidth times duration, as the playlist declares it"`
	Media     jobs.Seconds       `json:"media_seconds" doc:"of all sequences together"`
	CPU       jobs.Seconds       `json:"cpu_seconds" doc:"a rule of thumb"`
	Cost      float64            `json:"cost"`
	Sequences []SequenceEstimate `json:"sequences"`
}

// SequenceEstimate is that of one sequence.
type SequenceEstimate struct {
	ID       string       `json:"id"`
	Name     string       `json:"name,omitempty"`
	Duration jobs.Seconds `json:"duration"`
	Segments int          `json:"segments"`
	Windows  int          `json:"windows"`
	Bytes    int64        `json:"bytes"`
	Exact    bool         `json:"bytes_exact"`
	CPU      jobs.Seconds `json:"cpu_seconds"`
}

// BackfillRequest asks to check what lies in the past.
type BackfillRequest struct {
	Target      string   `json:"target,omitempty" doc:"name of an archived stream, or s3://bucket/prefix whose keys hold dates"`
	Layout      string   `json:"layout,omitempty" doc:"address with {yyyy} {mm} {dd} {hh} {MM} and * in it, instead of target"`
	From        string   `json:"from" doc:"RFC 3339, a date, or a distance such as -7d"`
	To          string   `json:"to,omitempty" doc:"likewise; missing: now"`
	Timezone    string   `json:"timezone,omitempty" doc:"zone of times that name none; missing: UTC"`
	Every       string   `json:"every,omitempty" doc:"take one of each so long a time, such as 6h"`
	OnlyMissing bool     `json:"only_missing,omitempty" doc:"leave out hours whose live check has a report under this profile"`
	Queue       string   `json:"queue,omitempty" enum:"live,vod,backfill" doc:"missing: backfill"`
	Rate        *float64 `json:"rate,omitempty" doc:"windows submitted in a second; 0 is as many as can be"`
	MaxOpen     *int     `json:"max_open,omitempty" doc:"windows that may wait in the queue; 0 is any number"`
	DryRun      bool     `json:"dry_run,omitempty" doc:"say what would be done, and do nothing"`
	CoreSpeed   float64  `json:"core_speed,omitempty"`
	CorePrice   float64  `json:"core_price,omitempty"`
	Judging
	Planning
}

// BackfillPlan says what a backfill does.
type BackfillPlan struct {
	Target string         `json:"target"`
	From   time.Time      `json:"from"`
	To     time.Time      `json:"to"`
	Queue  string         `json:"queue"`
	Cost   float64        `json:"cost"`
	Items  []BackfillItem `json:"items"`
	Total  BackfillTotal  `json:"total"`
}

// BackfillItem is one check of a plan.
type BackfillItem struct {
	ID      string       `json:"id"`
	Input   string       `json:"input"`
	Begin   time.Time    `json:"begin"`
	State   string       `json:"state" enum:"wanted,present,checked,unreadable" doc:"present: submitted before; checked: judged when it was live"`
	Windows int          `json:"windows,omitempty"`
	Bytes   int64        `json:"bytes,omitempty"`
	Exact   bool         `json:"bytes_exact,omitempty"`
	Media   jobs.Seconds `json:"media_seconds,omitempty"`
	CPU     jobs.Seconds `json:"cpu_seconds,omitempty"`
	Error   string       `json:"error,omitempty"`
}

// BackfillTotal sums up the wanted items, and counts the others.
type BackfillTotal struct {
	Checks     int          `json:"checks"`
	Windows    int          `json:"windows"`
	Bytes      int64        `json:"bytes"`
	Exact      bool         `json:"bytes_exact"`
	Media      jobs.Seconds `json:"media_seconds"`
	CPU        jobs.Seconds `json:"cpu_seconds"`
	Present    int          `json:"present"`
	Checked    int          `json:"checked"`
	Unreadable int          `json:"unreadable"`
}

// BackfillProgress says how far a backfill is.
type BackfillProgress struct {
	Submitted int `json:"submitted"`
	Windows   int `json:"windows"`
	Present   int `json:"present" doc:"others were faster"`
	Failed    int `json:"failed"`
	Left      int `json:"left"`
}

// Backfill is one that was begun. It lives in the process that runs it; when that ends, the same request goes on.
type Backfill struct {
	ID       string           `json:"id"`
	Target   string           `json:"target"`
	Person   string           `json:"person"`
	Begun    time.Time        `json:"begun"`
	State    string           `json:"state" enum:"running,done,failed"`
	Error    string           `json:"error,omitempty"`
	Total    BackfillTotal    `json:"total"`
	Progress BackfillProgress `json:"progress"`
}

// BackfillList has the backfills of this process.
type BackfillList struct {
	Backfills []Backfill `json:"backfills" doc:"the newest first"`
}

// Schedule is an entry of the schedule.
type Schedule struct {
	Name     string      `json:"name"`
	Cron     string      `json:"cron"`
	What     string      `json:"what"`
	CatchUp  string      `json:"catch_up"`
	Next     []time.Time `json:"next"`
	LastTick *time.Time  `json:"last_tick,omitempty"`
	Error    string      `json:"error,omitempty" doc:"what went wrong then"`
}

// ScheduleList is the schedule.
type ScheduleList struct {
	Schedules []Schedule `json:"schedules"`
}

// FleetStatus says how the fleet is.
type FleetStatus struct {
	Workers int                      `json:"workers"`
	Slots   int                      `json:"slots"`
	Busy    int                      `json:"busy"`
	Queues  []QueueStatus            `json:"queues"`
	Latency map[string]LatencyStatus `json:"latency" doc:"of live findings over the last minutes, from segment and from window"`
	Streams []StreamStatus           `json:"streams"`
}

// QueueStatus is that of one queue.
type QueueStatus struct {
	Queue   string      `json:"queue"`
	Waiting int         `json:"waiting"`
	Running int         `json:"running"`
	Oldest  jobs.Number `json:"oldest_s" doc:"how long the oldest task waits"`
}

// LatencyStatus are quantiles in seconds; without figures count is 0 and the rest says nothing.
type LatencyStatus struct {
	Count int64       `json:"count"`
	P50   jobs.Number `json:"p50_s"`
	P95   jobs.Number `json:"p95_s"`
	P99   jobs.Number `json:"p99_s"`
}

// StreamStatus is that of a live stream.
type StreamStatus struct {
	queue.StreamStatus
	Leader string `json:"leader,omitempty" doc:"the producer that follows the stream; absent when none does"`
	Silent bool   `json:"silent,omitempty" doc:"nothing is heard of it any more, or never was, for longer than its windows and its latency explain"`
	Advice string `json:"advice,omitempty" doc:"what is the matter and what to do, of a stream that is silent or, with wanted, of which nothing was judged yet"`
}

// StreamList has all live streams.
type StreamList struct {
	Streams []StreamStatus `json:"streams"`
}

// HourList says how the hours of a stream went.
type HourList struct {
	Stream string            `json:"stream"`
	Hours  []jobs.StreamHour `json:"hours"`
}

// EventList is news.
type EventList struct {
	Events []jobs.Event `json:"events"`
	Cursor string       `json:"cursor" doc:"give it as after to go on from here"`
}

// Profile is one that ships with aircheck.
type Profile struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// ProfileList has all of them.
type ProfileList struct {
	Profiles []Profile `json:"profiles"`
}

// Detector is what is known about a code of findings.
type Detector struct {
	Code       string      `json:"code"`
	Summary    string      `json:"summary"`
	Method     string      `json:"method" doc:"the method page, Markdown"`
	Thresholds []Threshold `json:"thresholds"`
}

// Threshold is one that a profile can set.
type Threshold struct {
	Name    string   `json:"name"`
	Default *float64 `json:"default" doc:"null: not in force"`
	Unit    string   `json:"unit,omitempty"`
	Doc     string   `json:"doc"`
}

// DetectorList has all codes.
type DetectorList struct {
	Detectors []Detector `json:"detectors"`
}

// Rule is one of packaging or delivery.
type Rule struct {
	Code    string      `json:"code"`
	Summary string      `json:"summary"`
	Applies string      `json:"applies"`
	Clause  string      `json:"clause" doc:"where it comes from"`
	Unit    string      `json:"unit,omitempty"`
	Levels  []RuleLevel `json:"levels"`
	Checked string      `json:"checked" doc:"how it is looked at, Markdown"`
}

// RuleLevel is the least value from which a finding has a severity.
type RuleLevel struct {
	Severity jobs.Severity `json:"severity"`
	From     float64       `json:"from"`
}

// RuleList has all rules.
type RuleList struct {
	Rules []Rule `json:"rules"`
}

// WaiverRequest says that a finding is intended.
type WaiverRequest struct {
	Check   string     `json:"check" doc:"id of the check that has the finding"`
	Finding string     `json:"finding" doc:"code, rendition and start in microseconds: video.black/v0/3000000"`
	Reason  string     `json:"reason"`
	Stream  string     `json:"stream,omitempty" doc:"limits the waiver to one live stream or input; missing: wherever the content turns up"`
	Expires *time.Time `json:"expires,omitempty" doc:"missing: never"`
}

// WaiverList has the waivers.
type WaiverList struct {
	Waivers []jobs.Waiver `json:"waivers" doc:"the newest first; those that ended included"`
}

// AuditList is the log of what people did.
type AuditList struct {
	Entries []jobs.AuditEntry `json:"entries" doc:"the newest first"`
}

// Version has the versions that a report depends on.
type Version struct {
	Aircheck string `json:"aircheck"`
	Measure  int    `json:"measure"`
	Judge    int    `json:"judge"`
	FFmpeg   string `json:"ffmpeg,omitempty" doc:"absent in a build without a decoder"`
}

// Identity says who asks.
type Identity struct {
	Name string `json:"name"`
	Role string `json:"role" enum:"viewer,operator,admin"`
}
