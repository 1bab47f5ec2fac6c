// Package streams reads streams.yaml: which live streams are followed, and how.
//
// It is strict, because the file is written by people and read by nobody until something is missing at night: whatever it does not know is an error with
// its line. A file that cannot be read changes nothing.
package streams

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"aircheck/jobs"
	"aircheck/producer/events"
	"aircheck/producer/live"
	"aircheck/producer/schedule"
	"aircheck/producer/source/location"
)

// Bounds of a file and of what it may ask for.
const (
	maxBytes   = 8 << 20 // 20,000 streams with long addresses
	maxStreams = 20_000
	maxNames   = 100 // of renditions, and of places to notify
	maxErrors  = 20  // that are told at once
	minWindow  = time.Second
	maxWindow  = 10 * time.Minute
	minKeep    = time.Hour // what is checked must stay until it is judged
)

// File is a streams.yaml.
type File struct {
	Streams []Stream
	// None: the file says that there are none, with an empty list. One that merely names none may have been cut off.
	None bool
	// Schedule is what is done by the clock, and Events which new objects are checked.
	Schedule []schedule.Entry
	Events   []events.Rule
}

// Stream is one entry, with the defaults filled in.
type Stream struct {
	Name string
	URL  string
	// Renditions are those that are followed.
	Renditions Renditions
	// Profile is a name or a file, as --profile takes it; empty for the default one.
	Profile string
	// Breaks is the profile of ad breaks, likewise; empty for the one of the command line, or none.
	Breaks string
	// Window is the wanted length of a window; 0 for the default one.
	Window time.Duration
	// Keep is how long archived media stay; 0: for ever.
	Keep time.Duration
	// Notify names the targets of notify.yaml that are told of findings; nil: all of them.
	Notify []string
	// Line is where the entry begins.
	Line int
}

// Equal tells whether two entries ask for the same, wherever they stand.
func (s Stream) Equal(o Stream) bool {
	return s.FollowedLike(o) && s.Keep == o.Keep && slices.Equal(s.Notify, o.Notify)
}

// FollowedLike tells whether a follower of the one does what a follower of the other does: who is told, and how long media stay, is none of its business.
func (s Stream) FollowedLike(o Stream) bool {
	return s.Name == o.Name && s.URL == o.URL && s.Profile == o.Profile && s.Breaks == o.Breaks && s.Window == o.Window &&
		s.Renditions.Which == o.Renditions.Which && slices.Equal(s.Renditions.Names, o.Renditions.Names)
}

// The choices of renditions. Highest and lowest choose one picture, and all sound and captions.
const (
	All     = "all"
	Highest = "highest"
	Lowest  = "lowest"
)

// Renditions say which sequences of a stream are followed: one of the choices, or the names.
type Renditions struct {
	Which string
	Names []string // by name or id
}

// Choose picks sequences. Names that nothing is called choose nothing.
func (r Renditions) Choose(list []live.Sequence) []bool {
	chosen := make([]bool, len(list))
	best := -1
	for i := range list {
		q := &list[i].Describes
		switch {
		case len(r.Names) > 0:
			chosen[i] = slices.Contains(r.Names, q.Name) || slices.Contains(r.Names, q.ID)
		case r.Which != Highest && r.Which != Lowest || q.Media == "audio" || q.Media == "captions":
			chosen[i] = true
		case best < 0 || (r.Which == Highest) == (bandwidth(q) > bandwidth(&list[best].Describes)) && bandwidth(q) != bandwidth(&list[best].Describes):
			best = i
		}
	}
	if best >= 0 {
		chosen[best] = true
	}
	return chosen
}

func bandwidth(q *jobs.Sequence) int64 {
	if q.Variant == nil {
		return 0
	}
	return q.Variant.Bandwidth
}

// Parse reads a file. profile, which may be nil, tells whether there is such a profile. All errors name their line.
func Parse(b []byte, profile func(name string) error) (*File, error) {
	if len(b) > maxBytes {
		return nil, fmt.Errorf("%d bytes are more than the %d allowed", len(b), maxBytes)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(b, &root); err != nil {
		return nil, fmt.Errorf("read YAML: %w", err)
	}
	if root.Kind == 0 {
		return &File{}, nil // nothing but comments
	}
	r := &reader{profile: profile, names: map[string]int{}}
	file := r.file(root.Content[0])
	if len(r.errs) > 0 {
		return nil, errors.Join(r.errs...)
	}
	return file, nil
}

// CheckURL tells whether an address can be followed.
func CheckURL(url string) error {
	_, err := location.Parse(url)
	return err
}
