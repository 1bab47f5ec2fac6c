package queue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"

	"aircheck/jobs"
)

// EvidenceTimeout is how long one attempt at the pictures of a check may take: some hundred looks of a second each, on a worker that is busy with other things.
const EvidenceTimeout = 20 * time.Minute

// evidenceRetries ends a task that fails in ways that nobody thought of: a report without pictures is a report.
const evidenceRetries = 20

// evidenceTries is how often making pictures is tried when what fails may pass: for four minutes at the least, as a store or an origin that is started anew is away for longer than the
// seconds of a few tries, and nobody asks again. The last try makes do with what can be had.
const evidenceTries = 10

// EvidenceMaker is a Handler that makes pictures of what checks have found, too.
type EvidenceMaker interface {
	// Evidence makes them for a check that has a report, or so far for one that grows. On the last try it makes do with what can be had.
	Evidence(ctx context.Context, check string, lastTry bool) error
	// FirstFrames makes those of a check that grows, and nothing for one that has a report: the report brings a task of its own.
	FirstFrames(ctx context.Context, check string, lastTry bool) error
}

// evidencePayload asks for the pictures of a check.
type evidencePayload struct {
	V     int    `json:"v"`
	Check string `json:"check"`
	// First: only the first frames of a check that goes on.
	First bool `json:"first,omitempty"`
}

// EnqueueEvidence asks for the pictures of a check. A task that is there already is no error.
func (c *Client) EnqueueEvidence(ctx context.Context, check string) error {
	return c.enqueueEvidence(ctx, evidencePayload{Check: check}, check+"-evidence", asynq.Retention(retention))
}

// EnqueueFirstFrame asks for the first frame of a finding of a check that goes on; key is its jobs.FindingKey. Asking again is no error. A task that is over leaves nothing behind that
// would swallow the next: the picture may not have been had.
func (c *Client) EnqueueFirstFrame(ctx context.Context, check, key string) error {
	sum := sha256.Sum256([]byte(key))
	return c.enqueueEvidence(ctx, evidencePayload{Check: check, First: true}, check+"-evidence-"+hex.EncodeToString(sum[:8]))
}

func (c *Client) enqueueEvidence(ctx context.Context, p evidencePayload, id string, more ...asynq.Option) error {
	p.V = jobs.Version
	payload, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode evidence task: %w", err)
	}
	options := append(more, asynq.Queue(Evidence), asynq.TaskID(id), asynq.Timeout(EvidenceTimeout+backstop), asynq.MaxRetry(evidenceRetries))
	_, err = c.asynq.EnqueueContext(ctx, asynq.NewTask(typeEvidence, payload), options...)
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
		return fmt.Errorf("ask for evidence of check %s: %w", p.Check, err)
	}
	return nil
}

// evidence makes the pictures of a check. That they cannot be made is told in the log and in the archive of the queue, and changes nothing of the check.
func (c *Consumer) evidence(ctx context.Context, id string, payload []byte) error {
	var p evidencePayload
	if err := json.Unmarshal(payload, &p); err != nil || p.V != jobs.Version || p.Check == "" {
		return skip(fmt.Errorf("decode evidence task %s: version %d: %w", id, p.V, err))
	}
	maker, ok := c.handler.(EvidenceMaker)
	if !ok {
		return skip(fmt.Errorf("evidence task %s: this worker makes none", id))
	}
	failures, _ := asynq.GetRetryCount(ctx)
	attempt, cancel := context.WithTimeoutCause(ctx, EvidenceTimeout, errDeadline)
	defer cancel()
	work := maker.Evidence
	if p.First {
		work = maker.FirstFrames
	}
	err := c.guard(func() error { return work(attempt, p.Check, failures+1 >= evidenceTries) })
	if err == nil {
		return nil
	}
	err = classified(attempt, err)
	class := jobs.ClassOf(err)
	if class == jobs.Cancelled {
		return err
	}
	c.cfg.Log.Warn("evidence failed", "task", id, "class", class, "attempt", failures+1, "error", err)
	switch {
	case failures+1 < evidenceTries && !c.cfg.Policy.spent(class, failures):
		return err
	case p.First:
		return errors.Join(err, asynq.RevokeTask) // in the archive it would swallow the next
	}
	return skip(err)
}
