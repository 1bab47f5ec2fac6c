package s3_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"aircheck/storage/s3"
)

func TestSecretDoesNotPrint(t *testing.T) {
	t.Parallel()
	cfg := s3.Config{AccessKey: "key", SecretKey: "hunter2", SessionToken: "hunter2"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", cfg.SecretKey, "cfg", cfg)
	encoded, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	printed := []string{
		log.String(), string(encoded), fmt.Sprint(cfg), fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg),
		fmt.Sprintf("%s %q %x %X %d %v", cfg.SecretKey, cfg.SecretKey, cfg.SecretKey, cfg.SecretKey, cfg.SecretKey, &cfg),
	}
	for _, s := range printed {
		if strings.Contains(s, "hunter2") || strings.Contains(strings.ToLower(s), "68756e74657232") {
			t.Errorf("the secret is in %q", s)
		}
	}
	if cfg.SecretKey.Reveal() != "hunter2" || s3.Secret("").String() != "" {
		t.Error("the secret is lost, or its absence masked")
	}
}

func TestConfigFromEnv(t *testing.T) {
	t.Parallel()
	aws := map[string]string{
		"AWS_ACCESS_KEY_ID": "awskey", "AWS_SECRET_ACCESS_KEY": "awssecret", "AWS_SESSION_TOKEN": "token",
		"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://aws",
	}
	own := map[string]string{
		"AIRCHECK_S3_ENDPOINT": "http://own", "AIRCHECK_S3_ACCESS_KEY": "ownkey", "AIRCHECK_S3_SECRET_KEY": "ownsecret", "AIRCHECK_S3_REGION": "r1",
	}
	tests := []struct {
		name string
		env  []map[string]string
		want s3.Config
	}{
		{"nothing", nil, s3.Config{}},
		{"aws", []map[string]string{aws}, s3.Config{
			Endpoint: "http://aws", AccessKey: "awskey", SecretKey: "awssecret", SessionToken: "token", Region: "eu-west-1",
		}},
		{"own before aws", []map[string]string{aws, own}, s3.Config{Endpoint: "http://own", AccessKey: "ownkey", SecretKey: "ownsecret", Region: "r1"}},
		{"own key is not paired with the secret of aws", []map[string]string{aws, {"AIRCHECK_S3_ACCESS_KEY": "k"}}, s3.Config{
			Endpoint: "http://aws", AccessKey: "k", Region: "eu-west-1",
		}},
	}
	for _, test := range tests {
		getenv := func(name string) (value string) {
			for _, env := range test.env {
				if v, ok := env[name]; ok {
					value = v
				}
			}
			return value
		}
		if got := s3.ConfigFromEnv(getenv); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	good := []s3.Config{
		{}, {Endpoint: "http://127.0.0.1:7070"}, {Endpoint: "https://s3.example.com/"}, {Endpoint: "localhost:9000"},
		{AccessKey: "a", SecretKey: "b"},
	}
	bad := []s3.Config{
		{AccessKey: "a"},
		{SecretKey: "hunter2"},
		{Endpoint: "ftp://host"},
		{Endpoint: "http://"},
		{Endpoint: "http://host/path"},
		{Endpoint: "http://host?x=hunter2"},
		{Endpoint: "http://user:hunter2@host"},
		{Endpoint: "http://user:hunter2%zz@host"},
	}
	for _, cfg := range good {
		if err := cfg.Validate(); err != nil {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
	for _, cfg := range bad {
		if err := cfg.Validate(); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%+v: %v, want an error without the secret", cfg, err)
		}
		if _, err := s3.NewClient(cfg); err == nil {
			t.Errorf("%+v: made a client", cfg)
		}
	}
}
