package door

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

// Paths of the pages that stand before the door.
const (
	LoginPath  = "/login"
	LogoutPath = "/logout"
)

// maxLogin bounds the body of the form.
const maxLogin = 8 << 10

//go:embed login.html
var loginPage string

// loginData is what the page shows.
type loginData struct {
	Next    string
	Problem string
}

// loginPolicy allows the page its own style, by its hash, the form, and nothing else: files of the site stand behind the door.
func loginPolicy() string {
	_, style, _ := strings.Cut(loginPage, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; img-src data:; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

// Login shows the form (GET) and opens a session (POST token=…&next=…). It stands before the door, at LoginPath.
func (d *Door) Login() http.Handler {
	page := template.Must(template.New("login").Parse(loginPage)) // our own text
	policy := loginPolicy()
	show := func(w http.ResponseWriter, status int, data loginData) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_ = page.Execute(w, data) // the reader has gone
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.Open() {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		if r.Method != http.MethodPost {
			show(w, http.StatusOK, loginData{Next: local(r.URL.Query().Get("next"))})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxLogin)
		if err := r.ParseForm(); err != nil {
			http.Error(w, "the form cannot be read", http.StatusBadRequest)
			return
		}
		next, secret := local(r.PostForm.Get("next")), strings.TrimSpace(r.PostForm.Get("token"))
		p, refusal := d.try(r, r.PostForm.Get("user"), secret)
		if refusal != nil {
			d.Headers(w.Header(), refusal)
			w.Header().Del("WWW-Authenticate") // the form asks; a dialog of the browser would stand over it
			problem := "That is neither a token nor the password."
			if refusal.Status == http.StatusTooManyRequests {
				problem = "Too many attempts: wait a few seconds."
			}
			show(w, refusal.Status, loginData{Next: next, Problem: problem})
			return
		}
		http.SetCookie(w, d.cookie(r, p, digestOf(secret)))
		http.Redirect(w, r, next, http.StatusSeeOther)
	})
}

// Logout ends the session of a browser (POST). It stands before the door, at LogoutPath.
func (d *Door) Logout() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "send a POST", http.StatusMethodNotAllowed)
			return
		}
		http.SetCookie(w, d.emptyCookie(r))
		http.Redirect(w, r, LoginPath, http.StatusSeeOther)
	})
}

// isPageView tells whether a person looks at a page, who is better served with a form than with a status.
func isPageView(r *http.Request) bool {
	return r.Method == http.MethodGet && r.Header.Get("Authorization") == "" && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// loginFor is the form that leads back to what was asked for.
func loginFor(r *http.Request) string {
	return LoginPath + "?" + url.Values{"next": {r.URL.RequestURI()}}.Encode()
}

// local keeps the way back on this site: //elsewhere.example and https://elsewhere.example are other sites, and browsers take \ for /.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") ||
		strings.ContainsAny(next, "\\\r\n\t") || strings.HasPrefix(u.Path, LoginPath) {
		return "/"
	}
	return u.RequestURI()
}
