package door

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Limits of those who guess. A person mistypes a few times in a row; at one guess in two seconds even a short password outlasts an attack.
const (
	guessBurst  = 10
	guessEvery  = 2 * time.Second
	maxGuessers = 10_000 // addresses that are remembered
	maxKnown    = 10_000 // secrets that are remembered
)

// throttle slows down those who guess, by address. Behind a proxy all people have one address; so whoever has been let in once is let in again
// however many others guess. It is safe for concurrent use.
type throttle struct {
	mu    sync.Mutex
	guess map[netip.Prefix]guesses
	known map[digest]bool
}

// guesses counts down: each costs one, each guessEvery gives one back.
type guesses struct {
	left int
	at   time.Time
}

func newThrottle() *throttle {
	return &throttle{guess: map[netip.Prefix]guesses{}, known: map[digest]bool{}}
}

// wait tells how long a request with this secret has to wait before it is looked at; 0 for not at all.
func (t *throttle) wait(from netip.Prefix, secret digest, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known[secret] {
		return 0
	}
	g := t.refilled(from, now)
	if g.left > 0 {
		return 0
	}
	return max(guessEvery-now.Sub(g.at), time.Second)
}

func (t *throttle) refilled(from netip.Prefix, now time.Time) guesses {
	g, ok := t.guess[from]
	if !ok {
		return guesses{left: guessBurst, at: now}
	}
	if n := int(max(now.Sub(g.at), 0) / guessEvery); n > 0 {
		g.left, g.at = min(g.left+n, guessBurst), g.at.Add(time.Duration(n)*guessEvery)
	}
	return g
}

// failed counts a guess.
func (t *throttle) failed(from netip.Prefix, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.refilled(from, now)
	g.left = max(g.left-1, 0)
	if len(t.guess) >= maxGuessers {
		t.forget(now)
	}
	t.guess[from] = g
}

// forget makes room: those who could guess freely again go first, then anybody.
func (t *throttle) forget(now time.Time) {
	for from := range t.guess {
		if t.refilled(from, now).left >= guessBurst {
			delete(t.guess, from)
		}
	}
	for from := range t.guess {
		if len(t.guess) < maxGuessers {
			return
		}
		delete(t.guess, from)
	}
}

// succeeded remembers a secret that opened the door.
func (t *throttle) succeeded(secret digest) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) >= maxKnown {
		clear(t.known)
	}
	t.known[secret] = true
}

// addressOf is where a request comes from: an address, or the network of one customer in IPv6. What a proxy says about it is not asked for: anybody can say it.
func addressOf(r *http.Request) netip.Prefix {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	bits := 32
	if a = a.Unmap().WithZone(""); a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // both lengths fit
	return p
}
