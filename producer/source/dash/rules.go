package dash

// check looks at what a manifest says against what it must say.
func (p *parser) check() {}
