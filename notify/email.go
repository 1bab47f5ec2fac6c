package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"
)

// pictureWithin is how long a mail waits for the first frame: evidence is made after judging, and the news matters more.
const pictureWithin = 5 * time.Second

// maxPicture bounds what is attached.
const maxPicture = 4 << 20

// mail sends a message to all addresses of a target in one go (RFC 5321, RFC 5322).
func (s *Sender) mail(ctx context.Context, t *Target, m *Message) (string, error) {
	password, err := t.Mail.Password.Read(s.Env)
	if err != nil {
		return "", err
	}
	body, err := s.compose(ctx, &t.Mail, m)
	if err != nil {
		return "", refused{err}
	}
	c, err := dial(ctx, &t.Mail)
	if err != nil {
		return "", fmt.Errorf("connect to %s: %w", t.Mail.Server, err)
	}
	defer c.Close()
	if err := hand(c, &t.Mail, password, body); err != nil {
		var protocol *textproto.Error
		// 5xx while the addresses or the text are handed over is an answer for good; one about the password is not, since that can be set right.
		if errors.As(err, &protocol) && protocol.Code >= 550 && protocol.Code < 560 {
			err = refused{err}
		}
		return "", err
	}
	return fmt.Sprintf("%s took it for %s", t.Mail.Server, strings.Join(t.Mail.To, ", ")), nil
}

// dial connects, and sees that nothing is said in the clear that is not meant to be.
func dial(ctx context.Context, m *Mail) (*smtp.Client, error) {
	host, _, err := net.SplitHostPort(m.Server)
	if err != nil {
		return nil, err
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", m.Server)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	secure := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if m.TLS == "tls" {
		conn = tls.Client(conn, secure)
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	if m.TLS == "" || m.TLS == "starttls" {
		if err := c.StartTLS(secure); err != nil {
			_ = c.Close()
			return nil, fmt.Errorf("starttls: %w", err)
		}
	}
	return c, nil
}

func hand(c *smtp.Client, m *Mail, password string, body []byte) error {
	if m.User != "" {
		host, _, _ := net.SplitHostPort(m.Server)
		if err := c.Auth(smtp.PlainAuth("", m.User, password, host)); err != nil {
			return fmt.Errorf("log in: %w", err)
		}
	}
	if err := c.Mail(address(m.From)); err != nil {
		return err
	}
	if err := rcpt(c, m.To); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(body); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = c.Quit() // it has taken the mail: another try would send it twice
	return nil
}

// rcpt names the receivers. That some are refused is no reason to tell nobody; it is an error when all are.
func rcpt(c *smtp.Client, list []string) error {
	var errs []error
	for _, to := range list {
		if err := c.Rcpt(address(to)); err != nil {
			errs = append(errs, fmt.Errorf("to %s: %w", to, err))
		}
	}
	if len(errs) == len(list) {
		return errors.Join(errs...)
	}
	return nil
}

// address is the bare address of "Name <address>".
func address(s string) string {
	if a, err := mail.ParseAddress(s); err == nil {
		return a.Address
	}
	return s
}

// compose writes the mail: text, and the first frame when there is one.
func (s *Sender) compose(ctx context.Context, m *Mail, msg *Message) ([]byte, error) {
	var b bytes.Buffer
	parts := multipart.NewWriter(&b)
	header := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	header("From", headerAddress(m.From))
	var to []string
	for _, one := range m.To {
		to = append(to, headerAddress(one))
	}
	header("To", strings.Join(to, ",\r\n "))
	header("Subject", mime.QEncoding.Encode("utf-8", msg.Title()))
	header("Date", s.Now().UTC().Format(time.RFC1123Z))
	_, domain, _ := strings.Cut(address(m.From), "@")
	header("Message-ID", "<"+messageID(msg.ID)+"@"+domain+">")
	header("Auto-Submitted", "auto-generated") // RFC 3834: no answer is wanted from a holiday
	header("MIME-Version", "1.0")
	header("Content-Type", "multipart/mixed; boundary="+parts.Boundary())
	b.WriteString("\r\n")
	if err := writeText(parts, msg); err != nil {
		return nil, err
	}
	if picture := s.picture(ctx, msg); picture != nil {
		if err := writePicture(parts, picture); err != nil {
			return nil, err
		}
	}
	if err := parts.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func headerAddress(s string) string {
	if a, err := mail.ParseAddress(s); err == nil {
		return a.String()
	}
	return s
}

func writeText(parts *multipart.Writer, msg *Message) error {
	w, err := parts.CreatePart(textproto.MIMEHeader{"Content-Type": {"text/plain; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"}})
	if err != nil {
		return err
	}
	text := quotedprintable.NewWriter(w)
	fmt.Fprintf(text, "%s\r\n\r\n%s\r\n", msg.Title(), strings.Join(msg.Lines(), "\r\n"))
	if msg.URL != "" {
		fmt.Fprintf(text, "\r\n%s\r\n", msg.URL)
	}
	return text.Close()
}

func writePicture(parts *multipart.Writer, picture []byte) error {
	w, err := parts.CreatePart(textproto.MIMEHeader{
		"Content-Type": {"image/jpeg"}, "Content-Transfer-Encoding": {"base64"}, "Content-Disposition": {`inline; filename="first.jpg"`},
	})
	if err != nil {
		return err
	}
	const line = 57 // bytes that make 76 characters, the most that RFC 2045 allows
	for len(picture) > 0 {
		n := min(line, len(picture))
		if _, err := fmt.Fprintf(w, "%s\r\n", base64.StdEncoding.EncodeToString(picture[:n])); err != nil {
			return err
		}
		picture = picture[n:]
	}
	return nil
}

// picture is the first frame of what opened; nil without one.
func (s *Sender) picture(ctx context.Context, m *Message) []byte {
	if s.Picture == nil || m.resolved() || m.Test || m.Trouble != "" {
		return nil
	}
	within := pictureWithin
	if deadline, ok := ctx.Deadline(); ok {
		within = min(within, time.Until(deadline)/2) // the mail itself needs time, too
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for i := range m.Items {
		for _, key := range m.Items[i].Keys {
			if b := s.Picture(ctx, m.Check, strings.TrimPrefix(key, m.Check+"/")); b != nil && len(b) <= maxPicture {
				return b
			}
		}
	}
	return nil
}
