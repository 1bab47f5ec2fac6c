package fetch

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"

	"aircheck/jobs"
)

// decryptable: whole-segment AES-128 with a key that lies at a URI (RFC 8216 section 4.3.2.4, KEYFORMAT identity).
func decryptable(k *jobs.Key) bool {
	return k.Method == "AES-128" && (k.Format == "" || k.Format == "identity") && k.URI != "" && len(k.IV) == aes.BlockSize
}

var errPadding = errors.New("what came out of decryption is no media, the key or its IV may be wrong")

// decrypt undoes AES-128-CBC with PKCS#7 padding (RFC 8216 section 4.3.2.4) in place.
func decrypt(b, key, iv []byte) ([]byte, error) {
	if len(key) != aes.BlockSize {
		return nil, fmt.Errorf("AES-128, and the key has %d bytes, want %d", len(key), aes.BlockSize)
	}
	if len(b) == 0 || len(b)%aes.BlockSize != 0 {
		return nil, fmt.Errorf("AES-128, and the segment has %d bytes, which is not a multiple of %d (wrong byte range, or truncated)", len(b), aes.BlockSize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(b, b)
	pad := int(b[len(b)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil, errPadding
	}
	for _, p := range b[len(b)-pad:] {
		if int(p) != pad {
			return nil, errPadding
		}
	}
	return b[:len(b)-pad], nil
}
