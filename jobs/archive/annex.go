package archive

import (
	"context"
	"encoding/json"
	"fmt"

	"aircheck/jobs"
	"aircheck/storage"
)

// Bounds of what stands beside a report.
const (
	// MaxCurvesBytes: a curve of MaxCurvePoints has 200 KB, a rendition four of them, and ladders have some twenty renditions.
	MaxCurvesBytes = 64 << 20
	// MaxSignatures bounds the signatures of a check, each of which has about 1.5 KB.
	MaxSignatures     = 2000
	maxSignatureBytes = 16 << 20
	maxEvidenceBytes  = 4 << 20
	// MaxEvidenceFileBytes bounds a picture or a film strip.
	MaxEvidenceFileBytes = 32 << 20
)

// signatures are the signatures of the findings of a check, as they are stored.
type signatures struct {
	V          int           `json:"v"`
	Signatures []jobs.Signed `json:"signatures"`
}

// signaturesVersion is that of the document.
const signaturesVersion = 1

// Curves reads what was measured over the time of a check; the error wraps storage.ErrNotFound where nothing was stored.
func (a *Archive) Curves(ctx context.Context, id string) (*jobs.Curves, error) {
	key, err := storage.Curves(id)
	if err != nil {
		return nil, permanent("curves", err)
	}
	doc, err := a.get(ctx, key, MaxCurvesBytes)
	if err != nil {
		return nil, classify("get curves", err)
	}
	return DecodeCurves(doc)
}

// PutCurves stores the curves of a check in the place of what was there: they are equal whoever writes them, and grow with a live check.
func (a *Archive) PutCurves(ctx context.Context, id string, c *jobs.Curves) error {
	key, err := storage.Curves(id)
	if err != nil {
		return permanent("curves", err)
	}
	doc, err := EncodeCurves(c)
	if err != nil {
		return err
	}
	return classify("put curves", a.store.Put(ctx, key, doc))
}

// EncodeCurves gives the document of curves.json. It sets the version.
func EncodeCurves(c *jobs.Curves) ([]byte, error) {
	versioned := *c
	versioned.V = jobs.CurvesVersion
	return encode("curves", &versioned, MaxCurvesBytes)
}

// DecodeCurves reads it.
func DecodeCurves(doc []byte) (*jobs.Curves, error) {
	c := new(jobs.Curves)
	if err := decode("curves", doc, c, MaxCurvesBytes); err != nil {
		return nil, err
	}
	if c.V != jobs.CurvesVersion {
		return nil, permanent("decode curves", fmt.Errorf("%w %d", jobs.ErrVersion, c.V))
	}
	for i := range c.Renditions {
		if err := checkCurves(&c.Renditions[i]); err != nil {
			return nil, permanent("decode curves", err)
		}
	}
	return c, nil
}

// checkCurves refuses what nobody could draw.
func checkCurves(r *jobs.RenditionCurves) error {
	if r.Step <= 0 {
		return fmt.Errorf("curves of %q have a step of %g s", r.Rendition, float64(r.Step))
	}
	for _, c := range r.Curves {
		if n := max(len(c.Low), len(c.High), len(c.Mean)); n > jobs.MaxCurvePoints {
			return fmt.Errorf("curve %q of %q has %d points, at most %d are allowed", c.Name, r.Rendition, n, jobs.MaxCurvePoints)
		}
	}
	return nil
}

// Signatures reads the signatures of the findings of a check; the error wraps storage.ErrNotFound where nothing was stored.
func (a *Archive) Signatures(ctx context.Context, id string) ([]jobs.Signed, error) {
	key, err := storage.Signatures(id)
	if err != nil {
		return nil, permanent("signatures", err)
	}
	doc, err := a.get(ctx, key, maxSignatureBytes)
	if err != nil {
		return nil, classify("get signatures", err)
	}
	return DecodeSignatures(doc)
}

// PutSignatures stores the signatures of the findings of a check in the place of what was there.
func (a *Archive) PutSignatures(ctx context.Context, id string, list []jobs.Signed) error {
	key, err := storage.Signatures(id)
	if err != nil {
		return permanent("signatures", err)
	}
	doc, err := EncodeSignatures(list)
	if err != nil {
		return err
	}
	return classify("put signatures", a.store.Put(ctx, key, doc))
}

// EncodeSignatures gives the document of signatures.json.
func EncodeSignatures(list []jobs.Signed) ([]byte, error) {
	if list == nil {
		list = []jobs.Signed{}
	}
	return encode("signatures", signatures{V: signaturesVersion, Signatures: list}, maxSignatureBytes)
}

// DecodeSignatures reads it.
func DecodeSignatures(doc []byte) ([]jobs.Signed, error) {
	var s signatures
	if err := decode("signatures", doc, &s, maxSignatureBytes); err != nil {
		return nil, err
	}
	if s.V != signaturesVersion {
		return nil, permanent("decode signatures", fmt.Errorf("%w %d", jobs.ErrVersion, s.V))
	}
	if len(s.Signatures) > MaxSignatures {
		return nil, permanent("decode signatures", fmt.Errorf("%d of them, at most %d are allowed", len(s.Signatures), MaxSignatures))
	}
	return s.Signatures, nil
}

// encode marshals a document that has a bound.
func encode(what string, v any, limit int) ([]byte, error) {
	doc, err := json.Marshal(v)
	if err != nil {
		return nil, permanent("encode "+what, err)
	}
	if len(doc) > limit {
		return nil, permanent("encode "+what, fmt.Errorf("%d bytes, at most %d are allowed", len(doc), limit))
	}
	return doc, nil
}

func decode(what string, doc []byte, v any, limit int) error {
	if len(doc) > limit {
		return permanent("decode "+what, fmt.Errorf("%d bytes, at most %d are allowed", len(doc), limit))
	}
	if err := json.Unmarshal(doc, v); err != nil {
		return permanent("decode "+what, err)
	}
	return nil
}
