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
