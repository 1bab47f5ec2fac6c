package door

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Sessions of browsers. A working day, so that nobody logs in twice a shift; whoever loses the role loses the session at once.
const (
	// CookieName is that of the session.
	CookieName    = "aircheck_session"
	sessionLength = 12 * time.Hour
	maxCookie     = 1 << 10
)

// session is what a cookie says, signed. The secret itself is not in it.
type session struct {
	Name string `json:"name"`
	// Key is the beginning of the digest of the digest of the secret that opened it: another token of the same name is another session.
	Key     []byte    `json:"key"`
	Expires time.Time `json:"expires"`
}

// sessionKey names a secret in a cookie without giving its digest away.
func sessionKey(secret digest) []byte {
	sum := sha256.Sum256(secret[:])
	return sum[:12]
}

func (d *Door) sign(payload string) string {
	mac := hmac.New(sha256.New, d.session)
	mac.Write([]byte("aircheck session 1\x00" + payload))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// cookie is the session of somebody who was let in.
func (d *Door) cookie(r *http.Request, p Person, secret digest) *http.Cookie {
	// A session has a name, bytes and a time: there is nothing that could not be encoded.
	doc, _ := json.Marshal(session{Name: p.Name, Key: sessionKey(secret), Expires: d.now().Add(sessionLength).UTC().Truncate(time.Second)})
	payload := base64.RawURLEncoding.EncodeToString(doc)
	c := d.emptyCookie(r)
	c.Value, c.MaxAge = payload+"."+d.sign(payload), int(sessionLength/time.Second)
	return c
}

// emptyCookie is the cookie that ends a session.
func (d *Door) emptyCookie(r *http.Request) *http.Cookie {
	return &http.Cookie{
		Name: CookieName, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: -1,
		// A proxy that ends TLS says so in this header; who lies in it harms only himself.
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	}
}

// fromCookie tells whose session a request belongs to.
func (d *Door) fromCookie(r *http.Request) (Person, bool) {
	c, err := r.Cookie(CookieName)
	if err != nil || len(c.Value) > maxCookie {
		return Person{}, false
	}
	s, err := d.openSession(c.Value)
	if err != nil {
		return Person{}, false
	}
	return d.holder(s)
}

func (d *Door) openSession(value string) (session, error) {
	payload, mac, ok := strings.Cut(value, ".")
	if !ok || !hmac.Equal([]byte(mac), []byte(d.sign(payload))) {
		return session{}, errNoSession
	}
	doc, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return session{}, fmt.Errorf("%w: %w", errNoSession, err)
	}
	var s session
	if err := json.Unmarshal(doc, &s); err != nil {
		return session{}, fmt.Errorf("%w: %w", errNoSession, err)
	}
	if !d.now().Before(s.Expires) {
		return session{}, errNoSession
	}
	return s, nil
}

// holder finds who a session belongs to now: a token that was taken out of the file, or that got another role, counts at once.
func (d *Door) holder(s session) (Person, bool) {
	if d.hasPassword && hmac.Equal(s.Key, sessionKey(d.password)) {
		return Person{Name: s.Name, Role: Admin}, true
	}
	if d.tokens == nil {
		return Person{}, false
	}
	now := d.now()
	for _, t := range d.tokens.list() {
		if t.Name == s.Name && hmac.Equal(s.Key, sessionKey(t.SHA256)) && !t.expired(now) {
			return Person{Name: t.Name, Role: t.Role}, true
		}
	}
	return Person{}, false
}
