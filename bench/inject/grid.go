package inject

import "fmt"

const (
	// gridLines is the size of the blocks of the coders whose grid is to show.
	gridLines = 8
	// gridStep is by how many code values the mean step along the side of a block must exceed those beside it, so that a person sees a line there: two of 256 are about the
	// just noticeable difference of a line in the middle greys.
	gridStep = 2
	// gridShare is the share of such sides, less that of lines halfway between them, from which a person sees a grid and not single lines.
	gridShare = 0.15
	// gridPictures is how many pictures are looked at.
	gridPictures = 24
)

// showsGrid makes sure that a coded file has a grid that shows: a coarse coder is no defect where the picture hides what it does.
func (s *scene) showsGrid(name string) error {
	w, h := s.base.Width, s.base.Height
	every := max(1, int(s.base.Duration*s.base.rate())/gridPictures)
	raw, err := s.tool.FFmpeg(s.ctx, s.dir, "-i", name, "-an", "-vf", fmt.Sprintf("select='not(mod(n,%d))',scale=%d:%d", every, w, h), "-vsync", "0",
		"-frames:v", fmt.Sprint(gridPictures), "-pix_fmt", "gray", "-f", "rawvideo", "-")
	if err != nil {
		return err
	}
	sides, between, pictures := 0.0, 0.0, 0
	for ; len(raw) >= w*h; raw = raw[w*h:] {
		p := plane{raw[:w*h], w, h}
		sides += p.lines(0)
		between += p.lines(gridLines / 2)
		pictures++
	}
	if share := (sides - between) / float64(max(1, pictures)); share < gridShare {
		return s.hidden(fmt.Sprintf("only %.0f %% of the blocks' sides show", 100*share))
	}
	return nil
}

// plane is a picture in grey.
type plane struct {
	at            []byte
	width, height int
}

// lines is the share of the upright and the level sides of blocks, their grid moved by offset samples, along which a line shows.
func (p plane) lines(offset int) float64 {
	seen, all := 0, 0
	for y := 0; y+gridLines <= p.height; y += gridLines {
		for x := gridLines + offset; x+gridLines < p.width; x += gridLines {
			all++
			seen += shown(func(across, along int) int { return int(p.at[(y+along)*p.width+x+across]) })
		}
	}
	for x := 0; x+gridLines <= p.width; x += gridLines {
		for y := gridLines + offset; y+gridLines < p.height; y += gridLines {
			all++
			seen += shown(func(across, along int) int { return int(p.at[(y+across)*p.width+x+along]) })
		}
	}
	return float64(seen) / float64(max(1, all))
}

// shown is 1 when the mean step across a side exceeds the two before it and the two behind it by gridStep; at gives the sample so far across the side and along it.
func shown(at func(across, along int) int) int {
	step := func(across int) float64 {
		sum := 0
		for along := range gridLines {
			sum += at(across, along) - at(across-1, along)
		}
		return max(float64(sum), float64(-sum)) / gridLines
	}
	beside := max(step(-2)+step(-1), step(1)+step(2)) / 2
	if step(0) >= beside+gridStep {
		return 1
	}
	return 0
}
