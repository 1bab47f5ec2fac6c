//go:build cgo

package main

// ffmpegVersion names the FFmpeg libraries that this program decodes with.
func ffmpegVersion() string { return "" }
