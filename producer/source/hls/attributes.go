package hls

import (
	"errors"
	"strings"
)

// attributes reads an attribute list (RFC 8216 section 4.2): NAME=value pairs, values bare or in quotes. What stands before an error
// is returned with it.
func attributes(s string) (map[string]string, error) {
	list := map[string]string{}
	for s = strings.TrimSpace(s); s != ""; {
		name, rest, ok := strings.Cut(s, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.ContainsAny(name, "\",") {
			return list, errors.New("attribute without a name or value")
		}
		var value string
		if strings.HasPrefix(rest, `"`) {
			if value, s, ok = strings.Cut(rest[1:], `"`); !ok {
				return list, errors.New("quote without an end")
			}
			if s = strings.TrimSpace(s); s != "" && s[0] != ',' {
				return list, errors.New("text after a quote")
			}
			s = strings.TrimPrefix(s, ",")
		} else {
			value, s, _ = strings.Cut(rest, ",")
			value = strings.TrimSpace(value)
		}
		s = strings.TrimSpace(s)
		if _, twice := list[name]; twice {
			return list, errors.New("attribute " + name + " twice")
		}
		list[name] = value
	}
	return list, nil
}
