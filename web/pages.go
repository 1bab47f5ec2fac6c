package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/archive"
	"aircheck/report"
	"aircheck/report/page"
	"aircheck/storage"
	"aircheck/web/door"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed static/* vendor/hls.js/*
var static embed.FS

// source is what pages read from Redis; *queue.Client is one.
type source interface {
	wallSource
	eventSource
	recentSource
}

// pages serves what people look at.
type pages struct {
	archive   *archive.Archive
	source    source
	door      *door.Door
	now       func() time.Time
	assets    *assets
	templates *template.Template
	board     *board
	feed      *feed
	growth    *growth
}

func newPages(cfg Config) (*pages, error) {
	p := &pages{archive: cfg.Archive, source: cfg.source, door: cfg.Door, now: cfg.Now, assets: newAssets(), growth: newGrowth(cfg.Archive, cfg.Now)}
	shared, err := page.Assets()
	if err != nil {
		return nil, fmt.Errorf("find assets of pages: %w", err)
	}
	for name, body := range shared {
		p.assets.put(name, assetKind(name), body)
	}
	if err := p.assets.add(static); err != nil {
		return nil, err
	}
	p.templates, err = template.New("site").Funcs(template.FuncMap{"asset": p.assets.URL, "text": report.Printable}).ParseFS(templates, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	p.board = newBoard(cfg.source, renderer(p.templates), cfg.Price, cfg.Now)
	p.feed = &feed{board: p.board, source: cfg.source, every: tellEvery, again: heartbeat, admit: p.mayView}
	return p, nil
}

func (p *pages) mayView(r *http.Request) bool {
	_, refusal := p.door.Admit(r, door.Viewer)
	return refusal == nil
}

// routes mounts everything. Whoever is a viewer sees all; acting takes an operator.
func (p *pages) routes(mux *http.ServeMux) {
	view := func(pattern string, h http.HandlerFunc) {
		mux.Handle(pattern, withPolicy(p.door.Require(door.Viewer, h)))
	}
	act := func(pattern string, h http.HandlerFunc) {
		mux.Handle(pattern, withPolicy(p.door.Require(door.Operator, h)))
	}
	view("GET /{$}", p.wall)
	view("GET /streams/{name}", p.stream)
	view("GET /checks", p.checks)
	view("GET /checks/{id}", p.check)
	view("GET /checks/{id}/evidence/{file}", p.evidence)
	view("GET /checks/{id}/{file}", p.reportFile)
	view("GET /compare", p.compare)
	view("GET /media/{id}/{path...}", p.media)
	view("GET /waivers", p.waivers)
	act("POST /checks/{id}/waive", p.waive)
	act("POST /waivers/{id}/end", p.endWaiver)
	view("GET /events", p.feed.ServeHTTP)
	view("/", p.nothing)
	mux.Handle("GET "+staticPath, p.assets) // the form to log in needs its style
}

// frame is what every page of the site has, with the page's own data as Body.
type frame struct {
	Title   string
	Scripts []string
	// Refresh is after how many seconds browsers without script load the page anew; 0: never.
	Refresh int
	Nav     []link
	Person  string
	// Leave tells whether there is a session that could be ended.
	Leave bool
	Body  any
}

// link is one of the site's sections.
type link struct {
	URL, Text string
	Here      bool
}

func (p *pages) frame(r *http.Request, title string, body any) frame {
	f := frame{Title: title, Body: body}
	for _, l := range []link{{URL: "/", Text: "Streams"}, {URL: "/checks", Text: "Checks"}, {URL: "/compare", Text: "Compare"}, {URL: "/waivers", Text: "Waivers"}, {URL: queuesPath + "/", Text: "Queues"}} {
		if l.URL == queuesPath+"/" && !p.door.Open() && !door.Identity(r.Context()).Can(door.Admin) {
			continue
		}
		l.Here = r.URL.Path == l.URL || l.URL != "/" && strings.HasPrefix(r.URL.Path, l.URL+"/") || l.URL == "/" && strings.HasPrefix(r.URL.Path, "/streams/")
		f.Nav = append(f.Nav, l)
	}
	if !p.door.Open() {
		f.Person = door.Identity(r.Context()).Name
		_, _, basic := r.BasicAuth()
		f.Leave = !basic
	}
	return f
}

// show renders a page whole before anything of it is sent: half a page would look like a page.
func (p *pages) show(w http.ResponseWriter, r *http.Request, status int, name string, f frame) {
	var b bytes.Buffer
	if err := p.templates.ExecuteTemplate(&b, name, f); err != nil {
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	send(w, r, status, b.Bytes())
}

// send sends a page, compressed where the browser takes that.
func send(w http.ResponseWriter, r *http.Request, status int, doc []byte) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Vary", "Accept-Encoding")
	if len(doc) < minGzip || !takesGzip(r) {
		w.WriteHeader(status)
		_, _ = w.Write(doc) // the reader went
		return
	}
	header.Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return // BestSpeed is a level
	}
	_, _ = z.Write(doc)
	_ = z.Close()
}

// trouble is what an error page says.
type trouble struct {
	Status       int
	Title        string // empty: that of the status
	Text, Advice string
}

// fail answers in the words of the site. Details of errors stay inside: paths, hosts and keys are nobody's business who may only look.
func (p *pages) fail(w http.ResponseWriter, r *http.Request, what string, err error) {
	t := trouble{Status: http.StatusInternalServerError, Text: what + " could not be read.", Advice: "The store or the queue did not answer as it should; try again."}
	switch {
	case errors.Is(err, context.Canceled):
		return // nobody reads the answer
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, storage.ErrBadKey):
		t = trouble{Status: http.StatusNotFound, Text: what + " is not here.", Advice: "It may never have been, or was deleted."}
	case jobs.ClassOf(err) == jobs.Transient:
		t.Status = http.StatusServiceUnavailable
	}
	p.refuse(w, r, t)
}

func (p *pages) refuse(w http.ResponseWriter, r *http.Request, t trouble) {
	title := t.Title
	if title == "" {
		title = http.StatusText(t.Status)
	}
	p.show(w, r, t.Status, "trouble", p.frame(r, title, t))
}

// nothing answers for addresses that nobody else does.
func (p *pages) nothing(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	p.refuse(w, r, trouble{Status: http.StatusNotFound, Text: "There is no such page.", Advice: "The bar above leads to those that there are."})
}
