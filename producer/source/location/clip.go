package location

import (
	"strings"
	"unicode/utf8"
)

// Clip makes a piece of a playlist or manifest fit to be shown in a message: valid, printable, and not longer than so many characters.
func Clip(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < 0x20 || r == 0x7f {
			return '?'
		}
		return r
	}, s)
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return s
}
