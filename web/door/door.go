// Package door decides who may see and do what on the web site and in the API: by a password, by tokens, or, without either, whoever sits at the machine.
//
// It knows nothing about checks and imports nothing of aircheck.
package door

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Config sets up a door.
type Config struct {
	// Password makes whoever gives it an admin, with any user name (HTTP Basic). Empty: there is none.
	Password string
	// Tokens is the file of tokens, which is read again when it changes. Empty: there are none.
	Tokens string
	// SessionKey signs the cookies of those who log in by the form. Processes that share one accept each other's; empty: one that ends with the process.
	SessionKey string
	// Now is the clock; nil: the system's.
	Now func() time.Time
	// Log hears of what goes wrong with the file of tokens, and of guesses; nil: nobody.
	Log *slog.Logger
}

// Door is the door. Without password and tokens it is open, but only to requests to a loopback address. It is safe for concurrent use.
type Door struct {
	// password is a digest: comparing digests takes the same time whatever the guess and however long the password is.
	password    digest
	hasPassword bool
	tokens      *tokenFile // nil without tokens
	session     []byte
	throttle    *throttle
	now         func() time.Time
	log         *slog.Logger
}

// New makes a door.
func New(cfg Config) (*Door, error) {
	d := &Door{
		password: digestOf(cfg.Password), hasPassword: cfg.Password != "", throttle: newThrottle(), now: cfg.Now, log: cfg.Log, session: []byte(cfg.SessionKey),
	}
	if d.now == nil {
		d.now = time.Now
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if len(d.session) == 0 {
		d.session = make([]byte, 32)
		_, _ = rand.Read(d.session) // never fails
	}
	if cfg.Tokens == "" {
		return d, nil
	}
	var err error
	d.tokens, err = openTokens(cfg.Tokens, d.now, d.log)
	return d, err
}

// Open tells whether neither password nor token is asked for.
func (d *Door) Open() bool { return !d.hasPassword && d.tokens == nil }

// Refusal is why somebody is not let in.
type Refusal struct {
	// Status is 401, 403 or 429.
	Status int
	// Detail is a sentence for people. It says nothing about what would have been right.
	Detail string
	// RetryAfter is set with 429.
	RetryAfter time.Duration
}

func (r *Refusal) Error() string { return r.Detail }

// Require lets those pass who have the role. h finds them in Identity.
func (d *Door) Require(role Role, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, refusal := d.Admit(r, role)
		if refusal == nil {
			h.ServeHTTP(w, r.WithContext(WithIdentity(r.Context(), p)))
			return
		}
		if refusal.Status == http.StatusUnauthorized && d.tokens != nil && isPageView(r) {
			http.Redirect(w, r, loginFor(r), http.StatusSeeOther)
			return
		}
		d.Headers(w.Header(), refusal)
		http.Error(w, refusal.Detail, refusal.Status)
	})
}

// Headers sets what goes with a refusal, whatever its body.
func (d *Door) Headers(h http.Header, refusal *Refusal) {
	switch refusal.Status {
	case http.StatusUnauthorized:
		if d.hasPassword {
			h.Add("WWW-Authenticate", `Basic realm="aircheck", charset="UTF-8"`)
		}
		if d.tokens != nil {
			h.Add("WWW-Authenticate", `Bearer realm="aircheck"`)
		}
	case http.StatusTooManyRequests:
		h.Set("Retry-After", strconv.Itoa(int((refusal.RetryAfter+time.Second-1)/time.Second)))
	}
}

// Admit tells who makes a request, or why he may not: it is Require for those who answer in their own words.
func (d *Door) Admit(r *http.Request, role Role) (Person, *Refusal) {
	p, refusal := d.who(r)
	if refusal == nil && !p.Can(role) {
		refusal = &Refusal{Status: http.StatusForbidden, Detail: fmt.Sprintf("this needs the role %s; %s has the role %s", role, p.Name, p.Role)}
	}
	return p, refusal
}

func (d *Door) who(r *http.Request) (Person, *Refusal) {
	if d.Open() {
		if !toLoopback(r) {
			// Without a password the name in the request is all that tells us from a page elsewhere that has its own name resolve to 127.0.0.1.
			return Person{}, &Refusal{Status: http.StatusForbidden, Detail: "this address answers as 127.0.0.1 or localhost only"}
		}
		return Person{Name: "local", Role: Admin}, nil
	}
	if user, secret, ok := credentials(r); ok {
		return d.try(r, user, secret)
	}
	if p, ok := d.fromCookie(r); ok {
		return p, nil
	}
	return Person{}, d.unknown()
}

func (d *Door) unknown() *Refusal {
	what := "a password is needed"
	if d.tokens != nil {
		what = "a token is needed"
	}
	return &Refusal{Status: http.StatusUnauthorized, Detail: what}
}

// try tries a secret, unless too many were tried from there.
func (d *Door) try(r *http.Request, user, secret string) (Person, *Refusal) {
	from, now, guess := addressOf(r), d.now(), digestOf(secret)
	if wait := d.throttle.wait(from, guess, now); wait > 0 {
		return Person{}, &Refusal{Status: http.StatusTooManyRequests, Detail: "too many wrong passwords or tokens: wait", RetryAfter: wait}
	}
	p, ok := d.knows(user, guess, now)
	if !ok {
		d.throttle.failed(from, now)
		d.log.Warn("wrong password or token", "from", from.Addr().String())
		return Person{}, d.unknown()
	}
	d.throttle.succeeded(guess)
	return p, nil
}

// knows compares a guess with everything that opens the door, whether or not something did already: how long it takes tells nothing.
func (d *Door) knows(user string, guess digest, now time.Time) (p Person, ok bool) {
	if d.hasPassword && subtle.ConstantTimeCompare(guess[:], d.password[:]) == 1 {
		p, ok = Person{Name: userName(user), Role: Admin}, true
	}
	if d.tokens == nil {
		return p, ok
	}
	for _, t := range d.tokens.list() {
		if subtle.ConstantTimeCompare(guess[:], t.SHA256[:]) == 1 && !t.expired(now) {
			p, ok = Person{Name: t.Name, Role: t.Role}, true
		}
	}
	return p, ok
}

// credentials are what a request itself brings: HTTP Basic, or a bearer token.
func credentials(r *http.Request) (user, secret string, ok bool) {
	if user, secret, ok = r.BasicAuth(); ok {
		return user, secret, true
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return "", strings.TrimSpace(token), strings.EqualFold(scheme, "Bearer")
}

// userName makes what somebody calls himself fit for a log. Everybody with the password can call himself anything: the name says that it came with it, so that it
// is never taken for a token's.
func userName(user string) string {
	user = strings.TrimSpace(strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, user))
	if r := []rune(user); len(r) > maxTokenName {
		user = string(r[:maxTokenName])
	}
	if user == "" {
		return "admin (password)"
	}
	return user + " (password)"
}

// CheckListen refuses an address that other machines can reach when the door is open. Addresses are host:port as net.Listen takes them.
func (d *Door) CheckListen(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("address %q: want host:port: %w", address, err)
	}
	if d.Open() && !Loopback(host) {
		return fmt.Errorf("address %s can be reached from other machines: set AIRCHECK_WEB_PASSWORD or --tokens, or listen on 127.0.0.1", address)
	}
	return nil
}

// Loopback tells whether a host's name or address is this machine itself.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func toLoopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = strings.Trim(r.Host, "[]")
	}
	return Loopback(host)
}

// errNoSession is why a cookie opens nothing.
var errNoSession = errors.New("no session")
