package jobs

import "time"

// StreamHour is how one hour of a live stream went, for the wall: one letter a minute of the clock.
type StreamHour struct {
	Stream string    `json:"stream"`
	Hour   time.Time `json:"hour"` // its beginning, in UTC
	Check  string    `json:"check"`
	// Minutes has 60 letters of the constants below; what is worse covers what is better within a minute.
	Minutes string `json:"minutes"`
	// CPU is what measuring and judging the hour took, in seconds of a core, so far.
	CPU Number `json:"cpu_seconds,omitempty"`
}

// The letters of StreamHour.Minutes.
const (
	MinuteNone  = '-' // not analysed
	MinuteClean = 'p' // analysed, and nothing beyond info
	MinuteWarn  = 'w'
	MinuteFail  = 'f'
)
