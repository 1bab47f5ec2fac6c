//go:build !cgo

package main

// ffmpegVersion is empty: this build has no decoder.
func ffmpegVersion() string { return "" }
