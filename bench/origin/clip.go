// Package origin is an HTTP server that plays clips as live channels, for ever and without copies, and misbehaves on request. Tests, the demonstration and
// the soak follow what it serves; it knows nothing of how that is looked at.
//
// A clip is some seconds of segments that were made once. A channel repeats it: its segments are numbered on, and their timestamps are moved by a multiple
// of the clip's length, so that hours of it are one continuous stream. Nothing is stored beside the clip: each request is answered from the clock alone.
package origin

import (
	"errors"
	"fmt"
	"sort"
	"time"
)

// Container is how segments are packed.
type Container string

// The containers. Raw segments are served as they are: for whoever does not decode them.
const (
	TS   Container = "ts"
	FMP4 Container = "m4s"
	Raw  Container = "bin"
)

// Piece is one segment of a clip.
type Piece struct {
	Data     []byte
	Duration time.Duration
	at       time.Duration // where it begins in the clip
}

// Track is one playlist or representation of a clip.
type Track struct {
	Name      string // a path segment: "v0"
	Media     string // "video" or "audio"
	Container Container
	Init      []byte // of FMP4
	Pieces    []Piece
	Bandwidth int // bits per second
	Codecs    string
	Width     int
	Height    int
	FrameRate float64
	Language  string

	packets map[uint16]int    // of TS: packets with payload, by PID
	scales  map[uint32]uint64 // of FMP4: units per second, by track
}

// Clip is what channels are made of. It is not changed once made; any number of channels share it.
type Clip struct {
	Tracks []Track
	// Length is how far timestamps move with each repetition.
	Length time.Duration
}

// maxUneven bounds how much the tracks of a clip may differ in length: the last segment of the shorter ones is told to be that much longer.
const maxUneven = 500 * time.Millisecond

// NewClip makes a clip of its tracks, which all cover the same time.
func NewClip(tracks ...Track) (*Clip, error) {
	c := &Clip{Tracks: tracks}
	if len(tracks) == 0 {
		return nil, errors.New("clip without tracks")
	}
	for i := range tracks {
		if err := tracks[i].prepare(); err != nil {
			return nil, fmt.Errorf("track %s: %w", tracks[i].Name, err)
		}
		c.Length = max(c.Length, tracks[i].length())
	}
	for i := range tracks {
		t := &tracks[i]
		rest := c.Length - t.length()
		if rest > maxUneven {
			return nil, fmt.Errorf("track %s is %v shorter than the longest", t.Name, rest)
		}
		t.Pieces[len(t.Pieces)-1].Duration += rest
	}
	return c, nil
}

func (t *Track) prepare() error {
	if t.Name == "" || len(t.Pieces) == 0 {
		return errors.New("no name, or no segments")
	}
	var at time.Duration
	for i := range t.Pieces {
		t.Pieces[i].at = at
		if t.Pieces[i].Duration <= 0 {
			return fmt.Errorf("segment %d has no duration", i)
		}
		at += t.Pieces[i].Duration
	}
	var err error
	switch t.Container {
	case TS:
		t.packets, err = countPackets(t.Pieces)
	case FMP4:
		t.scales, err = timescales(t.Init)
	}
	return err
}

func (t *Track) length() time.Duration {
	last := t.Pieces[len(t.Pieces)-1]
	return last.at + last.Duration
}

// average is the bit rate over the whole clip, in bits per second.
func (t *Track) average() int {
	size := 0
	for _, p := range t.Pieces {
		size += len(p.Data)
	}
	return int(8 * float64(size) / t.length().Seconds())
}

// longest is the longest segment.
func (t *Track) longest() time.Duration {
	var d time.Duration
	for _, p := range t.Pieces {
		d = max(d, p.Duration)
	}
	return d
}

// track finds a track by its name; nil when there is none.
func (c *Clip) track(name string) *Track {
	for i := range c.Tracks {
		if c.Tracks[i].Name == name {
			return &c.Tracks[i]
		}
	}
	return nil
}

// split says which repetition a segment is in, and its place there.
func (t *Track) split(n int64) (loop int64, place int) {
	count := int64(len(t.Pieces))
	return n / count, int(n % count)
}

// start is where segment n begins on the timeline of a channel.
func (t *Track) start(length time.Duration, n int64) time.Duration {
	loop, place := t.split(n)
	return time.Duration(loop)*length + t.Pieces[place].at
}

func (t *Track) duration(n int64) time.Duration {
	_, place := t.split(n)
	return t.Pieces[place].Duration
}

// complete is how many segments have ended at a time of the channel.
func (t *Track) complete(length, at time.Duration) int64 {
	if at <= 0 {
		return 0
	}
	loop := int64(at / length)
	rest := at % length
	in := sort.Search(len(t.Pieces), func(i int) bool { return t.Pieces[i].at+t.Pieces[i].Duration > rest })
	return loop*int64(len(t.Pieces)) + int64(in)
}

// render gives the bytes of segment n, with the timestamps of its repetition unless they are to jump back.
func (t *Track) render(length time.Duration, n int64, jumps bool) []byte {
	loop, place := t.split(n)
	data := t.Pieces[place].Data
	if loop == 0 || jumps || t.Container == Raw {
		return data
	}
	return t.move(data, time.Duration(loop)*length, loop)
}

// move copies a segment with all its timestamps later.
func (t *Track) move(data []byte, by time.Duration, loop int64) []byte {
	data = append([]byte(nil), data...)
	switch t.Container {
	case TS:
		movePackets(data, by, loop, t.packets)
	case FMP4:
		moveFragments(data, by, loop*int64(len(t.Pieces)), t.scales)
	}
	return data
}
