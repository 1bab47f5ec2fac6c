package notify

import (
	"strings"

	"aircheck/jobs"
)

// slackText is a text object of Block Kit (https://api.slack.com/reference/block-kit/composition-objects#text).
type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type slackBlock struct {
	Type string     `json:"type"`
	Text *slackText `json:"text,omitempty"`
}

type slackPayload struct {
	// Text is what notifications show, and what everything shows that is only compatible with Slack.
	Text   string       `json:"text"`
	Blocks []slackBlock `json:"blocks"`
}

// Slack's limits: characters of a header and of a section.
const (
	slackHeader  = 150
	slackSection = 3000
)

func slackMessage(m *Message) slackPayload {
	title := m.Title()
	p := slackPayload{Text: slackMark(m.Severity, m) + " " + escapeSlack(title)}
	p.Blocks = []slackBlock{{Type: "header", Text: &slackText{Type: "plain_text", Text: cutRunes(title, slackHeader)}}}
	var body strings.Builder
	for _, line := range m.Lines() {
		body.WriteString("• " + escapeSlack(line) + "\n")
	}
	if m.URL != "" {
		body.WriteString("<" + strings.NewReplacer("<", "%3C", ">", "%3E", "|", "%7C").Replace(m.URL) + "|" + escapeSlack(plain(m.Check)) + ">")
	}
	if body.Len() > 0 {
		p.Blocks = append(p.Blocks, slackBlock{Type: "section", Text: &slackText{Type: "mrkdwn", Text: cutRunes(body.String(), slackSection)}})
	}
	return p
}

func slackMark(s jobs.Severity, m *Message) string {
	switch {
	case m.resolved():
		return ":white_check_mark:"
	case s == jobs.Fail:
		return ":red_circle:"
	}
	return ":large_orange_circle:"
}

// escapeSlack escapes the three characters that Slack reads as markup (https://api.slack.com/reference/surfaces/formatting#escaping). What Slack would format (*, _, `) stays: it only
// changes how a text looks.
func escapeSlack(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

func cutRunes(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
