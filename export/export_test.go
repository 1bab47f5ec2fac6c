package export

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/parquet-go/parquet-go"

	"aircheck/internal/need"
	"aircheck/jobs"
	"aircheck/jobs/measurement"
	"aircheck/judge"
	"aircheck/report"
)

// memory is a place in memory.
type memory map[string][]byte

func (m memory) Put(_ context.Context, name string, body []byte) error {
	m[name] = body
	return nil
}

func (m memory) List(_ context.Context, prefix string, fn func(string) error) error {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		if err := fn(name); err != nil {
			return err
		}
	}
	return nil
}

func (m memory) Delete(_ context.Context, name string) error {
	delete(m, name)
	return nil
}

// of lists the files of a table.
func (m memory) of(table string) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if strings.HasPrefix(name, table+"/") {
			list = append(list, name)
		}
	}
	return list
}

const ticks = 90_000 // a second

// made is a check of two segments of two seconds, each a window: pictures at 25 a second, and sound.
func made(t *testing.T, id, input string) Source {
	t.Helper()
	p, err := judge.LoadProfile(judge.DefaultProfile, nil)
	if err != nil {
		t.Fatal(err)
	}
	q := jobs.Sequence{ID: "s0", Mode: jobs.ModeSegments, Media: "video", Duration: 4e6}
	check := &jobs.Check{V: jobs.Version, ID: id, Input: input, Profile: p, Created: time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC)}
	for i := range 2 {
		start := jobs.Micros(i) * 2e6
		q.Segments = append(q.Segments, jobs.Segment{Index: i, ByteRange: jobs.ByteRange{URI: "mem:x.ts", Length: -1}, Start: start, Duration: 2e6})
		check.Windows = append(check.Windows, jobs.Window{Sequence: "s0", Index: i, First: i, Last: i + 1, Start: start, End: start + 2e6, Head: i == 0, Foot: i == 1})
	}
	check.Timeline = jobs.Timeline{Kind: jobs.SourceHLS, Sequences: []jobs.Sequence{q}}
	result := jobs.Result{Verdict: jobs.VerdictFail, Duration: 4, Renditions: []jobs.Rendition{
		{ID: "v0", Kind: "video", Sequence: "s0", Codec: "h264", Width: 64, Height: 36, FrameRate: "25/1", Duration: 4, Frames: 100},
		{ID: "a0", Kind: "audio", Sequence: "s0", Codec: "aac", SampleRate: 48000, Channels: 2, Duration: 4},
	}, Findings: []jobs.Finding{{Code: "video.black", Severity: jobs.Fail, Rendition: "v0", Start: 1, End: 3, Confidence: 1, Message: "black"}}}
	r, err := report.Build(check, result, "1.0", "5.1", report.Run{})
	if err != nil {
		t.Fatal(err)
	}
	return Source{Check: check, Report: r, Object: func(_ context.Context, w jobs.Window) ([]byte, error) { return measured(w.Index) }}
}

// measured is the measurement of a segment.
func measured(i int) ([]byte, error) {
	const area = 64 * 36
	var b bytes.Buffer
	w := measurement.NewWriter(&b)
	base := int64(i) * 2 * ticks
	var err error
	for k := range int64(50) {
		f := measurement.Frame{
			Unit: int32(i), PTS: base + k*ticks/25, Duration: ticks / 25, PktSize: 1000, SumY: 100 * area, SumY2: 12000 * area, MinY: 20, MaxY: 230,
			SumCb: 128 * area / 4, SumCr: 128 * area / 4, Hash: uint64(k), HasPair: k > 0, PictType: 2,
		}
		if k == 0 {
			f.Flags, f.PictType = measurement.FlagKey|measurement.FlagUnitFirst, 1
		}
		err = errors.Join(err, w.Frame(&f))
	}
	for k := range int64(200) {
		c := measurement.Channel{K: 1, Sq: 1, Peak: 0.1, TruePeak: 0.1, LoudLast: 479}
		err = errors.Join(err, w.Slot(&measurement.Slot{Unit: int32(i), Index: int64(i)*200 + k, Samples: 480, Ch: []measurement.Channel{c, c}}))
	}
	err = errors.Join(err, w.Close(measurement.Header{
		Measure: jobs.MeasureVersion, Sequence: "s0", Window: i,
		Formats: []measurement.Format{
			{Kind: measurement.Video, Codec: "h264", TimeBaseNum: 1, TimeBaseDen: ticks, Width: 64, Height: 36, ChromaWidth: 32, ChromaHeight: 18, Depth: 8, PixFmt: "yuv420p", RateNum: 25, RateDen: 1},
			{Kind: measurement.Audio, Codec: "aac", TimeBaseNum: 1, TimeBaseDen: ticks, SampleRate: 48000, Channels: 2, Layout: "stereo", Weights: []float64{1, 1}},
		},
		Units: []measurement.Unit{{Index: i, State: measurement.UnitOK, Tracks: []measurement.UnitTrack{
			{Kind: measurement.Video, Format: 0, FirstPTS: base, EndPTS: base + 2*ticks, Packets: 50, Frames: 50, StartsWithKey: true, Closed: true, Keys: 1, FirstKey: base, LastKey: base},
			{Kind: measurement.Audio, Format: 1, FirstPTS: base, EndPTS: base + 2*ticks, Packets: 94, Frames: 94},
		}}},
	}))
	return b.Bytes(), err
}

// rows reads a table back.
func rows[R any](t *testing.T, m memory, table string) []R {
	t.Helper()
	var list []R
	for _, name := range m.of(table) {
		part, err := parquet.Read[R](bytes.NewReader(m[name]), int64(len(m[name])))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		list = append(list, part...)
	}
	return list
}

func exported(t *testing.T, src Source, to memory) {
	t.Helper()
	if err := Parquet(t.Context(), src, to); err != nil {
		t.Fatal(err)
	}
}

const madeID = "01hf8z3k2mq4x7c9tbva"

func TestTablesHaveEveryRowOnce(t *testing.T) {
	to := memory{}
	exported(t, made(t, madeID, "film.mp4"), to)
	frames, slots := rows[frameRow](t, to, "frames"), rows[slotRow](t, to, "slots")
	if len(frames) != 100 || len(slots) != 400 {
		t.Fatalf("%d frames and %d slots, want 100 and 400", len(frames), len(slots))
	}
	if f := frames[75]; f.Check != madeID || f.Time != 3 || f.Duration != 0.04 || f.YMean != 100 || f.Unit != 1 || f.Bytes != 1000 {
		t.Errorf("frame 75 is %+v", f)
	}
	if f := frames[50]; !f.Key || f.Type != "I" || f.Diff != nil {
		t.Errorf("the first frame of a segment is %+v", f)
	}
	if s := slots[250]; s.Time != 2.5 || s.Duration != 0.01 || s.Samples != 480 {
		t.Errorf("slot 250 is %+v", s)
	}
	for table, want := range map[string]int{"checks": 1, "renditions": 2, "findings": 1, "coverage": 0, "markers": 0} {
		if got := len(to.of(table)); got != 1 {
			t.Errorf("table %s has %d files", table, got)
		}
		if got := len(rows[struct{}](t, to, table)); got != want {
			t.Errorf("table %s has %d rows, want %d", table, got, want)
		}
	}
}

// TestExportReplacesTheEarlierOne: what an export with more parts or other renditions left goes; what is of other checks and of others stays.
func TestExportReplacesTheEarlierOne(t *testing.T) {
	to, src := memory{}, made(t, madeID, "film.mp4")
	exported(t, src, to)
	want := slices.Sorted(maps.Keys(to))
	place := "stream=film.mp4/date=2026-11-22/"
	stale := []string{
		"frames/" + place + "rendition=v0/" + madeID + "-001.parquet", "frames/" + place + "rendition=v7/" + madeID + "-000.parquet", "slots/" + place + "rendition=a0/" + madeID + "-1000.parquet",
		"findings/" + place + madeID + "-001.parquet",
	}
	others := []string{
		"frames/" + place + "rendition=v0/01hf8z3k2mq4x7c9tbvb-001.parquet", "frames/" + place + "rendition=v0/" + madeID + "-x.parquet", "frames/" + place + "rendition=v0/" + madeID + "-01.parquet",
		"findings/" + place + madeID + "-000-000.parquet", "findings/" + place + "notes.txt", "findings/stream=other/date=2026-11-22/" + madeID + "-001.parquet",
	}
	for _, name := range slices.Concat(stale, others) {
		to[name] = []byte("old")
	}
	exported(t, src, to)
	for _, name := range others {
		if string(to[name]) != "old" {
			t.Errorf("%s is gone or was written over", name)
		}
		delete(to, name)
	}
	if got := slices.Sorted(maps.Keys(to)); !slices.Equal(got, want) {
		t.Errorf("there are %q, want %q", got, want)
	}
}

// TestExportReplacesOneOfAnEarlierRelease: a stream called null once had its folder under that name, which readers take for NULL.
func TestExportReplacesOneOfAnEarlierRelease(t *testing.T) {
	for _, name := range []string{"Null", hiveNull} {
		to, src := memory{}, made(t, madeID, name)
		exported(t, src, to)
		want := slices.Sorted(maps.Keys(to))
		for _, old := range want {
			to[strings.Replace(old, partition("stream", name), "stream="+name, 1)] = []byte("old")
		}
		other := "findings/stream=" + name + "/date=2026-11-22/01hf8z3k2mq4x7c9tbvb-000.parquet"
		to[other] = []byte("old")
		exported(t, src, to)
		if to[other] == nil {
			t.Errorf("%s is gone", other)
		}
		delete(to, other)
		if got := slices.Sorted(maps.Keys(to)); !slices.Equal(got, want) {
			t.Errorf("there are %q, want %q", got, want)
		}
	}
}

func TestExportWithoutMeasurements(t *testing.T) {
	to, src := memory{}, made(t, madeID, "film.mp4")
	exported(t, src, to)
	src.Object = func(context.Context, jobs.Window) ([]byte, error) { return nil, nil }
	exported(t, src, to)
	if left := len(to.of("frames")) + len(to.of("slots")); left > 0 || len(to.of("findings")) != 1 {
		t.Errorf("%d files of an earlier export stand for windows that were not measured; findings %q", left, to.of("findings"))
	}
	broken := errors.New("no such bucket")
	src.Object = func(context.Context, jobs.Window) ([]byte, error) { return nil, broken }
	if err := Parquet(t.Context(), src, to); !errors.Is(err, broken) {
		t.Errorf("%v, want %v", err, broken)
	}
}

func TestPartition(t *testing.T) {
	long := strings.Repeat("ä", 300)
	for value, want := range map[string]string{
		"news": "k=news", "": "k=unknown", "a b/c=%": "k=a%20b%2Fc%3D%25", "007": "k=007", "NULL": "k=%4EULL", "null": "k=%6Eull", "nullius": "k=nullius", hiveNull: "k=%5F" + hiveNull[1:],
	} {
		if got := partition("k", value); got != want {
			t.Errorf("partition of %q is %s, want %s", value, got, want)
		}
	}
	a, b := partition("k", long), partition("k", long+"x")
	if _, err := url.PathUnescape(a); err != nil || a == b || len(a) > maxPartition+2 {
		t.Errorf("long names are cut to %s and %s, %v", a, b, err)
	}
}

// TestPartsAreBounded: a table of more rows than a part may have goes on in the next, and no part is empty.
func TestPartsAreBounded(t *testing.T) {
	type number struct {
		N int64 `parquet:"n"`
	}
	for _, n := range []int{1, batch, groupRows*partGroups - 1, groupRows * partGroups, groupRows*partGroups + 1} {
		to := memory{}
		w := newParts[number](&parquetTable{ctx: t.Context(), to: to, written: map[string]bool{}}, "numbers/x")
		for i := range n {
			if err := w.add(number{int64(i)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.end(false); err != nil {
			t.Fatal(err)
		}
		list := rows[number](t, to, "numbers")
		if want := (n-1)/(groupRows*partGroups) + 1; len(to) != want || len(list) != n || list[n-1].N != int64(n-1) {
			t.Errorf("%d rows: %d in %d parts, want %d parts", n, len(list), len(to), want)
		}
	}
}

func TestQCToolsIsOneDocument(t *testing.T) {
	src := made(t, madeID, "film.mp4")
	var b bytes.Buffer
	if err := QCTools(t.Context(), src, "s0", &b); err != nil {
		t.Fatal(err)
	}
	if list := Sequences(src); !slices.Equal(list, []string{"s0"}) {
		t.Errorf("sequences %q", list)
	}
	var probe struct {
		XMLName xml.Name
	}
	z, err := gzip.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.NewDecoder(z).Decode(&probe); err != nil || probe.XMLName.Local != "ffprobe" {
		t.Errorf("%+v, %v", probe, err)
	}
}

// TestViewsKeepNamesTexts reads the export of a stream whose name is a number with DuckDB, by the views of docs/QUERIES.md.
func TestViewsKeepNamesTexts(t *testing.T) {
	need.Readers(t)
	doc, err := os.ReadFile("../docs/QUERIES.md")
	if err != nil {
		t.Fatal(err)
	}
	_, views, _ := strings.Cut(string(doc), "```sql\n")
	views, _, _ = strings.Cut(views, "```")
	for _, name := range []string{"7", "007", "1e3", "NULL", "2026-11-22", "true", `it's "x" <b>&=%2F`} {
		to, dir := memory{}, t.TempDir()
		exported(t, made(t, madeID, name), to)
		if err := os.CopyFS(dir, to.files()); err != nil {
			t.Fatal(err)
		}
		queries, err := json.Marshal([]string{views, "SELECT DISTINCT stream, typeof(stream), typeof(date), rendition, typeof(rendition) FROM frames", "SELECT stream, typeof(stream), date FROM findings", "SELECT * FROM checks WHERE stream = 'news'"})
		if err != nil {
			t.Fatal(err)
		}
		var answers []struct {
			Error string
			Rows  [][]any
		}
		if err := json.Unmarshal(need.Read(t, "query.js", queries, dir), &answers); err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(answers[1:])
		if want := fmt.Sprintf("[{ [[%s VARCHAR DATE v0 VARCHAR]]} { [[%s VARCHAR 2026-11-22]]} { []}]", name, name); got != want {
			t.Errorf("stream %q: %s, want %s", name, got, want)
		}
	}
}

// files are those of the place, below tables.
func (m memory) files() fstest.MapFS {
	list := fstest.MapFS{}
	for name, body := range m {
		list["tables/"+name] = &fstest.MapFile{Data: body, Mode: 0o644}
	}
	return list
}
