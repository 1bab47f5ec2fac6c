package queue

import (
	"context"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"aircheck/internal/redisserver"
	"aircheck/jobs"
)

// passes takes a window and a judge through a queue.
func passes(t *testing.T, conn *Conn) {
	t.Helper()
	ctx, client, check := t.Context(), NewClient(conn), newCheck()
	if err := client.Expect(ctx, check, 1); err != nil {
		t.Fatal(err)
	}
	if err := client.EnqueueWindow(ctx, taskOf(check, 0), Vod); err != nil {
		t.Fatal(err)
	}
	h := handler{
		measure: func(ctx context.Context, task jobs.Task) error {
			complete, err := client.MarkDone(ctx, task.Check, task.Window.Sequence, task.Window.Index)
			if err == nil && complete {
				err = client.EnqueueJudge(ctx, task.Check, 0)
			}
			return err
		},
		judge: func(context.Context, string) error { return nil },
	}
	c, drain, _ := consume(t, conn, h, ConsumerConfig{})
	eventually(t, 30*time.Second, "judged", func() bool { return c.Counts().Judged == 1 })
	drain()
}

// TestTLS: the certificate is verified, and what is trusted works. Outside of tests SSL_CERT_FILE names a file of what is trusted.
func TestTLS(t *testing.T) {
	t.Parallel()
	server := redisserver.StartTLS(t)
	var unknown x509.UnknownAuthorityError
	if err := open(t, server.URL()).Ping(t.Context()); !errors.As(err, &unknown) {
		t.Fatalf("a certificate that nobody vouches for: %v", err)
	}
	conn := open(t, server.URL())
	client, ok := conn.client.(*redis.Client)
	if !ok {
		t.Fatalf("client is a %T", conn.client)
	}
	client.Options().TLSConfig.RootCAs = server.Roots
	passes(t, conn)
}

// TestSentinel loses the master half-way: the client follows the Sentinel to the one that takes over.
func TestSentinel(t *testing.T) {
	t.Parallel()
	sentinel := redisserver.StartSentinel(t)
	conn := open(t, sentinel.URL())
	passes(t, conn)
	sentinel.Master.Kill()
	client := NewClient(conn)
	eventually(t, time.Minute, "a new master", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return client.AnnounceQueues(ctx) == nil
	})
	passes(t, conn)
}
