package s3_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"aircheck/internal/s3server"
	"aircheck/storage"
	"aircheck/storage/s3"
	"aircheck/storage/storagetest"
)

func TestVersitygw(t *testing.T) {
	t.Parallel()
	conform(t, s3server.Start(t))
}

func TestMinIO(t *testing.T) {
	t.Parallel()
	conform(t, s3server.StartMinIO(t))
}

// conform gives every test a bucket of its own, and every second one a prefix in it.
func conform(t *testing.T, server s3server.Server) {
	t.Helper()
	client := newClient(t, s3.ConfigFromEnv(server.Getenv))
	var count atomic.Int64
	storagetest.Run(t, func(t *testing.T) storage.Store {
		t.Helper()
		n := count.Add(1)
		prefix := ""
		if n%2 == 0 {
			prefix = "some/prefix"
		}
		return newStore(t, client, fmt.Sprintf("bucket-%d", n), prefix)
	})
}

func newClient(t *testing.T, cfg s3.Config) *s3.Client {
	t.Helper()
	client, err := s3.NewClient(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func newStore(t *testing.T, client *s3.Client, bucket, prefix string) *s3.Store {
	t.Helper()
	if err := client.EnsureBucket(t.Context(), bucket); err != nil {
		t.Fatal(err)
	}
	s, err := s3.NewStore(client, bucket, prefix)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
