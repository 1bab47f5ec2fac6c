package judge

// comparison is the work on one step of a ladder.
type comparison struct {
	l        *ladder
	samplers []*contentSampler
	k        int64
}

// against lists the renditions that show something else than one of them.
func (c *comparison) against(norm int) (int, []int) {
	var others []int
	for i, at := range c.l.Content.here {
		if i != norm && at >= 0 && !c.alike(norm, i) {
			others = append(others, i)
		}
	}
	return norm, others
}

// best finds the rendition that most agree with; of equals the first, unless it shows nothing.
func (c *comparison) best(first, fewest int) (int, []int) {
	norm, others := c.against(first)
	tries := 0
	for i, at := range c.l.Content.here {
		if i == first || at < 0 {
			continue
		}
		if tries++; tries == maxNorms {
			break
		}
		if _, list := c.against(i); len(list) < fewest {
			norm, others, fewest = i, list, len(list)
		}
	}
	return norm, others
}

// alike tells whether rendition b shows what a does, in this step.
func (c *comparison) alike(a, b int) bool {
	f := &c.l.Content
	i, j := f.here[a], f.here[b]
	if a == 0 {
		c.vote(b)
	}
	if c.same(a, b, i, j, otherThan) {
		return true
	}
	// Where one is late each shows what the other does at another time. One alone proves nothing: behind a border, what was right before is still like what is right now.
	for d := int64(-besides); d <= besides; d++ {
		if d != 0 && c.sameAt(a, b, c.k-d, j) && c.sameAt(b, a, c.k+d, i) {
			return true
		}
	}
	if by, ok := c.clockSteps(a, b); ok {
		for d := int64(-1); d <= 1; d++ {
			if c.sameAt(a, b, c.k+by+d, j) {
				return true
			}
		}
	}
	return c.zoomed(a, b, i, j)
}

// same compares two samples.
func (c *comparison) same(a, b, i, j int, limit int32) bool {
	p, q := &c.samplers[a].Pictures, &c.samplers[b].Pictures
	if p.Spread[i] < faintSpread && q.Spread[j] < faintSpread {
		d := int(p.Mean[i]) - int(q.Mean[j])
		return max(d, -d) < faintStep
	}
	return p.distance(i, q, j) < limit
}

// sameAt compares a sample of b with that of a in another step; pictures that are too faint to be told from others are not looked for.
func (c *comparison) sameAt(a, b int, k int64, j int) bool {
	i := c.samplers[a].of(k, int64(c.l.Content.here[a])+k-c.k)
	if i < 0 || c.samplers[a].Pictures.Spread[i] < faintSpread || c.samplers[b].Pictures.Spread[j] < faintSpread {
		return false
	}
	return c.same(a, b, i, j, differ)
}

// clockSteps is by how many steps rendition b has to move to stand where its clock puts it beside a; only where that could be a playlist that begins at another segment.
func (c *comparison) clockSteps(a, b int) (int64, bool) {
	p, q := &c.samplers[a].Pictures, &c.samplers[b].Pictures
	disc := p.Unit[c.l.Content.here[a]]
	if disc != q.Unit[c.l.Content.here[b]] {
		return 0, false
	}
	ga, okA := c.l.rungs[a].Place.groupOf(int(disc))
	gb, okB := c.l.rungs[b].Place.groupOf(int(disc))
	if !okA || !okB {
		return 0, false
	}
	by, near := gb.distance(ga)
	if !near || abs(by) < startsApart {
		return 0, false
	}
	return int64((by+sampleStep*1000+sampleStep/2)/sampleStep - 1000), true
}

// groupOf finds where a discontinuity was placed.
func (p *placement) groupOf(disc int) (group, bool) {
	for _, g := range p.Groups {
		if g.Disc == disc {
			return g, true
		}
	}
	return group{}, false
}

// vote notes where a rendition fits the first one, if its clock says another place than its playlist.
func (c *comparison) vote(b int) {
	by, ok := c.clockSteps(0, b)
	if !ok {
		return
	}
	r := &c.l.Content.Rungs[b]
	j := c.l.Content.here[b]
	if c.sameAt(0, b, c.k, j) {
		r.Here++
	}
	if c.sameAt(0, b, c.k+by, j) {
		r.There++
	}
}

// zoomed tells whether b is a at a zoom: the one that fitted last, or one that is found.
func (c *comparison) zoomed(a, b, i, j int) bool {
	p, q := &c.samplers[a].Pictures, &c.samplers[b].Pictures
	if p.Spread[i] < faintSpread || q.Spread[j] < faintSpread {
		return false
	}
	x, y := p.Cells[i*signCells:(i+1)*signCells], q.Cells[j*signCells:(j+1)*signCells]
	r := &c.l.Content.Rungs[b]
	known := fittingZooms(&c.l.rungs[a].video().First, &c.l.rungs[b].video().First)
	if r.Zoom > 0 && r.Zoom <= zoomSteps*zoomSteps {
		known = append(known, r.Zoom-1)
	}
	for _, z := range known {
		if fit := fitAt(x, y, p.Spread[i], q.Spread[j], z); fit < 0 || fit >= zoomFits {
			return true
		}
	}
	if c.k%zoomEvery != 0 {
		return false
	}
	z := findZoom(x, y, p.Spread[i], q.Spread[j])
	if z >= 0 {
		r.Zoom = z + 1
	}
	return z >= 0
}

// explain adds to the runs why the pictures differ.
func (c *comparison) explain(norm int, others []int) {
	f := &c.l.Content
	for _, b := range others {
		r := f.Rungs[b].Run
		if r == nil {
			continue
		}
		if r.From == c.k {
			r.Jump = c.leapt(b) - c.leapt(norm)
		}
		switch own, other := c.faint(b), c.faint(norm); {
		case own && !other:
			r.Flat++
		case other && !own:
			r.NormFlat++
		}
		if lag := c.old(norm, b); lag > 0 && r.Jump >= 0 {
			r.Old, r.Lag = r.Old+1, lag
		} else if lag := c.old(b, norm); lag > 0 && r.Jump < 0 {
			r.NormOld, r.NormLag = r.NormOld+1, lag
		}
	}
}

// leapt is 1 when a rendition shows something else than a step before. Which of two renditions leaps where they begin to differ tells which of them is wrong: behind a border, what is right
// goes on, and is like what the other showed before.
func (c *comparison) leapt(i int) int {
	s := c.samplers[i]
	at := c.l.Content.here[i]
	before := s.of(c.k-1, int64(at)-1)
	if before < 0 || c.same(i, i, before, at, differ) {
		return 0
	}
	return 1
}

func (c *comparison) faint(i int) bool {
	return c.samplers[i].Pictures.Spread[c.l.Content.here[i]] < faintSpread
}

// old is how many steps ago a showed what b shows now; 0 when it did not.
func (c *comparison) old(a, b int) int64 {
	j := c.l.Content.here[b]
	for d := int64(besides + 1); d <= backSteps; d++ {
		i := c.samplers[a].of(c.k-d, int64(c.l.Content.here[a])-d)
		if i >= 0 && c.samplers[a].Pictures.Spread[i] >= faintSpread && c.same(a, b, i, j, agree) {
			return d
		}
	}
	return 0
}
