package judge

import (
	"fmt"
	"slices"

	"aircheck/jobs"
)

const (
	// maxCues bounds the cues that are kept of one service; of more, the first count, as of the speech that they are held against. A talkative hour has 1,500 to 2,000.
	maxCues = 20000
	// cueStands is the longest that a caption counts as shown when nothing follows: a decoder erases the screen after 16 s without data (CTA-608-E, C.9).
	cueStands jobs.Micros = 16e6
)

// cue is a caption on the screen; half-open. While it is open, To is where its last character came.
type cue struct {
	From, To jobs.Micros
	Chars    int
}

// cues is what one service of captions shows, in order of time.
type cues struct {
	List []cue `json:",omitempty"`
	Open *cue  `json:",omitempty"`
	// Cut is where what is not kept begins; 0 when everything is.
	Cut jobs.Micros `json:",omitempty"`
}

// show begins a caption, or adds characters to the one that is shown. A service that never takes anything off the screen has a caption anew whenever
// the last one would have been erased by itself, had it been all.
func (c *cues) show(at jobs.Micros, chars int) {
	if chars <= 0 {
		return
	}
	if o := c.Open; o != nil && at-o.From >= cueStands {
		c.clear(at)
	}
	if c.Open == nil {
		c.Open = &cue{From: at}
	}
	c.Open.Chars += chars
	c.Open.To = at
}

// clear ends the caption that is shown.
func (c *cues) clear(at jobs.Micros) {
	o := c.Open
	c.Open = nil
	if o == nil {
		return
	}
	o.To = min(at, o.To+cueStands)
	if o.To <= o.From {
		return
	}
	switch {
	case len(c.List) < maxCues:
		c.List = append(c.List, *o)
	case c.Cut == 0:
		c.Cut = o.From
	}
}

// pictureCaptions collects the captions that travel with the pictures: CEA-608 in both fields, and the services of CEA-708. What they are worth is judged
// when the sound is known.
type pictureCaptions struct {
	Fields   [2]line21
	Packets  dtvcc
	Services []*service708 `json:",omitempty"` // by number
}

func newPictureCaptions(*params, emitter) videoDetector { return &pictureCaptions{} }

func (p *pictureCaptions) frame(f *videoFrame) {
	for cc := f.CC; len(cc) >= 3; cc = cc[3:] {
		switch cc[0] & 3 { // cc_type (CTA-708-E, 4.3)
		case 0, 1:
			p.Fields[cc[0]&1].feed(cc[1]&0x7f, cc[2]&0x7f, f.Start)
		case 3:
			p.Packets.begin(cc[1:3])
			p.packet(f.Start)
		case 2:
			p.Packets.add(cc[1:3])
			p.packet(f.Start)
		}
	}
}

// packet hands out the blocks of a packet once it is whole.
func (p *pictureCaptions) packet(at jobs.Micros) {
	for b := range p.Packets.blocks {
		i, ok := slices.BinarySearchFunc(p.Services, b.service, func(s *service708, n int) int { return s.Number - n })
		if !ok {
			p.Services = slices.Insert(p.Services, i, &service708{Number: b.service})
		}
		p.Services[i].feed(b.data, at)
	}
}

func (p *pictureCaptions) gap(from, _ jobs.Micros) { p.clear(from) }

func (p *pictureCaptions) finish(at jobs.Micros) { p.clear(at) }

// clear ends everything that is shown: what was sent for later is lost with what is not there.
func (p *pictureCaptions) clear(at jobs.Micros) {
	for i := range p.Fields {
		for k := range p.Fields[i].Channels {
			c := &p.Fields[i].Channels[k]
			c.Cues.clear(at)
			c.Shown, c.Hidden = 0, 0
		}
	}
	for _, s := range p.Services {
		s.Cues.clear(at)
	}
	p.Packets = dtvcc{}
}

// captionService is a service of captions by the name that HLS gives it (INSTREAM-ID).
type captionService struct {
	Name string
	cues
}

// services are those that showed anything.
func (p *pictureCaptions) services() []captionService {
	var list []captionService
	for i := range p.Fields {
		for k := range p.Fields[i].Channels {
			if c := p.Fields[i].Channels[k].Cues; len(c.List) > 0 {
				list = append(list, captionService{fmt.Sprintf("CC%d", 2*i+k+1), c})
			}
		}
	}
	for _, s := range p.Services {
		if len(s.Cues.List) > 0 {
			list = append(list, captionService{fmt.Sprintf("SERVICE%d", s.Number), s.Cues})
		}
	}
	return list
}
