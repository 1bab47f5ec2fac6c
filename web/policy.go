package web

import (
	"net/http"
	"net/url"
	"strings"
)

// withPolicy tells browsers to take scripts and styles from this site's files alone, so that a name or a message that found its way into a page as markup would still do
// nothing. The queues' monitor, which brings markup of its own, does without.
func withPolicy(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		setPolicy(w.Header(), nil)
		h.ServeHTTP(w, r)
	})
}

// setPolicy sets the policy of a page. media is the address from which its player reads, nil without a player.
func setPolicy(h http.Header, media *url.URL) {
	policy := []string{
		"default-src 'self'", "img-src 'self' data:", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
	}
	if media != nil {
		from := "'self'"
		if media.Host != "" {
			from += " " + (&url.URL{Scheme: media.Scheme, Host: media.Host}).String()
		}
		// A player of HLS hands segments to the browser as blobs, and reads them by itself.
		policy = append(policy, "media-src "+from+" blob:", "connect-src "+from, "worker-src 'self' blob:")
	}
	h.Set("Content-Security-Policy", strings.Join(policy, "; "))
}

// playable is the address of an input that a page may hand to its player: http and https only, and nothing that would open another rule of the policy.
func playable(input string) *url.URL {
	u, err := url.Parse(input)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(u.Host, " ;,'\"*\\") {
		return nil
	}
	return u
}
