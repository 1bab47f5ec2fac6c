package fakeorigin_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"aircheck/bench/origin"
	"aircheck/internal/fakeorigin"
)

// news opens a channel of 10 synthetic segments of 2 s, of which playlists show 6.
func news(t *testing.T, change func(s *origin.Stream)) (o *origin.Origin, clock *origin.Virtual, base string) {
	t.Helper()
	clock = origin.NewVirtual(fakeorigin.Epoch)
	o, base = fakeorigin.New(t, clock)
	s := origin.Stream{Name: "news", Clip: fakeorigin.Synthetic(t, 10, 2*time.Second, "v0", "v1", "a0")}
	if change != nil {
		change(&s)
	}
	if err := o.Add(s); err != nil {
		t.Fatal(err)
	}
	return o, clock, base + "/news"
}

// answer is what a client gets: the status, -1 when there is none, and how many bytes came before what error.
func answer(t *testing.T, address string) (status, size int, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return -1, 0, err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	return response.StatusCode, len(data), err
}

// TestDeliveryFaults: each fault of delivery is what a client sees of the segments that it is about, and of no other.
func TestDeliveryFaults(t *testing.T) {
	t.Parallel()
	const whole = 1000 // "v0 3\n" 200 times
	for kind, want := range map[origin.Kind]struct {
		status, size int
		broken       bool
		takes        time.Duration
	}{
		origin.NotFound:    {status: 404, size: 19},
		origin.Unavailable: {status: 503, size: 8},
		origin.Hang:        {status: -1, broken: true},
		origin.Slow:        {status: 200, size: whole, takes: 10 * time.Second},
		origin.Truncate:    {status: 200, size: whole / 2},
		origin.WrongLength: {status: 200, size: whole / 2, broken: true},
		origin.Reset:       {status: 200, size: whole / 2, broken: true},
		origin.Late:        {status: 404, size: 19},
		origin.Gap:         {status: 404, size: 19},
		origin.Change:      {status: 200, size: whole + 8},
	} {
		o, clock, base := news(t, nil)
		o.Inject(origin.Fault{Kind: kind, Track: "v0", Only: []int64{3}, Rate: 100, Delay: time.Hour, From: fakeorigin.Epoch.Add(-time.Hour)})
		before := clock.Now()
		status, size, err := answer(t, base+"/v0/3.bin")
		if status != want.status || size != want.size && kind != origin.Reset || (err != nil) != want.broken || clock.Now().Sub(before) != want.takes {
			t.Errorf("%s: status %d, %d bytes, %v after %s, want %+v", kind, status, size, err, clock.Now().Sub(before), want)
		}
		if want.status == -1 && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want no answer", kind, err)
		}
		for _, other := range []string{"/v0/4.bin", "/v1/3.bin"} {
			if status, size, err := answer(t, base+other); status != 200 || size != whole || err != nil {
				t.Errorf("%s: %s has status %d, %d bytes, %v", kind, other, status, size, err)
			}
		}
		o.Mend()
		if status, size, err := answer(t, base+"/v0/3.bin"); status != 200 || size != whole || err != nil {
			t.Errorf("%s: mended: status %d, %d bytes, %v", kind, status, size, err)
		}
	}
}

// TestContent serves another track or clip for what begins in a time, and what it should be before and after.
func TestContent(t *testing.T) {
	t.Parallel()
	o, clock, base := news(t, nil)
	other := fakeorigin.Synthetic(t, 3, 2*time.Second, "v0")
	o.Inject(origin.Fault{Kind: origin.Swap, Track: "v0", Other: "v1", Until: fakeorigin.Epoch.Add(3 * time.Second)})
	o.Inject(origin.Fault{Kind: origin.Content, Track: "v0", Clip: other, From: fakeorigin.Epoch.Add(3 * time.Second), Until: fakeorigin.Epoch.Add(5 * time.Second)})
	clock.Advance(10 * time.Second)
	// The channel began 14 s before the epoch: segment 7 begins with it.
	for name, want := range map[string]string{"6": "v0 6", "7": "v1 7", "8": "v1 8", "9": "v0 0", "10": "v0 0"} {
		got, _, _ := strings.Cut(string(get(t, base+"/v0/"+name+".bin", http.StatusOK)), "\n")
		if got != want {
			t.Errorf("segment %s holds %q, want %q", name, got, want)
		}
	}
}

// TestAvailability: a segment is there from its end on, and for as long after it left the playlist as RFC 8216 section 6.2.2 asks.
func TestAvailability(t *testing.T) {
	t.Parallel()
	_, clock, base := news(t, nil)
	get(t, base+"/v0/6.bin", http.StatusOK)
	get(t, base+"/v0/7.bin", http.StatusNotFound)
	clock.Advance(1999 * time.Millisecond)
	get(t, base+"/v0/7.bin", http.StatusNotFound)
	clock.Advance(time.Millisecond)
	get(t, base+"/v0/7.bin", http.StatusOK)
	clock.Advance(26 * time.Second) // it was shown for 12 s, and must stay for that and its own 2 s
	get(t, base+"/v0/7.bin", http.StatusOK)
	clock.Advance(time.Minute)
	get(t, base+"/v0/7.bin", http.StatusNotFound)
	for _, path := range []string{"/v0/-1.bin", "/v0/x.bin", "/v0/1.ts", "/v9/index.m3u8", "/v0/99999999999999999999.bin", "/v0/1.0.bin", "/nothing"} {
		get(t, base+path, http.StatusNotFound)
	}
}

// TestLowLatency: a playlist can be waited for, by segment and by part, and comes as a delta on request.
func TestLowLatency(t *testing.T) {
	t.Parallel()
	_, clock, base := news(t, func(s *origin.Stream) { s.Parts, s.Window = 4, time.Minute })
	clock.Advance(time.Minute)
	full := string(get(t, base+"/v0/index.m3u8", http.StatusOK))
	if !strings.Contains(full, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"61.0.bin\"") || strings.Contains(full, "\n61.bin") {
		t.Fatalf("playlist at segment 61:\n%s", full)
	}
	before := clock.Now()
	part := string(get(t, base+"/v0/index.m3u8?_HLS_msn=61&_HLS_part=1", http.StatusOK))
	if waited := clock.Now().Sub(before); waited != time.Second || !strings.Contains(part, "\"61.1.bin\"") || strings.Contains(part, "URI=\"61.2.bin\",") {
		t.Errorf("waited %s for two parts of half a second:\n%s", waited, part)
	}
	whole := string(get(t, base+"/v0/index.m3u8?_HLS_msn=61&_HLS_skip=YES", http.StatusOK))
	if waited := clock.Now().Sub(before); waited != 2*time.Second || !strings.Contains(whole, "\n61.bin") || !strings.Contains(whole, "#EXT-X-SKIP:SKIPPED-SEGMENTS=24\n") {
		t.Errorf("waited %s for a segment of 2 s:\n%s", waited, whole)
	}
	var joined bytes.Buffer
	for _, name := range []string{"61.0", "61.1", "61.2", "61.3"} {
		joined.Write(get(t, base+"/v0/"+name+".bin", http.StatusOK))
	}
	if !bytes.Equal(joined.Bytes(), get(t, base+"/v0/61.bin", http.StatusOK)) {
		t.Error("the parts of a segment are not the segment")
	}
}

// TestMPD: the manifest is well-formed, lists the window, and what it lists is there by time and by number.
func TestMPD(t *testing.T) {
	t.Parallel()
	for _, timeline := range []bool{false, true} {
		o, clock, base := news(t, func(s *origin.Stream) { s.Timeline, s.First = timeline, 5 })
		clock.Advance(time.Minute)
		data := get(t, base+"/manifest.mpd", http.StatusOK)
		if err := xml.Unmarshal(data, new(struct {
			XMLName xml.Name `xml:"urn:mpeg:dash:schema:mpd:2011 MPD"`
		})); err != nil {
			t.Fatal(err)
		}
		if listed := bytes.Contains(data, []byte(`<S t="5580000" d="180000" r="5"/>`)); listed != timeline {
			t.Errorf("timeline %v:\n%s", timeline, data)
		}
		if !bytes.Equal(get(t, base+"/v0/t5580000.bin", http.StatusOK), get(t, base+"/v0/n36.bin", http.StatusOK)) {
			t.Error("time and number of one segment give different bytes")
		}
		if n := o.Counts()["mpd"]; n != 1 {
			t.Errorf("%d manifests were counted", n)
		}
	}
}

// TestShared holds that a channel needs no copy of its clip: hundreds of them cost next to nothing.
func TestShared(t *testing.T) {
	clip := fakeorigin.Synthetic(t, 100, 2*time.Second, "v0")
	o := origin.New(origin.NewVirtual(fakeorigin.Epoch))
	allocated := testing.AllocsPerRun(100, func() {
		if err := o.Add(origin.Stream{Name: "news", Clip: clip}); err != nil {
			t.Fatal(err)
		}
	})
	if allocated > 10 {
		t.Errorf("%g allocations for a channel of 100 segments", allocated)
	}
}
