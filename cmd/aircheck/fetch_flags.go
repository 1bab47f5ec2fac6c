package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"aircheck/producer/follow"
)

// Bounds of what one producer fetches at a time.
const (
	maxFetches = 4096
	// minFetchBytes leaves one host, which may have half of it, segments of 8 MiB: 6 s at 10 Mbit/s.
	minFetchBytes = 16 << 20
	maxFetchBytes = 1 << 40
)

// fetchFlags say how much of live streams one process fetches at the same time.
type fetchFlags struct {
	fetches int
	bytes   byteSize
}

func (f *fetchFlags) add(flags *pflag.FlagSet) {
	f.fetches, f.bytes = follow.DefaultFetches, follow.DefaultFetchBytes
	flags.IntVar(&f.fetches, "fetches", f.fetches, "segments of live streams that are fetched at the same time, beside one of each stream")
	flags.Var(&f.bytes, "fetch-bytes", "`size` of the segments that may be in memory between their origin and the store, such as 512MiB; twice the largest segment at least")
}

// check finds what is out of bounds.
func (f *fetchFlags) check() error {
	if f.fetches < 1 || f.fetches > maxFetches {
		return usageError("--fetches %d: give a number between 1 and %d", f.fetches, maxFetches)
	}
	if f.bytes < minFetchBytes || f.bytes > maxFetchBytes {
		return usageError("--fetch-bytes %s: give a size between %s and %s", f.bytes, byteSize(minFetchBytes), byteSize(maxFetchBytes))
	}
	return nil
}

// limit sets what a manager fetches at the same time.
func (f *fetchFlags) limit(cfg follow.ManagerConfig) follow.ManagerConfig {
	cfg.Fetches, cfg.FetchBytes = f.fetches, int64(f.bytes)
	return cfg
}

// byteSize is a flag of bytes: a whole number, alone or with a unit.
type byteSize int64

// byteUnits are the units, the largest first.
func byteUnits() []struct {
	name  string
	shift uint
} {
	return []struct {
		name  string
		shift uint
	}{{"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}}
}

// String is the size with the largest unit that leaves a whole number.
func (b byteSize) String() string {
	for _, u := range byteUnits() {
		if b != 0 && b%(1<<u.shift) == 0 {
			return strconv.FormatInt(int64(b>>u.shift), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(b), 10)
}

// Set reads a size.
func (b *byteSize) Set(s string) error {
	number, shift := s, uint(0)
	for _, u := range byteUnits() {
		if n := len(s) - len(u.name); n > 0 && strings.EqualFold(s[n:], u.name) {
			number, shift = s[:n], u.shift
			break
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || n < 0 {
		return errors.New("give a whole number of bytes, or one with KiB, MiB or GiB")
	}
	if n > (1<<63-1)>>shift {
		return fmt.Errorf("%s is too large", s)
	}
	*b = byteSize(n << shift)
	return nil
}

// Type is what help calls it.
func (b *byteSize) Type() string { return "size" }
