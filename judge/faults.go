package judge

import (
	"fmt"
	"strings"

	"aircheck/jobs"
	"aircheck/jobs/measurement"
)

// faults finds the units of a sequence that could not be read, and the windows that aircheck itself could not measure. Neighbours in the same state are
// one finding.
type faults struct {
	Open  *fault `json:",omitempty"`
	Found []jobs.Finding
}

type fault struct {
	State    measurement.UnitState
	Detail   string
	First    int
	Count    int
	From, To jobs.Micros
}

// unit looks at a segment.
func (f *faults) unit(u *placedUnit) {
	if o := f.Open; o != nil && o.sameAs(u) {
		o.To = max(o.To, u.To)
		o.Count++
		return
	}
	f.close()
	if faultCode(u.State) == "" {
		return
	}
	f.Open = &fault{State: u.State, Detail: u.Detail, First: u.Index, Count: 1, From: u.From, To: u.To}
	if u.State == measurement.UnitTruncated {
		f.Open.From = u.mediaEnd()
		f.close()
	}
}

// sameAs tells whether a unit has the same fault. What could not be had is told with its reason.
func (o *fault) sameAs(u *placedUnit) bool {
	return o.State == u.State && (o.State != measurement.UnitUnavailable || words(o.Detail) == words(u.Detail))
}

// mediaEnd is where the media of a truncated segment ends.
func (u *placedUnit) mediaEnd() jobs.Micros {
	end := u.From
	for i := range u.Tracks {
		end = max(end, min(u.Tracks[i].End, u.To))
	}
	return end
}

// object looks at a unit of an object; at is where its state begins.
func (f *faults) object(u *placedUnit, at jobs.Micros) {
	if o := f.Open; o != nil {
		if o.sameAs(u) {
			o.Count++
			return
		}
		o.To = max(o.From, at)
		f.close()
	}
	if u.State != unitFailed && faultCode(u.State) != "" {
		f.Open = &fault{State: u.State, Detail: u.Detail, First: -1, Count: 1, From: at, To: at}
	}
}

// finish ends what lasts until the end.
func (f *faults) finish(objectEnd jobs.Micros) {
	if f.Open != nil && f.Open.First < 0 {
		f.Open.To = max(f.Open.From, objectEnd)
	}
	f.close()
}

// cut tells of media that ends too early, in the segment or the object that is looked at last.
func (f *faults) cut(o *fault) {
	f.close()
	f.Open = o
	f.close()
}

func faultCode(s measurement.UnitState) string {
	switch s {
	case measurement.UnitMissing, measurement.UnitUnavailable:
		return "segment.missing"
	case measurement.UnitCorrupt:
		return "segment.corrupt"
	case measurement.UnitTruncated:
		return "segment.truncated"
	case measurement.UnitEncrypted:
		return "segment.encrypted"
	}
	return ""
}

func (f *faults) close() {
	o := f.Open
	f.Open = nil
	if o == nil {
		return
	}
	severity := jobs.Fail
	if o.State == measurement.UnitEncrypted || o.State == measurement.UnitUnavailable {
		severity = jobs.Warn // nothing is wrong with the stream
	}
	v := jobs.Finding{
		Code: faultCode(o.State), Severity: severity, Start: o.From.At(), End: o.To.At(), Confidence: 1, Message: o.message(),
	}
	if o.First >= 0 {
		v.Value, v.Unit = jobs.Figure(float64(o.Count)), "segments"
	}
	f.emit(v)
}

func (f *faults) emit(v jobs.Finding) {
	if len(f.Found) < maxFindings {
		f.Found = append(f.Found, v)
		return
	}
	last := &f.Found[len(f.Found)-1]
	last.End = max(last.End, v.End)
	last.Message = tooMany(last.Code)
}

func (o *fault) message() string {
	what := map[measurement.UnitState]string{
		measurement.UnitMissing: "missing", measurement.UnitCorrupt: "no media that can be decoded",
		measurement.UnitTruncated: "truncated", measurement.UnitEncrypted: "encrypted",
		measurement.UnitUnavailable: "could not be had",
	}[o.State]
	verb := " is "
	if o.State == measurement.UnitUnavailable {
		verb = " "
	} else if o.Count > 1 && o.First >= 0 {
		verb = " are "
	}
	m := o.name() + verb + what
	if d := o.detail(); d != "" {
		m += ": " + d
	}
	return m
}

// detail is what the worker said, as far as it is about the media: what it says about the origin names places, and one stream must read the same
// wherever it was fetched from.
func (o *fault) detail() string {
	switch o.State {
	case measurement.UnitMissing:
		return ""
	case measurement.UnitEncrypted:
		d, _, _ := strings.Cut(words(o.Detail), ":")
		return d
	}
	return words(strings.TrimPrefix(o.Detail, "segment: "))
}

// name is what the fault is about.
func (o *fault) name() string {
	switch {
	case o.First < 0:
		return "the object"
	case o.Count == 1:
		return fmt.Sprintf("segment %d", o.First)
	}
	return fmt.Sprintf("segments %d to %d", o.First, o.First+o.Count-1)
}

// worker notes a window that the decoder died or hung on: it is no fault of the stream as far as anybody knows.
func (f *faults) worker(o jobs.Outcome, from, to jobs.Micros) {
	code := ""
	switch o.Class {
	case jobs.Crash:
		code = "worker.decoder_crash"
	case jobs.Timeout:
		code = "worker.timeout"
	default:
		return // coverage says it
	}
	f.emit(jobs.Finding{
		Code: code, Severity: jobs.Warn, Start: from.At(), End: to.At(), Confidence: 1,
		Message: failureReason(o),
	})
}
