package accuracy

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"aircheck/jobs"
)

// Text writes the table for people.
func (r *Result) Text(w io.Writer, missed []string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "code\tclips\tTP\tFP\tFN\tprecision\trecall\tF1\tas info/warn/fail\tffmpeg\tF1")
	for _, s := range r.Scores {
		filter, other := s.other()
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%.3f\t%.3f\t%.3f\t%s\t%s\t%s\n", s.Code, s.Clips, s.TP, s.FP, s.FN, s.Precision, s.Recall, s.F1, s.severities(), filter, other)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	var b strings.Builder
	if r.Clean.Clips > 0 {
		fmt.Fprintf(&b, "\n%s\n", r.cleanLine())
	}
	for _, h := range r.Hidden {
		fmt.Fprintf(&b, "not made: no base shows %s\n", h)
	}
	for _, m := range missed {
		fmt.Fprintf(&b, "missed: %s\n", m)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *Score) severities() string {
	return fmt.Sprintf("%d/%d/%d", s.Severities[jobs.Info], s.Severities[jobs.Warn], s.Severities[jobs.Fail])
}

func (s *Score) other() (filter, score string) {
	c := s.Counterpart
	if c == nil {
		return "–", "–"
	}
	if filter = c.Filter; c.Threshold != nil {
		filter += fmt.Sprintf(" > %.4g", *c.Threshold)
	}
	return filter, fmt.Sprintf("%.3f", c.F1)
}

func (r *Result) cleanLine() string {
	c := &r.Clean
	return fmt.Sprintf("clean: %d clips, %.3f h real, %.3f h real and coded anew, %.3f h drawn; %d false failures (%.2f an hour), %d false warnings (%.2f an hour), %d infos",
		c.Clips, c.RealHours, c.RecodedHours, c.DrawnHours, c.Fails, c.FailsPerHour(), c.Warns, c.WarnsPerHour(), c.Infos)
}

// Markdown writes docs/ACCURACY.md.
func (r *Result) Markdown(w io.Writer, missed []string) error {
	var b strings.Builder
	b.WriteString("# Accuracy\n\n`make accuracy` wrote this file; do not edit it.\n\n")
	fmt.Fprintf(&b, "%d clips with an injected defect or a decoy ('aircheck bench inject --list' says what they are), checked by aircheck as a user would, with the\n", r.Clips)
	b.WriteString("`default` profile unless the code needs a limit. " + r.contentSentence() + "\n\n")
	b.WriteString("A labelled defect counts as found (TP) when a finding of its code, of any severity, lies where the label says: for codes with sharp edges both\n" +
		"edges within 0.06 to 0.6 s, for the others half of the defect covered. Everything else of the code in a clip is one false alarm (FP), and so is a\n" +
		"warning or failure of another code that the defect does not truthfully bring with it. The filter beside it is ffmpeg's own, on the same clips\n" +
		"under the same rules; where it only gives a score, with the threshold that is best for it on these very clips.\n\n")
	b.WriteString("| code | clips | TP | FP | FN | precision | recall | F1 | as info / warn / fail | ffmpeg | its F1 |\n|---|--:|--:|--:|--:|--:|--:|--:|---|---|--:|\n")
	for _, s := range r.Scores {
		filter, other := s.other()
		fmt.Fprintf(&b, "| `%s` | %d | %d | %d | %d | %.3f | %.3f | **%.3f** | %s | %s | %s |\n", s.Code, s.Clips, s.TP, s.FP, s.FN, s.Precision, s.Recall, s.F1,
			strings.ReplaceAll(s.severities(), "/", " / "), filter, other)
	}
	c := &r.Clean
	b.WriteString("\n## False alarms on clean content\n\nAll codes together, what the clips truly have (a black head, a hold of the animation) left out.\n\n")
	b.WriteString("| | hours |\n|---|--:|\n")
	fmt.Fprintf(&b, "| real clips | %.3f |\n| real clips, coded anew in five ways | %.3f |\n| drawn clips | %.3f |\n\n", c.RealHours, c.RecodedHours, c.DrawnHours)
	fmt.Fprintf(&b, "| | count | an hour | allowed |\n|---|--:|--:|--:|\n| false `fail` | %d | %.2f | %.1f |\n| false `warn` | %d | %.2f | %.1f |\n| `info` | %d | | |\n",
		c.Fails, c.FailsPerHour(), MaxFailsPerHour, c.Warns, c.WarnsPerHour(), float64(MaxWarnsPerHour), c.Infos)
	if len(missed) > 0 {
		b.WriteString("\n## Missed\n\n")
		for _, m := range missed {
			fmt.Fprintf(&b, "- %s\n", m)
		}
	}
	fmt.Fprintf(&b, "\nMade with %s.\n", r.FFmpeg)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Result) contentSentence() string {
	if r.baselineMode() == "full" {
		return "Most clips are real: film, animation, phones, trains; the rest is drawn by ffmpeg."
	}
	return "**Drawn content only**: there was no directory of real clips."
}

// Notes writes what went wrong, by code, with the clip to look at.
func (r *Result) Notes(w io.Writer) error {
	var b strings.Builder
	codes := map[string][]Trouble{}
	var order []string
	for _, t := range r.Troubles {
		if codes[t.Code] == nil {
			order = append(order, t.Code)
		}
		codes[t.Code] = append(codes[t.Code], t)
	}
	b.WriteString("# What went wrong\n\nmissed: a labelled defect without a finding. false: a finding of the clip's own code that no label explains. other: a warning or failure of another\ncode on an injected clip. clean: an alarm on a clip without defects. The label lies beside the clip.\n")
	for _, code := range order {
		fmt.Fprintf(&b, "\n## %s\n\n", code)
		for _, t := range codes[code] {
			fmt.Fprintf(&b, "- %s %s: %s\n  %s\n", t.Kind, t.Variant, t.Text, t.Clip)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
