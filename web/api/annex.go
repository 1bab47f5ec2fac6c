package api

import (
	"errors"
	"io"
	"net/http"
	"path/filepath"

	"aircheck/storage"
)

// beside explains that something is not there which comes after the report, or with it.
func beside(what, id string, err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return problemf(KindNotFound, "check %s has no %s: there is no such check, or it is not finished, or none were made", id, what)
	}
	return err
}

func (c *call) curves() (*answer, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	curves, err := c.cfg.Archive.Curves(c.r.Context(), id)
	if err != nil {
		return nil, beside("curves", id, err)
	}
	for i := range curves.Renditions {
		curves.Renditions[i].Curves = orEmpty(curves.Renditions[i].Curves)
	}
	curves.Renditions = orEmpty(curves.Renditions)
	return ok(curves)
}

func (c *call) signatures() (*answer, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	list, err := c.cfg.Archive.Signatures(c.r.Context(), id)
	if err != nil {
		return nil, beside("signatures", id, err)
	}
	return ok(SignatureList{Signatures: orEmpty(list)})
}

func (c *call) evidence() (*answer, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	e, err := c.cfg.Archive.Evidence(c.r.Context(), id)
	if err != nil {
		return nil, beside("evidence", id, err)
	}
	e.Items = orEmpty(e.Items)
	if e.Strip != nil {
		e.Strip.Sheets = orEmpty(e.Strip.Sheets)
	}
	return ok(e)
}

func evidenceTypes() []string {
	return []string{"image/jpeg", "image/png", "image/webp", "text/vtt", "application/octet-stream"}
}

// evidenceType is that of a file by its ending.
func evidenceType(name string) string {
	switch filepath.Ext(name) {
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	case ".webp":
		return "image/webp"
	case ".vtt":
		return "text/vtt"
	}
	return "application/octet-stream"
}

func (c *call) evidenceFile() (*answer, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	name := c.r.PathValue("file")
	body, _, err := c.cfg.Archive.EvidenceFile(c.r.Context(), id, name)
	if err != nil {
		return nil, beside("evidence of this name", id, err)
	}
	b, err := io.ReadAll(body) // the archive bounds it
	if err := errors.Join(err, body.Close()); err != nil {
		return nil, err
	}
	return &answer{status: http.StatusOK, raw: b, media: evidenceType(name)}, nil
}

// orEmpty makes [] of null: clients loop over lists without asking first.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
