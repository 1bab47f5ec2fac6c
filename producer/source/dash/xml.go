package dash

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"aircheck/producer/source/location"
)

// Bounds of a manifest.
const (
	maxManifest = 16 << 20 // bytes; a day of 2 s segments in three SegmentTimelines without repeats has 5 MB
	maxNodes    = 400_000  // elements: as many as a manifest of that size has
	maxDepth    = 32       // MPD, Period, AdaptationSet … SegmentTimeline, S are seven; messages inside events go deeper
	maxText     = 1 << 20  // characters in one element: an event's message
	maxQuote    = 200      // characters of a manifest that a message may quote
	maxFaults   = 50       // of one manifest; a thousand bad lines are one message, not a thousand
)

var (
	errTooLarge = fmt.Errorf("longer than %d bytes", maxManifest)
	errNodes    = fmt.Errorf("more than %d elements", maxNodes)
	errDepth    = fmt.Errorf("elements nested deeper than %d", maxDepth)
	errText     = fmt.Errorf("an element with more than %d bytes of text", maxText)
	errDoctype  = errors.New("document type declarations are refused")
	errEmpty    = errors.New("no XML element")
)

// node is one element with the line that it begins in, from 1.
type node struct {
	name     string // without its namespace's prefix
	line     int
	attrs    []xml.Attr
	children []*node
	chars    []byte
}

// text is what stands in the element itself, without its children.
func (n *node) text() string { return string(n.chars) }

// attr is the value of an attribute without a namespace, and whether it is there.
func (n *node) attr(name string) (string, bool) {
	for i := range n.attrs {
		if n.attrs[i].Name.Local == name && n.attrs[i].Name.Space == "" {
			return n.attrs[i].Value, true
		}
	}
	return "", false
}

// foreign is the value of an attribute in another namespace: xlink:href.
func (n *node) foreign(space, name string) (string, bool) {
	for i := range n.attrs {
		if a := &n.attrs[i]; a.Name.Local == name && strings.Contains(a.Name.Space, space) {
			return a.Value, true
		}
	}
	return "", false
}

// all lists the children of a name.
func (n *node) all(name string) []*node {
	var list []*node
	for _, c := range n.children {
		if c.name == name {
			list = append(list, c)
		}
	}
	return list
}

// first is the first child of a name, or nil.
func (n *node) first(name string) *node {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// readXML makes a tree of a document. On an error it returns what it understood up to there and the line of the error.
func readXML(data []byte) (root *node, line int, err error) {
	if len(data) > maxManifest {
		return nil, 0, errTooLarge
	}
	r := treeReader{d: xml.NewDecoder(bytes.NewReader(data))}
	for {
		line, _ := r.d.InputPos()
		token, err := r.d.Token()
		if errors.Is(err, io.EOF) {
			if r.root == nil {
				return nil, 0, errEmpty
			}
			return r.root, 0, nil
		}
		if err == nil {
			err = r.take(token, line)
		}
		if err != nil {
			line, _ := r.d.InputPos()
			return r.root, line, plain(err)
		}
	}
}

// plain is an error of the XML reader without what is said elsewhere.
func plain(err error) error {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return errors.New(clip(syntax.Msg))
	}
	return err
}

type treeReader struct {
	d     *xml.Decoder
	root  *node
	open  []*node
	nodes int
}

func (r *treeReader) take(token xml.Token, line int) error {
	switch t := token.(type) {
	case xml.StartElement:
		return r.start(t, line)
	case xml.EndElement:
		r.open = r.open[:len(r.open)-1] // the decoder has checked that it matches
	case xml.CharData:
		return r.characters(t)
	case xml.Directive:
		return errDoctype
	}
	return nil
}

func (r *treeReader) start(t xml.StartElement, line int) error {
	if r.nodes++; r.nodes > maxNodes {
		return errNodes
	}
	if len(r.open) == maxDepth {
		return errDepth
	}
	n := &node{name: t.Name.Local, line: line, attrs: t.Attr}
	switch {
	case len(r.open) > 0:
		parent := r.open[len(r.open)-1]
		parent.children = append(parent.children, n)
	case r.root == nil:
		r.root = n
	}
	r.open = append(r.open, n)
	return nil
}

func (r *treeReader) characters(text []byte) error {
	if len(r.open) == 0 || len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	n := r.open[len(r.open)-1]
	if len(n.chars)+len(text) > maxText {
		return errText
	}
	n.chars = append(n.chars, text...) // comments may part it into as many pieces as it has characters
	return nil
}

func clip(s string) string { return location.Clip(s, maxQuote) }
