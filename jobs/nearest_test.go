package jobs

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"window", "profile", "renditions"}
	for name, want := range map[string]string{"windw": "window", "profil": "profile", "rendition": "renditions", "notify": "", "": ""} {
		if got := Nearest(name, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestLevenshtein(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"black", "blakc", 2}, {"flaw", "lawn", 2}} {
		if got := levenshtein(c.a, c.b); got != c.want || levenshtein(c.b, c.a) != c.want {
			t.Errorf("%q to %q is %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
