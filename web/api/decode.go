package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// maxBody bounds the body of a request: a profile of one's own is the longest that anybody sends.
const maxBody = 1 << 20

// decode reads the body of a request into v, which is a pointer. What v does not know is an error: a threshold that is misspelt must not be left out in silence.
func decode(w http.ResponseWriter, r *http.Request, v any) *Problem {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return problemf(KindMediaType, "Content-Type is %q, want application/json", r.Header.Get("Content-Type"))
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return problemf(KindTooLarge, "the body is longer than %d bytes", maxBody)
	case err != nil:
		return problemf(KindInvalid, "read body: %w", err)
	}
	return strictly(body, v)
}

// strictly decodes exactly one JSON value and says where it is wrong.
func strictly(body []byte, v any) *Problem {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return problemf(KindInvalid, "the body holds more than one JSON value")
		}
		return nil
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.EOF):
		return problemf(KindInvalid, "the body is empty, want a JSON object")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return problemf(KindInvalid, "the body ends in the middle of a JSON value")
	case errors.As(err, &syntax):
		return problemf(KindInvalid, "the body is no JSON, %s: %w", place(body, syntax.Offset), err)
	case errors.As(err, &kind) && kind.Field == "":
		return problemf(KindInvalid, "the body is a JSON %s, want an object", kind.Value)
	case errors.As(err, &kind):
		return problemf(KindInvalid, "%s: is a JSON %s, want %s, %s", kind.Field, kind.Value, kind.Type, place(body, kind.Offset))
	}
	return problemf(KindInvalid, "%s", strings.TrimPrefix(err.Error(), "json: "))
}

// place says where in a text an offset is.
func place(body []byte, offset int64) string {
	before := body[:min(max(offset, 0), int64(len(body)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n') - 1
	return fmt.Sprintf("line %d, column %d", line, column)
}
