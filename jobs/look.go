package jobs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Bounds of what one look may ask for and answer.
const (
	// MaxShots bounds the pictures of one look: as many as a child encodes in some seconds. Of large ones there may be fewer: all together must fit into an answer.
	MaxShots = 64
	// MaxListen bounds the sound of one look.
	MaxListen Micros = 15e6
	// MaxLookBytes bounds its answer, which is held in memory: MaxShots small pictures, or 18 of the largest.
	MaxLookBytes = 96 << 20
	// MaxLookEdge bounds the edges of a picture that is made for people to look at, in pixels.
	MaxLookEdge = 1920
	// maxListenChannels and maxListenRate bound the samples that are sent.
	maxListenChannels = 8
	maxListenRate     = 384_000
)

// Look asks for pictures and sound of one track of a window instead of a measurement: evidence for people. Times are those of the track's own clock.
type Look struct {
	Kind  string `json:"kind"` // "video" or "audio"
	Track int    `json:"track"`
	// Shots are the pictures that are wanted, in order of unit and time.
	Shots []PictureID `json:"shots,omitempty"`
	// Width and Height bound the pictures, which keep their shape. With Keys, pictures have exactly this size, with bars where their shape differs.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
	// Keys asks for key frames instead: the one at each time or the nearest before. They come as RGB, the others as JPEG.
	Keys bool `json:"keys,omitempty"`
	// From and To bound the sound that is wanted (audio).
	From int64 `json:"from,omitempty"`
	To   int64 `json:"to,omitempty"`
}

// Shot is a picture that was asked for: the one that is shown at the time, which is not always the one of that time.
type Shot struct {
	At int `json:"at"` // position in Look.Shots
	// PTS is that of the picture, in ticks of the track.
	PTS    int64  `json:"pts"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Data   []byte `json:"data"` // JPEG, or with Look.Keys rows of RGB
}

// Sample is a piece of the sound that was asked for.
type Sample struct {
	Rate int `json:"rate"`
	// First is the number of the first sample on the track's clock, where sample 0 stands at timestamp 0.
	First int64 `json:"first"`
	// Channels are signed 16-bit little-endian samples, channel by channel. Where nothing was decoded they are 0.
	Channels [][]byte `json:"channels"`
}

// Looked is one line of the answer to a Look: a picture or the sound.
type Looked struct {
	Shot  *Shot   `json:"shot,omitempty"`
	Sound *Sample `json:"sound,omitempty"`
}

// ErrLook is wrapped by the errors about a look or its answer that make no sense.
var ErrLook = errors.New("bad look")

// Validate refuses what no child should be asked for.
func (l *Look) Validate() error {
	switch {
	case l.Kind != "video" && l.Kind != "audio":
		return fmt.Errorf("%w: kind %q", ErrLook, cut(l.Kind))
	case l.Track < 0 || len(l.Shots) > MaxShots:
		return fmt.Errorf("%w: %d pictures of track %d", ErrLook, len(l.Shots), l.Track)
	case l.Kind == "video" && (l.Width < 16 || l.Height < 16 || l.Width > MaxLookEdge || l.Height > MaxLookEdge):
		return fmt.Errorf("%w: pictures of %dx%d", ErrLook, l.Width, l.Height)
	case l.Kind == "video" && l.bytes() > MaxLookBytes:
		return fmt.Errorf("%w: %d pictures of %dx%d", ErrLook, len(l.Shots), l.Width, l.Height)
	case l.Kind == "audio" && l.To <= l.From:
		return fmt.Errorf("%w: sound from %d to %d", ErrLook, l.From, l.To)
	}
	return nil
}

// bytes is how many bytes the pictures come to at the most: in base64 an RGB has 4 a pixel; a JPEG of noise at the quality of photos has 1.27 (measured), and what is written around
// it is little.
func (l *Look) bytes() int {
	pixels := len(l.Shots) * l.Width * l.Height
	if l.Keys {
		return 4 * pixels
	}
	return 3 * pixels / 2
}

// DecodeLooked reads the answer to a look. Errors are of class Permanent.
func DecodeLooked(l *Look, answer []byte) ([]Looked, error) {
	if len(answer) > MaxLookBytes {
		return nil, Classify(Permanent, fmt.Errorf("%w: an answer of %d bytes", ErrLook, len(answer)))
	}
	var list []Looked
	d := json.NewDecoder(bytes.NewReader(answer))
	for {
		var one Looked
		err := d.Decode(&one)
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err == nil {
			err = one.validate(l)
		}
		if err == nil && len(list) > MaxShots {
			err = fmt.Errorf("%w: more pictures than were asked for", ErrLook)
		}
		if err != nil {
			return nil, Classify(Permanent, fmt.Errorf("read answer to a look: %w", err))
		}
		list = append(list, one)
	}
}

func (o *Looked) validate(l *Look) error {
	if s := o.Shot; s != nil {
		bad := s.At < 0 || s.At >= len(l.Shots) || s.Width <= 0 || s.Height <= 0 || s.Width > l.Width || s.Height > l.Height
		if bad || l.Keys && (s.Width != l.Width || s.Height != l.Height || len(s.Data) != 3*s.Width*s.Height) {
			return fmt.Errorf("%w: picture %d of %dx%d", ErrLook, s.At, s.Width, s.Height)
		}
	}
	if s := o.Sound; s != nil {
		return s.validate()
	}
	return nil
}

func (s *Sample) validate() error {
	if s.Rate <= 0 || s.Rate > maxListenRate || len(s.Channels) == 0 || len(s.Channels) > maxListenChannels {
		return fmt.Errorf("%w: sound of %d channels at %d Hz", ErrLook, len(s.Channels), s.Rate)
	}
	for _, c := range s.Channels {
		if len(c) != len(s.Channels[0]) || len(c)%2 != 0 || int64(len(c)/2) > int64(s.Rate)*int64(MaxListen)/1e6 {
			return fmt.Errorf("%w: a channel of %d bytes", ErrLook, len(c))
		}
	}
	return nil
}

// LookTask makes the task of a look at some decode units. The error says that it does not belong to the check.
func LookTask(check *Check, s Side, l *Look) (Task, error) {
	task, err := sideTask(check, &s)
	if err == nil {
		err = l.Validate()
	}
	if err != nil {
		return Task{}, Classify(Permanent, fmt.Errorf("make task of a look: %w", err))
	}
	task.Look, task.LastTry = l, true
	return task, nil
}
