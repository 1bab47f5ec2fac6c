package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"

	"aircheck/jobs"
	"aircheck/report"
	"aircheck/storage"
)

// Kind is what a problem is about, for programs. It stands at the end of the problem's type.
type Kind string

// The kinds of problems.
const (
	KindInvalid      Kind = "invalid-request"
	KindNoAccess     Kind = "no-access"
	KindNotFound     Kind = "not-found"
	KindMethod       Kind = "method-not-allowed"
	KindNotReady     Kind = "not-ready"
	KindNotJudged    Kind = "not-judged"
	KindConflict     Kind = "conflict"
	KindTooLarge     Kind = "too-large"
	KindMediaType    Kind = "unsupported-media-type"
	KindUnacceptable Kind = "not-acceptable"
	KindInput        Kind = "unreadable-input"
	KindUnreachable  Kind = "unreachable-input"
	KindBusy         Kind = "busy"
	KindUnavailable  Kind = "unavailable"
	KindInternal     Kind = "internal"
)

// kinds lists them.
func kinds() []Kind {
	return []Kind{
		KindInvalid, KindNoAccess, KindNotFound, KindMethod, KindNotReady, KindNotJudged, KindConflict, KindTooLarge, KindMediaType, KindUnacceptable, KindInput, KindUnreachable,
		KindBusy, KindUnavailable, KindInternal,
	}
}

// typePrefix makes a URI of a kind. It is a name and leads nowhere.
const typePrefix = "urn:aircheck:problem:"

// statusOf is the HTTP status of a kind; that of KindNoAccess is told by the door.
func statusOf(k Kind) int {
	switch k {
	case KindInvalid, KindInput:
		return http.StatusUnprocessableEntity
	case KindNotFound:
		return http.StatusNotFound
	case KindMethod:
		return http.StatusMethodNotAllowed
	case KindNotReady, KindNotJudged, KindConflict:
		return http.StatusConflict
	case KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case KindMediaType:
		return http.StatusUnsupportedMediaType
	case KindUnacceptable:
		return http.StatusNotAcceptable
	case KindUnreachable:
		return http.StatusBadGateway
	case KindBusy, KindUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// titleOf says for people what a kind is; it is the same for all problems of it.
func titleOf(k Kind) string {
	switch k {
	case KindInvalid:
		return "The request says something that cannot be"
	case KindNoAccess:
		return "No access"
	case KindNotFound:
		return "There is no such thing"
	case KindMethod:
		return "Not with this method"
	case KindNotReady:
		return "It is not there yet"
	case KindNotJudged:
		return "The check could not be judged"
	case KindConflict:
		return "It is there already, and different"
	case KindTooLarge:
		return "The request is too large"
	case KindMediaType:
		return "The body has to be JSON"
	case KindUnacceptable:
		return "There is no such format"
	case KindInput:
		return "The input cannot be read"
	case KindUnreachable:
		return "The input cannot be reached at the moment"
	case KindBusy:
		return "Too much at once"
	case KindUnavailable:
		return "Something that aircheck needs does not answer"
	}
	return "aircheck could not do it"
}

// Problem is an error as RFC 9457 has it.
type Problem struct {
	Type   string `json:"type" doc:"urn:aircheck:problem: and the kind of the problem, for programs"`
	Title  string `json:"title" doc:"what kind of problem it is, for people"`
	Status int    `json:"status" doc:"the HTTP status"`
	Detail string `json:"detail" doc:"what, where and what to do"`

	header http.Header
	cause  error
}

func (p *Problem) Error() string { return p.Detail }

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.cause }

// NewProblem makes a problem; detail is for people.
func NewProblem(k Kind, detail string) *Problem {
	return &Problem{Type: typePrefix + string(k), Title: titleOf(k), Status: statusOf(k), Detail: detail}
}

func problemf(k Kind, format string, args ...any) *Problem {
	err := fmt.Errorf(format, args...)
	p := NewProblem(k, err.Error())
	p.cause = errors.Unwrap(err)
	return p
}

// problemOf tells a request what an error means to it.
func problemOf(err error) *Problem {
	var p *Problem
	var classified *jobs.Error
	detail := err.Error()
	if errors.As(err, &classified) && classified.Hint != "" {
		detail += ": " + classified.Hint
	}
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, storage.ErrNotFound):
		return NewProblem(KindNotFound, detail)
	case errors.Is(err, storage.ErrBadKey):
		return NewProblem(KindNotFound, detail)
	case errors.Is(err, context.DeadlineExceeded), jobs.ClassOf(err) == jobs.Cancelled:
		return NewProblem(KindUnavailable, detail)
	case jobs.ClassOf(err) == jobs.Permanent:
		return NewProblem(KindInvalid, detail)
	case errors.As(err, &classified) && classified.Class == jobs.Transient:
		return NewProblem(KindUnavailable, detail)
	}
	return NewProblem(KindInternal, detail)
}

// userinfo matches the user and password of a URL.
var userinfo = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s@"']+@`)

// write answers with the problem. Secrets in addresses stay here: what is answered travels further than a log.
func (p *Problem) write(w http.ResponseWriter) {
	for key, values := range p.header {
		w.Header()[key] = values
	}
	if p.Status == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	shown := *p
	shown.Detail = report.Printable(userinfo.ReplaceAllString(p.Detail, "${1}…@"))
	doc, err := json.Marshal(&shown)
	if err != nil { // four strings and a number
		doc = []byte("{}")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(doc, '\n'))
}

// retryAfter is when it is worth trying again, in seconds.
const retryAfter = 5
