package web

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"aircheck/jobs"
	"aircheck/jobs/queue"
)

// state is how a stream is now.
type state string

// The states of a stream, worst first. silent: it was followed and nothing is heard of it any more; unseen: nothing is open, but the last hour was not analysed, or with holes; ended: its last check has its report and no other began.
const (
	stateFail   state = "fail"
	stateSilent state = "silent"
	stateWarn   state = "warn"
	stateUnseen state = "unseen"
	statePass   state = "pass"
	stateEnded  state = "ended"
)

// rank orders states on the wall: whoever has to act looks at the top.
func (s state) rank() int {
	switch s {
	case stateFail:
		return 5
	case stateSilent:
		return 4
	case stateWarn:
		return 3
	case stateUnseen:
		return 2
	case statePass:
		return 1
	}
	return 0
}

// mostUnseen is how many minutes of the last hour may be missing of a stream that is clean: one whose program time is late lacks as much at the seam of two checks.
const mostUnseen = 5

// row is a stream on the wall: everything that its line shows, so that equal rows look equal.
type row struct {
	Name  string
	Check string
	State state
	// Open counts the findings that are open, Found all of the running check.
	Fail, Warn, Info int
	// Unseen counts the minutes of the last hour that were not analysed, all 60 when none was; set for streams of which so many are missing that they are not clean.
	Unseen int
	// Latency is from publication to telling; 0 is unknown.
	Latency time.Duration
	// Seen is when something was last heard; set for streams that are silent or ended only, so that news alone do not change a row.
	Seen time.Time
	// Wanted is since when the stream is wanted without anything having been judged of it; zero otherwise.
	Wanted time.Time
	// Advice says what to do about a stream that is silent.
	Advice string
	// GivenUp: the last check of a stream that ended will have no report.
	GivenUp bool
	// CPU is the seconds of a core that an hour of the stream takes; 0 is unknown. Money is their price, where Priced.
	CPU, Money float64
	Priced     bool
	// Costs: the wall has a column for the price, known or not.
	Costs bool
	Strip strip
}

// makeRow joins what is known of a stream. Either of status and hours may be missing.
func makeRow(name string, s *queue.StreamStatus, hours []jobs.StreamHour, now time.Time, price float64) row {
	r := row{Name: name, State: stateEnded}
	if s != nil {
		r.Check, r.State = s.Check, stateOf(s, now)
		r.Fail, r.Warn, r.Info = s.Open[jobs.Fail], s.Open[jobs.Warn], s.Open[jobs.Info]
		r.Latency = time.Duration(max(float64(s.Latency), 0) * float64(time.Second)).Round(100 * time.Millisecond)
		r.GivenUp = r.State == stateEnded && s.GivenUp
		r.Wanted = s.Wanted.UTC().Truncate(time.Second)
		if r.State == stateSilent || r.State == stateEnded {
			r.Seen = s.Time.UTC().Truncate(time.Second)
			r.Fail, r.Warn, r.Info, r.Latency = 0, 0, 0, 0 // nobody knows any more
		}
	}
	end := now.UTC().Truncate(wallCellMinutes * time.Minute).Add(wallCellMinutes * time.Minute)
	minutes := minutesOf(hours, end, wallHours*hourMinutes)
	// The minutes of the last cell that are yet to come are not "not analysed".
	past := len(minutes) - int((end.Sub(now)-1)/time.Minute)
	r.Strip = makeStrip(minutes[:past], wallCellMinutes)
	if n := unseenOf(minutes[:past]); r.State == statePass && n > mostUnseen {
		r.State, r.Unseen = stateUnseen, n
	} else if r.State == stateUnseen {
		r.Unseen = hourMinutes
	}
	r.CPU, r.Costs = cpuAnHour(hours), price > 0
	if price > 0 && r.CPU > 0 {
		r.Money, r.Priced = r.CPU/3600*price, true
	}
	if len(hours) > 0 && r.Check == "" {
		r.Check = hours[len(hours)-1].Check
	}
	return r
}

// unseenOf counts what was not analysed of the last hour: from where the stream began, to the minutes that are still on their way.
func unseenOf(minutes []byte) int {
	known := settled(minutes)
	known = known[max(0, len(known)-hourMinutes):]
	if len(minutes) == len(known) || slices.IndexFunc(minutes[:len(minutes)-len(known)], isSeen) < 0 {
		known = known[max(0, slices.IndexFunc(known, isSeen)):]
	}
	if !slices.ContainsFunc(known, isSeen) {
		return hourMinutes
	}
	return bytes.Count(known, []byte{jobs.MinuteNone})
}

func isSeen(letter byte) bool { return letter != jobs.MinuteNone }

func stateOf(s *queue.StreamStatus, now time.Time) state {
	quiet := s.Quiet(now, queue.QuietFor)
	switch {
	case s.GivenUp, quiet && s.Over():
		return stateEnded
	case quiet:
		return stateSilent
	case !s.Wanted.IsZero():
		return stateUnseen
	case s.Open[jobs.Fail] > 0:
		return stateFail
	case s.Open[jobs.Warn] > 0:
		return stateWarn
	}
	return statePass
}

// cpuAnHour is the mean over the hours whose cost is known, by the minutes that were analysed in them.
func cpuAnHour(hours []jobs.StreamHour) float64 {
	var cpu float64
	var minutes int
	for i := range hours {
		if hours[i].CPU <= 0 {
			continue
		}
		cpu += float64(hours[i].CPU)
		minutes += len(hours[i].Minutes) - strings.Count(hours[i].Minutes, string(jobs.MinuteNone))
	}
	if minutes == 0 {
		return 0
	}
	return cpu / float64(minutes) * hourMinutes
}

// Word is the state for people.
func (r row) Word() string {
	switch r.State {
	case stateSilent:
		return "no news"
	case stateUnseen:
		if r.Unseen < hourMinutes {
			return "incomplete"
		}
		return "not analysed"
	case statePass:
		return "clean"
	case stateEnded:
		if r.GivenUp {
			return "given up"
		}
	}
	return string(r.State)
}

// Rank, Open and the others are what the wall is sorted by.
func (r row) Rank() int { return r.State.rank() }

// Open weighs the open findings so that one failure stands above any number of warnings.
func (r row) Open() int { return r.Fail*1_000_000 + r.Warn*1_000 + min(r.Info, 999) }

// LatencyMS is for sorting.
func (r row) LatencyMS() int64 { return r.Latency.Milliseconds() }

// LatencyText is in seconds.
func (r row) LatencyText() string {
	if r.Latency <= 0 {
		return "–"
	}
	if r.Latency >= 100*time.Second {
		return fmt.Sprintf("%.0f s", r.Latency.Seconds())
	}
	return fmt.Sprintf("%.1f s", r.Latency.Seconds())
}

// CPUText is the seconds of a core for an hour of the stream.
func (r row) CPUText() string {
	if r.CPU <= 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f s", r.CPU)
}

// MoneyText has four decimals: an hour costs thousandths, and figures that stand below each other have to line up.
func (r row) MoneyText() string {
	if !r.Priced {
		return "–"
	}
	return fmt.Sprintf("%.4f", r.Money)
}

// Hint says more about the state, for those who point at it.
func (r row) Hint() string {
	switch {
	case r.Advice != "":
		return strings.ToUpper(r.Advice[:1]) + r.Advice[1:] + "."
	case r.GivenUp:
		return "Its last check could not be judged and will have no report."
	case r.State == stateUnseen && r.Unseen < hourMinutes:
		return fmt.Sprintf("Nothing is open, but %d minutes of the last hour were not analysed.", r.Unseen)
	case r.State == stateUnseen:
		return "Nothing is open, but nothing of the last hour was analysed."
	}
	return ""
}

// Never tells whether there is nothing to draw of a stream that is wanted: what to do is said in its place.
func (r row) Never() bool {
	return !r.Wanted.IsZero() && strings.Trim(r.Strip.cells, string(jobs.MinuteNone)) == ""
}

// SeenText is when something was last heard.
func (r row) SeenText() string { return r.Seen.Format("2 Jan 15:04") }

// WantedText is since when the stream is wanted.
func (r row) WantedText() string { return r.Wanted.Format("2 Jan 15:04") }
