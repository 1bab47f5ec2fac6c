package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"aircheck/jobs"
	"aircheck/report"
)

// Bounds of parameters.
const (
	maxPage   = 500
	page      = 50
	maxOffset = 1_000_000
	maxKey    = 200
)

// id is the check that a request is about. What is no id has no check, and must not become part of a key.
func (c *call) id() (string, error) {
	id := c.r.PathValue("id")
	if !jobs.ValidID(id) {
		return "", problemf(KindNotFound, "%q is not the id of a check", id)
	}
	return id, nil
}

// number reads a query parameter between two bounds.
func (c *call) number(name string, fallback, least, most int) (int, error) {
	text := c.r.URL.Query().Get(name)
	if text == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, problemf(KindInvalid, "%s is %q, want a number between %d and %d", name, text, least, most)
	}
	return n, nil
}

func (c *call) flag(name string) (bool, error) {
	text := c.r.URL.Query().Get(name)
	if text == "" {
		return false, nil
	}
	on, err := strconv.ParseBool(text)
	if err != nil {
		return false, problemf(KindInvalid, "%s is %q, want true or false", name, text)
	}
	return on, nil
}

func (c *call) submit() (*answer, error) {
	var r CheckRequest
	if p := decode(c.w, c.r, &r); p != nil {
		return nil, p
	}
	key := c.r.Header.Get("Idempotency-Key")
	switch {
	case len(key) > maxKey:
		return nil, problemf(KindInvalid, "Idempotency-Key has %d characters, at most %d are allowed", len(key), maxKey)
	case key != "" && (r.ID != "" || r.Tick != ""):
		return nil, problemf(KindInvalid, "Idempotency-Key, id and tick say the same: give one of them")
	case r.Input == "":
		return nil, problemf(KindInvalid, "input is missing")
	}
	c.unhurried()
	s, created, err := c.cfg.Fleet.Submit(c.r.Context(), r, c.person.Name, key)
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	return &answer{status: status, body: s, header: http.Header{"Location": {Prefix + "/checks/" + s.ID}}}, nil
}

func (c *call) listChecks() (*answer, error) {
	limit, err := c.number("limit", page, 1, maxPage)
	if err != nil {
		return nil, err
	}
	offset, err := c.number("offset", 0, 0, maxOffset)
	if err != nil {
		return nil, err
	}
	if err := c.query("limit", "offset"); err != nil {
		return nil, err
	}
	list, total, err := c.cfg.Fleet.Recent(c.r.Context(), offset, limit)
	if err != nil {
		return nil, err
	}
	l := CheckList{Checks: list, Total: total}
	if l.Checks == nil {
		l.Checks = []RecentCheck{}
	}
	if next := offset + len(list); len(list) > 0 && next < total {
		l.Next = next
	}
	return ok(l)
}

func (c *call) status() (*answer, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	s, err := c.cfg.Fleet.Status(c.r.Context(), id)
	if err != nil {
		return nil, err
	}
	return ok(s)
}

func (c *call) estimate() (*answer, error) {
	var r EstimateRequest
	if p := decode(c.w, c.r, &r); p != nil {
		return nil, p
	}
	if r.Input == "" {
		return nil, problemf(KindInvalid, "input is missing")
	}
	c.unhurried()
	e, err := c.cfg.Fleet.Estimate(c.r.Context(), r)
	if err != nil {
		return nil, err
	}
	return ok(e)
}

// unhurried lifts the server's limits of time for a request that may take longer than a page. It ends with its caller.
func (c *call) unhurried() {
	rc := http.NewResponseController(c.w)
	// A writer that knows no deadlines has none.
	_ = rc.SetReadDeadline(time.Time{}) // or the server would take the caller for gone
	_ = rc.SetWriteDeadline(time.Time{})
}

// judging waits for a place to judge. A caller that has to wait long is told to come again.
func (c *call) judging() (done func(), err error) {
	wait := time.NewTimer(judgeWait)
	defer wait.Stop()
	select {
	case c.judges <- struct{}{}:
		c.unhurried()
		return func() { <-c.judges }, nil
	case <-wait.C:
		return nil, problemf(KindBusy, "%d checks are being judged at the moment: try again", cap(c.judges))
	case <-c.r.Context().Done():
		return nil, errGone
	}
}

const judgeWait = 10 * time.Second

func (c *call) rejudge() (*answer, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	f, err := c.format()
	if err != nil {
		return nil, err
	}
	var under RejudgeRequest
	if p := decode(c.w, c.r, &under); p != nil {
		return nil, p
	}
	done, err := c.judging()
	if err != nil {
		return nil, err
	}
	defer done()
	r, err := c.cfg.Fleet.Rejudge(c.r.Context(), id, under.Judging)
	if err != nil {
		return nil, err
	}
	return c.rendered(r, f)
}

func (c *call) verify() (*answer, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	done, err := c.judging()
	if err != nil {
		return nil, err
	}
	defer done()
	v, err := c.cfg.Fleet.Verify(c.r.Context(), id)
	if err != nil {
		return nil, err
	}
	return ok(v)
}

// mediaOf is the type of a format without its parameters.
func mediaOf(f report.Format) string {
	media, _, err := mime.ParseMediaType(f.MediaType())
	if err != nil {
		return "application/octet-stream"
	}
	return media
}

// format is the one that a request wants: by name, else the first that it accepts.
func (c *call) format() (report.Format, error) {
	if name := c.r.URL.Query().Get("format"); name != "" {
		f, err := report.ParseFormat(name)
		if err != nil {
			return "", problemf(KindUnacceptable, "%w", err)
		}
		return f, nil
	}
	accept := strings.Join(c.r.Header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return report.FormatJSON, nil
	}
	best, quality := report.Format(""), 0.0
	for one := range strings.SplitSeq(accept, ",") {
		media, params, err := mime.ParseMediaType(one)
		if err != nil {
			continue
		}
		q := 1.0
		if text, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				continue
			}
		}
		if f, ok := formatOf(media); ok && q > quality {
			best, quality = f, q
		}
	}
	if best == "" {
		return "", problemf(KindUnacceptable, "there is no report as %q: name a format with ?format=", accept)
	}
	return best, nil
}

// formatOf finds the format of a media type; of several the first, and JSON before all.
func formatOf(media string) (report.Format, bool) {
	formats := append([]report.Format{report.FormatJSON}, report.Formats()...)
	i := slices.IndexFunc(formats, func(f report.Format) bool {
		m := mediaOf(f)
		kind, _, _ := strings.Cut(m, "/")
		return media == m || media == "*/*" || media == kind+"/*"
	})
	if i < 0 {
		return "", false
	}
	return formats[i], true
}

// rendered is a report as an answer.
func (c *call) rendered(r *report.Report, f report.Format) (*answer, error) {
	var b bytes.Buffer
	if err := c.cfg.Fleet.Render(c.r.Context(), &b, r, f); err != nil {
		return nil, err
	}
	a := &answer{status: http.StatusOK, raw: b.Bytes(), media: f.MediaType(), header: http.Header{}}
	if f == report.FormatHTML { // its script must not run as if it were a page of this site
		a.header.Set("Content-Disposition", `attachment; filename="`+r.Check.ID+`.html"`)
	}
	return a, nil
}

func (c *call) report() (*answer, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	interim, err := c.flag("interim")
	if err != nil {
		return nil, err
	}
	if err := c.query("format", "interim"); err != nil {
		return nil, err
	}
	f, err := c.format()
	if err != nil {
		return nil, err
	}
	r, final, err := c.cfg.Fleet.Report(c.r.Context(), id, interim)
	if err != nil {
		return nil, err
	}
	a, err := c.rendered(r, f)
	if err != nil {
		return nil, err
	}
	a.header.Set("Vary", "Accept")
	a.header.Set("Aircheck-Report", "interim")
	if !final {
		return a, nil
	}
	sum := sha256.Sum256(a.raw)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	a.header.Set("Aircheck-Report", "final")
	a.header.Set("ETag", tag)
	a.header.Set("Cache-Control", "private, no-cache") // keep it, and ask
	if matches(c.r.Header.Values("If-None-Match"), tag) {
		a.status, a.raw, a.media = http.StatusNotModified, nil, ""
	}
	return a, nil
}

// matches compares ETags weakly, as RFC 9110 section 13.1.2 wants.
func matches(values []string, tag string) bool {
	for _, list := range values {
		for one := range strings.SplitSeq(list, ",") {
			if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == tag || one == "*" {
				return true
			}
		}
	}
	return false
}
