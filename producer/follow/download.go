package follow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"aircheck/jobs"
	"aircheck/storage"
)

// download is the tries to get the bytes at one address.
type download struct {
	*fetcher
	at     jobs.ByteRange
	limit  int64
	share  *share
	failed func(error) // hears of each try that failed
	last   time.Time   // when a request is given up, but for the time that was waited for others
	// data is the longest of the bodies that ended early, and short says so.
	data  []byte
	short string
}

// run asks until the bytes come or patience ends; a segment may be announced a moment before it can be had. Of a body that always ends early the longest is
// kept, and short says so. Nothing is held of the places that all share while it pauses between tries.
func (d *download) run(ctx context.Context, t *target) (data []byte, short string, err error) {
	patience := min(max(2*time.Duration(t.Duration)*time.Microsecond, leastPatience), mostPatience)
	// Patience counts from when the segment was seen: behind an origin that was down for long, each of those that wait is tried once.
	end, begun := t.Seen.Add(patience), d.cfg.Now()
	if d.last = begun.Add(leastPatience); end.After(d.last) {
		d.last = end
	}
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		got, said, err := d.ask(ctx)
		if err == nil && said == "" {
			return got, "", nil
		}
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		d.keep(got, said)
		if err != nil {
			d.failed(err)
		}
		wait := pause/2 + time.Duration(d.cfg.Rand()*float64(pause/2))
		if hopeless(err) || d.cfg.Now().Add(wait).After(end.Add(d.share.waited)) {
			if d.data != nil {
				return d.data, d.short, nil
			}
			return nil, "", &errMissing{d.why(err, end.Sub(begun))}
		}
		if !sleep(ctx, wait) {
			return nil, "", ctx.Err()
		}
	}
}

// keep keeps the longest body that ended early, and gives back the room of what is not kept.
func (d *download) keep(got []byte, said string) {
	if said != "" && len(got) > len(d.data) {
		d.data, d.short = got, said
	}
	d.share.release(d.share.held - int64(cap(d.data)))
}

// why says what a segment is missing for. An origin is not to blame for what nobody asked it for in time.
func (d *download) why(err error, left time.Duration) string {
	if d.share.waited > max(left, 0) && errors.Is(err, storage.ErrNotFound) {
		return "aircheck had no place to fetch it in while its origin had it"
	}
	return reason(err)
}

// ask asks once, when there is a place and room; while there is no room it begins anew.
func (d *download) ask(ctx context.Context) (data []byte, short string, err error) {
	free := min(int64(firstPiece), d.limit+1, d.share.limits.perHost)
	if !d.share.grow(free) {
		err = &errFull{need: free}
	}
	for {
		var full *errFull
		if errors.As(err, &full) {
			d.data, d.short, free = nil, "", full.need // who waits holds nothing
			if !d.share.await(ctx, free) {
				return nil, "", ctx.Err()
			}
		}
		leave, ok := d.share.enter(ctx)
		if !ok {
			return nil, "", ctx.Err()
		}
		limited, cancel := context.WithTimeout(ctx, d.last.Add(d.share.waited).Sub(d.cfg.Now()))
		data, short, err = d.once(limited, free)
		cancel()
		leave()
		if !errors.As(err, &full) {
			return data, short, err
		}
	}
}

// once reads the bytes. short says that the body has not the length that it should; data is then what there is of it.
func (d *download) once(ctx context.Context, free int64) (data []byte, short string, err error) {
	body, err := d.cfg.Origin.Open(ctx, d.at.URI, d.at.Offset, d.at.Length)
	if err != nil {
		return nil, "", err
	}
	defer body.Close()
	want := int64(-1)
	if info, ok := storage.Describe(body); ok && info.Size >= 0 {
		want = max(0, info.Size-d.at.Offset)
	}
	if d.at.Length >= 0 {
		want = d.at.Length
	}
	data, err = d.share.read(body, want, free, d.limit)
	n := int64(len(data))
	cut := want >= 0 && n != want
	switch {
	case err != nil && n > 0 && cut && errors.Is(err, io.ErrUnexpectedEOF), err == nil && n > 0 && cut:
		return data, fmt.Sprintf("%d bytes came where %d were announced", n, want), nil
	case err != nil:
		return nil, "", err
	}
	return data, "", nil
}
