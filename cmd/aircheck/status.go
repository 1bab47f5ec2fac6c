package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/jobs/queue"
	"aircheck/report"
	"aircheck/storage"
)

type statusFlags struct {
	storeFlags
	redisFlags
	remoteFlags
	format string
}

func newStatusCommand(a *app) *cobra.Command {
	var f statusFlags
	cmd := &cobra.Command{
		Use:   "status [ID]",
		Short: "Show how far a check is, or how the fleet is",
		Long: `Shows how far a check is, by sequence. What is done is read from the store; what is running and
waiting comes from the queue, and is left out when the queue cannot be reached.

Without an ID it shows the fleet: workers, queues, the latency of live findings over the last minutes, and
the live streams with who follows them and what is open.

Exit status: 0, also while the check goes on; 1 the check could not be judged, or nobody knows it.`,
		Example: "  aircheck status\n  aircheck status 06ccd9v6m09h3ky1zj2q\n  aircheck status news-20261122T18 --format json\n  aircheck status --server https://aircheck.example",
		Args:    args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, given []string) error {
			switch {
			case f.server != "":
				return a.remoteStatus(cmd.Context(), strings.Join(given, ""), &f)
			case len(given) == 0:
				return a.fleetStatus(cmd.Context(), &f)
			}
			return a.status(cmd.Context(), given[0], &f)
		},
	}
	f.storeFlags.add(cmd.Flags())
	f.redisFlags.add(cmd.Flags())
	f.remoteFlags.add(cmd.Flags())
	cmd.Flags().StringVar(&f.format, "format", "text", "text or json")
	return cmd
}

// checkStatus is what `status --format json` prints.
type checkStatus struct {
	ID      string    `json:"id"`
	Input   string    `json:"input"`
	Queue   string    `json:"queue"`
	Created time.Time `json:"created"`
	// State is growing (the stream is live), measuring, judging, done, or failed: all windows are done, and the check could not be judged.
	State     string           `json:"state"`
	Verdict   jobs.Verdict     `json:"verdict,omitempty"`
	Digest    string           `json:"digest,omitempty"`
	Sequences []sequenceStatus `json:"sequences"`
	// failure is what the command ends in after it has printed the rest.
	failure error
}

// sequenceStatus counts windows.
type sequenceStatus struct {
	ID       string `json:"id"`
	Name     string `json:"name,omitempty"`
	Windows  int    `json:"windows"`
	Measured int    `json:"measured"`
	Failed   int    `json:"failed"`
	// Running, Waiting and Lost are absent when the queue could not be asked. Lost windows are those that nobody works on; a producer enqueues
	// them anew.
	Running *int `json:"running,omitempty"`
	Waiting *int `json:"waiting,omitempty"`
	Lost    *int `json:"lost,omitempty"`
}

func (a *app) status(ctx context.Context, id string, f *statusFlags) error {
	arch, check, err := a.openCheck(ctx, id, f.format, &f.storeFlags)
	_, _, live := jobs.ParseLiveID(id)
	growing := live && errors.Is(err, storage.ErrNotFound)
	if growing {
		arch, check, err = a.openGrowing(ctx, id, &f.storeFlags)
	}
	if err != nil {
		return err
	}
	s, todo, err := statusFromStore(ctx, arch, check)
	if err != nil {
		return err
	}
	if growing {
		s.State = "growing"
	}
	if len(todo) > 0 {
		if err := a.statusFromQueue(ctx, &f.redisFlags, check, todo, s); err != nil {
			a.complain(fmt.Errorf("the queue is left out: %w", err))
		}
	}
	if f.format == "json" {
		err = json.NewEncoder(a.stdout).Encode(s)
	} else {
		err = s.write(a.stdout)
	}
	return errors.Join(err, s.failure)
}

// openGrowing finds a check that has no manifest yet, as far as it goes.
func (a *app) openGrowing(ctx context.Context, id string, f *storeFlags) (*archive.Archive, *jobs.Check, error) {
	arch, err := a.stored(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	check, err := arch.Grown(ctx, id)
	if err != nil {
		return nil, nil, noSuchCheck(id, err)
	}
	return arch, check, nil
}

// statusFromStore returns what is done, and the windows that are not.
func statusFromStore(ctx context.Context, arch *archive.Archive, check *jobs.Check) (*checkStatus, []jobs.Window, error) {
	s := &checkStatus{ID: check.ID, Input: check.Input, Queue: check.Queue, Created: check.Created, State: "done", Sequences: []sequenceStatus{}}
	for _, seq := range check.Timeline.Sequences {
		s.Sequences = append(s.Sequences, sequenceStatus{ID: seq.ID, Name: seq.Name})
	}
	results, err := arch.Results(ctx, check.ID)
	if err != nil {
		return nil, nil, err
	}
	var todo []jobs.Window
	for _, w := range check.Windows {
		seq := s.sequence(w.Sequence)
		seq.Windows++
		switch results[w.ID()] {
		case archive.Measured:
			seq.Measured++
		case archive.Failed:
			seq.Failed++
		default:
			todo = append(todo, w)
		}
	}
	r, err := storedReport(ctx, arch, check.ID)
	switch {
	case err == nil:
		s.Verdict, s.Digest, todo = r.Verdict, r.Digest, nil
	case errors.Is(err, errNotJudged):
		s.State, s.failure, todo = "failed", err, nil
	case !errors.Is(err, storage.ErrNotFound):
		return nil, nil, err
	case len(todo) > 0:
		s.State = "measuring"
	default:
		s.State = "judging"
	}
	return s, todo, nil
}

// sequence finds a sequence; a valid manifest has no window of any other.
func (s *checkStatus) sequence(id string) *sequenceStatus {
	for i := range s.Sequences {
		if s.Sequences[i].ID == id {
			return &s.Sequences[i]
		}
	}
	return &sequenceStatus{}
}

func (a *app) statusFromQueue(ctx context.Context, f *redisFlags, check *jobs.Check, todo []jobs.Window, s *checkStatus) error {
	conn, err := a.queue(ctx, f)
	if err != nil {
		return err
	}
	defer conn.Close()
	return statusFromQueue(ctx, queue.NewClient(conn), check, todo, s)
}

// statusFromQueue adds what is running and waiting of the windows that are not done.
func statusFromQueue(ctx context.Context, client *queue.Client, check *jobs.Check, todo []jobs.Window, s *checkStatus) error {
	fanin, err := client.Fanin(ctx, check.ID)
	if err != nil {
		return err
	}
	refs := make([]queue.Ref, len(todo))
	for i, w := range todo {
		refs[i] = queue.WindowRef(check.Queue, check.ID, w, fanin.Epochs[w.ID()])
	}
	states, err := client.States(ctx, refs)
	if err != nil {
		return err
	}
	for i := range s.Sequences {
		seq := &s.Sequences[i]
		seq.Running, seq.Waiting, seq.Lost = new(int), new(int), new(int)
	}
	for i, w := range todo {
		seq := s.sequence(w.Sequence)
		switch states[i] {
		case queue.Running:
			*seq.Running++
		case queue.Waiting:
			*seq.Waiting++
		default:
			*seq.Lost++
		}
	}
	return nil
}

func (s *checkStatus) write(w io.Writer) error {
	fmt.Fprintf(w, "%s  %s\n%s", s.ID, report.Printable(s.Input), s.State)
	if s.Verdict != "" {
		fmt.Fprintf(w, ": %s  %s", s.Verdict, s.Digest)
	}
	fmt.Fprintf(w, "  (queue %s, submitted %s)\n", s.Queue, s.Created.Format(time.RFC3339))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, seq := range s.Sequences {
		fmt.Fprintf(t, "%s\t%d/%d windows\t%s\t%s\n", seq.ID, seq.Measured+seq.Failed, seq.Windows, seq.detail(), report.Printable(seq.Name))
	}
	return t.Flush()
}

func (q sequenceStatus) detail() string {
	detail := ""
	add := func(n int, what string) {
		if n > 0 {
			detail += fmt.Sprintf(" %d %s", n, what)
		}
	}
	add(q.Failed, "failed")
	if q.Running != nil {
		add(*q.Running, "running")
		add(*q.Waiting, "waiting")
		add(*q.Lost, "lost")
	}
	if detail == "" {
		return ""
	}
	return detail[1:]
}
