package jobs

import "bytes"

// WebPage is what stands where a playlist or media should, in the words of findings.
const WebPage = "a web page (HTML), as a site sends it that wants a login or has no such object"

// webPageHead bounds how much white space and XML declaration may stand before the first element of a page, in bytes.
const webPageHead = 4 << 10

// IsWebPage tells a page by its first element from everything that a stream is made of; bytes are the beginning of an object.
func IsWebPage(data []byte) bool {
	head := bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(data[:min(len(data), webPageHead)], []byte("\xef\xbb\xbf"))))
	if bytes.HasPrefix(head, []byte("<?xml")) {
		_, head, _ = bytes.Cut(head, []byte("?>"))
		head = bytes.TrimSpace(head)
	}
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html"))
}
