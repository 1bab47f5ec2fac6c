// Package scte35 reads splice information sections (ANSI/SCTE 35): what a stream announces about advertisements and programmes.
//
// Sections come from strangers: every read is checked against the bytes that there are, and what is not understood is left out.
package scte35

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// MaxSection is the longest section: section_length has 12 bits and counts what follows it (SCTE 35 section 9.6.1).
const MaxSection = 3 + 1<<12 - 1

// maxDescriptors bounds the segmentation descriptors kept of one section; its length allows some two hundred.
const maxDescriptors = 32

// tableID is that of a splice_info_section.
const tableID = 0xfc

// Command is the kind of a splice command (SCTE 35 table 7).
type Command uint8

// The splice commands.
const (
	SpliceNull           Command = 0x00
	SpliceSchedule       Command = 0x04
	SpliceInsert         Command = 0x05
	TimeSignal           Command = 0x06
	BandwidthReservation Command = 0x07
	Private              Command = 0xff
)

// String is the name in the standard.
func (c Command) String() string {
	switch c {
	case SpliceNull:
		return "splice_null"
	case SpliceSchedule:
		return "splice_schedule"
	case SpliceInsert:
		return "splice_insert"
	case TimeSignal:
		return "time_signal"
	case BandwidthReservation:
		return "bandwidth_reservation"
	case Private:
		return "private_command"
	}
	return fmt.Sprintf("splice command 0x%02x", uint8(c))
}

// Ticks are counts of the 90 kHz clock.
type Ticks uint64

// Duration converts; 33 bits are 26.5 hours, 40 bits 141 days.
func (t Ticks) Duration() time.Duration { return time.Duration(t) * (time.Second / 1000) / 90 }

// Section is a splice_info_section.
type Section struct {
	Command Command
	// Encrypted: the command and the descriptors cannot be read.
	Encrypted bool
	// Adjustment is to be added to Time, modulo 2^33.
	Adjustment Ticks
	Tier       uint16
	// Time is the presentation time of the splice, 33 bits, without the adjustment; Timed says that there is one. Without one it happens at once, or where
	// the section stands.
	Time  Ticks
	Timed bool
	// Insert holds what a splice_insert says.
	Insert Insert
	// Segmentations are the segmentation descriptors, in their order.
	Segmentations []Segmentation
}

// Insert is a splice_insert.
type Insert struct {
	EventID   uint32
	Cancel    bool
	Out       bool // out of the network: a break begins; otherwise it ends
	Immediate bool
	// Break is how long the break lasts; Breaks says that there is a break_duration, AutoReturn that it ends by itself.
	Break      Ticks
	Breaks     bool
	AutoReturn bool
}

// Segmentation is a segmentation_descriptor.
type Segmentation struct {
	EventID uint32
	Cancel  bool
	Type    uint8 // segmentation_type_id
	// Duration is segmentation_duration; Timed says that there is one.
	Duration Ticks
	Timed    bool
	UPIDType uint8
	UPID     []byte
	// Number and Expected count the segments of a group.
	Number, Expected uint8
}

var (
	errShort = errors.New("the section ends too early")
	errText  = errors.New("neither hexadecimal nor base64")
)

// Decode reads a section as text writes it: hexadecimal with 0x before it, or base64 with or without padding.
func Decode(text string) ([]byte, error) {
	text = strings.Trim(strings.TrimSpace(text), `"`)
	if len(text) > 2*MaxSection+2 {
		return nil, fmt.Errorf("longer than %d bytes", MaxSection)
	}
	if h, ok := strings.CutPrefix(strings.ToLower(text), "0x"); ok {
		if b, err := hex.DecodeString(h); err == nil {
			return b, nil
		}
		return nil, errText
	}
	if len(text) == 0 {
		return nil, errShort
	}
	if strings.HasPrefix(strings.ToLower(text), "fc") {
		// Base64 of a section begins with "/": hexadecimal without its prefix is easily told.
		if b, err := hex.DecodeString(text); err == nil {
			return b, nil
		}
	}
	if b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "=")); err == nil {
		return b, nil
	}
	return nil, errText
}

// ParseText is Decode and Parse.
func ParseText(text string) (Section, error) {
	b, err := Decode(text)
	if err != nil {
		return Section{}, err
	}
	return Parse(b)
}

// Parse reads a section; bytes after its end are stuffing.
func Parse(b []byte) (Section, error) {
	if len(b) < 3 {
		return Section{}, errShort
	}
	if b[0] != tableID {
		return Section{}, fmt.Errorf("table id 0x%02x is not that of a splice_info_section", b[0])
	}
	end := 3 + int(b[1]&0x0f)<<8 + int(b[2])
	if end > len(b) {
		return Section{}, errShort
	}
	b = b[:end]
	if len(b) < 3+11+2+4 { // fixed fields, the length of descriptors, CRC_32
		return Section{}, errShort
	}
	if crc(b) != 0 {
		return Section{}, errors.New("CRC_32 is wrong")
	}
	return parseBody(b[:len(b)-4])
}

// parseBody reads what stands between the header and the checksum.
func parseBody(b []byte) (Section, error) {
	r := reader{b: b, at: 8 * 4} // behind protocol_version
	s := Section{Encrypted: r.flag()}
	r.skip(6) // encryption_algorithm
	s.Adjustment = Ticks(r.bits(33))
	r.skip(8) // cw_index
	s.Tier = uint16(r.bits(12))
	length := int(r.bits(12))
	s.Command = Command(r.bits(8))
	if s.Encrypted {
		return s, nil
	}
	start := r.at
	s.command(&r)
	if length != 0xfff { // 0xfff: an old encoder that does not say how long the command is
		r.at = start + 8*length
	}
	if err := s.descriptors(&r); err != nil {
		return Section{}, err
	}
	if r.short {
		return Section{}, errShort
	}
	return s, nil
}

func (s *Section) command(r *reader) {
	switch s.Command {
	case SpliceInsert:
		s.insert(r)
	case TimeSignal:
		s.Time, s.Timed = r.spliceTime()
	}
}

// insert: SCTE 35 section 9.7.3.
func (s *Section) insert(r *reader) {
	i := &s.Insert
	i.EventID = uint32(r.bits(32))
	i.Cancel = r.flag()
	r.skip(7)
	if i.Cancel {
		return
	}
	i.Out = r.flag()
	program := r.flag()
	i.Breaks = r.flag()
	i.Immediate = r.flag()
	r.skip(4)
	if program && !i.Immediate {
		s.Time, s.Timed = r.spliceTime()
	}
	if !program {
		s.components(r)
	}
	if i.Breaks {
		i.AutoReturn = r.flag()
		r.skip(6)
		i.Break = Ticks(r.bits(33))
	}
	r.skip(16 + 8 + 8) // unique_program_id, avail_num, avails_expected
}

// components takes the time of the first component for that of all.
func (s *Section) components(r *reader) {
	for n := int(r.bits(8)); n > 0 && !r.short; n-- {
		r.skip(8)
		if s.Insert.Immediate {
			continue
		}
		if t, ok := r.spliceTime(); ok && !s.Timed {
			s.Time, s.Timed = t, true
		}
	}
}
