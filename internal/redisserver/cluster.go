package redisserver

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Cluster is a Redis Cluster of three masters. It ends with its test.
type Cluster struct{ Addrs []string }

// URL is the address as aircheck takes it.
func (c *Cluster) URL() string { return "redis-cluster://" + strings.Join(c.Addrs, ",") }

const (
	masters = 3
	slots   = 16384
	// clusterTimeout is how long the nodes may take to agree; on an idle machine it is two seconds.
	clusterTimeout = 60 * time.Second
)

// StartCluster runs three masters on loopback and waits until they agree.
func StartCluster(t testing.TB) *Cluster {
	t.Helper()
	c := &Cluster{}
	var nodes []*redis.Client
	for i := range masters {
		bus, err := freePort()
		if err != nil {
			t.Fatal(err)
		}
		s := start(t, "--cluster-enabled", "yes", "--cluster-port", fmt.Sprint(bus), "--cluster-node-timeout", "5000")
		node := redis.NewClient(&redis.Options{Addr: s.Addr})
		t.Cleanup(func() { _ = node.Close() })
		first, last := i*slots/masters, (i+1)*slots/masters-1
		if err := node.Do(t.Context(), "CLUSTER", "ADDSLOTSRANGE", first, last).Err(); err != nil {
			t.Fatalf("give slots to a master: %v", err)
		}
		if i > 0 {
			host, port, _ := net.SplitHostPort(s.Addr)
			if err := nodes[0].Do(t.Context(), "CLUSTER", "MEET", host, port, bus).Err(); err != nil {
				t.Fatalf("introduce a master: %v", err)
			}
		}
		nodes, c.Addrs = append(nodes, node), append(c.Addrs, s.Addr)
	}
	agree(t, nodes)
	return c
}

// agree waits until every node sees all slots served.
func agree(t testing.TB, nodes []*redis.Client) {
	t.Helper()
	deadline := time.NewTimer(clusterTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ready := 0
		for _, n := range nodes {
			info, err := n.ClusterInfo(t.Context()).Result()
			if err == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d", masters)) {
				ready++
			}
		}
		if ready == len(nodes) {
			return
		}
		select {
		case <-deadline.C:
			t.Fatalf("the masters do not agree after %s", clusterTimeout)
		case <-tick.C:
		}
	}
}
