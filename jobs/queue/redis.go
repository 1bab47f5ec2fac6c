package queue

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Conn is a connection to Redis: a single server, a set of Sentinels, or a Cluster. It is safe for concurrent use.
type Conn struct {
	client  redis.UniversalClient
	connect func() redis.UniversalClient
}

// Open understands
//
//	redis://[user:password@]host:port[/db]                   one server; rediss:// with TLS
//	redis-sentinel://[user:password@]host:port,…/master[/db]  Sentinels; rediss-sentinel:// with TLS
//	redis-cluster://[user:password@]host:port,…              a Cluster; rediss-cluster:// with TLS
//
// and the query parameters of go-redis (dial_timeout=5s …). User and password are those of the servers; those of the Sentinels, where they ask for any, are
// the parameters sentinel_username and sentinel_password. It does not connect yet. Errors never contain the password.
func Open(rawURL string) (*Conn, error) {
	connect, err := connector(rawURL)
	if err != nil {
		return nil, fmt.Errorf("redis URL: %w", err)
	}
	redis.SetLogger(mute{})
	return &Conn{client: connect(), connect: connect}, nil
}

// Close closes the connection.
func (c *Conn) Close() error { return c.client.Close() }

// Ping asks whether Redis answers.
func (c *Conn) Ping(ctx context.Context) error {
	if err := c.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ask redis: %w", err)
	}
	return nil
}

// MakeRedisClient makes a second client; with it a Conn is an option that asynq's web interface accepts. Whoever calls it closes the client.
func (c *Conn) MakeRedisClient() any { return c.connect() }

func connector(rawURL string) (func() redis.UniversalClient, error) {
	scheme, rest, ok := strings.Cut(rawURL, "://")
	if !ok {
		return nil, errors.New("it has no scheme: use redis://host:6379/0")
	}
	plain, secure := strings.CutPrefix(scheme, "rediss")
	if !secure {
		if plain, ok = strings.CutPrefix(scheme, "redis"); !ok {
			return nil, fmt.Errorf("scheme %q: use redis, rediss, redis-sentinel or redis-cluster", scheme)
		}
	}
	base := "redis://"
	if secure {
		base = "rediss://"
	}
	switch plain {
	case "":
		return single(base + rest)
	case "-sentinel":
		return sentinel(base, rest)
	case "-cluster":
		return cluster(base, rest)
	}
	return nil, fmt.Errorf("scheme %q: use redis, rediss, redis-sentinel or redis-cluster", scheme)
}

func single(rawURL string) (func() redis.UniversalClient, error) {
	u, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	if strings.Contains(u.Host, ",") {
		return nil, errors.New("several hosts: use redis-sentinel:// or redis-cluster://")
	}
	opt, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, withoutURL(err)
	}
	opt.ContextTimeoutEnabled = true
	return func() redis.UniversalClient { o := *opt; return redis.NewClient(&o) }, nil
}

func sentinel(base, rest string) (func() redis.UniversalClient, error) {
	u, hosts, err := parseHosts(base, rest)
	if err != nil {
		return nil, err
	}
	master, db, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if master == "" {
		return nil, errors.New("no master: use redis-sentinel://host:26379,host:26379/mymaster/0")
	}
	q := u.Query()
	sentinelUser, sentinelPassword := q.Get("sentinel_username"), q.Get("sentinel_password")
	q.Del("sentinel_username")
	q.Del("sentinel_password")
	q.Set("master_name", master)
	for _, h := range hosts[1:] {
		q.Add("addr", h)
	}
	u.Host, u.Path, u.RawQuery = hosts[0], "/"+db, q.Encode()
	opt, err := redis.ParseFailoverURL(u.String())
	if err != nil {
		return nil, withoutURL(err)
	}
	opt.TLSConfig = withoutServerName(opt.TLSConfig)
	opt.ContextTimeoutEnabled = true
	// go-redis takes what stands before the @ for the Sentinels; most of them have no password, and the servers behind them have.
	opt.Username, opt.Password = opt.SentinelUsername, opt.SentinelPassword
	opt.SentinelUsername, opt.SentinelPassword = sentinelUser, sentinelPassword
	return func() redis.UniversalClient { o := *opt; return redis.NewFailoverClient(&o) }, nil
}

func cluster(base, rest string) (func() redis.UniversalClient, error) {
	u, hosts, err := parseHosts(base, rest)
	if err != nil {
		return nil, err
	}
	if p := strings.Trim(u.Path, "/"); p != "" && p != "0" {
		return nil, fmt.Errorf("database %q: a cluster has database 0 only", p)
	}
	q := u.Query()
	for _, h := range hosts[1:] {
		q.Add("addr", h)
	}
	u.Host, u.Path, u.RawQuery = hosts[0], "", q.Encode()
	opt, err := redis.ParseClusterURL(u.String())
	if err != nil {
		return nil, withoutURL(err)
	}
	opt.TLSConfig = withoutServerName(opt.TLSConfig)
	opt.ContextTimeoutEnabled = true
	return func() redis.UniversalClient { o := *opt; return redis.NewClusterClient(&o) }, nil
}

// maxHosts bounds the list of Sentinels or seed nodes; nobody runs more than a handful.
const maxHosts = 64

// parseHosts takes the comma-separated hosts out of the URL, because net/url knows one host only.
func parseHosts(base, rest string) (*url.URL, []string, error) {
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	user := ""
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		user, authority = authority[:at+1], authority[at+1:]
	}
	hosts := strings.Split(authority, ",")
	if len(hosts) > maxHosts {
		return nil, nil, fmt.Errorf("%d hosts are more than the %d allowed", len(hosts), maxHosts)
	}
	for _, h := range hosts {
		if h == "" {
			return nil, nil, errors.New("empty host: use host:port,host:port")
		}
	}
	u, err := parse(base + user + hosts[0] + tail)
	return u, hosts, err
}

func parse(rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, withoutURL(err)
	}
	if u.Host == "" {
		return nil, errors.New("no host: use redis://host:6379/0")
	}
	return u, nil
}

// withoutURL drops the URL, which may hold a password, from the errors of net/url.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// withoutServerName lets TLS verify each node under its own name instead of the first host's.
func withoutServerName(c *tls.Config) *tls.Config {
	if c == nil {
		return nil
	}
	c = c.Clone()
	c.ServerName = ""
	return c
}
