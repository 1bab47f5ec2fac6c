package judge

import "aircheck/jobs"

// line21 decodes one field of CEA-608 (47 CFR 15.119, CTA-608-E) as far as it takes to know when how many characters are on the screen.
type line21 struct {
	// Control is the control code before, which is sent twice so that one may be lost; zero when the next one counts.
	Control [2]byte
	// Channel is the one that characters belong to. In Data they belong to extended data services.
	Channel  int
	Data     bool
	Channels [2]channel608
}

// channel608 is one of two services in a field.
type channel608 struct {
	Mode captionMode
	// Shown and Hidden count the characters in the memory that is displayed, and in the one that is not.
	Shown, Hidden int
	Cues          cues
}

// captionMode is what becomes of characters.
type captionMode int8

const (
	modeNone  captionMode = iota // none is known yet
	modePop                      // gathered unseen, and shown at once
	modeRoll                     // shown as they come, in lines that roll up
	modePaint                    // shown as they come
	modeText                     // a service that is no captions
)

// The miscellaneous control codes that matter (47 CFR 15.119(i), table of 1991).
const (
	resumeLoading   = 0x20
	backspace       = 0x21
	rollUp2         = 0x25
	rollUp4         = 0x27
	resumeDirect    = 0x29
	textRestart     = 0x2a
	resumeText      = 0x2b
	eraseDisplayed  = 0x2c
	carriageReturn  = 0x2d
	eraseHidden     = 0x2e
	endOfCaption    = 0x2f
	firstPrintable  = 0x20
	firstControl    = 0x10
	endOfData       = 0x0f
	channelBit      = 0x08
	maxMemory       = 15 * 32 // characters on a screen
	specialFrom     = 0x30
	specialTo       = 0x3f
	specialRow      = 0x11
	miscellaneous   = 0x14
	miscellaneousF2 = 0x15
)

// feed takes two bytes without their parity.
func (l *line21) feed(a, b byte, at jobs.Micros) {
	switch {
	case a == 0 && b == 0:
	case a >= firstControl && a < firstPrintable:
		l.Data = false
		if code := [2]byte{a, b}; code == l.Control {
			l.Control = [2]byte{}
		} else {
			l.Control, l.Channel = code, int(a&channelBit/channelBit)
			l.Channels[l.Channel].control(a&^channelBit, b, at)
		}
	case a > 0 && a < firstControl:
		l.Control, l.Data = [2]byte{}, a != endOfData
	default:
		l.Control = [2]byte{}
		if !l.Data {
			l.Channels[l.Channel].put(printable(a)+printable(b), at)
		}
	}
}

// printable counts what can be seen: not a blank.
func printable(c byte) int {
	if c > firstPrintable {
		return 1
	}
	return 0
}

func (c *channel608) put(n int, at jobs.Micros) {
	switch c.Mode {
	case modePop:
		c.Hidden = min(c.Hidden+n, maxMemory)
	case modeRoll, modePaint:
		c.Shown = min(c.Shown+n, maxMemory)
		c.Cues.show(at, n)
	}
}

func (c *channel608) control(a, b byte, at jobs.Micros) {
	switch {
	case a == specialRow && b >= specialFrom && b <= specialTo:
		c.put(1, at)
	case (a == miscellaneous || a == miscellaneousF2) && b >= resumeLoading && b <= endOfCaption:
		c.command(b, at)
	}
}

func (c *channel608) command(b byte, at jobs.Micros) {
	switch {
	case b == resumeLoading:
		c.Mode = modePop
	case b >= rollUp2 && b <= rollUp4:
		if c.Mode != modeRoll {
			c.erase(at)
			c.Mode, c.Hidden = modeRoll, 0
		}
	case b == resumeDirect:
		c.Mode = modePaint
	case b == textRestart || b == resumeText:
		c.Mode = modeText
	case b == backspace && c.Mode == modePop:
		c.Hidden = max(0, c.Hidden-1)
	case b == eraseDisplayed:
		c.erase(at)
	case b == eraseHidden:
		c.Hidden = 0
	case b == carriageReturn && c.Mode == modeRoll:
		c.Cues.clear(at) // a new line is a new caption
	case b == endOfCaption:
		c.flip(at)
	}
}

func (c *channel608) erase(at jobs.Micros) {
	c.Cues.clear(at)
	c.Shown = 0
}

// flip shows what was gathered.
func (c *channel608) flip(at jobs.Micros) {
	c.Mode = modePop
	c.Cues.clear(at)
	c.Shown, c.Hidden = c.Hidden, c.Shown
	c.Cues.show(at, c.Shown)
}
