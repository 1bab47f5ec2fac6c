package fetch

import (
	"bufio"
	"crypto/aes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Bounds of what somebody gives as keys: a channel whose keys change every hour has 9,000 in a year.
const (
	maxKeys     = 100_000
	maxKeysFile = 16 << 20
)

// kid names a content key (ISO/IEC 23001-7 section 8.2: default_KID).
type kid [16]byte

func (k kid) String() string { return hex.EncodeToString(k[:]) }

// Keys are content keys that an operator gave: by KID for common encryption, by the URI of EXT-X-KEY for AES-128. They stay in the process that was given them: nothing
// prints them, and they are part of no task, measurement, log or report. A nil Keys holds none. It is not changed once it is in use.
type Keys struct {
	byKID map[kid][]byte
	byURI map[string][]byte
}

// String says how many there are: a key must not get into a log by accident.
func (k *Keys) String() string {
	if k == nil {
		return "0 keys"
	}
	return fmt.Sprintf("%d keys", len(k.byKID)+len(k.byURI))
}

// GoString is String: the verb %#v would print the keys.
func (k *Keys) GoString() string { return k.String() }

// LogValue is String.
func (k *Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalJSON is String.
func (k *Keys) MarshalJSON() ([]byte, error) { return []byte(`"` + k.String() + `"`), nil }

// Add takes one key: "KID:KEY", both of 32 hexadecimal digits, the KID with or without dashes; or "URI=KEY". What it says of a text that is neither does not repeat it.
func (k *Keys) Add(text string) error {
	text = strings.TrimSpace(text)
	if len(k.byKID)+len(k.byURI) >= maxKeys {
		return fmt.Errorf("more than %d keys", maxKeys)
	}
	if i := strings.LastIndexByte(text, '='); i > 0 {
		key, err := hexKey(text[i+1:])
		if err != nil {
			return fmt.Errorf("the key behind the last = %w", err)
		}
		if k.byURI == nil {
			k.byURI = map[string][]byte{}
		}
		k.byURI[strings.TrimSpace(text[:i])] = key
		return nil
	}
	name, rest, found := strings.Cut(text, ":")
	if !found {
		return errors.New("want KID:KEY or URI=KEY")
	}
	id, err := hexKey(strings.ReplaceAll(name, "-", ""))
	if err != nil {
		return fmt.Errorf("the KID before the colon %w", err)
	}
	key, err := hexKey(rest)
	if err != nil {
		return fmt.Errorf("the key behind the colon %w", err)
	}
	if k.byKID == nil {
		k.byKID = map[kid][]byte{}
	}
	k.byKID[kid(id)] = key
	return nil
}

// hexKey reads 16 bytes; its error goes on a sentence, and holds nothing of the text.
func hexKey(text string) ([]byte, error) {
	b, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(b) != aes.BlockSize {
		return nil, fmt.Errorf("is not %d hexadecimal digits", 2*aes.BlockSize)
	}
	return b, nil
}

// Read takes the keys of a file: one a line, empty lines and lines that begin with # left out. Errors name the line and nothing that stands in it.
func (k *Keys) Read(r io.Reader) error {
	lines := bufio.NewScanner(io.LimitReader(r, maxKeysFile+1))
	size := 0
	for n := 1; lines.Scan(); n++ {
		if size += len(lines.Bytes()) + 1; size > maxKeysFile {
			return fmt.Errorf("more than %d bytes", maxKeysFile)
		}
		text := strings.TrimSpace(lines.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		if err := k.Add(text); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return lines.Err()
}

// of is the key of a KID; nil when there is none.
func (k *Keys) of(id kid) []byte {
	if k == nil {
		return nil
	}
	return k.byKID[id]
}

// at is the key of a URI; nil when there is none.
func (k *Keys) at(uri string) []byte {
	if k == nil {
		return nil
	}
	return k.byURI[uri]
}
