package accuracy

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"aircheck/bench/inject"
	"aircheck/jobs"
)

// cleanClip is one without defects.
type cleanClip struct {
	name   string
	source *source // drawn, or cut out of a real clip
	real   *clip   // as it is
	coding *coding // coded anew
	truths []truth
	length float64
}

// cleanSeconds is how long a drawn clean clip is.
const cleanSeconds = 60

// cleanClips lists what has to stay without alarm.
func (b *bench) cleanClips(real []clip) []cleanClip {
	if len(b.Only) > 0 {
		return nil
	}
	var list []cleanClip
	all := codings()
	for i := range real {
		c := &real[i]
		list = append(list, cleanClip{name: c.name, real: c, truths: c.truths, length: c.seconds})
		if b.Clips > 0 || strings.HasSuffix(c.path, ".m3u8") {
			continue
		}
		for k := range all {
			list = append(list, cleanClip{name: c.name + "-" + all[k].name, real: c, coding: &all[k], truths: c.truths, length: c.seconds})
		}
	}
	for i, s := range inject.Synthetics() {
		length := float64(cleanSeconds)
		if b.Short {
			length = baseSeconds
		}
		// Its last seconds show ever less detail: the fractal has an end.
		src := &source{name: s.Name, input: "synthetic:" + s.Name, cut: inject.Cut{Length: length}}
		list = append(list, cleanClip{name: s.Name, source: src, coding: &all[i%2], length: length})
	}
	return list
}

// examined is what was said about a clean clip.
type examined struct {
	clip   cleanClip
	path   string
	spots  []spot
	broken string
}

func (b *bench) examine(ctx context.Context, c cleanClip) (examined, error) {
	defer b.progress("clean " + c.name)
	e := examined{clip: c}
	var err error
	if e.path, err = b.cleanPath(ctx, c); err != nil {
		return e, err
	}
	e.spots, err = b.spots(ctx, Examination{Input: e.path, Profile: "default"})
	if err != nil && ctx.Err() == nil {
		e.broken = err.Error()
		err = nil
	}
	return e, err
}

// cleanPath makes the clip where it is not one of the media directory.
func (b *bench) cleanPath(ctx context.Context, c cleanClip) (string, error) {
	st := b.store
	if c.coding == nil {
		return st.real(ctx, *c.real)
	}
	var input, made string
	if c.source != nil {
		base, err := st.base(ctx, *c.source)
		if err != nil {
			return "", err
		}
		input, made = base.Path, base.Source.SHA256
	} else {
		var err error
		if input, err = st.real(ctx, *c.real); err != nil {
			return "", err
		}
		made = c.real.name + c.real.path
	}
	dir := filepath.Join(st.dir, "clean", fmt.Sprintf("%s-%s", c.name, key(inject.Version, st.tool.Version, made, c.coding.args, c.coding.scale)))
	out := filepath.Join(dir, "clip."+c.coding.ext)
	if _, err := os.Stat(out); err == nil {
		return out, nil
	}
	err := st.atomically(dir, func(scratch string) error {
		args := []string{"-i", input, "-map", "0:v:0?", "-map", "0:a:0?", "-sn", "-dn", "-vf", c.coding.scale + "scale='trunc(min(640,iw)/2)*2':-2,format=yuv420p"}
		args = append(args, "-ar", "48000") // MPEG-1 layer II has no 192 kbit/s at the low rates of some clips
		args = append(args, c.coding.args...)
		_, err := st.tool.FFmpeg(ctx, scratch, append(args, "-map_metadata", "-1", "-threads", "1", "-fflags", "+bitexact", "clip."+c.coding.ext)...)
		return err
	})
	return out, err
}

// countClean counts the alarms of clean clips.
func (r *Result) countClean(list []examined) {
	for _, e := range list {
		r.Clean.Clips++
		hours := e.clip.length / 3600
		switch {
		case e.clip.source != nil:
			r.Clean.DrawnHours += hours
		case e.clip.coding != nil:
			r.Clean.RecodedHours += hours
		default:
			r.Clean.RealHours += hours
		}
		if e.broken != "" {
			r.Clean.Fails++
			r.Troubles = append(r.Troubles, Trouble{Kind: "clean", Code: "check", Clip: e.path, Text: e.broken})
		}
		r.countAlarms(e)
	}
	r.Clean.RealHours, r.Clean.RecodedHours, r.Clean.DrawnHours = round4(r.Clean.RealHours), round4(r.Clean.RecodedHours), round4(r.Clean.DrawnHours)
}

func (r *Result) countAlarms(e examined) {
	for _, s := range e.spots {
		if explained(e.clip.truths, s) {
			continue
		}
		switch s.severity {
		case jobs.Fail:
			r.Clean.Fails++
		case jobs.Warn:
			r.Clean.Warns++
		default:
			r.Clean.Infos++
			continue
		}
		r.Troubles = append(r.Troubles, Trouble{Kind: "clean", Code: s.code, Clip: e.path, Text: s.String()})
	}
}
