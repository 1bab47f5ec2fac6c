package door

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// clock is a time that tests set.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newClock() *clock { return &clock{t: time.Date(2026, 11, 22, 18, 0, 0, 0, time.UTC)} }

// mint writes a file with a token of each role and gives the secrets by role.
func mint(t *testing.T, expires time.Time) (path string, secrets map[Role]string) {
	t.Helper()
	file, secrets := "tokens:\n", map[Role]string{}
	for _, role := range []Role{Viewer, Operator, Admin} {
		secret, token, err := NewToken(role.String()+"-bot", role, expires)
		if err != nil {
			t.Fatal(err)
		}
		file, secrets[role] = file+token.YAML(), secret
	}
	path = filepath.Join(t.TempDir(), "tokens.yaml")
	write(t, path, file)
	return path, secrets
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func newDoor(t *testing.T, cfg Config) *Door {
	t.Helper()
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// whoami is behind the door and says who came in.
func whoami(d *Door, role Role) http.Handler {
	return d.Require(role, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, Identity(r.Context()).Name)
	}))
}

func ask(h http.Handler, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080/checks?x=1", nil)
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func TestRoles(t *testing.T) {
	t.Parallel()
	path, secrets := mint(t, time.Time{})
	d := newDoor(t, Config{Password: "sesame", Tokens: path})
	for _, needed := range []Role{Viewer, Operator, Admin} {
		h := whoami(d, needed)
		for role, secret := range secrets {
			want := http.StatusOK
			if role < needed {
				want = http.StatusForbidden
			}
			if w := ask(h, bearer(secret)); w.Code != want || want == 200 && w.Body.String() != role.String()+"-bot" {
				t.Errorf("%s at a door for %s: %d %s, want %d", role, needed, w.Code, w.Body, want)
			}
			if w := ask(h, func(r *http.Request) { r.SetBasicAuth("x", secret) }); w.Code != want {
				t.Errorf("%s as a Basic password at a door for %s: %d, want %d", role, needed, w.Code, want)
			}
		}
		if w := ask(h, func(r *http.Request) { r.SetBasicAuth("mia", "sesame") }); w.Code != 200 || w.Body.String() != "mia (password)" {
			t.Errorf("the password at a door for %s: %d %s", needed, w.Code, w.Body)
		}
		for name, change := range map[string]func(*http.Request){
			"nothing": nil, "a wrong token": bearer("aircheck_x"), "an empty one": bearer(""), "its digest": bearer(fmt.Sprintf("%x", digestOf(secrets[Admin]))),
		} {
			if w := ask(h, change); w.Code != http.StatusUnauthorized || len(w.Header().Values("WWW-Authenticate")) != 2 {
				t.Errorf("%s at a door for %s: %d %v", name, needed, w.Code, w.Header())
			}
		}
	}
	if Identity(t.Context()).Can(Viewer) {
		t.Error("nobody may look")
	}
}

func TestOpenDoorIsForLoopbackOnly(t *testing.T) {
	t.Parallel()
	d := newDoor(t, Config{})
	for host, want := range map[string]int{"127.0.0.1:80": 200, "localhost": 200, "[::1]:8080": 200, "[::1]": 200, "rebound.example": 403, "10.0.0.1": 403} {
		if w := ask(whoami(d, Admin), func(r *http.Request) { r.Host = host }); w.Code != want {
			t.Errorf("host %s: %d, want %d", host, w.Code, want)
		}
	}
	if d.CheckListen("0.0.0.0:80") == nil || d.CheckListen("127.0.0.1:80") != nil || d.CheckListen("80") == nil {
		t.Error("an open door on an address for all, or none at home")
	}
	path, _ := mint(t, time.Time{})
	for _, closed := range []Config{{Password: "x"}, {Tokens: path}} {
		d := newDoor(t, closed)
		if w := ask(whoami(d, Viewer), nil); w.Code != http.StatusUnauthorized {
			t.Errorf("%+v lets nobody's request in from here: %d", closed, w.Code)
		}
		if err := d.CheckListen("0.0.0.0:80"); err != nil {
			t.Error(err)
		}
	}
}

func TestTokensExpireAndAreRevoked(t *testing.T) {
	t.Parallel()
	c := newClock()
	path, secrets := mint(t, c.t.Add(time.Hour))
	d := newDoor(t, Config{Tokens: path, Now: c.now})
	h := whoami(d, Viewer)
	expect := func(why string, want int) {
		t.Helper()
		if w := ask(h, bearer(secrets[Viewer])); w.Code != want {
			t.Errorf("%s: %d, want %d", why, w.Code, want)
		}
	}
	expect("in time", 200)
	c.t = c.t.Add(time.Hour)
	expect("expired", 401)
	c.t = c.t.Add(-time.Minute)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, string(text)+"nonsense: [")
	c.t = c.t.Add(2 * time.Second)
	expect("the file is broken, and stays as it was", 200)
	write(t, path, "tokens: []\n")
	c.t = c.t.Add(2 * time.Second)
	expect("revoked", 401)
	write(t, path, string(text))
	c.t = c.t.Add(2 * time.Second)
	expect("given back", 200)
}

func TestGuessing(t *testing.T) {
	t.Parallel()
	c := newClock()
	path, secrets := mint(t, time.Time{})
	d := newDoor(t, Config{Password: "sesame", Tokens: path, Now: c.now})
	h := whoami(d, Viewer)
	if w := ask(h, bearer(secrets[Viewer])); w.Code != 200 {
		t.Fatal(w.Code)
	}
	for i := range guessBurst {
		if w := ask(h, bearer(fmt.Sprint("guess", i))); w.Code != http.StatusUnauthorized {
			t.Fatalf("guess %d: %d", i, w.Code)
		}
	}
	right := func(r *http.Request) { r.SetBasicAuth("", "sesame") }
	if w := ask(h, right); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("the right guess after too many: %d %v: guesses are not slowed down", w.Code, w.Header())
	}
	if w := ask(h, bearer(secrets[Viewer])); w.Code != 200 {
		t.Errorf("whoever was in already is locked out by the guesses of others: %d", w.Code)
	}
	if w := ask(h, func(r *http.Request) { r.RemoteAddr = "198.51.100.7:1"; right(r) }); w.Code != 200 {
		t.Errorf("another address: %d", w.Code)
	}
	d = newDoor(t, Config{Password: "sesame", Now: c.now})
	h = whoami(d, Viewer)
	for range guessBurst {
		ask(h, bearer("x"))
	}
	c.t = c.t.Add(guessEvery)
	if w := ask(h, right); w.Code != 200 {
		t.Errorf("after waiting: %d", w.Code)
	}
}

func TestGuessersAreBounded(t *testing.T) {
	t.Parallel()
	c, th := newClock(), newThrottle()
	for i := range maxGuessers + 100 {
		r := &http.Request{RemoteAddr: fmt.Sprintf("[2001:db8:%x:%x::1]:1", i>>12, i&0xfff)}
		th.failed(addressOf(r), c.t)
	}
	if n := len(th.guess); n > maxGuessers {
		t.Errorf("%d addresses are remembered", n)
	}
	one, other := addressOf(&http.Request{RemoteAddr: "[2001:db8::1]:1"}), addressOf(&http.Request{RemoteAddr: "[2001:db8::ffff:2]:9"})
	if one != other {
		t.Errorf("%s and %s are one customer", one, other)
	}
}

func login(d *Door, token, next string) *httptest.ResponseRecorder {
	form := url.Values{"token": {token}, "next": {next}}.Encode()
	r := httptest.NewRequest(http.MethodPost, "http://fleet.example/login", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	d.Login().ServeHTTP(w, r)
	return w
}

func TestLogin(t *testing.T) {
	t.Parallel()
	c := newClock()
	path, secrets := mint(t, time.Time{})
	cfg := Config{Password: "sesame", Tokens: path, Now: c.now, SessionKey: "shared by two processes"}
	d, replica := newDoor(t, cfg), newDoor(t, cfg)
	w := ask(whoami(d, Viewer), func(r *http.Request) { r.Header.Set("Accept", "text/html,*/*") })
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/login?next=%2Fchecks%3Fx%3D1" {
		t.Errorf("a browser: %d %v", w.Code, w.Header())
	}
	if w := login(d, "wrong", "/"); w.Code != http.StatusUnauthorized || len(w.Result().Cookies()) > 0 || w.Header().Get("WWW-Authenticate") != "" {
		t.Errorf("a wrong token: %d %v", w.Code, w.Header())
	}
	w = login(d, secrets[Operator]+" ", "/checks?x=1")
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/checks?x=1" || len(cookies) != 1 {
		t.Fatalf("a right token: %d %v", w.Code, w.Header())
	}
	cookie := cookies[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || strings.Contains(cookie.Value, secrets[Operator]) {
		t.Errorf("cookie %+v", cookie)
	}
	with := func(c *http.Cookie) func(*http.Request) { return func(r *http.Request) { r.AddCookie(c) } }
	for name, h := range map[string]http.Handler{"the process": whoami(d, Operator), "its replica": whoami(replica, Operator)} {
		if w := ask(h, with(cookie)); w.Code != 200 || w.Body.String() != "operator-bot" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := ask(whoami(d, Admin), with(cookie)); w.Code != http.StatusForbidden {
		t.Errorf("an operator as admin: %d", w.Code)
	}
	stranger := newDoor(t, Config{Password: "sesame", Tokens: path, Now: c.now})
	if w := ask(whoami(stranger, Viewer), with(cookie)); w.Code != 401 {
		t.Errorf("a process with another key: %d", w.Code)
	}
	for i := range cookie.Value {
		forged := *cookie
		forged.Value = cookie.Value[:i] + string(cookie.Value[i]^1) + cookie.Value[i+1:]
		if w := ask(whoami(d, Viewer), with(&forged)); w.Code != 401 && i != len(cookie.Value)-1 { // the last character has two bits that mean nothing
			t.Errorf("a cookie changed at %d: %d", i, w.Code)
		}
	}
	write(t, path, "tokens: []\n")
	c.t = c.t.Add(2 * time.Second)
	if w := ask(whoami(d, Viewer), with(cookie)); w.Code != 401 {
		t.Errorf("the session of a revoked token: %d", w.Code)
	}
	cookie = login(d, "sesame", "/").Result().Cookies()[0]
	if w := ask(whoami(d, Admin), with(cookie)); w.Code != 200 || w.Body.String() != "admin (password)" {
		t.Errorf("a session by password: %d %s", w.Code, w.Body)
	}
	c.t = c.t.Add(sessionLength)
	if w := ask(whoami(d, Viewer), with(cookie)); w.Code != 401 {
		t.Errorf("an old session: %d", w.Code)
	}
}

func TestLogout(t *testing.T) {
	t.Parallel()
	d := newDoor(t, Config{Password: "sesame"})
	r := httptest.NewRequest(http.MethodPost, "http://fleet.example/logout", nil)
	w := httptest.NewRecorder()
	d.Logout().ServeHTTP(w, r)
	if c := w.Result().Cookies(); len(c) != 1 || c[0].MaxAge >= 0 || w.Header().Get("Location") != LoginPath {
		t.Errorf("%v %v", c, w.Header())
	}
	w = httptest.NewRecorder()
	d.Logout().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://fleet.example/logout", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("an image of another page logs out: %d", w.Code)
	}
}

func TestTheWayBackStaysHere(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"/checks/a?b=c": "/checks/a?b=c", "": "/", "https://evil.example/": "/", "//evil.example": "/", `/\evil.example`: "/", `\\evil.example`: "/",
		"javascript:alert(1)": "/", "/login": "/", "/login?next=/login": "/", "checks": "/", "/\tx": "/", "/%2f/evil.example": "/",
	} {
		if got := local(next); got != want {
			t.Errorf("local(%q) = %q, want %q", next, got, want)
		}
	}
}

func TestLoginPageShowsTextAsText(t *testing.T) {
	t.Parallel()
	d := newDoor(t, Config{Password: "sesame"})
	r := httptest.NewRequest(http.MethodGet, "/login?next="+url.QueryEscape(`/"><script>alert(1)</script>`), nil)
	w := httptest.NewRecorder()
	d.Login().ServeHTTP(w, r)
	if w.Code != 200 || strings.Contains(w.Body.String(), "<script") || !strings.Contains(w.Body.String(), "<form") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestNamesInTheLog(t *testing.T) {
	t.Parallel()
	for user, want := range map[string]string{
		"": "admin (password)", "mia": "mia (password)", "a\x1b[31m\nb\u202e": "a[31mb (password)", strings.Repeat("ä", 100): strings.Repeat("ä", 64) + " (password)",
	} {
		if got := userName(user); got != want {
			t.Errorf("userName(%q) = %q, want %q", user, got, want)
		}
	}
}

func TestParseTokensIsStrict(t *testing.T) {
	t.Parallel()
	const sum = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	for text, want := range map[string]string{
		"":             "",
		"tokens: []\n": "",
		"tokens: [{name: ci, role: viewer, sha256: " + sum + "}]":                                                  "",
		"tokens: [{name: ci, role: viewer, sha256: " + sum + ", expires: 2027-01-01}]":                             "",
		"tokens: [{name: ci, role: root, sha256: " + sum + "}]":                                                    "unknown role",
		"tokens: [{name: ci, role: nobody, sha256: " + sum + "}]":                                                  "unknown role",
		"tokens: [{name: ci, sha256: " + sum + "}]":                                                                "unknown role",
		"tokens: [{name: ci, role: viewer}]":                                                                       "sha256",
		"tokens: [{name: ci, role: viewer, sha256: abcd}]":                                                         "sha256",
		"tokens: [{name: ci, role: viewer, sha265: " + sum + "}]":                                                  "sha265",
		"tokens: [{name: ci, role: viewer, sha256: " + sum + ", expires: soon}]":                                   "cannot",
		"tokens: [{name: '', role: viewer, sha256: " + sum + "}]":                                                  "name",
		"tokens: [{name: 'a b', role: viewer, sha256: " + sum + "}]":                                               "name",
		"tokens: [{name: a, role: viewer, sha256: " + sum + "}, {name: b, role: admin, sha256: " + sum + "}]":      "twice",
		"tokens: [{name: a, role: viewer, sha256: " + sum + "}, {name: a, role: admin, sha256: b" + sum[1:] + "}]": "twice",
		"tokens: []\n---\ntokens: []\n":                                                                            "document",
		"toknes: []":                                                                                               "toknes",
		"[":                                                                                                        "YAML",
	} {
		_, err := ParseTokens([]byte(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := New(Config{Tokens: filepath.Join(t.TempDir(), "none")}); err == nil {
		t.Error("a file that is not there lets the door open")
	}
	for _, name := range []string{"", "a b", "1", "a\n", strings.Repeat("a", 65), `a"`} {
		if _, _, err := NewToken(name, Viewer, time.Time{}); err == nil {
			t.Errorf("a token called %q", name)
		}
	}
}

func FuzzParseTokens(f *testing.F) {
	f.Add([]byte("tokens: [{name: ci, role: viewer, sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		tokens, err := ParseTokens(b)
		if err != nil {
			return
		}
		text := "tokens:\n"
		for _, tok := range tokens {
			text += tok.YAML()
		}
		again, err := ParseTokens([]byte(text))
		if err != nil || len(again) != len(tokens) {
			t.Errorf("what was read cannot be written: %v\n%s", err, text)
		}
	})
}
