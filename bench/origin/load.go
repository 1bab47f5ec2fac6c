package origin

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Bounds of what is loaded: it stays in memory.
const (
	maxClipBytes  = 1 << 30
	maxClipTracks = 32
)

var attribute = regexp.MustCompile(`([A-Z0-9-]+)=("[^"]*"|[^,]*)`)

// Load reads a finished HLS stream, as the ffmpeg command line writes it, from a directory: the multivariant playlist master.m3u8 and what it names, or else
// all media playlists that lie there. It trusts what it reads: these are clips of one's own.
func Load(dir string) (*Clip, error) {
	tracks, err := loadMaster(dir)
	if errors.Is(err, os.ErrNotExist) {
		tracks, err = loadAll(dir)
	}
	if err != nil {
		return nil, err
	}
	size := 0
	for i := range tracks {
		for _, p := range tracks[i].Pieces {
			size += len(p.Data)
		}
	}
	if len(tracks) > maxClipTracks || size > maxClipBytes {
		return nil, fmt.Errorf("%s: %d tracks and %d bytes, at most %d and %d", dir, len(tracks), size, maxClipTracks, maxClipBytes)
	}
	return NewClip(tracks...)
}

func loadMaster(dir string) ([]Track, error) {
	data, err := os.ReadFile(filepath.Join(dir, "master.m3u8"))
	if err != nil {
		return nil, err
	}
	var tracks []Track
	var attrs map[string]string
	seen := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		tag, value, _ := strings.Cut(line, ":")
		uri := ""
		switch {
		case tag == "#EXT-X-STREAM-INF":
			attrs = list(value)
		case tag == "#EXT-X-MEDIA":
			attrs = list(value)
			uri = attrs["URI"]
		case line != "" && line[0] != '#':
			uri = line
		}
		if uri == "" || seen[uri] { // ffmpeg names a group's playlist twice, as a variant too
			continue
		}
		seen[uri] = true
		t, err := loadTrack(filepath.Join(dir, filepath.FromSlash(uri)), attrs)
		if err != nil {
			return nil, err
		}
		tracks = append(tracks, t)
	}
	return tracks, nil
}

func list(value string) map[string]string {
	attrs := map[string]string{}
	for _, m := range attribute.FindAllStringSubmatch(value, -1) {
		attrs[m[1]] = strings.Trim(m[2], `"`)
	}
	return attrs
}

func loadAll(dir string) ([]Track, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.m3u8"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s: no playlist (.m3u8) in it", dir)
	}
	var tracks []Track
	for _, path := range paths {
		t, err := loadTrack(path, nil)
		if err != nil {
			return nil, err
		}
		tracks = append(tracks, t)
	}
	return tracks, nil
}

// loadTrack reads a media playlist with one file a segment.
func loadTrack(path string, attrs map[string]string) (Track, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Track{}, err
	}
	t := Track{Name: strings.TrimSuffix(filepath.Base(path), ".m3u8"), Media: "video", Container: TS}
	t.describeFrom(attrs)
	var duration time.Duration
	for line := range bytes.Lines(data) {
		tag, value, _ := strings.Cut(strings.TrimSpace(string(line)), ":")
		switch {
		case tag == "#EXT-X-MAP":
			t.Container = FMP4
			if t.Init, err = os.ReadFile(filepath.Join(filepath.Dir(path), list(value)["URI"])); err != nil {
				return Track{}, err
			}
		case tag == "#EXTINF":
			number, _, _ := strings.Cut(value, ",")
			seconds, err := strconv.ParseFloat(number, 64)
			if err != nil {
				return Track{}, fmt.Errorf("%s: EXTINF %q: %w", path, value, err)
			}
			duration = time.Duration(seconds * float64(time.Second)).Round(time.Microsecond)
		case tag != "" && tag[0] != '#':
			piece, err := os.ReadFile(filepath.Join(filepath.Dir(path), tag))
			if err != nil {
				return Track{}, err
			}
			t.Pieces = append(t.Pieces, Piece{Data: piece, Duration: duration})
		}
	}
	t.measure()
	return t, nil
}

func (t *Track) describeFrom(attrs map[string]string) {
	t.Codecs, t.Language = attrs["CODECS"], attrs["LANGUAGE"]
	if attrs["AUDIO"] != "" { // the sound is elsewhere, and its codec with it
		t.Codecs, _, _ = strings.Cut(t.Codecs, ",")
	}
	if _, err := fmt.Sscanf(attrs["RESOLUTION"], "%dx%d", &t.Width, &t.Height); err != nil {
		t.Width, t.Height = 0, 0
	}
	t.FrameRate, _ = strconv.ParseFloat(attrs["FRAME-RATE"], 64) // absent is 0
	if attrs["TYPE"] == "AUDIO" {
		t.Media = "audio"
		t.Codecs = "mp4a.40.2"
	}
}

// measure sets the peak bit rate: that of the largest segment, as RFC 8216 section 4.3.4.2 has it for playlists without parts.
func (t *Track) measure() {
	for _, p := range t.Pieces {
		if p.Duration > 0 {
			t.Bandwidth = max(t.Bandwidth, int(float64(8*len(p.Data))/p.Duration.Seconds())+1)
		}
	}
}
