package storage

import "fmt"

// ScheduleState is the key of what is remembered of a scheduled entry: schedule/<name>.json.
func ScheduleState(name string) (string, error) {
	if err := checkID("schedule", name); err != nil {
		return "", err
	}
	return "schedule/" + name + ".json", nil
}

// EventPrefix is the prefix of the notifications that nobody has dealt with yet.
const EventPrefix = "events/new/"

// Event is the key of such a notification; hash names the object and its version.
func Event(hash string) (string, error) {
	if err := checkID("event", hash); err != nil {
		return "", err
	}
	return EventPrefix + hash + ".json", nil
}

// EventsSeen is the key of what a poller has seen below a prefix; hash names the prefix.
func EventsSeen(hash string) (string, error) {
	if err := checkID("event", hash); err != nil {
		return "", fmt.Errorf("seen: %w", err)
	}
	return "events/seen/" + hash, nil
}
