package judge

import "testing"

// TestExtendedCodes: the parameters of an extended code are no characters, and what follows them is not swallowed, wherever a block ends (CTA-708-E, 7.1).
func TestExtendedCodes(t *testing.T) {
	const x = 'x' // a parameter that would show
	for name, c := range map[string]struct {
		data  []byte
		shows bool
	}{
		"C2 without parameters":            {[]byte{0x10, 0x07}, false},
		"C2 without parameters, then text": {[]byte{0x10, 0x07, x}, true},
		"C2 of one":                        {[]byte{0x10, 0x08, x}, false},
		"C2 of one, then text":             {[]byte{0x10, 0x0f, x, x}, true},
		"C2 of two":                        {[]byte{0x10, 0x17, x, x}, false},
		"C2 of three":                      {[]byte{0x10, 0x18, x, x, x}, false},
		"C2 of three, then text":           {[]byte{0x10, 0x1f, x, x, x, x}, true},
		"C3 of four":                       {[]byte{0x10, 0x80, x, x, x, x}, false},
		"C3 of four, then text":            {[]byte{0x10, 0x87, x, x, x, x, x}, true},
		"C3 of five":                       {[]byte{0x10, 0x8f, x, x, x, x, x}, false},
		"C3 of five, then text":            {[]byte{0x10, 0x88, x, x, x, x, x, x}, true},
		"C3 of any":                        {[]byte{0x10, 0x90, 0x43, x, x, x}, false},
		"C3 of any, then text":             {[]byte{0x10, 0x9f, 0x00, x}, true},
		"a character of G2":                {[]byte{0x10, 0x25}, true},
		"a space of G2":                    {[]byte{0x10, 0x20, 0x10, 0x21}, false},
		"a character of G3":                {[]byte{0x10, 0xa0}, true},
		"a character of two bytes":         {[]byte{0x18, x, x}, false},
	} {
		for cut := range c.data {
			s := &service708{Number: 1}
			s.feed(c.data[:cut], 1e6)
			s.feed(c.data[cut:], 1e6)
			s.Cues.clear(9e6)
			if shows := len(s.Cues.List) > 0; shows != c.shows {
				t.Errorf("%s, cut at %d: shows something %t", name, cut, shows)
			}
		}
	}
}
