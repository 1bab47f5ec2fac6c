package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"sync"
)

//go:embed assets templates
var embedded embed.FS

// The names of what Assets holds.
const (
	StyleName  = "page.css"
	ScriptName = "page.js"
)

// scriptParts are the files that the script is made of, in their order.
func scriptParts() []string {
	return []string{"model.js", "view.js", "lanes.js", "curves.js", "strip.js", "table.js", "detail.js", "player.js", "main.js"}
}

// Assets are the style and the script of the pages, by their names StyleName and ScriptName. Nobody may change them.
func Assets() (map[string][]byte, error) {
	style, err := embedded.ReadFile("assets/" + StyleName)
	if err != nil {
		return nil, fmt.Errorf("read style: %w", err)
	}
	script, err := script()
	if err != nil {
		return nil, err
	}
	return map[string][]byte{StyleName: style, ScriptName: script}, nil
}

// script puts the parts into one function, so that none of their names is seen from outside.
func script() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("(() => {\n'use strict';\n")
	for _, name := range scriptParts() {
		part, err := embedded.ReadFile("assets/" + name)
		if err != nil {
			return nil, fmt.Errorf("read script: %w", err)
		}
		b.Write(part)
	}
	b.WriteString("})();\n")
	return b.Bytes(), nil
}

// WriteCheck writes the page of a check.
func WriteCheck(w io.Writer, d CheckData) error {
	if d.Report == nil {
		return errors.New("write check page: no report")
	}
	v, err := newCheckView(&d)
	if err != nil {
		return fmt.Errorf("write check page: %w", err)
	}
	return execute(w, "check.html", v)
}

// WriteCompare writes the page that compares two checks.
func WriteCompare(w io.Writer, d CompareData) error {
	if d.A.Report == nil || d.B.Report == nil {
		return errors.New("write compare page: no report")
	}
	v, err := newCompareView(&d)
	if err != nil {
		return fmt.Errorf("write compare page: %w", err)
	}
	return execute(w, "compare.html", v)
}

// parsed is all templates. They are part of the program: parsing them once is enough.
var parsed = sync.OnceValues(func() (*template.Template, error) {
	return template.New("").Funcs(functions()).ParseFS(embedded, "templates/*.html")
})

func execute(w io.Writer, name string, view any) error {
	t, err := parsed()
	if err != nil {
		return fmt.Errorf("parse templates: %w", err)
	}
	// A template that fails halfway leaves half a page behind: nothing is written before all of it is there.
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, name, view); err != nil {
		return fmt.Errorf("make page: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

// shell is what is around every page.
type shell struct {
	Title string
	Kind  string // "check" or "compare": what the script has before it
	// In a file of its own: what the style and the script are, and which of them the browser may run.
	Style  template.CSS
	Script template.JS
	Policy string
	// On a site: where they are.
	StyleURL, ScriptURL string
	// Data is what the script works with.
	Data any
}

func newShell(site *Site, pictures []template.URL, media template.URL) (shell, error) {
	s := shell{}
	if site != nil {
		return s, s.find(site)
	}
	assets, err := Assets()
	if err != nil {
		return s, err
	}
	style, script := assets[StyleName], assets[ScriptName]
	s.Style, s.Script = template.CSS(style), template.JS(script) //nolint:gosec // both are part of the program
	s.Policy = policy(style, script, pictures, media)
	return s, nil
}

func (s *shell) find(site *Site) (err error) {
	if site.Asset == nil {
		return errors.New("a site without assets")
	}
	if s.StyleURL, err = site.Asset(StyleName); err != nil {
		return err
	}
	s.ScriptURL, err = site.Asset(ScriptName)
	return err
}

// policy lets a file run what is in it and fetch nothing but its pictures and its media, where they are not in it.
func policy(style, script []byte, pictures []template.URL, media template.URL) string {
	return "default-src 'none'; base-uri 'none'; form-action 'none'; img-src " + sources(pictures...) + "; media-src " + sources(media) +
		"; style-src " + hashOf(style) + "; script-src " + hashOf(script)
}

// sources are the schemes of addresses; those without one are beside the page, wherever that is.
func sources(addresses ...template.URL) string {
	list := []string{"data:"}
	for _, a := range addresses {
		from := []string{"'self'", "file:"}
		if scheme, _, ok := strings.Cut(string(a), ":"); ok {
			from = []string{scheme + ":"}
		}
		for _, f := range from {
			if a != "" && !slices.Contains(list, f) {
				list = append(list, f)
			}
		}
	}
	return strings.Join(list, " ")
}

// hashOf names a piece of a page as a content security policy does.
func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
