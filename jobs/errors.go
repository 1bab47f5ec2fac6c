package jobs

import (
	"context"
	"errors"
)

// Class says what an error means for the job. It is decided nearest the cause; only the queue's adapter turns it into a retry.
type Class string

const (
	// Transient: try again later (network, 5xx, a full disk).
	Transient Class = "transient"
	// Permanent: the job or the configuration is wrong; trying again cannot help (no access, bad payload).
	Permanent Class = "permanent"
	// Undecodable: the stream is broken. It is a finding and never fails a job.
	Undecodable Class = "undecodable"
	// Crash: the decoder child died or hung while working on this job.
	Crash Class = "crash"
	// Timeout: the decoder child was killed at its deadline.
	Timeout Class = "timeout"
	// Cancelled: somebody asked us to stop.
	Cancelled Class = "cancelled"
)

// Error carries a class along a chain of wrapped errors.
type Error struct {
	Class Class
	Err   error
	// Hint tells an operator what to do; empty when there is nothing to do.
	Hint string
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Classify wraps err; nil stays nil.
func Classify(c Class, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Class: c, Err: err}
}

// ClassOf finds the class of an error. A cancelled context is Cancelled; what nobody classified is Transient, because retrying a
// permanent fault costs little and dropping a transient one loses work.
func ClassOf(err error) Class {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Class
	case errors.Is(err, context.Canceled):
		return Cancelled
	}
	return Transient
}
