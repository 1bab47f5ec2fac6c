package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"aircheck/web/door"
)

// route is one request that the API answers.
type route struct {
	method, path string
	role         door.Role
	// id and summary are those of the document; doc says more.
	id, summary, doc string
	tag              string
	params           []param
	// body is a value of the type of the request's body; nil: there is none.
	body any
	// status is that of success, and answer a value of the type of its body; where media is set, the body is of one of these types instead. Others are further successes.
	status int
	answer any
	media  []string
	others map[int]string
	// problems are the kinds that are worth knowing beside those that every request can have.
	problems []Kind
	do       func(*call) (*answer, error)
}

// param is a parameter of a request.
type param struct {
	name, in, doc string
	schema        object
}

func path(name, doc string) param {
	return param{name: name, in: "path", doc: doc, schema: object{"type": "string"}}
}

func query(name, doc string, schema object) param {
	return param{name: name, in: "query", doc: doc, schema: schema}
}

func header(name, doc string) param {
	return param{name: name, in: "header", doc: doc, schema: object{"type": "string"}}
}

func text() object    { return object{"type": "string"} }
func boolean() object { return object{"type": "boolean"} }
func integer(least, most int) object {
	return object{"type": "integer", "minimum": least, "maximum": most}
}

// call is a request on its way.
type call struct {
	*API
	w      http.ResponseWriter
	r      *http.Request
	person door.Person
}

// answer is what a request gets. A nil one says that it was answered already.
type answer struct {
	status int
	header http.Header
	body   any
	// raw and media are the body where it is no JSON of ours.
	raw   []byte
	media string
}

func ok(body any) (*answer, error) { return &answer{status: http.StatusOK, body: body}, nil }

// mux serves a table.
func (a *API) mux(table []route) http.Handler {
	mux := http.NewServeMux()
	for _, rt := range table {
		mux.Handle(rt.method+" "+Prefix+rt.path, a.serve(rt))
	}
	mux.Handle("/", a.serve(route{role: door.Viewer, do: func(c *call) (*answer, error) { return nil, c.nowhere(mux) }}))
	return mux
}

// nowhere says why nothing answers a request: the path, or the method.
func (c *call) nowhere(mux *http.ServeMux) error {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodDelete} {
		other := c.r.Clone(c.r.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		return problemf(KindNotFound, "nothing is at %s: %s/openapi.json says what there is", c.r.URL.Path, Prefix)
	}
	p := problemf(KindMethod, "%s does not take %s, but %s", c.r.URL.Path, c.r.Method, strings.Join(allowed, ", "))
	p.header = http.Header{"Allow": {strings.Join(allowed, ", ")}}
	return p
}

// serve makes a handler of a route: who may, what is wrong, and how it is written.
func (a *API) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{API: a, w: w, r: r}
		var refusal *door.Refusal
		if c.person, refusal = a.cfg.Door.Admit(r, rt.role); refusal != nil {
			a.cfg.Door.Headers(w.Header(), refusal)
			p := NewProblem(KindNoAccess, refusal.Detail)
			p.Status = refusal.Status
			p.write(w)
			return
		}
		c.r = r.WithContext(door.WithIdentity(r.Context(), c.person))
		ans, err := rt.do(c)
		if rt.method != get && rt.method != "" { // who had what done; waivers have a log of their own beside this
			a.cfg.Log.Info("API", "request", rt.id, "path", r.URL.Path, "person", c.person.Name, "error", err)
		}
		if err != nil {
			c.fail(rt, err)
			return
		}
		if ans == nil {
			return
		}
		if err := ans.write(w); err != nil {
			c.fail(rt, err)
		}
	})
}

// fail answers with a problem, and logs those that no request is to blame for.
func (c *call) fail(rt route, err error) {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError && c.r.Context().Err() == nil {
		c.cfg.Log.Error("API", "request", rt.id, "status", p.Status, "error", err)
	}
	p.write(c.w)
}

func (a *answer) write(w http.ResponseWriter) error {
	body, media := a.raw, a.media
	if a.body != nil {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(true) // a browser that takes it for HTML finds none
		if err := e.Encode(a.body); err != nil {
			return err
		}
		body, media = b.Bytes(), "application/json"
	}
	maps.Copy(w.Header(), a.header)
	if media != "" {
		w.Header().Set("Content-Type", media)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // the reader has gone
	return nil
}

// query checks the parameters of a request against those of its route: one that is misspelt is told, because leaving it out would change what is asked.
func (c *call) query(known ...string) error {
	for name := range c.r.URL.Query() {
		if !slices.Contains(known, name) {
			return problemf(KindInvalid, "query parameter %q is not known: there are %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

var errGone = errors.New("the caller has gone")
