package report

import (
	"encoding/xml"
	"fmt"
	"io"

	"aircheck/jobs"
)

// The JUnit XML that CI servers read: a suite is the check, a case is one detector on one rendition, and a failure is a finding of severity fail that nobody waived.
type (
	junitSuites struct {
		XMLName xml.Name   `xml:"testsuites"`
		Suite   junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string         `xml:"classname,attr"`
		Name    string         `xml:"name,attr"`
		Skipped *string        `xml:"skipped"` // Jenkins' schema has them in this order, and why in the text
		Error   *junitMessage  `xml:"error"`
		Failure []junitMessage `xml:"failure"`
		Out     string         `xml:"system-out,omitempty"`

		waived string // the first failure that would have been one
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
	}
)

// junit writes every (rendition, detector) of the ledger as a case, and a case of its own for findings that no line of the ledger stands for.
func (r *Report) junit(w io.Writer) error {
	suite := junitSuite{Name: Printable(r.Check.Input), Cases: r.junitCases()}
	suite.Tests = len(suite.Cases)
	for _, c := range suite.Cases {
		switch {
		case len(c.Failure) > 0:
			suite.Failures++
		case c.Error != nil:
			suite.Errors++
		case c.Skipped != nil:
			suite.Skipped++
		}
	}
	doc, err := xml.MarshalIndent(junitSuites{Suite: suite}, "", "  ")
	if err != nil {
		return fmt.Errorf("encode JUnit report: %w", err)
	}
	if _, err := fmt.Fprintf(w, "%s%s\n", xml.Header, doc); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	return nil
}

func (r *Report) junitCases() []junitCase {
	type key struct{ rendition, detector string }
	at := map[key]int{}
	var cases []junitCase
	add := func(k key) int {
		i, ok := at[k]
		if !ok {
			i = len(cases)
			at[k] = i
			cases = append(cases, junitCase{Class: Printable(whereOf(jobs.Finding{Rendition: k.rendition})), Name: Printable(k.detector)})
		}
		return i
	}
	for _, c := range r.Coverage {
		cases[add(key{c.Rendition, c.Detector})].cover(c)
	}
	waivers := r.waivers()
	for _, f := range r.Findings {
		cases[add(key{f.Rendition, f.Code})].report(f, waivers[jobs.FindingKey(&f)])
	}
	for i := range cases {
		cases[i].excuse()
	}
	return cases
}

// excuse marks a case that would have failed without waivers: CI servers show it apart from those that passed.
func (c *junitCase) excuse() {
	if c.waived != "" && len(c.Failure) == 0 && c.Error == nil && c.Skipped == nil {
		c.Skipped = &c.waived
	}
}

// report adds a finding: a failure when it is one, else a line of output.
func (c *junitCase) report(f jobs.Finding, waived *Waived) {
	line := fmt.Sprintf("%s – %s %s", Clock(f.Start), Clock(f.End), Printable(f.Message))
	if waived != nil {
		line += " (" + waived.String() + ")"
		if f.Severity == jobs.Fail && c.waived == "" {
			c.waived = line
		}
		c.Out += string(f.Severity) + ", waived " + line + "\n"
		return
	}
	if f.Severity == jobs.Fail {
		c.Failure = append(c.Failure, junitMessage{Message: line, Type: f.Code})
		return
	}
	c.Out += string(f.Severity) + " " + line + "\n"
}

// cover marks a case whose detector could not see everything: not analysed is never shown as passed.
func (c *junitCase) cover(ledger jobs.Coverage) {
	seen := false
	for _, iv := range ledger.Intervals {
		line := fmt.Sprintf("%s – %s %s %s", Clock(iv.Start), Clock(iv.End), iv.State, Printable(iv.Reason))
		switch iv.State {
		case jobs.Analysed:
			seen = true
		case jobs.Skipped:
			c.Out += line + "\n"
		default:
			c.Error = &junitMessage{Message: line, Type: "incomplete"}
		}
	}
	if !seen && c.Error == nil {
		why := "nothing was analysed"
		c.Skipped = &why
	}
}
