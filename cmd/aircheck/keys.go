package main

import (
	"errors"
	"os"

	"github.com/spf13/pflag"

	"aircheck/worker/fetch"
)

// keyFlags give the keys of encrypted media to the process that decrypts them, and to no other.
type keyFlags struct {
	keys     []string
	keysFile string
}

func (f *keyFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.keys, "key", nil, "`KID:KEY` of common encryption, 32 hexadecimal digits each, or URI=KEY of AES-128; may be given several times. Others on this machine can see it: see --keys-file")
	flags.StringVar(&f.keysFile, "keys-file", "", "`file` with one such key a line; # begins a comment")
}

// load reads the flags; nil when no key is given. Errors hold no key.
func (f *keyFlags) load() (*fetch.Keys, error) {
	if len(f.keys) == 0 && f.keysFile == "" {
		return nil, nil
	}
	keys := new(fetch.Keys)
	for i, text := range f.keys {
		if err := keys.Add(text); err != nil {
			return nil, usageError("--key, number %d: %w", i+1, err)
		}
	}
	if f.keysFile == "" {
		return keys, nil
	}
	file, err := os.Open(f.keysFile)
	if err == nil {
		err = errors.Join(keys.Read(file), file.Close())
	}
	if err != nil {
		return nil, usageError("--keys-file %s: %w", f.keysFile, err)
	}
	return keys, nil
}
