package notify

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"aircheck/jobs"
)

// cloudEvent is a message as a CloudEvent 1.0 in structured mode (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md).
type cloudEvent struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject,omitempty"`
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	Data            *Message  `json:"data"`
}

func newCloudEvent(m *Message) cloudEvent {
	kind := "aircheck.finding.opened"
	switch {
	case m.Verdict != "":
		kind = "aircheck.check.finished"
	case m.Trouble == jobs.EventGivenUp:
		kind = "aircheck.check.given_up"
	case m.Trouble != "":
		kind = "aircheck.stream." + string(m.Trouble)
	case m.resolved():
		kind = "aircheck.finding.closed"
	}
	return cloudEvent{
		SpecVersion: "1.0", ID: m.ID, Source: "/aircheck/streams/" + url.PathEscape(m.Stream), Type: kind, Subject: m.Check, Time: m.Time.UTC(),
		DataContentType: "application/json", Data: m,
	}
}

// webhook posts a CloudEvent, signed as Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md) when there is a secret.
func (s *Sender) webhook(ctx context.Context, t *Target, m *Message) (string, error) {
	body, err := json.Marshal(newCloudEvent(m))
	if err != nil {
		return "", refused{err}
	}
	address, err := s.address(t)
	if err != nil {
		return "", err
	}
	secret, err := t.Secret.Read(s.Env)
	if err != nil {
		return "", err
	}
	header := http.Header{"Content-Type": {"application/cloudevents+json; charset=utf-8"}}
	if secret != "" {
		if err := sign(header, secret, m.ID, s.Now(), body); err != nil {
			return "", err
		}
	}
	return s.postBytes(ctx, address, body, header)
}

// sign adds id, time and signature: HMAC-SHA-256 over "id.seconds.body". A secret that does not begin with "whsec_" is taken as it is.
func sign(header http.Header, secret, id string, now time.Time, body []byte) error {
	key := []byte(secret)
	if coded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(coded); err != nil {
			return fmt.Errorf("secret: what follows whsec_ is no base64: %w", err)
		}
	}
	seconds := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.", messageID(id), seconds)
	mac.Write(body)
	header.Set("Webhook-Id", messageID(id))
	header.Set("Webhook-Timestamp", seconds)
	header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return nil
}

// messageID is an id without dots, which separate what is signed.
func messageID(id string) string { return "msg_" + strings.NewReplacer(".", "_", "/", "_").Replace(id) }

// alert is what Alertmanager's API v2 takes (https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml, postableAlerts).
type alert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

const (
	// firing is how long an alert stands when nobody says that it is over.
	firing = 24 * time.Hour
	// standing is how long one stands that has no end, as that of a report.
	standing = time.Hour
	// passing is how long one stands whose defect was over when it was told: one that ends at once is never told.
	passing = 10 * time.Minute
)

func (s *Sender) alertmanager(ctx context.Context, t *Target, m *Message) (string, error) {
	header := http.Header{}
	token, err := t.Secret.Read(s.Env)
	if err != nil {
		return "", err
	}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	address, err := s.address(t)
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(alerts(m))
	if err != nil {
		return "", refused{err}
	}
	return s.postBytes(ctx, strings.TrimRight(address, "/")+"/api/v2/alerts", body, header)
}

// alerts are those of the findings of all items. Labels name a finding, so what opens and what closes it have the same; Alertmanager groups and repeats by itself. People route by severity,
// so that is a label as well: what ends, or became worse, ends under each other severity, because it may have opened under that.
func alerts(m *Message) []alert {
	if m.Verdict != "" {
		return []alert{{
			Labels:      map[string]string{"alertname": "aircheck report", "stream": plain(m.Stream), "check": m.Check, "severity": alertSeverity(m.Severity)},
			Annotations: map[string]string{"summary": m.Title()}, StartsAt: m.Time.UTC(), EndsAt: m.Time.UTC().Add(standing), GeneratorURL: m.URL,
		}}
	}
	var list []alert
	for i := range m.Items {
		for k := range m.Items[i].Keys {
			for _, severity := range []jobs.Severity{jobs.Fail, jobs.Warn, jobs.Info} {
				it := &m.Items[i]
				if it.State.over() || it.Worse || severity == it.Finding.Severity {
					list = append(list, findingAlert(m, it, k, severity))
				}
			}
		}
	}
	return list
}

func findingAlert(m *Message, it *Item, k int, severity jobs.Severity) alert {
	labels := map[string]string{
		"alertname": "aircheck " + plain(it.Finding.Code), "stream": plain(cmp.Or(it.Stream, m.Stream)), "check": cmp.Or(it.Check, m.Check), "code": plain(it.Finding.Code), "finding": plain(it.Keys[k]),
		"severity": alertSeverity(severity),
	}
	if k < len(it.Renditions) {
		labels["rendition"] = plain(it.Renditions[k])
	}
	if m.Test {
		labels["test"] = "true"
	}
	a := alert{Labels: labels, Annotations: map[string]string{"summary": it.line()}, StartsAt: m.Time.UTC(), EndsAt: m.Time.UTC(), GeneratorURL: m.URL}
	if it.From != nil && it.From.Before(a.EndsAt) {
		a.StartsAt = it.From.UTC()
	}
	switch {
	case severity != it.Finding.Severity:
	case it.State == Opened:
		a.EndsAt = m.Time.UTC().Add(firing)
	case it.State == GivenUp:
		a.EndsAt = m.Time.UTC().Add(standing)
	case it.State == Passed:
		a.EndsAt = m.Time.UTC().Add(passing)
	}
	return a
}

// alertSeverity is the word that Prometheus's users route by.
func alertSeverity(s jobs.Severity) string {
	switch s {
	case jobs.Fail:
		return "critical"
	case jobs.Warn:
		return "warning"
	}
	return "info"
}
