package redisserver

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Sentinel is a master with one replica, and a Sentinel that watches them. All end with their test.
type Sentinel struct {
	Master *Server
	addr   string
}

// URL is the address as aircheck takes it.
func (s *Sentinel) URL() string { return "redis-sentinel://" + s.addr + "/" + masterName + "/0" }

const (
	masterName = "aircheck"
	// masterDown is how long a master must be silent, in milliseconds, before its replica takes over.
	masterDown = 1000
)

// StartSentinel runs them on loopback and waits until the Sentinel knows the replica, without which it could not replace the master.
func StartSentinel(t testing.TB) *Sentinel {
	t.Helper()
	master := start(t)
	host, port, _ := net.SplitHostPort(master.Addr)
	start(t, "--replicaof", host+" "+port)
	config := filepath.Join(t.TempDir(), "sentinel.conf") // a Sentinel writes down there what it finds out
	lines := fmt.Sprintf("sentinel monitor %[1]s %[2]s %[3]s 1\nsentinel down-after-milliseconds %[1]s %[4]d\nsentinel failover-timeout %[1]s 5000\n",
		masterName, host, port, masterDown)
	if err := os.WriteFile(config, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	watch := start(t, config, "--sentinel")
	client := redis.NewSentinelClient(&redis.Options{Addr: watch.Addr})
	defer client.Close()
	deadline := time.NewTimer(clusterTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		replicas, err := client.Replicas(t.Context(), masterName).Result()
		if err == nil && len(replicas) == 1 && replicas[0]["flags"] == "slave" && replicas[0]["master-link-status"] == "ok" {
			return &Sentinel{Master: master, addr: watch.Addr}
		}
		select {
		case <-deadline.C:
			t.Fatalf("the Sentinel does not know the replica after %s: %v, %v", clusterTimeout, replicas, err)
		case <-tick.C:
		}
	}
}
