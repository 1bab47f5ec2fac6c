package report

import (
	"encoding/xml"
	"fmt"
	"io"

	"aircheck/jobs"
)

// ebuNamespace is that of the EBU's QC data model (logical model of EBU Tech 3389, whose catalogue API writes it), extension that of what is aircheck's own.
const (
	ebuNamespace = "tag:ebu.ch,2017:ns:imf:qc:1.0"
	ebuExtension = "urn:aircheck:ebuqc:1"
)

// The report in the style of the EBU's QC data model: items of its catalogue with their results, and outputs with a place in time. Names and nesting are those of the model;
// elements of another prefix are ours, for codes that the catalogue has no item for and for what else is known of a finding. It does not claim to be valid against the EBU's schema.
type (
	ebuReport struct {
		XMLName   xml.Name `xml:"qc:Report"`
		Model     string   `xml:"xmlns:qc,attr"`
		Extension string   `xml:"xmlns:aircheck,attr"`

		Check   string    `xml:"aircheck:Check"`
		Input   string    `xml:"aircheck:Input"`
		Digest  string    `xml:"aircheck:Digest"`
		Profile ebuRules  `xml:"qc:Profile"`
		Tool    ebuTool   `xml:"qc:ToolInformation"`
		Result  *bool     `xml:"qc:CheckResult"` // absent: nothing could be analysed
		Status  string    `xml:"qc:ExecutionStatus"`
		Items   []ebuItem `xml:"qc:ItemResults>qc:ItemResult"`
	}
	ebuRules struct {
		Name string `xml:"aircheck:Name"`
		Rule string `xml:"qc:CheckResultRule"`
	}
	ebuTool struct {
		ID      string `xml:"qc:ToolID"`
		Name    string `xml:"qc:ToolName"`
		Version string `xml:"qc:Version"`
	}
	ebuItem struct {
		ID        string      `xml:"qc:EBUQCID,omitempty"`
		Name      string      `xml:"qc:EBUQCName,omitempty"`
		Code      string      `xml:"aircheck:Code"`
		MovieLabs string      `xml:"aircheck:MovieLabs,omitempty"`
		Result    *bool       `xml:"qc:CheckResult"`
		Status    string      `xml:"qc:ExecutionStatus"`
		Outputs   []ebuOutput `xml:"qc:Outputs>qc:Output"`
	}
	ebuOutput struct {
		Name       string     `xml:"qc:Name"`
		Value      string     `xml:"qc:Value,omitempty"`
		Unit       string     `xml:"qc:Unit,omitempty"`
		Locator    ebuLocator `xml:"qc:Locator"`
		Annotation *ebuNote   `xml:"qc:Annotation"` // absent: nobody waived the finding
		Severity   string     `xml:"aircheck:Severity"`
		Rendition  string     `xml:"aircheck:Rendition,omitempty"`
		Confidence string     `xml:"aircheck:Confidence"`
		Message    string     `xml:"aircheck:Message"`
		Cause      string     `xml:"aircheck:Cause,omitempty"`
	}
	ebuNote struct {
		Text   string `xml:"qc:Text"`
		Editor string `xml:"qc:Editor>qc:Name"`
	}
	ebuLocator struct {
		Start string `xml:"qc:Start"`
		End   string `xml:"qc:End"`
	}
)

// The execution states of the model.
const (
	ebuComplete = "complete"
	ebuPartial  = "incomplete"
)

// ebuqc writes one ItemResult for each code that the profile examines or that was found, over all renditions.
func (r *Report) ebuqc(w io.Writer) error {
	doc := ebuReport{
		Model: ebuNamespace, Extension: ebuExtension,
		Check: Printable(r.Check.ID), Input: Printable(r.Check.Input), Digest: r.Digest,
		Profile: ebuRules{Printable(r.Check.Profile.Name), "AND"}, Tool: ebuTool{"aircheck", "aircheck", Printable(r.Check.Versions.Aircheck)},
		Status: ebuComplete, Items: r.ebuItems(),
	}
	if r.Incomplete() {
		doc.Status = ebuPartial
	}
	if r.Verdict != jobs.VerdictIncomplete {
		passed := r.Verdict != jobs.VerdictFail
		doc.Result = &passed
	}
	body, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("encode EBU QC report: %w", err)
	}
	if _, err := fmt.Fprintf(w, "%s%s\n", xml.Header, body); err != nil {
		return fmt.Errorf("write EBU QC report: %w", err)
	}
	return nil
}

func (r *Report) ebuItems() []ebuItem {
	at := map[string]int{}
	var items []ebuItem
	find := func(code string) *ebuItem {
		i, ok := at[code]
		if !ok {
			i = len(items)
			at[code] = i
			ids := IdentifiersOf(code)
			items = append(items, ebuItem{ID: ids.EBU, Name: ids.EBUName, MovieLabs: ids.MovieLabs, Code: Printable(code), Status: ebuComplete})
		}
		return &items[i]
	}
	for _, c := range r.Coverage {
		find(c.Detector).cover(c)
	}
	waivers := r.waivers()
	for i := range r.Findings {
		f := &r.Findings[i]
		find(f.Code).report(f, waivers[jobs.FindingKey(f)])
	}
	return items
}

// cover says of an item whether there was something to examine, and all of it was.
func (e *ebuItem) cover(c jobs.Coverage) {
	for _, iv := range c.Intervals {
		switch iv.State {
		case jobs.Analysed:
			if e.Result == nil {
				e.Result = new(bool)
				*e.Result = true
			}
		case jobs.Failed, jobs.Pending:
			e.Status = ebuPartial
		}
	}
}

// report adds a finding as an output. Only what fails makes the item fail, waived or not: results are about the stream, and what people say of it is an annotation.
func (e *ebuItem) report(f *jobs.Finding, waived *Waived) {
	if e.Result == nil {
		e.Result = new(bool)
		*e.Result = true
	}
	*e.Result = *e.Result && f.Severity != jobs.Fail
	start, end := cueTimes(f.Start, f.End)
	out := ebuOutput{
		Name: Printable(f.Code), Locator: ebuLocator{cueTime(start), cueTime(end)}, Severity: string(f.Severity),
		Rendition: Printable(f.Rendition), Confidence: number(&f.Confidence), Message: Printable(f.Message), Cause: Printable(f.Cause),
	}
	if waived != nil {
		out.Annotation = &ebuNote{waived.String(), Printable(waived.Person)}
	}
	if f.Value != nil {
		out.Value, out.Unit = number(f.Value), Printable(f.Unit)
	}
	e.Outputs = append(e.Outputs, out)
}
