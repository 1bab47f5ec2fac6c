package queue

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestOpenURL(t *testing.T) {
	t.Parallel()
	single := func(t *testing.T, c redis.UniversalClient) *redis.Options {
		t.Helper()
		client, ok := c.(*redis.Client)
		if !ok {
			t.Fatalf("client is a %T", c)
		}
		return client.Options()
	}
	tests := []struct {
		url   string
		check func(t *testing.T, c redis.UniversalClient)
	}{
		{"redis://127.0.0.1:6379/0", func(t *testing.T, c redis.UniversalClient) {
			if o := single(t, c); o.Addr != "127.0.0.1:6379" || o.DB != 0 || o.TLSConfig != nil {
				t.Errorf("options %+v", o)
			}
		}},
		{"rediss://ann:secret@example.org:6380/3", func(t *testing.T, c redis.UniversalClient) {
			o := single(t, c)
			if o.Username != "ann" || o.Password != "secret" || o.DB != 3 || o.TLSConfig == nil || o.TLSConfig.ServerName != "example.org" {
				t.Errorf("options %+v", o)
			}
		}},
		{"redis-sentinel://:pw@a:26379,b:26379,c:26380/mymaster/2", func(t *testing.T, c redis.UniversalClient) {
			if o := single(t, c); o.Addr != "FailoverClient" || o.DB != 2 || o.Password != "pw" {
				t.Errorf("options %+v", o)
			}
		}},
		{"rediss-cluster://a:7000,b:7001", func(t *testing.T, c redis.UniversalClient) {
			client, ok := c.(*redis.ClusterClient)
			if !ok {
				t.Fatalf("client is a %T", c)
			}
			o := client.Options()
			if strings.Join(o.Addrs, " ") != "a:7000 b:7001" || o.TLSConfig == nil || o.TLSConfig.ServerName != "" {
				t.Errorf("options %+v", o)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			t.Parallel()
			conn, err := Open(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			tt.check(t, conn.client)
			second, ok := conn.MakeRedisClient().(redis.UniversalClient)
			if !ok || second == conn.client {
				t.Fatal("the web interface did not get a client of its own")
			}
			defer second.Close()
			tt.check(t, second)
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"":                                   "no scheme",
		"localhost:6379":                     "no scheme",
		"http://localhost":                   `scheme "http"`,
		"redis-ring://a:1":                   `scheme "redis-ring"`,
		"redis://":                           "no host",
		"redis://a:6379,b:6379":              "", // refused one way or the other
		"redis://a:6379/one":                 "database",
		"redis://u:hunter2@a:port/0":         "port",
		"redis-sentinel://a:26379":           "no master",
		"redis-sentinel://a:26379,/mymaster": "empty host",
		"redis-cluster://a:7000/1":           "database 0 only",
		"redis-cluster://:hunter2@a:70 00":   "",
		"redis-cluster://" + strings.Repeat("a:1,", 100) + "a:1": "more than the 64",
	} {
		conn, err := Open(url)
		if err == nil {
			_ = conn.Close()
			t.Errorf("Open(%q) accepted it", url)
			continue
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q) = %q, want something about %q", url, err, want)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open(%q) tells the password: %q", url, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	for _, s := range []string{"redis://h:1/0", "rediss://u:p@h:1", "redis-sentinel://a:1,b:2/m/1", "redis-cluster://a:1,b:2?addr=c:3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, url string) {
		if conn, err := Open(url); err == nil {
			_ = conn.Close()
		}
	})
}
