package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Sender sends messages. The zero value cannot read secrets that stand in the environment.
type Sender struct {
	// Env reads the environment.
	Env func(string) string
	// Picture gives the first frame of a finding as JPEG, or nil when there is none (yet); nil: there never is.
	Picture func(ctx context.Context, check, finding string) []byte
	Now     func() time.Time
	// Client is for tests; nil: one that follows no redirects, since those could lead anywhere.
	Client *http.Client
}

// Send delivers a message within the target's timeout. It returns what the other side said, for `aircheck notify test`.
func (s *Sender) Send(ctx context.Context, t *Target, m *Message) (answer string, err error) {
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	switch t.Kind {
	case Webhook:
		answer, err = s.webhook(ctx, t, m)
	case Slack:
		answer, err = s.post(ctx, t, slackMessage(m), nil)
	case Alertmanager:
		answer, err = s.alertmanager(ctx, t, m)
	case Email:
		answer, err = s.mail(ctx, t, m)
	case Exec:
		answer, err = s.exec(ctx, t, m)
	default:
		err = refused{fmt.Errorf("kind %q is unknown", t.Kind)}
	}
	if err != nil {
		return answer, fmt.Errorf("tell %s: %w", t.Name, err)
	}
	return answer, nil
}

// refused is an error that another try does not mend: the other side looked at the message and did not want it.
type refused struct{ error }

func (r refused) Unwrap() error { return r.error }

func permanent(err error) bool {
	var r refused
	return errors.As(err, &r)
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 4 << 10

func (s *Sender) client() *http.Client {
	if s.Client != nil {
		return s.Client
	}
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// address is where a target is; it may be a secret itself.
func (s *Sender) address(t *Target) (string, error) {
	if !t.URLFrom.given() {
		return t.URL, nil
	}
	address, err := t.URLFrom.Read(s.Env)
	if err != nil {
		return "", err
	}
	return address, checkURL("url", address)
}

// post sends a document as JSON.
func (s *Sender) post(ctx context.Context, t *Target, document any, header http.Header) (string, error) {
	body, err := json.Marshal(document)
	if err != nil {
		return "", refused{err}
	}
	address, err := s.address(t)
	if err != nil {
		return "", err
	}
	return s.postBytes(ctx, address, body, header)
}

func (s *Sender) postBytes(ctx context.Context, address string, body []byte, header http.Header) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return "", errors.New("the address is no URL") // the error names it, and it may be a secret
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "aircheck")
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := s.client().Do(req)
	if err != nil {
		return "", withoutAddress(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	answer := strings.TrimSpace(resp.Status + " " + plain(string(b)))
	switch {
	case resp.StatusCode < 300:
		return answer, nil
	case resp.StatusCode == http.StatusBadRequest, resp.StatusCode == http.StatusRequestEntityTooLarge, resp.StatusCode == http.StatusUnprocessableEntity:
		return answer, refused{fmt.Errorf("answered %s", answer)}
	}
	return answer, fmt.Errorf("answered %s", answer)
}

// withoutAddress takes the address out of a client's error: Slack's are secrets.
func withoutAddress(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
