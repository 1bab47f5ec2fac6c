package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"aircheck/jobs"
	"aircheck/producer/backfill"
	"aircheck/report"
)

// maxComplaints bounds the inputs that are named as unreadable.
const maxComplaints = 10

// backfillPlan is what `backfill --format json` prints first.
type backfillPlan struct {
	Target string    `json:"target"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Queue  string    `json:"queue"`
	Cost   float64   `json:"cost"`
	*backfill.Plan
}

// printPlan shows what would be done.
func (a *app) printPlan(plan *backfill.Plan, where backfill.Where, f *backfillFlags) error {
	a.complainUnreadable(plan)
	t := &plan.Total
	if f.format == "json" {
		return json.NewEncoder(a.stdout).Encode(backfillPlan{
			Target: f.spec.Name(), From: where.From.UTC(), To: where.To.UTC(), Queue: f.queue, Cost: f.cost(t.CPU), Plan: plan,
		})
	}
	fmt.Fprintf(a.stdout, "%s from %s to %s\n", report.Printable(f.spec.Name()), where.From.In(where.Zone).Format(time.RFC3339), where.To.In(where.Zone).Format(time.RFC3339))
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DAY\tCHECKS\tWINDOWS\tMEDIA\tSIZE\tCORES")
	for _, d := range planDays(plan, where.Zone) {
		d.row(w, d.name)
	}
	planDay{checks: t.Checks, windows: t.Windows, bytes: t.Bytes, exact: t.Exact, media: t.Media, cpu: t.CPU}.row(w, "all")
	if err := w.Flush(); err != nil {
		return err
	}
	if t.Present+t.Checked+t.Unreadable > 0 {
		fmt.Fprintf(a.stdout, "not among them: %d submitted before, %d judged when live, %d that cannot be read\n", t.Present, t.Checked, t.Unreadable)
	}
	_, err := fmt.Fprintln(a.stdout, costText(t.CPU, &f.costFlags))
	return err
}

func (a *app) complainUnreadable(plan *backfill.Plan) {
	n := 0
	for i := range plan.Items {
		if one := &plan.Items[i]; one.State == backfill.Unreadable {
			if n++; n <= maxComplaints {
				a.complain(fmt.Errorf("cannot be read: %s", one.Error))
			}
		}
	}
	if n > maxComplaints {
		a.complain(fmt.Errorf("and %d more that cannot be read", n-maxComplaints))
	}
}

// planDay sums up a day of a plan.
type planDay struct {
	name            string
	checks, windows int
	bytes           int64
	exact           bool
	media, cpu      jobs.Seconds
}

func planDays(plan *backfill.Plan, zone *time.Location) []planDay {
	var days []planDay
	for i := range plan.Items {
		one := &plan.Items[i]
		if one.State != backfill.Wanted {
			continue
		}
		name := one.Begin.In(zone).Format("2006-01-02")
		if len(days) == 0 || days[len(days)-1].name != name {
			days = append(days, planDay{name: name, exact: true})
		}
		d := &days[len(days)-1]
		d.checks++
		d.windows += one.Windows
		d.bytes += one.Bytes
		d.exact = d.exact && one.Exact
		d.media += one.Media
		d.cpu += one.CPU
	}
	return days
}

func (d planDay) row(w *tabwriter.Writer, name string) {
	fmt.Fprintf(w, "%s\t%d\t%d\t%.1f h\t%s\t%s\n", name, d.checks, d.windows, float64(d.media)/3600, sizeText(d.bytes, d.exact), coreText(d.cpu))
}
