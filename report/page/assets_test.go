package page

import (
	"bytes"
	"compress/gzip"
	"regexp"
	"strings"
	"testing"
)

// TestSize: the issue allows 250 KB; a page that opens at once on a phone in a van needs far less.
func TestSize(t *testing.T) {
	assets, err := Assets()
	if err != nil {
		t.Fatal(err)
	}
	total, packed := 0, 0
	for _, body := range assets {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(body); err != nil || z.Close() != nil {
			t.Fatal("cannot compress")
		}
		total, packed = total+len(body), packed+b.Len()
	}
	t.Logf("script and style: %d bytes, gzipped %d", total, packed)
	if packed > 40_000 {
		t.Errorf("script and style have %d bytes gzipped", packed)
	}
	if n := len(assets[ScriptName]); n > 60_000 {
		t.Errorf("the script has %d bytes", n)
	}
}

// TestScriptCanStandInAPage: nothing in script and style ends the element that they stand in, makes markup of text, or runs text as script.
func TestScriptCanStandInAPage(t *testing.T) {
	assets, err := Assets()
	if err != nil {
		t.Fatal(err)
	}
	never := regexp.MustCompile(`(?i)</script|</style|<!--|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://`)
	for name, body := range assets {
		if at := never.Find(body); at != nil {
			t.Errorf("%s has %q", name, at)
		}
	}
	if style := string(assets[StyleName]); strings.Contains(style, "@keyframes") {
		t.Error("something in the style moves by itself: a page about flashes does not flash")
	}
}

// TestPolicy: a page on its own says what it may run and fetch, and there is no script in its elements.
func TestPolicy(t *testing.T) {
	d := full(t)
	html := render(t, d)
	for _, want := range []string{"default-src &#39;none&#39;", "script-src &#39;sha256-", "style-src &#39;sha256-", "img-src data:;", "media-src data:;"} {
		if !strings.Contains(html, want) {
			t.Errorf("no %q in the policy", want)
		}
	}
	if at := regexp.MustCompile(`<[^>]*\s(on[a-z]+|style)=`).FindString(html[:strings.Index(html, `<script type="application/json"`)]); at != "" {
		t.Errorf("an element has a script or a style of its own: %s", at)
	}
	d.Player = &Player{Media: "file:///a.mp4"}
	if html = render(t, d); !strings.Contains(html, "media-src data: file:;") {
		t.Error("the player may not play its file")
	}
	d.Site = &Site{Asset: func(name string) (string, error) { return "/static/" + name, nil }, Nav: []Link{{Text: "Wall", URL: "/"}}, User: "ada"}
	html = render(t, d)
	for _, want := range []string{`<script src="/static/page.js" defer>`, `href="/static/page.css"`, `<a href="/">Wall</a>`, "<bdi>ada</bdi>"} {
		if !strings.Contains(html, want) {
			t.Errorf("no %q on the site's page", want)
		}
	}
	if strings.Contains(html, "Content-Security-Policy") || strings.Contains(html, "use strict") {
		t.Error("the site's page has a policy and a script of its own")
	}
}
