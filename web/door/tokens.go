package door

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"
)

// Bounds of a file of tokens.
const (
	maxTokensFile = 1 << 20
	maxTokens     = 10_000
	maxTokenName  = 64
)

// tokenPrefix lets people and secret scanners see what they have found.
const tokenPrefix = "aircheck_"

// digest is the SHA-256 of a secret. Tokens are 160 random bits, so that nothing slower is needed to keep them from being guessed from the file.
type digest [sha256.Size]byte

func digestOf(secret string) digest { return sha256.Sum256([]byte(secret)) }

// Token is an entry of the file of tokens.
type Token struct {
	Name    string
	Role    Role
	SHA256  digest
	Expires time.Time // zero: never
}

// NewToken makes a secret, and the entry that lets its bearer in.
func NewToken(name string, role Role, expires time.Time) (secret string, t Token, err error) {
	if err := checkName(name); err != nil {
		return "", Token{}, err
	}
	if role < Viewer || role > Admin {
		return "", Token{}, errors.New("a token needs a role")
	}
	var random [20]byte
	_, _ = rand.Read(random[:]) // never fails
	secret = tokenPrefix + base64.RawURLEncoding.EncodeToString(random[:])
	return secret, Token{Name: name, Role: role, SHA256: digestOf(secret), Expires: expires}, nil
}

// YAML is the entry as it stands in the file, ready to be appended below "tokens:".
func (t Token) YAML() string {
	line := fmt.Sprintf("  - {name: %q, role: %s, sha256: %q", t.Name, t.Role, hex.EncodeToString(t.SHA256[:]))
	if !t.Expires.IsZero() {
		line += ", expires: " + t.Expires.UTC().Format(time.RFC3339)
	}
	return line + "}\n"
}

// expired tells whether a token lets nobody in any more.
func (t Token) expired(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }

// checkName allows what can stand in YAML, in a cookie and in a log without quotes.
func checkName(name string) error {
	if name == "" || len(name) > maxTokenName {
		return fmt.Errorf("name %q: want 1 to %d letters, digits, - _ . and @", name, maxTokenName)
	}
	for i, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		other := i > 0 && (c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' || c == '@')
		if !letter && !other {
			return fmt.Errorf("name %q: want letters, digits, - _ . and @, and a letter at its beginning", name)
		}
	}
	return nil
}

// ParseTokens reads a file of tokens. Whatever it does not know is an error: a role that is misspelt must not become another one.
func ParseTokens(b []byte) ([]Token, error) {
	if len(b) > maxTokensFile {
		return nil, fmt.Errorf("%d bytes are more than the %d allowed", len(b), maxTokensFile)
	}
	var file struct {
		Tokens []struct {
			Name    string    `yaml:"name"`
			Role    string    `yaml:"role"`
			SHA256  string    `yaml:"sha256"`
			Expires time.Time `yaml:"expires"`
		} `yaml:"tokens"`
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read YAML: %w", err)
	}
	if err := d.Decode(&struct{}{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("read YAML: more than one document")
	}
	if len(file.Tokens) > maxTokens {
		return nil, fmt.Errorf("%d tokens are more than the %d allowed", len(file.Tokens), maxTokens)
	}
	tokens := make([]Token, 0, len(file.Tokens))
	names, digests := map[string]bool{}, map[digest]bool{}
	for i, e := range file.Tokens {
		t := Token{Name: e.Name, Expires: e.Expires}
		if err := checkName(e.Name); err != nil {
			return nil, fmt.Errorf("token %d: %w", i+1, err)
		}
		var err error
		if t.Role, err = ParseRole(e.Role); err != nil {
			return nil, fmt.Errorf("token %s: %w", e.Name, err)
		}
		sum, err := hex.DecodeString(e.SHA256)
		if err != nil || len(sum) != sha256.Size {
			return nil, fmt.Errorf("token %s: sha256 has to be %d hexadecimal digits, as 'aircheck tokens new' prints them", e.Name, 2*sha256.Size)
		}
		t.SHA256 = digest(sum)
		if names[t.Name] || digests[t.SHA256] {
			return nil, fmt.Errorf("token %s stands there twice", e.Name)
		}
		names[t.Name], digests[t.SHA256] = true, true
		tokens = append(tokens, t)
	}
	return tokens, nil
}

// reloadAfter is how long a change of the file may take to have its effect; looking costs a system call.
const reloadAfter = time.Second

// tokenFile is a file of tokens that is read again when it changes. It is safe for concurrent use.
type tokenFile struct {
	path string
	now  func() time.Time
	log  *slog.Logger

	mu       sync.Mutex
	looked   time.Time
	size     int64
	modified time.Time
	tokens   []Token
}

// openTokens reads a file for the first time.
func openTokens(path string, now func() time.Time, log *slog.Logger) (*tokenFile, error) {
	f := &tokenFile{path: path, now: now, log: log, looked: now()}
	if err := f.read(); err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	return f, nil
}

// list gives the tokens in force. A file that has become unreadable changes nothing, and the log says so: half of a file that is being written would lock
// everybody out.
func (f *tokenFile) list() []Token {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); now.Sub(f.looked).Abs() >= reloadAfter { // a clock may be set back
		f.looked = now
		if err := f.read(); err != nil {
			f.log.Error("tokens stay as they were", "error", err)
		}
	}
	return f.tokens
}

// read reads the file if it is not as it was.
func (f *tokenFile) read() error {
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Size() == f.size && info.ModTime().Equal(f.modified) {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(file, maxTokensFile+1))
	if err != nil {
		return err
	}
	tokens, err := ParseTokens(b)
	f.size, f.modified = info.Size(), info.ModTime() // an error is told once
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	f.tokens = tokens
	return nil
}
