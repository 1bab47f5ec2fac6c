package fetch

import (
	"bytes"
)

// maxMovie bounds the moov of an object that is read for its keys: that of ten hours has some 30 MB.
const maxMovie = 64 << 20

// Key finds the key of an MP4 object under common encryption. FFmpeg takes one key for a file, so tracks with keys of their own cannot be decrypted. A nil key
// comes with the reason, which may be empty.
func (o *Object) Key(keys *Keys) (key []byte, detail string, err error) {
	if keys == nil {
		return nil, "", nil
	}
	moov, err := o.movie()
	if err != nil {
		return nil, "", err
	}
	guard := protectionOf(moov)
	if guard == nil {
		return nil, "", nil
	}
	for _, id := range guard.kids() {
		k := keys.of(id)
		if k == nil {
			return nil, "encrypted (ISO/IEC 23001-7), and aircheck has no key with KID " + id.String(), nil
		}
		if key != nil && !bytes.Equal(key, k) {
			return nil, "encrypted (ISO/IEC 23001-7) with several keys, of which aircheck takes one in a file", nil
		}
		key = k
	}
	return key, "", nil
}

// maxBoxes bounds the boxes before a moov; a fragmented file has its own in front.
const maxBoxes = 64

// movie reads the moov; nil when there is none where one would look for it.
func (o *Object) movie() ([]byte, error) {
	var head [16]byte
	at := int64(0)
	for range maxBoxes {
		n, err := o.ReadAt(head[:], at)
		if err != nil || n < 8 {
			return nil, err
		}
		f := fields{b: head[:n]}
		size, kind := int64(f.u32()), string(f.bytes(4))
		if size == 1 {
			size = int64(min(f.u64(), 1<<62))
		}
		if kind == "moov" && size <= maxMovie {
			b := make([]byte, max(0, size))
			n, err := o.ReadAt(b, at)
			return b[:n], err
		}
		if size < 8 || at > 1<<62-size {
			return nil, nil
		}
		at += size
	}
	return nil, nil
}
