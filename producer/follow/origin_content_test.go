//go:build cgo

package follow

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	fake "aircheck/bench/origin"
	"aircheck/internal/fakeorigin"
	"aircheck/jobs"
	"aircheck/jobs/measurement"
	"aircheck/judge"
	"aircheck/producer/slice"
	"aircheck/producer/source"
	"aircheck/storage"
	"aircheck/storage/mem"
	"aircheck/worker/decode"
	"aircheck/worker/fetch"
)

// archived reads what a follower put into a store, under the addresses that it gave.
type archivedOrigin struct{ store *mem.Store }

func (o archivedOrigin) Open(ctx context.Context, uri string, off, n int64) (io.ReadCloser, error) {
	return o.store.Get(ctx, strings.TrimPrefix(uri, address("")), off, n)
}

func (o archivedOrigin) Stat(ctx context.Context, uri string) (storage.Info, error) {
	return o.store.Stat(ctx, strings.TrimPrefix(uri, address("")))
}

// segmentsOf feeds the decoder without a process between.
type segmentsOf struct {
	task    jobs.Task
	fetcher fetch.Fetcher
}

func (s *segmentsOf) Segment(at int) (decode.Segment, error) {
	seg, err := s.fetcher.Segment(context.Background(), s.task.Segments[at])
	return decode.Segment{State: seg.State, Detail: seg.Detail, Init: seg.Init, Data: seg.Data, Truncated: seg.Truncated}, err
}

func (s *segmentsOf) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }

// decoding is held by the one test that decodes: decode.Measure is for one at a time, and tests run side by side.
var decoding sync.Mutex

// decoded measures and judges a check.
func decoded(t *testing.T, check *jobs.Check, o storage.Origin) jobs.Result {
	t.Helper()
	j, err := judge.New(check)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range check.Windows {
		task, err := slice.Task(check, w)
		if err != nil {
			t.Fatal(err)
		}
		var object bytes.Buffer
		out := measurement.NewWriter(&object)
		decoding.Lock()
		header, err := decode.Measure(task, &segmentsOf{task: task, fetcher: fetch.Fetcher{Origin: o}}, out)
		decoding.Unlock()
		if err == nil {
			err = out.Close(header)
		}
		if err != nil {
			t.Fatal(err)
		}
		m, err := measurement.Open(bytes.NewReader(object.Bytes()), int64(object.Len()))
		if err == nil {
			err = j.Window(w, m)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	r, err := j.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestContentOfRecordings follows channels that can be decoded: the report of the live check is that of its recording, byte by byte, and what
// is wrong inside segments is found.
func TestContentOfRecordings(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector")
	}
	t.Parallel()
	if err := decode.Install(); err != nil {
		t.Fatal(err)
	}
	clips := map[fake.Container]*fake.Clip{}
	black := map[fake.Container]*fake.Clip{}
	for _, container := range []fake.Container{fake.TS, fake.FMP4} {
		recipe := fake.Recipe{Seconds: 16, Container: container, Apart: true}
		clips[container] = fakeorigin.Make(t, recipe)
		recipe.PictureFilter = "drawbox=t=fill:color=black"
		black[container] = fakeorigin.Make(t, recipe)
	}
	for _, f := range formats() {
		for name, fault := range map[string]fake.Fault{
			"nothing":   {},
			"black":     {Kind: fake.Content, Track: "v0", Clip: black[f.container]},
			"truncated": {Kind: fake.Truncate, Track: "v0", Only: []int64{faulty}},
			"changed":   {Kind: fake.Change, Track: "v0", Only: []int64{faulty}},
			"replaced":  {Kind: fake.Content, Track: "v0", Only: []int64{faulty}, Clip: black[f.container]}, // what was published is judged, and that it is another now is told
		} {
			t.Run(f.name+"/"+name, func(t *testing.T) {
				var checks []*jobs.Check
				var store *mem.Store
				c := faultCase{fault: fault, lasts: faultBegins + 2*faultLasts, elsewhere: name == "changed" || name == "replaced"}
				synctest.Test(t, func(t *testing.T) { checks, store = c.follow(t, f, clips[f.container]) })
				r := decoded(t, checks[0], archivedOrigin{store})
				sameAsRecording(t, checks[0], store, r)
				got := alarms(r.Findings)
				want := map[string][]string{"black": {"video.black"}, "truncated": {"timestamp.gap"}}[name]
				for _, code := range want {
					if !slices.Contains(got, "fail "+code) {
						t.Errorf("alarms %q, want %s", got, code)
					}
				}
				all, exact := map[string][]string{"nothing": nil, "changed": {"warn segment.changed"}, "replaced": {"warn segment.changed"}}[name]
				if exact && !slices.Equal(got, all) {
					t.Errorf("alarms %q, want %q and no other", got, all)
				}
				for _, f := range r.Findings {
					t.Logf("%s %s %q %v-%v %s", f.Severity, f.Code, f.Rendition, f.Start, f.End, f.Message)
				}
			})
		}
	}
}

// TestDamagedContent: what is decoded of a channel is judged whatever way it is published: pictures that stand still, and those of something else.
func TestDamagedContent(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector")
	}
	t.Parallel()
	if err := decode.Install(); err != nil {
		t.Fatal(err)
	}
	for _, f := range formats() {
		if f.parts > 0 || f.timeline {
			continue // one of each kind of segment and of each kind of list
		}
		recipe := fake.Recipe{Seconds: 16, Container: f.container, Apart: true}
		clip := fakeorigin.Make(t, recipe)
		recipe.PictureFilter = "trim=end_frame=1,loop=loop=-1:size=1,setpts=N/25/TB"
		frozen := fakeorigin.Make(t, recipe)
		for name, tt := range map[string]struct {
			fault fake.Fault
			want  []string // one of them
		}{
			"frozen":  {fake.Fault{Kind: fake.Content, Track: "v0", Clip: frozen}, []string{"video.freeze"}},
			"swapped": {fake.Fault{Kind: fake.Swap, Track: "v0", Other: "a0", Only: []int64{faulty}}, []string{"segment.corrupt", "segment.content", "segment.unreadable", "timestamp.gap"}},
		} {
			t.Run(f.name+"/"+name, func(t *testing.T) {
				var checks []*jobs.Check
				var store *mem.Store
				c := faultCase{fault: tt.fault, lasts: faultBegins + 2*faultLasts}
				synctest.Test(t, func(t *testing.T) { checks, store = c.follow(t, f, clip) })
				r := decoded(t, checks[0], archivedOrigin{store})
				found := false
				for _, one := range r.Findings {
					t.Logf("%s %s %q %v-%v %s", one.Severity, one.Code, one.Rendition, one.Start, one.End, one.Message)
					found = found || one.Severity == jobs.Fail && slices.Contains(tt.want, one.Code)
				}
				if !found {
					t.Errorf("alarms %q, want one of %q", alarms(r.Findings), tt.want)
				}
			})
		}
	}
}

// TestSpliceInSegments: a break that only an event message in the segments of a DASH stream announces (SCTE 214-3 section 7.3.2) is a marker of the report.
func TestSpliceInSegments(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector")
	}
	t.Parallel()
	if err := decode.Install(); err != nil {
		t.Fatal(err)
	}
	section, err := base64.StdEncoding.DecodeString("/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=") // splice_insert, out for 60.3 s
	if err != nil {
		t.Fatal(err)
	}
	fields := []byte{0, 0, 3, 0xe8, 0, 0, 0, 0, 0, 0, 0xea, 0x60, 0, 0, 0, 1} // 1000 units a second, at the beginning of the segment, for 60 s, id 1
	message := mp4Box("emsg", []byte{0, 0, 0, 0}, []byte("urn:scte:scte35:2013:bin\x00\x00"), fields, section)
	clip := fakeorigin.Make(t, fake.Recipe{Seconds: 80, Container: fake.FMP4, Apart: true})
	for i := range clip.Tracks {
		if track := &clip.Tracks[i]; track.Media == "video" { // one segment of 40
			track.Pieces[35].Data = append(slices.Clone(message), track.Pieces[35].Data...)
		}
	}
	for _, f := range formats() {
		if !f.dash() {
			continue
		}
		var checks []*jobs.Check
		var store *mem.Store
		c := faultCase{lasts: faultBegins + 2*faultLasts}
		synctest.Test(t, func(t *testing.T) { checks, store = c.follow(t, f, clip) })
		r := decoded(t, checks[0], archivedOrigin{store})
		list := r.Summary.Markers // the clip begins anew after 80 s
		if len(list) != 2 || list[1].Start-list[0].Start != 80 {
			t.Errorf("%s: markers %+v", f.name, list)
		}
		for _, m := range list {
			if m.Source != "scte35.emsg" || m.Kind != "break" || m.End-m.Start < 60 {
				t.Errorf("%s: marker %+v", f.name, m)
			}
		}
		sameAsRecording(t, checks[0], store, r)
	}
}

// sameAsRecording judges the recording beside the segments.
func sameAsRecording(t *testing.T, check *jobs.Check, store *mem.Store, want jobs.Result) {
	t.Helper()
	_, begin, _ := jobs.ParseLiveID(check.ID)
	key, err := storage.StreamFile("news", begin, "recording.json")
	if err != nil {
		t.Fatal(err)
	}
	tl, err := source.Open(t.Context(), archivedOrigin{store}, address(key))
	if err != nil {
		t.Fatal(err)
	}
	again := *check
	again.Timeline, again.Windows = tl, slice.Timeline(tl, 60e6)
	a, _ := json.Marshal(decoded(t, &again, archivedOrigin{store}))
	if b, _ := json.Marshal(want); !bytes.Equal(a, b) {
		t.Errorf("the recording has another report: %s", fmt.Sprintf("%.300s\n%.300s", a, b))
	}
	clocks := 0
	for _, q := range tl.Sequences {
		for _, s := range q.Segments {
			if s.Clock != nil {
				clocks++
			}
		}
	}
	if dash := tl.Kind == jobs.SourceDASH; dash != (clocks == len(tl.Sequences)) || !dash && clocks > 0 {
		t.Errorf("%d clocks of the media in %d sequences", clocks, len(tl.Sequences))
	}
}
