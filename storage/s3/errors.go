package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/minio/minio-go/v7"

	"aircheck/storage"
)

// Error is what a server, or the way to it, answered.
type Error struct {
	Op     string // "get", "make bucket" …
	Bucket string
	Key    string // "" when it is about the bucket
	Code   string // S3's code, "" when no answer came
	Status int    // HTTP status, 0 when no answer came
	Hint   string // what an operator can do; "" when nothing is known
	Err    error  // one of storage's sentinels, or the cause

	permanent bool
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s s3://%s/%s: %v", e.Op, e.Bucket, e.Key, e.Err)
	if e.Code != "" {
		s += fmt.Sprintf(" (%s, status %d)", e.Code, e.Status)
	}
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Permanent implements storage.Permanent.
func (e *Error) Permanent() bool { return e.permanent }

func isCode(err error, code string, status int) bool {
	var r minio.ErrorResponse
	return errors.As(err, &r) && (r.Code == code || status != 0 && r.StatusCode == status)
}

// wrap says what an error of minio-go means; nil stays nil.
func (c *Client) wrap(op, bucket, key string, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Op: op, Bucket: bucket, Key: key, Err: err}
	var r minio.ErrorResponse
	if errors.As(err, &r) {
		e.Code, e.Status = r.Code, r.StatusCode
		c.explain(e, r)
	} else {
		c.explainTransport(e)
	}
	return e
}

const (
	hintKeys  = "check AIRCHECK_S3_ACCESS_KEY and AIRCHECK_S3_SECRET_KEY, and that they may do this"
	hintNoKey = "set AIRCHECK_S3_ACCESS_KEY and AIRCHECK_S3_SECRET_KEY: the request was anonymous"
	hintClock = "set this machine's clock"
	hintTLS   = "write the endpoint as http://… if the server speaks no TLS; put the CA of your server into SSL_CERT_FILE"
)

func (c *Client) explain(e *Error, r minio.ErrorResponse) {
	switch {
	case isNotFound(r):
		e.Err = storage.ErrNotFound
	case r.Code == "PreconditionFailed" || r.StatusCode == http.StatusPreconditionFailed:
		e.Err = storage.ErrExists
	case r.Code == "RequestTimeTooSkewed":
		e.Err, e.Hint = storage.ErrDenied, hintClock
	case isDenied(r):
		e.Err, e.Hint = storage.ErrDenied, hintKeys
		if c.cfg.AccessKey == "" {
			e.Hint = hintNoKey
		}
	case r.Code == "EntityTooLarge":
		e.Err = storage.ErrTooLarge
	default:
		e.Err = errors.New(text(r))
		e.permanent = !mayPass(r)
	}
}

func text(r minio.ErrorResponse) string {
	if r.Message == "" {
		return "server error"
	}
	return r.Message
}

// codeNoUser is versitygw's answer to an access key that it does not know, with status 404. An answer to HEAD says only the status: there
// it looks as if the object did not exist.
const codeNoUser = "XAdminUserNotFound"

func isNotFound(r minio.ErrorResponse) bool {
	codes := []string{"NoSuchKey", "NoSuchBucket", "NotFound", "NoSuchVersion"}
	byStatus := r.StatusCode == http.StatusNotFound || r.StatusCode == http.StatusGone
	return slices.Contains(codes, r.Code) || byStatus && r.Code != codeNoUser
}

func isDenied(r minio.ErrorResponse) bool {
	byStatus := r.StatusCode == http.StatusForbidden || r.StatusCode == http.StatusUnauthorized
	return byStatus || r.Code == "AccessDenied" || r.Code == codeNoUser
}

// mayPass tells whether another try can help: the server's own trouble, throttling, timeouts, and a conflict with a concurrent call
// (S3's ConditionalRequestConflict and OperationAborted). An error without a status was made by the client before it asked.
func mayPass(r minio.ErrorResponse) bool {
	switch r.StatusCode {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	case 0:
		return r.Code == "InternalError" || r.Code == "SlowDown" || r.Code == "RequestTimeout"
	case http.StatusOK:
		return true // S3 may start to answer "200 OK" and find its trouble later, as in CompleteMultipartUpload
	case http.StatusBadRequest:
		return r.Code == "RequestTimeout" || r.Code == "IncompleteBody" || r.Code == "ExpiredToken"
	}
	return r.StatusCode >= http.StatusInternalServerError
}

// explainTransport judges errors that came from the network and not from the server.
func (c *Client) explainTransport(e *Error) {
	var cert *tls.CertificateVerificationError
	switch {
	case errors.Is(e.Err, context.Canceled), errors.Is(e.Err, context.DeadlineExceeded):
	case errors.As(e.Err, &cert), errors.Is(e.Err, http.ErrSchemeMismatch):
		e.permanent, e.Hint = true, hintTLS
	default:
		host, _, _ := c.cfg.server()
		e.Hint = "check that the S3 server at " + host + " (AIRCHECK_S3_ENDPOINT) is up"
	}
}
