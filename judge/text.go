package judge

import "strings"

// words is what another process said, as it may stand in a report: bounded, and cut where it begins to name a place. One stream must read the same wherever
// it was fetched from, and an address may carry a secret.
func words(s string) string {
	var kept []string
	for _, w := range strings.Fields(s) {
		if isPlace(w) {
			kept = append(kept, "…")
			break
		}
		kept = append(kept, w)
	}
	return shorten(strings.Join(kept, " "))
}

// isPlace tells whether a word looks like a URI or a path: a scheme, a leading slash, or a slash in what has an extension. "ISO/IEC" and "3/4" are none.
func isPlace(w string) bool {
	if strings.Contains(w, "://") || strings.Contains(w, `\`) || strings.Count(w, "/") > 1 {
		return true
	}
	w = strings.TrimLeft(w, `"'([{<=`+"`")
	for _, scheme := range []string{"file:", "data:", "s3:", "http:", "https:"} {
		if strings.HasPrefix(strings.ToLower(w), scheme) {
			return true
		}
	}
	before, after, slash := strings.Cut(w, "/")
	if !slash {
		return false
	}
	return before == "" || before == "." || before == ".." || before == "~" || strings.Contains(strings.TrimRight(after, ".,:;!?"), ".")
}
