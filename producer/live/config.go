package live

import (
	"math/rand/v2"
	"time"

	"aircheck/producer/source/location"
	"aircheck/storage"
)

// defaultPatience is how long one playlist or manifest may take to come: a player has no more in hand.
const defaultPatience = 10 * time.Second

// Config is what a reader of a live stream needs. Zero fields have defaults.
type Config struct {
	// Origin is asked with conditions when it implements storage.Conditional.
	Origin   storage.Origin
	Location location.Location
	// Now is the clock; defaults to time.Now.
	Now func() time.Time
	// Rand gives numbers in [0, 1) for the jitter; defaults to math/rand.
	Rand func() float64
	// Patience bounds the request for one playlist or manifest, on the machine's clock. What a blocking reload may wait comes on top.
	Patience time.Duration
}

// WithDefaults fills in what was left out.
func (c Config) WithDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Float64
	}
	if c.Patience <= 0 {
		c.Patience = defaultPatience
	}
	return c
}
