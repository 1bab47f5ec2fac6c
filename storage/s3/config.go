// Package s3 is a store in a bucket of Amazon S3, MinIO, versitygw or any other server that speaks their protocol and knows
// conditional puts. It is the only importer of minio-go.
package s3

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"aircheck/storage"
)

// Secret is a string that does not print: not in logs, not in errors, not in JSON.
type Secret string

const masked = "***"

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return masked
}

// Format masks every verb, %x and %d included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// MarshalText masks JSON, YAML and XML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue masks structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Reveal gives the secret itself.
func (s Secret) Reveal() string { return string(s) }

// Config says where an S3 server is and who asks.
type Config struct {
	// Endpoint is the server's URL, "http://127.0.0.1:7070" or "https://s3.example.com"; without a scheme it is https. http means no TLS.
	// Defaults to https://s3.amazonaws.com. Certificates are checked against the system's and SSL_CERT_FILE's.
	Endpoint string
	// AccessKey and SecretKey sign requests. Both empty means anonymous: public buckets only.
	AccessKey string
	SecretKey Secret
	// SessionToken goes with temporary credentials.
	SessionToken Secret
	// Region of the bucket. Defaults to what the server says, which costs one request per bucket.
	Region string
	// PathStyle addresses buckets as https://endpoint/bucket even where the server is known to take https://bucket.endpoint.
	PathStyle bool
	// UserAgent is what the client calls itself, "name/version". Defaults to minio-go's own.
	UserAgent string
}

const defaultEndpoint = "https://s3.amazonaws.com"

// ConfigFromEnv reads the configuration from AIRCHECK_S3_ENDPOINT, AIRCHECK_S3_ACCESS_KEY, AIRCHECK_S3_SECRET_KEY and
// AIRCHECK_S3_REGION, and where these are empty from the AWS_… variables. A key is never paired with a secret of the other family.
func ConfigFromEnv(getenv func(string) string) Config {
	c := Config{
		Endpoint: first(getenv, "AIRCHECK_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
		Region:   first(getenv, "AIRCHECK_S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
	}
	if key := getenv("AIRCHECK_S3_ACCESS_KEY"); key != "" {
		c.AccessKey, c.SecretKey = key, Secret(getenv("AIRCHECK_S3_SECRET_KEY"))
		return c
	}
	c.AccessKey, c.SecretKey = getenv("AWS_ACCESS_KEY_ID"), Secret(getenv("AWS_SECRET_ACCESS_KEY"))
	c.SessionToken = Secret(getenv("AWS_SESSION_TOKEN"))
	return c
}

func first(getenv func(string) string, names ...string) string {
	for _, name := range names {
		if value := getenv(name); value != "" {
			return value
		}
	}
	return ""
}

// Validate tells what is wrong with the configuration, and never what the secret is.
func (c Config) Validate() error {
	if (c.AccessKey == "") != (c.SecretKey == "") {
		return fmt.Errorf("only one of access key and secret key is set: set AIRCHECK_S3_ACCESS_KEY and AIRCHECK_S3_SECRET_KEY")
	}
	_, _, err := c.server()
	return err
}

// server splits the endpoint into host:port and whether it speaks TLS.
func (c Config) server() (host string, secure bool, err error) {
	endpoint := c.Endpoint
	if endpoint == "" {
		endpoint = defaultEndpoint
	}
	if !strings.Contains(endpoint, "://") {
		endpoint = "https://" + endpoint
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.User != nil {
		// The text may hold credentials: it is not repeated.
		return "", false, fmt.Errorf("S3 endpoint is no URL like http://127.0.0.1:7070 (credentials go into AIRCHECK_S3_ACCESS_KEY and …_SECRET_KEY)")
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return "", false, fmt.Errorf("S3 endpoint %q is no URL like http://127.0.0.1:7070", storage.Redact(endpoint))
	}
	return u.Host, u.Scheme == "https", nil
}
