package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// digested are the members of a report that its digest covers, beside profile and versions of "check".
var digested = [...]string{"verdict", "duration", "renditions", "findings", "coverage", "summary"}

// DigestOf computes the digest of a report document, whoever wrote it and with whatever white space and order of keys.
//
// The canonical encoding is one JSON object with the members verdict, duration, renditions, findings, coverage, summary, profile and versions
// (the last two lifted out of check), UTF-8, keys sorted by their bytes at every level, no white space, numbers exactly as the document has them.
// Members that this version does not know are part of it.
func DigestOf(doc []byte) (string, error) {
	body, err := Canonical(doc)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}

// Canonical returns the bytes that DigestOf hashes.
func Canonical(doc []byte) ([]byte, error) {
	var whole map[string]any
	if err := decodeNumbers(doc, &whole); err != nil {
		return nil, err
	}
	check, ok := whole["check"].(map[string]any)
	if !ok {
		return nil, errors.New("decode report: no check in it")
	}
	body := map[string]any{"profile": check["profile"], "versions": check["versions"]}
	for _, key := range digested {
		body[key] = whole[key]
	}
	return encode(body, "")
}

// decodeNumbers decodes exactly one JSON value and keeps numbers as they are written.
func decodeNumbers(doc []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("decode report: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("decode report: more than one JSON value")
	}
	return nil
}

// encode writes JSON without HTML escapes; maps come out with sorted keys.
func encode(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode report: %w", err)
	}
	if indent == "" {
		return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
	}
	return b.Bytes(), nil
}

// JSON returns the document: indented, one newline at its end, the same bytes for the same report.
func (r *Report) JSON() ([]byte, error) { return encode(r, "  ") }
