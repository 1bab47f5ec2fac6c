package notify

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aircheck/jobs"
)

// hostile is a name that wants to be markup, a header, a command and something else than it reads.
const hostile = "<script>alert('x')</script> & \"q\" `id` $(id) \u202etxt.exe\r\nBcc: all@example.org\x00 *bold* <!channel>"

func hostileMessage() Message {
	m := Sample(start, "https://aircheck.example")[0]
	m.Stream, m.Test = hostile, false
	m.Items[0].Finding.Message, m.Items[0].Finding.Rendition, m.Items[0].Renditions = hostile, hostile, []string{hostile}
	return m
}

// received is what a server got.
type received struct {
	path   string
	header http.Header
	body   []byte
}

// server answers with a status and keeps the last request.
func server(t *testing.T, status int) (*httptest.Server, *received) {
	t.Helper()
	var got received
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = received{path: r.URL.Path, header: r.Header, body: b}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "as you say")
	}))
	t.Cleanup(s.Close)
	return s, &got
}

func sender(env map[string]string) *Sender {
	return &Sender{Env: func(name string) string { return env[name] }, Now: func() time.Time { return start }}
}

func send(t *testing.T, s *Sender, target Target, m Message) (string, error) {
	t.Helper()
	target.Name, target.Timeout = "x", 5*time.Second
	return s.Send(t.Context(), &target, &m)
}

func TestWebhook(t *testing.T) {
	srv, got := server(t, 204)
	key := []byte("0123456789abcdef0123456789abcdef")
	s := sender(map[string]string{"HOOK": "whsec_" + base64.StdEncoding.EncodeToString(key)})
	m := hostileMessage()
	if _, err := send(t, s, Target{Kind: Webhook, URL: srv.URL + "/in", Secret: Secret{Env: "HOOK"}}, m); err != nil {
		t.Fatal(err)
	}
	var e struct {
		SpecVersion, ID, Source, Type, Subject string
		Time                                   time.Time
		Data                                   Message
	}
	if err := json.Unmarshal(got.body, &e); err != nil {
		t.Fatal(err)
	}
	if e.SpecVersion != "1.0" || e.ID != m.ID || e.Type != "aircheck.finding.opened" || e.Data.Stream != strings.ToValidUTF8(m.Stream, "") || strings.ContainsAny(e.Source, "<>\r\n \"") {
		t.Errorf("event %+v", e)
	}
	// Verified as the specification says, from what came over the line.
	mac := hmac.New(sha256.New, key)
	_, _ = io.WriteString(mac, got.header.Get("Webhook-Id")+"."+got.header.Get("Webhook-Timestamp")+"."+string(got.body))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); got.header.Get("Webhook-Signature") != want {
		t.Errorf("signature %q, want %q", got.header.Get("Webhook-Signature"), want)
	}
	if got.header.Get("Webhook-Timestamp") != "1772395200" || strings.Contains(got.header.Get("Webhook-Id"), ".") {
		t.Errorf("header %v", got.header)
	}
	if _, err := send(t, sender(nil), Target{Kind: Webhook, URL: srv.URL, Secret: Secret{Env: "HOOK"}}, m); err == nil || permanent(err) {
		t.Errorf("a secret that is not there: %v", err)
	}
}

func TestAnswers(t *testing.T) {
	for status, want := range map[int]struct{ failed, forever bool }{
		200: {}, 202: {}, 301: {failed: true}, 400: {true, true}, 401: {failed: true}, 404: {failed: true}, 413: {true, true}, 429: {failed: true}, 500: {failed: true},
	} {
		srv, _ := server(t, status)
		answer, err := send(t, sender(nil), Target{Kind: Webhook, URL: srv.URL}, hostileMessage())
		if (err != nil) != want.failed || permanent(err) != want.forever || !strings.Contains(answer, "as you say") {
			t.Errorf("%d: %q, %v", status, answer, err)
		}
	}
	// Addresses may be secrets: no error names one.
	s := sender(map[string]string{"URL": "HTTP://127.0.0.1:1/T000/B000/secret"})
	if _, err := send(t, s, Target{Kind: Slack, URLFrom: Secret{Env: "URL"}}, hostileMessage()); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
}

func TestSlack(t *testing.T) {
	srv, got := server(t, 200)
	if _, err := send(t, sender(nil), Target{Kind: Slack, URL: srv.URL}, hostileMessage()); err != nil {
		t.Fatal(err)
	}
	var p slackPayload
	if err := json.Unmarshal(got.body, &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Blocks) != 2 || p.Blocks[0].Type != "header" || p.Blocks[1].Type != "section" || p.Blocks[1].Text.Type != "mrkdwn" {
		t.Fatalf("blocks %s", got.body)
	}
	for _, text := range []string{p.Text, p.Blocks[1].Text.Text} {
		if strings.Contains(text, "<script") || strings.Contains(text, "<!channel") || strings.Contains(text, "\u202e") || strings.Contains(text, "\x00") {
			t.Errorf("text %q", text)
		}
	}
	if len([]rune(p.Blocks[0].Text.Text)) > slackHeader || !strings.Contains(p.Blocks[1].Text.Text, "<https://aircheck.example|test-mm86c8w0>") {
		t.Errorf("blocks %s", got.body)
	}
}

func TestAlertmanager(t *testing.T) {
	srv, got := server(t, 200)
	labels := func(m Message) map[string]map[string]time.Time {
		t.Helper()
		if _, err := send(t, sender(map[string]string{"T": "token"}), Target{Kind: Alertmanager, URL: srv.URL + "/", Secret: Secret{Env: "T"}}, m); err != nil {
			t.Fatal(err)
		}
		if got.path != "/api/v2/alerts" || got.header.Get("Authorization") != "Bearer token" {
			t.Errorf("%s with %v", got.path, got.header)
		}
		var list []alert
		if err := json.Unmarshal(got.body, &list); err != nil {
			t.Fatal(err)
		}
		all := map[string]map[string]time.Time{}
		for _, a := range list {
			if a.Labels["alertname"] != "aircheck video.black" || a.Labels["stream"] == "" || a.StartsAt.After(a.EndsAt) || strings.Contains(a.Annotations["summary"], "\n") {
				t.Errorf("alert %+v", a)
			}
			if all[a.Labels["finding"]] == nil {
				all[a.Labels["finding"]] = map[string]time.Time{}
			}
			all[a.Labels["finding"]][a.Labels["severity"]] = a.EndsAt
		}
		return all
	}
	m := hostileMessage()
	m.Items[0].Renditions, m.Items[0].Keys = []string{"v0", "v1"}, []string{"c/video.black/v0/12", "c/video.black/v1/12"}
	opened := labels(m)
	m.Items[0].State = Passed
	for finding, ends := range labels(m) {
		if !ends["critical"].After(start) {
			t.Errorf("%s, which is over already, ends at once and is never told: %v", finding, ends)
		}
	}
	m.Items[0].State = Closed
	closed := labels(m)
	if len(opened) != 2 || len(closed) != 2 {
		t.Fatalf("opened %v, closed %v", opened, closed)
	}
	for finding, ends := range opened {
		if !ends["critical"].After(start.Add(time.Hour)) || ends["warning"].After(start) || ends["info"].After(start) {
			t.Errorf("%s is open until %v", finding, ends)
		}
		for severity, end := range closed[finding] {
			if end.After(start) {
				t.Errorf("%s as %s stays open until %v", finding, severity, end)
			}
		}
	}
}

func TestExec(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	script := filepath.Join(dir, "hook")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(script, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("cat > '" + out + "'; echo $# \"$1\"; env | grep -c AIRCHECK_SECRET")
	t.Setenv("AIRCHECK_SECRET", "x")
	answer, err := send(t, sender(nil), Target{Kind: Exec, Command: []string{script, "$(touch /tmp/never)"}}, hostileMessage())
	if answer != "1 $(touch /tmp/never) 0" { // grep finds nothing and says so by its status
		t.Errorf("answer %q, %v", answer, err)
	}
	b, err := os.ReadFile(out)
	if err != nil || !json.Valid(b) || !bytes.Contains(b, []byte(`"aircheck.finding.opened"`)) {
		t.Errorf("got %s, %v", b, err)
	}
	write("sleep 60 & echo $! > '" + out + "'; wait")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	m := hostileMessage()
	_, err = sender(nil).Send(ctx, &Target{Name: "x", Kind: Exec, Timeout: 300 * time.Millisecond, Command: []string{script}}, &m)
	if err == nil || !strings.Contains(err.Error(), "did not end within 300ms") || ctx.Err() != nil {
		t.Errorf("a hook that hangs: %v", err)
	}
	if _, err := send(t, sender(nil), Target{Kind: Exec, Command: []string{filepath.Join(dir, "none")}}, m); err == nil || permanent(err) {
		t.Errorf("a hook that is not there: %v", err)
	}
}

// mailServer takes one mail and gives what it was told (RFC 5321, no more than is needed).
func mailServer(t *testing.T, refuse string) (address string, said chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	said = make(chan string, 1)
	ended := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-ended })
	go func() {
		defer close(ended)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		var all strings.Builder
		in := bufio.NewReader(conn)
		data := false
		_, _ = io.WriteString(conn, "220 mail ESMTP\r\n")
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				break
			}
			all.WriteString(line)
			switch {
			case data && line == ".\r\n":
				data = false
				_, _ = io.WriteString(conn, "250 queued\r\n")
			case data:
			case refuse != "" && strings.HasPrefix(line, refuse):
				_, _ = io.WriteString(conn, "550 no such user\r\n")
			case strings.HasPrefix(line, "DATA"):
				data = true
				_, _ = io.WriteString(conn, "354 go on\r\n")
			case strings.HasPrefix(line, "QUIT"):
				_, _ = io.WriteString(conn, "221 bye\r\n")
				said <- all.String()
				return
			default:
				_, _ = io.WriteString(conn, "250 ok\r\n")
			}
		}
		said <- all.String()
	}()
	return l.Addr().String(), said
}

func TestMail(t *testing.T) {
	addr, said := mailServer(t, "")
	s := sender(nil)
	frame := []byte("\xff\xd8 a picture")
	s.Picture = func(_ context.Context, check, finding string) []byte {
		if check != "test-mm86c8w0" || finding != "video.black/v0/12000000" {
			t.Errorf("asked for %s of %s", finding, check)
		}
		return frame
	}
	m := hostileMessage()
	if _, err := send(t, s, Target{Kind: Email, Mail: Mail{Server: addr, From: "aircheck <air@check.example>", To: []string{"a@example.org", "B <b@example.org>"}, TLS: "none"}}, m); err != nil {
		t.Fatal(err)
	}
	talk := <-said
	if n := strings.Count(talk, "RCPT TO:"); n != 2 || !strings.Contains(talk, "RCPT TO:<b@example.org>") {
		t.Errorf("%d receivers in %s", n, talk)
	}
	_, text, _ := strings.Cut(talk, "DATA\r\n")
	msg, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if msg.Header.Get("Bcc") != "" || strings.ContainsAny(msg.Header.Get("Subject"), "\r\n") || len(msg.Header) != 8 {
		t.Errorf("header %v", msg.Header)
	}
	_, param, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(msg.Body, param["boundary"])
	first, err := parts.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(first)
	if !strings.Contains(string(body), "opened fail video.black") || !strings.Contains(string(body), "https://aircheck.example") || strings.Contains(string(body), "\u202e") {
		t.Errorf("text %s", body)
	}
	second, err := parts.NextPart()
	if err != nil {
		t.Fatal(err)
	}
	coded, _ := io.ReadAll(second)
	if got, _ := base64.StdEncoding.DecodeString(strings.ReplaceAll(string(coded), "\r\n", "")); !bytes.Equal(got, frame) {
		t.Errorf("picture %q", got)
	}
}

func TestMailRefused(t *testing.T) {
	addr, said := mailServer(t, "RCPT")
	_, err := send(t, sender(nil), Target{Kind: Email, Mail: Mail{Server: addr, From: "a@example.org", To: []string{"b@example.org"}, TLS: "none"}}, hostileMessage())
	if !permanent(err) {
		t.Errorf("an address that there is not: %v", err)
	}
	<-said
	addr, said = mailServer(t, "RCPT TO:<gone@")
	if _, err := send(t, sender(nil), Target{Kind: Email, Mail: Mail{Server: addr, From: "a@example.org", To: []string{"gone@example.org", "b@example.org"}, TLS: "none"}}, hostileMessage()); err != nil {
		t.Errorf("one of two addresses is gone: %v", err)
	}
	<-said
	addr, said = mailServer(t, "")
	if _, err := send(t, sender(nil), Target{Kind: Email, Mail: Mail{Server: addr, From: "a@example.org", To: []string{"b@example.org"}}}, hostileMessage()); err == nil || permanent(err) {
		t.Errorf("a server without STARTTLS: %v", err)
	}
	if talk := <-said; strings.Contains(talk, "MAIL FROM") {
		t.Errorf("said in the clear: %s", talk)
	}
}

func TestPlain(t *testing.T) {
	if got := plain(hostile); strings.ContainsAny(got, "\r\n\x00\u202e") || !strings.Contains(got, "<script>") {
		t.Errorf("%q", got)
	}
	if got := plain(strings.Repeat("ä", 2*maxText)); len([]rune(got)) != maxText {
		t.Errorf("%d characters", len([]rune(got)))
	}
	m := Message{Stream: "news", Severity: jobs.Fail}
	for _, code := range []string{"a", "b", "c", "d", "e"} {
		m.Items = append(m.Items, Item{State: Opened, Finding: jobs.Finding{Code: code}})
	}
	if got := m.Title(); got != "FAIL news: a, b, c and 2 more" {
		t.Error(got)
	}
	if !errors.Is(refused{io.EOF}, io.EOF) {
		t.Error("a refusal hides its cause")
	}
}
