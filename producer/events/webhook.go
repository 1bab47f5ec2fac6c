package events

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxBody bounds a notification: a thousand records with long keys.
const maxBody = 2 << 20

// SecretHeader is where senders put the secret that cannot set Authorization.
const SecretHeader = "X-Aircheck-Secret"

// Webhook takes notifications over HTTP: POST with the records of S3, MinIO or versitygw. The answer is 200 once they are written down, and 503 when they cannot be, which makes
// senders come again.
type Webhook struct {
	Desk *Desk
	// Secret is demanded as "Authorization: Bearer SECRET", as the password of basic authorization with any name, or in SecretHeader.
	Secret string
}

// ServeHTTP implements http.Handler.
func (h *Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.allowed(r) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "wrong or missing secret", http.StatusUnauthorized)
		return
	}
	switch r.Method {
	case http.MethodPost, http.MethodPut:
	case http.MethodGet, http.MethodHead:
		fmt.Fprintln(w, "notifications are taken by POST") // MinIO asks whether somebody is there
		return
	default:
		w.Header().Set("Allow", "GET, HEAD, POST, PUT")
		http.Error(w, "notifications are taken by POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		code := http.StatusBadRequest
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			code = http.StatusRequestEntityTooLarge
		}
		http.Error(w, "read notification: "+err.Error(), code)
		return
	}
	if r.Header.Get("X-Amz-Sns-Message-Type") != "" {
		http.Error(w, errSNS.Error(), http.StatusBadRequest)
		return
	}
	h.take(w, r, body)
}

func (h *Webhook) take(w http.ResponseWriter, r *http.Request, body []byte) {
	if len(strings.TrimSpace(string(body))) == 0 {
		return // MinIO's question again
	}
	objects, err := ParseNotification(body)
	if err != nil {
		h.Desk.cfg.Log.Warn("notification is refused", "error", err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	wanted := 0
	for _, o := range objects {
		ok, err := h.Desk.Take(r.Context(), o)
		if err != nil {
			h.Desk.cfg.Log.Error("notification cannot be taken in", "error", err)
			http.Error(w, "the store cannot be written: come again", http.StatusServiceUnavailable)
			return
		}
		if ok {
			wanted++
		}
	}
	fmt.Fprintf(w, "%d of %d objects will be checked\n", wanted, len(objects))
}

// allowed compares in constant time; hashes hide the secret's length too.
func (h *Webhook) allowed(r *http.Request) bool {
	given := r.Header.Get(SecretHeader)
	if _, password, ok := r.BasicAuth(); ok {
		given = password // versitygw can send no header but the one that the address in its configuration makes: http://any:secret@host/
	} else if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		given = strings.TrimSpace(token)
	} else if given == "" {
		given = r.Header.Get("Authorization") // MinIO sends a token without a scheme as it is
	}
	want, got := sha256.Sum256([]byte(h.Secret)), sha256.Sum256([]byte(given))
	return h.Secret != "" && subtle.ConstantTimeCompare(want[:], got[:]) == 1
}
