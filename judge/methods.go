package judge

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"aircheck/jobs"
)

//go:embed methods/*.md
var methods embed.FS

// Codes lists what a report may find, in the order in which it is documented.
func Codes() []string {
	var list []string
	for _, e := range videoEntries() {
		list = append(list, e.codes...)
	}
	list = append(list, "video.decode_error")
	for _, e := range audioEntries() {
		list = append(list, e.codes...)
	}
	list = append(list, "audio.decode_error",
		"sync.start_skew", "sync.offset", "sync.drift", "captions.missing", "captions.gap", "captions.drift",
		"reference.offset", "reference.missing_content", "reference.psnr", "reference.ssim",
		"timestamp.gap", "timestamp.overlap", "timestamp.backward",
		"segment.missing", "segment.corrupt", "segment.truncated", "segment.encrypted", "playlist.invalid", "worker.decoder_crash", "worker.timeout")
	for _, r := range jobs.Rules() {
		list = append(list, r.Code)
	}
	kinds := []string{"video", "audio", "sync", "captions", "reference", "timestamp", "segment", "playlist", "ladder", "worker"}
	slices.SortStableFunc(list, func(a, b string) int { return slices.Index(kinds, kindOf(a)) - slices.Index(kinds, kindOf(b)) })
	return list
}

func kindOf(code string) string {
	kind, _, _ := strings.Cut(code, ".")
	return kind
}

// Method returns the method page of a code: how it is measured and judged, by which source, and where it fails; of a rule, what it demands. Markdown.
func Method(code string) (string, error) {
	codes := Codes()
	if !slices.Contains(codes, code) {
		hint := ""
		if n := jobs.Nearest(code, codes); n != "" {
			hint = fmt.Sprintf("; did you mean %q?", n)
		}
		return "", fmt.Errorf("there is no detector %q%s", code, hint)
	}
	if r, ok := jobs.RuleOf(code); ok {
		return rulePage(r), nil
	}
	page, err := methods.ReadFile("methods/" + code + ".md")
	if err != nil {
		return "", fmt.Errorf("read method page: %w", err)
	}
	return strings.TrimSpace(string(page)), nil
}

// Limits lists the thresholds of a code, also those that differ by a side: "sync.offset.early.warn".
func Limits(code string) []Threshold {
	var list []Threshold
	for _, t := range Thresholds() {
		if strings.HasPrefix(t.Name, code+".") {
			list = append(list, t)
		}
	}
	return list
}

// Summary is the first sentence of a method page.
func Summary(page string) string {
	first, _, _ := strings.Cut(page, "\n")
	return first
}
