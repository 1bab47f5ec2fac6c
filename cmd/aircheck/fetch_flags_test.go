package main

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"aircheck/producer/follow"
)

func TestByteSize(t *testing.T) {
	for in, want := range map[string]byteSize{
		"0": 0, "1000": 1000, "16MiB": 16 << 20, "16mib": 16 << 20, "3 GiB": 3 << 30, "1TiB": 1 << 40, "4KiB": 4096, "9223372036854775807": 1<<63 - 1,
		"": -1, "MiB": -1, "-1": -1, "1.5GiB": -1, "16MB": -1, "16M": -1, "9223372036854775808": -1, "8388608TiB": -1, "1e9": -1,
	} {
		got := byteSize(-1)
		if err := got.Set(in); (err != nil) != (want < 0) || got != want {
			t.Errorf("%q: %d, %v", in, got, err)
		}
		again := byteSize(-1)
		if want >= 0 && (again.Set(got.String()) != nil || again != want) {
			t.Errorf("%q: written as %q, which is %d", in, got.String(), again)
		}
	}
}

func TestFetchFlags(t *testing.T) {
	var f fetchFlags
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	f.add(flags)
	if cfg := f.limit(follow.ManagerConfig{Owner: "a"}); f.check() != nil || cfg.Fetches != 64 || cfg.FetchBytes != 512<<20 || cfg.Owner != "a" {
		t.Errorf("by default %+v, %v", cfg, f.check())
	}
	if err := flags.Parse([]string{"--fetches", "8", "--fetch-bytes", "2GiB"}); err != nil {
		t.Fatal(err)
	}
	if cfg := f.limit(follow.ManagerConfig{}); f.check() != nil || cfg.Fetches != 8 || cfg.FetchBytes != 2<<30 {
		t.Errorf("%+v, %v", cfg, f.check())
	}
}

// Bounds are checked before anything is begun, in every command that follows streams, and the environment counts as the command line.
func TestFetchBounds(t *testing.T) {
	for _, command := range [][]string{{"follow", "http://127.0.0.1:1/a.m3u8"}, {"producer", "--store", t.TempDir()}, {"up", "--data", t.TempDir()}} {
		for _, c := range []struct{ flag, value, want string }{
			{"fetches", "0", "between 1 and 4096"}, {"fetches", "4097", "between 1 and 4096"}, {"fetches", "x", "invalid"},
			{"fetch-bytes", "15MiB", "between 16MiB and 1TiB"}, {"fetch-bytes", "2TiB", "between 16MiB and 1TiB"}, {"fetch-bytes", "many", "whole number"},
		} {
			for _, environment := range []bool{false, true} {
				args, env := append(command[:len(command):len(command)], "--"+c.flag, c.value), []string(nil)
				if environment {
					args, env = command, []string{envName(c.flag) + "=" + c.value}
				}
				if status, _, stderr := exec(t, env, args...); status != 2 || !strings.Contains(stderr, c.want) {
					t.Errorf("%s %s=%s, environment %v: status %d, %s", command[0], c.flag, c.value, environment, status, stderr)
				}
			}
		}
	}
}
