// Package notify tells people and machines what the fleet finds: it groups the events of checks into messages and sends them to webhooks, chat, mail, Alertmanager and commands.
//
// Nothing here is waited for by whoever judges: events come from a stream, each target has a queue of its own, and what a target does not take is tried again for a day.
package notify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"aircheck/jobs"
)

// Bounds of a configuration.
const (
	MaxConfigBytes = 1 << 20
	maxTargets     = 100
	maxPatterns    = 100
	maxGroup       = 5 * time.Minute
	maxQuiet       = 24 * time.Hour
	maxSecret      = 4 << 10
)

// The defaults of a target.
const (
	// defaultGroup is long enough for the renditions of a ladder to be judged one after the other, and short beside a window.
	defaultGroup = 3 * time.Second
	// defaultQuiet is how long a defect that comes and goes is told once.
	defaultQuiet   = 5 * time.Minute
	defaultTimeout = 10 * time.Second
)

// Config is a notify.yaml.
type Config struct {
	// BaseURL is the address of the site, for links; empty: no links.
	BaseURL string   `yaml:"base_url"`
	Default Settings `yaml:"defaults"`
	Targets []Target `yaml:"targets"`
}

// Settings say what a target is told.
type Settings struct {
	// Severity is the least that is told: info, warn or fail; empty: fail.
	Severity jobs.Severity `yaml:"severity"`
	// Resolve: that a finding closed is told too; nil: yes.
	Resolve *bool `yaml:"resolve"`
	// Group is how long what opens for one stream is collected into one message; nil: 3 s.
	Group *time.Duration `yaml:"group"`
	// Quiet is how long a defect of one code and stream that opens again and again is told once; nil: 5 min.
	Quiet *time.Duration `yaml:"quiet"`
	// Reports: reports of finished checks at or above Severity are told; nil: those of checks that are not live.
	Reports *bool `yaml:"reports"`
	// Codes and Streams choose by pattern ("video.*", "news-*"); none: all.
	Codes   []string `yaml:"codes"`
	Streams []string `yaml:"streams"`
}

// Target is somebody or something that is told.
type Target struct {
	Name     string `yaml:"name"`
	Kind     Kind   `yaml:"kind"`
	Settings `yaml:",inline"`
	Timeout  time.Duration `yaml:"timeout"`

	// URL is that of a webhook, of Slack, or of Alertmanager (without /api/v2/alerts).
	URL     string `yaml:"url"`
	URLFrom Secret `yaml:"url_from"`
	// Secret signs webhooks (Standard Webhooks: "whsec_" and base64), and is the bearer token of Alertmanager.
	Secret Secret `yaml:"secret"`

	Mail Mail `yaml:"email"`
	// Command is a program and its arguments. No shell sees it.
	Command []string `yaml:"command"`
}

// Kind is a kind of target.
type Kind string

// The kinds.
const (
	Webhook      Kind = "webhook"
	Slack        Kind = "slack"
	Email        Kind = "email"
	Alertmanager Kind = "alertmanager"
	Exec         Kind = "exec"
)

func kinds() []string {
	return []string{string(Webhook), string(Slack), string(Email), string(Alertmanager), string(Exec)}
}

// Mail is where and how mail is sent.
type Mail struct {
	Server   string   `yaml:"server"` // host:port
	From     string   `yaml:"from"`
	To       []string `yaml:"to"`
	User     string   `yaml:"user"`
	Password Secret   `yaml:"password"`
	// TLS is "starttls" (default), "tls" from the first byte, or "none".
	TLS string `yaml:"tls"`
}

// Secret names where a secret is: an environment variable or a file. It never stands in the configuration itself, which is copied about.
type Secret struct {
	Env  string `yaml:"env"`
	File string `yaml:"file"`
}

// Read reads the secret; empty where none is named.
func (s Secret) Read(env func(string) string) (string, error) {
	switch {
	case s.Env != "" && s.File != "":
		return "", errors.New("env and file are both given: one is enough")
	case s.Env != "":
		if v := env(s.Env); v != "" {
			return v, nil
		}
		return "", fmt.Errorf("environment variable %s is not set", s.Env)
	case s.File != "":
		f, err := os.Open(s.File)
		if err != nil {
			return "", fmt.Errorf("read secret: %w", err)
		}
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, maxSecret))
		return strings.TrimSpace(string(b)), err
	}
	return "", nil
}

func (s Secret) given() bool { return s != Secret{} }

// Parse reads a configuration. All that is wrong is told at once.
func Parse(b []byte) (*Config, error) {
	if len(b) > MaxConfigBytes {
		return nil, fmt.Errorf("notify: %d bytes, at most %d are allowed", len(b), MaxConfigBytes)
	}
	var c Config
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("notify: %w", friendly(err))
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	return &c, nil
}

// wrongKind is how the decoder speaks of a value that is of another kind than what is wanted.
var wrongKind = regexp.MustCompile("^(line \\d+): cannot unmarshal !!\\S+(?: `(?s:(.*))`)? into (\\S+)$")

// secretType is what the decoder calls a Secret; who writes one down in place of its source does not want to read it in a log.
const secretType = "notify.Secret"

// want says in words what Go type is wanted.
func want(goType string) string {
	switch {
	case goType == secretType:
		return "want env or file, which name where the secret is: it does not stand in here"
	case goType == "notify.Config":
		return "the file is no mapping of names to values"
	case strings.HasPrefix(goType, "[]"):
		return "want a list"
	case strings.HasPrefix(goType, "notify."):
		return "want a mapping of names to values"
	case goType == "time.Duration":
		return "want a time with its unit, such as 30s or 5m"
	case goType == "bool":
		return "want true or false"
	}
	return "want a text"
}

// unknownKey is how the decoder speaks of a key that it does not know.
var unknownKey = regexp.MustCompile(`^(line \d+): field (\S+) not found in type .*$`)

func friendly(err error) error {
	var wrong *yaml.TypeError
	if !errors.As(err, &wrong) {
		return err
	}
	known := []string{
		"base_url", "defaults", "targets", "severity", "resolve", "group", "quiet", "reports", "codes", "streams", "name", "kind", "timeout", "url", "url_from", "secret", "email",
		"command", "server", "from", "to", "user", "password", "tls", "env", "file",
	}
	var list []error
	for _, text := range wrong.Errors {
		if m := wrongKind.FindStringSubmatch(text); m != nil {
			got := ""
			if m[2] != "" && m[3] != secretType {
				got = fmt.Sprintf(", got %q", m[2])
			}
			list = append(list, fmt.Errorf("%s: %s%s", m[1], want(m[3]), got))
			continue
		}
		m := unknownKey.FindStringSubmatch(text)
		switch near := ""; {
		case m == nil:
			list = append(list, errors.New(text))
		default:
			if near = jobs.Nearest(m[2], known); near != "" {
				near = fmt.Sprintf("; did you mean %q?", near)
			}
			list = append(list, fmt.Errorf("%s: there is no key %q here%s", m[1], m[2], near))
		}
	}
	return errors.Join(list...)
}

func (c *Config) check() error {
	var errs []error
	if c.BaseURL != "" {
		errs = append(errs, checkURL("base_url", c.BaseURL))
	}
	errs = append(errs, c.Default.check("defaults"))
	if len(c.Targets) > maxTargets {
		return fmt.Errorf("%d targets, at most %d are allowed", len(c.Targets), maxTargets)
	}
	seen := map[string]bool{}
	for i := range c.Targets {
		t := &c.Targets[i]
		t.Settings = t.over(c.Default)
		errs = append(errs, t.check(i))
		if seen[t.Name] {
			errs = append(errs, fmt.Errorf("two targets are called %q", t.Name))
		}
		seen[t.Name] = true
	}
	return errors.Join(errs...)
}

// over fills what is not said from the defaults.
func (s Settings) over(d Settings) Settings {
	either := func(a, b *bool) *bool {
		if a != nil {
			return a
		}
		return b
	}
	length := func(a, b *time.Duration, last time.Duration) *time.Duration {
		switch {
		case a != nil:
			return a
		case b != nil:
			return b
		}
		return &last
	}
	if s.Severity == "" {
		s.Severity = d.Severity
	}
	if s.Severity == "" {
		s.Severity = jobs.Fail
	}
	s.Resolve, s.Reports = either(s.Resolve, d.Resolve), either(s.Reports, d.Reports)
	s.Group, s.Quiet = length(s.Group, d.Group, defaultGroup), length(s.Quiet, d.Quiet, defaultQuiet)
	if s.Codes == nil {
		s.Codes = d.Codes
	}
	if s.Streams == nil {
		s.Streams = d.Streams
	}
	return s
}

func (s *Settings) check(where string) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(where+": "+format, args...)) }
	if s.Severity != "" && s.Severity.Rank() == 0 {
		fail("severity %q: want info, warn or fail", s.Severity)
	}
	if s.Group != nil && (*s.Group < 0 || *s.Group > maxGroup) {
		fail("group %s is outside of 0 to %s", *s.Group, maxGroup)
	}
	if s.Quiet != nil && (*s.Quiet < 0 || *s.Quiet > maxQuiet) {
		fail("quiet %s is outside of 0 to %s", *s.Quiet, maxQuiet)
	}
	if len(s.Codes) > maxPatterns || len(s.Streams) > maxPatterns {
		fail("more than %d codes or streams", maxPatterns)
	}
	for _, p := range append(append([]string(nil), s.Codes...), s.Streams...) {
		if _, err := path.Match(p, ""); err != nil {
			fail("%q is no pattern: %v", p, err)
		}
	}
	return errors.Join(errs...)
}

var targetName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,47}$`)

func (t *Target) check(i int) error {
	where := fmt.Sprintf("target %q", t.Name)
	if !targetName.MatchString(t.Name) {
		where = fmt.Sprintf("target %d", i+1)
		return fmt.Errorf("%s: name %q: want 1 to 48 small letters, digits, - and _", where, t.Name)
	}
	if t.Timeout < 0 || t.Timeout > time.Minute {
		return fmt.Errorf("%s: timeout %s is outside of 0 to 1m", where, t.Timeout)
	}
	if t.Timeout == 0 {
		t.Timeout = defaultTimeout
	}
	err := t.Settings.check(where)
	switch t.Kind {
	case Webhook, Slack, Alertmanager:
		err = errors.Join(err, t.checkAddress(where))
	case Email:
		err = errors.Join(err, t.Mail.check(where))
	case Exec:
		if len(t.Command) == 0 || !path.IsAbs(t.Command[0]) {
			err = errors.Join(err, fmt.Errorf("%s: command: want a list that begins with the absolute path of a program", where))
		}
	default:
		near := jobs.Nearest(string(t.Kind), kinds())
		if near != "" {
			near = fmt.Sprintf("; did you mean %q?", near)
		}
		err = errors.Join(err, fmt.Errorf("%s: kind %q: want one of %s%s", where, t.Kind, strings.Join(kinds(), ", "), near))
	}
	return err
}

func (t *Target) checkAddress(where string) error {
	switch {
	case t.URL != "" && t.URLFrom.given():
		return fmt.Errorf("%s: url and url_from are both given: one is enough", where)
	case t.URLFrom.given():
		return nil
	case t.URL == "":
		return fmt.Errorf("%s: url is missing (or url_from, when the address itself is a secret)", where)
	}
	return checkURL(where+": url", t.URL)
}

func (m *Mail) check(where string) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(where+": email: "+format, args...)) }
	if m.Server == "" || !strings.Contains(m.Server, ":") {
		fail("server %q: want host:port", m.Server)
	}
	if len(m.To) == 0 || len(m.To) > maxPatterns {
		fail("to: want 1 to %d addresses", maxPatterns)
	}
	for _, a := range append([]string{m.From}, m.To...) {
		if _, err := mail.ParseAddress(a); err != nil {
			fail("%q is no address: %v", a, err)
		}
	}
	switch m.TLS {
	case "", "starttls", "tls":
	case "none":
		if m.User != "" {
			fail("a password is not sent without tls")
		}
	default:
		fail("tls %q: want starttls, tls or none", m.TLS)
	}
	return errors.Join(errs...)
}

// checkURL wants an address of the web without a password in it.
func checkURL(what, address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", what, err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("%s: want http:// or https:// and a host", what)
	case u.User != nil:
		return fmt.Errorf("%s: leave user and password out of the address: use secret", what)
	}
	return nil
}

// Names lists the targets.
func (c *Config) Names() []string {
	names := make([]string, 0, len(c.Targets))
	for i := range c.Targets {
		names = append(names, c.Targets[i].Name)
	}
	return names
}

// wants tells whether a target asks for findings of a stream and code, whatever their severity.
func (s *Settings) wants(stream, code string) bool {
	return fits(s.Streams, stream) && (code == "" || fits(s.Codes, code))
}

// fits matches a name; * stands for slashes too, since the name of a check that is not live is its input.
func fits(patterns []string, name string) bool {
	if len(patterns) == 0 {
		return true
	}
	name = strings.ReplaceAll(name, "/", "\x00")
	for _, p := range patterns {
		if ok, _ := path.Match(strings.ReplaceAll(p, "/", "\x00"), name); ok {
			return true
		}
	}
	return false
}
