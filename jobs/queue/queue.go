// Package queue carries tasks between the producer and the workers over Redis, and knows at any time what became of them.
//
// It is the only importer of asynq and the only place where an error's class becomes a retry. Redis is a queue here and no memory: whatever
// it forgets, the reconciler finds again in the store. It may import jobs and Redis libraries, never storage, media or the judge.
package queue

import (
	"fmt"
	"strconv"

	"aircheck/jobs"
)

// The queues. Windows wait in the queue of their check; judges have one of their own, because a report must not wait behind all the windows that
// were submitted after it.
const (
	Live     = "live"
	Vod      = "vod"
	Backfill = "backfill"
	Judge    = "judge"
	// Evidence has the pictures of checks that are judged: they come when there is time.
	Evidence = "evidence"
)

// weights share the workers among the queues while all of them hold tasks (asynq: 601/309/90 of the first thousand for 6/3/1). They are no strict
// priorities, so a backfill never starves a live stream and is never starved itself. Judging takes milliseconds.
func weights() map[string]int {
	return map[string]int{Live: 6, Vod: 3, Backfill: 1, Judge: 6, Evidence: 1}
}

// Names lists the queues in the order in which they are shown.
func Names() []string { return []string{Live, Vod, Backfill, Judge, Evidence} }

// ValidName tells whether a check may be submitted to the queue.
func ValidName(queue string) error {
	switch queue {
	case Live, Vod, Backfill:
		return nil
	}
	return fmt.Errorf("unknown queue %q: %s, %s or %s", queue, Live, Vod, Backfill)
}

const (
	typeMeasure = "measure"
	typeJudge   = "judge"
	typeObserve = "observe"
	// typeEvidence makes pictures of what a check has found.
	typeEvidence = "evidence"
)

// Ref names one task: a window of a check, or its judge, in one epoch.
type Ref struct {
	Queue    string
	Check    string
	Sequence string // empty for the judge
	Window   int
	Epoch    int
}

// WindowRef names the task of a window.
func WindowRef(queue, check string, w jobs.Window, epoch int) Ref {
	return Ref{Queue: queue, Check: check, Sequence: w.Sequence, Window: w.Index, Epoch: epoch}
}

// JudgeRef names the task that judges a check.
func JudgeRef(check string, epoch int) Ref { return Ref{Queue: Judge, Check: check, Epoch: epoch} }

// id is asynq's TaskID.
func (r Ref) id() string {
	if r.Sequence == "" {
		return r.Check + "-judge-" + strconv.Itoa(r.Epoch)
	}
	return jobs.TaskID(r.Check, r.Sequence, r.Window, r.Epoch)
}

// member is how a window is called in the sets and hashes of its check.
func (r Ref) member() string {
	if r.Sequence == "" {
		return Judge
	}
	return windowMember(r.Sequence, r.Window)
}

func windowMember(sequence string, window int) string { return sequence + "/" + strconv.Itoa(window) }

// Keys of our own. The braces are hash tags: what one script touches lies on one node of a Redis Cluster.
func doneKey(check string) string   { return "aircheck:{" + check + "}:done" }
func totalKey(check string) string  { return "aircheck:{" + check + "}:total" }
func epochKey(check string) string  { return "aircheck:{" + check + "}:epoch" }
func deathsKey(check string) string { return "aircheck:{" + check + "}:deaths" }
func leaseKey(queue, id string) string {
	return "aircheck:{" + queue + "}:lease:" + id
}

// Keys of asynq (v0.26.0, internal/base). Its Inspector reads tasks one by one, with their payloads; the reconciler asks for the states of thousands.
const asynqQueues = "asynq:queues"

func taskKey(queue, id string) string   { return "asynq:{" + queue + "}:t:" + id }
func activeKey(queue string) string     { return "asynq:{" + queue + "}:active" }
func asynqLeaseKey(queue string) string { return "asynq:{" + queue + "}:lease" }
